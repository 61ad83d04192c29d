"""Seed text becomes records and findings. Pure: bytes in, no database, the same answer every time.

Read it from top to bottom: the labels, the findings, one pass over the lines that gives every line to a field of a
record, then what each field means. The rows named in comments (F16, R7, T10 ...) are those of the seed format.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from articles import links
from articles.cleaning import clean
from articles.decoding import Undecodable, decode
from articles.findings import ERROR, Finding
from articles.points import Point
from articles.points import parse as parse_events
from taxonomy import names

# --- labels ---------------------------------------------------------------------------------------

LABELS = {
    "title": "标题 题目 题名 文章标题 新闻标题 原标题 title headline",
    "link": "链接 原文链接 文章链接 新闻链接 来源链接 网址 地址 原文 url link sourceurl",
    "summary": "总结 摘要 内容摘要 正文 内容 全文 文章内容 原文内容 概要 summary content text",
    "keywords": "关键词 关键字 关键词语 标签 主题词 keywords tags",
    "technologies": "AI技术 人工智能技术 AI相关技术 涉及技术 涉及的AI技术 相关技术 技术 aitechnologies technology",
    "industries": "行业 所属行业 涉及行业 相关行业 应用行业 产业 领域 应用领域 industry industries",
    "events": "重大事件摘要 重大事件 重大事件总结 事件摘要 事件总结 重要事件 大事摘要 要点 关键事件 majorevents eventsummary",
    "extra": "来源 媒体 出处 作者 记者 编辑 日期 时间 发布时间 发布日期 抓取时间 图片 语言 id 编号"
    " 链接附注 关键词附注 AI技术附注 行业附注",
}
FIELDS = {label.casefold(): name for name, labels in LABELS.items() for label in labels.split()}
TERM_FIELDS = {"keywords": "关键词", "technologies": "AI技术", "industries": "行业"}
DATE_LABELS = ("发布日期", "发布时间", "日期", "时间")
EMPTY = {"", "无", "暂无", "n/a", "na", "null", "none", "-", "—", "——", "未提及", "未知", "不涉及", "空"}

_MARKS = r"\s\u200b-\u200f\u2060\ufeff\xad"  # what may stand before a label unseen
_LABEL = re.compile(
    rf"(?P<lead>[{_MARKS}>#*•·●_\-\"“‘【\[「]*)"
    rf"(?P<name>[^\s:：﹕∶】\]」][^\n:：﹕∶】\]」\"”]{{0,29}}?)[{_MARKS}*_\"”]*"
    r"(?:(?P<bracket>[】\]」])[\s*_]*[:：﹕∶]?|(?P<colon>[:：﹕∶])[*_]*|(?P<end>$))"
)
_COLONS = re.compile(r"[:：﹕∶】\]」]")
_SEPARATOR = re.compile(r"\s*(?:-{3,}|={3,}|\*{3,})\s*")
_UNKNOWN_LABEL = re.compile(r"[^\W\d_][\w /（）()]{0,11}")
_LOOKAHEAD = 5  # lines within which a second 标题 must show its 链接 to begin a record inside a text

_FRONT_MATTER = 40  # lines that front matter may have
_JSON_VALUE = re.compile(r'[\s"]*(?P<value>.*?)"?\s*[,}]*\s*', re.DOTALL)
_DATE = re.compile(r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)\s*日?")
_DATELINE = re.compile(
    r"(?:(?P<start>)|.{0,100}?(?<!\d)(?=\d{4}年\d{1,2}月\d{1,2}日(?:电|讯|消息|报道)))"
    r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日"
)
_NOTICE_WORDS = ("转载", "版权", "独家原创", "ights reserved")
_NOTICE = re.compile(
    r"未经[^。\n]{0,20}(?:不得|禁止|严禁|请勿)|(?:不得|禁止|严禁|谢绝|请勿)[^。\n]{0,8}转载|转载请|独家原创"
    r"|版权所有|版权归[^。\n]{0,20}所有|[Aa]ll [Rr]ights [Rr]eserved"
)

MEGABYTE = 1_000_000
MAX_BYTES = 50 * MEGABYTE
LARGE_BYTES, LARGE_RECORDS, LONG_TEXT, MANY_TERMS = 5 * MEGABYTE, 500, 200_000, 30
WORKING_TITLE = 40

# --- what comes out -------------------------------------------------------------------------------


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

    def find(self, code: str, line: int, text: str = "") -> None:
        self.findings.append(Finding(code, line, text[:80]))


@dataclass(slots=True)
class Parsed:
    """A whole file. `homes` says for each line what it is: (line from 0, column, kind), see `spans`."""

    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    encoding: str = ""
    text: str = ""
    homes: list[tuple[int, int, str]] = field(default_factory=list)

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, kind) for all of the text, in order: every character has a home."""
        starts, at = [], 0
        for line in self.text.split("\n"):
            starts.append(at)
            at += len(line) + 1
        places = [(starts[line] + column, kind) for line, column, kind in self.homes]
        ends = [start for start, _kind in places[1:]] + [len(self.text)]
        for (start, kind), end in zip(places, ends, strict=True):
            yield start, end, kind


