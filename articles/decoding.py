"""Delivered bytes become text, strictly: nothing is replaced, nothing guessed without saying so. Pure; rows F1-F10."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from newsroom.line_ends import lf

# What is no seed text at all, by its first bytes (row F10).
KINDS = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"RIFF", "WEBP, WAV, AVI"),
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"PK\x03\x04", "ZIP, DOCX, XLSX"),
    (b"\xd0\xcf\x11\xe0", "DOC, XLS"),
    (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7Z"),
    (b"\x7fELF", "ELF"),
)
BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# GB18030 holds all of GBK and GB2312. Order matters: each later one accepts more that is not meant.
CASCADE = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")
ENOUGH_LABELS = 2
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NO_CHANCE = 6  # characters: a line of so many that is UTF-8 was meant to be


@dataclass(frozen=True, slots=True)
class Undecodable(Exception):
    """`code` as in findings.FINDINGS; the line, from 1, and text say where and what."""

    code: str
    line: int
    text: str


def decode(content: bytes, count_labels: Callable[[str], int]) -> tuple[str, str]:
    """The text, and the encoding. Raises Undecodable.

    The first encoding wins that reads every byte and in whose text `count_labels` finds two labels; if none does,
    UTF-8.
    """
    _refuse_other_kinds(content)
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return _with_bom(content, bom, encoding), encoding
    plain = None
    failed: dict[str, int] = {}
    for encoding in CASCADE:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            failed[encoding] = error.start
            if encoding == "utf-8" and _mostly_utf8(content):
                break  # damaged UTF-8: another encoding could only turn it into nonsense
            continue
        if count_labels(text) >= ENOUGH_LABELS:
            _refuse_mixture(content, encoding)
            return text, encoding
        plain = text if encoding == "utf-8" else plain
    if plain is not None:
        return plain, "utf-8"
    for encoding, at in failed.items():
        if count_labels(content[:at].decode(encoding)) >= ENOUGH_LABELS:
            raise _undecodable(content, encoding, at)
    raise _undecodable(content, "utf-8", failed["utf-8"])


def _refuse_other_kinds(content: bytes) -> None:
    if not content.strip(b" \t\r\n\x0b\x0c\x00\xef\xbb\xbf\xfe\xff"):
        raise Undecodable("empty-file", 1, "")
    for start, kind in KINDS:
        if content.startswith(start):
            raise Undecodable("not-seed-text", 1, kind)
    if _HTML.match(content, 0, 200):
        raise Undecodable("not-seed-text", 1, "HTML")


def _with_bom(content: bytes, bom: bytes, encoding: str) -> str:
    try:
        return content[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(content, encoding, len(bom) + error.start) from None


def _mostly_utf8(content: bytes) -> bool:
    """Whether at least half of the bytes beyond ASCII form characters of UTF-8."""
    beyond = len(content) - len(content.translate(None, bytes(range(0x80, 0x100))))
    return sum(len(match) for match in _MULTIBYTE_UTF8.findall(content)) * 2 >= beyond


def _refuse_mixture(content: bytes, encoding: str) -> None:
    """Files of two encodings glued together: the double-byte ones can read UTF-8, as nonsense."""
    at = 0
    for line in content.split(b"\n") if encoding in {"gb18030", "big5"} else ():
        if not line.isascii() and _is_utf8(line):
            raise _undecodable(content, encoding, at)
        at += len(line) + 1


def _is_utf8(line: bytes) -> bool:
    try:
        return sum(char > "\x7f" for char in line.decode()) >= _NO_CHANCE
    except UnicodeDecodeError:
        return False


def _undecodable(content: bytes, encoding: str, at: int) -> Undecodable:
    line = lf(content[:at].decode(encoding, "ignore")).count("\n") + 1
    return Undecodable("undecodable", line, f"{encoding}, byte {at}: {content[at : at + 4].hex(' ')}")
