"""The text of an event summary (重大事件摘要) as intro, points and conclusion, and back. Pure.

The first line numbered 0 or 1 says how the list is numbered; a line numbered otherwise belongs to the point above it.
Nothing is lost: what is no mark (number, Markdown, separator) is in the intro, in a point, or in the conclusion.
Any text will do, if its line ends are "\n", and takes time in proportion to its length.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile, islice, pairwise, product
from typing import NamedTuple

MANY_POINTS, LONG_POINT, LONG_ANNOUNCEMENT, SHOWN = 50, 3_000, 60, 80  # points; then characters

# Every style a list may be numbered in. A further number after `1.` makes it a decimal, after `4、` a row of months.
_DIGITS = "[0-9０-９]{1,2}"
_HAN = "(?:[二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_STYLES = {
    "dot": rf"{_DIGITS}\\?[.．、](?![0-9０-９])",
    "half_round": rf"{_DIGITS}\\?[)）]",
    "round": rf"[(（]{_DIGITS}[)）]",
    "circle": f"[{_CIRCLES}]",
    "han": rf"{_HAN}、(?![二三四五六七八九十])",
    "han_round": rf"[(（]{_HAN}[)）]",
    "ordinal": rf"第(?:{_HAN}|{_DIGITS})[，,、：:]",
}
_NUMBER = "|".join(f"(?P<{style}>{pattern})" for style, pattern in _STYLES.items())
_BULLET = r"(?P<bullet>[-*](?=[ \t　])|[•·●])"
_MARK = re.compile(rf"(#{{1,6}}[ \t]*+)?(\*{{2,3}}|__)?[ \t]*+(?:{_NUMBER}|{_BULLET})\s*")
_MARK_IN_LINE = re.compile(rf"(?:^|(?<=[。；;：:\s]))(?:\*\*|__)?(?:{_NUMBER})")
_FIRST_OF_MARK = frozenset("#*_0123456789０１２３４５６７８９(（一二三四五六七八九十第-•·●" + _CIRCLES)
_TENS = ("", "十", *(f"{digit}十" for digit in "二三四五六七八九"))
_VALUES = {han: value for value, han in enumerate(a + b for a in _TENS for b in ("", *"一二三四五六七八九"))}
_VALUES |= {circle: value for value, circle in enumerate(_CIRCLES, start=1)} | dict.fromkeys("-*•·●", 1)

_BOLD = re.compile(r"\*{2,3}|__")
_SEPARATOR = re.compile(r"\s*+(：|:|——?|[-–](?=\s)|)\s*")
_PLAIN_HEADING = re.compile(r"([^。，；：:]{1,30})(?:：|:(?![/0-9])|\Z)\s*")
_TEXT = re.compile(r"[^\s*_：:—–-]")
_CLOSING = re.compile(r"[#*_\s]*+(?:这篇文章|本文|总之|综上|总体而言|总的来说|整体来看|这些|以上|总结)")
_ANNOUNCING = re.compile("以下|如下|下面|下列|包括|总结|摘要|概括|要点|事件|主要内容")


@dataclass(slots=True)
class Point:
    number: str  # as written: `1.`, `（一）`, `•`
    heading: str
    body: str


@dataclass(slots=True)
class Events:
    intro: str
    points: list[Point] = field(default_factory=list)
    conclusion: str = ""
    boilerplate: str = ""  # the sentence that only announces the list
    problems: list[tuple[str, int, str]] = field(default_factory=list)  # code, line from 0, text concerned


class _Mark(NamedTuple):  # the start of a line that may begin a point
    line: int
    indent: int
    style: str
    value: int
    number: str
    hashes: str | None
    bold: str | None
    rest: str


def parse(text: str) -> Events:
    lines = text.split("\n")
    marks = _series(_marks(lines))
    at, pieces = _points_on_one_line(lines, marks) if len(marks) < 2 else (0, [])
    problems = []
    if pieces:
        problems.append(("points-on-one-line", at, lines[at].strip()[:SHOWN]))
        lines[at : at + 1] = pieces
        marks = _series(_marks(lines))
    if not marks:
        problems = [("no-points", at, line.strip()[:SHOWN]) for at, line in enumerate(lines) if line.strip()]
        return Events(text.strip(), problems=problems[:1])
    end = _conclusion(lines, marks)
    ends = (*(mark.line for mark in marks[1:]), end)
    points = [_point(mark, lines[mark.line + 1 : stop]) for mark, stop in zip(marks, ends, strict=True)]
    for code, line in _problems(lines, marks, points, end):
        added = min(max(line - at, 0), max(len(pieces) - 1, 0))
        problems.append((code, line - added, lines[line].strip()[:SHOWN]))
    intro, boilerplate = _without_announcement("\n".join(lines[: marks[0].line]).strip())
    return Events(intro, points, "\n".join(lines[end:]).strip(), boilerplate, problems)


def _marks(lines: list[str]) -> Iterator[_Mark]:
    for at, line in enumerate(lines):
        bare = line.lstrip()
        if bare and bare[0] in _FIRST_OF_MARK and (match := _MARK.match(bare)):
            indent = len(line) - len(line.lstrip(" \t"))  # full-width spaces begin any Chinese paragraph
            hashes, bold, number = match[1], match[2], match[match.lastgroup]
            style = number if match.lastgroup == "bullet" else match.lastgroup
            mark = _Mark(at, indent, style, _value(number), number, hashes, bold, bare[match.end() :])
            if _has_text(mark, lines):
                yield mark


def _has_text(mark: _Mark, lines: list[str]) -> bool:
    """Whether text follows the number, on its line or on the next. A number alone is no point."""
    if _TEXT.search(mark.rest):
        return True
    below = "".join(lines[mark.line + 1 : mark.line + 2]).strip()
    mark_below = _MARK.match(below)
    same_style = mark_below and mark.style in (mark_below.lastgroup, mark_below[mark_below.lastgroup])
    return bool(below) and not same_style and not _CLOSING.match(below)


def _value(number: str) -> int:
    bare = number.strip("()（）.．、，,：:\\第")
    return _VALUES.get(bare) or int(bare)


def _series(marks: Iterable[_Mark]) -> list[_Mark]:
    """The marks in the style of the first. Of those further in only the very next number: the rest are lists inside."""
    marks = dropwhile(lambda mark: mark.value > 1, marks)
    series = list(islice(marks, 1))
    inside = False
    for mark in marks:
        if mark.style == series[0].style:
            inside = mark.indent > series[0].indent and (inside or mark.value != series[-1].value + 1)
            if not inside:
                series.append(mark)
    return series


def _points_on_one_line(lines: list[str], marks: list[_Mark]) -> tuple[int, list[str]]:
    """The line that holds the whole list, and its pieces: only if its numbers are complete from 1."""
    for at in [marks[0].line] if marks else range(len(lines)):
        line = lines[at]
        found = [(m.lastgroup, _value(m[m.lastgroup]), m.start()) for m in _MARK_IN_LINE.finditer(line)]
        first = next((style for style, value, _ in found if value == 1), None)
        series = [(value, start) for style, value, start in found if style == first]
        if len(series) > 1 and all(value == number for number, (value, _) in enumerate(series, start=1)):
            cuts = pairwise((0, *(start for _, start in series), len(line)))
            pieces = [line[start:stop].strip().rstrip("；;") for start, stop in cuts]
            if len(_series(_marks(pieces))) == len(series):
                return at, pieces
    return 0, []


def _conclusion(lines: list[str], marks: list[_Mark]) -> int:
    """The line behind the last point that says it closes, or begins a paragraph neither indented nor listed."""
    last = marks[-1]
    after_heading = len(marks) > 1 and not _heading(marks[-2], True)[1]
    above = lines[marks[-2].line + 1 : last.line] if after_heading else []
    text_below_heading = last.hashes or (above and not above[0].strip() and any(map(str.strip, above)))
    awaits_text = text_below_heading and not _heading(last, True)[1]
    after_blank = False
    for at, line in enumerate(lines[last.line + 1 :], start=last.line + 1):
        if not line or line.isspace():
            after_blank = True
            continue
        apart = after_blank and not awaits_text and not _MARK.match(line.lstrip())
        if len(line) - len(line.lstrip(" \t")) <= last.indent and (apart or _CLOSING.match(line)):
            return at
        awaits_text = after_blank = False
    return len(lines)


def _point(mark: _Mark, following: list[str]) -> Point:
    written = [line for line in following if line and not line.isspace()]
    heading, body = _heading(mark, bool(written))
    if written:
        margin = min(len(line) - len(line.lstrip()) for line in written)
        body = "\n".join((body, *(line[margin:] for line in following)))
    return Point(mark.number, heading.strip(), body.strip())


def _heading(mark: _Mark, has_more: bool) -> tuple[str, str]:
    """The heading, and what follows it on its line. A short line with more below it is a heading."""
    rest, bold = mark.rest, mark.bold
    if bold and rest.startswith(bold):  # **1.** 标题：正文
        rest, bold = rest[len(bold) :].lstrip(), None
    if not bold and (opening := _BOLD.match(rest)):
        bold, rest = opening[0], rest[opening.end() :]
    inside, closed, outside = rest.partition(bold) if bold else (rest, "", "")
    if closed:
        separator = _SEPARATOR.match(outside)
        heading = inside if separator[1] else inside.rstrip().removesuffix(":").removesuffix("：")
        return heading, outside[separator.end() :]
    if mark.hashes:
        return rest, ""
    match = _PLAIN_HEADING.match(rest)
    return (match[1], rest[match.end() :]) if match and (has_more or match.end(1) < len(rest)) else ("", rest)


def _without_announcement(intro: str) -> tuple[str, str]:
    """The intro, and its last sentence if that does no more than announce the list."""
    start = max(intro.rfind(end) for end in "。！？!?\n") + 1
    sentence = intro[start:].lstrip("”’」』）)\"' \t　")
    has_colon = sentence.rstrip("*_").endswith(("：", ":"))
    announces = has_colon and len(sentence) <= LONG_ANNOUNCEMENT and _ANNOUNCING.search(sentence)
    return (intro.removesuffix(sentence).rstrip(), sentence) if announces else (intro, "")


def _problems(lines: list[str], marks: list[_Mark], points: list[Point], end: int) -> Iterator[tuple]:
    astray = [mark.line for at, mark in enumerate(marks, min(marks[0].value, 1)) if mark.value != at]
    if astray and marks[0].style in _STYLES:
        yield "numbers-out-of-order", astray[0]
    seen = set()
    for mark, point in zip(marks, points, strict=True):
        if (point.heading, point.body) in seen:
            yield "repeated-point", mark.line
        seen.add((point.heading, point.body))
        if len(point.heading) + len(point.body) > LONG_POINT:
            yield "long-point", mark.line
    if len(marks) > MANY_POINTS:
        yield "many-points", marks[MANY_POINTS].line
    if end < len(lines) and not _CLOSING.match(lines[end]):
        yield "text-after-last-point", end


_NUMBERINGS = ("{}. ", "（{}）", "{}）", "第{}，")
_LAYOUTS = ("{}**{}**：", "{}**{}**：\n", "{}__{}__：\n", "### {}{}\n")


def write(intro: str, points: Iterable[tuple[str, str]], conclusion: str) -> str:
    """The text that `parse` reads as just this; the points are (heading, body) pairs.

    If `1. **heading**：body` would be read otherwise, a layout or numbering that is not. ValueError if there is none:
    for white space around a part, a line break in a heading, a point without text, a list in the intro, a conclusion
    without points or beginning like an item of a list (`9. `, `- `).
    """
    pairs = [(heading, body) for heading, body in points]
    openings = (intro, f"{intro}\n\n主要内容如下：")  # the second for an intro that ends in an announcement
    for layout, opening, numbering in product(_LAYOUTS, openings, _NUMBERINGS):
        items = (_item(layout, numbering.format(at % 99 + 1), *pair) for at, pair in enumerate(pairs))
        text = "\n\n".join(part for part in (opening, *items, conclusion) if part)
        events = parse(text)
        read = [(point.heading, point.body) for point in events.points]
        if (events.intro, read, events.conclusion) == (intro, pairs, conclusion):
            return text
    raise ValueError("this event summary has no written form that would be read back as it is")


def _item(layout: str, number: str, heading: str, body: str) -> str:
    opening = layout.format(number, heading) if heading else number
    if not layout.endswith("\n"):  # else the body stands below, indented
        return opening + body if body else opening.removesuffix("：")
    return opening.rstrip() + "\n" + re.sub("(?m)^(?=.)", "   ", body) if body else opening.rstrip()
