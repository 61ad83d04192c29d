"""Requests per second of the list and of articles, beside the same pages from one SQL statement and their template.

`python -m benchmarks.page_rate` measures what the configured database holds; `python -m benchmarks.page_rate 3000` first fills
an empty one. Two servers as in production (gunicorn, 2 workers) answer by turns, so that other work on the machine slows
both. Cold: every page another one, at random; warm: 40 popular ones.
"""

import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from articles.models import Article  # noqa: E402
from articles.paging import cursor  # noqa: E402
from benchmarks.library import fill  # noqa: E402

ROUNDS = 6
SECONDS = 2.0  # of a round, and
REQUESTS = 2_000  # at most in it
POPULAR = 40
CONCURRENCY = (1, 8)
SERVERS = {
    "site": ("newsroom.settings", "newsroom.wsgi"),
    "plain": ("benchmarks.plain_settings", "benchmarks.plain_pages"),
}


@dataclass
class Measured:
    seconds: float = 0
    times: list[float] = field(default_factory=list)  # milliseconds of each request

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def __str__(self) -> str:
        p95 = statistics.quantiles(self.times, n=20)[-1]
        return f"{self.rate:>9.0f}{statistics.median(self.times):>8.1f}{p95:>8.1f}"


# --- servers --------------------------------------------------------------------------------------


@contextmanager
def serving(settings_module: str, application: str) -> Iterator[int]:
    """The port on which gunicorn serves it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    # Stopping the output from being silent hides errors: whatever is logged is seen here.
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += [
        "--workers",
        "2",
        "--threads",
        "4",
        "--no-control-socket",
        "--log-level",
        "warning",
        application,
    ]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings_module}
    server = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def wait_for(port: int) -> None:
    for _attempt in range(300):
        try:
            if get(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def get(port: int, address: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", address)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


# --- load -----------------------------------------------------------------------------------------


def load(port: int, addresses: Iterator[str], concurrency: int, into: Measured) -> None:
    """Ask for one address after another, so many at once, until time or number is up."""
    lock, began = threading.Lock(), time.perf_counter()
    errors: list[str] = []
    asked = iter(range(REQUESTS))

    def ask() -> None:
        while time.perf_counter() - began < SECONDS and not errors:
            with lock:
                address = next(addresses) if next(asked, None) is not None else None
            if address is None:
                return
            started = time.perf_counter()
            status, _body = get(port, address)
            into.times.append((time.perf_counter() - started) * 1000)
            if status != 200:
                errors.append(f"{address}: {status}")

    threads = [threading.Thread(target=ask) for _number in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise SystemExit(errors[0])
    into.seconds += time.perf_counter() - began


def at_random(addresses: list[str]) -> Iterator[str]:
    """Each once before any comes again."""
    while True:
        yield from random.sample(addresses, len(addresses))


# --- pages ----------------------------------------------------------------------------------------


def pages() -> dict[str, list[str]]:
    """Addresses of articles, and of lists that begin at one of them. None is so near the end that its list is short."""
    found = Article.objects.published().newest_first().values_list("published_at", "pk", "title")
    count = found.count()
    places = random.sample(range(1, count - 50), min(20_000, count - 51))
    chosen = set(places)
    some = [values for place, values in enumerate(found.iterator()) if place in chosen]
    random.shuffle(some)
    return {
        "list": [f"/articles/?before={cursor((at, pk))}" for at, pk, _title in some],
        "article": [Article(pk=pk, title=title).get_absolute_url() for _at, pk, title in some],
    }


def compare(ports: dict[str, int], address: str) -> None:
    """Both must say the same, or the figures mean nothing."""
    bodies = {name: get(port, address) for name, port in ports.items()}
    mains = {
        re.sub(rb"\s+", b" ", body[body.index(b"<main") : body.index(b"</main>")])
        for _status, body in bodies.values()
    }
    if len(mains) > 1:
        raise SystemExit(f"{address} differs:\n" + "\n\n".join(main.decode() for main in mains))


def main(count: int | None) -> None:
    if count and not Article.objects.exists():
        call_command("migrate", verbosity=0)
        fill(count)
    random.seed(7)
    everything = pages()
    with serving(*SERVERS["site"]) as site, serving(*SERVERS["plain"]) as plain:
        ports = {"site": site, "plain": plain}
        print(
            f"{Article.objects.published().count():,} public articles, {ROUNDS} rounds of {SECONDS:.0f} s each by turns"
        )
        print(f"{'':<30}{'site':>9}{'p50':>8}{'p95':>8}{'plain':>11}{'p50':>8}{'p95':>8}{'ratio':>8}")
        for page, addresses in everything.items():
            for address in addresses[:5]:
                compare(ports, address)
            for kind, chosen in {"cold": addresses, "warm": addresses[:POPULAR]}.items():
                for concurrency in CONCURRENCY:
                    measured = measure(ports, chosen, concurrency)
                    ratio = measured["site"].rate / measured["plain"].rate
                    label = f"{page}, {kind}, {concurrency} at once"
                    print(f"{label:<30}{measured['site']}  {measured['plain']}{ratio:>8.2f}", flush=True)


def measure(ports: dict[str, int], addresses: list[str], concurrency: int) -> dict[str, Measured]:
    measured = {name: Measured() for name in ports}
    streams = {name: at_random(addresses) for name in ports}
    for name, port in ports.items():  # what starting costs is not meant
        load(port, streams[name], concurrency, Measured())
    for _round in range(ROUNDS):
        for name, port in ports.items():
            load(port, streams[name], concurrency, measured[name])
    return measured


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
