"""Records whose article is there already: the seed's change is merged with the desk's work.

A published article stays as readers see it: the merge becomes its pending draft, and its base stays too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import F

from articles import imprints, links, revisions, rewriting
from articles.identity import text_hash
from articles.intake import Row
from articles.models import (
    TERM_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    ImportBatch,
    Origin,
    Outcome,
    Revision,
    RevisionKind,
    Source,
)
from articles.spellings import Spellings, Terms, at_home
from articles.storing import POINT_COLUMNS, point_rows, spelled_terms
from articles.threeway import Merged, merge_sequence, merge_set, merge_value
from newsroom.sql import as_json, copy_rows, run
from taxonomy.models import Term
from taxonomy.names import key

# The date and its origin are one value: who changes one has decided on both.
PLAIN_FIELDS = ("title", "url", "also_at", "summary", "extra", "intro", "conclusion")
NOTHING = {
    "title": "", "url": "", "also_at": [], "summary": "", "source_date": None, "source_date_origin": "", "extra": {},
    "keywords": [], "technologies": [], "industries": [], "intro": "", "points": [], "conclusion": "",
}  # fmt: skip


@dataclass
class Update:
    row: Row
    article: Article
    draft: Revision | None  # the one that waits: a person's, or an earlier import's
    published: revisions.Snapshot  # the article as it stands
    was: dict[str, Any] = field(default_factory=dict)  # what the seed said last time
    value: dict[str, Any] = field(default_factory=dict)  # the fields that change, in the shape of a snapshot
    base: dict[str, Any] = field(default_factory=dict)
    added: dict[str, list[Term]] = field(default_factory=dict)
    removed: dict[str, list[Term]] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.article.approved

    @cached_property
    def desk(self) -> revisions.Snapshot:
        """What the desk holds: the waiting draft of a live article, else the article as it stands."""
        return self.published | (
            rewriting.draft_content(self.draft.snapshot) if self.draft and self.live else {}
        )

    @property
    def is_settled(self) -> bool:
        """The seed has taken back what a draft of it wanted: it says what readers see."""
        return rewriting.content(self.as_draft) == rewriting.content(self.published)

    @property
    def merged(self) -> revisions.Snapshot:
        return self.desk | self.value

    @property
    def as_draft(self) -> revisions.Snapshot:
        """The merge as a draft; `base` goes along, to become the article's when the draft is decided."""
        source = _new_host(self)
        return self.merged | ({"source": source} if source else {}) | {"base": self.base}

    def take(self, name: str, merged: Merged, seed: Any, before: Any) -> None:
        """Note the outcome for one field: `merged` in the shape of a snapshot, like `seed` and `before`."""
        if merged.value != self.desk[name]:
            self.value[name] = merged.value
        self.base[name] = merged.base
        if merged.conflict:
            self.row.conflicts[name] = {"base": before, "desk": self.desk[name], "seed": seed}


def apply(batch: ImportBatch, rows: list[Row], terms: Terms, spellings: Spellings) -> None:
    """Merge the records of these rows into their articles, and set the rows' outcomes and conflicts.

    The caller has the articles locked. Where a draft waits, the seed's change is merged with it: what a person has
    drafted stays drafted.
    """
    updates = _load(rows)
    terms = _with_desk_terms(updates, terms, spellings)
    for update, was in zip(updates, at_home(list(map(_base, updates)), terms), strict=True):
        update.was = was
    by_id = {name: {term.pk: term for term in found.values()} for name, found in terms.items()}
    for update in updates:
        _merge(update, terms, by_id)
        update.row.outcome = _outcome(update)
    note = f"#{batch.pk}"
    live = [update for update in updates if update.live]
    # Where desk and seed agree nothing at all is written: the desk's work stays the desk's.
    direct = [update for update in updates if not update.live and (update.value or update.row.conflicts)]
    written = [update.article.pk for update in (*live, *direct)]
    imprints.note(batch, written)
    _write_drafts([update for update in live if update.value and not update.is_settled], note)
    _close_drafts([update for update in updates if update.draft and _done_with(update)])
    _write_hashes(live)
    _write_articles(batch, [update for update in direct if update.value], note)
    _write_bases(direct)
    imprints.settle(batch, written)


def _outcome(update: Update) -> Outcome:
    if update.row.conflicts:
        return Outcome.CONFLICT
    if update.live and update.is_settled:
        return Outcome.UNCHANGED
    return Outcome.UPDATED if update.value else Outcome.UNCHANGED


def _load(rows: list[Row]) -> list[Update]:
    by_id = {row.article_id: row for row in rows}
    drafts = {
        draft.article_id: draft
        for draft in Revision.objects.filter(article__in=by_id, pending=True).select_related("by")
    }
    articles = Article.objects.whole().filter(pk__in=by_id).order_by("pk")
    return [
        Update(by_id[article.pk], article, drafts.get(article.pk), revisions.snapshot(article))
        for article in articles
    ]


