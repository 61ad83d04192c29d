"""Broader and narrower terms: the trees as readers know them, and what a merge or move does to a tree.

A term that points elsewhere keeps the broader term it had, so that it stands there again when that is undone; nothing
stands below one. Triggers keep a tree without cycles, and at most eight levels deep.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from pyroaring import BitMap

from newsroom.sql import fetch
from taxonomy.models import VOCABULARIES, Term, is_public

MAX_DEPTH = 8  # levels; a trigger holds it

Change = tuple[int, int | None, int | None]  # of a term: the broader one before, and since


# --- as readers know them -------------------------------------------------------------------------


class Tree:
    """The public terms of a vocabulary, by id, each below the nearest public one of its broader terms."""

    def __init__(self, listed: Iterable[int], parents: Mapping[int, int], *, hidden: bool) -> None:
        """`listed` are the public terms, or those that are not."""
        self._listed, self._hidden = BitMap(listed), hidden
        self._all_parents = parents

    def shows(self, pk: int) -> bool:
        return (pk in self._listed) != self._hidden

    def hidden(self, pks: BitMap) -> BitMap:
        """Those of them that are not public."""
        return pks & self._listed if self._hidden else pks - self._listed

    @cached_property
    def _parents(self) -> dict[int, int]:
        found = {pk: self._nearest(pk) for pk in self._all_parents if self.shows(pk)}
        return {pk: parent for pk, parent in found.items() if parent is not None}

    def _nearest(self, pk: int) -> int | None:
        parent = self._all_parents.get(pk)
        while parent is not None and not self.shows(parent):
            parent = self._all_parents.get(parent)
        return parent

    @cached_property
    def children(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for pk, parent in self._parents.items():
            found.setdefault(parent, []).append(pk)
        return found

    def above(self, pk: int) -> list[int]:
        """Its broader terms, the broadest first."""
        found: list[int] = []
        while (parent := self._parents.get(pk)) is not None:
            found.append(parent)
            pk = parent
        return found[::-1]

    def below(self, pk: int) -> list[int]:
        """The term itself and all that stand below it."""
        found = [pk]
        for one in found:
            found += self.children.get(one, ())
        return found


@dataclass(frozen=True, eq=False)
class Trees:
    """All vocabularies at one moment. The same object as long as nothing about them changes."""

    state: tuple
    by_vocabulary: Mapping[str, Tree]

    def __getitem__(self, vocabulary: str) -> Tree:
        return self.by_vocabulary[vocabulary]


_last: Trees | None = None


def trees() -> Trees:
    """The trees as they are now; one statement, unless something has changed since this process last asked."""
    global _last
    # Asked for before the trees are: at worst they are newer than their token, and read once more.
    versions = fetch("SELECT vocabulary, token FROM taxonomy_version ORDER BY vocabulary")
    state = (settings.UNCONFIRMED_TERMS_PUBLIC, *versions)
    known = _last
    if known is None or known.state != state:
        known = _last = Trees(state, {name: _read(model) for name, model in VOCABULARIES.items()})
    return known


def _read(model: type[Term]) -> Tree:
    """A new term is not public, or is where unconfirmed ones are: then those that are not are the fewer."""
    hidden = settings.UNCONFIRMED_TERMS_PUBLIC
    below = Q(parent__isnull=False)
    found = model.objects.order_by().aggregate(
        listed=ArrayAgg("pk", filter=~is_public() if hidden else is_public(), default=[]),
        children=ArrayAgg("pk", filter=below, default=[], order_by=F("pk").asc()),
        parents=ArrayAgg("parent_id", filter=below, default=[], order_by=F("pk").asc()),
    )
    parents = dict(zip(found["children"], found["parents"], strict=True))
    return Tree(found["listed"], parents, hidden=hidden)


# --- as the desk changes them ---------------------------------------------------------------------


class Misplaced(Exception):
    """A term would stand below itself, or the tree would be too deep."""


def above(model: type[Term], pk: int) -> list[int]:
    """All broader terms, public or not, the nearest first."""
    table = connection.ops.quote_name(model._meta.db_table)
    rows = fetch(
        f"WITH RECURSIVE up (id, depth) AS (SELECT parent_id, 1 FROM {table} WHERE id = %s UNION ALL"
        f" SELECT t.parent_id, depth + 1 FROM up JOIN {table} t ON t.id = up.id WHERE depth <= %s)"
        " SELECT id FROM up WHERE id IS NOT NULL ORDER BY depth",
        pk,
        MAX_DEPTH,
    )
    return [broader for (broader,) in rows]


def height(model: type[Term], pk: int) -> int:
    """How many levels the term and all below it take."""
    table = connection.ops.quote_name(model._meta.db_table)
    [(levels,)] = fetch(
        "WITH RECURSIVE down (id, depth) AS (SELECT %s::bigint, 1 UNION ALL SELECT t.id, depth + 1"
        f" FROM down JOIN {table} t ON t.parent_id = down.id WHERE depth <= %s) SELECT max(depth) FROM down",
        pk,
        MAX_DEPTH,
    )
    return levels


def merged(survivor: Term, losers: Sequence[Term]) -> list[Change]:
    """What stood below the losers stands below the survivor; one that stood below them takes their place.

    Raises Misplaced if the tree would be too deep.
    """
    model, gone = type(survivor), [term.pk for term in losers]
    changes: list[Change] = []
    line = above(model, survivor.pk) if survivor.parent_id else []
    if highest := max((place for place, pk in enumerate(line, 1) if pk in gone), default=0):
        changes.append((survivor.pk, survivor.parent_id, next(iter(line[highest:]), None)))
    children = model.objects.filter(parent__in=gone).exclude(pk=survivor.pk).order_by("pk")
    changes += [(pk, parent, survivor.pk) for pk, parent in children.values_list("pk", "parent")]
    _place(model, changes)
    return changes


def moved(terms: Sequence[Term]) -> list[Change]:
    """What stood below terms that go to another vocabulary stands below their broader terms, which stay."""
    model, gone = type(terms[0]), {term.pk for term in terms}
    children = model.objects.filter(parent__in=gone).order_by("pk").values_list("pk", "parent")
    stays: dict[int, int | None] = {}
    changes: list[Change] = []
    for pk, parent in children:
        if parent not in stays:
            stays[parent] = next((one for one in above(model, parent) if one not in gone), None)
        changes.append((pk, parent, stays[parent]))
    _place(model, changes)
    return changes


def restored(model: type[Term], changes: Iterable[Sequence]) -> list[int]:
    """Take the changes back where nobody has changed them since; the terms that cannot go back."""
    groups: dict[tuple[int | None, int | None], list[int]] = {}
    for pk, before, since in reversed(list(changes)):
        groups.setdefault((before, since), []).append(pk)
    kept: list[int] = []
    for (before, since), pks in groups.items():
        if before is not None and not model.objects.current().filter(pk=before).exists():
            continue
        untouched = model.objects.filter(pk__in=pks, parent=_standing_since(model, since))
        back = set(untouched.values_list("pk", flat=True))
        loops = back & {before, *above(model, before)} if before is not None else set()
        try:
            _place(model, [(pk, since, before) for pk in back - loops])
        except Misplaced:
            loops = back
        kept += sorted(loops)
    return kept


def _standing_since(model: type[Term], pk: int | None) -> int | None:
    """What stands where this term stood: its survivor, or if it was moved away its broader term."""
    while pk is not None:
        row = model.objects.filter(pk=pk).first()
        if row is None or row.pointer is None:
            break
        pk = row.merged_into_id or row.parent_id
    return pk


def _place(model: type[Term], changes: Collection[Change]) -> None:
    to: dict[int | None, list[int]] = {}
    for pk, _before, since in changes:
        to.setdefault(since, []).append(pk)
    if not to:
        return
    try:
        with transaction.atomic():
            for parent, pks in to.items():
                model.objects.filter(pk__in=pks).update(parent=parent)
    except IntegrityError as error:
        raise Misplaced(str(error)) from error


def narrower(model: type[Term], pks: Collection[int], *others: int) -> int:
    """How many terms stand directly below these, themselves and the others left out."""
    return model.objects.current().filter(parent__in=pks).exclude(pk__in=[*pks, *others]).count()
