"""How long suggesting terms from a text takes: `python -m benchmarks.spotting 100000 5000`, names and characters.

Works in a database of its own on the configured server. The texts are those of `language`, full of the names.
"""

import os
import statistics
import sys
import tracemalloc

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks.figures import head, line, summary, timed  # noqa: E402
from benchmarks.language import Writer, distinct, keyword_names  # noqa: E402
from taxonomy import names, spotting  # noqa: E402
from taxonomy.models import VOCABULARIES  # noqa: E402

SHARES = {"keyword": 0.8, "technology": 0.15, "industry": 0.05}
ALIASES = 5  # of so many names one is an alias
TEXTS = 60


def main(count: int, length: int) -> None:
    database = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        fill(distinct(keyword_names(), count))
        measure(count, length)
    finally:
        connection.creation.destroy_test_db(database, verbosity=0)


def fill(spelled: list[str]) -> None:
    start = 0
    for vocabulary, share in SHARES.items():
        mine = spelled[start : (start := start + round(share * len(spelled)))]
        model = VOCABULARIES[vocabulary]
        cut = len(mine) // ALIASES
        terms = model.objects.bulk_create([model(name=name, confirmed=True) for name in mine[cut:]], 5_000)
        alias = model.alias_model()
        alias.objects.bulk_create(
            [alias(name=name, term=term) for name, term in zip(mine[:cut], terms, strict=False)], 5_000
        )


def measure(count: int, length: int) -> None:
    texts = written(length)
    tracemalloc.start()
    spotting.spellings()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    spotting._kept.clear()
    _kept, read = timed(spotting.spellings)
    print(f"{count:,} names, texts of {length:,} characters, PostgreSQL {connection.pg_version // 10000}\n")
    print(f"spellings read again: {read:.0f} ms, {size / 1e6:.0f} MB; ", end="")
    print(f"places found in a text: {statistics.median(map(places, texts)):.0f}\n")
    head("what", "p50 ms", "p95 ms", "max ms")
    flat = [timed(names.flattened, text)[1] for text in texts]
    line("the text as keys are spelled", *summary(flat))
    line("all: asked whether names changed, spotted, terms read", *summary([whole(text) for text in texts]))


def written(length: int) -> list[str]:
    writer = Writer()
    writer.take_up([])
    return [writer.text(length)[:length] for _number in range(TEXTS)]


def places(text: str) -> int:
    flat = names.flattened(text)
    return sum(1 for known in spotting.spellings().values() for _place in known.places(*flat))


def whole(text: str) -> float:
    title, points, rest = text[:40], text[40:600], text[600:]
    return timed(spotting.spot, [title, points, rest], {})[1]


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (100_000, 5_000)))