def parse(content: bytes) -> Parsed:
    """All records of a seed file. Never raises: what cannot be read is an error among `findings`."""
    if len(content) > MAX_BYTES:
        return Parsed(findings=[Finding("too-large", 1, f"{len(content):,}")])
    try:
        text, encoding = decode(content, _count_labels)
    except Undecodable as error:
        return Parsed(findings=[Finding(error.code, error.line, error.text)])
    parsed = Parsed(encoding=encoding, text=text)
    if not text.strip(" \n\t\u3000\ufeff\xa0\x00"):
        parsed.findings.append(Finding("empty-file", 1))
        return parsed
    _Pass(parsed).run()
    if not parsed.records:
        parsed.findings.append(Finding("no-labels", 1, text.strip()[:80]))
    if encoding != "utf-8":
        parsed.findings.append(Finding("other-encoding", 1, encoding))
    if len(content) > LARGE_BYTES or len(parsed.records) > LARGE_RECORDS:
        parsed.findings.append(Finding("large-file", 1, f"{len(content):,}"))
    for record in parsed.records:
        _understand(record)
    return parsed


# --- one pass over the lines ----------------------------------------------------------------------


def _label(line: str) -> tuple[str, str, int] | None:
    """(field, label as written, column of the value) if the line begins as a label does; field "" if unknown."""
    if not _COLONS.search(line, 0, 48) and "#" not in line[:4]:
        return None
    match = _LABEL.match(line)
    if not match or line.startswith("//", match.end()):  # https://…
        return None
    name, lead = match["name"].strip(), match["lead"]
    known = FIELDS.get("".join(unicodedata.normalize("NFKC", name).casefold().split()), "")
    if match["colon"] or (match["bracket"] and known and lead.rstrip()[-1:] in tuple("【[「")):
        return known, name, match.end()
    return (known, name, match.end()) if known and match["end"] is not None and "#" in lead else None


def _count_labels(text: str) -> int:
    """How many known labels begin a line, up to two: what decides about an encoding."""
    count = 0
    for line in text.splitlines():
        found = _label(line)
        count += bool(found and found[0])
        if count > 1:
            break
    return count


