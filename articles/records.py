"""One record of a seed: the values behind its labels, and what they mean. Pure; rows R1 to R19, dates, terms."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from articles import dates, labels, links
from articles.cleaning import clean
from articles.findings import ERROR, Finding, excerpt
from articles.labels import DATE_LABELS, TERM_LABELS
from articles.points import Point
from articles.points import parse as parse_events
from taxonomy import names

LONG_TEXT, MANY_TERMS, MANY_FINDINGS = 200_000, 30, 50
MAX_LIST = 5_000_000  # characters that are taken apart: each point and each term takes memory
WORKING_TITLE = 40
EMPTY = {"", "无", "暂无", "n/a", "na", "null", "none", "-", "—", "——", "未提及", "未知", "不涉及", "空"}

_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?]?")
_HREF = re.compile(r"<a\s[^<>]{0,200}?href\s*=\s*[\"']?([^<>\"'\s]++)[^<>]*+>", re.IGNORECASE)
_NOTICE_WORDS = (
    "转载",
    "轉載",
    "版权",
    "版權",
    "独家原创",
    "獨家原創",
    "eserved",
    "ESERVED",
    "保留所有",
    "未经",
    "未經",
    "未获",
)
_NOTICE_REACH = 60  # characters around such a word within which the whole notice stands
_NOTICE = re.compile(
    r"未[经經获][^。\n]{0,20}(?:不得|禁止|严禁|嚴禁|请勿|請勿)[^。\n]{0,8}(?:转载|轉載|转发|轉發|摘编|摘編|复制|複製|使用|镜像|链接)"
    r"|(?:不得|禁止|严禁|嚴禁|谢绝|謝絕|请勿|請勿)[^。\n]{0,8}(?:转载|轉載)|转载请|轉載請|独家原创|獨家原創"
    r"|版[权權]所有|版[权權][归歸][^。\n]{0,20}所有|保留所有[权權]|all rights reserved",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Value:
    """What stands behind one label: the label as written, the line it is on (from 0), and its lines."""

    name: str
    label: str
    line: int
    lines: list[str]
    quoted: bool = False  # "标题": "…", as in JSON


@dataclass(slots=True)
class Record:
    """One entry's text. Lines count from 1 in the decoded file; terms are as spelled, in order."""

    first_line: int
    last_line: int = 0
    values: list[Value] = field(default_factory=list)  # as they stand in the file
    unparsed: str = ""
    findings: list[Finding] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)  # findings by code
    title: str = ""
    title_inferred: bool = False
    url: str = ""
    also_at: list[str] = field(default_factory=list)
    summary: str = ""
    keywords: list[str] = field(default_factory=list)
    technologies: list[str] = field(default_factory=list)
    industries: list[str] = field(default_factory=list)
    events_raw: str = ""
    intro: str = ""
    points: list[Point] = field(default_factory=list)
    conclusion: str = ""
    source_date: date | None = None
    source_date_origin: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    reprint_notice: bool = False

    @property
    def quarantined(self) -> bool:
        return any(finding.severity == ERROR for finding in self.findings)

    def find(self, code: str, line: int, text: str = "", told: Callable[[str], str] = str) -> None:
        """Note a finding. Hundreds of one kind tell no more than the first ones: the last that is kept says so.

        `told` makes of the text what the finding says, only for one that is kept.
        """
        self.told[code] = self.told.get(code, 0) + 1
        if self.told[code] < MANY_FINDINGS:
            self.findings.append(Finding(code, line, excerpt(told(text))))
        elif self.told[code] == MANY_FINDINGS:
            self.findings.append(Finding(code, line, "……"))


def understand(record: Record) -> None:
    """Fill the fields from the values; each thing noticed becomes a finding."""
    texts = _texts(record)
    _title(record, *texts.get("title", _NOTHING))
    _link(record, *texts.get("link", _NOTHING))
    _summary(record, *texts.get("summary", _NOTHING))
    _events(record, *texts.get("events", _NOTHING))
    for name, label in TERM_LABELS.items():
        _terms(record, name, label, *texts.get(name, _NOTHING))
    _date(record, texts)
    _missing(record)
    if len(record.findings) > 1:
        record.findings.sort(key=lambda finding: finding.line)


