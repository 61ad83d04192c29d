"""Processes of their own on the tests' database, and what they do in their own time."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

PATIENCE = 30  # seconds: other tests may have the machine


class Killed(BaseException):
    """In the place of a signal that ends the process."""


def environment(var: Path | None = None) -> dict[str, str]:
    """For a process on the test database; with `var`, its other data are there."""
    return os.environ | {"DATABASE_URL": _database_url()} | ({"NEWSROOM_VAR": str(var)} if var else {})


def _database_url() -> str:
    database = connection.settings_dict
    if database["ENGINE"] == "newsroom.embedded":
        host = connection.get_connection_params()["host"]
        return f"postgresql://postgres@/{database['NAME']}?host={host}"
    login = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
    return f"postgresql://{login}{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> float:
    """How long it took, in seconds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < patience, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - started
