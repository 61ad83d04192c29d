"""What the templates of the public pages need beyond Django's own: numbers, small lines, metadata."""

import json
from collections.abc import Sequence
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.base import NodeList, Parser, Token
from django.utils.safestring import SafeString, mark_safe

from articles import metadata

register = template.Library()

# As Django's json_script: nothing in the data may end the element, or a line where U+2028 would.
_ESCAPES = {ord(char): f"\\u{ord(char):04X}" for char in "<>&\u2028\u2029"}
LINE_WIDTH, LINE_HEIGHT = 60, 16


@register.filter
def thousands(number: int, more: bool = False) -> str:
    """Grouped by three, as a newspaper prints figures (Django's Chinese format groups by four); `+` if there are more."""
    return f"{number:,}+" if more else f"{number:,}"


@register.filter
def line(numbers: Sequence[int]) -> str:
    """The points of an SVG polyline through these numbers, 60 wide and 16 high."""
    top, steps = max(numbers, default=0) or 1, max(len(numbers) - 1, 1)
    return " ".join(
        f"{LINE_WIDTH * place / steps:.1f},{LINE_HEIGHT - 2 - (LINE_HEIGHT - 4) * number / top:.1f}"
        for place, number in enumerate(numbers)
    )


@register.filter(is_safe=True)
def absolute(address: str, request: HttpRequest) -> str:
    return request.build_absolute_uri(address)


@register.simple_tag(takes_context=True)
def news_article(context: template.Context) -> SafeString:
    """The article of an `article_detail` page as JSON-LD. Data, not script: the policy lets it stand."""
    site = context["request"].build_absolute_uri("/")[:-1]
    data = metadata.news_article(context["article"], context["shown"], context["brief"], site)
    return script(data)


def script(data: dict[str, Any]) -> SafeString:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


class Capture(template.Node):
    def __init__(self, nodelist: NodeList, name: str):
        self.nodelist, self.name = nodelist, name

    def render(self, context: template.Context) -> str:
        context[self.name] = mark_safe(self.nodelist.render(context).strip().removesuffix("·").rstrip())
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> Capture:
    """{% capture name %}…{% endcapture %}: a block that stands on the page more than once, without `·` at its end."""
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return Capture(nodelist, name)
