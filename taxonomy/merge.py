"""What the desk does to terms: merge, move to another vocabulary, rename.

A term that was merged or moved stays as a row that points on: its name, aliases and addresses lead to the other one.
Whatever carried it carries the other one since. The record of it holds what `taxonomy.undo` needs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from newsroom import refusal
from newsroom.collisions import once_more
from taxonomy import names, tree
from taxonomy.legs import Leg
from taxonomy.models import Merge, MergeKind, Term, lock
from taxonomy.relations import Relation, counterpart, relations

MAX_TERMS = 100  # merged or moved at once


class Refused(refusal.Refused):
    """With the term that is in the way, `other`, if one is."""

    def __init__(self, text: str, other: Term | None = None) -> None:
        super().__init__(text)
        self.other = other


def close(*vocabularies: type[Term]) -> None:
    """Wait until nobody is writing what these terms mean, and let nobody else until the transaction ends."""
    lock("pg_advisory_xact_lock", *vocabularies)


# --- merge ----------------------------------------------------------------------------------------


@once_more
def merge(losers: Iterable[Term], *, into: Term, by: AbstractBaseUser | None, note: str = "") -> Merge:
    """Make the losers names of the survivor. Raises Refused."""
    model = type(into)
    close(model)
    survivor, gone = checked(losers, into)
    record = Merge(kind=MergeKind.MERGE, vocabulary=model.vocabulary, into_vocabulary=model.vocabulary)
    legs = [leg for relation in relations(model) for leg in _repoint(relation, gone, survivor)]
    try:
        record.parents = tree.merged(survivor, gone)
    except tree.Misplaced as misplaced:
        raise Refused(too_deep()) from misplaced
    model.objects.filter(pk__in=[term.pk for term in gone]).update(merged_into=survivor)
    _go_on_answering(survivor, gone)
    record.terms = [entry(term, survivor) for term in gone]
    return _recorded(record, legs, by=by, note=note)


def too_deep() -> str:
    return _("The tree would have more than %(number)d levels.") % {"number": tree.MAX_DEPTH}


def _go_on_answering(term: Term, gone: Iterable[Term]) -> None:
    """The addresses that readers have met lead to this term now."""
    if not term.shown and any(one.shown for one in gone):
        type(term).objects.filter(pk=term.pk).update(shown=True)


def checked(losers: Iterable[Term], into: Term) -> tuple[Term, list[Term]]:
    """Survivor and losers as they are now, locked in the order of their ids; the losers in the order given."""
    order = list(dict.fromkeys(term.pk for term in losers))
    if any(type(term) is not type(into) for term in losers):
        raise Refused(_("Only terms of one vocabulary can be merged."))
    found = locked(type(into), [*order, into.pk])
    survivor, gone = found[into.pk], [found[pk] for pk in order if pk != into.pk]
    if not gone:
        raise Refused(_("Choose at least two terms."))
    return survivor, gone


def locked(model: type[Term], pks: Iterable[int]) -> dict[int, Term]:
    """These terms by id, each standing for itself and locked. Raises Refused."""
    wanted = set(pks)
    if len(wanted) > MAX_TERMS:
        raise Refused(_("At most %(number)d terms at a time.") % {"number": MAX_TERMS})
    # In the order of the ids: two that lock the same terms wait for each other only one way round.
    found = {term.pk: term for term in model.objects.filter(pk__in=wanted).order_by("pk").select_for_update()}
    if wanted - found.keys():
        raise Refused(_("One of the terms is no longer there."))
    for term in found.values():
        if term.pointer:
            text = _("“%(name)s” no longer stands for itself: it was merged or moved.")
            raise Refused(text % {"name": term.name}, term)
    return found


def _repoint(relation: Relation, losers: Sequence[Term], survivor: Term) -> list[Leg]:
    pks = [term.pk for term in losers]
    legs = {pk: Leg(relation.label, relation.label, pk, survivor.pk) for pk in pks}
    for pk, key, values in relation.drop_doubles(pks, survivor.pk):
        legs[pk].dropped[key] = values
    for pk, key in relation.repoint(pks, survivor.pk):
        legs[pk].repointed[key] = None
    return list(legs.values())


def entry(term: Term, into: Term, **more: Any) -> dict[str, Any]:
    return {"id": term.pk, "name": term.name, "into": into.pk, "into_name": into.name} | more


def _recorded(record: Merge, legs: Iterable[Leg], *, by: AbstractBaseUser | None, note: str) -> Merge:
    legs = [leg for leg in legs if leg.repointed or leg.dropped]
    record.changed = [leg.as_json() for leg in legs]
    record.rows = sum(len(leg.repointed) for leg in legs)
    record.doubles = sum(len(leg.dropped) for leg in legs)
    record.by, record.note = by, note
    record.save()
    return record


# --- move -----------------------------------------------------------------------------------------


@once_more
def move(terms: Iterable[Term], *, to: type[Term], by: AbstractBaseUser | None, note: str = "") -> Merge:
    """Make the terms, all of one vocabulary, terms of another: each becomes one there, or joins the one there is.

    Raises Refused.
    """
    terms = list(terms)
    model = one_vocabulary(terms, to)
    close(model, to)
    order = list(dict.fromkeys(term.pk for term in terms))
    found = locked(model, order)
    targets = [_target(found[pk], to) for pk in order]
    legs = [leg for relation in relations(model) for leg in _carry_over(relation, to, targets)]
    record = Merge(kind=MergeKind.MOVE, vocabulary=model.vocabulary, into_vocabulary=to.vocabulary)
    record.terms = [entry(term, target, **more) for term, target, more in targets]
    record.parents = tree.moved([term for term, _target, _more in targets])
    for term, target, _more in targets:
        model.objects.filter(pk=term.pk).update(**{f"moved_to_{to.vocabulary}": target})
        _copy_spellings(term, target)
        _go_on_answering(target, [term])
    return _recorded(record, legs, by=by, note=note)


def one_vocabulary(terms: Sequence[Term], to: type[Term]) -> type[Term]:
    models = {type(term) for term in terms}
    if not models:
        raise Refused(_("Choose at least one term."))
    if len(models) > 1 or to in models:
        raise Refused(_("Terms of one vocabulary can be moved to another."))
    return models.pop()


def there(key: str, model: type[Term]) -> Term | None:
    """The term of this vocabulary that the key means, be it that it has been moved away."""
    alias = model.alias_model().objects.filter(key=key).select_related("term").first()
    found = alias.term if alias else model.objects.filter(key=key).first()
    while found and found.merged_into_id:
        found = found.merged_into
    return found


def _target(term: Term, model: type[Term]) -> tuple[Term, Term, dict[str, Any]]:
    """The term, the one it becomes, and what to remember of that: made for it, or back from where it was moved."""
    found = there(term.key, model)
    if found is None:
        fields = {"description": term.description, "confirmed": term.confirmed}
        return term, model.objects.create(name=term.name, **fields), {"made": True}
    found = model.objects.select_for_update().get(pk=found.pk)
    if not found.pointer:
        return term, found, {}
    vocabulary, pk = found.pointer
    field = f"moved_to_{vocabulary.vocabulary}"
    model.objects.filter(pk=found.pk).update(**{field: None})
    return term, model.objects.get(pk=found.pk), {"back_from": [field, pk]}


def _carry_over(relation: Relation, to: type[Term], targets: Sequence[tuple[Term, Term, dict]]) -> list[Leg]:
    pks = [term.pk for term, _target, _more in targets]
    other = counterpart(relation, to)
    if other is None:
        if relation.count(pks, None)[0]:
            text = _("They are used by %(users)s, which cannot carry terms of the other vocabulary.")
            raise Refused(text % {"users": relation.carrier._meta.verbose_name_plural})
        return []
    rows: dict[int, dict] = {pk: {} for pk in pks}
    for pk, key, values in relation.take_all(pks):
        rows[pk][key] = values
    places = other.last_places({key for found in rows.values() for key in found})
    legs = []
    for term, target, _more in targets:
        leg = Leg(relation.label, other.label, term.pk, target.pk)
        _append(leg, other, rows[term.pk], places)
        legs.append(leg)
    return legs


def _append(leg: Leg, other: Relation, rows: dict, places: dict) -> None:
    """The rows go to the end of the lists of the other vocabulary, but where its term is there already."""
    present = other.rows_of(leg.into, rows)
    leg.dropped = {key: values for key, values in rows.items() if key in present}
    new = {}
    for key, values in rows.items():
        if key in present:
            continue
        leg.repointed[key] = None if other.place is None else values[other.place]
        if other.place is not None:
            places[key] = places.get(key, 0) + 1
            values = (*values[: other.place], places[key], *values[other.place + 1 :])
        new[key] = values
    other.insert(leg.into, new)


def spellings(term: Term) -> list[str]:
    """All names and aliases that mean this term: its own, and those of the terms merged into it."""
    found, merged = [term.name], [term]
    while merged:
        found += term.alias_model().objects.filter(term__in=merged).values_list("name", flat=True)
        merged = list(type(term).objects.filter(merged_into__in=merged))
        found += [other.name for other in merged]
    return found


def _copy_spellings(term: Term, target: Term) -> None:
    """Imports find it there under every name it had; a name that means something there goes on meaning that."""
    model = type(target)
    aliases = model.alias_model().objects
    by_key = {names.key(name): name for name in spellings(term)}
    taken = set(aliases.filter(key__in=by_key).values_list("key", flat=True))
    taken |= set(model.objects.filter(key__in=by_key).values_list("key", flat=True))
    aliases.bulk_create(
        aliases.model(name=name, term=target) for key, name in by_key.items() if key not in taken
    )


# --- rename ---------------------------------------------------------------------------------------


@once_more
def rename(term: Term, name: str, *, by: AbstractBaseUser | None, note: str = "") -> Merge:
    """Give the term another name; the old one goes on meaning it. Raises Refused."""
    model = type(term)
    close(model)
    term = locked(model, [term.pk])[term.pk]
    name = name.strip()
    before = term.name
    if name == before:
        raise Refused(_("That is its name already."))
    check_free(term, name)
    swap_name(term, name)
    record = Merge(kind=MergeKind.RENAME, vocabulary=model.vocabulary, into_vocabulary=model.vocabulary)
    record.terms = [{"id": term.pk, "name": before, "into": term.pk, "into_name": name}]
    return _recorded(record, [], by=by, note=note)


def swap_name(term: Term, name: str) -> None:
    """The name, which may have been an alias of its own, is its name; its old name is an alias."""
    before = term.name
    term.aliases.filter(key=names.key(name)).delete()
    term.name = name
    term.save(update_fields=["name", "key", "slug", "sort_key"])
    if names.key(before) != term.key:
        term.aliases.create(name=before)


def check_free(term: Term, name: str) -> None:
    """Raises Refused if the name means another term, or can be none."""
    if not names.is_name(name):
        raise Refused(_("“%(name)s” cannot be the name of a term.") % {"name": name})
    other, alias = meaning(type(term), names.key(name))
    if other is None or other.pk == term.pk:
        return
    if alias:
        text = _("“%(name)s” is an alias of the term “%(term)s”.")
    elif other.pointer:
        text = _("“%(name)s” is the name of a term that was merged or moved. Undo that first.")
    else:
        text = _("“%(name)s” is the name of another term.")
    raise Refused(text % {"name": name, "term": other.name}, other)


def meaning(model: type[Term], key: str) -> tuple[Term | None, str]:
    """The term that holds this key, merged or not, and the alias by which, if it is one."""
    alias = model.alias_model().objects.filter(key=key).select_related("term").first()
    return (alias.term, alias.name) if alias else (model.objects.filter(key=key).first(), "")
