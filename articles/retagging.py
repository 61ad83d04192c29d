"""Terms of many articles changed at once: articles are chosen, terms named, then it is done, and perhaps undone.

Each chunk is one transaction that notes how far it came: small changes are done while a person waits, large ones by the
worker, and after an interruption it goes on where it was. What a person may not change, or has not seen, is left alone.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import swapping
from articles.editing import check_right
from articles.models import LINKS, Article, Retag, RetagKind, RetagOutcome, RetagRow, Status
from articles.swapping import SIDES, Desk, Edit
from newsroom.collisions import once_more
from newsroom.refusal import Refused
from newsroom.sql import as_json, fetch, run
from taxonomy import learning
from taxonomy.models import VOCABULARIES, Term, followed

CHUNK = 500  # articles
AT_ONCE = 500  # that a person waits for
MOST = 1_000_000
KEPT_PREPARED = 5  # of one person
FORGOTTEN_AFTER = timedelta(days=1)


# --- which articles -------------------------------------------------------------------------------

CHOOSE = """
INSERT INTO articles_retagrow (retag_id, article_id, version) SELECT {retag}, chosen.* FROM ({chosen}) AS chosen
"""


@transaction.atomic
def prepare(articles: QuerySet[Article], *, by: AbstractBaseUser, selection: str = "") -> Retag:
    """Note these articles in the versions they have now. Raises Refused if there are none, or too many."""
    chosen = articles.order_by("pk").values_list("pk", "version")[: MOST + 1]
    retag = _prepared(by, selection)
    try:
        sql, values = chosen.query.sql_with_params()
    except EmptyResultSet:
        raise Refused(_("Choose at least one article.")) from None
    with_numbers = {f"value{number}": value for number, value in enumerate(values)}
    sql = sql % tuple(f"%({name})s" for name in with_numbers)
    retag.todo = run(CHOOSE.format(retag=retag.pk, chosen=sql), **with_numbers)
    return _checked_size(retag)


@transaction.atomic
def prepare_seen(versions: Mapping[int, int], *, by: AbstractBaseUser) -> Retag:
    """Note these articles, by id, each in the version that the person has seen."""
    retag = _prepared(by, "")
    rows = [RetagRow(retag=retag, article_id=pk, version=version) for pk, version in versions.items()]
    retag.todo = len(RetagRow.objects.bulk_create(rows))
    return _checked_size(retag)


def _prepared(by: AbstractBaseUser, selection: str) -> Retag:
    """A new one; those that nobody went on with are forgotten."""
    prepared = Retag.objects.prepared()
    older = list(prepared.filter(by=by).order_by("-pk").values_list("pk", flat=True)[KEPT_PREPARED - 1 :])
    prepared.filter(pk__in=older).delete()
    prepared.filter(at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
    return Retag.objects.create(by=by, selection=selection)


def _checked_size(retag: Retag) -> Retag:
    if not retag.todo:
        raise Refused(_("Choose at least one article."))
    if retag.todo > MOST:
        raise Refused(_("At most %(number)s articles at a time.") % {"number": f"{MOST:,}"})
    retag.save(update_fields=["todo"])
    return retag


# --- what would happen ----------------------------------------------------------------------------


@dataclass
class Foreseen:
    """Of the articles in one state: how many carry the terms, how many change, and why others do not."""

    articles: int = 0
    carry: Counter[str] = field(default_factory=Counter)  # removed, added
    drafts: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


FORESEE = """
SELECT CASE WHEN a.status = 'published' AND a.published_at > %(now)s THEN 'scheduled' ELSE coalesce(a.status, '') END,
    a.version IS DISTINCT FROM r.version, {removed}, {added}, count(*),
    count(*) FILTER (WHERE EXISTS (SELECT FROM articles_revision v WHERE v.article_id = a.id AND v.pending))
