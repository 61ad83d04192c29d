"""What both the desk and a seed have changed: laid side by side, decided by a person, and remembered.

A text is decided as a whole; points, terms and labels one by one. Where the seed says what it always said, the desk's
own change stands and nobody is asked.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import editing, links, revisions, rewriting
from articles.compare import SNAPSHOT_FIELDS, compare_points
from articles.locking import Stale, locked
from articles.marks import Budget
from articles.models import TERM_FIELDS, Article, DateOrigin, ImportRow, Revision
from articles.revisions import Snapshot
from newsroom.refusal import Refused
from newsroom.sql import run
from taxonomy import names

KEEP, TAKE, EDIT = "keep", "take", "edit"
EACH = "each"  # how a decision is written down that was made one by one, and not the same for all
LATER = "later"  # and of an older conflict, that was settled with a later one
MOST_ROWS = 100  # records whose conflicts are looked at; the newest one counts for each field

Choice = tuple[str, Any]  # KEEP, TAKE or EDIT, and the text of an edit
Decision = Choice | Sequence[Choice]  # for the whole field, or one for each piece that is asked


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to decide on. A side that has no such point, term or label says None."""

    base: Any
    desk: Any
    seed: Any
    asked: bool
    desk_place: int | None = None  # from 1
    seed_place: int | None = None
    name: str = ""  # of a label
    is_order: bool = False  # not a point, but the order of those that both have


@dataclass(frozen=True, slots=True)
class Conflict:
    field: str
    row: int  # the record that says it
    base: Any
    desk: Any
    seed: Any
    origin: str  # how the seed's date is known
    pieces: list[Piece]

    @property
    def kind(self) -> str:
        return SNAPSHOT_FIELDS[self.field]

    @property
    def asked(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.asked]


def undecided(article: Article) -> dict[str, tuple[int, dict[str, Any]]]:
    """By field, in the order of reading: the newest row that waits for a decision, and what it says. One statement."""
    rows = ImportRow.objects.filter(article=article.pk, undecided=True).order_by("-id")
    newest: dict[str, tuple[int, dict[str, Any]]] = {}
    for pk, conflicts in rows.values_list("pk", "conflicts")[:MOST_ROWS]:
        for field, said in conflicts.items():
            if "decision" not in said:
                newest.setdefault(field, (pk, said))
    return {field: newest[field] for field in SNAPSHOT_FIELDS if field in newest}


def waiting(article: Article, text: Snapshot | None = None) -> list[Conflict]:
    """What is undecided, in the order of reading, against what the desk says now."""
    found = undecided(article)
    if not found:
        return []
    text = text or editing.text(article)
    return [_conflict(field, *newest, text[field]) for field, newest in found.items()]


def _conflict(field: str, row: int, said: Mapping[str, Any], desk: Any) -> Conflict:
    base, seed = said.get("base"), said.get("seed")
    pieces = list(_PIECES[SNAPSHOT_FIELDS[field]](field, base, desk, seed))
    return Conflict(field, row, base, desk, seed, said.get("origin", ""), pieces)


# --- pieces ---------------------------------------------------------------------------------------


def _whole(_field: str, base: Any, desk: Any, seed: Any) -> Iterator[Piece]:
    yield Piece(base, desk, seed, asked=(desk or None) != (seed or None), desk_place=1, seed_place=1)


def _each_name(field: str, base: Any, desk: Any, seed: Any) -> Iterator[Piece]:
    key = names.key if field in TERM_FIELDS else str
    sides = [{key(name): name for name in side or []} for side in (base, desk, seed)]
    yield from _keyed(*sides, same=True)


def _each_label(_field: str, base: Any, desk: Any, seed: Any) -> Iterator[Piece]:
    for piece, name in zip(
        _keyed(base or {}, desk or {}, seed or {}), {**(desk or {}), **(seed or {})}, strict=True
    ):
        yield replace(piece, name=name)


def _keyed(
    base: Mapping[str, Any], desk: Mapping[str, Any], seed: Mapping[str, Any], *, same: bool = False
) -> Iterator[Piece]:
    """What the desk or the seed has, under one key each; `same`: another spelling is no change."""
    desk_places, seed_places = ({key: place for place, key in enumerate(side, 1)} for side in (desk, seed))
    for key in {**desk, **seed}:
        ours = desk.get(key)
        theirs, was = (
            ours if same and ours is not None and key in side else side.get(key) for side in (seed, base)
        )
        if same and ours is None and key in base:
            was = theirs
        asked = ours != theirs and theirs != was
        yield Piece(was, ours, theirs, asked, desk_places.get(key), seed_places.get(key))


