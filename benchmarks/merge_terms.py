"""How long merging a term of many assignments takes, and undoing it, beside other ways to do the same.

`python -m benchmarks.merge_terms 5000` works in the configured database and takes back all it did. A tenth of the
articles carry both terms. django-taggit's own merge is its loop (admin.merge_tags_view, over its generic table); one by
one is the same over the through table of articles. Both only merge: neither can be undone.
"""

import os
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from taggit.models import Tag, TaggedItem  # noqa: E402

from articles.models import Article, ArticleKeyword, SearchQueue  # noqa: E402
from taxonomy.merge import merge, move  # noqa: E402
from taxonomy.models import Keyword, Technology  # noqa: E402
from taxonomy.preview import preview  # noqa: E402
from taxonomy.undo import undo  # noqa: E402

BOTH = 10  # of so many articles one carries both terms


class TakeBack(Exception):
    pass


def articles(count: int) -> list[int]:
    made = Article.objects.bulk_create(
        (Article(title=f"第{number}条") for number in range(count)), batch_size=2_000
    )
    return [article.pk for article in made]


def keywords(carriers: list[int]) -> tuple[Keyword, Keyword]:
    loser, survivor = (Keyword.objects.create(name=f"{name}{time.time_ns()}") for name in ("LLM", "大模型"))
    ArticleKeyword.objects.bulk_create(
        [ArticleKeyword(tag=loser, content_object_id=pk, raw="LLM", position=0) for pk in carriers]
        + [ArticleKeyword(tag=survivor, content_object_id=pk, position=1) for pk in carriers[::BOTH]],
        batch_size=2_000,
    )
    return loser, survivor


def timed(label: str, deed: Callable[[], object]) -> object:
    began = time.perf_counter()
    with transaction.atomic():
        done = deed()
        check_constraints()
    print(f"| {label} | {time.perf_counter() - began:.2f} |", flush=True)
    return done


def check_constraints() -> None:
    """What a commit would check."""
    transaction.get_connection().check_constraints()


def ours(carriers: list[int]) -> None:
    loser, survivor = keywords(carriers)
    timed("preview", lambda: preview([loser], survivor))
    SearchQueue.objects.all().delete()
    record = timed("merge", lambda: merge([loser], into=survivor, by=None))
    queued = SearchQueue.objects.values("article_id").distinct().count()
    timed("undo", lambda: undo(record, by=None))
    record = timed("move to another vocabulary", lambda: move([loser], to=Technology, by=None))
    timed("undo the move", lambda: undo(record, by=None))
    print(f"| articles queued for the search index by the merge | {queued:,} |")


def one_by_one(carriers: list[int]) -> None:
    loser, survivor = keywords(carriers)

    def deed() -> None:
        for link in ArticleKeyword.objects.filter(tag=loser):
            if ArticleKeyword.objects.filter(tag=survivor, content_object=link.content_object_id).exists():
                link.delete()
            else:
                ArticleKeyword.objects.filter(pk=link.pk).update(tag=survivor)

    timed("the same, one by one", deed)


def as_taggit(carriers: list[int]) -> None:
    loser, survivor = (Tag.objects.create(name=name, slug=name) for name in ("bench-loser", "bench-survivor"))
    kind = ContentType.objects.get_for_model(Article)
    TaggedItem.objects.bulk_create(
        [TaggedItem(tag=loser, content_type=kind, object_id=pk) for pk in carriers]
        + [TaggedItem(tag=survivor, content_type=kind, object_id=pk) for pk in carriers[::BOTH]],
        batch_size=2_000,
    )

    def deed() -> None:
        for item in TaggedItem.objects.filter(tag=loser):
            there = TaggedItem.objects.filter(
                tag=survivor, content_type=item.content_type, object_id=item.object_id
            )
            if there.exists():
                item.delete()
            else:
                item.tag = survivor
                item.save()

    timed("django-taggit's merge, on its own table", deed)


def main(count: int) -> None:
    call_command("migrate", verbosity=0)
    print(f"{count:,} assignments, every {BOTH}th article carries both\n\n| what | seconds |\n|---|---|")
    try:
        with transaction.atomic():
            carriers = articles(count)
            ours(carriers)
            one_by_one(carriers)
            as_taggit(carriers)
            raise TakeBack
    except TakeBack:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
