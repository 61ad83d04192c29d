"""The live index as this process reads it. Commits and swaps of the writer are noticed at the next question."""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tantivy import Index, Schema, Searcher

from articles.search import folder
from articles.search.index import readable
from articles.search.sets import BadSets, Sets

log = logging.getLogger(__name__)

Stamp = tuple[Path, int, int]


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
    global _last
    path = folder.current()
    stamp = path and _stamp(path)
    if not stamp:
        return None
    known = _last
    if known and known.stamp == stamp:
        return known
    with _lock:
        if not _last or _last.stamp != stamp:
            _last = _opened(stamp, _last)
        return _last


def _stamp(path: Path) -> Stamp | None:
    """The sets are written last: a new file of them is a new state."""
    try:
        status = (path / "sets").stat()
    except OSError:
        return None
    return path, status.st_ino, status.st_mtime_ns


def _opened(stamp: Stamp, last: Reader | None) -> Reader | None:
    path = stamp[0]
    try:
        if last and last.stamp[0] == path:
            index = last.index
            index.reload()
        elif readable(path):
            index = Index.open(str(path))
            index.config_reader("manual")
        else:
            return None
        return Reader(stamp, index, index.searcher(), index.schema, Sets.open(path / "sets"))
    except (OSError, ValueError, BadSets) as error:  # swapped away or damaged: the worker rebuilds it
        log.warning("the search index cannot be read: %s", error)
        return None