def _each_point(_field: str, base: Any, desk: Any, seed: Any) -> Iterator[Piece]:
    base, desk, seed = base or [], desk or [], seed or []
    of_desk, of_seed = (_places(base, side) for side in (desk, seed))
    common: list[Piece] = []
    # Which point is which; the marks within them are the page's business.
    for pair in compare_points(desk, seed, Budget(0)):
        ours, theirs = _at(desk, pair.old), _at(seed, pair.new)
        was = _at(base, of_desk.get(pair.old) or of_seed.get(pair.new))
        piece = Piece(was, ours, theirs, ours != theirs and theirs != was, pair.old, pair.new)
        if ours and theirs:
            common.append(piece)
        yield piece
    in_base = list(of_seed.values())
    yield from _order(common, in_base == sorted(in_base))


def _places(old: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]]) -> dict[int, int]:
    """The place in the old list of each point of the new one that was there."""
    return {pair.new: pair.old for pair in compare_points(old, new, Budget(0)) if pair.new and pair.old}


def _at(points: Sequence[Mapping[str, str]], place: int | None) -> dict[str, str] | None:
    if not place:
        return None
    point = points[place - 1]
    return {"heading": point.get("heading") or "", "body": point.get("body") or ""}


def _order(common: Sequence[Piece], seed_kept_it: bool) -> Iterator[Piece]:
    """One question more if the points that both have stand in another order, and the seed has changed it."""
    ours = sorted(common, key=lambda piece: piece.desk_place)
    theirs = sorted(common, key=lambda piece: piece.seed_place)
    if ours != theirs and not seed_kept_it:
        sides = ([piece.desk for piece in ours], [piece.seed for piece in theirs])
        yield Piece(None, *sides, asked=True, is_order=True)


_PIECES = {
    "text": _whole,
    "value": _whole,
    "list": _each_name,
    "labels": _each_label,
    "points": _each_point,
}


# --- deciding -------------------------------------------------------------------------------------


@transaction.atomic
def decide(
    article: Article,
    decisions: Mapping[str, Decision],
    *,
    by: AbstractBaseUser | None,
    seen: Mapping[str, int] | None = None,
) -> list[str]:
    """Decide on these fields, and note it for good; the fields whose text has changed by it.

    `seen`: the record whose conflict the person was shown, by field. Raises Stale, Refused.
    """
    current = locked(article)
    before = editing.text(current)
    found = {conflict.field: conflict for conflict in waiting(current, before)}
    if decisions.keys() - found.keys():
        raise Refused(_("This has been decided meanwhile. Look at it again."))
    decided = [found[field] for field in decisions]
    if seen is not None and any(seen.get(conflict.field) != conflict.row for conflict in decided):
        raise Stale
    said = {conflict.field: outcome(conflict, decisions[conflict.field]) for conflict in decided}
    changes = {field: value for field, value in said.items() if (value or None) != (before[field] or None)}
    seeds = {name: value for conflict in decided for name, value in _seed(conflict, current, before).items()}
    _save(article, current, changes, before, seeds, by)
    _remember(current, said, seeds)
    choices = {field: written(decision) for field, decision in decisions.items()}
    _mark(current, choices, {conflict.field: conflict.row for conflict in decided}, by)
    return list(changes)


def outcome(conflict: Conflict, decision: Decision) -> Any:
    """What the field says then. Raises Refused if a piece is left out."""
    if isinstance(decision, tuple):
        if decision[0] == EDIT:
            return _tidy(conflict, decision[1])
        decision = [decision] * len(conflict.asked)
    if len(decision) != len(conflict.asked):
        raise Refused(_("Decide on every part of it, or on none."))
    choices = iter(decision)
    parts = [
        (piece, _chosen(piece, next(choices)) if piece.asked else piece.desk) for piece in conflict.pieces
    ]
    return _tidy(conflict, _JOINED[conflict.kind](parts))


def _chosen(piece: Piece, choice: Choice) -> Any:
    if choice[0] == EDIT:
        return choice[1]
    return piece.seed if choice[0] == TAKE else piece.desk


def _tidy(conflict: Conflict, value: Any) -> Any:
    if conflict.kind == "points":
        return [point for point in value if point["heading"] or point["body"]]
    if conflict.field == "title":
        value = " ".join(value.splitlines()).strip()
        if not value:
            raise Refused(_("The title cannot be empty."))
    return value


def written(decision: Decision) -> str:
    """How it is noted: one word."""
    choices = {decision[0]} if isinstance(decision, tuple) else {choice for choice, _value in decision}
    return choices.pop() if len(choices) == 1 else EACH if choices else KEEP


def _save(
    article: Article,
    current: Article,
    changes: Snapshot,
    before: Snapshot,
    seeds: Snapshot,
    by: AbstractBaseUser | None,
) -> None:
    if not changes:
        return
    base = before.get("base") or current.base
    # What waits as a draft brings its base along, to become the article's when the draft is decided.
    with_base = {"base": base | seeds} if current.approved and base is not None else {}
    note = _("Conflicts with an import decided")
    editing.save(article, changes | _consequences(changes, before, seeds) | with_base, by=by, note=note)


