"""What the articles amount to: technologies by industries, events by month, one day's edition."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe
from pyroaring import BitMap

from articles import charts
from articles.filters import ArticleFilter
from articles.listing import Row, clip, short
from articles.models import VOCABULARY_FIELDS, Article, EventPoint, Origin
from articles.paging import page
from articles.search.sets import Sets
from articles.views.counting import list_address, live_sets, named, only
from articles.views.moved import elsewhere
from taxonomy.models import VOCABULARIES, Term

ROWS, COLUMNS = 20, 15  # technologies and industries of the atlas
POINTS = 5  # of an article in the timeline
OFFERED = 10  # terms of a vocabulary to narrow the timeline by
YEARS = 15  # whose months the timeline offers
OF_A_DAY = 12  # terms of a vocabulary
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


# --- atlas ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """How many articles carry both terms, how dark that is (0 to 6), and where their list is."""

    number: int
    shade: int
    address: str


@require_safe
def atlas(request: HttpRequest) -> HttpResponse:
    selection = ArticleFilter(only(request.GET, ["since", "until"]))
    sets = live_sets(selection.trees)
    context: dict[str, Any] = {"section": "atlas", "selection": selection, "counted": sets is not None}
    if sets and selection.is_valid():
        asked = selection.asked()
        narrowed = asked.since or asked.until
        context |= matrix(sets, sets.between(asked.since, asked.until) if narrowed else None, selection)
    return render(request, "atlas.html", context)


def matrix(sets: Sets, within: BitMap | None, selection: ArticleFilter) -> dict[str, Any]:
    """The most frequent technologies, each with a cell for each of the most frequent industries."""
    rows = named("technology", sets.counts("technology", within, ROWS))
    columns = named("industry", sets.counts("industry", within, COLUMNS))
    by_row = [crossed(sets, within, term, columns) for term in rows]
    most = max((number for numbers in by_row for number in numbers), default=0)
    days = {name: day for name in ("since", "until") if (day := selection.cleaned.get(name))}
    cells = [
        [
            Cell(
                number,
                charts.shade(number, most),
                list_address(technology=row.slug, industry=column.slug, **days) if number else "",
            )
            for column, number in zip(columns, numbers, strict=True)
        ]
        for row, numbers in zip(rows, by_row, strict=True)
    ]
    return {"columns": columns, "rows": list(zip(rows, cells, strict=True))}


def crossed(sets: Sets, within: BitMap | None, row: Term, columns: list[Term]) -> list[int]:
    """How many articles carry this technology and each of these industries."""
    articles = sets.of("technology", row.pk)
    if within is not None:
        articles &= within
    return [articles.intersection_cardinality(sets.of("industry", column.pk)) for column in columns]


# --- events -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """An article in the timeline, with the first of its points."""

    row: Row
    day: date
    points: list[tuple[int, str, str]]  # position, heading, body cut short

    @property
    def title(self) -> str:
        return short(self.row.title)

    @property
    def label(self) -> str:
        return Origin(self.row.origin).label if self.row.origin else ""


@dataclass(frozen=True, slots=True)
class Way:
    """A month of the timeline and the query string that leads there."""

    month: date
    query: str
    chosen: bool


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    asked = only(request.GET, [*VOCABULARY_FIELDS, "source", "since", "until", "match"])
    selection = ArticleFilter(asked)
    if leads_on := elsewhere(request, selection):
        return leads_on
    points = EventPoint.objects.filter(article=OuterRef("pk"), position__lte=POINTS)
    found = page(selection.articles.filter(Exists(points)), request.GET)
    sets = live_sets(selection.trees)
    context: dict[str, Any] = {
        "section": "events",
        "selection": selection,
        "page": found,
        "months": timeline(found.rows),
        "counted": sets is not None,
    }
    if sets and selection.is_valid():
        context |= ways_on(selection, sets)
    return render(request, "events.html", context)


def timeline(rows: list[Row]) -> list[tuple[date, list[tuple[date, list[Event]]]]]:
    """Month -> day -> events, in the order of the rows."""
    points: dict[int, list[tuple[int, str, str]]] = {row.pk: [] for row in rows}
    known = EventPoint.objects.filter(article__in=points, position__lte=POINTS).order_by("position")
    for pk, position, heading, body in known.values_list("article", "position", "heading", "body"):
        points[pk].append((position, short(heading), clip(body)))
    found = [Event(row, row.published_at.date(), points[row.pk]) for row in rows]
    by_day = [(day, list(group)) for day, group in groupby(found, key=lambda event: event.day)]
    by_month = groupby(by_day, key=lambda group: group[0].replace(day=1))
    return [(month, list(days)) for month, days in by_month]


def ways_on(selection: ArticleFilter, sets: Sets) -> dict[str, Any]:
    """The months there are, by year, and terms to narrow by. Without numbers: the index does not know who has points."""
    within = sets.select(selection.asked(without="since").groups)
    since, until = selection.cleaned.get("since"), selection.cleaned.get("until")
    months = [month for month, _number in reversed(sets.months(within))]
    if since or until:
        within &= sets.between(since, until)
    return {
        "years": [
            (year, year_ways(selection, set(group)))
            for year, group in groupby(months, key=lambda month: month.year)
        ][:YEARS],
        "offers": [offers(selection, vocabulary, sets, within) for vocabulary in ("technology", "industry")],
    }


def year_ways(selection: ArticleFilter, months: set[date]) -> list[Way | None]:
    """One for each month of their year, None for those without articles."""
    first = next(iter(months)).replace(month=1)
    year = [first.replace(month=number) for number in range(1, 13)]
    return [month_way(selection, month) if month in months else None for month in year]


def month_way(selection: ArticleFilter, month: date) -> Way:
    last = charts.last_day(month)
    chosen = (selection.cleaned.get("since"), selection.cleaned.get("until")) == (month, last)
    return Way(month, selection.query(since=[str(month)], until=[str(last)]), chosen)


def offers(
    selection: ArticleFilter, vocabulary: str, sets: Sets, within: BitMap
) -> tuple[str, list[tuple[Term, str]]]:
    """What to call the vocabulary, and its most frequent terms within, each with the query string that takes it too."""
    found = selection.cleaned.get(vocabulary, {})
    taken = {term.pk for term in found.values()}
    counts = sets.counts(vocabulary, within, OFFERED + len(taken))
    terms = named(vocabulary, [count for count in counts if count[0] not in taken][:OFFERED])
    # A second one of a kind widens what matches any of them; it is offered as one that must be there too.
    match = {"match": ["all"]} if taken else {}
    title = VOCABULARIES[vocabulary]._meta.verbose_name_plural
    return title, [(term, selection.query(**{vocabulary: [*found, term.slug]} | match)) for term in terms]


# --- one day ----------------------------------------------------------------------------------------


@require_safe
def day_page(request: HttpRequest, day: str) -> HttpResponse:
    edition = parsed(day)
    selection = ArticleFilter(QueryDict(urlencode({"since": day, "until": day})))
    found = page(selection.articles, request.GET)
    context: dict[str, Any] = {
        "section": "days",
        "day": edition,
        "today": edition == timezone.localdate(),
        "page": found,
    }
    if sets := live_sets(selection.trees):
        context |= of_the_day(edition, sets)
    return render(request, "day.html", context | neighbours(edition))


def parsed(day: str) -> date:
    """Raises Http404 for what is no day, and for days to come."""
    try:
        parsed = date.fromisoformat(day) if _DAY.fullmatch(day) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed > timezone.localdate():
        raise Http404
    return parsed


def of_the_day(day: date, sets: Sets) -> dict[str, Any]:
    """How many articles, and of which technologies and industries, each with the `address` of its list."""
    articles = sets.of("day", day.toordinal())
    rankings = []
    for vocabulary in ("technology", "industry"):
        terms = named(vocabulary, sets.counts(vocabulary, articles, OF_A_DAY))
        for term in terms:
            term.address = list_address(**{vocabulary: term.slug, "since": str(day), "until": str(day)})
        rankings.append((VOCABULARIES[vocabulary]._meta.verbose_name_plural, terms))
    return {"counted": True, "number": len(articles), "rankings": rankings}


def neighbours(day: date) -> dict[str, date | None]:
    """The nearest days before and after that have articles."""
    start, end = (
        datetime.combine(day, edge, timezone.get_default_timezone()) for edge in (time.min, time.max)
    )
    moments = Article.objects.published().values_list("published_at", flat=True)
    earlier = moments.filter(published_at__lt=start).order_by("-published_at").first()
    later = moments.filter(published_at__gt=end).order_by("published_at").first()
    return {
        "earlier": earlier and timezone.localdate(earlier),
        "later": later and timezone.localdate(later),
    }
