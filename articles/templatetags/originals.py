from django import template

from articles import links

register = template.Library()


@register.filter
def clickable_host(url: str) -> str:
    """The host that a link to an original leads to; empty if the address must not become a link."""
    return links.host(url) or "" if links.clickable(url) else ""