FROM articles_retagrow r LEFT JOIN articles_article a ON a.id = r.article_id
WHERE r.retag_id = %(retag)s
GROUP BY 1, 2, 3, 4
"""
CARRIES = "EXISTS (SELECT FROM {table} l WHERE l.tag_id = {term} AND l.content_object_id = a.id)"


def foresee(
    retag: Retag, *, remove: Term | None = None, add: Term | None = None, by: AbstractBaseUser
) -> dict[str, Foreseen]:
    """By state, `scheduled` among them, and empty for what is gone. In one statement, however many they are."""
    sides = {side: _carries(term) for side, term in zip(SIDES, (remove, add), strict=True)}
    rights = _rights(by)
    found: dict[str, Foreseen] = {}
    for state, stale, has_removed, has_added, number, drafts in fetch(
        FORESEE.format(**sides), retag=retag.pk, now=timezone.now()
    ):
        seen = found.setdefault(state, Foreseen())
        seen.articles += number
        seen.carry.update({"removed": number * has_removed, "added": number * has_added})
        seen.drafts += drafts
        changes = has_removed if remove else not has_added
        approved = state in {"scheduled", Status.PUBLISHED}
        outcome = _why_not(bool(state), stale, approved, rights) or (
            RetagOutcome.CHANGED if changes else RetagOutcome.SAME
        )
        seen.outcomes[outcome] += number
    return found


def _carries(term: Term | None) -> str:
    if term is None:
        return "false"
    return CARRIES.format(table=LINKS[term.vocabulary]._meta.db_table, term=int(term.pk))


@dataclass(frozen=True, slots=True)
class Rights:
    change: bool
    publish: bool


def _rights(by: AbstractBaseUser | None) -> Rights:
    """Of whoever asked for it, as they are now; who has left the desk has none."""
    if by is None:
        return Rights(False, False)
    return Rights(*(by.has_perm(f"articles.{verb}_article") for verb in ("change", "publish")))


def _why_not(there: bool, stale: bool, approved: bool, rights: Rights) -> str:
    if not there:
        return RetagOutcome.GONE
    if stale:
        return RetagOutcome.STALE
    may = rights.change and (rights.publish or not approved)
    return "" if may else RetagOutcome.RIGHT


# --- the verbs ------------------------------------------------------------------------------------


@transaction.atomic
def start(
    retag: Retag,
    *,
    remove: Term | None = None,
    add: Term | None = None,
    by: AbstractBaseUser,
    note: str = "",
) -> Retag:
    """Name the terms; from now on the worker does it, or `run`. Raises Refused."""
    retag = Retag.objects.select_for_update(of=["self"]).get(pk=retag.pk)
    if retag.started_at:
        raise Refused(_("This has been started already."))
    check(remove, add)
    check_right(by)
    terms = {side: term for side, term in zip(SIDES, (remove, add), strict=True) if term}
    retag.kind = RetagKind.REPLACE if remove and add else RetagKind.REMOVE if remove else RetagKind.ADD
    retag.vocabulary = next(iter(terms.values())).vocabulary
    retag.terms = {side: [term.pk, term.name] for side, term in terms.items()}
    retag.by, retag.note, retag.started_at = by, note, timezone.now()
    retag.save()
    if remove and add:  # one correction, in however many articles
        learning.observe(retag.vocabulary, [remove.name], [add.name], subject=retag.subject)
    return retag


def check(remove: Term | None, add: Term | None) -> None:
    """Raises Refused if these terms cannot change places."""
    if not (remove or add):
        raise Refused(_("Name the term to remove, the term to add, or both."))
    if remove and add and type(remove) is not type(add):
        raise Refused(_("Both terms must be of the same vocabulary."))
    if remove == add:
        raise Refused(_("Both names mean the same term: “%(name)s”.") % {"name": add})
    for term in filter(None, (remove, add)):
        if term.pointer:
            raise Refused(
                _("“%(name)s” no longer stands for itself: it was merged or moved.") % {"name": term}
            )
    if add and add.declined:
        raise Refused(_("“%(name)s” was declined: it is no term of the desk.") % {"name": add})


@transaction.atomic
def stop(retag: Retag) -> Retag:
    """What is not done yet stays as it is; what is done can be undone. Raises Refused."""
    retag = Retag.objects.select_for_update(of=["self"]).get(pk=retag.pk)
    if not retag.started_at or retag.finished_at:
        raise Refused(_("There is nothing to stop."))
    retag.finished_at = timezone.now()
    retag.save(update_fields=["finished_at"])
    return retag


@transaction.atomic
def undo(retag: Retag, *, by: AbstractBaseUser) -> Retag:
    """Take back what it changed and nobody touched since; the worker does it, or `run`. Raises Refused."""
    retag = Retag.objects.select_for_update(of=["self"]).get(pk=retag.pk)
    if refusal := why_not_undo(retag):
        raise Refused(refusal)
    check_right(by)
    retag.undo_started_at, retag.undone_by = timezone.now(), by
    retag.done = retag.place = 0
    retag.save()
    if retag.kind == RetagKind.REPLACE:
        learning.forget(retag.vocabulary, *(retag.terms[side][1] for side in SIDES), subject=retag.subject)
    return retag


def why_not_undo(retag: Retag) -> str:
    if retag.undo_started_at:
        return _("This has been undone already.")
    if not retag.finished_at:
        return _("It is still being done. Wait until it has ended, or stop it.")
    return "" if retag.counts.get(RetagOutcome.CHANGED) else _("It has changed nothing.")


def run_now(retag: Retag) -> Retag:
    """Do it, or undo it, to its end while somebody waits."""
    while _next_chunk(Retag.objects.filter(pk=retag.pk), skip_locked=False):
        pass
    return Retag.objects.select_related("by", "undone_by").get(pk=retag.pk)


def run_next() -> bool:
    """For the worker: one chunk of what waits and nobody else has in hand; False if there is nothing."""
    return _next_chunk(Retag.objects.all(), skip_locked=True)


@once_more
def _next_chunk(retags: QuerySet[Retag], *, skip_locked: bool) -> bool:
    waiting = retags.under_way().order_by("pk")
    retag = waiting.select_for_update(skip_locked=skip_locked, of=["self"]).first()
    if retag is None:
        return False
    work = _undo_chunk if retag.undo_started_at else _do_chunk
    rows = retag.rows.filter(article_id__gt=retag.place).order_by("article_id")
    if retag.undo_started_at:
        rows = rows.filter(outcome=RetagOutcome.CHANGED)
    chunk = list(rows[: CHUNK + 1])
    if found := chunk[:CHUNK]:
        counts = work(retag, found)
        total = retag.undo_counts if retag.undo_started_at else retag.counts
        total |= {outcome: total.get(outcome, 0) + number for outcome, number in counts.items()}
        retag.done, retag.place = retag.done + len(found), found[-1].article_id
    if len(chunk) <= CHUNK:
        setattr(retag, "undone_at" if retag.undo_started_at else "finished_at", timezone.now())
    retag.save()
    return True


def what(retag: Retag) -> str:
    """As the history of the articles tells it."""
    said = _("Terms of many articles, no. %(number)d: %(terms)s") % {"number": retag.pk, "terms": retag}
    return f"{said}: {retag.note}" if retag.note else said


# --- doing it -------------------------------------------------------------------------------------


def _locked(rows: list[RetagRow]) -> dict[int, Article]:
    """The articles before any term, in the order of their ids: as imports and editors' saves do."""
    ids = [row.article_id for row in rows]
    articles = Article.objects.filter(pk__in=ids).order_by("pk").select_for_update()
    return {article.pk: article for article in articles.only("version", "status")}


