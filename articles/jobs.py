"""What the worker does beside the search index: each kind of job in a thread of its own, so that none waits for another.

A job's function does one piece of work and says whether there may be more. What goes wrong in one is logged and tried
again; neither the index nor the other jobs notice.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error, close_old_connections, connection

from articles import duplicates, retagging, undo_jobs, uploads
from articles.search import drain
from articles.turns import in_one_line

log = logging.getLogger(__name__)

POLL = 1  # second
FIRST_PAUSE, LAST_PAUSE = 1, 60
PATIENCE = 10  # seconds that threads get to end

# That readers find what an import brought comes first: one process cannot do both at full speed.
AFTER_INDEX = {"duplicates"}

Job = Callable[[], bool]


def all_jobs(goes_on: Callable[[], bool]) -> dict[str, Job]:
    return {
        "uploads": lambda: uploads.run_next(goes_on),
        "undoing": lambda: undo_jobs.run_next(goes_on),
        "retags": retagging.run_next,
        "duplicates": duplicates.run_next,
    }


class Jobs:
    """The threads. They begin with `start`, and end soon after `stop`, in the middle of a long import too."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.threads: list[threading.Thread] = []

    def goes_on(self) -> bool:
        return not self.stopped.is_set()

    def start(self) -> None:
        """Once; afterwards it does nothing."""
        if self.threads:
            return
        for name, job in all_jobs(self.goes_on).items():
            self.threads.append(threading.Thread(target=self._loop, args=[name, job], daemon=True))
            self.threads[-1].start()

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    def _loop(self, name: str, job: Job) -> None:
        pause = 0.0
        with _closing():
            while self.goes_on():
                close_old_connections()
                done = False if name in AFTER_INDEX and attempt(name, drain.behind) else attempt(name, job)
                if done is None:
                    connection.close()  # whatever state it is in
                pause = min(2 * pause or FIRST_PAUSE, LAST_PAUSE) if done is None else 0
                if not done:
                    self.stopped.wait(pause or POLL)


@contextmanager
def _closing() -> Iterator[None]:
    """A thread's own connection to the database goes with it."""
    try:
        yield
    finally:
        connection.close()


def attempt(name: str, job: Job) -> bool | None:
    """Whether there may be more to do; None if it failed."""
    try:
        return job()
    except (Error, OSError) as error:
        log.warning("%s: %s", name, in_one_line(error))
    except Exception:  # a job's fault must end neither its thread nor the worker
        log.exception("%s failed", name)
    return None


def work_off(goes_on: Callable[[], bool]) -> None:
    """All that waits, one kind after the other; what fails is left for the next time."""
    for name, job in all_jobs(goes_on).items():
        while goes_on() and attempt(name, job):
            pass
