"""A stored record looked at again: its lines as delivered, and what the parser understands of them. Pure."""

from dataclasses import dataclass
from typing import Any

from articles import seeds
from articles.identity import Prepared, prepare

LARGEST = 5_000_000  # bytes of a file that a page reads for one of its records
WHOLE = 500_000  # bytes of a file that is parsed as a whole for one of its records
UNREAD = "undecodable"
MOST_LINES, MOST_CHARACTERS = 1_000, 60_000  # that are shown

# Control characters as pictures of them; a browser would show nothing, or something else.
_SEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {0x7F: 0x2421}


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
    """The text of a file, as well as it can be read: a byte that fits no encoding stands as its code."""
    if len(content) > WHOLE:
        try:
            text = content.decode("utf-8-sig")
            return text.replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            pass
    return seeds.parse(content).text or "\n".join(map(_line, content.split(b"\n")))


def _line(raw: bytes) -> str:
    """Mostly two files in different encodings were glued together."""
    raw = raw.removesuffix(b"\r")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            pass
    return raw.decode("utf-8", "backslashreplace")


def delivered(content: bytes, first_line: int, last_line: int, findings: list[dict[str, Any]]) -> str:
    """The lines of a record; the whole of a file whose lines could not be told apart."""
    text = readable(content)
    if any(finding.get("code") == UNREAD for finding in findings):
        return text
    return cut(text, first_line, last_line)


def cut(text: str, first_line: int, last_line: int) -> str:
    """The lines of a record, out of its file's text."""
    return "\n".join(text.split("\n")[first_line - 1 : last_line])


def original(text: str, first_line: int, findings: list[dict[str, Any]]) -> Original:
    """A record's lines under the numbers they have in the file; those with a finding are marked."""
    marked = {finding.get("line") for finding in findings}
    lines: list[Line] = []
    room = MOST_CHARACTERS
    written = text.split("\n")
    for number, line in enumerate(written[:MOST_LINES], first_line):
        lines.append(Line(number, line[:room].translate(_SEEN), number in marked))
        room -= len(line)
        if room <= 0:
            break
    return Original(lines, len(written) - len(lines))


def understood(content: bytes, first_line: int, last_line: int) -> Prepared | None:
    """The record that begins on this line; None if there is none that could be understood."""
    if len(content) > WHOLE:
        content, first_line = cut(readable(content), first_line, last_line).encode(), 1
    for record in prepare(content):
        if record.first_line == first_line and not record.quarantined:
            return record
    return None
