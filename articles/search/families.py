"""The sets of terms as readers count them: public terms alone, each with the articles of all that stands below it."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from pyroaring import BitMap

from articles.search.sets import Sets
from taxonomy.tree import Tree, Trees


@lru_cache(maxsize=2)  # until the index or a vocabulary changes; who still counts goes on with what it has
def families(sets: Sets, trees: Trees) -> Sets:
    """Made once, and then as fast to count in as the sets themselves."""
    kinds = trees.by_vocabulary
    return sets.arranged(lambda kind, table: _Families(table, kinds[kind]) if kind in kinds else table)


class _Families:
    """A table of a vocabulary's sets, read through its tree."""

    def __init__(self, table: Any, tree: Tree) -> None:
        self._table, self._tree = table, tree
        unions = {pk: self._union(pk) for pk in tree.children}
        self._unions = {pk: found for pk, found in unions.items() if found}
        self._largest = sorted((-len(found), pk) for pk, found in self._unions.items())
        self._passed_over = tree.hidden(BitMap(table.ids)) | BitMap(self._unions)

    def _union(self, pk: int) -> BitMap:
        found = map(self._table.find, self._tree.below(pk))
        return BitMap().union(*(articles for articles in found if articles is not None))

    def find(self, pk: int) -> BitMap | None:
        if pk in self._unions:
            return self._unions[pk]
        return self._table.find(pk) if self._tree.shows(pk) else None

    def size(self, pk: int) -> int:
        if pk in self._unions:
            return len(self._unions[pk])
        return self._table.size(pk) if self._tree.shows(pk) else 0

    def largest(self, limit: int | None) -> list[tuple[int, int]]:
        return [(pk, size) for pk, size, _rank in islice(self._ranks(), limit)]

    def ranked(self) -> Iterator[tuple[int, int, BitMap]]:
        for pk, size, rank in self._ranks():
            yield pk, size, self._unions[pk] if rank is None else self._table.bitmap(rank)

    def _ranks(self) -> Iterator[tuple[int, int, int | None]]:
        """(id, size, rank in the table), the largest first; without a rank where it has a family."""
        grown = iter(self._largest)
        next_one = next(grown, None)
        passed_over = self._passed_over
        for rank, (pk, size) in enumerate(zip(self._table.ids, self._table.sizes, strict=True)):
            while next_one and next_one <= (-size, pk):
                yield next_one[1], -next_one[0], None
                next_one = next(grown, None)
            if pk not in passed_over:
                yield pk, size, rank
        while next_one:
            yield next_one[1], -next_one[0], None
            next_one = next(grown, None)
