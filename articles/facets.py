"""What a selection can be narrowed to, with true counts: each is the number of articles in the list it opens.

What is chosen already counts too, and its link drops it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from django.template import Context, Engine, Template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pyroaring import BitMap

from articles.charts import last_day
from articles.filters import MAX_QUERY, ArticleFilter
from articles.models import VOCABULARY_FIELDS, Source
from articles.search.families import families
from articles.search.query import Asked, count, is_better_asked_once, matching
from articles.search.reader import Reader
from newsroom.sql import fetch
from taxonomy.models import VOCABULARIES

OPTIONS = 8  # of one facet
MONTHS = 12
SHARE_STEP = 5  # per cent; a bar's width is a class of the stylesheet
KEPT = 300  # rendered facets, a few kilobytes each
KINDS = (*VOCABULARY_FIELDS, "source")


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
    label: str
    options: tuple[Option, ...]
    clear: str  # drops all that is chosen of this kind

    @property
    def html(self) -> SafeString:
        return _rendered(Engine.get_default().get_template("_facet.html"), self, get_language())


class Named(NamedTuple):
    name: str
    address: str  # as it stands in a query string


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
        self.selection, self.reader = selection, reader
        self.sets = families(reader.sets, selection.trees)
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
        selection = self.selection
        if len(selection.query()) > MAX_QUERY:
            return []
        own = {
            kind: selection.every and kind in VOCABULARY_FIELDS for kind in KINDS
        }  # what is chosen narrows its own kind too
        asked = {kind: selection.asked(without="" if own[kind] else kind) for kind in KINDS}
        asked["month"] = selection.asked(without="since")
        self._look_up_once(set(asked.values()))
        for wide in sorted(asked.values(), key=_narrowness):  # what one of them finds serves those within it
            self._within(wide)
        counts = {kind: self._counts(kind, asked[kind]) for kind in KINDS}
        names = _names(counts)
        facets = [self._of_things(kind, counts[kind], names, self._within(asked[kind])[1]) for kind in KINDS]
        facets.append(self._of_months(asked["month"]))
        return [facet for facet in facets if facet.options]

    def _look_up_once(self, several: set[Asked]) -> None:
        wide = replace(next(iter(several)), groups=(), since=None, until=None)
        if wide.words and len(several) > 2 and is_better_asked_once(self.reader, wide):
            self._within(wide)

    def _counts(self, kind: str, asked: Asked) -> dict[int, int]:
        within, _more = self._within(asked)
        counts = dict(self.sets.counts(kind, within, OPTIONS))
        for thing in self.selection.found(kind):
            counts.setdefault(thing.pk, self._count(kind, thing.pk, within))
        return counts

    def _of_things(
        self, kind: str, counts: dict[int, int], names: dict[tuple[str, int], Named], more: bool
    ) -> Facet:
        selection = self.selection
        chosen = {thing.pk: asked for thing, asked in selection.found(kind).items()}
        largest = max(counts.values(), default=0)
        options = []
        for pk, number in counts.items():
            if named := names.get((kind, pk)):
                queries = self._queries(kind, named.address, chosen, chosen.get(pk))
                options.append(
                    Option(named.name, number, more, *queries, pk in chosen, _share(number, largest))
                )
        clear = selection.query(**{kind: []}) if chosen else ""
        return Facet(kind, str(selection.filters[kind].label), tuple(options), clear)

    def _queries(
        self, kind: str, address: str, chosen: dict[int, list[str]], own: list[str] | None
    ) -> tuple[str, str]:
        query, asked = self.selection.query, [name for names in chosen.values() for name in names]
        if own is not None:
            return query(**{kind: [name for name in asked if name not in own]}), ""
        if self.selection.every and kind in VOCABULARY_FIELDS:
            return query(**{kind: [*asked, address]}), ""
        also = query(**{kind: [*asked, address]}) if asked else ""
        return query(**{kind: [address]}), also

    def _of_months(self, asked: Asked) -> Facet:
        selection = self.selection
        within, more = self._within(asked)
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
        return Facet("month", _("month"), tuple(options), clear)

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
            return self._narrowed(asked) or matching(self.reader, asked)
        if asked.groups or asked.since or asked.until:
            return self.sets.select(asked.groups, asked.since, asked.until), False
        return None, False

    def _narrowed(self, asked: Asked) -> tuple[BitMap, bool] | None:
        """What a text finds, from all that it finds in a wider selection; if that is known."""
        for wider, (found, more) in self._selected.items():
            if not more and _is_within(asked, wider):
                return found & self.sets.select(asked.groups, asked.since, asked.until), False
        return None


def _narrowness(asked: Asked) -> int:
    return len(asked.groups) + bool(asked.since or asked.until)


def _is_within(asked: Asked, wider: Asked) -> bool:
    """Whether all that the one finds the other finds too, as they differ in groups and days alone."""
    days = (asked.since, asked.until), (wider.since, wider.until)
    same = (asked.words, asked.terms) == (wider.words, wider.terms)
    return same and set(wider.groups) <= set(asked.groups) and days[1] in (days[0], (None, None))


# One statement for all the names: asking for a few rows costs more than getting them.
_NAMES = " UNION ALL ".join(
    [
        *(
            f"SELECT '{kind}', id, name, slug FROM {model._meta.db_table} WHERE id = ANY(%s)"
            for kind, model in VOCABULARIES.items()
        ),
        f"SELECT 'source', id, coalesce(nullif(name, ''), host), host FROM {Source._meta.db_table} WHERE id = ANY(%s)",
    ]
)


def _names(ids: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], Named]:
    """By kind and id: the names of all that still exist."""
    rows = fetch(_NAMES, *(list(ids[kind]) for kind in (*VOCABULARIES, "source")))
    return {(kind, pk): Named(name, address) for kind, pk, name, address in rows}


@lru_cache(maxsize=KEPT)
def _rendered(template: Template, facet: Facet, _language: str) -> SafeString:
    """Kept under the content it is made of: a list is paged through, and has the same facets on each page."""
    return template.render(Context({"facet": facet}))


def _share(count: int, largest: int) -> int:
    if not count:
        return 0
    return max(SHARE_STEP, round(100 * count / largest / SHARE_STEP) * SHARE_STEP)
