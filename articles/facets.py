"""What a selection can be narrowed to, with true counts: each is the number of articles in the list it opens.

What is chosen already counts too, and its link drops it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from pyroaring import BitMap

from articles.charts import last_day
from articles.filters import MAX_QUERY, ArticleFilter
from articles.models import FIELDS, Source
from articles.search.query import Asked, count, matching
from articles.search.reader import Reader
from taxonomy.models import VOCABULARIES

OPTIONS = 8  # of one facet
MONTHS = 12
SHARE_STEP = 5  # per cent; a bar's width is a class of the stylesheet


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    count: int
    more: bool  # the count is a lower bound
    query: str  # opens the list with the option taken, or dropped if it was chosen
    also: str  # adds it to what is chosen of its kind; empty where there is nothing to add to
    chosen: bool
    share: int  # per cent of the largest, in steps


@dataclass(frozen=True, slots=True)
class Facet:
    parameter: str
    label: str | Promise
    options: list[Option]
    clear: str  # drops all that is chosen of this kind


@dataclass(frozen=True, slots=True)
class Drop:
    """Something that can be left out of a selection that finds nothing, and what is found then."""

    kind: str | Promise
    name: str
    query: str
    count: int
    more: bool


class Facets:
    """The facets of one selection at one state of the index."""

    def __init__(self, selection: ArticleFilter, reader: Reader) -> None:
        self.selection, self.reader, self.sets = selection, reader, reader.sets
        self._selected: dict[Asked, tuple[BitMap | None, bool]] = {}

    def total(self) -> int:
        """The number of articles of a selection without a text question."""
        return self._count_of(self.selection.asked())[0]

    def drops(self) -> list[Drop]:
        """What to leave out so that something is found."""
        drops = []
        for choice, asked in self.selection.fewer():
            found, more = self._count_of(asked)
            if found:
                drops.append(Drop(choice.kind, choice.name, choice.query, found, more))
        return drops

    def all(self) -> list[Facet]:
        if len(self.selection.query()) > MAX_QUERY:
            return []
        facets = [self._of_things(kind) for kind in [*FIELDS, "source"]]
        facets.append(self._of_months())
        return [facet for facet in facets if facet.options]

    def _of_things(self, kind: str) -> Facet:
        selection = self.selection
        every = selection.every and kind in FIELDS
        within, more = self._within(selection.asked(without="" if every else kind))
        chosen = selection.found(kind)
        counts = dict(self.sets.counts(kind, within, OPTIONS))
        for thing in chosen:
            counts.setdefault(thing.pk, self._count(kind, thing.pk, within))
        things = _things(kind, counts)
        largest = max(counts.values(), default=0)
        options = []
        for pk, number in counts.items():
            thing = things.get(pk)
            if thing is not None:
                queries = self._queries(kind, thing, chosen, every)
                options.append(
                    Option(str(thing), number, more, *queries, thing in chosen, _share(number, largest))
                )
        clear = selection.query(**{kind: []}) if chosen else ""
        return Facet(kind, selection.filters[kind].label, options, clear)

    def _queries(self, kind: str, thing: Any, chosen: dict[Any, list[str]], every: bool) -> tuple[str, str]:
        address = thing.host if kind == "source" else thing.slug
        asked = [name for names in chosen.values() for name in names]
        if thing in chosen:
            return self.selection.query(**{kind: [name for name in asked if name not in chosen[thing]]}), ""
        if every:
            return self.selection.query(**{kind: [*asked, address]}), ""
        also = self.selection.query(**{kind: [*asked, address]}) if asked else ""
        return self.selection.query(**{kind: [address]}), also

    def _of_months(self) -> Facet:
        selection = self.selection
        within, more = self._within(selection.asked(without="since"))
        days = [selection.cleaned.get("since"), selection.cleaned.get("until")]
        newest_first = self.sets.months(within)[::-1]
        months = newest_first[:MONTHS]
        months += [found for found in newest_first[MONTHS:] if days == [found[0], last_day(found[0])]]
        largest = max((number for _month, number in months), default=0)
        options = []
        for first, number in months:
            last = last_day(first)
            chosen = days == [first, last]
            query = selection.query(
                since=[] if chosen else [first.isoformat()], until=[] if chosen else [last.isoformat()]
            )
            name = date_format(first, "YEAR_MONTH_FORMAT")
            options.append(Option(name, number, more, query, "", chosen, _share(number, largest)))
        clear = selection.query(since=[], until=[]) if any(days) else ""
        return Facet("month", _("month"), options, clear)

    def _count(self, kind: str, pk: int, within: BitMap | None) -> int:
        return self.sets.size(kind, pk) if within is None else len(self.sets.of(kind, pk) & within)

    def _count_of(self, asked: Asked) -> tuple[int, bool]:
        if asked.words:
            return count(self.reader, asked)
        within, more = self._within(asked)
        return len(self.sets.all if within is None else within), more

    def _within(self, asked: Asked) -> tuple[BitMap | None, bool]:
        """The articles of a selection, None for all; and whether they are only the newest of more."""
        if asked not in self._selected:
            self._selected[asked] = self._select(asked)
        return self._selected[asked]

    def _select(self, asked: Asked) -> tuple[BitMap | None, bool]:
        if asked.words:
            return matching(self.reader, asked)
        if asked.groups or asked.since or asked.until:
            return self.sets.select(asked.groups, asked.since, asked.until), False
        return None, False


def _things(kind: str, ids: Collection[int]) -> dict[int, Any]:
    if kind == "source":
        return Source.objects.in_bulk(ids)
    return VOCABULARIES[kind].objects.only("name", "slug").order_by().in_bulk(ids)


def _share(count: int, largest: int) -> int:
    if not count:
        return 0
    return max(SHARE_STEP, round(100 * count / largest / SHARE_STEP) * SHARE_STEP)
