"""The worker's jobs beside the index: none holds up another, none ends the worker."""

import logging
import threading
import time

import pytest
from django.db import OperationalError

from articles import jobs


@pytest.fixture
def running(monkeypatch):
    """Start jobs of the test's own; they end with it."""
    monkeypatch.setattr(jobs, "POLL", 0.01)
    monkeypatch.setattr(jobs, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)  # no database here
    started = []

    def start(**kinds) -> jobs.Jobs:
        monkeypatch.setattr(jobs, "all_jobs", lambda goes_on: kinds)
        started.append(jobs.Jobs())
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.stop()


def wait_for(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_a_long_job_holds_up_no_other(running):
    release, others = threading.Event(), []

    def long() -> bool:
        release.wait(10)
        return False

    def short() -> bool:
        others.append(1)
        return False

    running(long=long, short=short)
    try:
        wait_for(lambda: len(others) > 3)
    finally:
        release.set()


def test_possible_duplicates_wait_until_readers_find_what_came_in(running, monkeypatch):
    behind, looked, others = [True], [], []
    monkeypatch.setattr(jobs.drain, "behind", lambda: behind[0])
    running(duplicates=lambda: bool(looked.append(1)), uploads=lambda: bool(others.append(1)))
    wait_for(lambda: len(others) > 3)
    assert not looked
    behind[0] = False
    wait_for(lambda: looked)


@pytest.mark.parametrize(
    "trouble", [OperationalError("die Leitung\nist weg"), ZeroDivisionError(), OSError()]
)
def test_a_job_that_fails_is_tried_again_and_told(running, caplog, trouble):
    times = []

    def failing() -> bool:
        times.append(1)
        if len(times) < 3:
            raise trouble
        return False

    with caplog.at_level(logging.WARNING):
        running(failing=failing)
        wait_for(lambda: len(times) > 4)
    told = [record.message for record in caplog.records if record.name == "articles.jobs"]
    assert len(told) == 2 and all(line.startswith("failing") and "\n" not in line for line in told)


def test_what_waits_is_worked_off_without_a_pause(running, monkeypatch):
    monkeypatch.setattr(jobs, "POLL", 60)
    left = list(range(5))

    def work() -> bool:
        return bool(left) and left.pop() is not None

    running(work=work)
    wait_for(lambda: not left)


def test_they_end_when_they_are_told(running):
    one = running(idle=lambda: False)
    one.stop()
    assert [thread.is_alive() for thread in one.threads] == [False]


def test_all_that_waits_is_done_once_whatever_fails(monkeypatch):
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    done = []

    def failing() -> bool:
        raise OSError("voll")

    def work() -> bool:
        done.append(1)
        return len(done) < 3

    monkeypatch.setattr(jobs, "all_jobs", lambda goes_on: {"failing": failing, "work": work})
    jobs.work_off(lambda: True)
    assert done == [1, 1, 1]


@pytest.mark.django_db
def test_every_kind_of_job_has_nothing_to_do_on_an_empty_desk():
    found = jobs.all_jobs(lambda: True)
    assert found.keys() >= {"uploads", "undoing", "retags", "duplicates"}
    assert [job() for job in found.values()] == [False] * len(found)