_NOTHING = ("", Value("", "", 0, []))


def _texts(record: Record) -> dict[str, tuple[str, Value]]:
    """The cleaned first text of each field; what else there is goes to `extra` (R7, R11)."""
    texts: dict[str, tuple[str, Value]] = {}
    used: dict[str, int] = {}
    for value in record.values:
        text = _cleaned(record, value)
        is_extra = value.name in {"extra", "unknown"}
        key = f"extra {value.label}" if is_extra else value.name
        if key not in texts or not texts[key][0]:  # an empty value gives way to a later one
            texts[key] = text, value
            if is_extra and text:
                _keep(record, value.label, text, used)
        elif text == texts[key][0]:
            record.find("repeated-label", value.line + 1, value.label)
        elif text:
            used.setdefault(value.label, 1)
            _keep(record, value.label, text, used)
            record.find("conflicting-label", value.line + 1, f"{value.label}: {text}")
    return texts


def _keep(record: Record, label: str, text: str, used: dict[str, int]) -> None:
    """Put the text among the extras, under `label`, or `label (2)` where that is taken, and so on."""
    number = used.get(label, 0) + 1
    while (name := f"{label} ({number})" if number > 1 else label) in record.extra:
        number += 1
    record.extra[name], used[label] = text, number


def _cleaned(record: Record, value: Value) -> str:
    text = "\n".join(value.lines) if len(value.lines) > 1 else value.lines[0]
    if value.quoted:
        text = _unquoted(text)
    if value.name == "link" and "<" in text:
        text = _HREF.sub(r" \1 ", text)
    text, done = clean(text)
    for code in sorted(done):
        in_name = code == "hidden-characters" and value.name not in {"summary", "events"}
        record.find("hidden-in-name" if in_name else code, value.line + 1, value.label)
    if _is_damaged(text):  # F6
        record.find("damaged-text", value.line + 1, value.label)
    if len(text) <= 5 and text.casefold().strip("。（）()") in EMPTY:  # R6
        if text:
            record.find("empty-value", value.line + 1, f"{value.label}: {text}")
        return ""
    if len(text) > MAX_LIST and (value.name == "events" or value.name in TERM_LABELS):
        record.find("list-too-long", value.line + 1, f"{value.label}: {len(text):,}")
        return ""
    return text


def _is_damaged(text: str) -> bool:
    return "\ufffd" in text or "锟斤拷" in text or "烫烫烫" in text


def _unquoted(text: str) -> str:
    """The value of `"标题": "…",` as in JSON, without what is JSON's."""
    bare = text.strip()
    end = bare.rstrip(",;]}\n\t ")
    if len(end) > 1 and end[0] == end[-1] == '"':
        return end[1:-1]
    return bare.rstrip(",}\n\t ")


def _title(record: Record, text: str, value: Value) -> None:
    record.title = " ".join(text.split("\n")) if "\n" in text else text


def _link(record: Record, text: str, value: Value) -> None:
    if not text:
        return
    link = links.read(text)
    record.url, record.also_at = link.url, link.also_at
    _note_beside(record, "链接附注", link.rest)
    for code in link.problems:
        record.find(code, value.line + 1, text)


def _note_beside(record: Record, label: str, text: str) -> None:
    if text:
        record.extra[label] = "\n".join(filter(None, [record.extra.get(label), text]))


def _summary(record: Record, text: str, value: Value) -> None:
    record.summary = text
    record.reprint_notice = reprint_notice(text)
    if record.reprint_notice:
        record.find("reprint-notice", value.line + 1)
    if len(text) > LONG_TEXT:
        record.find("long-text", value.line + 1, f"{len(text):,}")


def _terms(record: Record, name: str, label: str, text: str, value: Value) -> None:
    if not text:
        return
    listed, aside = _apart(record, text, value)
    split = names.split(listed)
    setattr(record, name, split.names)
    _note_beside(record, f"{label}附注", "\n".join([*aside, *split.sentences]))
    for code, found in (
        ("sentence-not-term", split.sentences),
        ("term-dropped", split.dropped),
        ("term-repeated", split.repeated),
    ):
        for item in found:
            record.find(code, value.line + 1, item)
    if split.normalised:
        record.find("terms-normalised", value.line + 1, text)
    if len(split.names) > MANY_TERMS:
        record.find("many-terms", value.line + 1, f"{label}: {len(split.names)}")


