"""Undo and redo of a batch: what it wrote and nobody has touched since goes, or comes back; the rest stays, with the reason.

A created article is removed, a changed one says again what it said before; images of what was taken away wait in the
imprints of the batch. Set-based, one transaction a chunk, and to be run again after an interruption.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from articles import images, imprints, leftovers, untouched
from articles.importer import only_import, taken_back
from articles.models import Article, ImportBatch, Imprint, ImprintKind
from articles.untouched import Kept

CHUNK = 500  # articles
Progress = Callable[[int, int], None]  # articles in all, and how many were looked at


class Refused(Exception):
    """It cannot be done at all; the text says why."""


@dataclass
class Done:
    """What an undo, or a redo, did; or would do."""

    articles: int = 0  # removed, or there again
    changes: int = 0  # articles whose change was taken back, or made again
    terms: int = 0
    sources: int = 0
    kept: list[Kept] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        return bool(self.articles or self.changes or self.terms or self.sources)


def undo(
    batch: ImportBatch,
    *,
    by: AbstractBaseUser | None = None,
    dry_run: bool = False,
    progress: Progress = lambda all_articles, done: None,
) -> Done:
    """Take back what the batch wrote and nobody has touched since. Raises Refused, and importer.Busy."""
    done = Done()
    with only_import(), taken_back() if dry_run else nullcontext():
        check(batch)
        imprints.gather(batch)
        waiting = _articles(batch).filter(after__isnull=True)
        _in_chunks(waiting, "-pk", partial(_undo_chunk, done), progress)
        _once_more(partial(leftovers.remove, batch, done))
        _note(batch, by, done)
    return done


def redo(
    batch: ImportBatch,
    *,
    by: AbstractBaseUser | None = None,
    dry_run: bool = False,
    progress: Progress = lambda all_articles, done: None,
) -> Done:
    """Bring back what undoing took away, where nothing has come in its place. Raises Refused, and importer.Busy."""
    done = Done()
    with only_import(), taken_back() if dry_run else nullcontext():
        check(batch)
        _once_more(partial(leftovers.bring_back, batch, done))
        waiting = _articles(batch).filter(after__isnull=False)
        _in_chunks(waiting, "pk", partial(_redo_chunk, done), progress)
        _once_more(partial(leftovers.forget, batch))
        _note(batch, by, done)
    return done


def check(batch: ImportBatch) -> None:
    """Raises Refused."""
    if not ImportBatch.objects.filter(pk=batch.pk, finished_at__isnull=False).exists():
        raise Refused(
            _("This batch has not ended. Run the same import again to its end, then it can be undone.")
        )


# --- what would happen ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What undoing (or redoing) would do to articles, told without doing it."""

    articles: int
    changes: int
    kept: list[Kept]


def size(batch: ImportBatch) -> int:
    """About how many articles there are to look at."""
    return sum(batch.counts.get(outcome, 0) for outcome in ("created", "updated", "conflict", "duplicate"))


def foresee(batch: ImportBatch, *, back: bool = False) -> Foreseen:
    """`back`: of a redo. Which terms and sources go with the articles shows only when it is done."""
    with taken_back():
        imprints.gather(batch)
        found = _articles(batch).filter(after__isnull=not back)
        imprint_ids = list(found.order_by("pk").values_list("pk", flat=True))
        judge = untouched.to_redo if back else untouched.to_undo
        verdicts = [judge(imprint_ids[at : at + CHUNK]) for at in range(0, len(imprint_ids), CHUNK)]
    return Foreseen(
        sum(len(verdict.created) for verdict in verdicts),
        sum(len(verdict.changed) for verdict in verdicts),
        [kept for verdict in verdicts for kept in verdict.kept],
    )


# --- how it is done -------------------------------------------------------------------------------


def _articles(batch: ImportBatch) -> QuerySet[Imprint]:
    return Imprint.objects.filter(batch=batch, kind=ImprintKind.ARTICLE)


def _in_chunks(
    waiting: QuerySet[Imprint], order: str, work: Callable[[Sequence[int]], None], progress: Progress
) -> None:
    """Undo goes from the newest to the oldest, as what came later may need what came before; redo the other way."""
    total, done = waiting.count(), 0
    for ids in _chunks(waiting, order):
        _once_more(partial(work, ids))
        done += len(ids)
        progress(total, done)


def _chunks(waiting: QuerySet[Imprint], order: str) -> Iterator[list[int]]:
    beyond = "pk__lt" if order.startswith("-") else "pk__gt"
    ids = list(waiting.order_by(order).values_list("pk", flat=True)[:CHUNK])
    while ids:
        yield ids
        rest = waiting.filter(**{beyond: ids[-1]})
        ids = list(rest.order_by(order).values_list("pk", flat=True)[:CHUNK])


def _once_more(work: Callable[[], None]) -> None:
    """In one transaction; tried again where an editor saved what it needs, or waited for what it holds."""
    try:
        with transaction.atomic():
            work()
    except (IntegrityError, OperationalError) as error:
        if isinstance(error, OperationalError) and not isinstance(error.__cause__, DeadlockDetected):
            raise
        with transaction.atomic():
            work()


def _undo_chunk(done: Done, ids: Sequence[int]) -> None:
    _lock(ids)
    verdict = untouched.to_undo(ids)
    images.take([*verdict.created, *verdict.changed])
    images.remove(verdict.created)
    images.restore("before", verdict.changed)
    _count(done, verdict)


def _redo_chunk(done: Done, ids: Sequence[int]) -> None:
    _lock(ids)
    verdict = untouched.to_redo(ids)
    images.restore("after", verdict.changed)
    images.insert(verdict.created)
    images.tie([*verdict.created, *verdict.changed])
    _count(done, verdict)


def _lock(ids: Sequence[int]) -> None:
    """The articles before any term, in the order of their ids: as imports and editors' saves do."""
    articles = list(Imprint.objects.filter(pk__in=ids).values_list("object_id", flat=True))
    list(Article.objects.filter(pk__in=articles).order_by("pk").select_for_update().values_list("pk"))


def _count(done: Done, verdict: untouched.Verdict) -> None:
    done.articles += len(verdict.created)
    done.changes += len(verdict.changed)
    done.kept += verdict.kept


def _note(batch: ImportBatch, by: AbstractBaseUser | None, done: Done) -> None:
    """A batch of which anything is undone says so, with who did it last."""
    is_undone = Imprint.objects.filter(batch=batch, after__isnull=False).exists()
    if is_undone and (done.anything or not batch.undone_at):
        batch.undone_at, batch.undone_by = timezone.now(), by
    elif not is_undone:
        batch.undone_at = batch.undone_by = None
    batch.save(update_fields=["undone_at", "undone_by"])
