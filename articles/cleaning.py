"""What is taken out of a value before it is used: hidden characters, entities, tags. Pure; rows C1 to C8 and F7.

The delivered bytes stay as they are; a flag for each thing done becomes a finding.
"""

import html
import re
import unicodedata

_DIRTY = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3000\ufeff\ufff9-\ufffb&<]"
)
_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_HIDDEN = re.compile("[\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_INDENT = re.compile("^[ \t]*[\xa0\u3000][ \t\xa0\u3000]*", re.MULTILINE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_TAG = re.compile(
    r"</?(?P<name>p|br|div|li|ul|ol|h[1-6]|tr|table|tbody|blockquote|section|article|hr"
    r"|main|header|footer|aside|nav|center|thead|tfoot|dl|dt|dd"
    r"|a|b|i|u|s|em|strong|span|font|img|td|th|sub|sup|small|code|pre|iframe|video|figure|figcaption|input|form|svg"
    r"|o:p|mark|ins|del|audio|source|picture|button|label)"
    r"(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_BLOCKS = re.compile(
    r"p|br|div|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|hr|main|header|footer|aside|nav|center|dl|dt|dd",
    re.IGNORECASE,
)
# What is dropped with all that is in it, by opening and closing.
_DROPPED = (
    (re.compile(r"<script\b", re.IGNORECASE), re.compile(r"</script\s*>", re.IGNORECASE)),
    (re.compile(r"<style\b", re.IGNORECASE), re.compile(r"</style\s*>", re.IGNORECASE)),
    (re.compile(r"<!--"), re.compile(r"-->")),
)


def clean(value: str) -> tuple[str, set[str]]:
    """The value without what must not be in it, and what was done, as codes of findings."""
    value = value.strip()
    if _is_plain(value) or not _DIRTY.search(value):
        return value, set()
    done: set[str] = set()
    if "<" in value:
        value = _without_tags(value, done)
    if "&" in value:
        value = _without_entities(value, done)
    value = _counted(_BREAKS, "\n", value, done, "line-ends")
    value = _counted(_CONTROL, "", value, done, "control-characters")
    value = _counted(_HIDDEN, _visible, value, done, "hidden-characters")
    return _INDENT.sub("", value).strip(), done


def _is_plain(value: str) -> bool:
    """Whether a quick look shows that there is nothing to do, as nearly always."""
    return "<" not in value and "&" not in value and value.replace("\n", " ").isprintable()


def _counted(pattern: re.Pattern, by: str, value: str, done: set[str], code: str) -> str:
    changed = pattern.sub(by, value)
    if changed != value:
        done.add(code)
    return changed


def _visible(match: re.Match) -> str:
    """A zero-width joiner stays where it joins two emoji; all else goes."""
    text, at = match.string, match.start()
    joins = (
        match[0] == "\u200d"
        and 0 < at < len(text) - 1
        and _is_emoji(text[at - 1])
        and _is_emoji(text[at + 1])
    )
    return match[0] if joins else ""


def _is_emoji(char: str) -> bool:
    return char == "\ufe0f" or unicodedata.category(char) in {"So", "Sk"}


def _without_entities(value: str, done: set[str]) -> str:
    decoded = _ENTITY.sub(_decoded, value)
    if decoded != value:
        done.add("double-encoded" if _ENTITY.sub(_decoded, decoded) != decoded else "entities")
    return decoded


def _decoded(entity: re.Match) -> str:
    """The character meant; what means none (&#0;) stays as it is."""
    char = html.unescape(entity[0])
    return char if char not in {"", "\ufffd"} else entity[0]


def _without_tags(value: str, done: set[str]) -> str:
    text = value
    for opening, closing in _DROPPED:
        text = _without_regions(text, opening, closing)
    text = _TAG.sub(lambda tag: "\n" if _BLOCKS.fullmatch(tag["name"]) else "", text)
    if text != value:
        done.add("html")
        text = re.sub(r"\n{3,}", "\n\n", text)
    return text


def _without_regions(text: str, opening: re.Pattern, closing: re.Pattern) -> str:
    kept, at = [], 0
    while (start := opening.search(text, at)) and (end := closing.search(text, start.end())):
        kept.append(text[at : start.start()])
        at = end.end()
    return "".join(kept) + text[at:] if kept or at else text
