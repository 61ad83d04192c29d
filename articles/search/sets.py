"""The set of public articles of every term, source and day: exact counts for any selection, from one file."""

import mmap
import os
import struct
import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from copy import copy
from datetime import date
from heapq import heappush, heappushpop
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Self

from pyroaring import BitMap

KINDS = ("technology", "industry", "keyword", "source", "day")

# The file: HEAD, then the table (where each set starts, and for each set its id, its size and its place by id),
# then the sets one after the other: those of each kind, those of months, the set of all articles. Each kind's
# stand largest first, so that counting can stop early. Written in the machine's own byte order: a foreign one
# reads as another version.
# HEAD: magic, version, number of sets of each kind and of months, checksum of what follows, length of the file.
HEAD = struct.Struct(f"=8sQ{len(KINDS) + 2}IQ")
MAGIC = b"newssets"
VERSION = 1
# A process keeps the largest sets of each kind once they have been read; more would only cost it memory.
KEPT = 20_000


class BadSets(ValueError):
    """The file is damaged, or was written by something else: rebuild it."""


class Row(NamedTuple):
    article: int
    day: int
    source: int | None
    technology: Collection[int]
    industry: Collection[int]
    keyword: Collection[int]


class Sets:
    """What one file says, read as it is asked for; goes on with that file after it has been replaced."""

    @classmethod
    def open(cls, path: Path) -> Self:
        with path.open("rb") as file:
            try:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except ValueError as error:  # an empty file cannot be mapped either
                raise BadSets(f"{path}: {error}") from error

    def __init__(self, data: mmap.mmap) -> None:
        *tables, self._months, everything = _tables(data)
        self._kinds = dict(zip(KINDS, tables, strict=True))
        self._all = everything.read(0)

    def arranged(self, arrange: Callable[[str, "_Table"], Any]) -> Self:
        """The same articles, with another table for each kind: one that answers as `_Table` does."""
        other = copy(self)
        other._kinds = {kind: arrange(kind, table) for kind, table in self._kinds.items()}
        return other

    @property
    def all(self) -> BitMap:
        """The ids of the articles that were public when the file was written."""
        return self._all.copy()

    def of(self, kind: str, pk: int) -> BitMap:
        """A copy: sets are changed in place by `&=`, and the next reader needs this one as it is."""
        found = self._kinds[kind].find(pk)
        return BitMap() if found is None else found.copy()

    def size(self, kind: str, pk: int) -> int:
        return self._kinds[kind].size(pk)

    def between(self, since: date | None, until: date | None) -> BitMap:
        days = self._kinds["day"]
        first = 0 if since is None else days.place(since.toordinal())
        end = len(days.ids) if until is None else days.place(until.toordinal() + 1)
        if end - first > len(days.ids) // 2:  # the days left out are fewer
            return self._all - _union(days.placed(0, first), days.placed(end, len(days.ids)))
        return _union(days.placed(first, end))

    def select(
        self,
        groups: Iterable[tuple[str, Collection[int]]],
        since: date | None = None,
        until: date | None = None,
    ) -> BitMap:
        """The articles that carry any of the ids of each group; a group without ids is carried by none."""
        found = self.between(since, until)
        for kind, ids in groups:
            found &= _union(self.of(kind, pk) for pk in ids)
        return found

    def counts(
        self, kind: str, within: BitMap | None = None, limit: int | None = None
    ) -> list[tuple[int, int]]:
        """(id, number of articles), most frequent first, then by id; without those that have none."""
        return self._counts(self._kinds[kind], within, limit)

    def _counts(self, table: "_Table", within: BitMap | None, limit: int | None) -> list[tuple[int, int]]:
        if within is None:
            return table.largest(limit)
        if limit == 0 or not within:
            return []
        return [(-minus, count) for count, minus in sorted(self._best(table, within, limit), reverse=True)]

    def _best(self, table: "_Table", within: BitMap, limit: int | None) -> list[tuple[int, int]]:
        # Counting what is left out is exact too, since every set is part of all; and it stays fast: the rest is
        # dense where the selection is neither tiny nor most, and a dense set answers in one step for each id.
        common = (self._all - within).intersection_cardinality
        best: list[tuple[int, int]] = []  # a heap of (count, -id), the one to give up first on top
        least = 1  # fewer do no better
        for pk, size, articles in table.ranked():
            if size < least:
                break  # nor does any of the smaller ones to come
            count = size - common(articles)
            if count >= least:
                (heappushpop if len(best) == limit else heappush)(best, (count, -pk))
                least = best[0][0] if len(best) == limit else 1
        return best

    def months(self, within: BitMap | None = None) -> list[tuple[date, int]]:
        """(first day of the month, number of articles), ascending; without empty months."""
        counted = self._counts(self._months, within, None)
        return [(date.fromordinal(month), count) for month, count in sorted(counted)]


