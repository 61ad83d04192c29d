"""Two write at the same moment, and the database refuses one of them: that one is tried once more."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected


def once_more(verb: Callable) -> Callable:
    """In one transaction; the victim of a deadlock with an import or a save is served at the second try."""
    whole = transaction.atomic(verb)

    @wraps(verb)
    def tried(*args: Any, **kwargs: Any) -> Any:
        return twice(partial(whole, *args, **kwargs))

    return tried


def twice(work: Callable[[], Any], *also: type[Exception]) -> Any:
    """Done again where it was the victim of a deadlock, or failed in one of these ways."""
    try:
        return work()
    except also:
        pass
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
    return work()
