from django import template

from articles import uploads
from articles.models import Upload
from articles.workbench import Workbench, in_order
from articles.workbench import workbench as bench

register = template.Library()
register.filter(in_order)


@register.simple_tag(takes_context=True)
def workbench(context: template.Context) -> Workbench:
    """What the desk has before it, for the person who looks."""
    return bench(context["request"].user)


@register.simple_tag(takes_context=True)
def uploads_to_decide(context: template.Context) -> list[Upload]:
    """Those of all people, for whoever may import."""
    may_import = context["request"].user.has_perm("articles.add_importbatch")
    return uploads.to_decide() if may_import else []
