"""What of a point the source text says: the sentences that support it, and what is missing there. Pure.

Plain string work. Numbers, dates, quoted phrases and Latin names of a point must stand in the text, in whatever
writing; rounding is allowed where a point says that it rounds, and so are sums and shares of its own figures.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, groupby, permutations
from operator import itemgetter
from unicodedata import category

from articles.numerals import CURRENCIES, WRITTEN, Calendar, Number, dates, figures, numbers
from articles.search.text import normalise
from articles.supporting import Sentences

MAX_TEXT = 2_000_000  # characters of a source text that are looked at
MAX_PART = 5_000  # of a heading or a body
MAX_JUDGED = 400_000  # of all points together
MAX_SHOWN = 300  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of the source text: its number from 1, where it stands, and its beginning."""

    number: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What a point says and the source text does not: `number`, `date`, `quote` or `name`."""

    kind: str
    text: str
    part: str  # heading or body
    start: int
    end: int


@dataclass(slots=True)
class Evidence:
    sentences: list[Support] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    judged: bool = True  # False: the points before took all the time there is


def evidence(text: str, points: Sequence[tuple[str, str]]) -> list[Evidence]:
    """For each point (heading, body) what the text has of it. Takes time in proportion to the lengths."""
    points = [(heading[:MAX_PART], body[:MAX_PART]) for heading, body in points]
    text, judged, room = text[:MAX_TEXT], [], MAX_JUDGED
    for heading, body in points:
        room -= len(heading) + len(body)
        judged.append((folded(heading), folded(body)) if room >= 0 else None)
    source = _Source(folded(text), text)
    sentences = Sentences(source.text, filter(None, judged))
    found = []
    for point, parts in zip(points, judged, strict=True):
        if parts is None:
            found.append(Evidence(judged=False))
        else:
            best = [
                Support(n + 1, *span, text[slice(*span)][:MAX_SHOWN]) for n, span in sentences.best(parts)
            ]
            found.append(Evidence(best, list(_missing(point, parts, source))))
    return found


def folded(text: str) -> str:
    """The text as search reads it, but one character for each, so that places stay places."""
    table = {}
    for char in set(text):
        plain = normalise(char)
        if plain != char and len(plain) == 1 and category(char) != "No":
            table[ord(char)] = plain
    return text.translate(table)


# --- Latin names ----------------------------------------------------------------------------------

_LETTER = "a-z\u00df-\u024f"
_WORD = rf"[{_LETTER}\d]+(?:\.\d+[{_LETTER}]*)*[+#]*"
_CHAIN = re.compile(rf"(?<![{_LETTER}\d.])(?={_WORD}){_WORD}(?:[\s.'’&/_-]{{1,2}}{_WORD})*")
_EACH = re.compile(_WORD)
_AMOUNT = re.compile(
    r"\d+(?:\.\d+)?(?:[kmbtw]|[kmgtp]b|[kmg]?hz|nm|mm|cm|km|kg|kw|mw|ms|mah|fps|[a-z]?flops|tops|million|billion|trillion)?"
)
_COUNTED = re.compile(r"\s?[%‰年月日号个家名位款种类项万亿千百多余倍元美欧次人台辆条件岁分秒小点时]")
_JOINED = 6  # words that may be one name
_GENERIC = set(
    re.split(" ", "ai aigc agi app apps it pc ok tv web www http https com cn net org vs the a of and no")
)
# What a Chinese text may call by another name.
_KNOWN_AS = {
    "ceo": "首席执行官", "cto": "首席技术官", "cfo": "首席财务官", "coo": "首席运营官", "ipo": "首次公开|上市|招股", "api": "接口", "eps": "每股收益", "gdp": "生产总值",
    "llm": "大语言模型|大模型", "llms": "大语言模型|大模型", "nlp": "自然语言处理", "gpu": "图形处理器|显卡", "cpu": "中央处理器",
    "vr": "虚拟现实", "ar": "增强现实", "rag": "检索增强", "moe": "混合专家", "ui": "界面", "ocr": "文字识别|字符识别",
    "google": "谷歌", "microsoft": "微软", "apple": "苹果", "nvidia": "英伟达", "amazon": "亚马逊", "tesla": "特斯拉",
    "intel": "英特尔", "facebook": "脸书", "samsung": "三星", "huawei": "华为", "alibaba": "阿里", "tencent": "腾讯",
    "baidu": "百度", "musk": "马斯克", "altman": "奥特曼|奥尔特曼|阿尔特曼", "nature": "自然", "science": "科学", "token": "词元", "tokens": "词元",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int

    @property
    def is_figure(self) -> bool:
        return self.text[0].isdigit() and "+" not in self.text and bool(_AMOUNT.fullmatch(self.text))


def _chains(text: str) -> Iterator[list[_Word]]:
    """Latin words that stand together, each with its version: GPT-4o, Claude 3.5 Sonnet. Mere amounts are none."""
    for run in _CHAIN.finditer(text):
        words = [
            _Word(word[0], word.start() + run.start(), word.end() + run.start())
            for word in _EACH.finditer(run[0])
        ]
        while words and words[-1].is_figure and _COUNTED.match(text, words[-1].end):
            words.pop()
        if any(not word.is_figure for word in words):
            yield words


def _spellings(words: Sequence[_Word]) -> Iterator[str]:
    for at in range(len(words)):
        joined = ""
        for word in words[at : at + _JOINED]:
            joined += word.text
            yield joined


# --- what the source says -------------------------------------------------------------------------

_QUOTED = re.compile(
    r"“([^“”]{1,500})”|「([^「」]{1,500})」|『([^『』]{1,500})』|《([^《》]{1,500})》|\"([^\"\n]{1,300})\"|‘([^‘’]{2,300})’"
)
_SIGNS = re.compile(r"[^\w+#%]|_")
_OMISSION = re.compile(r"…+|\.{3,}|[（(\[][^（）()\[\]]*[）)\]]")
_ROW = re.compile(r"[^、，,。；;：:！？!?\n]{1,30}(?:、[^、，,。；;：:！？!?\n]{1,30})+")
_AND = re.compile(r"[和与及]|以及")
_LAST_OF_SERIES = re.compile(
    r"其([二三四五六七八九十])|第([二三四五六七八九十])[，、：:是]|([二三四五六七八九十])是"
)
_SHORT_DIGITS = {sign: value for value, sign in enumerate("二三四五六七八九十", start=2)}


_VERSION = "version"  # the unit of a figure that belongs to a name


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with these spans, which are in order, blotted out."""
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], "\0" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


