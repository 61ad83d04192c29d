"""Numbers and dates as a text writes them: 1,200, １.２万, 一万二千, 三成, 百分之三十, 两年半, 2024年3月18日. Pure.

Reads folded text only (half-width, lower case, simplified, one character for one): see `articles.evidence`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import floor, log10

# --- numbers --------------------------------------------------------------------------------------

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALES = (("亿", 1e8), ("万", 1e4), ("千", 1e3), ("百", 1e2), ("十", 1e1))
_HAN_DIGIT, _HAN_UNIT = "[零〇一二两三四五六七八九]", "[十百千万亿]"
_ARABIC = r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18})(?:\.\d{1,18})?"
_HAN = r"[零〇一二两三四五六七八九十百千万亿]{1,20}(?:点[零〇一二三四五六七八九]{1,9}(?![十分])[万亿]{0,2})?"
_MORE = "(?:[多余几]|来(?=[个天年岁人万位名家款种]))"

# What follows a number: the class in which it is compared, and by how much it is multiplied there.
_UNITS: dict[str, tuple[str, float]] = {
    "%": ("percent", 0.01), "‰": ("percent", 0.001), "成": ("percent", 0.1), "个百分点": ("points", 1), "百分点": ("points", 1),
    "倍": ("fold", 1), "岁": ("age", 1), "次": ("times", 1), "届": ("届", 1), "代": ("代", 1), "轮": ("轮", 1), "期": ("期", 1),
    "年": ("months", 12), "周年": ("months", 12), "个月": ("months", 1), "周": ("days", 7), "个星期": ("days", 7), "天": ("days", 1), "日": ("days", 1),
    "小时": ("minutes", 60), "个小时": ("minutes", 60), "分钟": ("minutes", 1), "秒": ("minutes", 1 / 60), "秒钟": ("minutes", 1 / 60), "毫秒": ("minutes", 1 / 60_000),
    "时": ("clock", 1), "点": ("clock", 1), "公里": ("metres", 1000), "千米": ("metres", 1000), "km": ("metres", 1000), "米": ("metres", 1),
    "厘米": ("metres", 0.01), "cm": ("metres", 0.01), "毫米": ("metres", 0.001), "mm": ("metres", 0.001), "ms": ("minutes", 1 / 60_000), "纳米": ("nanometres", 1), "nm": ("nanometres", 1),
    "吨": ("kilos", 1000), "公斤": ("kilos", 1), "千克": ("kilos", 1), "kg": ("kilos", 1), "斤": ("kilos", 0.5), "克": ("kilos", 0.001),
    "瓦": ("watts", 1), "w": ("watts", 1), "千瓦": ("watts", 1e3), "kw": ("watts", 1e3), "兆瓦": ("watts", 1e6), "mw": ("watts", 1e6),
    "kb": ("bytes", 1), "mb": ("bytes", 1e3), "gb": ("bytes", 1e6), "tb": ("bytes", 1e9), "pb": ("bytes", 1e12),
    "hz": ("hertz", 1), "mhz": ("hertz", 1e6), "ghz": ("hertz", 1e9), "mah": ("mah", 1), "fps": ("fps", 1), "tops": ("tops", 1), "tflops": ("tflops", 1),
    "k": ("", 1e3), "m": ("", 1e6), "b": ("", 1e9), "t": ("", 1e12), "million": ("", 1e6), "billion": ("", 1e9), "trillion": ("", 1e12),
    "元": ("cny", 1), "块钱": ("cny", 1), "人民币": ("cny", 1), "美元": ("usd", 1), "美金": ("usd", 1), "欧元": ("eur", 1), "英镑": ("gbp", 1),
    "月": ("months", 1), "日元": ("jpy", 1), "韩元": ("krw", 1), "港元": ("hkd", 1), "港币": ("hkd", 1),
}  # fmt: skip
_COUNTED = re.split(
    " ",
    "个 家 名 位 人次 人 款 种 类 项 部 件 条 台 辆 架 艘 套 张 篇 幅 座 所 只 头 例 起 份 本 册 颗 枚 国 省 市 州 县 村 校"
    " 组 队 批 笔 宗 处 间 户 大 部门 句 场 门 节 页 级 层 步 段 门 集 章 方面 维 通 单 支 路 字 票 课时",
)
_UNITS |= dict.fromkeys(_COUNTED, ("count", 1))
WRITTEN = "written"  # the unit of a figure without its unit
CURRENCIES = {"cny", "usd", "eur", "gbp", "jpy", "krw", "hkd"}
_SIGNS = {"$": "usd", "¥": "cny", "€": "eur", "£": "gbp"}
_UNIT = "|".join(
    re.escape(unit) + ("(?![a-z0-9])" if unit.isascii() and unit != "%" else "")
    for unit in sorted(_UNITS.keys() - {"月"}, key=len, reverse=True)
).replace("成", "成(?![立功为本员果人长都熟就绩套品型分])")

_NUMBER = re.compile(
    rf"(?P<sign>[$¥€£])?\s?(?P<whole>(?:(?P<below>{_HAN}|\d{{1,9}})分之(?P<above>{_HAN}|{_ARABIC}))"
    rf"|(?P<ratio>(?<![\d./])\d{{1,3}}/\d{{1,4}}(?![\d/]))"
    rf"|(?P<mixed>{_ARABIC}(?:\s?{_MORE}?{_HAN_UNIT}{{1,4}}(?:\d{{1,4}}\s?[百千万]{{1,2}}){{0,2}})?)|(?P<han>{_HAN}))"
    rf"(?P<more>{_MORE})?\s?(?P<unit>{_UNIT})?(?:(?P<half>半(?![导径自岛夜球]))(?P<half_unit>{_UNIT}|月)?)?"
)
_ASCII_BEFORE = re.compile(r"[a-z\u00c0-\u024f0-9_.]")
_LETTER_AFTER = re.compile(r"(?<=\d)[a-z\u00df-\u024f]{1,2}(?![a-z\u00df-\u024f])")
_HALF = re.compile(r"一半|半数|对半|各半")
_DOUBLED = re.compile(r"翻了?一?[倍番]|加倍")

_BELOW = re.compile("(?:近|将近|接近|逼近|不足|不到|未到|未满|少于|低于|小于|至多|最多)[至达了到]?$")
_ABOVE = re.compile("(?:超|超过|逾|突破|高于|多于|大于|至少|不低于|不少于|过)[至达了到]?$")
_ABOUT = re.compile("(?:约|大约|约为|大概|大致|差不多|近似|约合|约占)[至达了到]?$")
_ABOUT_AFTER = re.compile("左右|上下|前后")
_ABOVE_AFTER = re.compile("以上|[多余]")
_BELOW_AFTER = re.compile("以内|以下")


@dataclass(slots=True)
class Number:
    """A number in a text; `values` has every reading of it. `step` is the place of its last digit that counts."""

    start: int
    end: int
    values: tuple[float, ...]
    unit: str
    step: float = 0.0
    digits: int = 1  # that count
    hedge: str = ""  # below, above, about
    judged: bool = True  # in a point; else it may be no number at all (四川) or means none (一个)

    def span(self) -> tuple[float, float]:
        """Between which true figures this one may be said, as people round."""
        value = self.values[0]
        size = abs(value)
        if self.hedge == "below":
            return value - min(self.step, 0.2 * size), value
        if self.hedge == "above":
            return value, value + min(self.step, 0.34 * size)
        room = min(self.step / 2, (0.06 if self.hedge else 0.012) * size)
        return (value - room, value + room) if self.hedge or self.digits > 1 else (value, value)


def numbers(text: str) -> Iterator[Number]:
    """The numbers of a text, with what is needed to judge them."""
    for match in _matches(text):
        values, unit, step, digits = _reading(*match.group(*_PARTS))
        values = (*_as_in_range(match, text), *values)
        if values:
            end = match.end("unit") if match["unit"] else match.end("whole")
            hedge, judged = _hedge(match, text), _is_judged(match, text)
            yield Number(match.start("whole"), end, values, unit, step, digits, hedge, judged)


def figures(text: str) -> Iterator[tuple[tuple[float, ...], str]]:
    """The values of a text's numbers, each with its unit: all that a source is asked for."""
    for match in _matches(text):
        yield from _both(*match.group(*_PARTS))
        if in_range := _as_in_range(match, text):
            yield in_range, ""
    for pattern, value, unit in ((_HALF, 0.5, "percent"), (_DOUBLED, 2.0, "fold")):
        if pattern.search(text):
            yield (value,), unit


