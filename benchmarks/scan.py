"""What a question must find, by the plainest way: is each word in the text of the article? Asks no index.

The articles are read, normalised and looked through a chunk at a time by two processes, all questions at once, so
memory does not grow with the library.
"""

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.contrib.postgres.expressions import ArraySubquery  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import OuterRef  # noqa: E402
from pyroaring import BitMap  # noqa: E402

from articles.identity import end_with_parent  # noqa: E402
from articles.models import LINKS, Article, EventPoint  # noqa: E402
from articles.search import text  # noqa: E402

CHUNK = 1000  # articles; their texts still fit a processor's cache

Words = tuple[str, ...]
Tiers = tuple[BitMap, BitMap, BitMap]  # found in the title; else in event summary and terms; else anywhere


class Texts(NamedTuple):
    """Of one article, normalised. Each text holds the one before it."""

    pk: int
    second: int  # of its publication
    title: str
    lead: str
    whole: str


@dataclass
class Scanned:
    """What each question must find, among so many articles."""

    questions: dict[Words, Tiers]
    seconds: dict[int, int] = field(default_factory=dict)  # of publication, by article

    def found(self, words: Words) -> BitMap:
        return BitMap.union(*self.questions[words])

    def ordered(self, words: Words, *, newest: bool) -> list[tuple[int, int]]:
        """(tier, article), in the order in which they are to be listed; tier 0 for all where only time counts."""
        places = [(tier, pk) for tier, found in enumerate(self.questions[words]) for pk in found]
        if newest:
            places = [(0, pk) for _tier, pk in places]
        return sorted(places, key=lambda place: (place[0], -self.seconds[place[1]], -place[1]))


def scan(questions: Collection[Words], ids: list[int]) -> Scanned:
    """Look through these articles, as far as they are public."""
    scanned = Scanned({words: (BitMap(), BitMap(), BitMap()) for words in questions})
    chunks = [ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK)]
    setting = (os.getpid(), connection.settings_dict, list(scanned.questions))
    # Not forked: a child must not share the connection to the database.
    with ProcessPoolExecutor(2, get_context("spawn"), _begin, setting) as pool:
        for seconds, hits in pool.map(_look, chunks):
            scanned.seconds |= seconds
            for known, more in zip(scanned.questions.values(), hits, strict=True):
                for tier, found in zip(known, more, strict=True):
                    tier.update(found)
    return scanned


_questions: list[Words] = []  # of a process of the pool


def _begin(parent: int, database: dict, questions: list[Words]) -> None:
    global _questions
    end_with_parent(parent)
    connection.settings_dict.update(database)
    _questions = questions


def _look(ids: list[int]) -> tuple[dict[int, int], list[list[list[int]]]]:
    articles = list(_read(ids))
    return {article.pk: article.second for article in articles}, [
        _tiers(words, articles) for words in _questions
    ]


def _tiers(words: Words, articles: list[Texts]) -> list[list[int]]:
    for word in words:
        articles = [article for article in articles if word in article.whole]
    tiers: list[list[int]] = [[], [], []]
    for article in articles:
        in_title, in_lead = (all(word in part for word in words) for part in (article.title, article.lead))
        tiers[0 if in_title else 1 if in_lead else 2].append(article.pk)
    return tiers


def _read(ids: list[int]) -> Iterator[Texts]:
    points = EventPoint.objects.filter(article=OuterRef("pk"))
    lists = [ArraySubquery(points.values(column)) for column in ("heading", "body")]
    for link in LINKS.values():
        lists.append(ArraySubquery(link.objects.filter(content_object=OuterRef("pk")).values("tag__name")))
    columns = ("title", "excerpt", "event_summary__intro", "event_summary__conclusion", "summary")
    found = Article.objects.published().filter(pk__in=ids).values_list("pk", "published_at", *columns, *lists)
    for pk, at, title, excerpt, intro, conclusion, summary, *more in found:
        parts = [title, excerpt, intro, conclusion, *(part for parts in more for part in parts)]
        lead = text.BORDER.join(text.normalise(part or "") for part in parts)
        whole = f"{lead}{text.BORDER}{text.normalise(summary)}"
        yield Texts(pk, int(at.timestamp()), text.normalise(title), lead, whole)