def _apart(record: Record, text: str, value: Value) -> tuple[str, list[str]]:
    """The lines that hold terms, and those that begin like a label: 行业类别：医疗健康 is no keyword."""
    own = 0 if value.lines[0].strip() else -1  # what stands on the line of the label is no line of its own
    if "\n" not in text and own == 0:
        return text, []
    listed, aside = [], []
    first = _first_line(value)
    for i, line in enumerate(text.split("\n")):
        label = labels.read(line) if i > own else None
        if label and (label.field or labels.is_short(label.name)):
            aside.append(line)
            record.find("label-among-terms", _line_of(value, first + i), line, _with_likely)
        else:
            listed.append(line)
    return "\n".join(listed), aside


def _with_likely(line: str) -> str:
    """The line; of one that begins with an unknown label only that, with the known one that may be meant."""
    label = labels.read(line)
    told = label.name if label.field else labels.with_likely(label.name)
    return line if told == label.name else told


def _first_line(value: Value) -> int:
    """Which of the value's lines is the first that is not blank."""
    return next((i for i, line in enumerate(value.lines) if line.strip()), 0)


def _line_of(value: Value, i: int) -> int:
    """The line of the file where this one of the value's lines is; <br> and the like make more than the file has."""
    return value.line + 1 + min(i, len(value.lines) - 1)


def _events(record: Record, text: str, value: Value) -> None:
    if not text:
        return
    events = parse_events(text)
    record.events_raw = text
    record.intro, record.points, record.conclusion = events.intro, events.points, events.conclusion
    first = _first_line(value)
    for code, offset, found in events.problems:
        record.find(code, _line_of(value, first + offset), found)


def _date(record: Record, texts: dict[str, tuple[str, Value]]) -> None:
    """Given, else in the address, else as a dateline of the text; an inferred one says so."""
    for label in DATE_LABELS:
        found, is_all = dates.given(record.extra.get(label, ""))
        if found:
            record.source_date, record.source_date_origin = found, "given"
            if is_all:
                del record.extra[label]
            return
    if found := links.date_in(record.url):
        origin, code, key = "url", "date-from-link", "link"
    elif found := dates.in_text(record.summary):
        origin, code, key = "text", "date-from-text", "summary"
    else:
        return
    record.source_date, record.source_date_origin = found, origin
    record.find(code, texts[key][1].line + 1, found.isoformat())


def _missing(record: Record) -> None:
    line = record.first_line
    has_terms = any(getattr(record, name) for name in TERM_LABELS)
    if not (record.url or record.summary or record.events_raw or has_terms):
        record.find("only-title" if record.title else "nothing-to-identify", line, record.title)
        return
    if not record.title and not _working_title(record):
        record.find("nothing-to-identify", line)
        return
    if not record.url:
        record.find("missing-link", line)
    if not record.summary and not record.events_raw:
        record.find("missing-summary", line)
    absent = [label for name, label in TERM_LABELS.items() if not getattr(record, name)]
    if absent:
        record.find("missing-terms", line, "、".join(absent))
    if not record.events_raw:
        record.find("missing-events", line)


def _working_title(record: Record) -> str:
    """R1: the first sentence, up to 40 characters; without any text the link."""
    text = record.summary or record.intro
    title = _SENTENCE.match(text[:WORKING_TITLE])[0].strip() or (text or record.url)[:WORKING_TITLE].strip()
    if title:
        record.title, record.title_inferred = title, True
        record.find("missing-title", record.first_line, title)
    return title


def reprint_notice(text: str) -> bool:
    """Whether the text forbids reprinting (R16)."""
    for word in _NOTICE_WORDS:
        at = text.find(word)
        while at >= 0:
            if _NOTICE.search(text, max(0, at - _NOTICE_REACH), at + _NOTICE_REACH):
                return True
            at = text.find(word, at + _NOTICE_REACH)
    return False
