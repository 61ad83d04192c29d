"""What a selection can be narrowed to, with true counts: each is the number of articles in the list it opens."""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from pyroaring import BitMap

from articles.filters import ArticleFilter
from articles.models import FIELDS, Source
from articles.search.query import Asked, matching
from articles.search.reader import Reader
from taxonomy.models import VOCABULARIES

OPTIONS = 8  # of one facet
MONTHS = 12
MAX_QUERY = 1500  # characters of a query string that is still worth repeating in dozens of links
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
        within, _more = self._within(self.selection.asked())
        return len(self.sets.all if within is None else within)

    def drops(self) -> list[Drop]:
        """What to leave out so that something is found."""
        drops = []
        for choice, asked in self.selection.fewer():
            within, more = self._within(asked)
            found = len(self.sets.all if within is None else within)
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
        for pk, count in counts.items():
            thing = things.get(pk)
            if thing is not None:
                queries = self._queries(kind, thing, chosen, every)
                options.append(
                    Option(str(thing), count, more, *queries, thing in chosen, _share(count, largest))
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
        months = self.sets.months(within)[-MONTHS:][::-1]
        largest = max((count for _month, count in months), default=0)
        days = [selection.cleaned.get("since"), selection.cleaned.get("until")]
        options = []
        for first, count in months:
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            chosen = days == [first, last]
            query = selection.query(
                since=[] if chosen else [first.isoformat()], until=[] if chosen else [last.isoformat()]
            )
            name = date_format(first, "YEAR_MONTH_FORMAT")
            options.append(Option(name, count, more, query, "", chosen, _share(count, largest)))
        clear = selection.query(since=[], until=[]) if any(days) else ""
        return Facet("month", _("month"), options, clear)

    def _count(self, kind: str, pk: int, within: BitMap | None) -> int:
        return self.sets.size(kind, pk) if within is None else len(self.sets.of(kind, pk) & within)

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
