"""How a vocabulary stands: terms by state, those that nothing uses, those that may be one, the most merged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsroom.collisions import once_more
from taxonomy import likeness
from taxonomy.merge import Refused, close
from taxonomy.models import Alias, Term

LOOKED_AT = 200_000  # terms, of which those that are alike are sought
CROWD = 40  # terms with one part in common; more have it by chance
STATES = {
    "confirmed": (gettext_lazy("confirmed"), Q(confirmed=True)),
    "new": (gettext_lazy("new"), Q(confirmed=False, declined=False)),
    "declined": (gettext_lazy("declined"), Q(declined=True)),
}

Named = tuple[int, str]  # a term's id and name


def states(model: type[Term]) -> dict[str, int]:
    """How many terms are in each state; those that lead elsewhere count as that alone."""
    current = model.objects.current().order_by()
    found = current.aggregate(
        **{f"number_{name}": Count("pk", filter=rule) for name, (_label, rule) in STATES.items()}
    )
    counts = {name: found[f"number_{name}"] for name in STATES}
    merged = model.objects.exclude(merged_into=None).order_by().count()
    return counts | {
        "merged": merged,
        "moved": model.objects.order_by().count() - sum(counts.values()) - merged,
    }


def most_merged(model: type[Term], limit: int) -> list[tuple[Term, int]]:
    """The terms that stand for the most others, with how many were merged into them."""
    rows = model.objects.exclude(merged_into=None).order_by().values_list("merged_into")
    counts = dict(rows.annotate(number=Count("*")).order_by("-number", "merged_into")[:limit])
    found = model.objects.in_bulk(counts)
    return [(found[pk], number) for pk, number in counts.items()]


# --- unused ---------------------------------------------------------------------------------------


def unused(model: type[Term]) -> QuerySet:
    """Terms that nothing carries, with no others below them, and to which no others lead."""
    terms = model.objects.current().filter(declined=False)
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.one_to_many and not issubclass(relation.related_model, Alias):
            rows = relation.related_model.objects.filter(**{relation.field.name: OuterRef("pk")})
            terms = terms.exclude(Exists(rows.order_by()))
    return terms.order_by("sort_key", "pk")


def after(terms: QuerySet, sort_key: str, pk: int) -> QuerySet:
    """Those that follow this place."""
    return terms.filter(Q(sort_key__gt=sort_key) | Q(sort_key=sort_key, pk__gt=pk), sort_key__gte=sort_key)


@once_more
def remove(term: Term) -> None:
    """Delete a term that nothing uses and readers have never met. Raises Refused."""
    model = type(term)
    close(model)
    _check_unused(term)
    if model.objects.get(pk=term.pk).shown:
        raise Refused(_("Readers know its address. Decline it instead: then the address says so."))
    model.objects.filter(pk=term.pk).delete()


@once_more
def retire(term: Term) -> None:
    """Decline a term that nothing uses, confirmed or not. Raises Refused."""
    close(type(term))
    _check_unused(term)
    type(term).objects.filter(pk=term.pk).update(confirmed=False, declined=True)


def _check_unused(term: Term) -> None:
    if not unused(type(term)).filter(pk=term.pk).exists():
        raise Refused(_("It is in use by now, or no longer there."))


# --- alike ----------------------------------------------------------------------------------------


def near_duplicates(model: type[Term]) -> list[list[Named]]:
    """Groups of terms that may be one, each by name; each term is in one group at most."""
    terms = model.objects.current().filter(declined=False).order_by("pk")
    return groups(list(terms.values_list("pk", "name", "sort_key")[:LOOKED_AT]))


def groups(terms: list[tuple[int, str, str]]) -> list[list[Named]]:
    """Two are in a group if a chain of names leads from one to the other in which neighbours are alike."""
    leads: dict[int, int] = {}
    for one, other in _meetings(terms):
        mine, theirs = _root(leads, one), _root(leads, other)
        if mine != theirs and likeness.alike(terms[one][1], terms[other][1]):
            leads[max(mine, theirs)] = min(mine, theirs)
    found: dict[int, list[Named]] = defaultdict(list)
    for place in leads:
        found[_root(leads, place)].append(terms[place][:2])
    return sorted(
        (
            sorted([terms[root][:2], *others], key=lambda one: (len(one[1]), one))
            for root, others in found.items()
        ),
        key=lambda group: group[0][1],
    )


def _meetings(terms: list[tuple[int, str, str]]) -> Iterator[tuple[int, int]]:
    """The places of every two that have a part in common."""
    first: dict[int, int] = {}  # by the hash of a part: most parts are met once, and need no list
    again: dict[int, list[int]] = {}
    for place, (_pk, name, sound) in enumerate(terms):
        for part in map(hash, likeness.blocks(name, sound)):
            if first.setdefault(part, place) != place:
                again.setdefault(part, [first[part]]).append(place)
    for places in again.values():
        if len(places) <= CROWD:
            yield from _pairs(places)


def _pairs(places: list[int]) -> Iterable[tuple[int, int]]:
    return ((one, other) for at, one in enumerate(places) for other in places[at + 1 :])


def _root(leads: dict[int, int], place: int) -> int:
    while place in leads:
        place = leads[place]
    return place
