"""An article as its own page shows it: read in one statement, judged and rendered once.

What is kept is kept under the content it was made from, as the entries of lists are: nothing has to be invalidated.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import BigAutoField, F, FloatField, Func, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.template import Context, Engine, Template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from articles.listing import ListedTerm, Publisher, article_address, original
from articles.models import (
    LINKS,
    TERM_FIELDS,
    VOCABULARY_FIELDS,
    Article,
    Correction,
    EventPoint,
    Origin,
    Reuse,
    Source,
)
from articles.revisions import Snapshot
from articles.rights import Point, Shown, shown
from articles.statements import Statement, lines, terms
from taxonomy.models import is_public

# On a page: an article of 30,000 points must not make one of 20 MB.
LIMITS = {"points": 500, **dict.fromkeys(VOCABULARY_FIELDS.values(), 200)}
CORRECTIONS = 20  # on a page, the latest
KEPT = 1_000  # pages, some 20 kB each, and
MAX_KEPT = 20_000  # characters of an article whose page is kept: all together never take more than 100 MB


class Several(tuple):
    """What belongs to an article, read already; templates and rights ask for `all()` as of any relation."""

    __slots__ = ()

    def all(self) -> "Several":
        return self


class Summary(NamedTuple):
    """The event summary, but for its points."""

    intro: str
    conclusion: str
    origin: str

    def get_origin_display(self) -> str:
        return str(Origin(self.origin).label)


class Notice(NamedTuple):
    """A correction that stands."""

    pk: int
    at: datetime
    wrong: str
    right: str


class NewTerm(NamedTuple):
    """A term that a draft names and that is not there yet: it has no page to lead to."""

    vocabulary: str
    name: str

    pk = 0

    @property
    def html(self) -> SafeString:
        return format_html('<li class="{}">{}</li>', self.vocabulary, self.name)


class Story(NamedTuple):
    """All of an article that its page shows. To `rights.shown` and to templates it is the article."""

    pk: int
    title: str
    url: str
    also_at: tuple[str, ...]
    source: Publisher | None
    source_date: date | None
    source_date_origin: str
    published_at: datetime | None
    updated_at: datetime
    reuse: str
    excerpt: str
    summary: str
    event_summary: Summary | None
    corrections: Several  # of Notice
    points: Several  # of Point
    technologies: Several  # of ListedTerm
    industries: Several
    keywords: Several
    cut: tuple[str, ...]  # which of these four have more than is here
    more: tuple[tuple[str, int], ...] = ()  # how many more, where that is known already

    slug = Article.slug

    def get_absolute_url(self) -> str:
        return article_address(self.pk, self.slug)

    @property
    def intro(self) -> str:
        return self.event_summary.intro if self.event_summary else ""


# --- reading --------------------------------------------------------------------------------------

_points = lines(
    EventPoint.objects.filter(article=OuterRef("pk")).order_by("position")[: LIMITS["points"] + 1],
    Cast("position", TextField()),
    F("heading"),
    F("body"),
)
_moment = Func("at", template="extract(epoch FROM %(expressions)s)", output_field=FloatField())
_standing = Correction.objects.filter(retracted_at=None)
_corrections = lines(
    _standing.filter(article=OuterRef("pk")).order_by("-at", "-id")[:CORRECTIONS],
    *(Cast("pk", TextField()), Cast(_moment, TextField()), F("wrong"), F("right")),
)
# One more of each than is shown tells whether there are more.
_COLUMNS = [
    *("pk", "title", "url", "also_at", "source_date", "source_date_origin", "published_at", "updated_at"),
    *("reuse", "excerpt", "summary", "source__host", "source__name", "source__reuse"),
    *("event_summary__intro", "event_summary__conclusion", "event_summary__origin"),
    *(_corrections, _points),
    *(terms(vocabulary, LIMITS[field] + 1) for vocabulary, field in VOCABULARY_FIELDS.items()),
]
_public = Statement(Article.objects.published, _COLUMNS)
_any = Statement(Article.objects.all, _COLUMNS)


def public(pk: int) -> Story | None:
    return _told(_public.row(pk)) if pk <= BigAutoField.MAX_BIGINT else None


def several(pks: Collection[int]) -> dict[int, Story]:
    """Those of them that are public, by id."""
    return {story.pk: story for story in (_story(*values) for values in _public.rows(pks))} if pks else {}


def whatever_its_state(pk: int) -> Story | None:
    """For the desk: the caller has asked for the right to see it."""
    return _told(_any.row(pk))


def _told(row: tuple[Any, ...] | None) -> Story | None:
    return _story(*row) if row else None


def _story(
    pk: int,
    title: str,
    url: str,
    also_at: str,
    source_date: date | None,
    source_date_origin: str,
    published_at: datetime | None,
    updated_at: datetime,
    reuse: str,
    excerpt: str,
    summary: str,
    host: str | None,
    name: str,
    source_reuse: str,
    intro: str | None,
    conclusion: str,
    origin: str,
    corrections: list[list[str]],
    points: list[list[str]],
    *vocabularies: list[list[str]],
) -> Story:
    terms = [
        [ListedTerm(kind, int(key), name, slug) for kind, key, name, slug in found] for found in vocabularies
    ]
    several = [[Point(int(position), heading, body) for position, heading, body in points], *terms]
    return Story(
        pk,
        title,
        url,
        tuple(json.loads(also_at)),
        Publisher(host, name, source_reuse) if host else None,
        source_date,
        source_date_origin,
        published_at,
        updated_at,
        reuse,
        excerpt,
        summary,
        None if intro is None else Summary(intro, conclusion, origin),
        Several(
            Notice(int(key), datetime.fromtimestamp(float(at), UTC), wrong, right)
            for key, at, wrong, right in corrections
        ),
        *(Several(all_of_them[: LIMITS[field]]) for all_of_them, field in zip(several, LIMITS, strict=True)),
        cut=tuple(
            field
            for all_of_them, field in zip(several, LIMITS, strict=True)
            if len(all_of_them) > LIMITS[field]
        ),
    )


# --- what it would say -----------------------------------------------------------------------------


def of_snapshot(article: Article, said: Snapshot) -> Story:
    """The article as if it said this: a draft, or an earlier version. Nothing is written.

    Its terms and source are those of today. A constant number of statements.
    """
    parts: dict[str, Sequence[Any]] = {"points": _said_points(said)}
    parts |= {
        field: _named(vocabulary, said.get(field) or ()) for vocabulary, field in VOCABULARY_FIELDS.items()
    }
    day = said.get("source_date")
    texts = [said.get(name) or "" for name in ("intro", "conclusion")]
    has_summary = any(texts) or bool(parts["points"])
    notices = _standing.filter(article=article.pk).order_by("-at", "-pk")[:CORRECTIONS]
    return Story(
        article.pk,
        said["title"],
        said.get("url") or "",
        tuple(said.get("also_at") or ()),
        _publisher(article, said),
        date.fromisoformat(day) if day else None,
        said.get("source_date_origin") or "",
        article.published_at,
        article.updated_at,
        said.get("reuse") or "",
        said.get("excerpt") or "",
        said.get("summary") or "",
        Summary(*texts, said.get("origin") or Origin.MACHINE.value) if has_summary else None,
        Several(Notice(*values) for values in notices.values_list("pk", "at", "wrong", "right")),
        *(Several(parts[field][:limit]) for field, limit in LIMITS.items()),
        cut=(),
        more=_surplus(parts),
    )


def _said_points(said: Snapshot) -> list[Point]:
    return [
        Point(position, point.get("heading") or "", point.get("body") or "")
        for position, point in enumerate(said.get("points") or (), start=1)
    ]


def _named(vocabulary: str, names: Collection[str]) -> list[ListedTerm | NewTerm]:
    """The terms of these names, each once, under the names they have today; those that are not public are left out."""
    known = LINKS[vocabulary].tag_model().objects.resolve(names)
    found = (
        ListedTerm(vocabulary, known[name].pk, known[name].name, known[name].slug)
        if name in known
        else NewTerm(vocabulary, name)
        for name in names
        if name not in known or known[name].is_public
    )
    return list(dict.fromkeys(found))


def _publisher(article: Article, said: Snapshot) -> Publisher | None:
    """A version from the time when versions had no source has today's."""
    host = said.get("source", article.source and article.source.host)
    if not host:
        return None
    known = Source.objects.filter(host=host).values_list("host", "name", "reuse").first()
    return Publisher(*(known or (host, "", Reuse.EXCERPT)))


