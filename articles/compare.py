"""What differs between two snapshots of an article, in the order in which an editor reads it. Pure.

A key that one of the two lacks is unknown there and never a change: older snapshots know less.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from articles.marks import ADDED, REMOVED, SAME, Budget, Run, rising, runs

Snapshot = Mapping[str, Any]
Point = tuple[str, str]  # heading, body

# What a snapshot has, in the order of reading, with the kind of each.
SNAPSHOT_FIELDS = {
    "status": "value",
    "published_at": "value",
    "withdraw_at": "value",
    "title": "text",
    "url": "text",
    "also_at": "list",
    "source": "value",
    "keywords": "list",
    "technologies": "list",
    "industries": "list",
    "summary": "text",
    "excerpt": "text",
    "reuse": "value",
    "source_date": "value",
    "source_date_origin": "value",
    "intro": "text",
    "points": "points",
    "conclusion": "text",
    "origin": "value",
    "extra": "labels",
}

# Of the pairs of neighbouring characters: an edited point has more, two points on one topic far less.
SIMILAR = 0.4
LIKELY = 5  # points that each point is measured against
COMMON = 50  # points with the same pair of characters: it tells none of them from the others
SAMPLE = 1_000_000  # characters of all points of one side that are looked at to find which is which
LEAST_SAMPLE, MOST_SAMPLE = 100, 4_000  # of each point


@dataclass(frozen=True, slots=True)
class TextChange:
    kind: ClassVar[str] = "text"
    field: str
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class ValueChange:
    kind: ClassVar[str] = "value"
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class ListChange:
    """Names without repetition; `renamed` has those that are one thing under two names."""

    kind: ClassVar[str] = "list"
    field: str
    old: list[str]
    new: list[str]
    removed: list[str]
    added: list[str]
    renamed: list[tuple[str, str]]
    reordered: bool

    @property
    def only_in_name(self) -> bool:
        return not (self.removed or self.added or self.reordered)

    @property
    def is_none(self) -> bool:
        """One list says a thing twice, under two names."""
        return self.only_in_name and not self.renamed


@dataclass(frozen=True, slots=True)
class PointChange:
    """One point of either side, or of both: then with its two places, from 1."""

    old: int | None
    new: int | None
    heading: list[Run]
    body: list[Run]
    moved: bool = False

    @property
    def changed(self) -> bool:
        return any(run.kind != SAME for run in (*self.heading, *self.body))

    @property
    def kind(self) -> str:
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "moved" if self.moved else "changed" if self.changed else "same"


@dataclass(frozen=True, slots=True)
class PointsChange:
    kind: ClassVar[str] = "points"
    field: str
    points: list[PointChange]


@dataclass(frozen=True, slots=True)
class LabelsChange:
    kind: ClassVar[str] = "labels"
    field: str
    labels: list[tuple[str, list[Run]]]


Change = TextChange | ValueChange | ListChange | PointsChange | LabelsChange
Same = Callable[[str, str], Any]  # field, name -> what the name stands for


def compare(old: Snapshot, new: Snapshot, same: Same | None = None) -> list[Change]:
    """`same` tells what a term's name stands for, so that a renamed term is not taken for another."""
    budget = Budget()
    means = same or (lambda _field, name: name)
    found = (
        _HOW[kind](field, old[field], new[field], budget, means)
        for field, kind in SNAPSHOT_FIELDS.items()
        if field in old and field in new and (old[field] or None) != (new[field] or None)
    )
    return [change for change in found if not (isinstance(change, ListChange) and change.is_none)]


def _text(field: str, old: Any, new: Any, budget: Budget, _means: Same) -> TextChange:
    return TextChange(field, runs(_plain(old), _plain(new), budget))


def _value(field: str, old: Any, new: Any, _budget: Budget, _means: Same) -> ValueChange:
    return ValueChange(field, old or "", new or "")


def _list(field: str, old: Any, new: Any, _budget: Budget, means: Same) -> ListChange:
    old, new = old or [], new or []
    was, now = ({means(field, name): name for name in reversed(names)} for names in (old, new))
    shared = [thing for thing in reversed(was) if thing in now]
    return ListChange(
        field,
        old=list(old),
        new=list(new),
        removed=[name for thing, name in reversed(was.items()) if thing not in now],
        added=[name for thing, name in reversed(now.items()) if thing not in was],
        renamed=[(was[thing], now[thing]) for thing in shared if was[thing] != now[thing]],
        reordered=shared != [thing for thing in reversed(now) if thing in was],
    )


def _labels(field: str, old: Any, new: Any, budget: Budget, _means: Same) -> LabelsChange:
    old, new = old or {}, new or {}
    pairs = ((label, _plain(old.get(label)), _plain(new.get(label))) for label in {**old, **new})
    return LabelsChange(field, [(label, runs(was, now, budget)) for label, was, now in pairs if was != now])


def _points(field: str, old: Any, new: Any, budget: Budget, _means: Same) -> PointsChange:
    return PointsChange(field, compare_points(old or [], new or [], budget))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


_HOW = {"text": _text, "value": _value, "list": _list, "points": _points, "labels": _labels}


