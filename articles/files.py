"""Which files under the given paths are seed files, and their bytes, one file at a time. Rows F10 to F14."""

import functools
import os
import re
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

SEED_SUFFIXES = {"", ".txt", ".md", ".seed"}
READ_IN_FOLDERS = SEED_SUFFIXES | {".zip"}
TEMPORARY_SUFFIXES = {".part", ".tmp", ".crdownload", ".swp"}
MAX_MEMBERS, MAX_DIRECTORY = 10_000, 16_000_000  # entries of a zip file, and bytes of their list
MAX_UNPACKED = 500_000_000
MAX_BYTES = 50_000_000  # of one seed file (row F12)
MAX_RATIO, RATIO_FROM = 200, 1_000_000  # packed more tightly, and this large: made to exhaust memory

WHY = {
    "missing": gettext_lazy("There is no such file or folder."),
    "unreadable": gettext_lazy("It cannot be read:"),
    "hidden-file": gettext_lazy("Hidden files are left out."),
    "temporary-file": gettext_lazy("It looks like a temporary file."),
    "not-a-seed-file": gettext_lazy(
        "In folders and zip files, only .txt, .md, .seed, .zip and files without suffix are read."
    ),
    "too-large": gettext_lazy("The file is larger than 50 MB."),
    "link-outside": gettext_lazy("The link leads out of the folder, or to a whole folder."),
    "zip-too-many": gettext_lazy("The zip file has more than 10,000 entries."),
    "zip-too-large": gettext_lazy("The zip file holds more than 500 MB."),
    "zip-ratio": gettext_lazy("It is packed more tightly than text can be."),
    "zip-nested": gettext_lazy("A zip file inside a zip file is not opened."),
    "zip-encrypted": gettext_lazy("It is protected by a password."),
    "zip-broken": gettext_lazy("The zip file cannot be opened:"),
}
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError, RuntimeError)
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

MAX_SHOWN = 1_000  # characters of a name: in a zip file one may have 65,000
OPEN = 8  # zip files: several people may hand one over at once

Stamp = tuple[int, int]  # size, and time of the last change


class StillGrowing(OSError):
    """The file has changed since it was listed."""


@dataclass(frozen=True, slots=True)
class SkippedFile:
    name: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    name: str
    path: str
    stamp: Stamp
    member: zipfile.ZipInfo | None = None

    @property
    def size(self) -> int:
        """How many bytes there are to read."""
        return self.member.file_size if self.member else self.stamp[0]

    def read(self) -> bytes:
        """The bytes; OSError says why there are none, StillGrowing that they may not be complete."""
        if self.member:
            self._check_unchanged(self.path)
            return _unpack(_open_zip(self.path, self.stamp), self.member)
        with open(self.path, "rb") as file:
            self._check_unchanged(file.fileno())
            content = file.read()
            self._check_unchanged(file.fileno())
        return content

    def _check_unchanged(self, file: str | int) -> None:
        if _stamp(os.stat(file)) != self.stamp:
            raise StillGrowing(_("The file is still changing. Import it again when it is complete."))


@dataclass(frozen=True, slots=True)
class NamedBytes:
    """A seed file that lies in no folder: its bytes are asked for when it is its turn."""

    name: str
    load: Callable[[], bytes]
    size: int = 0  # bytes, as far as it is known

    def read(self) -> bytes:
        return self.load()


Listed = Iterator[FoundFile | SkippedFile]


def list_files(paths: Iterable[str]) -> tuple[list[FoundFile], list[SkippedFile]]:
    """The seed files under the paths, in order, and what was left out and why. Opens nothing but zip files."""
    found: list[FoundFile] = []
    skipped: list[SkippedFile] = []
    for path in paths:
        for file in _under(str(path)):
            (found if isinstance(file, FoundFile) else skipped).append(file)
    return found, skipped


def without_young(found: list[FoundFile], seconds: float) -> tuple[list[FoundFile], list[SkippedFile]]:
    """The files that somebody may still be writing, apart; one with a time in the future is older than it says."""
    now = time.time()
    young = {item.name for item in found if 0 <= now - item.stamp[1] / 1e9 < seconds}
    why = ngettext(
        "It was changed less than %(number)d second ago.",
        "It was changed less than %(number)d seconds ago.",
        seconds,
    ) % {"number": seconds}
    return (
        [item for item in found if item.name not in young],
        [SkippedFile(name, "unsettled", why) for name in sorted(young)],
    )


def unpack(name: str, path: str) -> Iterator[NamedBytes | SkippedFile]:
    """The seed files in a file, a zip or a single one, that was delivered under this name and lies there."""
    for item in _under(path):
        shown_name = shown(name) + item.name.removeprefix(shown(path))
        if isinstance(item, SkippedFile):
            yield SkippedFile(shown_name, item.code, item.text)
            continue
        try:
            content = item.read()
        except OSError as error:
            yield SkippedFile(shown_name, "unreadable", str(error))
        else:
            yield NamedBytes(shown_name, lambda content=content: content, len(content))
    _open_zip.cache_clear()  # a temporary file takes its room on the disk as long as it is open


def _under(path: str) -> Listed:
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        yield _skipped(path, "missing")
    except OSError as error:
        yield _skipped(path, "unreadable", error.strerror)
    else:
        if stat.S_ISDIR(status.st_mode):
            yield from _in_folder(path)
        elif not stat.S_ISREG(status.st_mode):
            yield _skipped(path, "not-a-seed-file")
        elif _suffix(path) == ".zip":
            yield from _in_zip(path, _stamp(status))
        elif status.st_size > MAX_BYTES:
            yield _skipped(path, "too-large")
        else:
            yield FoundFile(shown(path), path, _stamp(status))