def _matches(text: str) -> Iterator[re.Match]:
    for match in _NUMBER.finditer(text):
        start = match.start("mixed")
        if match["han"] == "一" and not match["unit"]:
            continue
        inside_name = not match["unit"] and _LETTER_AFTER.match(text, match.end("whole"))  # GPT-4o
        if start < 0 or not (inside_name or (start and _ASCII_BEFORE.match(text, start - 1))):
            yield match


_RANGE = re.compile(
    rf"\s?(?:[-~—–]{{1,2}}|至|到)\s?\d{{1,18}}(?:\.\d{{1,18}})?\s?([千万亿]{{0,2}})({_UNIT})?"
)


def _as_in_range(match: re.Match, text: str) -> tuple[float, ...]:
    """In 4.3至4.5亿元 the first number is one of 亿, too."""
    after = (
        None
        if match["unit"] or not match["whole"][-1].isdecimal()
        else _RANGE.match(text, match.end("whole"))
    )
    if not after or not (after[1] or after[2]):
        return ()
    return _reading(match["whole"] + after[1], None, None, after[2], None, None, None)[0]


_PARTS = ("whole", "below", "above", "unit", "half", "half_unit", "sign")
_Reading = tuple[tuple[float, ...], str, float, int]


@lru_cache(maxsize=20_000)
def _reading(
    whole: str,
    below: str | None,
    above: str | None,
    unit: str | None,
    half: str | None,
    half_unit: str | None,
    sign: str | None,
) -> _Reading:
    """All values it may have, the unit they are compared in, the place of the last digit that counts, and how many do."""
    if below or "/" in whole:
        above, below = (above, below) if below else whole.split("/")
        share, of = read(above), read(below)
        place, digits = _precision(above, share) if share else (0, 0)
        return ((share / of,), "percent", place / of, digits) if share and of else ((), "", 0, 0)
    value = read(whole)
    if value is None:
        return (), "", 0, 0
    name, factor = _UNITS.get((half and half_unit) or unit or "", ("", 1))
    place, digits = _precision(whole, value)
    written = value
    if half and name:
        value += 0.5
    return _values(value * factor, name, written), _SIGNS.get(sign or "", name), place * factor, digits


