"""Batches are undone and brought back by the worker: whoever asked for it may close her browser meanwhile."""

from collections.abc import Callable
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import turns, undoing
from articles.models import ImportBatch, UndoJob, UndoState
from articles.models.undo_jobs import UNDER_WAY
from newsroom.refusal import Refused

LOCK = 0x756E646F  # "undo": the advisory lock on a job, with its number
SOME = 50  # of the articles that stay, for the page of the batch
TOLD = ("articles", "changes", "terms", "sources")


def ask(batch: ImportBatch, *, by: AbstractBaseUser | None, back: bool) -> UndoJob:
    """Let the worker undo the batch, or (`back`) redo it. Raises Refused."""
    try:
        with transaction.atomic():
            return UndoJob.objects.create(batch=batch, by=by, back=back)
    except IntegrityError:
        raise Refused(
            _("This batch is being undone or brought back already. Look at how it stands.")
        ) from None


def cancel(job: UndoJob) -> None:
    """As long as nothing is done. Raises Refused."""
    idle = UndoJob.objects.filter(Q(state=UndoState.WAITING) | Q(state=UndoState.RUNNING, held_up=True))
    if not idle.filter(pk=job.pk, **dict.fromkeys(TOLD, 0)).delete()[0]:
        raise Refused(_("It has begun already, or has ended. Look at how it stands."))


def run_next(goes_on: Callable[[], bool] = lambda: True) -> bool:
    """For the worker: do the next one. Whether there may be more to do at once."""
    waiting = UndoJob.objects.filter(state__in=UNDER_WAY).order_by("pk")
    for pk in waiting.values_list("pk", flat=True):
        with turns.claimed(LOCK, pk) as held:
            job = held and waiting.filter(pk=pk).select_related("batch", "by").defer("batch__skipped").first()
            if job:
                act, fail = partial(_do, job, goes_on), partial(_end, job, UndoState.FAILED)
                return turns.attempt(job, UndoState.RUNNING, act, fail, total=0, looked=0)
    return False


def _do(job: UndoJob, goes_on: Callable[[], bool]) -> None:
    work = undoing.redo if job.back else undoing.undo
    done = undoing.Done(most_kept=SOME, **{name: getattr(job, name) for name in TOLD})
    work(job.batch, by=job.by, done=done, progress=partial(_tell, job, goes_on))
    some_left = [kept.article for kept in done.kept[:SOME]]
    _end(job, UndoState.DONE, left=done.left, some_left=some_left)


def _tell(job: UndoJob, goes_on: Callable[[], bool], total: int, looked: int, done: undoing.Foreseen) -> None:
    """Beside what was done, in its transaction: after a crash the numbers are right."""
    if not goes_on():
        raise turns.Stopped
    told = {name: getattr(done, name) for name in TOLD}
    # Not where it only looked: a chunk that kills the worker would do so for ever.
    got_on = {"attempts": 0} if any(number > getattr(job, name) for name, number in told.items()) else {}
    turns.note(job, total=total, looked=looked, **told, **got_on)


def _end(job: UndoJob, state: UndoState, error: str = "", **fields: object) -> None:
    turns.note(job, state=state, error=error, held_up=False, ended_at=timezone.now(), **fields)
