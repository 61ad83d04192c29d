"""Descriptions in Markdown, made safe to show: no HTML of the writer's own, no images, links to the web alone."""

import re
from functools import lru_cache
from html import escape, unescape

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown import Markdown

MAX_DESCRIPTION = 10_000  # characters
MAX_OPENING = 160
MAX_LINKS = 200  # more opening brackets are no links: looking for the end of each takes its time
KEPT = 500  # rendered descriptions

_TAGS = {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"}
_TAGS |= {f"h{level}" for level in range(1, 7)}
_HEADING = re.compile(r"<(/?)h([1-6])>")
_TITLE = re.compile(r"<h([1-6])>.*?</h\1>", re.S)
_END = re.compile(r"[。！？!?]+[”’』」）)]*|\.(?=\s|$)")


@lru_cache(maxsize=KEPT)
def html(text: str) -> SafeString:
    """The description as HTML; its headings begin one level below the page's."""
    safe = nh3.clean(
        _rendered(text[:MAX_DESCRIPTION]),  # longer ones only come by other ways than the form
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_web_only,
        url_schemes={"http", "https"},
        link_rel="nofollow noopener",
    )
    return mark_safe(_HEADING.sub(lambda tag: f"<{tag[1]}h{min(int(tag[2]) + 1, 6)}>", safe))


def _rendered(text: str) -> str:
    markdown = Markdown(extensions=["nl2br", "sane_lists"])
    # What looks like HTML is shown as it was written.
    markdown.preprocessors.deregister("html_block")
    markdown.inlinePatterns.deregister("html")
    if text.count("[") > MAX_LINKS:
        text = text.replace("[", "\\[")
    try:
        return markdown.convert(text)
    except RecursionError:  # quotations within quotations, a thousand deep
        return f"<p>{escape(text)}</p>"


def _web_only(_tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or re.match(r"https?://", value, re.I) else None


def opening(text: str) -> str:
    """The first sentence, without any marks."""
    body = _TITLE.sub(" ", html(text)).replace("<br>", " ")
    plain = " ".join(unescape(nh3.clean(body, tags=set())).split())
    end = _END.search(plain)
    sentence = plain[: end.end()] if end else plain
    return sentence if len(sentence) <= MAX_OPENING else f"{sentence[: MAX_OPENING - 1]}…"
