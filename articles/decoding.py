"""Delivered bytes become text, strictly: nothing is replaced, nothing guessed without saying so. Pure; rows F1-F10."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# What is no seed text at all, by its first bytes (row F10).
KINDS = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
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
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True, slots=True)
class Undecodable(Exception):
    """`code` as in seeds.FINDINGS; the line, from 1, and text say where and what."""

    code: str
    line: int
    text: str


def decode(content: bytes, count_labels: Callable[[str], int]) -> tuple[str, str]:
    """The text with LF as its only line end, and the encoding. Raises Undecodable.

    The first encoding wins that reads every byte and in whose text `count_labels` finds two labels; if none does,
    the first that reads every byte.
    """
    _refuse_other_kinds(content)
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return _lf(_strict(content[len(bom) :], encoding, len(bom))), encoding
    texts = {}
    for encoding in CASCADE:
        if encoding != "utf-8" and "utf-8" not in texts and _mostly_utf8(content):
            break  # damaged UTF-8: another encoding could only turn it into nonsense
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if count_labels(text) >= ENOUGH_LABELS:
            return _lf(text), encoding
        texts[encoding] = text
    if "utf-8" in texts:
        return _lf(texts["utf-8"]), "utf-8"
    _strict(content, "utf-8", 0)
    raise AssertionError("unreachable: UTF-8 did not read the bytes before")


def _refuse_other_kinds(content: bytes) -> None:
    if not content.strip(b" \t\r\n\x0b\x0c\x00\xef\xbb\xbf\xfe\xff"):
        raise Undecodable("empty-file", 1, "")
    for start, kind in KINDS:
        if content.startswith(start):
            raise Undecodable("not-seed-text", 1, kind)
    if _HTML.match(content, 0, 200):
        raise Undecodable("not-seed-text", 1, "HTML")


def _strict(content: bytes, encoding: str, skipped: int) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = content[error.start : error.start + 4].hex(" ")
        raise Undecodable("undecodable", line, f"{encoding}, byte {error.start + skipped}: {shown}") from None


def _mostly_utf8(content: bytes) -> bool:
    """Whether at least half of the bytes beyond ASCII form characters of UTF-8."""
    beyond = len(content) - len(content.translate(None, bytes(range(0x80, 0x100))))
    return sum(len(match) for match in _MULTIBYTE_UTF8.findall(content)) * 2 >= beyond


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
