"""Seed text becomes records and findings. Pure: bytes in, no database, the same answer every time.

Read it from top to bottom: what comes out, one pass over the lines that gives every line to a field of a record, then
what each field means. The rows named in comments (F16, R7, T10 ...) are those of the seed format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from articles import dates, labels, links
from articles.cleaning import clean
from articles.decoding import Undecodable, decode, lf
from articles.findings import ERROR, Finding, excerpt
from articles.labels import DATE_LABELS, TERM_FIELDS, Label
from articles.points import Point
from articles.points import parse as parse_events
from taxonomy import names

MEGABYTE = 1_000_000
MAX_BYTES = 50 * MEGABYTE
LARGE_BYTES, LARGE_RECORDS, LONG_TEXT, MANY_TERMS = 5 * MEGABYTE, 500, 200_000, 30
WORKING_TITLE = 40
EMPTY = {"", "无", "暂无", "n/a", "na", "null", "none", "-", "—", "——", "未提及", "未知", "不涉及", "空"}

_UNKNOWN_LABEL = re.compile(r"[^\W\d_][\w /（）()]{0,11}")
_NEAR = 5  # lines within which a second 标题 must show its 链接 to begin a record inside a text
_FRONT_MATTER = 40  # lines that front matter may have
_VISIBLE = re.compile(r"[^\s\x00\xad\u200b-\u200f\u2060\ufeff]")
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?]?")
_HREF = re.compile(r"<a\s[^<>]{0,200}?href\s*=\s*[\"']?([^<>\"'\s]+)[^<>]*>", re.IGNORECASE)
_NOTICE_WORDS = ("转载", "版权", "独家原创", "ights reserved", "未经")
_NOTICE_REACH = 60  # characters around such a word within which the whole notice stands
_NOTICE = re.compile(
    r"未经[^。\n]{0,20}(?:不得|禁止|严禁|请勿)[^。\n]{0,8}(?:转载|转发|摘编|复制|使用|镜像|链接)"
    r"|(?:不得|禁止|严禁|谢绝|请勿)[^。\n]{0,8}转载|转载请|独家原创"
    r"|版权所有|版权归[^。\n]{0,20}所有|[Aa]ll [Rr]ights [Rr]eserved"
)

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
        self.findings.append(Finding(code, line, excerpt(text)))


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
    parsed = Parsed(encoding=encoding, text=lf(text) if "\r" in text else text)
    if not _VISIBLE.search(text):
        parsed.findings.append(Finding("empty-file", 1))
        return parsed
    _Pass(parsed).run()
    if not parsed.records:
        parsed.findings.append(Finding("no-labels", 1, excerpt(text.lstrip())))
    if encoding != "utf-8":
        parsed.findings.append(Finding("other-encoding", 1, encoding))
    if parsed.text is not text:
        parsed.findings.append(Finding("line-ends", 1))
    if len(content) > LARGE_BYTES or len(parsed.records) > LARGE_RECORDS:
        parsed.findings.append(Finding("large-file", 1, f"{len(content):,}"))
    for record in parsed.records:
        _understand(record)
    return parsed


def _count_labels(text: str) -> int:
    """How many known labels begin a line, up to two: what decides about an encoding."""
    count = 0
    for line in text.splitlines():
        label = labels.read(line)
        count += bool(label and label.field)
        if count > 1:
            break
    return count


# --- one pass over the lines ----------------------------------------------------------------------


class _Pass:
    """Gives every line to a field of a record. Order decides what is a label and what only looks like one."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.lines = parsed.text.split("\n")
        self.labels = [labels.read(line) for line in self.lines]
        self.front_matter = self._front_matter_end()
        self.record: Record | None = None
        self.seen: set[str] = set()  # the fields that the record has
        self.value: Value | None = None
        self.outside: list[int] = []  # lines before the first label of the next record

    def run(self) -> None:
        homes = self.parsed.homes
        for i, line in enumerate(self.lines):
            label = self.labels[i]
            if label and self._counts(i, label):
                self._open(i, line, label)
            elif _is_separator(line) and self._separates(i):
                homes.append((i, 0, "separator"))
                self._end_record()
            elif self.value:
                homes.append((i, 0, self.value.name))
                self.value.lines.append(line)
            else:
                homes.append((i, 0, "unparsed"))
                self.outside.append(i)
        self._close()
        if self.parsed.records:
            self._leave_out(self.parsed.records[-1])

    def _front_matter_end(self) -> int:
        """The line of the second --- if the text begins with --- and labels that are no record yet (F17)."""
        first = next(i for i, line in enumerate(self.lines) if line.strip("\ufeff \t"))
        if not _is_separator(self.lines[first].strip("\ufeff")):
            return 0
        fields = set()
        for i in range(first + 1, min(first + 1 + _FRONT_MATTER, len(self.lines))):
            if _is_separator(self.lines[i]):
                return 0 if "title" in fields and fields & {"link", "summary", "events"} else i
            if self.labels[i]:
                fields.add(self.labels[i].field)
            elif self.lines[i].strip():
                break
        return 0

    def _counts(self, i: int, label: Label) -> bool:
        """Whether the label on line i is one here (section 3: order decides ambiguity)."""
        if i < self.front_matter:
            return True
        inside = self.value.name if self.value else ""
        if inside not in {"summary", "events"}:
            return bool(label.field) or self._may_be_extra(label)
        if not label.field:
            return False
        if (
            label.field == "extra"
        ):  # 编辑：… at the end of a text is text; behind the event summary it is a label
            return inside == "events" and self._label_follows(i)
        if label.field not in self.seen:
            return True
        if label.field == "title" and self._near(i, {"link"} if inside == "summary" else set(labels.LABELS)):
            return True
        self.record.find("label-in-text", i + 1, self.lines[i])
        return False

    def _may_be_extra(self, label: Label) -> bool:
        """An unknown short label counts only where nothing but labels and their values stood so far."""
        if self.record is None or self.seen & {"summary", "events"}:
            return False
        value_is_here = self.value is None or any(line.strip() for line in self.value.lines)
        return value_is_here and bool(_UNKNOWN_LABEL.fullmatch(label.name))

    def _near(self, i: int, wanted: set[str]) -> bool:
        return any(label and label.field in wanted for label in self.labels[i + 1 : i + 1 + _NEAR])

    def _label_follows(self, i: int) -> bool:
        """Whether the next line that is not blank begins a known field, or there is none."""
        for j in range(i + 1, len(self.lines)):
            if self.lines[j].strip():
                return bool(self.labels[j] and self.labels[j].field) or _is_separator(self.lines[j])
        return True

    def _separates(self, i: int) -> bool:
        """A line of ---, === or *** ends a record only if another begins right after it (F16)."""
        return i <= self.front_matter or self.seen == {"extra"} or self._label_follows(i)

    def _end_record(self) -> None:
        if self.seen - {"extra"}:
            self._close()
        self.value = None  # after front matter the same record goes on

    def _open(self, i: int, line: str, label: Label) -> None:
        name = "extra" if i < self.front_matter else label.field or "unknown"
        if name == "title" and self._begins_another(i, label):
            self._close()
        if self.record is None:
            self.record = Record(first_line=i + 1)
        self._leave_out(self.record)
        written = label.name if label.name.isprintable() else clean(label.name)[0]
        if name == "unknown":
            self.record.find("unknown-label", i + 1, written)
        kind = "extra" if name == "unknown" else name
        self.seen.add(kind)
        self.parsed.homes += (i, 0, "label"), (i, label.column, kind)
        self.value = Value(name, written, i, [line[label.column :]], label.quoted)
        self.record.values.append(self.value)

    def _begins_another(self, i: int, label: Label) -> bool:
        """Whether this 标题 is the next record's, not another of this one such as 原标题 right below 标题 (F16, R7)."""
        if "title" not in self.seen:
            return "link" in self.seen and bool(self.seen & {"summary", "events"}) and self._near(i, {"link"})
        if self.value is None or self.value.name != "title":
            return True
        written = self.lines[i][label.column :].strip()
        return label.name == self.value.label and written != "\n".join(self.value.lines).strip()

    def _leave_out(self, record: Record) -> None:
        """Text outside of all labels stays with the record that it stands before, the last with the last (F17)."""
        told = [i for i in self.outside if self.lines[i].strip()]
        if told:
            text = "\n".join(self.lines[i] for i in self.outside).strip()
            record.unparsed = f"{record.unparsed}\n{text}".strip()
            record.find("text-before-labels", told[0] + 1, text)
        self.outside = []

    def _close(self) -> None:
        if self.record:
            last = self.record.values[-1]
            _without_fence(self.record, last)
            while len(last.lines) > 1 and not last.lines[-1].strip():
                last.lines.pop()
            self.record.last_line = last.line + len(last.lines)
            self.parsed.records.append(self.record)
        self.record, self.value, self.seen = None, None, set()


