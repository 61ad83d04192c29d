"""Three-way merge: what the seed said last time, what the desk holds, what the seed says now. Pure.

The rule everywhere: whoever changed something since `base` is right; if both did, the desk's stays and it is a
conflict. The new base is what the seed says now, except where the desk already agrees with it: there the old base
stays, so that the desk's own work is never taken for the seed's.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

MAX_ALIGNED = 500  # items; aligning takes quadratic time at worst, so longer lists merge as a whole


@dataclass(frozen=True, slots=True)
class Merged:
    value: Any
    base: Any
    conflict: bool = False


def merge_value(base: Any, desk: Any, seed: Any) -> Merged:
    """Merge one field as a whole."""
    if desk == seed:
        return Merged(desk, base)
    if desk == base:
        return Merged(seed, seed)
    return Merged(desk, seed, conflict=seed != base)


def merge_set(base: Sequence[Hashable], desk: Sequence[Hashable], seed: Sequence[Hashable]) -> Merged:
    """Merge lists without repetition one item at a time: there is nothing to conflict. The desk's order counts."""
    in_base, in_desk, in_seed = set(base), set(desk), set(seed)
    new = [item for item in seed if item not in in_base and item not in in_desk]
    gone = in_base - in_seed
    value = [item for item in desk if item not in gone] + new
    kept_base = [
        item
        for item in (*seed, *(i for i in base if i not in in_seed))
        if item in (in_base if (item in in_desk) == (item in in_seed) else in_seed)
    ]
    return Merged(value, kept_base)


def merge_sequence(base: Sequence[Hashable], desk: Sequence[Hashable], seed: Sequence[Hashable]) -> Merged:
    """Merge ordered items (event points) as diff3 does: changes at different places are both taken.

    Where both changed the same place, the desk's items stay and the whole is a conflict.
    """
    whole = merge_value(list(base), list(desk), list(seed))
    if not whole.conflict or max(len(base), len(desk), len(seed)) > MAX_ALIGNED:
        return whole
    value: list[Hashable] = []
    conflict = False
    for of_base, of_desk, of_seed in _pieces(base, desk, seed):
        piece = merge_value(of_base, of_desk, of_seed)
        value += piece.value
        conflict |= piece.conflict
    if _doubled_or_back(value, base, desk, seed):  # an item was moved and changed places with another
        return Merged(list(desk), list(seed), conflict=True)
    return Merged(value, list(seed), conflict)


def _doubled_or_back(value: Sequence, base: Sequence, desk: Sequence, seed: Sequence) -> bool:
    """Whether an item occurs more often than on either side, or is back though one side removed it."""
    counts, of_base, of_desk, of_seed = map(Counter, (value, base, desk, seed))
    return any(
        count > max(of_desk[item], of_seed[item])
        or (
            of_base[item]
            and count > min(of_desk[item], of_seed[item])
            and min(of_desk[item], of_seed[item]) == 0
        )
        for item, count in counts.items()
    )


def _pieces(base: Sequence, desk: Sequence, seed: Sequence) -> Iterator[tuple[list, list, list]]:
    """Cut the three sequences at the items that all three share; yield those items and what lies between.

    Where the same number of items lies between, none was added or removed: they correspond one to one.
    """
    in_desk, in_seed = _matches(base, desk), _matches(base, seed)
    b = d = s = 0
    for i in sorted(in_desk.keys() & in_seed.keys()):
        yield from _between(base[b:i], desk[d : in_desk[i]], seed[s : in_seed[i]])
        b, d, s = i + 1, in_desk[i] + 1, in_seed[i] + 1
        yield [base[i]], [base[i]], [base[i]]
    yield from _between(base[b:], desk[d:], seed[s:])


def _between(base: Sequence, desk: Sequence, seed: Sequence) -> Iterator[tuple[list, list, list]]:
    if len(base) == len(desk) == len(seed):
        yield from (
            [list(items) for items in triple] for triple in zip(zip(base), zip(desk), zip(seed), strict=True)
        )
    else:
        yield list(base), list(desk), list(seed)


def _matches(base: Sequence, other: Sequence) -> dict[int, int]:
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + i: block.b + i for block in blocks for i in range(block.size)}
