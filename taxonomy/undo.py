"""Undo a merge, move or rename days later, without touching what was done since.

What was removed since stays removed, what was added by hand stays; what came on top is followed (see `legs`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsroom.collisions import once_more
from taxonomy import names, tree
from taxonomy.legs import Back, Leg, Undoing
from taxonomy.merge import Refused, close, meaning, swap_name
from taxonomy.models import MAX_HOPS, VOCABULARIES, Merge, MergeKind, followed
from taxonomy.relations import Relation, relations

SHOWN = 50  # terms that are named


@dataclass
class Undone:
    """How many assignments went back, by what carries them, and what stays as it is, with the reason."""

    restored: Counter[str] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)


@once_more
def undo(merge: Merge, *, by: AbstractBaseUser | None) -> Undone:
    """Raises Refused if it was undone already, or something later must be undone first."""
    close(*VOCABULARIES.values())
    merge = Merge.objects.select_for_update(of=["self"]).get(pk=merge.pk)
    if merge.undone_at:
        raise Refused(_("This has been undone already."))
    undone = _undo_rename(merge) if merge.kind == MergeKind.RENAME else _undo_rows(merge)
    merge.undone_at, merge.undone_by = timezone.now(), by
    merge.changed, merge.parents = [], []
    merge.save(update_fields=["undone_at", "undone_by", "changed", "parents"])
    return undone


class _TakeBack(Exception):
    pass


def foresee(merge: Merge) -> Undone:
    """What undoing it would do, told by doing it and taking it back. Raises Refused."""
    found = Undone()
    try:
        with transaction.atomic():
            found = undo(merge, by=None)
            raise _TakeBack
    except _TakeBack:
        return found


# --- names ----------------------------------------------------------------------------------------


def _undo_rename(merge: Merge) -> Undone:
    """The two names change places again: the newer one was an address too, and goes on leading here."""
    [entry] = merge.terms
    model = VOCABULARIES[merge.vocabulary]
    term = model.objects.select_for_update().filter(pk=entry["id"]).first()
    if term is None:
        raise Refused(_("The term “%(name)s” is no longer there.") % {"name": entry["into_name"]})
    if term.name != entry["into_name"]:
        text = _("It has been renamed again, to “%(name)s”. Undo that first.")
        raise Refused(text % {"name": term.name}, term)
    other, _alias = meaning(model, names.key(entry["name"]))
    if other and other.pk != term.pk:
        text = _("“%(name)s” means the term “%(term)s” by now.")
        raise Refused(text % {"name": entry["name"], "term": other.name}, other)
    swap_name(term, entry["name"])
    return Undone()


# --- terms ----------------------------------------------------------------------------------------


def _undo_rows(merge: Merge) -> Undone:
    undone = Undone()
    standing = {entry["id"] for entry in merge.terms if _stands_again(merge, entry, undone)}
    known = {relation.label: relation for model in VOCABULARIES.values() for relation in relations(model)}
    own = [leg for leg in map(Leg.from_json, merge.changed) if leg.loser in standing]
    own = [leg for leg in own if {leg.relation, leg.into_relation} <= known.keys()]
    records = _later(merge)
    legs = {record.pk: list(map(Leg.from_json, record.changed)) for record in records}
    later = [leg for record in records for leg in legs[record.pk]]
    gone = 0
    for number, leg in enumerate(own, 1):
        back = _take_back(leg, [*own[number:], *later], known)
        undone.restored[str(known[leg.relation].carrier._meta.verbose_name_plural)] += back.restored
        gone += back.gone
    for record in records:
        record.changed = [leg.as_json() for leg in legs[record.pk]]
    Merge.objects.bulk_update(records, ["changed"], batch_size=10)
    undone.kept += _tree_kept(merge)
    for entry in merge.terms if merge.kind == MergeKind.MOVE else []:
        if entry["id"] in standing:
            _leave_behind(merge, entry, undone)
    if gone:
        text = ngettext(
            "%(number)d assignment was removed since, and stays removed.",
            "%(number)d assignments were removed since, and stay removed.",
            gone,
        )
        undone.kept.append(text % {"number": gone})
    return undone


def _stands_again(merge: Merge, entry: dict, undone: Undone) -> bool:
    model, into = VOCABULARIES[merge.vocabulary], VOCABULARIES[merge.into_vocabulary]
    term = model.objects.select_for_update().filter(pk=entry["id"]).first()
    if term is None:
        undone.kept.append(_("The term “%(name)s” is no longer there.") % {"name": entry["name"]})
        return False
    # It may point to the same term again, by a later move: then it is that one's to be undone.
    again = _since(merge).filter(vocabulary=merge.vocabulary, terms__contains=[{"id": term.pk}])
    if term.pointer != (into, entry["into"]) or again.exists():
        text = _("“%(name)s” has been moved back or on since. Undo that first.")
        raise Refused(text % {"name": term.name}, term)
    pointer = "merged_into" if merge.kind == MergeKind.MERGE else f"moved_to_{into.vocabulary}"
    model.objects.filter(pk=term.pk).update(**{pointer: None})
    return True


def _tree_kept(merge: Merge) -> list[str]:
    """Broader terms are as they were before, where nobody has changed that since; why not elsewhere."""
    model = VOCABULARIES[merge.vocabulary]
    kept = model.objects.filter(pk__in=tree.restored(model, merge.parents)[:SHOWN])
    text = _("“%(name)s” stays where it is in the tree: it would stand below itself, or too deep.")
    return [text % {"name": name} for name in kept.values_list("name", flat=True)]


def _leave_behind(merge: Merge, entry: dict, undone: Undone) -> None:
    """What the move made in the other vocabulary has an address; what it brought back goes where it had been."""
    target = VOCABULARIES[merge.into_vocabulary].objects.get(pk=entry["into"])
    if entry.get("made"):
        text = _("“%(name)s” stays among the %(vocabulary)s: its address is known.")
        plural = target._meta.verbose_name_plural
        undone.kept.append(text % {"name": target.name, "vocabulary": plural})
    if "back_from" in entry and not target.pointer:
        pointer, pk = entry["back_from"]
        where = VOCABULARIES[pointer.removeprefix("moved_to_")].objects.filter(pk=pk).first()
        used = any(relation.count([target.pk], None)[0] for relation in relations(type(target)))
        if where and not used and followed({"": where})[""] != target:
            type(target).objects.filter(pk=target.pk).update(**{pointer: pk})
        else:
            text = _("“%(name)s” goes on standing for itself: it is in use.")
            undone.kept.append(text % {"name": target.name})


def _since(merge: Merge) -> QuerySet[Merge]:
    return Merge.objects.filter(pk__gt=merge.pk, undone_at=None).exclude(kind=MergeKind.RENAME)


def _later(merge: Merge) -> list[Merge]:
    """The merges and moves since, still in force, that had to do with where the survivors' rows went."""
    at = {(merge.into_vocabulary, entry["into"]) for entry in merge.terms}
    found: dict[int, Merge] = {}
    since = _since(merge)
    asked: set[tuple[str, int]] = set()
    for _hop in range(MAX_HOPS):
        if not at - asked:
            break
        touching = Q()
        for vocabulary, pk in at - asked:
            touching |= Q(vocabulary=vocabulary, terms__contains=[{"id": pk}])
            touching |= Q(into_vocabulary=vocabulary, terms__contains=[{"into": pk}])
        asked |= at
        found |= {
            record.pk: record
            for record in since.filter(touching).order_by("pk").select_for_update(of=["self"])
        }
        at |= {
            (record.into_vocabulary, entry["into"])
            for record in found.values()
            for entry in record.terms
            if (record.vocabulary, entry["id"]) in asked
        }
    return [found[pk] for pk in sorted(found)]


# --- rows -----------------------------------------------------------------------------------------


def _take_back(leg: Leg, later: Sequence[Leg], known: dict[str, Relation]) -> Back:
    undoing = Undoing(leg, later, place=known[leg.relation].place)
    home, there = known[leg.relation], known[undoing.end.into_relation]
    back = undoing.take_back(there.rows_of(undoing.end.into, [*leg.repointed, *leg.dropped]))
    there.revalue(undoing.end.into, back.revalued)
    there.give(back.given, before=undoing.end.into, after=leg.loser)
    there.remove(undoing.end.into, back.removed)
    home.insert(leg.loser, back.inserted)
    return back
