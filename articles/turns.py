"""What waits in a table for the worker, row by row: uploads, and batches that are to be taken back.

Each row says how it stands, so whoever finds one in the worker's states may take it up: a worker that was killed leaves
it there. While one has it in hand, a lock keeps all others away. What kills the worker each time does not do so for
ever: turns are counted, and what gets on in one sets its `attempts` to 0.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from django.db import Error, connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from articles.importer import Busy
from articles.models.turns import Turn

log = logging.getLogger(__name__)

ATTEMPTS = 5
MOST = 500  # characters of a reason that are kept


class Stopped(Exception):
    """The worker ends; what it was at goes on with the next one."""


@contextmanager
def claimed(lock: int, pk: int) -> Iterator[psycopg.Connection | None]:
    """A connection of its own that holds this row, or None if another worker has it. It ends with this process."""
    with connection.wrap_database_errors:
        notes = connection.get_new_connection(connection.get_connection_params())
    with closing(notes):
        notes.autocommit = True
        got = notes.execute("SELECT pg_try_advisory_lock(%s, %s)", [lock, pk % 2**31]).fetchone()[0]
        try:
            yield notes if got else None
        finally:
            with suppress(psycopg.Error):  # closing alone frees it only a moment later
                notes.execute("SELECT pg_advisory_unlock_all()")


def attempt(
    work: Turn, state: str, act: Callable[[], None], fail: Callable[[str], None], **begun: Any
) -> bool:
    """One turn at it; False if it waits, for another import or for the next worker.

    `begun`: what else is written on it when the turn begins; `fail` gets the reason, once it is given up.
    """
    if work.attempts >= ATTEMPTS:
        given_up = _("It was begun %(number)d times and never came to its end.") % {"number": ATTEMPTS}
        fail(f"{given_up} {work.error}")
        return True
    # Counted beforehand: what kills the worker must be seen by the next one. Elsewhere somebody may discard it now.
    rows = type(work).objects.filter(pk=work.pk, state=work.state)
    if not rows.update(state=state, attempts=F("attempts") + 1, held_up=False, **begun):
        return True
    work.state = state
    try:
        act()
    except (Busy, Stopped) as pause:
        note(work, attempts=Greatest(F("attempts") - 1, 0), held_up=isinstance(pause, Busy))
        return False
    except (Error, OSError) as trouble:  # of database or disk: it may be better in a while
        connection.close()
        with suppress(Error):
            note(work, error=in_one_line(trouble)[:MOST])
        raise
    except Exception as error:  # whatever it holds makes the code do, the worker lives on and says so
        log.exception("%s %s failed", work._meta.model_name, work.pk)
        fail(in_one_line(error)[:MOST])
    return True


def note(work: Turn, **fields: Any) -> None:
    """Unless it has moved on meanwhile: what is closed elsewhere stays so."""
    type(work).objects.filter(pk=work.pk, state=work.state).update(**fields)


def in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
