"""`make run`'s process: the site and the worker live and end together, whatever happens to one of the three."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest
from django.conf import settings

from tests.processes import PATIENCE, environment, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def _command(process: psutil.Process) -> list[str]:
    """Empty of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


class Serving:
    def __init__(self, var: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "{}:{}".format(*free.getsockname())
        command = [sys.executable, "-m", "newsroom.serve", self.address]
        # A group of its own, as a shell gives to what it starts.
        self.process = subprocess.Popen(
            command, env=environment(var), cwd=settings.BASE_DIR, start_new_session=True
        )
        self.me = psutil.Process(self.process.pid)
        self.all: set[psutil.Process] = {self.me}

    def child(self, name: str) -> psutil.Process | None:
        """The site's or the worker's process, once it runs."""
        self.all |= set(self.me.children(recursive=True))
        return next((child for child in self.me.children() if name in _command(child)), None)

    def answers(self) -> bool:
        try:
            return urlopen(f"http://{self.address}/healthz", timeout=5).read() == b"ok"
        except (URLError, OSError):
            return False

    def everything_has_ended(self) -> bool:
        return not any(
            process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in self.all
        )


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path)
    try:
        wait_until(lambda: serving.answers() and serving.child("worker") and serving.child("gunicorn"))
        yield serving
    finally:
        for process in serving.all:
            if process.is_running():
                process.kill()
        serving.process.wait()


def test_a_worker_that_died_is_started_again_and_all_end_at_ctrl_c(serving: Serving) -> None:
    first = serving.child("worker")
    first.kill()
    wait_until(lambda: serving.child("worker") not in {None, first})
    wait_until(serving.answers)
    os.killpg(serving.process.pid, signal.SIGINT)
    assert serving.process.wait(PATIENCE) == 0
    assert serving.everything_has_ended()


def test_nothing_stays_behind_when_it_is_killed(serving: Serving) -> None:
    serving.process.kill()
    serving.process.wait()
    wait_until(serving.everything_has_ended)


def test_it_ends_with_the_site_and_its_exit_code(serving: Serving) -> None:
    serving.child("gunicorn").kill()
    assert serving.process.wait(PATIENCE) == 128 + signal.SIGKILL
    wait_until(serving.everything_has_ended)


def test_it_asks_for_an_address() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "newsroom.serve"], cwd=settings.BASE_DIR, capture_output=True
    )
    assert done.returncode == 1
    assert b"newsroom.serve ADDRESS:PORT" in done.stderr
