"""Snapshot to rows: make an article say what a snapshot says. Status and times are the workflow's: never written here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from articles import links
from articles.identity import text_hash
from articles.models import (
    TERM_FIELDS,
    VOCABULARY_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    Origin,
    Revision,
    Source,
    TermLink,
)
from articles.revisions import Snapshot
from newsroom.sql import run
from taxonomy import homes, names
from taxonomy.models import Term

PLAIN = (
    "title",
    "url",
    "also_at",
    "summary",
    "source_date",
    "source_date_origin",
    "extra",
    "excerpt",
    "reuse",
)
EVENT_TEXTS = ("intro", "points", "conclusion")
EVENT = (*EVENT_TEXTS, "origin")
# All that a person or a seed can say of an article; what a restored version brings back.
CONTENT = (*PLAIN, "source", *TERM_FIELDS, *EVENT)


class Taken(Exception):
    """Another article has this link already; `article` is that one."""

    def __init__(self, article: Article) -> None:
        text = _("Another article has this link: #%(number)d %(title)s")
        super().__init__(text % {"number": article.pk, "title": article})
        self.article = article


def content(snapshot: Snapshot) -> dict[str, Any]:
    """The part of it that a person or a seed can say; an old snapshot may lack some of it."""
    return {name: snapshot[name] for name in CONTENT if name in snapshot}


def draft_content(snapshot: Snapshot) -> dict[str, Any]:
    """The same of a draft, with the base that an import's draft brings along."""
    return content(snapshot) | ({"base": snapshot["base"]} if "base" in snapshot else {})


def origin(before: Snapshot, after: Snapshot, *, verified: bool) -> str:
    """Who stands behind the event summary now. To verify is an act; to change a text undoes it, unless done again."""
    if verified:
        return Origin.VERIFIED.value
    changed = any((before.get(name) or None) != (after.get(name) or None) for name in EVENT_TEXTS)
    return Origin.EDITED.value if changed else before["origin"]


