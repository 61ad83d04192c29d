"""Delivered bytes become text, strictly: nothing is replaced, nothing guessed without saying so. Pure; rows F1-F10."""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass

from newsroom.line_ends import lf

# What is no seed text at all, by its first bytes (row F10).
KINDS = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"PK\x03\x04", "ZIP, DOCX, XLSX"),
    (b"\xd0\xcf\x11\xe0", "DOC, XLS"),
    (b"\x1f\x8b", "GZIP"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf", "7Z"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90\x00", "EXE"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"ID3\x03", "MP3"),
    (b"ID3\x04", "MP3"),
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
_RIFF = re.compile(rb"RIFF.{4}(?:WEBP|WAVE|AVI )", re.DOTALL)
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_LINE = re.compile(rb"[^\r\n]++")
_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Chinese is in these; the shorter ones are what many a character of GB18030 looks like.
_HAN_UTF8 = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NO_CHANCE = 6  # characters: a line of so many that is UTF-8 was meant to be
# More than one control character in so many bytes of the beginning: that is no text.
_CONTROL = bytes({*range(0x20), 0x7F} - set(b"\t\n\x0b\x0c\r\x1b"))
_RARE, _HEAD = 20, 8_192
_LONGEST_CHARACTER = 4  # bytes
_BEFORE, _BEHIND = 20, 40  # characters shown around what cannot be read
_BYTES_BEHIND = 80  # that hold so many


@dataclass(frozen=True, slots=True)
class Undecodable(Exception):
    """`code` as in findings.FINDINGS; the line, from 1, and text say where and what; of bytes as in findings.UNREADABLE.

    `encoding`: the one that all of it is in, but for what cannot be read; empty if that is not known.
    """

    code: str
    line: int
    text: str
    encoding: str = ""


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
    if plain is None:
        raise _failure(content, failed, count_labels)
    if _is_binary(content) and not count_labels(plain):
        raise Undecodable("not-seed-text", 1, "")
    return plain, "utf-8"


def _refuse_other_kinds(content: bytes) -> None:
    if not content.strip(b" \t\r\n\x0b\x0c\x00\xef\xbb\xbf\xfe\xff"):
        raise Undecodable("empty-file", 1, "")
    for start, kind in KINDS:
        if content.startswith(start):
            raise Undecodable("not-seed-text", 1, kind)
    if _RIFF.match(content):
        raise Undecodable("not-seed-text", 1, "WEBP, WAV, AVI")
    if _HTML.match(content, 0, 200):
        raise Undecodable("not-seed-text", 1, "HTML")


def _with_bom(content: bytes, bom: bytes, encoding: str) -> str:
    try:
        return content[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(content, encoding, len(bom) + error.start) from None


def _mostly_utf8(content: bytes, characters: re.Pattern[bytes] = _MULTIBYTE_UTF8) -> bool:
    """Whether at least half of the bytes beyond ASCII form such characters of UTF-8."""
    beyond = len(content) - len(content.translate(None, bytes(range(0x80, 0x100))))
    return sum(len(match) for match in characters.findall(content)) * 2 >= beyond


def _refuse_mixture(content: bytes, encoding: str) -> None:
    """Files of two encodings glued together: the double-byte ones can read UTF-8, as nonsense."""
    for line in _LINE.finditer(content) if encoding in {"gb18030", "big5"} else ():
        if not line[0].isascii() and _is_utf8(line[0]):
            raise _undecodable(content, encoding, line.start())


def _is_utf8(line: bytes) -> bool:
    try:
        return sum(char > "\x7f" for char in line.decode()) >= _NO_CHANCE
    except UnicodeDecodeError:
        return False


# --- what cannot be read --------------------------------------------------------------------------


def _failure(content: bytes, failed: dict[str, int], count_labels: Callable[[str], int]) -> Undecodable:
    """`failed`: how far each encoding could read."""
    for encoding, at in failed.items():
        if count_labels(content[:at].decode(encoding)) >= ENOUGH_LABELS:
            return _undecodable(content, encoding, at)
    if _is_binary(content):
        return Undecodable("not-seed-text", 1, "")
    return _undecodable(content, "utf-8", failed["utf-8"], fits=_mostly_utf8(content))


def _is_binary(content: bytes) -> bool:
    head = content[:_HEAD]
    return (len(head) - len(head.translate(None, _CONTROL))) * _RARE > len(head)


def _undecodable(content: bytes, encoding: str, at: int, *, fits: bool = True) -> Undecodable:
    """What is the case where `encoding`, which may be the one that was meant, can read no further."""
    read = lf(content[:at].decode(encoding, "ignore"))
    whole, shown = encoding, _around(content, encoding, at, read)
    if not fits:
        case, whole = "unknown", ""
    elif _is_cut(content[at : at + _LONGEST_CHARACTER], encoding):
        case = "cut"
    elif other := _in_another_encoding(content, encoding, at):
        case, whole, shown = "mixed", "", other[:_BEHIND]
    else:
        # UTF-8 is read line by line: further on there may be others.
        case, whole = "stray", "" if encoding == "utf-8" else encoding
    return Undecodable("undecodable", read.count("\n") + 1, f"{case} {encoding} {at} {shown}", whole)


def _is_cut(rest: bytes, encoding: str) -> bool:
    """Whether what is left is the beginning of a character."""
    if len(rest) >= _LONGEST_CHARACTER:
        return False
    try:
        return not getincrementaldecoder(encoding)().decode(rest)
    except UnicodeDecodeError:
        return False


def _in_another_encoding(content: bytes, encoding: str, at: int) -> str:
    """The line, if it is one of another encoding; else nothing."""
    if encoding.startswith(("utf-16", "utf-32")):
        return ""
    start = max(content.rfind(end, 0, at) for end in (b"\n", b"\r")) + 1
    raw = _LINE.match(content, start)[0]
    other = _is_gb18030(raw) if encoding == "utf-8" else _is_utf8(raw)
    return _legible_line(raw) if other else ""


def _around(content: bytes, encoding: str, at: int, read: str) -> str:
    """What stands before and behind on the line, by which a person finds it."""
    some = content[at : at + _BYTES_BEHIND]
    behind = getincrementaldecoder(encoding)("backslashreplace").decode(some, at + len(some) == len(content))
    return read.rpartition("\n")[2][-_BEFORE:].lstrip("\ufeff") + lf(behind).partition("\n")[0][:_BEHIND]


def legible(content: bytes, count_labels: Callable[[str], int]) -> str:
    """The text as well as it can be read: each byte that fits no encoding stands as \\xNN."""
    try:
        return decode(content, count_labels)[0]
    except Undecodable as error:
        encoding = error.encoding
    if encoding:
        text = content.decode(encoding, "backslashreplace")
    else:
        text = "".join(map(_legible_line, content.splitlines(keepends=True)))
    return text.removeprefix("\ufeff")


def _legible_line(raw: bytes) -> str:
    """By itself: mostly two files in different encodings were glued together."""
    return raw.decode("gb18030" if _is_gb18030(raw) else "utf-8", "backslashreplace")


def _is_gb18030(line: bytes) -> bool:
    """It could read damaged UTF-8 too, as nonsense."""
    return not _reads(line, "utf-8") and not _mostly_utf8(line, _HAN_UTF8) and _reads(line, "gb18030")


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
