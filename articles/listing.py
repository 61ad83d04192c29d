"""Articles as lists show them: each text made once, cut to what a list may show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.models import Article, DateOrigin, Source
from articles.rights import cut, shown
from taxonomy.models import Term

MAX_POINT = 60  # characters of a point's body in a list
MAX_TITLE = 200  # characters of a title or heading in a list; an article's own page shows all


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as a list shows it, every text made once: a line here costs less than a template's node."""

    address: str
    title: str
    source: Source | None
    published_at: datetime  # the desk's own time
    published: str
    original: str  # when the original appeared
    origin: str  # who stands behind the event summary, and in words
    label: str
    text: str
    points: list[tuple[str, str]]  # heading and body, cut short
    terms: list[Term]


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    entries: list[Entry]


def entries(articles: Iterable[Article], terms: dict[int, dict[str, list[Term]]]) -> list[Entry]:
    return [entry(article, few(terms[article.pk])) for article in articles]


def entry(article: Article, terms: list[Term]) -> Entry:
    published_at = timezone.localtime(article.published_at)
    summary = getattr(article, "event_summary", None)
    return Entry(
        address=article.get_absolute_url(),
        title=short(article.title),
        source=article.source,
        published_at=published_at,
        published=written(published_at.date(), get_language()),
        original=original(article),
        origin=summary.origin if summary else "",
        label=summary.get_origin_display() if summary else "",
        text=brief(article),
        points=[(short(point.heading), clip(point.body)) for point in article.points.all()],
        terms=terms,
    )


def original(article: Article) -> str:
    """When the original appeared, and how that is known unless it was given."""
    if not article.source_date:
        return ""
    date = written(article.source_date, get_language())
    if article.source_date_origin == DateOrigin.GIVEN:
        return _("original of %(date)s") % {"date": date}
    origin = article.get_source_date_origin_display()
    return _("original of %(date)s (%(origin)s)") % {"date": date, "origin": origin}


@lru_cache(maxsize=1000)
def written(day: date, language: str) -> str:
    """The day in words. A list has dozens of them, most of them the same."""
    return date_format(day, "DATE_FORMAT")


def brief(article: Article) -> str:
    """A few sentences on the article: the desk's own, else what its source allows."""
    summary = getattr(article, "event_summary", None)
    return cut(summary.intro) if summary and summary.intro else shown(article, brief=True).text


def short(text: str) -> str:
    return text if len(text) <= MAX_TITLE else Truncator(text).chars(MAX_TITLE)


def clip(text: str) -> str:
    """So much of a point's body that it is worth reading in a list."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_POINT else Truncator(text).chars(MAX_POINT, truncate="……")


def few(terms: dict[str, list[Term]]) -> list[Term]:
    """Some of each vocabulary: every link costs rendering time, and a reader takes in no more."""
    return [*terms["technology"][:4], *terms["industry"][:2], *terms["keyword"]][:7]


def days(of: Iterable[Entry]) -> list[Day]:
    by_day = groupby(of, key=lambda entry: entry.published_at.date())
    return [Day(day, list(group)) for day, group in by_day]
