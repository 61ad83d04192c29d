"""Which articles of a batch nobody has touched since it left them, or since it was undone; and why the others stay."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import teamwork
from articles.images import STATE
from articles.imprints import CREATED
from articles.models import (
    TERM_FIELDS,
    Article,
    DuplicatePair,
    EventPoint,
    EventSummary,
    ImportRow,
    OpenArticle,
    Revision,
    Status,
)
from newsroom.sql import fetch

# What belongs to an article and goes with it. Whatever else names one is somebody's work, and keeps it.
OWN = {DuplicatePair, EventSummary, EventPoint, Revision, ImportRow, OpenArticle, *TERM_FIELDS.values()}
SHOWN = 80  # characters of a title


@dataclass(frozen=True, slots=True)
class Kept:
    article: int
    title: str
    reason: str


@dataclass
class Verdict:
    """Ids of imprints: of articles that the batch created, and of those that it changed."""

    created: list[int | None] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)


class Facts(NamedTuple):
    imprint: int | None
    article: int
    created: bool  # by the batch
    title: str | None  # None: the article is not there
    status: str | None
    found_status: str | None  # as the batch found it
    moved_on: bool  # not in the state that the batch, or undoing it, left
    later: int | None  # the batch that has written it since
    by: int | None  # who wrote its last revision
    assigned_to: int | None
    decided: bool  # a conflict of this batch
    key_owner: int | None  # another article that has its key by now, or its link
    link_owner: int | None
    forgotten: bool  # what it said before the batch


# `side` is where the image is that would be written. What is not there is told by it.
FACTS = """
SELECT i.id, i.object_id, i.before IS NULL,
    left(CASE WHEN {back} AND i.before IS NULL THEN i.after->'article'->>'title' ELSE a.title END, {shown}),
    a.status, i.before->'article'->>'status', {moved_on},
    (SELECT min(j.batch_id) FROM articles_imprint j
     WHERE j.object_id = i.object_id AND j.kind = 'article' AND j.batch_id <> i.batch_id
     AND j.before IS NOT NULL AND j.after IS NULL AND (i.before IS NULL OR j.id > i.id)),
    (SELECT v.by_id FROM articles_revision v WHERE v.article_id = a.id ORDER BY v.number DESC LIMIT 1),
    a.assigned_to_id,
    EXISTS (SELECT FROM articles_importrow r WHERE r.article_id = i.object_id AND r.batch_id = i.batch_id
            AND jsonb_path_exists(r.conflicts, '$.*.decision')),
    (SELECT o.id FROM articles_article o
     WHERE o.record_key = (i.{side}->'article'->>'record_key')::uuid AND o.id <> i.object_id),
    (SELECT o.id FROM articles_article o
     WHERE o.url_key = i.{side}->'article'->>'url_key' AND o.id <> i.object_id),
    i.before IS NOT NULL AND i.before->'article' IS NULL
FROM ({imprints}) i LEFT JOIN articles_article a ON a.id = i.object_id
ORDER BY i.id
"""
IMPRINTS = "SELECT * FROM articles_imprint WHERE id = ANY(%(ids)s)"
# As they will be, of articles that a batch only created: they are made when it is undone.
BROUGHT = f"""SELECT DISTINCT NULL::bigint AS id, r.batch_id, r.article_id AS object_id,
    NULL::jsonb AS before, NULL::jsonb AS after, NULL::uuid AS found_state, NULL::uuid AS left_state
