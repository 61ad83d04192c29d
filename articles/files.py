"""Which files under the given paths are seed files; and their bytes, one file at a time. Row F10 to F14."""

import functools
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

SEED_SUFFIXES = {"", ".txt", ".md", ".seed"}
TEMPORARY_SUFFIXES = {".part", ".tmp", ".crdownload", ".swp"}
ZIP = ".zip"
MAX_MEMBERS = 10_000
MAX_UNPACKED = 500_000_000
MAX_RATIO, RATIO_FROM = 200, 1_000_000  # packed so tightly, and this large at least: made to exhaust us

Stamp = tuple[int, int]  # size and time of change

_TROUBLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    struct.error,
)
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


class StillGrowing(OSError):
    """The file has changed since it was listed."""


@dataclass(frozen=True, slots=True)
class SkippedFile:
    name: str
    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class FoundFile:
    name: str
    path: str
    stamp: Stamp
    member: zipfile.ZipInfo | None = None

    def read(self) -> bytes:
        """The bytes; OSError says why there are none, StillGrowing that they are not complete."""
        if self.member:
            return _read_member(self)
        with open(self.path, "rb") as file:
            _check_unchanged(self, file.fileno())
            content = file.read()
            _check_unchanged(self, file.fileno())
        return content


def _check_unchanged(file: FoundFile, descriptor: int | str) -> None:
    if _stamp(os.stat(descriptor)) != file.stamp:
        raise StillGrowing(_("The file is still changing. Import it again when it is complete."))


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns


def list_files(paths: Iterable[str]) -> tuple[list[FoundFile], list[SkippedFile]]:
    """The seed files under the paths, in order, and all that was left out, with the reason. Reads no seed file."""
    found: list[FoundFile] = []
    skipped: list[SkippedFile] = []
    for path in paths:
        for file in _under(str(path)):
            (found if isinstance(file, FoundFile) else skipped).append(file)
    return found, skipped


def _under(path: str) -> Iterator[FoundFile | SkippedFile]:
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        yield SkippedFile(_shown(path), "missing", _("There is no such file or folder."))
    except OSError as error:
        yield SkippedFile(_shown(path), "unreadable", _reason(error))
    else:
        if stat.S_ISDIR(status.st_mode):
            yield from _in_folder(path)
        else:
            yield from _file(path, _shown(path), status)


def _file(path: str, name: str, status: os.stat_result) -> Iterator[FoundFile | SkippedFile]:
    if not stat.S_ISREG(status.st_mode):
        yield SkippedFile(name, "not-a-seed-file", _("This is no ordinary file."))
    elif name.lower().endswith(ZIP):
        yield from _in_zip(path, name, _stamp(status))
    else:
        yield FoundFile(name, path, _stamp(status))


# --- folders --------------------------------------------------------------------------------------


def _in_folder(folder: str) -> Iterator[FoundFile | SkippedFile]:
    root = os.path.join(os.path.realpath(folder), "")
    waiting = _entries(folder)
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, SkippedFile):
            yield entry
        elif code := _unwanted(entry.name):
            yield SkippedFile(_shown(entry.path), code)
        elif entry.is_dir(follow_symlinks=False):
            waiting += _entries(entry.path)
        else:
            yield from _entry(entry, root)


def _entries(folder: str) -> list[os.DirEntry | SkippedFile]:
    """What the folder holds, last name first."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        return [SkippedFile(_shown(folder), "unreadable", _reason(error))]


def _entry(entry: os.DirEntry, root: str) -> Iterator[FoundFile | SkippedFile]:
    name = _shown(entry.path)
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(root):
        yield SkippedFile(name, "link-outside", _("The link leads out of the folder."))
        return
    try:
        status = entry.stat()
    except OSError as error:
        yield SkippedFile(name, "unreadable", _reason(error))
        return
    if _suffix(entry.name) in SEED_SUFFIXES | {ZIP}:
        yield from _file(entry.path, name, status)
    else:
        yield SkippedFile(name, "not-a-seed-file")


def _unwanted(name: str) -> str | None:
    if name.startswith("."):
        return "hidden-file"
    if name.startswith("~$") or _suffix(name) in TEMPORARY_SUFFIXES:
        return "temporary-file"
    return None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


# --- zip ------------------------------------------------------------------------------------------


def _in_zip(path: str, name: str, stamp: Stamp) -> Iterator[FoundFile | SkippedFile]:
    try:
        members = _open_zip(path, stamp).infolist()
    except OSError as error:
        yield SkippedFile(name, "unreadable", _reason(error))
        return
    except _TROUBLE as error:
        yield SkippedFile(name, "zip-broken", str(error))
        return
    if len(members) > MAX_MEMBERS:
        yield SkippedFile(name, "zip-too-many", f"{len(members):,} > {MAX_MEMBERS:,}")
        return
    if (size := sum(member.file_size for member in members)) > MAX_UNPACKED:
        yield SkippedFile(name, "zip-too-large", f"{size:,} > {MAX_UNPACKED:,}")
        return
    for member in members:
        if not member.is_dir():
            yield _member(path, name, stamp, member)


def _member(path: str, archive: str, stamp: Stamp, member: zipfile.ZipInfo) -> FoundFile | SkippedFile:
    parts = [part for part in re.split(r"[/\\]", _member_name(member)) if part and part != "."]
    name = "/".join([archive, *(r"\.\." if part == ".." else _shown(part) for part in parts)])
    if code := next(filter(None, (_unwanted(part) for part in parts if part != "..")), None):
        return SkippedFile(name, code)
    if code := _member_trouble(member, _suffix(parts[-1]) if parts else ""):
        return SkippedFile(name, code)
    return FoundFile(name, path, stamp, member)


def _member_trouble(member: zipfile.ZipInfo, suffix: str) -> str | None:
    if suffix == ZIP:
        return "zip-nested"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "link-outside"
    if suffix not in SEED_SUFFIXES:
        return "not-a-seed-file"
    if member.flag_bits & 1:
        return "zip-encrypted"
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "zip-broken"
    if member.file_size > max(RATIO_FROM, MAX_RATIO * member.compress_size):
        return "zip-ratio"
    return None


def _member_name(member: zipfile.ZipInfo) -> str:
    """Without the flag for UTF-8 the name is in the encoding of the computer that packed it: here mostly GBK."""
    if member.flag_bits & 0x800:
        return member.filename
    raw = member.orig_filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


@functools.lru_cache(maxsize=1)
def _open_zip(path: str, stamp: Stamp) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _read_member(file: FoundFile) -> bytes:
    _check_unchanged(file, file.path)
    try:
        with _open_zip(file.path, file.stamp).open(file.member) as content:
            # By size: what unpacks to more than it says is cut off there, and then fails its checksum.
            return content.read(file.member.file_size)
    except _TROUBLE as error:
        raise OSError(_("The zip file is damaged: %s") % error) from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _shown(path: str) -> str:
    """The path with characters that must not or cannot be shown written as their codes."""
    path = path.removeprefix("./")
    return _UNREADABLE.sub(lambda char: char[0].encode("unicode_escape").decode(), path)
