"""Keep the search index up to date: `manage.py worker`. One for each index; ends at SIGTERM or Ctrl-C.

It also writes down what the clock has done: an article whose time to be withdrawn has come. And beside the index, in
threads, it does what the desk has left to it: uploaded batches, and all else of articles/jobs.py.
"""

import logging
import select
import signal
import socket
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.jobs import Jobs, work_off
from articles.management.reporting import BUSY, TROUBLE
from articles.search import drain, folder
from articles.search.index import Missing, Writer
from articles.turns import in_one_line
from articles.workflow import withdraw_due

log = logging.getLogger(__name__)

POLL = 5  # seconds: a notification may be lost, a folder be deleted
POLL_FOR_SWAP = 0.5  # while somebody rebuilds: what changed meanwhile must get into the new index soon
FIRST_PAUSE, LAST_PAUSE = 0.5, 10
ERRORS = (Error, OSError, ValueError)  # tantivy tells of a full disk by a ValueError


class Command(BaseCommand):
    help = "Keep the search index up to date with the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what waits, then end")

    def handle(self, *, once: bool, **options: Any) -> None:
        with Stop() as stop:
            worker = Worker(stop, self.stdout.write)
            try:
                worker.once() if once else worker.run()
            except folder.Busy:
                raise CommandError(
                    _("Another process writes the search index: a worker runs already."), returncode=BUSY
                ) from None
            except (*ERRORS, Missing) as error:
                raise CommandError(in_one_line(error), returncode=TROUBLE) from error


class Stopped(Exception):
    """The process was asked to end in the middle of something that is not worth finishing."""


class Stop:
    """Whether somebody asked this process to end; whoever sleeps wakes up for it."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "Stop":
        self._awake, alarm = self._sockets = socket.socketpair()
        alarm.setblocking(False)
        self._before = {
            number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)
        }
        # A signal that comes right before the sleep begins must end it as well: it leaves a byte behind.
        self._wakeup = signal.set_wakeup_fd(alarm.fileno())
        return self

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, before in self._before.items():
            signal.signal(number, before)
        for end in self._sockets:
            end.close()

    def _ask(self, *signal_and_frame: object) -> None:
        self.asked = True

    def sleep(self, seconds: float, *until_readable: psycopg.Connection) -> None:
        if not self.asked:
            select.select([self._awake, *until_readable], [], [], seconds)


class Worker:
    def __init__(self, stop: Stop, say: Callable[[str], object]) -> None:
        self.stop = stop
        self.say = say
        self.begun = False  # it was this process's turn to write
        self.pause = FIRST_PAUSE
        self.jobs = Jobs()

    def once(self) -> None:
        try:
            self._drain_once()
        except Missing:
            self._rebuild()
            self._drain_once()

    def _drain_once(self) -> None:
        with Writer() as writer:
            work_off(self._goes_on)
            drain.catch_up(writer, set(), self._goes_on)

    def run(self) -> None:
        try:
            self._run()
        finally:
            self.jobs.stop()

    def _run(self) -> None:
        while not self.stop.asked:
            try:
                self._follow()
            except Missing:
                self._mend()
            except folder.Busy:
                if not self.begun:
                    raise
                self._wait_out("another process writes the search index")
            except ERRORS as error:
                connection.close()
                self._wait_out(in_one_line(error))

    def _follow(self) -> None:
        """Until the process is to end, or the live folder is another one."""
        with Writer() as writer, _listening() as listener:
            self.begun = True
            self.jobs.start()
            applied: set[int] = set()
            while not self.stop.asked and folder.current() == writer.folder:
                close_old_connections()
                withdraw_due()
                drain.catch_up(writer, applied, self._goes_on)
                writer.check()
                self._all_is_well()
                self._sleep(writer, listener, POLL_FOR_SWAP if applied else POLL)

    def _goes_on(self) -> bool:
        return not self.stop.asked

    def _sleep(self, writer: Writer, listener: psycopg.Connection, seconds: float) -> None:
        due = drain.next_due(writer)
        if due:
            seconds = min(seconds, max(0, (due - timezone.now()).total_seconds()))
        self.stop.sleep(seconds, listener)
        with connection.wrap_database_errors:
            for _notification in listener.notifies(timeout=0):
                pass  # what has changed stands in the queue

    def _mend(self) -> None:
        """Make the index that is missing; whatever keeps it from that is tried again like everything else."""
        try:
            self._rebuild()
        except Stopped:
            pass
        except folder.Busy:
            self._wait_out("another process is building the search index")
        except ERRORS as error:
            connection.close()
            self._wait_out(in_one_line(error))

    def _rebuild(self) -> None:
        self.say(_("There is no search index of this version for this database. Building it."))
        self.begun = True
        articles = drain.rebuild(self._end_in_between)
        self.say(_("The search index has been built: %(articles)s articles.") % {"articles": f"{articles:,}"})

    def _end_in_between(self, done: int, of: int) -> None:
        if self.stop.asked:
            raise Stopped

    def _wait_out(self, trouble: str) -> None:
        """One line a trouble, not one an attempt."""
        if self.pause == FIRST_PAUSE:
            log.warning("the search index waits: %s", trouble)
        self.stop.sleep(self.pause)
        self.pause = min(2 * self.pause, LAST_PAUSE)

    def _all_is_well(self) -> None:
        if self.pause > FIRST_PAUSE:
            log.warning("the search index goes on")
        self.pause = FIRST_PAUSE


@contextmanager
def _listening() -> Iterator[psycopg.Connection]:
    """A connection of its own that becomes readable when something was queued."""
    with connection.wrap_database_errors:
        listener = connection.get_new_connection(connection.get_connection_params())
    with closing(listener):
        with connection.wrap_database_errors:
            listener.autocommit = True
            listener.execute("LISTEN search_queue")
        yield listener
