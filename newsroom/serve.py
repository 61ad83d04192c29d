"""The site and its worker, started and ended together: `python -m newsroom.serve ADDRESS:PORT`, as `make run` does.

Each is a process group of its own: Ctrl-C reaches only this process, which ends both in good order. When this process
is killed, Linux tells both to end.
"""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time

WEB = (
    *("gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "3"),
    *("--no-control-socket", "--log-level", "warning", "newsroom.wsgi"),
)
ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
PATIENCE = 15  # seconds: the worker finishes the commit in hand
FIRST_PAUSE, LAST_PAUSE = 1, 30  # seconds before the worker is started again
LONG_LIFE = 60  # seconds after which a worker that dies has had an accident, not a lasting trouble

PR_SET_PDEATHSIG = 1
prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def main(address: str) -> int:
    signals = Signals()
    web = start("-m", *WEB, "--bind", address)
    worker = Worker()
    while web.poll() is None:
        if ENDING & signals.received(within=worker.tend()):
            break
    for process in (web, worker.process):
        if process.poll() is None:
            process.terminate()
    wait_for(web)
    wait_for(worker.process)
    return web.returncode if web.returncode >= 0 else 128 - web.returncode


def start(*command: str) -> subprocess.Popen:
    """Start a Python program that does not outlive this process, however this one ends."""
    parent = os.getpid()

    def end_with_parent() -> None:
        if prctl:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it has ended in this very moment
                os._exit(1)

    return subprocess.Popen([sys.executable, *command], preexec_fn=end_with_parent, process_group=0)


def wait_for(process: subprocess.Popen) -> None:
    """Give it time to end by itself."""
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Signals:
    """Signals leave a byte behind: so none is lost that comes right before somebody waits for it."""

    def __init__(self) -> None:
        self._awake, self._alarm = socket.socketpair()
        self._alarm.setblocking(False)
        signal.set_wakeup_fd(self._alarm.fileno())
        for number in ENDING | {signal.SIGCHLD}:
            signal.signal(number, lambda *signal_and_frame: None)

    def received(self, within: float | None) -> set[int]:
        """Wait for at least one, so many seconds at most, or without end for None."""
        readable, _, _ = select.select([self._awake], [], [], within)
        return set(self._awake.recv(64)) if readable else set()


class Worker:
    """`manage.py worker`, started again whenever it has died, after ever longer pauses."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE
        self._start()

    def _start(self) -> None:
        self.process = start("manage.py", "worker")
        self._born, self._again = time.monotonic(), None

    def tend(self) -> float | None:
        """Start it again if it is time; in how many seconds to look next, None while it runs."""
        if self.process.poll() is None:
            return None
        now = time.monotonic()
        if self._again is None:
            if now - self._born > LONG_LIFE:
                self._pause = FIRST_PAUSE
            self._again = now + self._pause
            self._pause = min(2 * self._pause, LAST_PAUSE)
        if now < self._again:
            return self._again - now
        self._start()
        return None


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
