"""Seed text becomes records and findings. Pure: bytes in, no database, the same answer every time.

Read in this order: decoding.py (bytes to text), labels.py (what a label looks like), this file (one pass that gives
every line to a field of a record), records.py (what the fields mean; with cleaning.py and dates.py), then points.py,
links.py and taxonomy/names.py for the event summary, links and terms. findings.py has every message. The rows named
in comments (F16, R7 ...) are those of the seed format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from articles import labels
from articles.cleaning import clean
from articles.decoding import Undecodable, decode
from articles.findings import Finding, excerpt
from articles.labels import Label
from articles.records import Record, Value, understand
from newsroom.line_ends import lf

MEGABYTE = 1_000_000
MAX_BYTES = 50 * MEGABYTE
MAX_LINES = 500_000  # each takes memory, be it empty
MAX_ITEMS = 1_000_000  # points and terms of all records: one line may hold thousands
LARGE_BYTES, LARGE_RECORDS = 5 * MEGABYTE, 500

_NEAR = 5  # lines within which a second 标题 must show its 链接 to begin a record inside a text
_FRONT_MATTER = 40  # lines that front matter may have
_LINE = re.compile(r"[^\r\n]++")
_VISIBLE = re.compile(r"[^\s\x00\xad\u200b-\u200f\u2060\ufeff]")


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
        if not self.homes:  # nothing was read
            yield 0, len(self.text), "unparsed"
            return
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
        return Parsed(findings=[Finding("too-large", 1, f"{len(content):,} B")])
    try:
        text, encoding = decode(content, count_labels)
    except Undecodable as error:
        return Parsed(findings=[Finding(error.code, error.line, excerpt(error.text))])
    parsed = Parsed(encoding=encoding, text=lf(text) if "\r" in text else text)
    if not _VISIBLE.search(text):
        parsed.findings.append(Finding("empty-file", 1))
        return parsed
    lines = parsed.text.count("\n") + (not parsed.text.endswith("\n"))
    if lines > MAX_LINES:
        parsed.findings.append(Finding("too-large", 1, f"{lines:,} lines"))
        return parsed
    _Pass(parsed).run()
    items = _understand(parsed.records)
    if items > MAX_ITEMS:
        told = Finding("too-large", 1, f"{items:,} items")
        return Parsed(findings=[told], encoding=encoding, text=parsed.text)
    if not parsed.records:
        parsed.findings.append(Finding("no-labels", 1, excerpt(text.lstrip())))
    if encoding != "utf-8":
        parsed.findings.append(Finding("other-encoding", 1, encoding))
    if parsed.text is not text:
        parsed.findings.append(Finding("line-ends", 1))
    if len(content) > LARGE_BYTES or len(parsed.records) > LARGE_RECORDS:
        parsed.findings.append(Finding("large-file", 1, f"{len(content):,}"))
    return parsed


def _understand(records: list[Record]) -> int:
    """Fill the fields of all records, or of so many that there are too many points and terms: their number."""
    items = 0
    for record in records:
        understand(record)
        items += sum(map(len, (record.points, record.keywords, record.technologies, record.industries)))
        if items > MAX_ITEMS:
            break
    return items


def count_labels(text: str) -> int:
    """How many known labels begin a line, up to two: what decides about an encoding."""
    count = 0
    for line in _LINE.finditer(text):  # a list of them all could be larger than any text
        label = labels.read(line[0])
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
        self.empty = False  # whether nothing stands behind the label yet
        self.alike: list[int] = []  # lines of the value that would be labels elsewhere
        self.outside: list[int] = []  # lines before the first label of the next record
        self.unparsed: list[str] = []  # what stood outside of the record's labels so far

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
                self.empty = self.empty and not line.strip()
            else:
                homes.append((i, 0, "unparsed"))
                self.outside.append(i)
        self._close()
        if self.parsed.records:
            last = self.parsed.records[-1]
            self._leave_out(last)
            last.unparsed = "\n".join(filter(None, [last.unparsed, *self.unparsed]))
            self._tell_end(last)

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
        if label.field == "extra":
            # 编辑：… at the end of a text is text; in an empty one or behind the event summary it is a label.
            return (inside == "events" or self.empty) and self._label_follows(i)
        if label.field not in self.seen:
            return True
        if label.field == "title" and self._near(i, {"link"} if inside == "summary" else set(labels.LABELS)):
            return True
        self.alike.append(i)
        return False

    def _may_be_extra(self, label: Label) -> bool:
        """An unknown short label counts only where nothing but labels and their values stood so far."""
        if self.record is None or self.seen & {"summary", "events"}:
            return False
        return not self.empty and labels.is_short(label.name)

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
        self.value, self.empty = None, False  # after front matter the same record goes on

    def _open(self, i: int, line: str, label: Label) -> None:
        name = "extra" if i < self.front_matter else label.field or "unknown"
        if name == "title" and self._begins_another(i, label):
            self._close()
        if self.record is None:
            self.record = Record(first_line=i + 1)
        if self.alike:
            self._tell_alike()
        if self.outside:
            self._leave_out(self.record)
        written = label.name if label.name.isprintable() else clean(label.name)[0]
        if name == "unknown":
            self.record.find("unknown-label", i + 1, written, labels.with_likely)
        kind = "extra" if name == "unknown" else name
        self.seen.add(kind)
        self.parsed.homes += (i, 0, "label"), (i, label.column, kind)
        self.value = Value(name, written, i, [line[label.column :]], label.quoted)
        self.record.values.append(self.value)
        self.empty = not self.value.lines[0].strip()

    def _tell_alike(self) -> None:
        """A link and a text inside a text make a record: what parts it from the first may be missing (R12)."""
        fields = {self.labels[i].field for i in self.alike}
        if "link" in fields and fields & {"summary", "events"}:
            self.record.find("maybe-two-records", self.alike[0] + 1, self.lines[self.alike[0]])
        for i in self.alike:
            self.record.find("label-in-text", i + 1, self.lines[i])
        self.alike = []

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
            self.unparsed.append(text)
            record.find("text-before-labels", told[0] + 1, text)
        self.outside = []

    def _close(self) -> None:
        if self.record:
            if self.alike:
                self._tell_alike()
            last = self.record.values[-1]
            self.record.unparsed, self.unparsed = "\n".join(self.unparsed), []
            _without_fence(self.record, last)
            while len(last.lines) > 1 and not last.lines[-1].strip():
                last.lines.pop()
            self.record.last_line = last.line + len(last.lines)
            self.parsed.records.append(self.record)
        self.record, self.value, self.empty, self.seen = None, None, False, set()

    def _tell_end(self, record: Record) -> None:
        """Half an address would make another article than the whole one, and nothing behind it tells which it is."""
        last = record.values[-1]
        ends = last.name == "link" and last.lines[-1].strip() and record.last_line == len(self.lines)
        if ends and {value.name for value in record.values} <= {"title", "link", "extra", "unknown"}:
            record.find("ends-in-link", record.last_line, last.lines[-1])


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