def at_home(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Terms that were moved to another vocabulary stand there, if the content speaks of all of them."""
    if not content.keys() >= TERM_FIELDS.keys():
        return content
    spelled = {vocabulary: content[field] for vocabulary, field in VOCABULARY_FIELDS.items()}
    found = homes.at_home(spelled, homes.homes(spelled))
    return {**content, **{VOCABULARY_FIELDS[vocabulary]: names for vocabulary, names in found.items()}}


def close_draft(article: Article, draft: Revision) -> None:
    """The draft is decided. What an import wanted with it counts as seen: its base becomes the article's."""
    Revision.objects.filter(pk=draft.pk).update(pending=False)
    if "base" in draft.snapshot:
        Article.objects.filter(pk=article.pk).update(base=draft.snapshot["base"])


def write(article: Article, content: Mapping[str, Any]) -> None:
    """Write these parts of the article. The caller has its row locked, and writes the revision.

    `content` has the shape of a snapshot; what it leaves out stays. Raises Taken.
    """
    content = at_home(content)
    fields = {name: content[name] for name in PLAIN if name in content}
    if "url" in fields:
        fields["url_key"] = _free(article, links.canonical(fields["url"]))
    if "summary" in fields:
        fields["text_hash"] = text_hash(fields["summary"])
    if "source" in content:
        fields["source"] = _source(content["source"])
    if fields:
        _update(article, fields)
    for name in TERM_FIELDS:
        if name in content:
            write_terms(article, name, content[name])
    _write_event(article, content)


def _free(article: Article, url_key: str | None) -> str | None:
    other = url_key and Article.objects.filter(url_key=url_key).exclude(pk=article.pk).only("title").first()
    if other:
        raise Taken(other)
    return url_key


def _update(article: Article, fields: dict[str, Any]) -> None:
    """Raises Taken also for a link that another took in this moment."""
    try:
        with transaction.atomic():
            Article.objects.filter(pk=article.pk).update(**fields)
    except IntegrityError as error:
        if "url_key" not in fields:
            raise
        _free(article, fields["url_key"])
        raise error


def _source(host: str | None) -> Source | None:
    return Source.objects.for_hosts([host])[host] if host else None


# --- event summary --------------------------------------------------------------------------------


def _write_event(article: Article, content: Mapping[str, Any]) -> None:
    texts = {name: content[name] for name in ("intro", "conclusion", "origin") if name in content}
    # One that is there keeps what was delivered; without any text there need be none.
    mine = EventSummary.objects.filter(article=article)
    there = mine.update(**texts) if texts else mine.exists()
    if not there and any(content.get(name) for name in EVENT_TEXTS):
        EventSummary.objects.create(article=article, **texts)
    if "points" in content:
        _write_points(article, content["points"])


def _write_points(article: Article, points: Sequence[Mapping[str, str]]) -> None:
    """A point that stays at its place keeps its row."""
    wanted = [(point["heading"], point["body"]) for point in points]
    stored = {point.position: point for point in EventPoint.objects.filter(article=article)}
    changed = []
    for place, (heading, body) in enumerate(wanted, start=1):
        point = stored.pop(place, None) or EventPoint(article=article, position=place)
        if point.pk is None or (point.heading, point.body) != (heading, body):
            point.heading, point.body = heading, body
            changed.append(point)
    if stored:
        EventPoint.objects.filter(article=article, position__gt=len(wanted)).delete()
    _rewrite_points([point for point in changed if point.pk])
    EventPoint.objects.bulk_create([point for point in changed if point.pk is None])


REWRITE_POINTS = """
UPDATE articles_eventpoint p SET heading = v.heading, body = v.body
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS v (id, heading, body) WHERE p.id = v.id
"""


def _rewrite_points(points: Sequence[EventPoint]) -> None:
    """One in front of thousands moves all of them on: `bulk_update` would take minutes for that."""
    if points:
        rows = [(point.pk, point.heading, point.body) for point in points]
        run(REWRITE_POINTS, *(list(column) for column in zip(*rows, strict=True)))


# --- terms ----------------------------------------------------------------------------------------


def write_terms(article: Article, field: str, spellings: Iterable[str]) -> None:
    """Make these the article's terms, in this order; a spelling that no term knows becomes a confirmed term.

    A term that stays keeps the spelling it came in. The number of statements does not depend on how many there are.
    """
    link = TERM_FIELDS[field]
    link.tag_model().objects.hold()
    present = {row.tag_id: row for row in link.objects.filter(content_object=article)}
    wanted = _rows(link, article, spellings, present)
    if gone := present.keys() - wanted.keys():
        link.objects.filter(content_object=article, tag__in=gone).delete()
    changed = [row for row in wanted.values() if not _same(row, present.get(row.tag_id))]
    link.objects.bulk_create(
        changed, update_conflicts=True, update_fields=["position"], unique_fields=["tag", "content_object"]
    )


def _same(row: TermLink, present: TermLink | None) -> bool:
    return present is not None and row.position == present.position


def _rows(
    link: type[TermLink], article: Article, spellings: Iterable[str], present: Mapping[int, TermLink]
) -> dict[int, TermLink]:
    spelled: dict[int, str] = {}
    for spelling, term in _terms(link, list(spellings)):
        spelled.setdefault(term.pk, present[term.pk].raw if term.pk in present else spelling)
    return {
        term: link(tag_id=term, content_object=article, raw=raw[: names.MAX_NAME], position=place)
        for place, (term, raw) in enumerate(spelled.items(), start=1)  # as the importer counts
    }


def _terms(link: type[TermLink], spellings: list[str]) -> Iterable[tuple[str, Term]]:
    vocabulary: type[Term] = link.tag_model()
    known = vocabulary.objects.resolve(spellings)
    new = [spelling for spelling in spellings if spelling not in known]
    if new:
        made = vocabulary.objects.resolve(new, create=True)
        vocabulary.objects.filter(pk__in=[term.pk for term in made.values()]).update(confirmed=True)
        known |= made
    return [(spelling, known[spelling]) for spelling in spellings if spelling in known]
