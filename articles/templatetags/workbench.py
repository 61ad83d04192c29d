from django import template

from articles.workbench import Workbench, in_order
from articles.workbench import workbench as bench

register = template.Library()
register.filter(in_order)


@register.simple_tag(takes_context=True)
def workbench(context: template.Context) -> Workbench:
    """What the desk has before it, for the person who looks."""
    return bench(context["request"].user)
