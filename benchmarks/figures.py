"""What the benchmarks of search and facets share: the index they measure, times, and tables."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from articles.models import Article
from articles.search.reader import Reader, reader

TIMES = ("p50 ms", "p95 ms", "max ms")  # the columns that `summary` fills


def index() -> Reader:
    """The live index, if it knows the very articles that are public: or every comparison would be off."""
    found = reader()
    if not found:
        raise SystemExit("There is no index of this database: run manage.py rebuild_search.")
    if set(found.sets.all) != set(Article.objects.published().values_list("pk", flat=True)):
        raise SystemExit("The index lags behind the database: run manage.py rebuild_search.")
    return found


def timed(function: Callable, *args: Any, **options: Any) -> tuple[Any, float]:
    """What it returns, and how many milliseconds that took."""
    began = time.perf_counter()
    result = function(*args, **options)
    return result, (time.perf_counter() - began) * 1000


def summary(times: list[float]) -> list[str]:
    middle = statistics.median(times)
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else middle
    return [f"{number:.1f}" for number in (middle, p95, max(times))]


def head(*names: str) -> None:
    line(*names)
    line(*("---" for _name in names))


def line(*cells: object) -> None:
    """A row of a table as RESULTS.md takes it."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
