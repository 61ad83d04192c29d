"""What a merge or a move would change, counted before anything is done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from taxonomy import names
from taxonomy.merge import MAX_TERMS, Refused, one_vocabulary, there
from taxonomy.models import Term, address
from taxonomy.relations import Relation, counterpart, relations
from taxonomy.tree import narrower

SHOWN = 30  # names that a page lists


@dataclass(frozen=True)
class Use:
    """How much of one kind carries the terms, and how many of these rows go, being carried already."""

    relation: Relation
    rows: int
    doubles: int
    states: list[tuple[str, int]]  # how many of what carries them is in which state

    @property
    def label(self) -> str:
        return str(self.relation.carrier._meta.verbose_name_plural)

    @property
    def moved(self) -> int:
        return self.rows - self.doubles


@dataclass(frozen=True)
class Preview:
    uses: list[Use]
    names: list[str]  # that will mean the survivor; the first of them
    more_names: int
    addresses: list[str]  # that will lead there; the first of them
    narrower: int  # terms that stand below these


@dataclass(frozen=True)
class Way:
    """Where a term would go."""

    term: Term
    target: Term | None  # None: it is made
    back: bool  # it was moved away from there before


def preview(losers: Iterable[Term], survivor: Term) -> Preview:
    model = type(survivor)
    pks = [term.pk for term in losers if term.pk != survivor.pk][:MAX_TERMS]
    uses = [
        Use(relation, *relation.count(pks, survivor.pk), relation.states(pks))
        for relation in relations(model)
    ]
    return _preview(model, pks, uses, survivor.pk)


def _preview(model: type[Term], pks: Sequence[int], uses: list[Use], *stays: int) -> Preview:
    aliases = model.alias_model().objects.filter(term__in=pks)
    merged = model.objects.filter(merged_into__in=pks)
    spelled = list(model.objects.filter(pk__in=pks).values_list("name", flat=True))
    more = aliases.count() + merged.count()
    for found in (aliases, merged):
        spelled += found.values_list("name", flat=True)[: max(SHOWN - len(spelled), 0)]
    addresses = [unquote(address(model.vocabulary, names.slug(name))) for name in spelled]
    return Preview(uses, spelled, len(pks) + more - len(spelled), addresses, narrower(model, pks, *stays))


def preview_move(terms: Sequence[Term], to: type[Term]) -> tuple[list[Way], Preview]:
    """Raises Refused."""
    model = one_vocabulary(terms, to)
    if len(terms) > MAX_TERMS:
        raise Refused("")
    ways = [
        Way(term, target, bool(target and target.pointer))
        for term in terms
        for target in [there(term.key, to)]
    ]
    pairs = {way.term.pk: way.target.pk for way in ways if way.target}
    pks, uses = [term.pk for term in terms], []
    for relation in relations(model):
        rows, _doubles = relation.count(pks, None)
        other = counterpart(relation, to)
        both = relation.count_across(other, pairs) if other and pairs else 0
        uses.append(Use(relation, rows, both, relation.states(pks)))
    return ways, _preview(model, pks, uses)
