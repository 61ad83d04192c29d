"""New terms wait for an editor: which they are, what they may be, and what settles them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import BooleanField, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _

from newsroom.sql import fetch
from taxonomy import likeness
from taxonomy.merge import Refused, merge, move, rename
from taxonomy.models import VOCABULARIES, Merge, Term, followed
from taxonomy.relations import Relation, relations

PAGE = 25
TITLES = 2  # of what carries a term
_BETWEEN = "\n"  # of keys, which hold no control character
ELSEWHERE = "elsewhere"  # a reason beside those of taxonomy.likeness

# --- which ----------------------------------------------------------------------------------------


def waiting(model: type[Term]) -> QuerySet:
    return model.objects.waiting().order_by("-pk")


def declined(model: type[Term]) -> QuerySet:
    return model.objects.current().filter(declined=True).order_by("-pk")


def page(
    lists: Sequence[QuerySet], after: tuple[type[Term], int] | None = None
) -> tuple[list[Term], Term | None]:
    """The first terms of these lists, or those after this one; and the last of them if there are more."""
    found: list[Term] = []
    start = next((i for i, terms in enumerate(lists) if after and terms.model is after[0]), 0)
    for terms in lists[start:]:
        if after and terms.model is after[0]:
            terms = terms.filter(pk__lt=after[1])
        found += terms[: PAGE + 1 - len(found)]
        if len(found) > PAGE:
            break
    return found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None


# --- where they occur -----------------------------------------------------------------------------


def titles(
    model: type[Term], ids: Collection[int], may_see: Callable[[type], bool]
) -> dict[int, list[tuple[type, int, str]]]:
    """For each term the latest of what carries it and has a title: its model, id and title."""
    found: dict[int, list[tuple[type, int, str]]] = defaultdict(list)
    for relation in relations(model):
        named = any(field.name == "title" for field in relation.carrier._meta.concrete_fields)
        if named and relation.carrier is not relation.model and may_see(relation.carrier):
            for term, pk, title in _titles(relation, list(ids)):
                found[term].append((relation.carrier, pk, title))
    return found


def _titles(relation: Relation, ids: list[int]) -> list[tuple[int, int, str]]:
    q, quote = relation.sql, connection.ops.quote_name
    carrier = quote(relation.carrier._meta.db_table)
    return fetch(
        f"SELECT n.id, c.id, left(c.title, 120) FROM unnest(%s::bigint[]) WITH ORDINALITY n (id, place)"
        f" CROSS JOIN LATERAL (SELECT {q.t_key} AS id FROM {q.table} t WHERE t.{q.term} = n.id"
        f" ORDER BY {q.t_key} DESC LIMIT {TITLES}) t JOIN {carrier} c ON c.id = t.id ORDER BY n.place, c.id DESC",
        ids,
    )


# --- what they may be -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """A term that the new one may be."""

    term: Term
    reason: str
    via: str  # the name or alias that is alike

    @property
    def _rank(self) -> tuple:
        return not self.term.confirmed, self.reason == ELSEWHERE, self.term.pk


def proposals(terms: Sequence[Term]) -> dict[Term, Proposal]:
    """At most one for each, the most probable; a constant number of statements."""
    found: dict[Term, list[Proposal]] = defaultdict(list)
    for model in VOCABULARIES.values():
        known = _known(model, terms)
        for term in terms:
            found[term] += _own(term, known) if type(term) is model else _elsewhere(term, known)
    return {term: min(these, key=lambda one: one._rank) for term, these in found.items() if these}


def _known(model: type[Term], terms: Sequence[Term]) -> dict[str, tuple[str, Term]]:
    """By key: the names and aliases of the vocabulary that these terms may be, and what stands for them."""
    own = [term for term in terms if type(term) is model]
    keys = {term.key for term in terms if type(term) is not model}.union(
        *(likeness.keys(term.name) for term in own)
    )
    if not keys:
        return {}
    asked = _any_of("key", keys)
    for term in own:
        asked |= Q(key__startswith=f"{term.key}(")
    aliases = model.alias_model().objects.filter(asked).select_related("term")
    spelled = {alias.key: (alias.name, alias.term) for alias in aliases}
    sounds = {term.sort_key for term in own if not term.key.isascii()}
    asked |= _any_of("sort_key", sounds)
    spelled |= {term.key: (term.name, term) for term in model.objects.filter(asked)}
    roots = followed({key: term for key, (_name, term) in spelled.items()})
    return {key: (name, roots[key]) for key, (name, _term) in spelled.items() if not roots[key].declined}


def _any_of(field: str, values: Iterable[str]) -> Q:
    """One parameter, however many there are: as an array of thousands it took longer to write than to look up."""
    joined = Value(_BETWEEN.join(values))
    found = Func(
        field,
        joined,
        template=f"%(expressions)s, '{_BETWEEN}'))",
        arg_joiner=" = ANY(string_to_array(",
        output_field=BooleanField(),
    )
    return Q(found)


def _own(term: Term, known: dict[str, tuple[str, Term]]) -> list[Proposal]:
    """Of two new ones that are alike the later is proposed to be the earlier."""
    return [
        Proposal(other, reason, name)
        for name, other in known.values()
        if type(other) is type(term) and other.pk != term.pk and (other.confirmed or other.pk < term.pk)
        if (reason := likeness.alike(term.name, name))
    ]


def _elsewhere(term: Term, known: dict[str, tuple[str, Term]]) -> list[Proposal]:
    name, other = known.get(term.key, ("", None))
    if other is None or not other.confirmed or type(other) is type(term):
        return []
    return [Proposal(other, ELSEWHERE, name)]


# --- what settles them ----------------------------------------------------------------------------


def confirm(term: Term) -> None:
    """Raises Refused."""
    _set(waiting(type(term)), term, confirmed=True)


def decline(term: Term) -> None:
    """No term of the desk: its spelling stays known, so that it does not come back. Raises Refused."""
    _set(waiting(type(term)), term, declined=True)


def put_back(term: Term) -> None:
    """It waits again. Raises Refused."""
    settled = type(term).objects.current().filter(Q(confirmed=True) | Q(declined=True))
    _set(settled, term, confirmed=False, declined=False)


def _set(terms: QuerySet, term: Term, **fields: Any) -> None:
    if not terms.filter(pk=term.pk).update(**fields):
        raise Refused(_("Somebody has settled it in the meantime."))


@transaction.atomic
def rename_and_confirm(term: Term, name: str, *, by: AbstractBaseUser | None) -> Merge:
    """Raises Refused."""
    record = rename(term, name, by=by)
    confirm(term)
    return record


def become(term: Term, other: Term, *, by: AbstractBaseUser | None) -> Merge:
    """A new term is another that is known; it may be in another vocabulary. Raises Refused."""
    _check_waiting(term)
    return (
        merge([term], into=other, by=by) if type(other) is type(term) else move([term], to=type(other), by=by)
    )


def named(model: type[Term], name: str) -> Term:
    """The term of this name or alias. Raises Refused."""
    found = model.objects.resolve([name]).get(name)
    if found is None:
        raise Refused(_("There is no term “%(name)s” in this vocabulary.") % {"name": name})
    return found


@transaction.atomic
def belongs_to(term: Term, model: type[Term], *, by: AbstractBaseUser | None) -> Merge:
    """It is a term of the other vocabulary, and settled by that. Raises Refused."""
    _check_waiting(term)
    record = move([term], to=model, by=by)
    targets = model.objects.filter(pk__in=[entry["into"] for entry in record.terms], confirmed=False)
    targets.update(confirmed=True, declined=False)
    return record


def _check_waiting(term: Term) -> None:
    if not waiting(type(term)).filter(pk=term.pk).exists():
        raise Refused(_("Somebody has settled it in the meantime."))