def _is_separator(line: str) -> bool:
    bare = line.strip()
    return bare[:3] in {"---", "===", "***"} and not bare.strip(bare[0])


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
    _summary(record, *texts.get("summary", _NOTHING))
    _events(record, *texts.get("events", _NOTHING))
    for name, label in TERM_FIELDS.items():
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
    if "\ufffd" in text or "锟斤拷" in text or "烫烫烫" in text:  # F6
        record.find("damaged-text", value.line + 1, value.label)
    if len(text) <= 5 and text.casefold().strip("。（）()") in EMPTY:  # R6
        if text:
            record.find("empty-value", value.line + 1, f"{value.label}: {text}")
        return ""
    return text


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
    split = names.split(text)
    setattr(record, name, split.names)
    _note_beside(record, f"{label}附注", "\n".join(split.sentences))
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
        at = min(first + offset, len(value.lines) - 1)  # <br> and the like make more lines than the file has
        record.find(code, value.line + 1 + at, found)


def _date(record: Record, texts: dict[str, tuple[str, Value]]) -> None:
    """Given, else in the address, else as a dateline of the text; an inferred one says so."""
    for label in DATE_LABELS:
        found, is_all = dates.given(record.extra.get(label, ""))
        if found:
            record.source_date, record.source_date_origin = found, "given"
            if is_all:
                del record.extra[label]
            return
    for origin, key, found in (
        ("url", "link", links.date_in(record.url)),
        ("text", "summary", dates.in_text(record.summary)),
    ):
        if found:
            record.source_date, record.source_date_origin = found, origin
            code = "date-from-link" if origin == "url" else "date-from-text"
            record.find(code, texts[key][1].line + 1, found.isoformat())
            return


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
    text = record.summary or record.intro
    title = _SENTENCE.match(text[:WORKING_TITLE])[0].strip() or (text or record.url)[:WORKING_TITLE].strip()
    if not title:
        record.find("nothing-to-identify", record.first_line)
        return
    record.title, record.title_inferred = title, True
    record.find("missing-title", record.first_line, title)


def reprint_notice(text: str) -> bool:
    """Whether the text forbids reprinting (R16)."""
    for word in _NOTICE_WORDS:
        at = text.find(word)
        while at >= 0:
            if _NOTICE.search(text, max(0, at - _NOTICE_REACH), at + _NOTICE_REACH):
                return True
            at = text.find(word, at + _NOTICE_REACH)
    return False
