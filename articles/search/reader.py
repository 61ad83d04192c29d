"""The live index as this process reads it. Commits and swaps of the writer are noticed at the next question."""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tantivy import Index, Schema, Searcher

from articles.search import folder
from articles.search.index import Missing, open_index, readable
from articles.search.sets import Sets

log = logging.getLogger(__name__)

Stamp = tuple[Path, int, int]
TROUBLE = (OSError, ValueError, Missing)  # tantivy tells everything by a ValueError


@dataclass(frozen=True, slots=True)
class Reader:
    """The index at one commit: it does not change while it is used."""

    stamp: Stamp
    index: Index
    searcher: Searcher
    schema: Schema
    sets: Sets


_lock = Lock()
_last: Reader | None = None


def reader() -> Reader | None:
    """The newest state of the index; None where there is none, or it is not this database's: lists go on without."""
    for last_try in (False, True):
        try:
            return _newest()
        except (
            TROUBLE
        ) as error:  # swapped and removed in this very moment, or damaged: the worker rebuilds it
            if last_try:
                log.warning("the search index cannot be read: %s", error)
    return None


def _newest() -> Reader | None:
    global _last
    path = folder.current()
    if not path:
        return None
    stamp = _stamp(path)
    known = _last
    if known and known.stamp == stamp:
        return known
    with _lock:
        if not _last or _last.stamp != stamp:
            opened = _opened(stamp, _last)
            if not opened:
                return None
            _last = opened
        return _last


def _stamp(path: Path) -> Stamp:
    """The sets are written last: a new file of them is a new state."""
    status = (path / "sets").stat()
    return path, status.st_ino, status.st_mtime_ns


def _opened(stamp: Stamp, last: Reader | None) -> Reader | None:
    path = stamp[0]
    if last and last.stamp[0] == path:
        index = last.index
        index.reload()
    elif readable(path):
        index = open_index(path)
        index.config_reader("manual")
    else:
        return None
    return Reader(stamp, index, index.searcher(), index.schema, Sets.open(path / "sets"))
