"""What was typed on an older version, carried over to the newest one: by field, by term, by point. Pure.

A form says what it showed by prints, short hashes: three-way merging asks only what is the same. Whoever changed
something since is right; where both did, the person chooses.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from articles.compare import SNAPSHOT_FIELDS
from articles.models import TERM_FIELDS
from articles.threeway import merge_sequence, merge_set, merge_value

MINE, THEIRS = "mine", "theirs"
AROUND = 3  # points on either side by which the part that was shown is found again
_NO_TEXT = re.compile(r"[\0\ud800-\udfff]")
MAX_SEEN = 1_000_000  # characters of what a form says that it showed
WHOLE = ("title", "url", "source", "summary", "excerpt", "reuse", "source_date", "intro", "conclusion")

Snapshot = Mapping[str, Any]
Point = dict[str, str]


@dataclass(slots=True)
class Carried:
    """What to save, and by whom it has changed since the form was opened."""

    values: dict[str, Any] = field(default_factory=dict)
    collisions: list[str] = field(default_factory=list)
    mine: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """The stored points that a form shows: so many, behind the first `start`."""

    start: int
    shown: int

    def of(self, points: Sequence[Any]) -> Sequence[Any]:
        return points[self.start : self.start + self.shown]


def print_of(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return urlsafe_b64encode(blake2b(text.encode(errors="replace"), digest_size=9).digest()).decode()


def seen(text: Snapshot, part: Part) -> str:
    """What a form shows, for its hidden field."""
    before, after = text["points"][: part.start], text["points"][part.start + part.shown :]
    prints = {name: print_of(text[name] or None) for name in WHOLE}
    prints |= {name: text[name] for name in TERM_FIELDS}
    prints |= {
        "start": part.start,
        "before": [print_of(point) for point in before[-AROUND:]],
        "points": [print_of(point) for point in part.of(text["points"])],
        "after": [print_of(point) for point in after[:AROUND]],
    }
    return json.dumps(prints, ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> dict[str, Any]:
    """What the hidden field says, as far as it is what `seen` writes: all else counts as not known."""
    try:
        found = json.loads(text) if len(text) <= MAX_SEEN else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    kinds = dict.fromkeys(WHOLE, str) | {"start": int}
    texts = {name: value for name, value in found.items() if isinstance(value, kinds.get(name, ()))}
    return texts | {
        name: value
        for name in (*TERM_FIELDS, "before", "points", "after")
        if isinstance(value := found.get(name), list) and all(map(_is_text, value))
    }


def _is_text(value: Any) -> bool:
    """Something that the database can be asked for."""
    return isinstance(value, str) and not _NO_TEXT.search(value)


def carry(was: Snapshot, mine: Snapshot, now: Snapshot, part: Part, choices: Mapping[str, str]) -> Carried:
    """`was`: what the form showed, as `read` has it; `mine`: what it says; `now`: the newest version.

    Of the points `mine` has those of the part that the form shows.
    """
    carried = Carried()
    for name in (name for name in SNAPSHOT_FIELDS if name in mine):
        if name == "points":
            found = _points(was, mine[name], now[name], part, choices.get(name))
        elif name in TERM_FIELDS:
            found = _terms(was.get(name), mine[name], now[name])
        else:
            found = _whole(was.get(name), mine[name], now[name], choices.get(name))
        _note(carried, name, *found)
    return carried


def _note(carried: Carried, name: str, value: Any, by_me: bool, by_others: bool, collides: bool) -> None:
    carried.values[name] = value
    for changed, names in (
        (collides, carried.collisions),
        (by_me and not collides, carried.mine),
        (by_others and not collides, carried.theirs),
    ):
        if changed:
            names.append(name)


def _terms(was: list[str] | None, mine: list[str], now: list[str]) -> tuple[list[str], bool, bool, bool]:
    merged = merge_set(was or [], mine, now).value
    return merged, merged != now, was is not None and was != now, False


def _whole(was: str | None, mine: Any, now: Any, choice: str | None) -> tuple[Any, bool, bool, bool]:
    prints = {print_of(value or None): value for value in (now, mine)}
    my, theirs = print_of(mine or None), print_of(now or None)
    merged = merge_value(was, my, theirs)
    value = now if merged.conflict and choice == THEIRS else prints[merged.value]
    return value, my not in (was, theirs), theirs != was and my != theirs, merged.conflict


def _points(
    was: Snapshot, mine: list[Point], now: list[Point], part: Part, choice: str | None
) -> tuple[list[Point], bool, bool, bool]:
    """The part that the form shows is merged point by point; before and behind it stands what stands there now."""
    here, found = _region(was, now, part)
    points = {print_of(point): point for point in (*mine, *here.of(now))}
    base, my, theirs = was.get("points"), [print_of(p) for p in mine], [print_of(p) for p in here.of(now)]
    desk, other = (theirs, my) if choice == THEIRS else (my, theirs)
    if found and base is not None:
        merged = merge_sequence(base, desk, other)
        value, conflict = merged.value, merged.conflict
    else:
        value, conflict = desk, my != theirs
    whole = [*now[: here.start], *(points[one] for one in value), *now[here.start + here.shown :]]
    return whole, my not in (base, theirs), theirs not in (base, my), conflict


def _region(was: Snapshot, now: list[Point], part: Part) -> tuple[Part, bool]:
    """Where the points that the form shows stand now, by those around them; and whether that is certain."""
    before, after = was.get("before", []), was.get("after", [])
    prints = [print_of(point) for point in now] if before or after else []
    start = _nearest(prints, before, part.start - len(before)) if before else 0
    end = _nearest(prints, after, part.start + part.shown) if after else len(now)
    if start is None or end is None or start + len(before) > end:
        start = min(part.start, len(now))
        return Part(start, min(part.shown, len(now) - start)), False
    start += len(before)
    return Part(start, end - start), True


def _nearest(prints: list[str], wanted: list[str], place: int) -> int | None:
    """Where these stand in a row, as near to that place as may be."""
    places = (
        at for at, one in enumerate(prints) if one == wanted[0] and prints[at : at + len(wanted)] == wanted
    )
    return min(places, key=lambda at: abs(at - place), default=None)
