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
import psutil

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
MAIN, RELATED = re.compile(rb"<main.*</main>"), re.compile(rb'<aside class="related".*?</aside>')
SERVERS = {
    "site": ("newsroom.settings", "newsroom.wsgi"),
    "plain": ("benchmarks.plain_settings", "benchmarks.plain_pages"),
}


@dataclass(frozen=True)
class Server:
    port: int
    process: psutil.Process

    def cpu(self) -> float:
        times = [process.cpu_times() for process in self.process.children()]
        return sum(spent.user + spent.system for spent in times)


@dataclass
class Measured:
    seconds: float = 0
    cpu: float = 0  # seconds of the server's processes, PostgreSQL's not among them
    times: list[float] = field(default_factory=list)  # milliseconds of each request

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    @property
    def each(self) -> float:
        """Milliseconds of CPU for a request."""
        return self.cpu / len(self.times) * 1000

    def __str__(self) -> str:
        p95 = statistics.quantiles(self.times, n=20)[-1]
        return f"{self.rate:>9.0f}{statistics.median(self.times):>7.1f}{p95:>7.1f}{self.each:>7.2f}"


# --- servers --------------------------------------------------------------------------------------


@contextmanager
def serving(settings_module: str, application: str) -> Iterator[Server]:
    """The application under gunicorn."""
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
        yield Server(port, psutil.Process(server.pid))
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


def load(server: Server, addresses: Iterator[str], concurrency: int, into: Measured) -> None:
    """Ask for one address after another, so many at once, until time or number is up."""
    lock, cpu, began = threading.Lock(), server.cpu(), time.perf_counter()
    errors: list[str] = []
    asked = iter(range(REQUESTS))

    def ask() -> None:
        while time.perf_counter() - began < SECONDS and not errors:
            with lock:
                address = next(addresses) if next(asked, None) is not None else None
            if address is None:
                return
            started = time.perf_counter()
            status, _body = get(server.port, address)
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
    into.cpu += server.cpu() - cpu


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


def compare(servers: dict[str, Server], address: str) -> None:
    """Both must say the same, or the figures mean nothing. Related articles are found by no statement alone."""
    bodies = [get(server.port, address) for server in servers.values()]
    mains = {MAIN.search(RELATED.sub(b"", b" ".join(body.split())))[0] for _status, body in bodies}
    if len(mains) > 1:
        raise SystemExit(f"{address} differs:\n" + "\n\n".join(main.decode() for main in mains))


def main(count: int | None) -> None:
    if count and not Article.objects.exists():
        call_command("migrate", verbosity=0)
        fill(count)
    random.seed(7)
    everything = pages()
    with serving(*SERVERS["site"]) as site, serving(*SERVERS["plain"]) as plain:
        servers = {"site": site, "plain": plain}
        print(
            f"{Article.objects.published().count():,} public articles, {ROUNDS} rounds of {SECONDS:.0f} s each by turns"
        )
        columns = "".join(f"{name:>7}" for name in ("p50", "p95", "CPU"))
        print(f"{'':<30}{'site':>9}{columns}{'plain':>11}{columns}{'ratio':>8}{'of CPU':>8}")
        for page, addresses in everything.items():
            for address in addresses[:5]:
                compare(servers, address)
            for kind, chosen in {"cold": addresses, "warm": addresses[:POPULAR]}.items():
                for concurrency in CONCURRENCY:
                    measured = measure(servers, chosen, concurrency)
                    ratio = measured["site"].rate / measured["plain"].rate
                    cpu = measured["plain"].each / measured["site"].each
                    label = f"{page}, {kind}, {concurrency} at once"
                    print(
                        f"{label:<30}{measured['site']}  {measured['plain']}{ratio:>8.2f}{cpu:>8.2f}",
                        flush=True,
                    )


def measure(servers: dict[str, Server], addresses: list[str], concurrency: int) -> dict[str, Measured]:
    measured = {name: Measured() for name in servers}
    streams = {name: at_random(addresses) for name in servers}
    for name, server in servers.items():  # what starting costs is not meant
        load(server, streams[name], concurrency, Measured())
    for _round in range(ROUNDS):
        for name, server in servers.items():
            load(server, streams[name], concurrency, measured[name])
    return measured


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
