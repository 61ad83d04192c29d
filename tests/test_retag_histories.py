"""Random histories of bulk changes of terms, their undoing, edits and merges, beside a model that is simple enough.

In the model an article carries tokens, one a term: who gave it does not matter, in which spelling does. A merge takes
tokens along; where the survivor is carried already it stays, and the other token is gone.
`RETAG_HISTORIES=500` tries that many histories.
"""

import itertools
import os
import random
from dataclasses import dataclass, field

import pytest

from articles import editing, retagging
from articles.models import TERM_FIELDS, Article, ArticleTechnology, Retag, Revision
from taxonomy.merge import merge
from taxonomy.models import Technology
from tests.factories import make_article, make_term, staff

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("RETAG_HISTORIES", "8"))
STEPS = 30
ARTICLES = 4
NAMES = "甲乙丙丁戊己"


@dataclass(eq=False)
class Token:
    raw: str


@dataclass
class Done:
    """What a bulk change did: per article the token and term that went, and those that came."""

    removed: dict[int, tuple[int, Token]] = field(default_factory=dict)
    added: dict[int, tuple[int, Token]] = field(default_factory=dict)


class History:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.chief = staff("change_article", "publish_article", "add_technology")
        self.terms = [make_term(name).pk for name in NAMES]
        self.leads: dict[int, int] = {}  # merged terms, to their survivors
        self.tokens: dict[int, dict[int, Token]] = {}
        for number in range(ARTICLES):
            names = self.random.sample(NAMES, self.random.randint(0, 4))
            article = make_article(technologies=names, publish=bool(number % 2), url="")
            self.tokens[article.pk] = {self.terms[NAMES.index(name)]: Token(name) for name in names}
        self.done: dict[int, Done] = {}

    def step(self) -> None:
        verbs = {self.retag: 6, self.undo: 4, self.edit: 3, self.merge: 1}
        [verb] = self.random.choices(list(verbs), verbs.values())
        verb()
        self.check()

    def today(self, term: int) -> int:
        while term in self.leads:
            term = self.leads[term]
        return term

    def standing(self) -> list[int]:
        return [term for term in self.terms if term not in self.leads]

    # -- what happens

    def retag(self) -> None:
        chosen = self.random.sample(sorted(self.tokens), self.random.randint(1, ARTICLES))
        remove, add = self.random.sample(self.standing(), 2)
        remove, add = self.random.choice([(remove, None), (None, add), (remove, add)])
        prepared = retagging.prepare(Article.objects.filter(pk__in=chosen), by=self.chief)
        terms = {
            side: Technology.objects.get(pk=pk)
            for side, pk in (("remove", remove), ("add", add))
            if pk is not None
        }
        record = retagging.run_now(retagging.start(prepared, **terms, by=self.chief))
        done = self.done[record.pk] = Done()
        for article in chosen:
            self.swap(done, article, remove, add)
        assert record.counts.get("changed", 0) == len({*done.removed, *done.added})

    def swap(self, done: Done, article: int, remove: int | None, add: int | None) -> None:
        carried = self.tokens[article]
        if remove and remove not in carried:
            return
        if remove:
            done.removed[article] = remove, carried.pop(remove)
        if add and add not in carried:
            carried[add] = Token(Technology.objects.get(pk=add).name)
            done.added[article] = add, carried[add]

    def undo(self) -> None:
        able = [pk for pk, done in self.done.items() if done.removed or done.added]
        if not able:
            return
        chosen = self.random.choice(able)
        retagging.run_now(retagging.undo(Retag.objects.get(pk=chosen), by=self.chief))
        done = self.done.pop(chosen)
        for article, (term, token) in done.added.items():
            self.take_off(article, term, token)
        for article, (term, token) in done.removed.items():
            self.tokens[article].setdefault(self.today(term), token)

    def take_off(self, article: int, term: int, token: Token) -> None:
        carried, now = self.tokens[article], self.today(term)
        there = carried.get(now)
        if now == term and there and there.raw == token.raw:
            del carried[now]
        elif now != term and there is token and not self.stands(article, now, token):
            del carried[now]  # an edit may have given it another place: then it may as well stay

    def stands(self, article: int, term: int, token: Token) -> bool:
        rows = ArticleTechnology.objects.filter(content_object=article, tag=term)
        return rows.filter(raw=token.raw).exists()

    def edit(self) -> None:
        article = self.random.choice(sorted(self.tokens))
        if Article.objects.get(pk=article).approved:
            return
        wanted = self.random.sample(self.standing(), self.random.randint(0, 3))
        spelled = [Technology.objects.get(pk=pk).name for pk in wanted]
        editing.save(Article.objects.get(pk=article), {"technologies": spelled}, by=self.chief)
        carried = self.tokens[article]
        self.tokens[article] = {
            pk: carried.get(pk) or Token(name) for pk, name in zip(wanted, spelled, strict=True)
        }

    def merge(self) -> None:
        if len(self.standing()) < 4:
            return
        loser, survivor = self.random.sample(self.standing(), 2)
        merge([Technology.objects.get(pk=loser)], into=Technology.objects.get(pk=survivor), by=None)
        self.leads[loser] = survivor
        for carried in self.tokens.values():
            if loser in carried:
                carried.setdefault(survivor, carried[loser])
                del carried[loser]

    # -- what must hold

    def check(self) -> None:
        rows: dict[int, dict[int, str]] = {article: {} for article in self.tokens}
        for article, term, raw in ArticleTechnology.objects.values_list("content_object", "tag", "raw"):
            rows[article][term] = raw
        assert rows == {
            article: {term: token.raw for term, token in carried.items()}
            for article, carried in self.tokens.items()
        }
        latest = Revision.objects.order_by("article_id", "-number").distinct("article_id")
        for revision in latest:
            names = Technology.objects.resolve(revision.snapshot["technologies"])
            assert {term.pk for term in names.values()} == set(rows[revision.article_id])


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_whatever_happens_no_assignment_is_lost(seed):
    history = History(seed)
    for _step in range(STEPS):
        history.step()


@pytest.mark.parametrize("seed", range(max(2, HISTORIES // 4)))
def test_undoing_all_from_the_last_to_the_first_brings_every_row_back(seed):
    history = History(seed)
    before = everything()
    for _step in range(10):
        history.retag()
    for record in Retag.objects.order_by("-pk"):
        if not retagging.why_not_undo(record):
            back = retagging.run_now(retagging.undo(record, by=history.chief))
            assert back.undo_counts.keys() == {"undone"}
    assert everything() == before


def everything() -> list[tuple]:
    rows = (
        model.objects.order_by("content_object", "tag").values_list(
            "content_object", "tag", "raw", "position"
        )
        for model in TERM_FIELDS.values()
    )
    return list(itertools.chain(*rows))