def _with_desk_terms(updates: list[Update], terms: Terms, spellings: Spellings) -> Terms:
    """The terms of all spellings that take part: the seed's are known, the base's and the desk's are looked up."""
    return {
        name: spellings.resolve(
            name, {spelling for update in updates for spelling in (*_base(update)[name], *update.desk[name])}
        )
        | terms[name]
        for name in TERM_FIELDS
    }


def _base(update: Update) -> dict[str, Any]:
    """A draft that an import has had a part in brings its own."""
    return NOTHING | (update.desk.get("base") or update.article.base or {})


def _merge(update: Update, terms: Terms, by_id: dict[str, dict[int, Term]]) -> None:
    base, desk, seed = update.was, update.desk, update.row.record.content
    for name in PLAIN_FIELDS:
        update.take(name, merge_value(base[name], desk[name], seed[name]), seed[name], base[name])
    _merge_date(update, base, desk, seed)
    _merge_points(update, base["points"], desk["points"], seed["points"])
    for name in TERM_FIELDS:
        _merge_terms(update, name, base[name], terms[name], by_id[name])
    if desk["origin"] == Origin.VERIFIED and update.value.keys() & set(rewriting.EVENT_TEXTS):
        # Nobody has checked what the seed says now.
        touched = any(desk[name] != base[name] for name in rewriting.EVENT_TEXTS)
        update.value["origin"] = (Origin.EDITED if touched else Origin.MACHINE).value


def _merge_date(update: Update, base: dict, desk: dict, seed: dict) -> None:
    names = ("source_date", "source_date_origin")
    if desk["source_date"] == seed["source_date"]:  # the desk's word for where it comes from stands
        seed = seed | {"source_date_origin": desk["source_date_origin"]}
    merged = merge_value(*([side[name] for name in names] for side in (base, desk, seed)))
    for i, name in enumerate(names):
        conflict = merged.conflict and name == "source_date"
        update.take(name, Merged(merged.value[i], merged.base[i], conflict), seed[name], base[name])
    if "source_date" in update.row.conflicts:  # who takes the seed's date takes how the seed knew it
        update.row.conflicts["source_date"]["origin"] = seed["source_date_origin"]


def _merge_points(update: Update, base: list[dict], desk: list[dict], seed: list[dict]) -> None:
    merged = merge_sequence(
        *([(point["heading"], point["body"]) for point in side] for side in (base, desk, seed))
    )
    as_points = [
        [{"heading": heading, "body": body} for heading, body in side] for side in (merged.value, merged.base)
    ]
    update.take("points", Merged(*as_points, merged.conflict), seed, base)


def _merge_terms(
    update: Update, name: str, base: list[str], terms: dict[str, Term], by_id: dict[int, Term]
) -> None:
    seed = update.row.record.content[name]
    sides = [list(spelled_terms(spellings, terms)) for spellings in (base, update.desk[name], seed)]
    merged = merge_set(*sides)
    spelled = _all_spelled(base, terms) | _all_spelled(seed, terms)
    update.added[name] = [by_id[pk] for pk in merged.value if pk not in sides[1]]
    update.removed[name] = [by_id[pk] for pk in sides[1] if pk not in merged.value]
    update.base[name] = [spelling for pk in merged.base for spelling in spelled[pk]]
    if update.added[name] or update.removed[name]:
        drafted = [
            spelling for spelling in update.desk[name] if spelling not in terms
        ]  # a term once approved
        update.value[name] = [*(by_id[pk].name for pk in merged.value), *drafted]


def _all_spelled(spellings: Iterable[str], terms: dict[str, Term]) -> dict[int, list[str]]:
    """Each term with all its spellings: once a merge is undone they mean several terms again."""
    found: dict[int, list[str]] = {}
    for spelling in spellings:
        if spelling in terms:
            found.setdefault(terms[spelling].pk, []).append(spelling)
    return found


# --- writing --------------------------------------------------------------------------------------


def _write_drafts(updates: list[Update], note: str) -> None:
    """Who wrote the draft that goes on still wrote it, and does not approve it."""
    authors = {update.article.pk: update.draft.by if update.draft else None for update in updates}
    for by in set(authors.values()):
        snapshots = {u.article.pk: u.as_draft for u in updates if authors[u.article.pk] == by}
        revisions.record_snapshots(snapshots, kind=RevisionKind.DRAFT, by=by, note=note, pending=True)
    _count(updates)


def _count(updates: list[Update]) -> None:
    """Whoever has the draft open, or is about to approve it, has seen another one."""
    articles = Article.objects.filter(pk__in=[update.article.pk for update in updates])
    articles.update(version=F("version") + 1)


def _done_with(update: Update) -> bool:
    return not update.live or bool(update.value and update.is_settled)


def _close_drafts(updates: list[Update]) -> None:
    """A draft has nothing to say any more: the seed took its change back, or it went into the article itself."""
    if updates:
        articles = [update.article.pk for update in updates]
        Revision.objects.filter(article__in=articles, pending=True).update(pending=False)
        _count([update for update in updates if update.live])