class _Pass:
    """Gives every line to a field of a record. Order decides what is a label and what only looks like one."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.lines = parsed.text.split("\n")
        self.labels = [_label(line) for line in self.lines]
        self.front_matter = self._front_matter_end()
        self.record: Record | None = None
        self.seen: set[str] = set()  # the fields that the record has
        self.value: Value | None = None
        self.before: list[str] = []  # text before the first label of the next record

    def run(self) -> None:
        for i, line in enumerate(self.lines):
            label = self.labels[i]
            if label and self._counts(i, *label[:2]):
                self._open(i, line, *label)
            elif _SEPARATOR.fullmatch(line) and self._separates(i):
                self._home(i, 0, "separator")
                self._end_record(i)
            else:
                self._home(i, 0, self.value.name if self.value else "unparsed")
                (self.value.lines if self.value else self.before).append(line)
        self._close(len(self.lines))

    def _home(self, line: int, column: int, kind: str) -> None:
        self.parsed.homes.append((line, column, kind))

    def _front_matter_end(self) -> int:
        """The line of the second --- if the text begins with --- and labels, and a record follows (F17)."""
        first = next(i for i, line in enumerate(self.lines) if line.strip("\ufeff \t"))
        if not _SEPARATOR.fullmatch(self.lines[first].strip("\ufeff")):
            return 0
        for i in range(first + 1, min(first + 1 + _FRONT_MATTER, len(self.lines))):
            if _SEPARATOR.fullmatch(self.lines[i]):
                return i
            if self.lines[i].strip() and not self.labels[i]:
                break
        return 0

    def _counts(self, i: int, name: str, label: str) -> bool:
        """Whether the label on line i is one here (section 3: order decides ambiguity)."""
        if i < self.front_matter:
            return True
        inside = self.value.name if self.value else ""
        if not name:
            return inside not in {"summary", "events"} and self._may_be_extra(label)
        if inside not in {"summary", "events"}:
            return True
        if name == "extra":  # 编辑：… at the end of a text is text; behind the event summary it is a label
            return inside == "events" and self._label_follows(i)
        if name not in self.seen:
            return True
        if name == "title" and self._record_follows(i, {"link"} if inside == "summary" else set(LABELS)):
            return True
        self.record.find("label-in-text", i + 1, self.lines[i].strip())
        return False

    def _may_be_extra(self, label: str) -> bool:
        """An unknown short label counts only where nothing but labels and their values stood so far."""
        if self.record is None or self.seen & {"summary", "events"}:
            return False
        value_is_here = self.value is None or any(line.strip() for line in self.value.lines)
        return value_is_here and bool(_UNKNOWN_LABEL.fullmatch(label))

    def _record_follows(self, i: int, wanted: set[str]) -> bool:
        return any(label and label[0] in wanted for label in self.labels[i + 1 : i + 1 + _LOOKAHEAD])

    def _label_follows(self, i: int) -> bool:
        """Whether the next line that is not blank begins a known field, or there is none."""
        for j in range(i + 1, min(i + 1 + _LOOKAHEAD, len(self.lines))):
            if self.lines[j].strip():
                return bool(self.labels[j] and self.labels[j][0]) or bool(_SEPARATOR.fullmatch(self.lines[j]))
        return True

    def _separates(self, i: int) -> bool:
        """A line of ---, === or *** ends a record only if another begins right after it (F16)."""
        if self.record is None:
            return i <= self.front_matter or self._label_follows(i)
        return self.seen == {"extra"} or self._label_follows(i)

    def _end_record(self, i: int) -> None:
        if self.seen - {"extra"}:
            self._close(i)
        self.value = None  # after front matter the same record goes on

    def _open(self, i: int, line: str, name: str, label: str, column: int) -> None:
        name = "extra" if i < self.front_matter else name or "unknown"
        if name == "title" and "title" in self.seen:
            self._close(i)
        if self.record is None:
            self.record = Record(first_line=i + 1)
        if any(text.strip() for text in self.before):
            self.record.unparsed = "\n".join(self.before).strip()
            self.record.find("text-before-labels", max(1, i), self.record.unparsed)
        self.before = []
        if name == "unknown":
            self.record.find("unknown-label", i + 1, label)
        self.seen.add("extra" if name == "unknown" else name)
        self._home(i, 0, "label")
        self._home(i, column, "extra" if name == "unknown" else name)
        self.value = Value(name, label, i, [line[column:]], quoted='"' in line[:column])
        self.record.values.append(self.value)

    def _close(self, i: int) -> None:
        """The record ends before line i."""
        if self.record:
            last = self.record.values[-1]
            _without_fence(self.record, last)
            while len(last.lines) > 1 and not last.lines[-1].strip():
                last.lines.pop()
            self.record.last_line = last.line + len(last.lines)
            self.parsed.records.append(self.record)
        self.record, self.value, self.seen = None, None, set()


def _without_fence(record: Record, last: Value) -> None:
    """A code fence that opened before the first label closes behind the last value (F17)."""
    if "```" in record.unparsed:
        text = "\n".join(last.lines).rstrip()
        if text.endswith("\n```"):
            last.lines = text[:-4].split("\n")
            record.unparsed += "\n```"


# --- what the fields mean -------------------------------------------------------------------------


def _understand(record: Record) -> None:
    texts = _texts(record)
    _title(record, *texts.get("title", _NOTHING))
    _link(record, *texts.get("link", _NOTHING))
    record.summary, _value = texts.get("summary", _NOTHING)
    _events(record, *texts.get("events", _NOTHING))
    for name, label in TERM_FIELDS.items():
        _terms(record, name, label, *texts.get(name, _NOTHING))
    _date(record)
    if reprint_notice(record.summary):
        record.reprint_notice = True
        record.find("reprint-notice", texts["summary"][1].line + 1)
    if len(record.summary) > LONG_TEXT:
        record.find("long-text", texts["summary"][1].line + 1, f"{len(record.summary):,}")
    _missing(record)


_NOTHING = ("", Value("", "", 0, []))


def _texts(record: Record) -> dict[str, tuple[str, Value]]:
    """The cleaned first text of each field; what else there is goes to `extra` (R7, R11)."""
    texts: dict[str, tuple[str, Value]] = {}
    repeats: dict[str, int] = {}
    for value in record.values:
        text = _cleaned(record, value)
        key = value.name if value.name not in {"extra", "unknown"} else f"extra {value.label}"
        if key not in texts:
            texts[key] = text, value
            if key.startswith("extra ") and text:
                record.extra[value.label] = text
        elif text == texts[key][0]:
            record.find("repeated-label", value.line + 1, value.label)
        else:
            repeats[key] = repeats.get(key, 1) + 1
            record.extra[f"{value.label} ({repeats[key]})"] = text
            record.find("conflicting-label", value.line + 1, f"{value.label}: {text}")
    return texts


def _cleaned(record: Record, value: Value) -> str:
    text = "\n".join(value.lines)
    if value.quoted:
        text = _JSON_VALUE.fullmatch(text)["value"]
    text, done = clean(text)
    for code in sorted(done):
        in_name = code == "hidden-characters" and value.name not in {"summary", "events"}
        record.find("hidden-in-name" if in_name else code, value.line + 1, value.label)
    if "\ufffd" in text or "锟斤拷" in text or "烫烫烫" in text:  # F6
        record.find("damaged-text", value.line + 1, value.label)
    if len(text) <= 5 and text.casefold() in EMPTY:  # R6
        if text:
            record.find("empty-value", value.line + 1, f"{value.label}: {text}")
        return ""
    return text


def _title(record: Record, text: str, value: Value) -> None:
    record.title = " ".join(text.split("\n")) if "\n" in text else text


def _link(record: Record, text: str, value: Value) -> None:
    if not text:
        return
    link = links.read(text)
    record.url, record.also_at = link.url, link.also_at
    if link.rest:
        record.extra["链接附注"] = link.rest
    for code in link.problems:
        record.find(code, value.line + 1, text)


def _terms(record: Record, name: str, label: str, text: str, value: Value) -> None:
    if not text:
        return
    split = names.split(text)
    setattr(record, name, split.names)
    if split.sentences:
        record.extra[f"{label}附注"] = "\n".join(split.sentences)
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


def _events(record: Record, text: str, value: Value) -> None:
    if not text:
        return
    events = parse_events(text)
    record.events_raw = text
    record.intro, record.points, record.conclusion = events.intro, events.points, events.conclusion
    first = next((i for i, line in enumerate(value.lines) if line.strip()), 0)
    for code, offset, found in events.problems:
        record.find(code, value.line + 1 + first + offset, found)


def _date(record: Record) -> None:
    """Given, else in the address, else as a dateline of the text; an inferred one says so."""
    for label in DATE_LABELS:
        given = record.extra.get(label, "")
        if match := _DATE.match(given):
            record.source_date, record.source_date_origin = (
                _valid_date(match),
                "given" if _valid_date(match) else "",
            )
            if record.source_date and match.end() == len(given):
                del record.extra[label]  # it says nothing more
            if record.source_date:
                return
    line = record.values[0].line + 1
    if record.url and (found := links.date_in(record.url)):
        record.source_date, record.source_date_origin = found, "url"
        record.find("date-from-link", line, found.isoformat())
    elif (match := _DATELINE.match(record.summary)) and (found := _valid_date(match)):
        record.source_date, record.source_date_origin = found, "text"
        record.find("date-from-text", line, found.isoformat())


def _valid_date(match: re.Match) -> date | None:
    try:
        found = date(*(int(match[part]) for part in ("year", "month", "day")))
    except ValueError:
        return None
    return found if 1990 <= found.year < 2100 else None


def _missing(record: Record) -> None:
    line = record.first_line
    has_terms = any(getattr(record, name) for name in TERM_FIELDS)
    if not (record.url or record.summary or record.events_raw or has_terms):
        record.find("only-title" if record.title else "nothing-to-identify", line, record.title)
        return
    if not record.title:
        _working_title(record)
    if not record.url:
        record.find("missing-link", line)
    if not record.summary and not record.events_raw:
        record.find("missing-summary", line)
    absent = [label for name, label in TERM_FIELDS.items() if not getattr(record, name)]
    if absent:
        record.find("missing-terms", line, "、".join(absent))
    if not record.events_raw:
        record.find("missing-events", line)


def _working_title(record: Record) -> None:
    """R1: the first sentence, up to 40 characters; without any text the link."""
    text = record.summary or record.intro or record.url
    if not text:
        record.find("nothing-to-identify", record.first_line)
        return
    sentence = (
        re.match(r"[^。！？!?\n]*[。！？!?]?", text[:WORKING_TITLE])[0]
        if record.url != text
        else text[:WORKING_TITLE]
    )
    record.title, record.title_inferred = sentence.strip() or text[:WORKING_TITLE].strip(), True
    record.find("missing-title", record.first_line, record.title)


def reprint_notice(text: str) -> bool:
    """Whether the text forbids reprinting (R16)."""
    return any(word in text for word in _NOTICE_WORDS) and bool(_NOTICE.search(text))