class _Table:
    """The sets of one kind, by rank: the largest first, then the smallest id."""

    def __init__(
        self,
        data: mmap.mmap,
        starts: memoryview,
        ids: memoryview,
        sizes: memoryview,
        by_id: memoryview,
    ) -> None:
        self.ids, self.sizes = ids, sizes
        self._data, self._starts, self._by_id = data, starts, by_id
        self._kept: dict[int, BitMap] = {}

    def place(self, pk: int) -> int:
        """How many of the ids are smaller."""
        return bisect_left(self._by_id, pk, key=self.ids.__getitem__)

    def rank(self, pk: int) -> int | None:
        place = self.place(pk)
        if place == len(self.ids) or self.ids[self._by_id[place]] != pk:
            return None
        return self._by_id[place]

    def find(self, pk: int) -> BitMap | None:
        """The kept set itself, as `bitmap`."""
        rank = self.rank(pk)
        return None if rank is None else self.bitmap(rank)

    def size(self, pk: int) -> int:
        rank = self.rank(pk)
        return 0 if rank is None else self.sizes[rank]

    def largest(self, limit: int | None) -> list[tuple[int, int]]:
        return list(zip(self.ids[:limit], self.sizes[:limit], strict=True))

    def ranked(self) -> Iterator[tuple[int, int, BitMap]]:
        """(id, size, set), the largest first."""
        return zip(self.ids, self.sizes, map(self.bitmap, range(len(self.ids))), strict=True)

    def placed(self, first: int, end: int) -> Iterator[BitMap]:
        return map(self.bitmap, self._by_id[first:end])

    def bitmap(self, rank: int) -> BitMap:
        """The kept set itself: not to be changed, nor handed out."""
        found = self._kept.get(rank)
        if found is None:
            found = self.read(rank)
            if rank < KEPT:
                self._kept[rank] = found
        return found

    def read(self, rank: int) -> BitMap:
        return BitMap.deserialize(self._data[self._starts[rank] : self._starts[rank + 1]])


def _tables(data: mmap.mmap) -> Iterator[_Table]:
    """One for each kind, one of the months by their first day, one that holds only the set of all articles."""
    if len(data) < HEAD.size:
        raise BadSets("too short for a file of sets")
    magic, version, *numbers, checksum, length = HEAD.unpack_from(data)
    if (magic, version) != (MAGIC, VERSION):
        raise BadSets("not a file of sets of this version")
    numbers.append(1)
    total = sum(numbers)
    body = HEAD.size + 8 * (total + 1) + 4 * 3 * total
    if length != len(data) or body > length:
        raise BadSets("the file is cut off, or longer than it was written")
    if checksum != zlib.crc32(
        memoryview(data)[HEAD.size :]
    ):  # a hundredth of a second for a million articles
        raise BadSets("the file is damaged")
    starts = memoryview(data)[HEAD.size :][: 8 * (total + 1)].cast("Q")
    if starts[0] != body or starts[total] != length:
        raise BadSets("the table does not fit the file")
    columns = memoryview(data)[body - 4 * 3 * total : body].cast("I")
    for end, number in zip(accumulate(numbers), numbers, strict=True):
        span = slice(end - number, end)
        yield _Table(
            data,
            starts[span.start : end + 1],
            *(columns[total * n : total * (n + 1)][span] for n in range(3)),
        )