class _Source:
    """All that a text says, ready to be asked."""

    def __init__(self, text: str, original: str) -> None:
        self.text = text
        self.bare = _bare(original)
        self.calendar = Calendar()
        self.names: set[str] = set()
        self.figures: dict[float, set[str]] = {}  # value: the units it stands with
        read = []
        for date in dates(text):
            self.calendar.add(date)
            read.append((date.start, date.end))
        text = _without(text, read)
        read = []
        for words in _chains(text):
            self.names.update(_spellings(words))
            for word in filter(lambda word: word.is_figure, words):
                self._add(word.text, _VERSION)
                read.append((word.start, word.end))
        self._add(_without(text, read))
        self.ordered = sorted(self.figures)
        self.rows = _rows(text)

    def _add(self, text: str, as_unit: str | None = None) -> None:
        for values, unit in set(figures(text)):
            for value in values:
                self.figures.setdefault(_rounded(value), set()).add(as_unit or unit)

    def has_name(self, name: str) -> bool:
        forms = (name, name + "s", name.removesuffix("s"), name.removesuffix("es"))
        if name in _GENERIC or any(form in self.names for form in forms):
            return True
        known_as = _KNOWN_AS.get(name)
        return bool(known_as and re.search(known_as, self.text))

    def has_phrase(self, phrase: str) -> bool:
        return all(part in self.bare for part in map(_bare, _OMISSION.split(phrase)))

    def has_number(self, number: Number) -> bool:
        for value in number.values:
            if self._stands_with(_rounded(value), number):
                return True
        if number.unit == "percent" and self._stands_with(
            _rounded(number.values[0] * 100), number, {"", "points"}
        ):
            return True
        low, high = number.span()
        at = bisect_left(self.ordered, _rounded(low))
        while at < len(self.ordered) and self.ordered[at] <= _rounded(high):
            if self._stands_with(self.ordered[at], number):
                return True
            at += 1
        return number.unit == "count" and number.values[0] in self.rows

    def _stands_with(self, value: float, number: Number, units: set[str] | None = None) -> bool:
        """Small numbers mean something only with what they count, shares only as shares, sums only in their money."""
        present = self.figures.get(value, set())
        if not present or units is not None:
            return bool(units and units & present)
        unit = number.unit
        if unit in CURRENCIES:
            return unit in present or bool(present - CURRENCIES - {WRITTEN})
        if unit == "percent" or "percent" in present and len(present) == 1:
            return unit in present
        return abs(value) >= 100 or not unit or unit in present or "" in present


def _bare(text: str) -> str:
    return _SIGNS.sub("", normalise(text))


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


