"""A stored record looked at again: its lines as delivered, and what the parser understands of them. Pure."""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from articles import seeds
from articles.decoding import BOMS, legible
from articles.identity import Prepared, prepare
from newsroom.line_ends import lf

LARGEST = seeds.MAX_BYTES  # of a file; the importer takes no larger one
WHOLE = 500_000  # bytes of a file that is parsed as a whole for one of its records
LONGEST = 5_000_000  # bytes of a record that a page reads
UNREAD = "undecodable"
# Without a byte order mark, UTF-16 is known by this: of ASCII characters every second byte is zero.
HEAD, MANY_NULS = 1_000, 20
MOST_LINES, MOST_CHARACTERS = 1_000, 60_000  # that are shown

# Control characters as pictures of them; a browser would show nothing, or something else.
_SEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {0x7F: 0x2421}


class TooLong(Exception):
    """No page reads this record."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Original:
    """Lines of a record, as many as a page shows; `rest` are not."""

    lines: list[Line]
    rest: int


def readable(content: bytes) -> str:
    """Text as well as it can be read: a byte that fits no encoding stands as its code."""
    if len(content) > WHOLE:
        try:
            text = content.decode("utf-8-sig")
            return lf(text)
        except UnicodeDecodeError:
            pass
    return lf(legible(content, seeds.count_labels))


def delivered(content: bytes, first_line: int, last_line: int, findings: list[dict[str, Any]]) -> str:
    """The lines of a record; the whole of a file whose lines could not be told apart. Of a long text the beginning."""
    if not _unread(findings):
        content = _lines(content, first_line, last_line)
    if len(content) > LONGEST:
        content = content[: content.rfind(b"\n", 0, LONGEST) + 1 or LONGEST]
    return readable(content)


def line_count(content: bytes, first_line: int, last_line: int, findings: list[dict[str, Any]]) -> int:
    """How many lines `delivered` would have if it were whole."""
    return content.count(b"\n") + 1 if _unread(findings) else last_line - first_line + 1


def _unread(findings: list[dict[str, Any]]) -> bool:
    return any(finding.get("code") == UNREAD for finding in findings)


_LINE_END = re.compile(rb"\r\n?|\n")


def _lines(content: bytes, first_line: int, last_line: int) -> bytes:
    """The lines of a record, out of its file. A large one is not read for that: only its line ends are counted."""
    if len(content) <= WHOLE:
        content = readable(content).encode()
    elif encoding := _wide(content):
        content = content.decode(encoding, "replace").encode()
    ends = _LINE_END.finditer(content)
    start = 0
    if first_line > 1:
        start = next((end.end() for end in islice(ends, first_line - 2, None)), len(content))
    stop = next((end.start() for end in islice(ends, last_line - first_line, None)), len(content))
    return content[start:stop]


def _wide(content: bytes) -> str:
    """The encoding of text in units of two or four bytes, in which no single byte ends a line; empty for any other."""
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return "" if encoding == "utf-8" else encoding
    high, low = (content[at:HEAD:2].count(0) for at in (0, 1))
    if max(high, low) < max(MANY_NULS, 3 * min(high, low)):
        return ""
    return "utf-16-be" if high > low else "utf-16-le"


def original(text: str, first_line: int, findings: list[dict[str, Any]], lines: int = 0) -> Original:
    """A record's lines under the numbers they have in the file; those with a finding are marked.

    `lines`: how many it has, where the text may be only its beginning.
    """
    marked = {finding.get("line") for finding in findings}
    shown: list[Line] = []
    room = MOST_CHARACTERS
    written = text.split("\n")
    for number, line in enumerate(written[:MOST_LINES], first_line):
        shown.append(Line(number, line[:room].translate(_SEEN), number in marked))
        room -= len(line)
        if room <= 0:
            break
    return Original(shown, max(lines, len(written)) - len(shown))


def understood(content: bytes, first_line: int, last_line: int) -> Prepared | None:
    """The record that begins on this line; None if there is none that could be understood. Raises TooLong."""
    if len(content) > WHOLE:
        content, first_line = _lines(content, first_line, last_line), 1
        if len(content) > LONGEST:
            raise TooLong
        content = readable(content).encode()
    for record in prepare(content):
        if record.first_line == first_line and not record.quarantined:
            return record
    return None
