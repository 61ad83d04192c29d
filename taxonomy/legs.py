"""What a merge or move did to the rows of one term, and how to take that back after others came on top of it.

Each row was either re-pointed to the survivor, or dropped because the survivor was carried already. Merges go on from
there: what a row became is found by following the legs of later merges, in order. A survivor's row may stand for
several dropped ones; when the one that brought it goes back, the next takes its place. So any order of undoing comes
to the same. Pure: no database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

Key = tuple  # of a carrier
Values = tuple  # of a row: its other columns


@dataclass(eq=False)
class Leg:
    """One loser's way to its survivor, in one relation."""

    relation: str  # labels of taxonomy.relations
    into_relation: str  # another one only if it was moved
    loser: int
    into: int
    repointed: dict[Key, int | None] = field(
        default_factory=dict
    )  # with its former place, if a move changed it
    dropped: dict[Key, Values] = field(default_factory=dict)

    def carries(self, key: Key) -> bool:
        return key in self.repointed or key in self.dropped

    def as_json(self) -> dict[str, Any]:
        """Column by column: lists of numbers, not objects."""
        places = list(self.repointed.values())
        return {
            "relation": [self.relation, self.into_relation],
            "terms": [self.loser, self.into],
            "repointed": _columns(self.repointed),
            "places": places if any(place is not None for place in places) else [],
            "dropped": _columns(self.dropped),
            "values": _columns(self.dropped.values()),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        repointed = _rows(data["repointed"])
        places = data["places"] or [None] * len(repointed)
        dropped = _rows(data["dropped"])
        values = _rows(data["values"]) or [()] * len(dropped)
        return cls(
            *data["relation"],
            *data["terms"],
            dict(zip(repointed, places, strict=True)),
            dict(zip(dropped, values, strict=True)),
        )


def _columns(rows: Iterable[tuple]) -> list[list]:
    return [list(column) for column in zip(*rows, strict=True)]


def _rows(columns: Sequence[list]) -> list[tuple]:
    return list(zip(*columns, strict=True))


@dataclass
class Back:
    """What to do with the rows of the term that stands for the survivor by now, and with the loser's."""

    given: set[Key] = field(default_factory=set)  # its row becomes the loser's again
    removed: set[Key] = field(default_factory=set)
    inserted: dict[Key, Values] = field(default_factory=dict)  # rows of the loser's
    revalued: dict[Key, Values] = field(
        default_factory=dict
    )  # it stays, for another that was dropped in its favour
    gone: int = 0  # carriers that have lost it since

    @property
    def restored(self) -> int:
        return len(self.given) + len(self.inserted)


class Undoing:
    """Takes one leg back. `later` are the legs that are still in force, the earliest first; they are changed."""

    def __init__(self, leg: Leg, later: Sequence[Leg], *, place: int | None) -> None:
        self.leg, self.place = leg, place
        self.path = _path(leg, later)
        self.end = self.path[-1] if self.path else leg
        # Of each leg on the way, those to the same survivor after it: what they dropped, they dropped for its sake.
        # Until the next step only: a survivor that was moved away and back again starts anew.
        ends = [*map(later.index, self.path), len(later)]
        self.rivals = [
            (step, _rivals(step, later[:end])) for step, end in zip([leg, *self.path], ends, strict=True)
        ]

    def take_back(self, rows: dict[Key, Values]) -> Back:
        """`rows` are those of the path's end, at the carriers of this leg. What was removed since stays removed."""
        back = Back()
        for key in [*self.leg.repointed, *self.leg.dropped]:
            if key not in rows or not self._alive(key):
                back.gone += 1
                self._forget(key)
            elif key in self.leg.dropped:
                back.inserted[key] = self.leg.dropped[key]
            else:
                self._leave(key, rows, back)
        return back

    def _alive(self, key: Key) -> bool:
        """Not removed on the way: each leg has taken it along, and none has brought the survivor anew."""
        return all(
            step.carries(key) and not any(key in rival.repointed for rival in rivals)
            for step, rivals in self.rivals
        )

    def _forget(self, key: Key) -> None:
        """It was removed on the way: what is there by now, or will be, did not come by these legs."""
        for step, rivals in self.rivals:
            if step is not self.leg:
                if not step.carries(key):
                    break
                step.repointed.pop(key, None)
                step.dropped.pop(key, None)
            if any(key in rival.repointed for rival in rivals):
                break

    def _leave(self, key: Key, rows: dict[Key, Values], back: Back) -> None:
        """The row leaves the survivor; where another waits for its place, that one gets it."""
        slot = next((step.dropped for step in self.path if key in step.dropped), rows)
        own = slot[key]
        if not self._handed_over(key, slot, own):
            self._clear(key, back)
        elif slot is rows and key in rows and rows[key] is not own:
            back.revalued[key] = rows[key]
        if key not in back.given:
            back.inserted[key] = self._placed(own, self.leg.repointed[key])

    def _handed_over(self, key: Key, slot: dict[Key, Values], own: Values) -> bool:
        """Whether the row at the end stays, for another's sake; the legs on the way forget this one."""
        for step, rivals in self.rivals:
            if step is not self.leg:
                if step.dropped.pop(key, None) is not None:
                    return True
                del step.repointed[key]
            if rival := next((rival for rival in rivals if key in rival.dropped), None):
                slot[key] = self._promoted(rival, key, own)
                return True
        return False

    def _promoted(self, rival: Leg, key: Key, own: Values) -> Values:
        """The rival's row; from another list it gets the place of the one that leaves, and back home its own."""
        values = rival.dropped.pop(key)
        if self.place is None or rival.relation == rival.into_relation:
            rival.repointed[key] = None
            return values
        rival.repointed[key] = values[self.place]
        return self._placed(values, own[self.place])

    def _clear(self, key: Key, back: Back) -> None:
        same_table = self.end.into_relation == self.leg.relation
        if same_table and self.leg.repointed[key] is None:
            back.given.add(key)
        else:
            back.removed.add(key)

    def _placed(self, values: Values, place: int | None) -> Values:
        if place is None or self.place is None:
            return values
        return (*values[: self.place], place, *values[self.place + 1 :])


def _path(leg: Leg, later: Sequence[Leg]) -> list[Leg]:
    """Where the survivor's rows have gone since."""
    path: list[Leg] = []
    at = (leg.into_relation, leg.into)
    for step in later:
        if (step.relation, step.loser) == at:
            path.append(step)
            at = (step.into_relation, step.into)
    return path


def _rivals(leg: Leg, later: Sequence[Leg]) -> list[Leg]:
    start = later.index(leg) + 1 if leg in later else 0
    return [
        other for other in later[start:] if (other.into_relation, other.into) == (leg.into_relation, leg.into)
    ]