def _rows(text: str) -> set[int]:
    """How many things the text lists in one go: `甲、乙和丙` are three, and whoever counts them may say so."""
    found = set()
    for row in _ROW.finditer(text):
        items = row[0].split("、")
        found |= {len(items), len(items) + bool(_AND.search(items[-1]))}
    return found | {
        _SHORT_DIGITS[next(filter(None, last.groups()))] for last in _LAST_OF_SERIES.finditer(text)
    }


# --- what a point says ----------------------------------------------------------------------------


def _missing(point: tuple[str, str], parts: tuple[str, str], source: _Source) -> Iterator[Missing]:
    found, sure, doubtful = [], [], []
    for name, original, text in zip(("heading", "body"), point, parts, strict=True):
        rest = text
        for kind, judge in (("quote", _quotes), ("date", _dates), ("name", _names)):
            for start, end, present in judge(rest, source):
                rest = rest[:start] + "\0" * (end - start) + rest[end:]
                if not present:
                    found.append(Missing(kind, original[start:end], name, start, end))
        for number in filter(lambda number: number.judged, numbers(rest)):
            where = Missing("number", original[number.start : number.end], name, number.start, number.end)
            (sure if source.has_number(number) else doubtful).append((number, where))
    own_rows = _rows("\n".join(parts)) if doubtful else set()
    for number, where in doubtful:
        listed = number.unit == "count" and number.values[0] in own_rows
        if not listed and not _is_derived(number, [known for known, _ in sure]):
            found.append(where)
    return iter(sorted(found, key=lambda one: (one.part == "body", one.start)))


def _quotes(text: str, source: _Source) -> Iterator[tuple[int, int, bool]]:
    for match in _QUOTED.finditer(text):
        phrase = match[match.lastindex]
        if _bare(phrase):
            yield *match.span(), source.has_phrase(phrase)


def _dates(text: str, source: _Source) -> Iterator[tuple[int, int, bool]]:
    for date in dates(text):
        yield date.start, date.end, source.calendar.has(date)


def _names(text: str, source: _Source) -> Iterator[tuple[int, int, bool]]:
    for words in _chains(text):
        for present, group in groupby(_judged_words(words, source), key=itemgetter(2)):
            judged = list(group)  # what is missing in a row is one name
            yield judged[0][0].start, judged[-1][1].end, present


def _judged_words(words: list[_Word], source: _Source) -> Iterator[tuple[_Word, _Word, bool]]:
    """The names among these words, from which word to which; a figure of its own is for the numbers to judge."""
    at = 0
    while at < len(words):
        length, word = _longest(words, at, source), words[at]
        if length:
            yield word, words[at + length - 1], True
        elif not word.is_figure:
            yield word, word, source.has_name(word.text)
        elif at and not _stands_alone(word.text, source):
            yield word, word, False
        at += length or 1


def _longest(words: list[_Word], at: int, source: _Source) -> int:
    """How many words from here are one name of the source. A version counts only with what it is a version of."""
    joined = list(_spellings(words[at : at + _JOINED]))[: len(words) - at][:_JOINED]
    for length in range(len(joined), 0, -1):
        if joined[length - 1] in source.names and (length > 1 or not words[at].is_figure):
            return length
    return 0


def _stands_alone(figure: str, source: _Source) -> bool:
    found = list(numbers(figure))
    return bool(found) and "" in source.figures.get(_rounded(found[0].values[0]), set())


def _is_derived(number: Number, known: list[Number]) -> bool:
    """Whether the figure is a sum, difference, product or share of others that the point names and the text has."""
    low, high = map(_rounded, number.span())
    known = known[:12]
    alike = [one.values[0] for one in known if one.unit == number.unit or _both_shares(one, number)]
    results: Iterable[float] = [sum(alike)] if len(alike) > 1 else []
    if number.unit in {"percent", "fold"}:
        pairs = permutations([one.values[0] for one in known if one.values[0]], 2)
        results = chain(results, (result for a, b in pairs for result in (a / b, 1 - a / b, a / b - 1)))
    elif number.digits > 1:
        scale = 100 if number.unit == "points" else 1
        sums = (scale * result for a, b in permutations(alike, 2) for result in (a - b, a + b))
        pairs = [pair for pair in combinations(known, 2) if number.unit in {one.unit for one in pair} - {""}]
        results = chain(results, sums, (a.values[0] * b.values[0] for a, b in pairs))
    else:
        return False
    return any(low <= _rounded(result) <= high for result in results)


def _both_shares(one: Number, other: Number) -> bool:
    return {one.unit, other.unit} == {"percent", "points"}
