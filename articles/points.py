"""The text of an event summary (重大事件摘要) as intro, points and conclusion, and back. Pure.

The first line numbered 0 or 1 says how the list is numbered; a line numbered otherwise belongs to the point above it.
Nothing is lost: what is no mark (number, Markdown, separator) is in the intro, in a point, or in the conclusion.
Any text will do, if its line ends are "\n", and takes time in proportion to its length.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import NamedTuple

MANY_POINTS = 50
LONG_POINT = 3_000  # characters
LONG_ANNOUNCEMENT = 60
SHOWN = 80  # characters of the text concerned

# Every style a list may be numbered in. A further number after `1.` makes it a decimal, after `4、` a row of months.
_DIGITS = "[0-9０-９]{1,2}"
_HAN = "[一二三四五六七八九十]{1,3}"
_CIRCLES = "".join(map(chr, (*range(0x2460, 0x2474), *range(0x3251, 0x3260), *range(0x32B1, 0x32C0))))
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
_ONES = ("", *"一二三四五六七八九")
_TENS = ("", "十", *(f"{digit}十" for digit in _ONES[2:]))
_VALUES = (
    {tens + ones: 10 * i + j for i, tens in enumerate(_TENS) for j, ones in enumerate(_ONES)}
    | {circle: value for value, circle in enumerate(_CIRCLES, start=1)}
    | dict.fromkeys("-*•·●", 1)
)

_BOLD = re.compile(r"\*{2,3}|__")
_SEPARATOR = re.compile(r"\s*+(：|:|——?|[-–](?=\s)|)\s*")
_PLAIN_HEADING = re.compile(r"([^。，；：:]{1,30})(?:：|:(?![/0-9])|\Z)\s*")
_ONLY_MARKS = "*_：:—–- \t　"
_CLOSING = ("这篇文章", "本文", "总之", "综上", "总体而言", "总的来说", "整体来看", "这些", "以上", "总结")
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


class _Mark(NamedTuple):
    """The beginning of a line that may begin a point."""

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
    origin: Sequence[int] = range(len(lines))  # the line of the text that each of `lines` comes from
    found = []
    marks = _series(_marks(lines))
    if len(marks) < 2 and (split := _points_on_one_line(lines, marks)):
        at, pieces = split
        found.append(("points-on-one-line", at, lines[at].strip()[:SHOWN]))
        lines[at : at + 1] = pieces
        origin = [*origin[:at], *[at] * len(pieces), *origin[at + 1 :]]
        marks = _series(_marks(lines))
    marks, end = _with_text(lines, marks)
    if not marks:
        intro = text.strip()
        line = text.count("\n", 0, text.find(intro[:1]))
        return Events(intro, problems=[("no-points", line, intro.split("\n", 1)[0][:SHOWN])] if intro else [])
    ends = (*(mark.line for mark in marks[1:]), end)
    points = [_point(mark, lines[mark.line + 1 : stop]) for mark, stop in zip(marks, ends, strict=True)]
    for code, at in _problems(lines, marks, points, end):
        found.append((code, origin[at], lines[at].strip()[:SHOWN]))
    intro, boilerplate = _without_announcement("\n".join(lines[: marks[0].line]).strip())
    return Events(intro, points, "\n".join(lines[end:]).strip(), boilerplate, found)


def _marks(lines: Iterable[str]) -> Iterator[_Mark]:
    for at, line in enumerate(lines):
        bare = line.lstrip()
        if bare and bare[0] in _FIRST_OF_MARK and (match := _MARK.match(bare)):
            number = match[match.lastgroup]
            style = number if match.lastgroup == "bullet" else match.lastgroup
            if (value := _value(number)) is not None:
                yield _Mark(at, _indent(line), style, value, number, match[1], match[2], bare[match.end() :])


def _value(number: str) -> int | None:
    bare = number.strip("()（）.．、，,：:\\第")
    return int(bare) if bare.isdecimal() else _VALUES.get(bare)


def _indent(line: str) -> int:
    """Columns of spaces and tabs. Full-width spaces begin any Chinese paragraph: they do not count."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4)) if line[:1] in (" ", "\t") else 0


