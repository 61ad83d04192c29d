"""Where the tests' database lives: never where the editors' does.

With DATABASE_URL Django makes its own `test_…` database on that server. Without it the tests get an embedded
server with a data directory under `var/test`, which is stopped at the end.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.utils import translation

from articles.search import index
from articles.search.reader import Reader, reader
from newsroom.embedded import server

DATABASE = settings.DATABASES["default"]
EMBEDDED = DATABASE["ENGINE"] == "newsroom.embedded"
RUNS_AT_ONCE = 20


def claim_folder(parent: Path) -> tuple[Path, IO]:
    """The first of var/test, var/test-2, … that no other test run holds, and the lock that holds it."""
    for number in range(1, RUNS_AT_ONCE + 1):
        folder = parent / ("test" if number == 1 else f"test-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "run.lock", "w")  # noqa: SIM115 - held until the process ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return folder, lock
    raise pytest.UsageError(f"{RUNS_AT_ONCE} test runs are under way in {parent}: wait for one to end.")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("dist", "no") != "no":
        return  # It only hands the tests out to others, each of which comes here itself.
    # A slow hash for each person that a test makes would take most of the time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    folder, config.run_lock = claim_folder(settings.VAR_DIR)
    settings.VAR_DIR = folder
    # Commands that a test runs in a process of their own use the same folder and server.
    os.environ["NEWSROOM_VAR"] = str(folder)
    if EMBEDDED:
        DATABASE["EMBEDDED_DATA"] = folder / "postgres"
        DATABASE["EMBEDDED_SETTINGS"] = server.UNSAFE_BUT_FAST


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "run_lock"):
        return
    if EMBEDDED:
        server.stop(DATABASE["EMBEDDED_DATA"])
    config.run_lock.close()


@pytest.fixture
def in_english() -> Iterator[None]:
    """What is told without a browser, such as the reason of a refusal, is in the language of the site otherwise."""
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a supplier puts seed files."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def no_index(settings, tmp_path: Path) -> None:
    """A folder of the test's own for the search index, with none in it yet."""
    settings.VAR_DIR = tmp_path


@pytest.fixture
def indexed(no_index: None) -> Callable[[], Reader]:
    """Call it to build a search index of all articles, in a folder of the test's own."""

    def build() -> Reader:
        index.rebuild()
        return reader()

    return build