def _in_folder(folder: str) -> Listed:
    root = os.path.join(os.path.realpath(folder), "")
    waiting = _entries(folder)
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, SkippedFile):
            yield entry
        elif code := _unwanted(entry.name):
            yield _skipped(entry.path, code)
        elif entry.is_dir(follow_symlinks=False):
            waiting += _entries(entry.path)
        elif entry.is_symlink() and _leads_astray(entry.path, root):
            yield _skipped(entry.path, "link-outside")
        elif _suffix(entry.name) not in READ_IN_FOLDERS:
            yield _skipped(entry.path, "not-a-seed-file")
        else:
            yield from _under(entry.path)


def _entries(folder: str) -> list[os.DirEntry | SkippedFile]:
    """What the folder holds, the first name last."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        return [_skipped(folder, "unreadable", error.strerror)]


def _leads_astray(link: str, root: str) -> bool:
    return os.path.isdir(link) or not os.path.realpath(link).startswith(root)


# --- zip files ------------------------------------------------------------------------------------


def _in_zip(path: str, stamp: Stamp) -> Listed:
    if trouble := _trouble(path, stamp):
        yield _skipped(path, *trouble)
        return
    for member in _open_zip(path, stamp).infolist():
        if not member.is_dir():
            yield _member(path, stamp, member)


def _trouble(path: str, stamp: Stamp) -> tuple[str, str | None] | None:
    """Why a zip file is not opened: the code, and details."""
    try:
        if _has_long_directory(path) or len(members := _open_zip(path, stamp).infolist()) > MAX_MEMBERS:
            return "zip-too-many", None
    except OSError as error:
        return "unreadable", error.strerror
    except _BROKEN:
        return "zip-broken", _("it is damaged or cut off")
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        return "zip-too-large", None
    return None if members else ("zip-broken", _("it is empty"))


def _has_long_directory(path: str) -> bool:
    """Whether the list of what the zip file holds is itself too much to read, by its last record."""
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 65_557))
        tail = file.read()
    before, signature, record = tail.rpartition(b"PK\x05\x06")
    if not signature:
        return False  # cut off: opening it will say so
    if b"PK\x06\x07" in before[-20:]:
        return True  # zip64 is for more than 65,535 entries or 4 GB, and its counts stand elsewhere
    count, size = struct.unpack_from("<6xHI", record) if len(record) >= 18 else (0, 0)
    return count > MAX_MEMBERS or size > MAX_DIRECTORY


def _member(path: str, stamp: Stamp, member: zipfile.ZipInfo) -> FoundFile | SkippedFile:
    parts = [part for part in re.split(r"[/\\]", _member_name(member)) if part not in {"", "."}]
    name = "/".join([path, *(r"\.\." if part == ".." else part for part in parts)])
    unwanted = filter(None, (_unwanted(part) for part in parts if part != ".."))
    if code := next(unwanted, None) or _member_trouble(member, _suffix(name)):
        return _skipped(name, code, _("it is packed in an unusual way") if code == "zip-broken" else None)
    return FoundFile(shown(name), path, stamp, member)


def _member_trouble(member: zipfile.ZipInfo, suffix: str) -> str | None:
    troubles = {
        "zip-nested": suffix == ".zip",
        "not-a-seed-file": suffix not in SEED_SUFFIXES,
        "too-large": member.file_size > MAX_BYTES,
        "link-outside": stat.S_ISLNK(member.external_attr >> 16),
        "zip-encrypted": member.flag_bits & 1,
        "zip-broken": member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED},
        "zip-ratio": member.file_size > max(RATIO_FROM, MAX_RATIO * member.compress_size),
    }
    return next((code for code, true in troubles.items() if true), None)


def _member_name(member: zipfile.ZipInfo) -> str:
    """Names are in UTF-8 or in what the packing computer used, here mostly GBK; a flag tells, if it is set."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:  # newer Pythons read the extra field that holds a name in UTF-8
        return member.filename
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "backslashreplace")


@functools.lru_cache(maxsize=OPEN)
def _open_zip(path: str, stamp: Stamp) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Never more than the size that was checked: what unpacks to more fails its checksum there."""
    try:
        with archive.open(member) as content:
            return content.read(member.file_size)
    except _BROKEN as error:
        raise OSError(_("The zip file is damaged: %s") % error) from error


def _unwanted(name: str) -> str | None:
    if name.startswith("."):
        return "hidden-file"
    return "temporary-file" if name.startswith("~$") or _suffix(name) in TEMPORARY_SUFFIXES else None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns


def _skipped(path: str, code: str, detail: str | None = None) -> SkippedFile:
    return SkippedFile(shown(path), code, f"{WHY[code]} {detail or ''}".rstrip())


def shown(path: str) -> str:
    """The path with characters that cannot or must not be shown written as their codes."""
    path = path.removeprefix("./")
    if len(path) > MAX_SHOWN:
        path = f"{path[: MAX_SHOWN // 2]}…{path[-MAX_SHOWN // 2 :]}"
    if path.isprintable():
        return path
    return _NOT_SHOWN.sub(lambda char: char[0].encode("unicode_escape").decode(), path)