def _consequences(changes: Snapshot, before: Snapshot, seeds: Snapshot) -> Snapshot:
    """What follows from another date, link or event summary, as in the form."""
    more: Snapshot = {}
    if "source_date" in changes:
        day = changes["source_date"]
        taken = day == seeds.get("source_date")
        more["source_date_origin"] = (
            (seeds["source_date_origin"] if taken else DateOrigin.GIVEN.value) if day else ""
        )
    if "url" in changes and before["source"] in (None, links.host(before["url"])):
        more["source"] = links.host(changes["url"]) or before["source"]
    if changes.keys() & set(rewriting.EVENT_TEXTS):
        more["origin"] = rewriting.origin(before, before | changes, verified=False)
    return more


def _seed(conflict: Conflict, article: Article, before: Snapshot) -> Snapshot:
    """What the seed says there, as it stands in a base."""
    if conflict.field != "source_date":
        return {conflict.field: conflict.seed}
    known = before.get("base") or article.base or {}
    origin = known.get("source_date_origin") if known.get("source_date") == conflict.seed else ""
    origin = conflict.origin or origin or (DateOrigin.GIVEN.value if conflict.seed else "")
    return {"source_date": conflict.seed, "source_date_origin": origin}


def _remember(article: Article, said: Snapshot, seeds: Snapshot) -> None:
    """The same seed does not ask again: its word becomes the base of what is decided in the article itself.

    What changes by a draft only, that draft's base remembers.
    """
    kept = Article.objects.values_list("base", flat=True).get(pk=article.pk)
    if kept is None:
        return
    now = editing.live(article) if article.approved else said
    done = {field for field in said if (said[field] or None) == (now[field] or None)}
    done |= {"source_date_origin"} if "source_date" in done else set()
    base = kept | {name: value for name, value in seeds.items() if name in done}
    if base != kept:
        Article.objects.filter(pk=article.pk).update(base=base)
    draft = revisions.draft(article)
    if draft and "base" in draft.snapshot:  # an import's draft: what is kept in it is remembered with it
        snapshot = draft.snapshot | {"base": draft.snapshot["base"] | seeds}
        Revision.objects.filter(pk=draft.pk).update(snapshot=snapshot)


MARK = """
UPDATE articles_importrow SET conflicts = (
    SELECT jsonb_object_agg(key, CASE
        WHEN NOT value ? 'decision' AND %(decisions)s::jsonb ? key
        THEN value || jsonb_build_object('decision', %(decisions)s::jsonb -> key || CASE
            WHEN id < (%(rows)s::jsonb ->> key)::bigint THEN %(later)s::jsonb ELSE '{}' END)
        ELSE value END)
    FROM jsonb_each(conflicts))
WHERE article_id = %(article)s AND undecided
"""


def _mark(
    article: Article, choices: Mapping[str, str], rows: Mapping[str, int], by: AbstractBaseUser | None
) -> None:
    """In every record that asks about these fields: the newest one is decided, the older ones are settled with it."""
    noted = {"by": by.pk if by else None, "at": timezone.now().isoformat()}
    decisions = {field: {"choice": choice} | noted for field, choice in choices.items()}
    parameters = {"decisions": decisions, "rows": rows, "later": {"choice": LATER}}
    run(MARK, article=article.pk, **{name: json.dumps(value) for name, value in parameters.items()})


# --- the pieces together again --------------------------------------------------------------------

Part = tuple[Piece, Any]


def _one(parts: Sequence[Part]) -> Any:
    return parts[0][1]


def _names(parts: Sequence[Part]) -> list[str]:
    return [value for _piece, value in _arranged(parts) if value]


def _labels(parts: Sequence[Part]) -> dict[str, Any]:
    return {piece.name: value for piece, value in _arranged(parts) if value not in (None, "")}


def _points(parts: Sequence[Part]) -> list[dict[str, str]]:
    order = [(piece, value) for piece, value in parts if piece.is_order]
    by_seed = any(value == piece.seed for piece, value in order)
    parts = [(piece, value) for piece, value in parts if not piece.is_order]
    return [value for _piece, value in _arranged(parts, by_seed=by_seed) if value]


_JOINED = {"text": _one, "value": _one, "list": _names, "labels": _labels, "points": _points}


def _arranged(parts: Iterable[Part], *, by_seed: bool = False) -> Iterator[Part]:
    """In the desk's order, or the seed's; what only the other side has stands after what it follows there."""
    ours, theirs = (_seed_place, _desk_place) if by_seed else (_desk_place, _seed_place)
    after: dict[int, Part] = {}
    before = 0
    for part in sorted((part for part in parts if theirs(part)), key=theirs):
        if not ours(part):
            after[before] = part
        before = id(part[0])
    yield from _chain(after, 0)
    for part in sorted((part for part in parts if ours(part)), key=ours):
        yield part
        yield from _chain(after, id(part[0]))


def _chain(after: Mapping[int, Part], place: int) -> Iterator[Part]:
    while part := after.get(place):
        yield part
        place = id(part[0])


def _desk_place(part: Part) -> int:
    return part[0].desk_place or 0


def _seed_place(part: Part) -> int:
    return part[0].seed_place or 0
