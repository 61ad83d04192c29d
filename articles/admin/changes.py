"""The changes between two versions as a page shows them: with labels, folded, and bounded."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from articles import revisions
from articles.compare import SNAPSHOT_FIELDS, Change, LabelsChange, PointChange, PointsChange, TextChange
from articles.marks import FOLDED, SAME, Run, fold
from articles.models import TERM_FIELDS

ROOM = 100_000  # characters of one field that a comparison shows
MARKUP = 10  # what a run takes up besides its text
MOST_FOLDED = 4_000  # characters of a folded stretch that can be opened
MOST_HEADING = 80
MOST_POINTS = 500  # of a version that is shown whole
TIMES = {"published_at", "withdraw_at"}
REST = "rest"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run as it is shown; `size` is that of a text that is folded, or left out."""

    kind: str
    text: str
    size: int


@dataclass(slots=True)
class Room:
    """How much of a field may still be shown."""

    left: int = ROOM


@dataclass(frozen=True, slots=True)
class ShownPoint:
    kind: str
    state: str
    heading: list[Piece]
    body: list[Piece]


def label(field: str) -> str:
    return revisions.label(field) if field in SNAPSHOT_FIELDS else field


def value(field: str, stored: Any) -> str:
    """A value of a snapshot in words: a choice by its label, a time in the desk's zone."""
    if field in TIMES and isinstance(stored, str):
        return moment(stored)
    if field in TERM_FIELDS or field in {"source", "source_date"} | TIMES:
        return str(stored or "")
    return str(dict(revisions.column(field).flatchoices).get(stored, stored or ""))


def moment(stored: str) -> str:
    """A time as JSON has it, in the desk's zone."""
    found = parse_datetime(stored)
    return timezone.localtime(found).strftime("%Y-%m-%d %H:%M") if found else stored


def as_text(field: str, stored: Any, most: int = ROOM) -> str:
    """Any field of a snapshot as one text, of bounded length: terms in a row, points and other labels in lines."""
    match stored:
        case [{"heading": _}, *_rest]:
            # By name: the database gives the parts of a stored point back in another order.
            parts = ((point["heading"], point["body"]) for point in stored)
            text = "\n".join("：".join(filter(None, part)) for part in parts)
        case [*names]:
            text = "、".join(map(str, names))
        case {**labels}:
            text = "\n".join(f"{name}：{said}" for name, said in labels.items())
        case None:
            text = ""
        case _:
            text = value(field, stored)
    return text if len(text) <= most else f"{text[:most]}…"


def shown(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [{"label": label(change.field), "kind": change.kind, **_shown(change)} for change in changes]


def _shown(change: Change) -> dict[str, Any]:
    room = Room()
    match change:
        case TextChange():
            return {"pieces": pieces(change.runs, room)}
        case PointsChange():
            return {"groups": list(_groups(change.points, room))}
        case LabelsChange():
            return {"labels": [(name, pieces(found, room)) for name, found in change.labels]}
    if change.kind == "value":
        return {"old": value(change.field, change.old), "new": value(change.field, change.new)}
    return {"list": change}


def pieces(runs: list[Run], room: Room) -> list[Piece]:
    """The runs with long unchanged stretches folded, until the room is used up; then how much is left out."""
    found: list[Piece] = []
    rest = 0
    for run in fold(runs):
        size = len(run.text)
        if room.left <= 0:
            rest += size
        elif run.kind == FOLDED:
            found.append(Piece(FOLDED, run.text if size <= MOST_FOLDED else "", size))
        else:
            text, room.left = run.text[: room.left], room.left - size - MARKUP
            found.append(Piece(run.kind, text if run.kind == SAME else _visible(text), size))
            rest += size - len(text)
    return [*found, Piece(REST, "", rest)] if rest else found


def _visible(text: str) -> str:
    """With signs for what is changed and would not be seen: line ends, and characters without a shape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _sign(char) for char in text)


def _sign(char: str) -> str:
    if char == "\n":
        return "↵\n"
    return char if unicodedata.category(char) == "Zs" else f"[U+{ord(char):04X}]"


def _groups(points: Iterable[PointChange], room: Room) -> Iterator[dict[str, Any]]:
    """Unchanged points that stand together, and the others one by one."""
    for same, group in groupby(points, key=lambda point: point.kind == "same"):
        if same:
            yield {"same": [(point.new, _beginning(point)) for point in group]}
        else:
            yield {"points": [_point(point, room) for point in group]}


def _beginning(point: PointChange) -> str:
    text = "".join(run.text for run in (point.heading or point.body))
    return text if len(text) <= MOST_HEADING else f"{text[:MOST_HEADING]}…"


def _point(point: PointChange, room: Room) -> ShownPoint:
    return ShownPoint(point.kind, _state(point), pieces(point.heading, room), pieces(point.body, room))


def _state(point: PointChange) -> str:
    places = {"old": point.old, "new": point.new}
    if point.kind == "added":
        return _("Point %(new)d: added") % places
    if point.kind == "removed":
        return _("Point %(old)d: removed") % places
    if point.moved and point.changed:
        return _("Point %(old)d is now point %(new)d, and changed") % places
    if point.moved:
        return _("Point %(old)d is now point %(new)d") % places
    if point.old == point.new:
        return _("Point %(new)d: changed") % places
    return _("Point %(new)d (before: %(old)d): changed") % places


def whole(snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that a snapshot says, in the order of reading."""
    return [
        {"label": label(field), **_said(field, snapshot[field])}
        for field in SNAPSHOT_FIELDS
        if snapshot.get(field)
    ]


def _said(field: str, stored: Any) -> dict[str, Any]:
    kind = SNAPSHOT_FIELDS[field]
    if kind == "points":
        return {"kind": kind, "value": stored[:MOST_POINTS], "rest": max(len(stored) - MOST_POINTS, 0)}
    if kind == "labels":  # not `items` in the template: a label may have that very name
        return {"kind": kind, "value": list(stored.items())}
    return {"kind": kind, "value": value(field, stored) if kind == "value" else stored}