@lru_cache(maxsize=20_000)
def _both(whole: str, *others: str | None) -> list[tuple[tuple[float, ...], str]]:
    """What it means with its unit, and what stands there without."""
    values, unit, _, _ = _reading(whole, *others)
    written = _reading(whole, *[None] * len(others))[0] if unit else ()
    return [(values, unit), (written, WRITTEN)] if written else [(values, unit)]


def _values(value: float, unit: str, written: float) -> tuple[float, ...]:
    if unit == "clock":  # 晚10点 is 22时
        return value, value + 12, value - 12
    return (value,) if value == written or unit else (value, written)  # 200k is a name, too


def read(written: str) -> float | None:
    """The value of a numeral; None if these signs make none (十四五, 三四百)."""
    whole = re.sub("[, 多余几来]", "", written)
    try:
        return float(_positional(whole)) if whole and set(whole) <= _DIGITS.keys() else _composed(whole)
    except ValueError:
        return None


def _positional(digits: str) -> str:
    return "".join(str(_DIGITS[sign]) for sign in digits)


def _composed(whole: str) -> float:
    """3亿5000万 and 一千二百 by their greatest unit: what stands before it times the unit, and what follows it."""
    for sign, scale in _SCALES:
        head, found, tail = whole.rpartition(sign)
        if found:
            return (_composed(head) if head else 1) * scale + _rest(tail, scale)
    head, point, tail = whole.partition("点")
    if point and set(tail) <= _DIGITS.keys():
        return float(f"{_composed(head):.0f}.{_positional(tail)}")
    return float(_DIGITS.get(whole, whole))


def _rest(tail: str, scale: float) -> float:
    bare = tail.lstrip("零〇")
    if bare in _DIGITS and bare == tail and scale > 10:
        return _DIGITS[bare] * scale / 10  # 一百二 is 120
    return _composed(bare) if bare else 0


def _precision(written: str, value: float) -> tuple[float, int]:
    """The value of one in the last place that counts, and how many places count: 1200万 is exact to 100万."""
    value = value or 1.0
    plain = re.search(r"[\d.,]+", written)
    if plain and "." in plain[0]:
        number = float(plain[0].replace(",", "").strip(".") or 1) or 1
        place = value / number * 10 ** -len(plain[0].partition(".")[2])
    else:
        whole = f"{value:.0f}" if value >= 1 else "1"
        place = 10.0 ** (len(whole) - len(whole.rstrip("0")))
    return place, max(1, floor(log10(max(value / place, 1)) + 1e-9) + 1)


def _hedge(match: re.Match, text: str) -> str:
    start = match.start()
    before = text[max(0, start - 5) : start]
    end = match.end("unit") if match["unit"] else match.end("whole")
    after = text[end : end + 3]
    if (
        match["more"]
        or re.search(_MORE, match["whole"])
        or _ABOVE.search(before)
        or _ABOVE_AFTER.match(after)
    ):
        return "above"
    if _BELOW.search(before) or _BELOW_AFTER.match(after):
        return "below"
    return "about" if _ABOUT.search(before) or _ABOUT_AFTER.match(after) else ""


_LISTED = re.compile(r"(?:^|[。；;：:\s])[(（]?$")
_VAGUE_BEFORE = re.compile("[数几上]$|[周期拜]$")


