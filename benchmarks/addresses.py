"""Addresses of every kind of public page, chosen at random from what the configured database and its index hold."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from articles.models import VOCABULARY_FIELDS, Article
from articles.paging import PAGE_SIZE, cursor
from articles.search.query import find
from articles.search.reader import Reader
from benchmarks.search import Cutter, Question
from taxonomy.models import VOCABULARIES, address

EACH = 30  # addresses of a kind, where there are so many
COMMON, RARE = (
    5,
    200,
)  # terms of a vocabulary: the most frequent, and those that the rare ones are chosen from
DEEP = 50_000  # the page as deep as this, or the last one


class Chooser:
    """The same index gives the same addresses."""

    def __init__(self, index: Reader) -> None:
        self.index, self.sets, self.rng = index, index.sets, random.Random(21)
        ids = self.rng.sample(list(self.sets.all), min(len(self.sets.all), 4 * EACH))
        self.articles = list(Article.objects.published().filter(pk__in=ids).order_by("pk").only("title"))
        moments = Article.objects.published().filter(pk__in=ids).order_by("pk")
        self.positions = list(moments.values_list("published_at", "pk"))
        self.common = {kind: self.terms(kind, rare=False) for kind in VOCABULARY_FIELDS}
        self.rare = {kind: self.terms(kind, rare=True) for kind in VOCABULARY_FIELDS}

    def terms(self, vocabulary: str, *, rare: bool) -> list[str]:
        """Slugs."""
        counts = self.sets.counts(vocabulary)
        pks = [pk for pk, _number in (counts[-RARE:] if rare else counts[:COMMON])]
        slugs = dict(VOCABULARIES[vocabulary].objects.filter(pk__in=pks).values_list("pk", "slug"))
        return [slugs[pk] for pk in pks]

    def day(self) -> date:
        return timezone.localdate(self.rng.choice(self.positions)[0])

    def place(self) -> str:
        """A cursor anywhere in the list of all articles."""
        return cursor(self.rng.choice(self.positions))

    # --- lists --------------------------------------------------------------------------------------

    def lists(self) -> dict[str, list[str]]:
        rng, common, rare = self.rng, self.common, self.rare
        pairs = [rng.sample(common["technology"], 2) for _number in range(EACH)]
        return {
            "list": [at()],
            "list, page 50,000 or the last": [at(before=place) for place in self.deep()],
            "list, anywhere by cursor": [at(before=self.place()) for _number in range(EACH)],
            "list, common technology": [at(technology=slug) for slug in common["technology"]],
            "list, common technology, anywhere": [
                at(technology=slug, before=self.place()) for slug in self.many(common["technology"])
            ],
            "list, technology and industry": [
                at(technology=slug, industry=rng.choice(common["industry"]))
                for slug in self.many(common["technology"])
            ],
            "list, two technologies, all": [at(technology=pair, match="all") for pair in pairs],
            "list, rare keyword": [at(keyword=slug) for slug in self.many(rare["keyword"])],
            "list, rare keyword and technology": [
                at(keyword=slug, technology=rng.choice(common["technology"]))
                for slug in self.many(rare["keyword"])
            ],
            "list, source and days": [self.source_and_days() for _number in range(EACH)],
        }

    def deep(self) -> list[str]:
        """Cursors of the page as deep as asked for, and of some before it."""
        last = max(PAGE_SIZE, min(DEEP * PAGE_SIZE, len(self.sets.all)) - PAGE_SIZE)
        first = max(0, last - EACH * PAGE_SIZE)
        newest = Article.objects.published().newest_first().values_list("published_at", "pk")
        return [cursor(position) for position in list(newest[first:last])[::-PAGE_SIZE]]

    def source_and_days(self) -> str:
        since, host = self.day(), f"news{self.rng.randrange(10)}.example.com"
        return at(source=host, since=since, until=since + timedelta(days=self.rng.choice((7, 90, 365))))

    def many(self, slugs: list[str]) -> list[str]:
        return self.rng.sample(slugs, EACH) if len(slugs) > EACH else self.rng.choices(slugs, k=EACH)

    # --- searches -----------------------------------------------------------------------------------

    def searches(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        by_kind: dict[str, list[Question]] = {}
        for question in self.questions():
            by_kind.setdefault(question.kind, []).append(question)
            found.setdefault(f"search, {question.kind}", []).append(at(q=question.typed))
        common = by_kind["commonest words"]
        some = [*by_kind["2 characters"], *common]
        technologies = self.common["technology"]
        return found | {
            "search, further page": [*filter(None, map(self.further, some))],
            "search, newest first": [at(q=question.typed, sort="newest") for question in some],
            "search, with a technology": [
                at(q=question.typed, technology=self.rng.choice(technologies)) for question in some
            ],
            "search, nothing found": [at(q=f"鼋鼍{self.rng.randrange(10**9)}") for _number in range(EACH)],
        }

    def questions(self) -> Iterator[Question]:
        yield from Cutter(list(self.sets.all), 8 * EACH).questions(8 * EACH)

    def further(self, question: Question) -> str:
        """The second page; empty if there is only one."""
        place = find(self.index, question.asked, size=PAGE_SIZE).older
        return at(q=question.typed, before=f"{place.tier}-{place.key}") if place else ""

    # --- other pages --------------------------------------------------------------------------------

    def others(self) -> dict[str, list[str]]:
        common, rare = self.common, self.rare
        technologies = [address("technology", slug) for slug in common["technology"]]
        atlas, events = reverse("atlas"), reverse("events")
        return {
            "article": [article.get_absolute_url() for article in self.articles],
            "technology": technologies,
            "technology, anywhere": [
                f"{one}?{urlencode({'before': self.place()})}" for one in self.many(technologies)
            ],
            "industry": [address("industry", slug) for slug in common["industry"]],
            "keyword": [address("keyword", slug) for slug in common["keyword"]],
            "keyword, rare": [address("keyword", slug) for slug in self.many(rare["keyword"])],
            "technologies": [reverse("technologies")],
            "industries": [reverse("industries")],
            "keywords": [reverse("keywords")],
            "technologies by pinyin": [f"{reverse('technologies')}?sort=pinyin"],
            "keywords by pinyin, a letter": [
                f"{reverse('keywords')}?sort=pinyin&letter={letter}" for letter in "ABSXYZ"
            ],
            "atlas": [atlas],
            "atlas of a year": [f"{atlas}?{urlencode(self.year())}" for _number in range(EACH)],
            "events": [events],
            "events, anywhere": [f"{events}?before={self.place()}" for _number in range(EACH)],
            "events, technology": [
                f"{events}?{urlencode({'technology': slug})}" for slug in common["technology"]
            ],
            "events, rare keyword": [
                f"{events}?{urlencode({'keyword': slug})}" for slug in self.many(rare["keyword"])
            ],
            "events of a year": [f"{events}?{urlencode(self.year())}" for _number in range(EACH)],
            "day": [reverse("day", args=[self.day()]) for _number in range(EACH)],
        }

    def year(self) -> dict[str, date]:
        since = self.day()
        return {"since": since, "until": since + timedelta(days=365)}


def at(**parameters: str | date | list[str]) -> str:
    """The list narrowed so."""
    query = urlencode(parameters, doseq=True)
    return f"{reverse('articles')}?{query}" if query else reverse("articles")


def public(index: Reader) -> dict[str, list[str]]:
    """By kind of page, under the same names whatever the database holds."""
    chooser = Chooser(index)
    return {"front page": [reverse("front")]} | chooser.lists() | chooser.searches() | chooser.others()
