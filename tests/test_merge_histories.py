"""Random histories of merges, moves, renames, aliases, trees, assignments and undoing, beside a model that is simple enough.

In the model an article carries tokens. A token stands at the term it was given for; where it is now is found by
following the merges and moves that came after it and are in force. Of the trees it is asked that nothing stands below a
term that points elsewhere, and that undoing at once brings back each tree as it was. `MERGE_HISTORIES=500` tries that many histories.
"""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from django.db import transaction

from articles.models import LINKS
from taxonomy.branches import put
from taxonomy.merge import Refused, merge, move, rename
from taxonomy.models import VOCABULARIES, Merge, Term, followed
from taxonomy.undo import undo
from tests.factories import make_article

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("MERGE_HISTORIES", "8"))
OPERATIONS = 200
ARTICLES = 5
NAMES = [f"{kind}{number}" for kind in ("Sora", "模型", "电影") for number in range(4)]
Place = tuple[str, int]  # vocabulary, id


@dataclass(eq=False)
class Token:
    given: Place
    time: int
    alive: bool = True


@dataclass
class Model:
    tokens: dict[int, list[Token]]
    steps: dict[int, tuple[int, dict[Place, Place]]] = field(default_factory=dict)  # in force, by Merge
    time: int = 0

    def place(self, token: Token) -> Place:
        at = token.given
        for time, ways in sorted(self.steps.values(), key=lambda step: step[0]):
            if time > token.time:
                at = ways.get(at, at)
        return at

    def carried(self) -> set[tuple[int, Place]]:
        return {
            (article, self.place(token))
            for article, tokens in self.tokens.items()
            for token in tokens
            if token.alive
        }


class History:
    """One after the other, in the database and in the model."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.articles = [make_article(url="").pk for _number in range(ARTICLES)]
        self.model = Model({article: [] for article in self.articles})
        self.addresses: set[tuple[str, str]] = set()

    def step(self) -> None:
        self.model.time += 1
        verbs = {
            self.assign: 8, self.remove: 4, self.merge: 3, self.move: 2, self.rename: 2, self.alias: 1, self.undo: 4, self.put: 4
        }  # fmt: skip
        [verb] = self.random.choices(list(verbs), verbs.values())
        verb()

    # -- what happens

    def assign(self) -> None:
        """As an import does it: by a name, wherever that leads; a new one makes a new term."""
        vocabulary, name = self.random.choice(list(VOCABULARIES)), self.random.choice(NAMES)
        model = VOCABULARIES[vocabulary]
        found = model.objects.resolve([name], create=True) or model.objects.moved([name])
        term, article = found[name], self.random.choice(self.articles)
        type(term).objects.filter(pk=term.pk).update(confirmed=True)
        here = (term.vocabulary, term.pk)
        tokens = self.model.tokens[article]
        # Taken away and given again between two merges: the database cannot tell that from a row that stayed.
        if any(self.model.place(token) == here for token in tokens):
            return
        tokens.append(Token(here, self.model.time))
        LINKS[term.vocabulary].objects.create(tag=term, content_object_id=article, raw=name)

    def remove(self) -> None:
        carried = sorted(self.model.carried())
        if carried:
            article, (vocabulary, pk) = self.random.choice(carried)
            LINKS[vocabulary].objects.filter(tag=pk, content_object=article).delete()
            for token in self.model.tokens[article]:
                if self.model.place(token) == (vocabulary, pk):
                    token.alive = False

    def merge(self) -> None:
        terms = self.some(3)
        if len(terms) > 1:
            self.tried(lambda: merge(terms[1:], into=terms[0], by=None))

    def move(self) -> None:
        if terms := self.some(2):
            others = [model for model in VOCABULARIES.values() if model is not type(terms[0])]
            to = self.random.choice(others)
            self.tried(lambda: move(terms, to=to, by=None))

    def tried(self, verb: Callable[[], Merge]) -> None:
        """Done, taken back and done again."""
        before = trees_of_all()
        with suppress(Refused), transaction.atomic():  # a tree would be too deep
            undo(verb(), by=None)
            assert trees_of_all().items() >= before.items()  # what a move makes stays
            self.done(verb())

    def put(self) -> None:
        terms = self.some(2)
        if len(terms) > 1:
            with suppress(Refused):
                put(terms[0], self.random.choice([terms[1], terms[1], None]))

    def rename(self) -> None:
        for term in self.some(1):
            with suppress(Refused):
                rename(term, self.random.choice(NAMES) + self.random.choice(["", "版"]), by=None)

    def alias(self) -> None:
        for term in self.some(1):
            name = f"别名{self.random.randrange(30)}"
            if not type(term).objects.resolve([name]) and not type(term).objects.moved([name]):
                term.aliases.create(name=name)

    def undo(self) -> None:
        found = list(Merge.objects.filter(undone_at=None))
        if found:
            chosen = self.random.choice(found)
            try:
                undo(chosen, by=None)
            except Refused:
                return
            self.model.steps.pop(chosen.pk, None)

    def some(self, number: int) -> list[Term]:
        terms = list(self.random.choice(list(VOCABULARIES.values())).objects.current())
        return self.random.sample(terms, min(number, len(terms)))

    def done(self, record: Merge) -> None:
        ways = {
            (record.vocabulary, entry["id"]): (record.into_vocabulary, entry["into"])
            for entry in record.terms
        }
        self.model.steps[record.pk] = self.model.time, ways

    # -- what must hold

    def check(self) -> None:
        rows = {
            (article, (vocabulary, tag))
            for vocabulary, links in LINKS.items()
            for tag, article in links.objects.values_list("tag", "content_object")
        }
        assert rows == self.model.carried()
        current = {
            (vocabulary, pk)
            for vocabulary, model in VOCABULARIES.items()
            for pk in model.objects.current().values_list("pk", flat=True)
        }
        assert {place for _article, place in rows} <= current
        assert {parent for parent in trees_of_all().values() if parent} <= current
        self.check_addresses()

    def check_addresses(self) -> None:
        for vocabulary, model in VOCABULARIES.items():
            aliases = model.alias_model().objects.select_related("term")
            now = {term.slug: term for term in model.objects.all()} | {
                alias.slug: alias.term for alias in aliases
            }
            self.addresses |= {(vocabulary, slug) for slug in now}
            known = [slug for name, slug in self.addresses if name == vocabulary]
            assert set(known) == now.keys()
            found = model.objects.by_slug(known) | model.objects.moved_by_slug(known)
            assert found == followed(now)
            assert all(term.pointer is None for term in found.values())


def trees_of_all() -> dict[Place, Place | None]:
    """The broader term of each that stands for itself."""
    return {
        (vocabulary, pk): (vocabulary, parent) if parent else None
        for vocabulary, model in VOCABULARIES.items()
        for pk, parent in model.objects.current().values_list("pk", "parent")
    }


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_whatever_happens_no_assignment_is_lost_and_every_address_leads_somewhere(seed):
    history = History(seed)
    for number in range(OPERATIONS):
        history.step()
        if number % 20 == 19:
            history.check()
    while True:  # at last everything that can be undone, the latest first
        before = len(history.model.steps)
        for record in Merge.objects.filter(undone_at=None):
            try:
                undo(record, by=None)
            except Refused:
                continue
            history.model.steps.pop(record.pk, None)
        history.check()
        if len(history.model.steps) == before:
            break
