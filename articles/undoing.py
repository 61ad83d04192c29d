"""Undo and redo of a batch: what it wrote and nobody has touched since goes, or comes back; the rest stays, with the reason.

A created article is removed, a changed one says again what it said before; images of what was taken away wait in the
imprints of the batch. Set-based, one transaction a chunk, and to be run again after an interruption.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from articles import images, importer, imprints, leftovers, untouched, uploads, waiting
from articles.importer import only_import
from articles.models import Article, ImportBatch, ImportRow, Imprint, ImprintKind, Outcome
from articles.untouched import Kept, Verdict
from newsroom.collisions import twice

CHUNK = 500  # articles
BROUGHT, CHANGED = (Outcome.CREATED, Outcome.DUPLICATE), (Outcome.UPDATED, Outcome.CONFLICT)


@dataclass
class Foreseen:
    """What undoing, or redoing, would do to articles. Which terms and sources go with them shows when it is done."""

    articles: int = 0  # removed, or there again
    changes: int = 0  # articles whose change is taken back, or made again
    left: int = 0  # articles that stay as they are
    kept: list[Kept] = field(default_factory=list)  # these, though no longer than `most_kept` and a chunk
    most_kept: float = field(default=inf, compare=False)

    def count(self, verdict: Verdict) -> None:
        self.articles += len(verdict.created)
        self.changes += len(verdict.changed)
        self.left += len(verdict.kept)
        if len(self.kept) < self.most_kept:
            self.kept += verdict.kept


@dataclass
class Done(Foreseen):
    """What an undo, or a redo, did so far."""

    terms: int = 0
    sources: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.articles or self.changes or self.terms or self.sources)


# Gets how many articles there are to look at, how many were, and what was done.
Progress = Callable[[int, int, Foreseen], None]


def untold(total: int, looked: int, done: Foreseen) -> None:
    """Progress that nobody wants to know."""


def undo(
    batch: ImportBatch,
    *,
    by: AbstractBaseUser | None = None,
    done: Done | None = None,
    progress: Progress = untold,
) -> Done:
    """Take back what the batch wrote and nobody has touched since. Raises importer.Busy.

    A batch that was interrupted ends here, as it stands. `done`: what was done before an interruption, to go on with.
    `progress` is called inside the transaction of each chunk: what it writes stays if the chunk does.
    """
    done = done or Done()
    with only_import():
        _begin(batch)
        if not batch.undone_at:  # said beforehand: somebody may look, or all may end, in between
            _say(batch, undone_at=timezone.now(), undone_by=by, undo_left=None)
        imprints.gather(batch)
        _in_chunks(_articles(batch).filter(after__isnull=True), "-pk", _undo_chunk, done, progress)
        _once_more(partial(_things, leftovers.remove, batch, done, progress))
        _once_more(partial(_end_undo, batch, by, done))
    return done


def redo(
    batch: ImportBatch,
    *,
    by: AbstractBaseUser | None = None,
    done: Done | None = None,
    progress: Progress = untold,
) -> Done:
    """Bring back what undoing took away, where nothing has come in its place. Otherwise as `undo`."""
    done = done or Done()
    with only_import():
        _begin(batch)
        _say(batch, undo_left=None)
        _once_more(partial(_things, leftovers.bring_back, batch, done, progress))
        _in_chunks(_articles(batch).filter(after__isnull=False), "pk", _redo_chunk, done, progress)
        _once_more(partial(_end_redo, batch))
    return done


# --- what would happen ----------------------------------------------------------------------------


def foresee(
    batch: ImportBatch, *, back: bool = False, most_kept: float = inf, progress: Progress = untold
) -> Foreseen:
    """What undoing (`back`: redoing) would do, told without writing or locking anything."""
    found, total = Foreseen(most_kept=most_kept), sum(at_most(batch))
    for verdict in _verdicts(batch, back):
        found.count(verdict)
        progress(total, found.articles + found.changes + found.left, found)
    return found


def _verdicts(batch: ImportBatch, back: bool) -> Iterator[Verdict]:
    judge = untouched.to_redo if back else untouched.to_undo
    for ids in _chunks(_articles(batch).filter(after__isnull=not back), "object_id"):
        yield judge(ids)
    for outcome in () if back else BROUGHT:
        rows = ImportRow.objects.filter(batch=batch, outcome=outcome, article__isnull=False)
        for ids in _chunks(rows, "pk"):
            yield untouched.to_undo_brought(ids)


def stayed(batch: ImportBatch, articles: Collection[int], *, back: bool) -> list[Kept]:
    """Of these articles those that an undo, or a redo, would still leave as they are."""
    found = _articles(batch).filter(after__isnull=not back, object_id__in=articles)
    judge = untouched.to_redo if back else untouched.to_undo
    return judge(list(found.values_list("pk", flat=True))).kept


def at_most(batch: ImportBatch) -> tuple[int, int]:
    """So many articles it has brought, and so many changed, if nobody has touched any."""
    counts = batch.counts
    if not batch.finished_at:
        rows = ImportRow.objects.filter(batch=batch, outcome__in=[*BROUGHT, *CHANGED]).order_by()
        counts = dict(rows.values_list("outcome").annotate(Count("pk")))
    return sum(counts.get(one, 0) for one in BROUGHT), sum(counts.get(one, 0) for one in CHANGED)


def undoable(batch: ImportBatch) -> bool:
    """Whether there may be something to take back."""
    if batch.undone_at:
        return batch.undo_left != 0
    return not batch.finished_at or any(at_most(batch))


# --- how it is done -------------------------------------------------------------------------------


def _articles(batch: ImportBatch) -> QuerySet[Imprint]:
    return Imprint.objects.filter(batch=batch, kind=ImprintKind.ARTICLE)


def _begin(batch: ImportBatch) -> None:
    """As it stands now; nothing imports, so one that has not ended was interrupted, and ends here."""
    batch.refresh_from_db(fields=["finished_at", "undone_at", "undone_by"])
    with transaction.atomic():
        if not batch.finished_at:
            batch.refresh_from_db()
            batch.cut_short = True
            importer.finish(batch)
        uploads.close(batch)  # one that failed after its last record has not said that it ended


def _in_chunks(
    rows: QuerySet[Imprint],
    order: str,
    work: Callable[[Sequence[int]], Verdict],
    done: Done,
    progress: Progress,
) -> None:
    """Undo goes from the newest to the oldest, as what came later may need what came before; redo the other way."""
    total, looked = rows.count(), 0
    for ids in _chunks(rows, order):
        looked += len(ids)
        _once_more(partial(_chunk, partial(work, ids), done, partial(progress, total, looked)))


def _chunk(work: Callable[[], Verdict], done: Done, progress: Callable[[Done], None]) -> None:
    verdict = work()
    connection.check_constraints()  # once it counts, it must not be tried again
    done.count(verdict)
    progress(done)


def _chunks(rows: QuerySet, order: str) -> Iterator[list[int]]:
    """Their ids, in the order of a field that is different in each."""
    key = order.removeprefix("-")
    beyond = f"{key}__lt" if order.startswith("-") else f"{key}__gt"
    rows = rows.order_by(order)
    part = list(rows.values_list(key, "id")[:CHUNK])
    while part:
        yield [pk for _key, pk in part]
        part = list(rows.filter(**{beyond: part[-1][0]}).values_list(key, "id")[:CHUNK])


def _once_more(work: Callable[[], None]) -> None:
    """In one transaction; tried again where an editor saved what it needs, or waited for what it holds."""
    twice(transaction.atomic(work), IntegrityError)


def _undo_chunk(ids: Sequence[int]) -> Verdict:
    _lock(ids)
    verdict = untouched.to_undo(ids)
    images.take([*verdict.created, *verdict.changed])
    images.remove(verdict.created)
    images.restore("before", verdict.changed)
    return verdict


def _redo_chunk(ids: Sequence[int]) -> Verdict:
    _lock(ids)
    verdict = untouched.to_redo(ids)
    images.restore("after", verdict.changed)
    images.insert(verdict.created)
    images.tie([*verdict.created, *verdict.changed])
    return verdict


def _lock(ids: Sequence[int]) -> None:
    """The articles before any term, in the order of their ids: as imports and editors' saves do."""
    articles = list(Imprint.objects.filter(pk__in=ids).values_list("object_id", flat=True))
    list(Article.objects.filter(pk__in=articles).order_by("pk").select_for_update().values_list("pk"))


def _things(
    work: Callable[[ImportBatch], tuple[int, int]], batch: ImportBatch, done: Done, progress: Progress
) -> None:
    terms, sources = work(batch)
    connection.check_constraints()
    done.terms += terms
    done.sources += sources
    looked = done.articles + done.changes + done.left
    progress(looked, looked, done)


def _end_undo(batch: ImportBatch, by: AbstractBaseUser | None, done: Done) -> None:
    """A batch of which anything is undone says so, with who did it last; what it could not read waits no longer."""
    if not _is_undone(batch):
        _say(batch, undone_at=None, undone_by=None, undo_left=None)
        return
    if done.anything:
        _say(batch, undone_at=timezone.now(), undone_by=by)
    _say(batch, undo_left=done.left)
    waiting.release(batch)


def _end_redo(batch: ImportBatch) -> None:
    leftovers.forget(batch)
    if not _is_undone(batch):
        _say(batch, undone_at=None, undone_by=None)
    waiting.resume(batch)  # whatever did not come back: a broken record is none of it


def _is_undone(batch: ImportBatch) -> bool:
    return Imprint.objects.filter(batch=batch, after__isnull=False).exists()


def _say(batch: ImportBatch, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(fields))
