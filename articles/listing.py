"""Articles as lists show them: read in one statement, cut to what a list may show, and each rendered once.

What an entry looks like depends on nothing but the values of its row, the language and the template. These are the key
under which its HTML is kept, so nothing ever has to be invalidated: whatever changes about an article, by whatever
way, makes another key.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, NamedTuple

from django.db.models import Case, F, OuterRef, Value, When
from django.db.models.functions import Left
from django.template import Context, Engine, Template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.models import OPENING, Article, DateOrigin, EventPoint, Origin, Reuse
from articles.rights import cut, shown
from articles.statements import Statement, lines, terms
from taxonomy.models import address

POINTS = 3  # of an article in a list
TERMS = {"technology": 4, "industry": 2, "keyword": 7}  # of an article in a list, by vocabulary, and
MAX_TERMS = 7  # of all: every link costs rendering time, and a reader takes in no more
MAX_POINT = 60  # characters of a point's body in a list
MAX_TITLE = 200  # characters of a title or heading in a list; an article's own page shows all
KEPT_TERMS = 10_000  # rendered links, and
KEPT = 2_000  # rendered entries, a few kilobytes each


class Publisher(NamedTuple):
    """What a list needs of a source."""

    host: str
    name: str
    reuse: Reuse

    def __str__(self) -> str:
        return self.name or self.host

    @property
    def address(self) -> str:
        """The list of its articles."""
        return _source_address(self.host)


class ListedTerm(NamedTuple):
    vocabulary: str
    pk: int | str  # a list, which never asks for it, leaves it as it comes
    name: str
    slug: str

    def get_absolute_url(self) -> str:
        return address(self.vocabulary, self.slug)

    @property
    def html(self) -> SafeString:
        return _term(_template("_term.html"), self)


class Row(NamedTuple):
    """What a list shows of an article. To `rights.shown(…, brief=True)` it is the article."""

    pk: int
    title: str  # so much of it that a list can cut it
    published_at: datetime  # the desk's own time
    source: Publisher | None
    source_date: date | None
    source_date_origin: str
    reuse: str
    excerpt: str
    opening: str  # empty where there is an intro
    intro: str
    origin: str  # who stands behind the event summary; empty without one
    points: tuple[tuple[str, str], ...]  # heading and body
    terms: tuple[
        tuple[str, str, str, str], ...
    ]  # vocabulary, id, name, slug: of each a ListedTerm can be made

    slug = Article.slug

    def get_absolute_url(self) -> str:
        return article_address(self.pk, self.slug)

    @property
    def html(self) -> SafeString:
        """The entry of a list, with its date."""
        return _kept(_template(), self, get_language(), False, False)

    @property
    def html_with_clock(self) -> SafeString:
        """The entry under the heading of its day, with the time of day."""
        return _kept(_template(), self, get_language(), True, False)

    @property
    def html_lead(self) -> SafeString:
        """The same for the first entry of a page."""
        return _kept(_template(), self, get_language(), True, True)

    def html_with(self, title: SafeString, excerpt: SafeString | None) -> SafeString:
        """The entry of a search hit: what was found stands where the brief and the points would, if it can."""
        return _rendered(_template(), self, title=title, excerpt=excerpt)


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    rows: list[Row]


def days(rows: Iterable[Row]) -> list[Day]:
    by_day = groupby(rows, key=lambda row: row.published_at.date())
    return [Day(day, list(group)) for day, group in by_day]


# --- reading --------------------------------------------------------------------------------------

# A heading or body is cut once more in Python; here so much is cut off that no long text travels.
_points = lines(
    EventPoint.objects.filter(article=OuterRef("pk")).order_by("position")[:POINTS],
    Left("heading", MAX_TITLE + 1),
    Left("body", MAX_POINT * 5),
)
_opening = Case(When(event_summary__intro__gt="", then=Value("")), default=Left("summary", OPENING))
_listed = Statement(
    Article.objects.published,
    [
        *("pk", Left("title", MAX_TITLE * 3), "published_at", "source_date", "source_date_origin"),
        *("reuse", "excerpt", _opening, Left("event_summary__intro", OPENING), "event_summary__origin"),
        *(_points, F("source__host"), F("source__name"), F("source__reuse")),
        *(terms(vocabulary, limit) for vocabulary, limit in TERMS.items()),
    ],
)


def rows(ids: Collection[int]) -> list[Row]:
    """The articles of these ids, in this order; those that are not public are left out. One statement."""
    zone = timezone.get_current_timezone()
    found = {values[0]: _row(zone, *values) for values in _listed.rows(ids)} if ids else {}
    return [found[pk] for pk in ids if pk in found]


def _row(
    zone: tzinfo,
    pk: int,
    title: str,
    published_at: datetime,
    source_date: date | None,
    source_date_origin: str,
    reuse: str,
    excerpt: str,
    opening: str,
    intro: str | None,
    origin: str | None,
    points: list[list[str]],
    host: str | None,
    name: str,
    source_reuse: str,
    *vocabularies: list[list[str]],
) -> Row:
    return Row(
        pk,
        title,
        published_at.astimezone(zone),
        Publisher(host, name, source_reuse) if host else None,
        source_date,
        source_date_origin,
        reuse,
        excerpt,
        opening,
        intro or "",
        origin or "",
        tuple(map(tuple, points)),
        tuple(map(tuple, chain(*vocabularies)))[:MAX_TERMS],
    )


# --- rendering ------------------------------------------------------------------------------------


@lru_cache(maxsize=KEPT)
def article_address(pk: int, slug: str) -> str:
    """A page names its own address several times, and quoting Chinese takes its time."""
    return reverse("article", args=[pk, slug])


@lru_cache(maxsize=1000)
def _source_address(host: str) -> str:
    return f"{reverse('articles')}?{urlencode({'source': host})}"


def _template(name: str = "_entry.html") -> Template:
    # Part of the keys: a template that was edited while the site runs makes everything anew.
    return Engine.get_default().get_template(name)


@lru_cache(maxsize=KEPT_TERMS)
def _term(template: Template, term: ListedTerm) -> SafeString:
    """Half of what an entry costs are its links to terms, and the same terms come again and again."""
    return template.render(Context({"term": term}))


# What a template looks for in vain costs it twice what it finds.
_PLAIN = {"clock": False, "lead": False, "title": None, "excerpt": None}


@lru_cache(maxsize=KEPT)
def _kept(template: Template, row: Row, language: str, clock: bool, lead: bool) -> SafeString:
    return _rendered(template, row, clock=clock, lead=lead)


def _rendered(template: Template, row: Row, **how: Any) -> SafeString:
    return template.render(Context(_PLAIN | how | {"entry": _texts(row)}))


def _texts(row: Row) -> dict[str, Any]:
    """The texts of the template, each made once: a line here costs less than a node there."""
    return {
        "address": row.get_absolute_url(),
        "title": short(row.title),
        "source": row.source,
        "published_at": row.published_at,
        "published": written(row.published_at.date(), get_language()),
        "original": original(row),
        "origin": row.origin,
        "label": Origin(row.origin).label if row.origin else "",
        "text": brief(row),
        "points": [(short(heading), clip(body)) for heading, body in row.points],
        "terms": mark_safe("".join(ListedTerm(*term).html for term in row.terms)),
    }


def original(article: Article | Row) -> str:
    """When the original appeared, and how that is known unless it was given."""
    if not article.source_date:
        return ""
    return _original(article.source_date, article.source_date_origin, get_language())


@lru_cache(maxsize=1000)
def _original(day: date, origin: str, language: str) -> str:
    date = written(day, language)
    if origin == DateOrigin.GIVEN:
        return _("original of %(date)s") % {"date": date}
    origin = DateOrigin(origin).label
    return _("original of %(date)s (%(origin)s)") % {"date": date, "origin": origin}


def brief(article: Article | Row) -> str:
    """A few sentences on the article: the desk's own, else what its source allows."""
    return cut(article.intro) if article.intro else shown(article, brief=True).text


@lru_cache(maxsize=1000)
def written(day: date, language: str) -> str:
    """The day in words. A list has dozens of them, most of them the same."""
    return date_format(day, "DATE_FORMAT")


def short(text: str) -> str:
    return text if len(text) <= MAX_TITLE else Truncator(text).chars(MAX_TITLE)


def clip(text: str) -> str:
    """So much of a point's body that it is worth reading in a list."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_POINT else f"{text[: MAX_POINT - 2]}……"
