from django import template

from articles.workbench import Workbench
from articles.workbench import workbench as bench

register = template.Library()


@register.simple_tag(takes_context=True)
def workbench(context: template.Context) -> Workbench:
    """What the desk has before it, for the person who looks."""
    return bench(context["request"].user)