UPDATE_ARTICLES = """
UPDATE articles_article AS a
SET title = x.title, url = x.url, url_key = x.url_key, also_at = x.also_at, source_id = x.source_id,
    summary = x.summary, text_hash = x.text_hash, source_date = x.source_date,
    source_date_origin = x.source_date_origin, extra = x.extra, version = a.version + 1, updated_at = now()
FROM jsonb_to_recordset(%s) AS x(
    id bigint, title text, url text, url_key text, also_at jsonb, source_id bigint, summary text, text_hash uuid,
    source_date date, source_date_origin text, extra jsonb)
WHERE a.id = x.id
"""
UPDATE_HASHES = """
UPDATE articles_article AS a SET record_hash = x.record_hash
FROM jsonb_to_recordset(%s) AS x(id bigint, record_hash uuid)
WHERE a.id = x.id
"""
UPDATE_BASES = """
UPDATE articles_article AS a SET base = x.base, record_key = x.record_key, record_hash = x.record_hash
FROM jsonb_to_recordset(%s) AS x(id bigint, base jsonb, record_key uuid, record_hash uuid)
WHERE a.id = x.id
"""


def _write_articles(batch: ImportBatch, updates: list[Update], note: str) -> None:
    if not updates:
        return
    ids = [update.article.pk for update in updates]
    revisions.record_imports(ids)  # while their base still holds what came in
    sources = imprints.sources(batch, {host for update in updates if (host := _new_host(update))})
    run(UPDATE_ARTICLES, as_json([_article_values(update, sources) for update in updates]))
    _write_events(updates)
    for name in TERM_FIELDS:
        _write_terms(name, updates)
    revisions.record(ids, kind=RevisionKind.IMPORT, note=note)


def _article_values(update: Update, sources: dict[str, Source]) -> dict[str, Any]:
    article, merged = update.article, update.merged
    source_id, url_key = article.source_id, article.url_key
    if "url" in update.value:
        url_key = links.canonical(merged["url"])
    if host := _new_host(update):
        source_id = sources[host].pk
    text = text_hash(merged["summary"])
    names = ("title", "url", "also_at", "summary", "source_date", "source_date_origin", "extra")
    return {name: merged[name] for name in names} | {
        "id": article.pk,
        "url_key": url_key,
        "source_id": source_id,
        "text_hash": str(text) if text else None,
    }


def _new_host(update: Update) -> str | None:
    """The host whose source the article gets with its new link; None if an editor chose the source, or it stays."""
    old, new = (links.host(side["url"]) for side in (update.desk, update.merged))
    chosen = update.desk["source"] and update.desk["source"] != old
    return None if chosen or new == old else new


def _write_events(updates: list[Update]) -> None:
    changed = [update for update in updates if update.value.keys() & set(rewriting.EVENT_TEXTS)]
    EventSummary.objects.bulk_create(
        (
            EventSummary(
                article=update.article,
                intro=update.merged["intro"],
                conclusion=update.merged["conclusion"],
                raw=update.row.record.events_raw,
                origin=update.merged["origin"],
            )
            for update in changed
        ),
        update_conflicts=True,
        unique_fields=["article"],
        update_fields=["intro", "conclusion", "raw", "origin"],
    )
    with_points = [update for update in changed if "points" in update.value]
    EventPoint.objects.filter(article__in=[update.article for update in with_points]).delete()
    rows = (row for update in with_points for row in point_rows(update.article.pk, update.value["points"]))
    copy_rows(EventPoint, POINT_COLUMNS, rows)


def _write_terms(name: str, updates: list[Update]) -> None:
    model = TERM_FIELDS[name]
    gone = [(term.pk, update.article.pk) for update in updates for term in update.removed[name]]
    model.objects.filter(pk__in=gone).delete()
    model.objects.bulk_create(
        (
            model(content_object=update.article, tag=term, raw=_raw(update, name, term), position=position)
            for update in updates
            for position, term in enumerate(update.added[name], start=len(update.desk[name]) + 1)
        ),
        ignore_conflicts=True,
    )


def _raw(update: Update, name: str, term: Term) -> str:
    spellings = update.row.record.content[name]
    return next((spelling for spelling in spellings if key(spelling) == term.key), term.name)


def _write_hashes(updates: list[Update]) -> None:
    """What was read last; `base` stays, since the live article says nothing of it yet."""
    if updates:
        rows = [{"id": update.article.pk, "record_hash": str(update.row.record.hash)} for update in updates]
        run(UPDATE_HASHES, as_json(rows))


def _write_bases(updates: list[Update]) -> None:
    rows = [
        {
            "id": update.article.pk,
            "base": update.base,
            "record_key": str(update.row.record.key),
            "record_hash": str(update.row.record.hash),
        }
        for update in updates
    ]
    if rows:
        run(UPDATE_BASES, as_json(rows))