def _is_judged(match: re.Match, text: str) -> bool:
    written, start = match["whole"], match.start("whole")
    before, after = text[max(0, start - 1) : start], text[match.end("whole") : match.end("whole") + 2]
    if (
        written.isdigit()
        and len(written) < 3
        and _LISTED.search(before)
        and re.match(r"[.、)）](?!\d)", after)
    ):
        return False  # 1. 2. of a list
    if not match["han"]:
        return True
    if written in {"一", "零"} and match["unit"] not in {"成", "倍"}:
        return False
    if len(written) == 1:
        counted = bool(match["unit"]) and match["unit"] not in {"点", "时", "分"}
        return written in _DIGITS.keys() | {"十"} and counted and not _VAGUE_BEFORE.search(before)
    return _is_well_formed(written) and not _VAGUE_BEFORE.search(before)


def _is_well_formed(written: str) -> bool:
    if set(written) <= _DIGITS.keys():
        return len(written) > 3
    return not re.search("[一二两三四五六七八九]{2}|^[百千万亿]", written)


# --- dates ----------------------------------------------------------------------------------------

_YEAR = r"(?P<y{n}>(?:19|20)\d\d|[一二][零〇一二三四五六七八九]{{3}})\s?年度?"
_SMALL = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_DATES = re.compile(
    r"(?<!\d)(?:(?P<t0>前[三3]个?季度|1\s?月?\s?[-~—–至到]+\s?[369]\s?月(?:份)?)"
    r"|(?P<m0>\d{1,2})(?=\s?[-~—–至到]+\s?\d{1,2}\s?月)"
    rf"|{_YEAR.format(n=1)}\s?(?P<m1>{_SMALL})\s?月(?:份)?(?:\s?(?P<d1>{_SMALL})\s?[日号])?"
    r"|(?P<y2>(?:19|20)\d\d)\s?[-/.]\s?(?P<m2>\d{1,2})\s?[-/.]\s?(?P<d2>\d{1,2})(?!\d)日?"
    r"|(?P<y3>(?:19|20)\d\d)(?=\s?[-~—–至到]+\s?(?:19|20)\d\d\s?年)"
    rf"|{_YEAR.format(n=4)}"
    rf"|(?P<m5>{_SMALL})\s?月(?:份)?\s?(?:(?P<d5>{_SMALL})\s?[日号])?"
    rf"|(?P<d6>{_SMALL})\s?[日号](?![线楼房元内]))"
    r"|(?P<q7>(?:第?[一二三四1-4]财?季度?|(?<![a-z0-9])q[1-4](?![a-z0-9])))|(?P<h8>[上下]半年)"
)


_TO = {"3": "q1", "6": "h1"}  # from January on


@dataclass(slots=True, frozen=True)
class Date:
    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: str = ""  # quarters or half of a year: q3, q123, h1


def dates(text: str) -> Iterator[Date]:
    for match in _DATES.finditer(text):
        found = {name[0]: value for name, value in match.groupdict().items() if value}
        if "q" in found:
            number = _small(re.sub("[第财季度q]", "", found["q"]))
            yield Date(*match.span(), part=f"q{number}")
        elif "h" in found:
            yield Date(*match.span(), part="h1" if found["h"][0] == "上" else "h2")
        elif "t" in found:
            yield Date(*match.span(), part=_TO.get(re.sub(r"\D", "", found["t"])[1:], "q123"))
        else:
            yield Date(*match.span(), *(_small(found[name]) if name in found else None for name in "ymd"))


def _small(written: str) -> int:
    return int(written) if written.isdecimal() else int(read(written) or 0)


@dataclass(slots=True)
class Calendar:
    """The dates of a text, and whether it holds another one: the fuller date says the shorter, not the reverse."""

    years: set[int] = field(default_factory=set)
    months: dict[int, set] = field(default_factory=dict)
    days: dict[tuple, set] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)

    def add(self, date: Date) -> None:
        if date.year:
            self.years.add(date.year)
        if date.part:
            self.parts.add(date.part)
        if date.month:
            self.months.setdefault(date.month, set()).add(date.year)
        if date.day:
            self.days.setdefault((date.month, date.day), set()).add(date.year)
            self.days.setdefault((None, date.day), set()).add(date.year)

    def has(self, date: Date) -> bool:
        if date.part:
            return date.part in self.parts
        if date.day:
            return self._known(date.year, self.days.get((date.month, date.day)))
        if date.month:
            return self._known(date.year, self.months.get(date.month))
        return date.year in self.years

    def _known(self, year: int | None, years: set | None) -> bool:
        if years is None or year is None:
            return years is not None
        return year in years or (None in years and year in self.years)