def _surplus(parts: Mapping[str, Sequence[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (field, len(parts[field]) - limit) for field, limit in LIMITS.items() if len(parts[field]) > limit
    )


# --- showing --------------------------------------------------------------------------------------


class Page(NamedTuple):
    """The part of a page that depends on nothing but the article's own content."""

    shown: Shown  # what of it readers may see
    html: SafeString


def page(story: Story) -> Page:
    """Looking for quotations and rendering a long text take longer than all the rest: done once, then kept."""
    template = Engine.get_default().get_template("_story.html")
    more = tuple(beyond(story).items())
    return (_kept if _size(story) <= MAX_KEPT else _made)(template, story, more, get_language())


_NOTHING = dict.fromkeys(LIMITS, 0)  # what a template looks for in vain costs it twice what it finds


def _made(template: Template, story: Story, more: tuple[tuple[str, int], ...], language: str) -> Page:
    seen = shown(story)
    context = {"article": story, "shown": seen, "original": original(story), "beyond": _NOTHING | dict(more)}
    return Page(seen, template.render(Context(context)))


_kept = lru_cache(maxsize=KEPT)(_made)


def _size(story: Story) -> int:
    passages = sum(len(point.heading) + len(point.body) for point in story.points)
    passages += sum(len(notice.wrong) + len(notice.right) for notice in story.corrections)
    return len(story.title) + len(story.summary) + passages + sum(map(len, story.event_summary or ()))


def beyond(story: Story) -> dict[str, int]:
    """How many points, technologies … the article has beyond those at hand; nothing where these are all.

    A statement for each: counted only where somebody went to such lengths.
    """
    return dict(story.more) | {field: _all_of(story, field).count() - LIMITS[field] for field in story.cut}


def _all_of(story: Story, field: str) -> QuerySet:
    if field == "points":
        return EventPoint.objects.filter(article=story.pk)
    return TERM_FIELDS[field].objects.filter(is_public("tag__"), content_object=story.pk)