def _do_chunk(retag: Retag, rows: list[RetagRow]) -> Counter[str]:
    articles, rights, terms = _locked(rows), _rights(retag.by), _terms_today(retag)
    on = swapping.desk(articles, [retag.vocabulary])
    edits = []
    for row in rows:
        article = articles.get(row.article_id)
        stale, approved = (article.version != row.version, article.approved) if article else (False, False)
        why_not = _why_not(article is not None, stale, approved, rights)
        row.outcome = why_not or ("" if terms else RetagOutcome.TERM)
        if not row.outcome:
            edit, row.change = swapping.swap(row.article_id, on, retag.vocabulary, **terms)
            row.outcome = RetagOutcome.CHANGED if edit else RetagOutcome.SAME
            edits += [edit] if edit else []
    swapping.write(edits, on, by=retag.by, note=what(retag))
    _note(rows, "outcome")
    return Counter(row.outcome for row in rows)


def _terms_today(retag: Retag) -> dict[str, Term | None] | None:
    """Its terms; the one to add as it is today. None where that is not what the person named.

    Where the one to remove has been merged since, articles carry its survivor that never carried it.
    """
    model = VOCABULARIES[retag.vocabulary]
    model.objects.hold()
    there = model.objects.in_bulk([pk for pk, _name in retag.terms.values()])
    terms = {side: there.get(retag.terms[side][0]) for side in retag.terms}
    if any(term is None for term in terms.values()):
        return None
    removed = terms.get("removed")
    added = followed({"": terms["added"]})[""] if "added" in terms else None
    if (removed and removed.pointer) or (added and type(added) is not model) or removed == added:
        return None
    return {"removed": removed, "added": added}