def _series(marks: Iterable[_Mark]) -> list[_Mark]:
    """The marks in the style of the first. Of those further in only the very next number: the rest are lists inside."""
    series: list[_Mark] = []
    inside = False
    for mark in marks:
        if not series:
            if mark.value <= 1:
                series.append(mark)
        elif mark.style == series[0].style:
            further_in = mark.indent > series[0].indent + 1
            inside = further_in and (inside or mark.value != series[-1].value + 1)
            if not inside:
                series.append(mark)
    return series


def _points_on_one_line(lines: list[str], marks: list[_Mark]) -> tuple[int, list[str]] | None:
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
    return None


def _with_text(lines: list[str], marks: list[_Mark]) -> tuple[list[_Mark], int]:
    """The marks, but for numbers that nothing follows, and the line where the conclusion begins."""
    kept = [mark for mark, following in pairwise(marks) if _has_text(lines, mark, following.line)]
    kept += marks[-1:]
    text_below = len(kept) > 1 and _text_below_heading(lines, *kept[:2])
    end = len(lines)
    while kept and not _has_text(lines, kept[-1], end := _conclusion(lines, kept[-1], text_below)):
        kept.pop()
    return kept, end


def _has_text(lines: list[str], mark: _Mark, end: int) -> bool:
    return bool(mark.rest.strip(_ONLY_MARKS) or "".join(lines[mark.line + 1 : end]).strip())


def _text_below_heading(lines: list[str], mark: _Mark, following: _Mark) -> bool:
    below = lines[mark.line + 1 : following.line]
    return not _heading(mark, True)[1] and not "".join(below[:1]).strip() and bool("".join(below).strip())


def _conclusion(lines: list[str], last: _Mark, text_below: bool) -> int:
    """The line behind the last point that says it closes, or begins a paragraph neither indented nor listed."""
    awaits_text = bool(text_below or last.hashes) and not _heading(last, True)[1]
    after_blank = False
    for at in range(last.line + 1, len(lines)):
        line = lines[at]
        if not line or line.isspace():
            after_blank = True
            continue
        apart = after_blank and not awaits_text and not _MARK.match(line.lstrip())
        if _indent(line) <= last.indent + 1 and (apart or _says_it_closes(line)):
            return at
        awaits_text = after_blank = False
    return len(lines)


def _says_it_closes(line: str) -> bool:
    return line.lstrip("#*_ \t　").startswith(_CLOSING)


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
    announces = sentence.rstrip("*_").endswith(("：", ":")) and len(sentence) <= LONG_ANNOUNCEMENT
    if announces and _ANNOUNCING.search(sentence):
        return intro.removesuffix(sentence).rstrip(), sentence
    return intro, ""


def _problems(lines: list[str], marks: list[_Mark], points: list[Point], end: int) -> Iterator[tuple]:
    expected = min(marks[0].value, 1)
    for mark in marks if marks[0].style in _STYLES else ():
        if mark.value != expected:
            yield "numbers-out-of-order", mark.line
            break
        expected += 1
    seen = set()
    for mark, point in zip(marks, points, strict=True):
        if (point.heading, point.body) in seen:
            yield "repeated-point", mark.line
        seen.add((point.heading, point.body))
        if len(point.heading) + len(point.body) > LONG_POINT:
            yield "long-point", mark.line
    if len(marks) > MANY_POINTS:
        yield "many-points", marks[MANY_POINTS].line
    if end < len(lines) and not _says_it_closes(lines[end]):
        yield "text-after-last-point", end


_NUMBERINGS = ("{}. ", "（{}）", "{}）", "第{}，")
_USUAL = "{}**{}**："
_LAYOUTS = (_USUAL, "{}**{}**：\n", "{}__{}__：\n", "### {}{}\n")  # all but the usual: body below, indented


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
    if layout == _USUAL:
        return opening + body if body else opening.removesuffix("：")
    return opening.rstrip() + "\n" + re.sub("(?m)^(?=.)", "   ", body) if body else opening.rstrip()