def _union(*sets: Iterable[BitMap]) -> BitMap:
    return BitMap().union(*(found for some in sets for found in some))


class SetsWriter:
    """All sets in memory, to be changed and saved; one process at a time."""

    def __init__(self) -> None:
        self._all = BitMap()
        self._sets: dict[str, defaultdict[int, BitMap]] = {kind: defaultdict(BitMap) for kind in KINDS}

    @classmethod
    def load(cls, path: Path) -> Self:
        sets, writer = Sets.open(path), cls()
        writer._all = sets.all
        for kind, table in sets._kinds.items():
            writer._sets[kind].update((pk, table.read(rank)) for rank, pk in enumerate(table.ids))
        return writer

    def replace(self, articles: Collection[int], rows: Iterable[Row]) -> None:
        """Forget these articles and those of the rows, then add the rows; the last one of an article counts."""
        latest = {row.article: row for row in rows}
        self._forget(BitMap([*articles, *latest]))
        self._add(latest)

    def _forget(self, gone: BitMap) -> None:
        if self._all.isdisjoint(gone):  # new articles: nothing to look for
            return
        self._all -= gone
        # Asking first is faster than taking the ids away from every set. For more than a few ids, ask whether
        # the set lies within what is left: that is dense, and answers in one step for each id.
        few = len(gone) < 20
        for sets in self._sets.values():
            for found in sets.values():
                if not (found.isdisjoint(gone) if few else found.issubset(self._all)):
                    found -= gone

    def _add(self, rows: dict[int, Row]) -> None:
        added: dict[str, defaultdict[int, list[int]]] = {kind: defaultdict(list) for kind in KINDS}
        for article, row in rows.items():
            added["day"][row.day].append(article)
            if row.source is not None:
                added["source"][row.source].append(article)
            for kind in ("technology", "industry", "keyword"):
                for pk in getattr(row, kind):
                    added[kind][pk].append(article)
        for kind, terms in added.items():
            for pk, articles in terms.items():
                self._sets[kind][pk].update(articles)
        self._all.update(list(rows))

    def save(self, path: Path) -> None:
        """Written beside, then renamed: a reader finds the old file or the new one, also after a power cut."""
        beside = path.with_name(f"{path.name}.new")
        with beside.open("wb") as file:
            file.writelines(self._parts())
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _months(self) -> dict[int, BitMap]:
        """Derived, but written: a reader has thirty times fewer sets to read and to count than for days."""
        found: defaultdict[int, BitMap] = defaultdict(BitMap)
        for day, articles in self._sets["day"].items():
            found[date.fromordinal(day).replace(day=1).toordinal()] |= articles
        return found

    def _parts(self) -> Iterator[bytes | array]:
        numbers, columns, bodies = [], (array("I"), array("I"), array("I")), []
        for sets in (*self._sets.values(), self._months(), {0: self._all}):
            ranked = sorted((-len(found), pk) for pk, found in sets.items() if found or found is self._all)
            numbers.append(len(ranked))
            columns[0].extend(pk for _, pk in ranked)
            columns[1].extend(-minus for minus, _ in ranked)
            columns[2].extend(sorted(range(len(ranked)), key=lambda rank: ranked[rank][1]))
            bodies += [sets[pk].serialize() for _, pk in ranked]
        body = HEAD.size + 8 * (len(bodies) + 1) + 4 * 3 * len(bodies)
        starts = array("Q", accumulate(map(len, bodies), initial=body))
        parts = (starts, *columns, *bodies)
        checksum = 0
        for part in parts:
            checksum = zlib.crc32(part, checksum)
        yield HEAD.pack(MAGIC, VERSION, *numbers[:-1], checksum, starts[-1])
        yield from parts