ROWS = """
UPDATE articles_retagrow r SET {column} = x.outcome, change = x.change
FROM jsonb_to_recordset(%(rows)s) AS x(article_id bigint, outcome text, change jsonb)
WHERE r.retag_id = %(retag)s AND r.article_id = x.article_id
"""


def _note(rows: list[RetagRow], column: str) -> None:
    values = [
        {"article_id": row.article_id, "outcome": getattr(row, column), "change": row.change} for row in rows
    ]
    run(ROWS.format(column=column), rows=as_json(values), retag=rows[0].retag_id)


# --- undoing it -----------------------------------------------------------------------------------


def foresee_undo(retag: Retag, *, by: AbstractBaseUser) -> Counter[str] | None:
    """What would become of the articles, by outcome; None where they are too many to look at."""
    changed = retag.rows.filter(outcome=RetagOutcome.CHANGED).order_by("article_id")
    rows = list(changed[: AT_ONCE + 1])
    if len(rows) > AT_ONCE:
        return None
    articles = Article.objects.only("version", "status").in_bulk([row.article_id for row in rows])
    with transaction.atomic():  # for the lock that looking terms up takes
        _on, _edits = _swaps_back(retag, rows, articles, _rights(by))
    return Counter(row.undone for row in rows)


def _undo_chunk(retag: Retag, rows: list[RetagRow]) -> Counter[str]:
    on, edits = _swaps_back(retag, rows, _locked(rows), _rights(retag.undone_by))
    said = _("Undone: %(what)s") % {"what": what(retag)}
    swapping.write(edits, on, by=retag.undone_by, note=said)
    _note(rows, "undone")
    return Counter(row.undone for row in rows)


def _swaps_back(
    retag: Retag, rows: list[RetagRow], articles: Mapping[int, Article], rights: Rights
) -> tuple[Desk, list[Edit]]:
    """Says in each row what becomes of its article."""
    today = _today(retag, rows)
    on = swapping.desk(articles, [retag.vocabulary, *(term.vocabulary for term in today.values())])
    edits = []
    for row in rows:
        article = articles.get(row.article_id)
        approved = article is not None and article.approved
        row.undone = _why_not(article is not None, False, approved, rights)
        if not row.undone:
            edit, back = swapping.swap_back(row.article_id, row.change, on, retag.vocabulary, today)
            row.undone = _outcome(back)
            edits += [edit] if edit else []
    return on, edits


def _today(retag: Retag, rows: list[RetagRow]) -> dict[int, Term]:
    """The terms that these rows name, by the id they had, as they are today; one that is gone is left out."""
    model = VOCABULARIES[retag.vocabulary]
    for any_model in VOCABULARIES.values():  # it may have been moved to any of them
        any_model.objects.hold()
    pks = {row.change[side][0] for row in rows for side in SIDES if side in row.change}
    pks |= {pk for pk, _name in retag.terms.values()}
    return followed(model.objects.in_bulk(pks))


def _outcome(back: Collection[bool]) -> RetagOutcome:
    """Of the terms that were to go back."""
    if all(back):
        return RetagOutcome.UNDONE
    return RetagOutcome.PARTLY if any(back) else RetagOutcome.TOUCHED
