"""Undo and redo by the worker: whatever happens to it, each is done once, and the numbers are right."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import OperationalError

from articles import turns, undo_jobs, undoing
from articles.importer import Busy
from articles.models import Article, ImportBatch, Note, UndoJob, UndoState
from tests.delivering import deliver
from tests.factories import make_user
from tests.processes import Killed, environment, wait_until
from tests.test_import_report import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def batch(folder, monkeypatch) -> ImportBatch:
    """Of three articles, each of which is a chunk."""
    monkeypatch.setattr(undoing, "CHUNK", 1)
    return deliver(folder, record(1), record(2), record(3))


def asked(batch: ImportBatch, *, back: bool = False) -> UndoJob:
    return undo_jobs.ask(batch, by=None, back=back)


def again(job: UndoJob) -> UndoJob:
    return UndoJob.objects.get(pk=job.pk)


def numbers(job: UndoJob) -> tuple[int, int, int]:
    job = again(job)
    return job.articles, job.changes, job.left


def test_nothing_is_done_before_its_turn(batch):
    asked(batch)
    assert Article.objects.count() == 3


def test_an_undo_and_a_redo_are_done_one_after_the_other(batch):
    ann = make_user("ann", is_superuser=True)
    job = undo_jobs.ask(batch, by=ann, back=False)
    assert undo_jobs.run_next()
    assert (again(job).state, numbers(job), Article.objects.count()) == (UndoState.DONE, (3, 0, 0), 0)
    assert ImportBatch.objects.get().undone_by == ann
    back = asked(batch, back=True)
    assert undo_jobs.run_next() and not undo_jobs.run_next()
    assert (again(back).state, numbers(back), Article.objects.count()) == (UndoState.DONE, (3, 0, 0), 3)
    assert again(back).ended_at


def test_what_stays_is_counted_and_the_first_of_it_named(batch, monkeypatch):
    monkeypatch.setattr(undo_jobs, "SOME", 1)
    first, second = Article.objects.order_by("pk")[:2]
    Note.objects.bulk_create(Note(article=article, text="看") for article in (first, second))
    job = asked(batch)
    undo_jobs.run_next()
    assert numbers(job) == (1, 0, 2)
    assert again(job).some_left == [second.pk]  # the newest are looked at first
    assert ImportBatch.objects.get().undo_left == 2


def test_a_batch_has_one_at_a_time(batch):
    asked(batch)
    with pytest.raises(undo_jobs.Refused, match="already"):
        asked(batch, back=True)
    undo_jobs.run_next()
    asked(batch, back=True)


def test_a_worker_that_is_to_end_leaves_it_to_the_next_one_with_its_numbers(batch):
    job = asked(batch)
    turns_left = iter([True, True])
    assert not undo_jobs.run_next(lambda: next(turns_left, False))
    assert Article.objects.count() == 1
    assert (again(job).state, again(job).attempts, numbers(job)) == (UndoState.RUNNING, 0, (2, 0, 0))
    undo_jobs.run_next()
    assert (again(job).state, numbers(job)) == (UndoState.DONE, (3, 0, 0))


def test_it_waits_while_an_import_runs_and_can_be_called_off(batch, monkeypatch):
    @contextmanager
    def busy():
        raise Busy
        yield

    job = asked(batch)
    with monkeypatch.context() as patch:
        patch.setattr(undoing, "only_import", busy)
        assert not undo_jobs.run_next()
    assert (again(job).held_up, again(job).attempts) == (True, 0)
    undo_jobs.cancel(job)
    assert not undo_jobs.run_next()
    assert Article.objects.count() == 3


def test_it_is_not_called_off_once_something_is_done(batch):
    job = asked(batch)
    turns_left = iter([True])
    undo_jobs.run_next(lambda: next(turns_left, False))
    UndoJob.objects.update(held_up=True)
    with pytest.raises(undo_jobs.Refused):
        undo_jobs.cancel(job)


def test_trouble_of_the_database_is_tried_again_but_not_for_ever(batch, monkeypatch):
    def broken(*arguments: object) -> None:
        raise OperationalError("die Leitung\nist weg")

    job = asked(batch)
    monkeypatch.setattr(turns.connection, "close", lambda: None)  # the test's own
    monkeypatch.setattr(undoing.images, "take", broken)
    for _attempt in range(turns.ATTEMPTS):
        with pytest.raises(OperationalError):
            undo_jobs.run_next()
        assert (again(job).state, again(job).error) == (UndoState.RUNNING, "die Leitung ist weg")
    assert undo_jobs.run_next()
    assert again(job).state == UndoState.FAILED and "die Leitung ist weg" in again(job).error
    assert not undo_jobs.run_next()


def killed_in_chunk(number: int, monkeypatch) -> None:
    """A turn whose worker ends within this chunk."""
    seen, tell = [], undo_jobs._tell

    def killed(*how_far: object) -> None:
        seen.append(1)
        if len(seen) == number:
            raise Killed
        tell(*how_far)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(undo_jobs, "_tell", killed)
        undo_jobs.run_next()


def test_a_worker_that_is_killed_often_but_gets_on_is_not_given_up(folder, monkeypatch):
    monkeypatch.setattr(undoing, "CHUNK", 1)
    job = asked(deliver(folder, *(record(number) for number in range(turns.ATTEMPTS + 2))))
    for _turn in range(turns.ATTEMPTS + 1):
        killed_in_chunk(2, monkeypatch)
    undo_jobs.run_next()
    assert (again(job).state, numbers(job)) == (UndoState.DONE, (turns.ATTEMPTS + 2, 0, 0))


def test_a_worker_that_is_killed_at_the_same_place_is_given_up_though_it_looks_at_what_stays(
    batch, monkeypatch
):
    last = Article.objects.order_by("pk").last()
    Note.objects.create(article=last, text="看")  # the newest is looked at first
    job = asked(batch)
    for _turn in range(turns.ATTEMPTS):
        killed_in_chunk(2, monkeypatch)
    undo_jobs.run_next()
    assert (again(job).state, Article.objects.count()) == (UndoState.FAILED, 3)


def test_a_turn_that_ends_says_nothing_of_what_has_ended_meanwhile(batch, monkeypatch):
    def ended_elsewhere(*arguments: object, **options: object) -> None:
        UndoJob.objects.update(state=UndoState.DONE)
        raise RecursionError("zu tief")

    job = asked(batch)
    with monkeypatch.context() as patch:
        patch.setattr(undoing, "undo", ended_elsewhere)
        undo_jobs.run_next()
    assert (again(job).state, again(job).error) == (UndoState.DONE, "")


def test_a_fault_is_told_and_ends_nothing_else(batch, monkeypatch, caplog):
    def broken(*arguments: object) -> None:
        raise RecursionError("zu  tief")

    job = asked(batch)
    with monkeypatch.context() as patch:
        patch.setattr(undoing.images, "take", broken)
        assert undo_jobs.run_next()
    assert (again(job).state, again(job).error) == (UndoState.FAILED, "zu tief")
    more = asked(batch)
    undo_jobs.run_next()
    assert (again(more).state, numbers(more)) == (UndoState.DONE, (3, 0, 0))


@pytest.mark.django_db(transaction=True)
class TestAKilledWorker:
    def test_leaves_an_undo_that_the_next_one_ends_with_the_right_numbers(self, folder, tmp_path):
        batch = deliver(folder, "\n".join(record(number) for number in range(4000)))
        job = asked(batch)
        place = environment(tmp_path)
        command = [sys.executable, "manage.py", "worker"]
        with subprocess.Popen(command, env=place, cwd=settings.BASE_DIR) as process:
            wait_until(lambda: again(job).looked, 90)
            process.send_signal(signal.SIGKILL)
        assert 0 < Article.objects.count() < 4000, "it was too fast to be killed"
        assert ImportBatch.objects.get().undone_at
        with subprocess.Popen(command, env=place, cwd=settings.BASE_DIR) as process:
            wait_until(lambda: again(job).state == UndoState.DONE, 90)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert (numbers(job), Article.objects.count()) == ((4000, 0, 0), 0)
