"""How long it takes to choose many articles, change a term on them, and undo that.

`python -m benchmarks.retag 5000` works in the configured database and takes back all it did. Every tenth article is
published with a waiting draft; texts have 2,000 characters. The chunks are those of the worker.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from articles import retagging, revisions  # noqa: E402
from articles.models import Article, ArticleKeyword, RevisionKind, Status  # noqa: E402
from taxonomy.models import Keyword  # noqa: E402

TEXT = "人工智能正在改变电影工业的每一个环节。" * 100
EACH = 2_000
DRAFTED = 10  # of so many articles one is published and has a draft
TERMS = 5


class TakeBack(Exception):
    pass


def articles(count: int) -> list[int]:
    now = timezone.now()
    made: list[int] = []
    for start in range(0, count, EACH):
        rows = [
            Article(
                title=f"第{number}条",
                summary=TEXT,
                status=Status.DRAFT if number % DRAFTED else Status.PUBLISHED,
                published_at=None if number % DRAFTED else now,
            )
            for number in range(start, min(start + EACH, count))
        ]
        made += [article.pk for article in Article.objects.bulk_create(rows)]
    return made


def carried(pks: list[int]) -> Keyword:
    terms = [Keyword.objects.create(name=f"词{number}·{time.time_ns()}") for number in range(TERMS)]
    for start in range(0, len(pks), EACH):
        ArticleKeyword.objects.bulk_create(
            ArticleKeyword(tag=term, content_object_id=pk, raw=term.name, position=place)
            for pk in pks[start : start + EACH]
            for place, term in enumerate(terms, start=1)
        )
    return terms[0]


def drafts(pks: list[int]) -> None:
    for start in range(0, len(pks), EACH):
        found = Article.objects.whole().in_bulk(pks[start : start + EACH])
        snapshots = {pk: revisions.snapshot(article) | {"title": "草稿"} for pk, article in found.items()}
        revisions.record_snapshots(snapshots, kind=RevisionKind.DRAFT, pending=True)


def timed(label: str, deed: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    done = deed()
    print(f"| {label} | {1_000 * (time.perf_counter() - began):,.0f} |", flush=True)
    return done


def main(count: int) -> None:
    chief = User.objects.create_superuser(f"chief{time.time_ns()}")
    pks = articles(count)
    old = carried(pks)
    drafts(pks[::DRAFTED])
    new = Keyword.objects.create(name=f"新词·{time.time_ns()}")
    mine = Article.objects.filter(pk__gte=pks[0], pk__lte=pks[-1])
    print(f"{count:,} articles, {retagging.CHUNK} a transaction\n\n| step | ms |\n|---|---|")
    prepared = timed("choose all that match", lambda: retagging.prepare(mine, by=chief))
    timed("say what would change", lambda: retagging.foresee(prepared, remove=old, add=new, by=chief))
    begun = retagging.start(prepared, remove=old, add=new, by=chief)
    done = timed("replace a term", lambda: retagging.run_now(begun))
    assert done.counts == {"changed": count}, done.counts
    timed("say what undoing would do", lambda: retagging.foresee_undo(done, by=chief))
    back = retagging.undo(done, by=chief)
    assert timed("undo", lambda: retagging.run_now(back)).undo_counts == {"undone": count}


if __name__ == "__main__":
    try:
        with transaction.atomic():
            main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
            raise TakeBack
    except TakeBack:
        pass
