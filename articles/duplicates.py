"""Texts that are nearly the same: found by a machine, decided by a person.

Finding: a text that is new or another one waits in a queue. Its bands lead to the few articles that share one, and only
the true likeness of the texts makes two of them a pair. Nothing is hidden or merged by that.
Deciding: two articles are joined, one of them staying, or the pair is dismissed for good. Both can be taken back.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import editing, revisions, similarity, workflow
from articles.models import (
    OUT_OF_USE,
    TERM_FIELDS,
    Article,
    Decision,
    DuplicatePair,
    LikenessQueue,
    RevisionKind,
    Status,
)
from articles.revisions import Snapshot
from newsroom.refusal import Refused
from newsroom.sql import fetch, run

CHUNK = 100  # articles that are looked at together
LOCK = 0x616C696B  # "alik": who looks must see what others have found
PAUSE = 0.5  # seconds, while somebody else looks
NEAREST = 10  # articles looked at for a band, on either side: any number may share one
MOST = 10  # pairs of an article that are kept, the most alike
KEPT = 64  # texts whose triples are in memory
CHAIN = 10  # articles joined one to another

# --- finding --------------------------------------------------------------------------------------


def run_next() -> bool:
    """Look at the next articles that wait; False if none does, or somebody else is looking."""
    return _look_at_next() > 0


def _look_at_next() -> int:
    with transaction.atomic():
        [(locked,)] = fetch("SELECT pg_try_advisory_xact_lock(%s)", LOCK)
        if not locked:
            return 0
        taken = fetch(TAKE, chunk=CHUNK)
        _look(sorted({article for (article,) in taken}))
    return len(taken)


def find_all(progress: Callable[[int, int], None] = lambda waiting, done: None) -> int:
    """Look at all that waits, while the worker may do the same; return how much that was."""
    waiting = left = LikenessQueue.objects.count()
    while left:
        looked_at = _look_at_next()
        if not looked_at:
            time.sleep(PAUSE)
        left -= looked_at
        if left <= 0 or not looked_at:  # counting a million takes longer than looking at the next hundred
            left = LikenessQueue.objects.count()
        progress(waiting, max(0, waiting - left))
    return waiting


def queue_all() -> None:
    """Let every article be looked at again. What has been decided stays."""
    with transaction.atomic():
        run("TRUNCATE articles_likeness, articles_likenessqueue")
        run(QUEUE_ALL)


TAKE = """
DELETE FROM articles_likenessqueue WHERE id IN (SELECT id FROM articles_likenessqueue ORDER BY id LIMIT %(chunk)s)
RETURNING article_id
"""
QUEUE_ALL = """
INSERT INTO articles_likenessqueue (article_id)
SELECT id FROM articles_article WHERE text_hash IS NOT NULL ORDER BY id
"""
SHARING = """
SELECT DISTINCT least(mine.article, other.article_id), greatest(mine.article, other.article_id)
FROM unnest(%(articles)s::bigint[], %(bands)s::int[]) AS mine (article, band)
CROSS JOIN LATERAL (
    (SELECT article_id FROM articles_likeness WHERE band = mine.band AND article_id < mine.article
     ORDER BY article_id DESC LIMIT %(nearest)s)
    UNION ALL
    (SELECT article_id FROM articles_likeness WHERE band = mine.band AND article_id > mine.article
     ORDER BY article_id LIMIT %(nearest)s)
) AS other
"""
NOTE = """
INSERT INTO articles_likeness (article_id, band)
SELECT DISTINCT * FROM unnest(%(articles)s::bigint[], %(bands)s::int[]) ON CONFLICT DO NOTHING
"""
KEEP = """
INSERT INTO articles_duplicatepair (low_id, high_id, similarity)
SELECT * FROM unnest(%(low)s::bigint[], %(high)s::bigint[], %(similarity)s::float[])
ON CONFLICT (low_id, high_id) DO UPDATE SET similarity = excluded.similarity
WHERE articles_duplicatepair.decision = ''
"""

Pair = tuple[int, int]  # ids of articles, the lower first


def _look(articles: list[int]) -> None:
    """Note the bands of these articles, and which others are like them."""
    texts = _Texts()
    texts.load(articles)
    found = [(pk, band) for pk in articles for band in similarity.bands(texts.triples(pk))]
    columns = {"articles": [pk for pk, _band in found], "bands": [band for _pk, band in found]}
    run(NOTE, **columns)
    pairs = {*fetch(SHARING, **columns, nearest=NEAREST)}
    waiting = DuplicatePair.objects.of(*articles).filter(decision="")
    known = {(low, high): pk for pk, low, high in waiting.values_list("pk", "low", "high")}
    alike = _alike(_without_joined(pairs | known.keys()), texts)
    DuplicatePair.objects.filter(
        pk__in=[pk for pair, pk in known.items() if pair not in alike], decision=""
    ).delete()
    low, high = ([pair[side] for pair in alike] for side in (0, 1))
    run(KEEP, low=low, high=high, similarity=list(alike.values()))


def _alike(pairs: Collection[Pair], texts: "_Texts") -> dict[Pair, float]:
    """Those that are alike indeed, and how much."""
    texts.load({article for pair in pairs for article in pair})
    measured = {
        (low, high): similarity.likeness(texts.triples(low), texts.triples(high))
        for low, high in sorted(pairs)
    }
    alike: dict[Pair, float] = {}
    number: Counter[int] = Counter()
    for pair, likeness in sorted(measured.items(), key=lambda one: -one[1]):
        if likeness >= similarity.ALIKE and all(number[article] < MOST for article in pair):
            alike[pair] = likeness
            number.update(pair)
    return alike


class _Texts:
    """What is compared of articles; of the last few the triples are kept. An article that is gone says nothing."""

    def __init__(self) -> None:
        self.openings: dict[int, str] = {}
        self.triples = lru_cache(maxsize=KEPT)(lambda pk: similarity.triples(self.openings.get(pk, "")))

    def load(self, articles: Iterable[int]) -> None:
        missing = [pk for pk in articles if pk not in self.openings]
        found = Article.objects.filter(pk__in=missing).order_by()
        self.openings.update(found.values_list("pk", Left("summary", similarity.LOOKED_AT)))


def _without_joined(pairs: Collection[Pair]) -> set[Pair]:
    """What was joined to another article is out of the question, as long as it is out of use."""
    articles = {article for pair in pairs for article in pair}
    joined = DuplicatePair.objects.of(*articles).filter(decision=Decision.JOINED)
    gone = {pair.gone for pair in joined} & articles
    away = set(Article.objects.filter(pk__in=gone, status__in=OUT_OF_USE).values_list("pk", flat=True))
    return {pair for pair in pairs if away.isdisjoint(pair)}


# --- deciding -------------------------------------------------------------------------------------


@transaction.atomic
def join(
    pair: DuplicatePair, stays: Article, goes: Article, *, by: AbstractBaseUser | None, note: str = ""
) -> None:
    """One of the two takes over the terms and the link of the other, which is declined or withdrawn.

    Corrections, notes and history stay where they are. Both articles are in the version that the person has seen.
    What is changed of a published text waits as its draft. Raises Refused, Stale.
    """
    _lock(pair, "")
    if {stays.pk, goes.pk} != {pair.low_id, pair.high_id}:
        raise Refused(_("Choose which of the two articles stays."))
    before = goes.status
    if before in OUT_OF_USE:
        raise Refused(_("Article #%(number)d is out of use already.") % {"number": goes.pk})
    brought = _lacking(editing.text(stays), editing.text(goes))
    _add(stays, brought, by, _note(_("Joined with #%(number)d"), goes, note))
    _take_out(goes, by, _note(_("Joined with #%(number)d"), stays, note))
    DuplicatePair.objects.of(goes.pk).filter(decision="").exclude(pk=pair.pk).delete()
    LikenessQueue.objects.create(article_id=stays.pk)  # it may be like what the other was like
    _decide(pair, Decision.JOINED, by, kept=stays.pk, brought=brought | {"status": before})


@transaction.atomic
def separate(
    pair: DuplicatePair, stays: Article, goes: Article, *, by: AbstractBaseUser | None, note: str = ""
) -> None:
    """Take a join back: what it brought goes from the article that stayed, and the other is to do again.

    The pair waits for a decision as before. Raises Refused, Stale.
    """
    _lock(pair, Decision.JOINED)
    if (stays.pk, goes.pk) != (pair.kept, pair.gone):
        raise Refused(_("This has been decided meanwhile. Look at it again."))
    _remove(stays, pair.brought, by, _note(_("Separated from #%(number)d"), goes, note))
    if goes.status in OUT_OF_USE:
        workflow.reopen(goes, by=by, note=_note(_("Separated from #%(number)d"), stays, note))
    LikenessQueue.objects.create(article_id=goes.pk)
    _decide(pair, "", None, kept=None, brought={})


@transaction.atomic
def dismiss(pair: DuplicatePair, *, by: AbstractBaseUser | None) -> None:
    """They are not duplicates, and nobody is asked again. Raises Refused."""
    editing.check_right(by)
    _lock(pair, "")
    _decide(pair, Decision.DISMISSED, by)


@transaction.atomic
def ask_again(pair: DuplicatePair, *, by: AbstractBaseUser | None) -> None:
    """A dismissed pair waits for a decision again. Raises Refused."""
    editing.check_right(by)
    _lock(pair, Decision.DISMISSED)
    _decide(pair, "", None)


def survivor(article: int) -> int | None:
    """The article that this one was joined to, and that one in turn to another; None if it was not."""
    last = article
    for _time in range(CHAIN):
        joined = DuplicatePair.objects.of(last).filter(decision=Decision.JOINED).exclude(kept=last)
        kept = joined.order_by("-at").values_list("kept", flat=True).first()
        if kept is None:
            break
        last = kept
    return last if last != article else None


# --- how it is done -------------------------------------------------------------------------------


def _lock(pair: DuplicatePair, decision: str) -> None:
    if not DuplicatePair.objects.select_for_update().filter(pk=pair.pk, decision=decision).exists():
        raise Refused(_("This has been decided meanwhile. Look at it again."))
    # In the order of their ids, as imports lock them.
    both = Article.objects.filter(pk__in=[pair.low_id, pair.high_id]).order_by("pk")
    list(both.select_for_update().values_list("pk"))


def _decide(pair: DuplicatePair, decision: str, by: AbstractBaseUser | None, **fields: Any) -> None:
    fields |= {"decision": decision, "by": by, "at": timezone.now() if decision else None}
    for name, value in fields.items():
        setattr(pair, name, value)
    pair.save(update_fields=list(fields))


def _note(text: str, other: Article, note: str) -> str:
    said = text % {"number": other.pk}
    return f"{said}: {note}" if note else said


def _lacking(stays: Snapshot, goes: Snapshot) -> dict[str, list[str]]:
    """What the article that goes has and the other lacks: terms by field, and links."""
    found = {field: [name for name in goes[field] if name not in stays[field]] for field in TERM_FIELDS}
    known = {stays["url"], *stays["also_at"]}
    found["also_at"] = [
        link for link in dict.fromkeys([goes["url"], *goes["also_at"]]) if link and link not in known
    ]
    return found


def _add(article: Article, brought: dict[str, list[str]], by: AbstractBaseUser | None, note: str) -> None:
    text = editing.text(article)
    _save(article, {name: [*text[name], *more] for name, more in brought.items() if more}, by, note)


def _remove(article: Article, brought: dict[str, Any], by: AbstractBaseUser | None, note: str) -> None:
    """As far as it is still there; a term that was renamed or merged since goes under the name that it has today."""
    text = editing.text(article)
    gone = {"also_at": set(brought["also_at"])}
    for field, model in TERM_FIELDS.items():
        known = model.tag_model().objects.resolve(brought[field])
        gone[field] = {known[name].name if name in known else name for name in brought[field]}
    changes = {name: [one for one in text[name] if one not in names] for name, names in gone.items()}
    _save(article, {name: kept for name, kept in changes.items() if kept != text[name]}, by, note)


def _save(article: Article, changes: Snapshot, by: AbstractBaseUser | None, note: str) -> None:
    """The history says so even where nothing else changed."""
    if editing.save(article, changes, by=by, note=note) is None:
        revisions.record([article.pk], kind=RevisionKind.WORKFLOW, by=by, note=note, verb="join")


def _take_out(article: Article, by: AbstractBaseUser | None, reason: str) -> None:
    if article.status == Status.PUBLISHED:
        workflow.withdraw(article, by=by, reason=reason)
    else:
        workflow.decline(article, by=by, reason=reason)
