"""Where the search index lives: derived files under var/, of which one folder is live. See docs/operators.md.

var/search/lock, rebuild.lock   held by the one process that writes, and by the one that rebuilds
var/search/current              the name of the live folder
var/search/<name>/              tantivy's files, `sets`, `about.json` (of which format and database), and `clock`:
                                all that the clock made public until then is in the index or in the queue
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import IO, Any
from uuid import uuid4

from django.conf import settings

WRITING, REBUILDING = "lock", "rebuild.lock"


class Busy(Exception):
    """Another process holds the lock."""


def root() -> Path:
    return Path(settings.VAR_DIR) / "search"


def current() -> Path | None:
    """The live folder, or None where there is none (yet)."""
    return _current() or _current()  # between two steps of the first it may be swapped and removed


def _current() -> Path | None:
    try:
        name = (root() / "current").read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    folder = root() / name
    return folder if name.isalnum() and (folder / "about.json").exists() else None


def about(folder: Path) -> dict[str, Any]:
    """What was written down when the folder was made; empty if that cannot be read."""
    try:
        found = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def clock(folder: Path) -> datetime | None:
    """Until when the clock has been looked after; None if that cannot be read."""
    try:
        return datetime.fromisoformat((folder / "clock").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def set_clock(folder: Path, moment: datetime) -> None:
    write(folder / "clock", moment.isoformat().encode())


def make() -> Path:
    """A new, empty folder beside the live one."""
    folder = root() / uuid4().hex
    folder.mkdir(parents=True)
    return folder


def go_live(folder: Path, about: dict[str, Any]) -> None:
    """Swap the folder in, all at once."""
    write(folder / "about.json", json.dumps(about).encode())
    write(root() / "current", folder.name.encode())


def tidy() -> None:
    """Remove what is not live: folders of interrupted rebuilds, and the ones before. Needs the rebuild's lock.

    Processes that read one keep what they have open.
    """
    live = current()
    for folder in root().iterdir():
        if folder.is_dir() and folder != live:
            shutil.rmtree(folder, ignore_errors=True)


def write(path: Path, content: bytes) -> None:
    """All of it or nothing, also if the power fails."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def rebuilding() -> bool:
    try:
        with locked(REBUILDING, fcntl.LOCK_SH):  # two that ask do not take each other for a rebuild
            return False
    except Busy:
        return True


@contextmanager
def locked(name: str, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold the lock; the system lets go of it when the process ends, however it does. Raises Busy."""
    root().mkdir(parents=True, exist_ok=True)
    with (root() / name).open("w") as file:
        _lock(file, how)
        yield


def _lock(file: IO[str], how: int) -> None:
    for pause in (0.02, 0.2, None):  # whoever only asks lets go at once
        try:
            return fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause is None or how == fcntl.LOCK_SH:
                raise Busy from None
            sleep(pause)