FROM articles_importrow r WHERE r.id = ANY(%(ids)s) AND {CREATED} AND NOT EXISTS (SELECT FROM articles_imprint n
    WHERE n.batch_id = r.batch_id AND n.kind = 'article' AND n.object_id = r.article_id)"""
LEFT_BEHIND = f"""CASE WHEN i.left_state IS NULL
    THEN EXISTS (SELECT FROM articles_revision v WHERE v.article_id = a.id)
    ELSE i.left_state IS DISTINCT FROM {STATE} END"""
FOUND = f"i.found_state IS DISTINCT FROM {STATE}"


def to_undo(ids: Sequence[int]) -> Verdict:
    """Of these imprints, none of which is undone."""
    return _to_undo(IMPRINTS, ids)


def to_undo_brought(ids: Sequence[int]) -> Verdict:
    """Of the articles that these rows brought, as far as they have no imprint yet: the verdict only counts them."""
    return _to_undo(BROUGHT, ids)


def _to_undo(imprints: str, ids: Sequence[int]) -> Verdict:
    facts = _facts(
        FACTS.format(back="false", shown=SHOWN, moved_on=LEFT_BEHIND, side="before", imprints=imprints), ids
    )
    used = _used([fact.article for fact in facts if fact.created])
    names = _names(fact.by for fact in facts if fact.moved_on)
    return _judged(
        facts,
        lambda fact: _why_not_undo(fact, names) or (used.get(fact.article, "") if fact.created else ""),
    )


def to_redo(ids: Sequence[int]) -> Verdict:
    """Of these imprints, all of which are undone."""
    facts = _facts(
        FACTS.format(back="true", shown=SHOWN, moved_on=FOUND, side="after", imprints=IMPRINTS), ids
    )
    return _judged(facts, _why_not_redo)


def _facts(statement: str, ids: Sequence[int]) -> list[Facts]:
    return [Facts(*row) for row in fetch(statement, ids=list(ids))] if ids else []


def _judged(facts: Iterable[Facts], why_not: Callable[[Facts], str]) -> Verdict:
    """What is in the way of another may itself go: whether it does is known when all else is."""
    reasons = {fact: why_not(fact) for fact in facts}
    going = {fact.article for fact, reason in reasons.items() if not reason}
    while blocked := {
        fact: _taken(fact)
        for fact, reason in reasons.items()
        if not reason and {fact.key_owner, fact.link_owner} - going - {None}
    }:
        reasons |= blocked
        going -= {fact.article for fact in blocked}
    verdict = Verdict()
    for fact, reason in reasons.items():
        if reason:
            verdict.kept.append(Kept(fact.article, fact.title or "", reason))
        else:
            (verdict.created if fact.created else verdict.changed).append(fact.imprint)
    return verdict


# --- reasons --------------------------------------------------------------------------------------


def _why_not_undo(fact: Facts, names: Mapping[int, str]) -> str:
    if fact.title is None:
        return _("It is no longer there.")
    if fact.forgotten:
        return _("It was changed so long ago that what it said before is no longer kept.")
    if fact.later:
        return _changed_by_batch(fact.later)
    if fact.status == Status.PUBLISHED and fact.found_status != Status.PUBLISHED:
        return _("It is published.")
    if fact.created and fact.status == Status.WITHDRAWN:
        return _("It has been published: its address still tells readers that it was withdrawn.")
    if fact.moved_on:
        return _("It was changed by %(who)s.") % {"who": names.get(fact.by) or _("a command")}
    if fact.decided:
        return _("A conflict with this import has been decided.")
    return _("It is assigned to somebody.") if fact.created and fact.assigned_to else ""


def _why_not_redo(fact: Facts) -> str:
    if fact.created:
        return ""
    if fact.title is None:
        return _("It is no longer there.")
    if fact.later:
        return _changed_by_batch(fact.later)
    if fact.moved_on:
        return _("It was changed after the undoing, or an earlier batch is still undone.")
    return ""


def _changed_by_batch(number: int) -> str:
    return _("It was changed by batch #%(number)d.") % {"number": number}


def _taken(fact: Facts) -> str:
    if fact.key_owner:
        return _("The record has come in again: #%(number)d.") % {"number": fact.key_owner}
    return _("Another article has its link by now: #%(number)d.") % {"number": fact.link_owner}


def _names(people: Iterable[int | None]) -> dict[int, str]:
    found = get_user_model().objects.in_bulk({pk for pk in people if pk})
    return {pk: teamwork.name(person) for pk, person in found.items()}


def _used(articles: list[int]) -> dict[int, str]:
    """Of these articles those on which the desk has left something, with the words for it."""
    used = {pk: _("Somebody has it open.") for pk in _open(articles)}
    for link in _links_of_others():
        rows = link.model._default_manager.filter(**{f"{link.name}__in": articles})
        words = _("It has %(things)s.") % {"things": link.model._meta.verbose_name_plural}
        used |= dict.fromkeys(rows.values_list(link.attname, flat=True), words)
    return used


def _open(articles: list[int]) -> Iterable[int]:
    since = timezone.now() - teamwork.PRESENT
    return OpenArticle.objects.filter(article__in=articles, at__gte=since).values_list(
        "article_id", flat=True
    )


def _links_of_others() -> Iterable[Field]:
    for relation in Article._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and relation.related_model not in OWN:
            yield relation.field