# --- points ---------------------------------------------------------------------------------------


def compare_points(
    old: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]], budget: Budget | None = None
) -> list[PointChange]:
    """Each point of either side once, in the new order; a removed one after what stood before it."""
    budget = budget or Budget()
    was, now = ([(_plain(p.get("heading")), _plain(p.get("body"))) for p in side] for side in (old, new))
    pairs = _pairs(was, now)
    stayed = _stayed(pairs)
    found = {j: _both(i, j, was[i], now[j], i not in stayed, budget) for i, j in pairs.items()}
    found |= {
        j: PointChange(None, j + 1, *(_run(ADDED, text) for text in now[j]))
        for j in range(len(now))
        if j not in found
    }
    return list(_in_order(found, was, pairs))


def _both(i: int, j: int, was: Point, now: Point, moved: bool, budget: Budget) -> PointChange:
    return PointChange(
        i + 1, j + 1, *(runs(a, b, budget) for a, b in zip(was, now, strict=True)), moved=moved
    )


def _run(kind: str, text: str) -> list[Run]:
    return [Run(kind, text)] if text else []


def _in_order(
    found: Mapping[int, PointChange], was: Sequence[Point], pairs: Mapping[int, int]
) -> Iterator[PointChange]:
    gone_after: dict[int, list[PointChange]] = defaultdict(list)
    last = -1
    for i, point in enumerate(was):
        if i in pairs:
            last = pairs[i]
        else:
            change = PointChange(i + 1, None, *(_run(REMOVED, text) for text in point))
            gone_after[last].append(change)
    yield from gone_after[-1]
    for j in range(len(found)):
        yield found[j]
        yield from gone_after[j]


def _stayed(pairs: Mapping[int, int]) -> set[int]:
    """The points that need not be called moved: as many as possible that are in the same order on both sides."""
    places = sorted(pairs)
    return {places[place] for place in rising([pairs[i] for i in places])}


def _pairs(was: Sequence[Point], now: Sequence[Point]) -> dict[int, int]:
    """Which old point is which new one: the same words first, then the most similar ones."""
    pairs = dict(_unchanged(was, now))
    taken = set(pairs.values())
    lost = [i for i in range(len(was)) if i not in pairs]
    new = [j for j in range(len(now)) if j not in taken]
    likely = sorted(
        _likely(was, now, lost, new), key=lambda pair: (-pair[0], abs(pair[1] - pair[2]), pair[1:])
    )
    for _similarity, i, j in likely:
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def _unchanged(was: Sequence[Point], now: Sequence[Point]) -> Iterator[tuple[int, int]]:
    """Points with the same words: at the same end of both lists, and then wherever they are."""
    start = 0
    while start < min(len(was), len(now)) and was[start] == now[start]:
        yield start, start
        start += 1
    end = 0
    while end < min(len(was), len(now)) - start and was[-1 - end] == now[-1 - end]:
        yield len(was) - 1 - end, len(now) - 1 - end
        end += 1
    places = defaultdict(list)
    for j in reversed(range(start, len(now) - end)):
        places[now[j]].append(j)
    for i in range(start, len(was) - end):
        if places[was[i]]:
            yield i, places[was[i]].pop()


def _likely(
    was: Sequence[Point], now: Sequence[Point], lost: Sequence[int], new: Sequence[int]
) -> Iterator[tuple[float, int, int]]:
    """(similarity, old, new) of the points similar enough to be one. Each is measured against a few only: those that
    share most of its rarer pairs of characters, and those in its place."""
    sizes = [min(max(SAMPLE // max(len(side), 1), LEAST_SAMPLE), MOST_SAMPLE) for side in (lost, new)]
    of_was = {i: _traits(was[i], sizes[0]) for i in lost}
    of_now = {j: _traits(now[j], sizes[1]) for j in new}
    having = defaultdict(list)
    for j, traits in of_now.items():
        for trait in traits:
            having[trait].append(j)
    for i, traits in of_was.items():
        shared = Counter(
            j for trait in traits if len(having.get(trait, ())) <= COMMON for j in having.get(trait, ())
        )
        in_place = {i, i + len(now) - len(was)} & of_now.keys()
        for j in {j for j, _count in shared.most_common(LIKELY)} | in_place:
            if (similarity := _similarity(was[i], now[j], traits, of_now[j])) >= SIMILAR:
                yield similarity, i, j


def _traits(point: Point, size: int) -> set[str]:
    heading, body = point
    text = f"\n{heading[: size // 2]}\n{body[: size // 2]}\n"
    pairs: Iterable[str] = map("".join, zip(text, text[1:], strict=False))
    return {*pairs, f"heading {heading}", f"body {body}"}


def _similarity(was: Point, now: Point, of_was: set[str], of_now: set[str]) -> float:
    """From 0 to 1; a heading or a body that stayed is half of a point."""
    shared = 2 * len(of_was & of_now) / (len(of_was) + len(of_now))
    kept = any(a and a == b for a, b in zip(was, now, strict=True))
    return 0.5 + shared / 2 if kept else shared
