"""Random histories of all that happens to terms: imports, edits, bulk changes, merges, moves, renames, aliases, learned
rules and undoing, beside a model that is simple enough.

In the model an article carries tokens. A token stands at the term it was given for; where it is now is found by
following the merges and moves that came after it and are in force. What a name means, and what a seed said last, is
asked of the database; who carries what is not. `TERMS_HISTORIES=500` tries that many histories.
"""

import os
import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import Client

from articles import editing, retagging
from articles.models import LINKS, VOCABULARY_FIELDS, Article, Outcome
from taxonomy import learning, names
from taxonomy.merge import Refused, merge, move, rename
from taxonomy.models import VOCABULARIES, Industry, Merge, Technology, Term, followed
from taxonomy.undo import undo
from tests.delivering import TEXT, deliver, seed
from tests.factories import make_user

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("TERMS_HISTORIES", "8"))
OPERATIONS = 200
RECORDS = 6
NAMES = [f"{kind}{letter}" for kind in ("Sora", "模型", "电影") for letter in "甲乙丙丁"]
LABELS = {"keyword": "关键词", "technology": "AI技术", "industry": "行业"}
Place = tuple[str, int]  # vocabulary, id
Terms = dict[str, list[str]]  # names by vocabulary


@dataclass(eq=False)
class Token:
    given: Place
    time: int
    died: int | None = None


@dataclass
class Model:
    tokens: dict[int, list[Token]] = field(default_factory=dict)
    steps: dict[int, tuple[int, dict[Place, Place]]] = field(default_factory=dict)  # in force, by Merge
    time: int = 0
    last_undone: int = 0

    def way(self, token: Token) -> tuple[Place, list[int]]:
        """Where it is now, and when it was taken along."""
        at, times = token.given, []
        for time, ways in sorted(self.steps.values(), key=lambda step: step[0]):
            if time > token.time and at in ways:
                at = ways[at]
                times.append(time)
        return at, times

    def carried(self, article: int) -> set[Place]:
        return {self.way(token)[0] for token in self.tokens[article] if token.died is None}

    def remove(self, article: int, places: Iterable[Place]) -> None:
        gone = set(places)
        for token in self.tokens[article]:
            if token.died is None and self.way(token)[0] in gone:
                token.died = self.time

    def dead(self, article: int, place: Place) -> list[Token]:
        """What was taken away together when that place was last emptied."""
        there = [token for token in self.tokens[article] if token.died and self.way(token)[0] == place]
        last = max((token.died for token in there), default=None)
        return [token for token in there if token.died == last]

    def unclear(self, article: int, place: Place) -> bool:
        """Taken away and given again, with a merge or its undoing between: what it belongs to nobody can tell."""
        ways = [(token.died, self.way(token)[1]) for token in self.dead(article, place)]
        return any(times and max(*times, self.last_undone) > died for died, times in ways)

    def add(self, article: int, place: Place) -> None:
        """Taken away and given again between two merges: no different from a row that stayed."""
        if place in self.carried(article):
            return
        back = [token for token in self.dead(article, place) if self.way(token)[1]]
        for token in self.dead(article, place) if back else []:
            token.died = None
        if not back:
            self.tokens[article].append(Token(place, self.time))


class History:
    """One after the other, in the database and in the model."""

    def __init__(self, number: int, folder: Path) -> None:
        self.random = random.Random(number)
        self.folder = folder
        self.chief = make_user(is_superuser=True)
        self.model = Model()
        self.records: dict[int, tuple[int, Terms]] = {}  # the article and names of each record
        self.applied: dict[
            int, Terms
        ] = {}  # its names when it last changed something: what is told apart by hash
        self.public: set[str] = set()

    def step(self) -> None:
        self.model.time += 1
        verbs = {
            self.new_record: 4, self.record_again: 4, self.edit: 7, self.retag: 3, self.merge: 3, self.move: 2, self.rename: 2,
            self.alias: 1, self.confirm: 2, self.decide_rule: 2, self.undo: 4,
        }  # fmt: skip
        [verb] = self.random.choices(list(verbs), verbs.values())
        verb()

    # -- names and places

    def some_names(self) -> Terms:
        return {
            vocabulary: self.random.sample(NAMES, self.random.randint(0, 3)) for vocabulary in VOCABULARIES
        }

    def meant(self, terms: Terms) -> dict[tuple[str, str], Place]:
        """Where the names lead that anything knows."""
        found = {}
        for vocabulary, spelled in terms.items():
            objects = VOCABULARIES[vocabulary].objects
            for name, term in (objects.resolve(spelled) | objects.moved(spelled)).items():
                found[vocabulary, name] = (term.vocabulary, term.pk)
        return found

    def places(self, terms: Terms) -> set[Place]:
        return set(self.meant(terms).values())

    def unclear(self, article: int, terms: Terms) -> bool:
        carried = self.model.carried(article)
        return any(self.model.unclear(article, at) for at in {*self.meant(terms).values()} - carried)

    # -- what happens to articles

    def new_record(self) -> None:
        number = len(self.records)
        if number == RECORDS:
            return self.record_again()
        terms = self.some_names()
        article = self.imported(number, terms)
        self.model.tokens[article] = []
        self.records[number] = article, terms
        for place in self.places(terms):
            self.model.add(article, place)

    def record_again(self) -> None:
        """As it was; or with a name more and one less: what the seed changes is changed, what the desk did stays."""
        if not self.records:
            return
        number = self.random.choice(sorted(self.records))
        article, terms = self.records[number]
        new = {vocabulary: list(spelled) for vocabulary, spelled in terms.items()}
        if self.random.random() < 0.6:
            vocabulary = self.random.choice(list(VOCABULARIES))
            name = self.random.choice(NAMES)
            new[vocabulary] = [one for one in new[vocabulary] if one != name][self.random.randint(0, 1) :] + [
                name
            ]
        if self.unclear(article, new):
            return
        was, carried = self.places(self.said(article)), self.model.carried(article)
        same = new == self.applied[number]
        self.imported(number, new)
        self.records[number] = article, new
        if same:  # whatever its names mean by now
            return
        now = self.places(new)
        self.model.remove(article, (was - now) & carried)
        for place in now - was:
            self.model.add(article, place)

    def said(self, article: int) -> Terms:
        """What the seed has said so far, as the article remembers it."""
        base = Article.objects.get(pk=article).base
        return {vocabulary: base[name] for vocabulary, name in VOCABULARY_FIELDS.items()}

    def imported(self, number: int, terms: Terms) -> int:
        row = deliver(self.folder, self.record(number, terms)).rows.get()
        if row.outcome != Outcome.UNCHANGED:
            self.applied[number] = terms
        return row.article_id

    def record(self, number: int, terms: Terms) -> str:
        listed = {LABELS[vocabulary]: "、".join(spelled) or None for vocabulary, spelled in terms.items()}
        own = {"标题": f"第{number}条", "链接": f"https://a.example/{number}", "总结": f"{number}。{TEXT}"}
        return seed(**own, **listed, 重大事件摘要=None)

    def edit(self) -> None:
        """Some names of one list go, some come."""
        article, vocabulary = self.some_article(), self.random.choice(list(VOCABULARIES))
        if article is None:
            return
        before = editing.text(Article.objects.get(pk=article))[VOCABULARY_FIELDS[vocabulary]]
        kept = self.random.sample(before, self.random.randint(0, len(before)))
        wanted = {vocabulary: kept + self.random.sample(NAMES, self.random.randint(0, 2))}
        if self.unclear(article, wanted):
            return
        editing.save(
            Article.objects.get(pk=article),
            {VOCABULARY_FIELDS[vocabulary]: wanted[vocabulary]},
            by=self.chief,
        )
        now = self.places(wanted)
        self.model.remove(article, {at for at in self.model.carried(article) if at[0] == vocabulary} - now)
        for place in now:
            self.model.add(article, place)

    def some_article(self) -> int | None:
        return self.random.choice(sorted(self.model.tokens)) if self.model.tokens else None

    def retag(self) -> None:
        terms = self.some_terms(2)
        chosen = [pk for pk in self.model.tokens if self.random.random() < 0.5]
        if len(terms) < 2 or not chosen:
            return
        remove, add = self.random.choice([(terms[0], None), (None, terms[1]), tuple(terms)])
        if add and any(self.model.unclear(pk, place_of(add)) for pk in chosen):
            return
        prepared = retagging.prepare(Article.objects.filter(pk__in=chosen), by=self.chief)
        record = retagging.run_now(retagging.start(prepared, remove=remove, add=add, by=self.chief))
        if self.random.random() < 0.4:  # taken back at once, it has not been
            retagging.run_now(retagging.undo(record, by=self.chief)) if record.counts.get("changed") else None
            return
        for article in chosen:
            if remove and place_of(remove) not in self.model.carried(article):
                continue
            self.model.remove(article, [place_of(remove)] if remove else [])
            if add:
                self.model.add(article, place_of(add))

    # -- what happens to terms

    def merge(self) -> None:
        terms = self.some_terms(3)
        if len(terms) > 1:
            self.done(merge(terms[1:], into=terms[0], by=self.chief))

    def move(self) -> None:
        if terms := self.some_terms(2):
            others = [model for model in VOCABULARIES.values() if model is not type(terms[0])]
            self.done(move(terms, to=self.random.choice(others), by=self.chief))

    def rename(self) -> None:
        for term in self.some_terms(1):
            with suppress(Refused):
                rename(term, self.random.choice(NAMES) + self.random.choice(["", "版"]), by=self.chief)

    def alias(self) -> None:
        for term in self.some_terms(1):
            name = f"别名{self.random.randrange(30)}"
            if not self.meant({term.vocabulary: [name]}):
                term.aliases.create(name=name)

    def confirm(self) -> None:
        for term in self.some_terms(3):
            type(term).objects.filter(pk=term.pk).update(confirmed=True)

    def decide_rule(self) -> None:
        """What the edits have taught."""
        rules = list(learning.proposals().order_by("pk"))
        if not rules:
            return
        rule = self.random.choice(rules)
        if self.random.random() < 0.3:
            learning.reject(rule, by=self.chief)
        else:
            with suppress(Refused):
                record = learning.accept(rule, by=self.chief).merge
                if record:
                    self.done(record)

    def undo(self) -> None:
        found = list(Merge.objects.filter(undone_at=None))
        if found:
            self.undone(self.random.choice(found))

    def undone(self, record: Merge) -> None:
        with suppress(Refused):
            undo(record, by=self.chief)
            self.model.steps.pop(record.pk, None)
            self.model.last_undone = self.model.time

    def some_terms(self, number: int) -> list[Term]:
        terms = list(self.random.choice(list(VOCABULARIES.values())).objects.current().order_by("pk"))
        return self.random.sample(terms, min(number, len(terms)))

    def done(self, record: Merge) -> None:
        ways = {
            (record.vocabulary, entry["id"]): (record.into_vocabulary, entry["into"])
            for entry in record.terms
        }
        self.model.steps[record.pk] = self.model.time, ways

    # -- what must hold

    def check(self) -> None:
        rows: dict[int, set[Place]] = {article: set() for article in self.model.tokens}
        for vocabulary, links in LINKS.items():
            for tag, article in links.objects.values_list("tag", "content_object"):
                rows[article].add((vocabulary, tag))
        assert rows == {article: self.model.carried(article) for article in rows}
        standing: set[Place] = set()
        for vocabulary, model in VOCABULARIES.items():
            terms = list(model.objects.all())
            standing |= {(vocabulary, term.pk) for term in terms if term.pointer is None}
            self.public |= {term.get_absolute_url() for term in terms if term.confirmed}
            aliases = model.alias_model().objects.select_related("term")
            now = {term.slug: term for term in terms} | {alias.slug: alias.term for alias in aliases}
            found = model.objects.by_slug(now) | model.objects.moved_by_slug(now)
            assert found == followed(now)
        assert set().union(*rows.values()) <= standing

    def check_addresses(self) -> None:
        client = Client()
        answers = {address: client.get(address).status_code for address in sorted(self.public)}
        assert {address: status for address, status in answers.items() if status not in {200, 301, 410}} == {}


def place_of(term: Term) -> Place:
    return term.vocabulary, term.pk


@pytest.mark.parametrize("number", range(HISTORIES))
def test_whatever_happens_no_assignment_is_lost_and_every_address_answers(number, tmp_path):
    history = History(number, tmp_path)
    for step in range(OPERATIONS):
        history.step()
        if step % 10 == 9:
            history.check()
    for record in Merge.objects.filter(undone_at=None):  # at last what can be undone, the latest first
        history.undone(record)
    history.check()
    history.check_addresses()


# --- what the histories have found, one by one


def imported(folder: Path, **labels: str) -> Article:
    deliver(folder, seed(**{"AI技术": "Sora"} | labels))
    return Article.objects.get()


def carried(article: Article) -> list[str]:
    return [term.name for term in article.technologies.all()]


def test_an_import_does_not_bring_back_what_was_removed_after_it_had_moved(tmp_path):
    article = imported(tmp_path, 行业="影视, 医疗")
    move([Industry.objects.get(name="影视")], to=Technology, by=None)
    editing.save(article, {"technologies": ["Sora"]}, by=None)
    assert carried(imported(tmp_path, 行业="影视, 医疗", 标题="新标题")) == ["Sora"]


def test_what_a_seed_no_longer_says_goes_also_where_it_has_moved(tmp_path):
    article = imported(tmp_path, 行业="影视, 医疗")
    move([Industry.objects.get(name="影视")], to=Technology, by=None)
    assert carried(article) == ["Sora", "影视"]
    assert carried(imported(tmp_path, 行业="医疗")) == ["Sora"]


def test_an_import_remembers_both_spellings_of_what_was_merged_for_a_while(tmp_path):
    imported(tmp_path, AI技术="Sora, 索拉")
    loser, survivor = (Technology.objects.get(name=name) for name in ("索拉", "Sora"))
    record = merge([loser], into=survivor, by=None)
    article = imported(tmp_path, AI技术="Sora, 索拉", 关键词="新词")
    undo(record, by=None)
    editing.save(article, {"technologies": ["Sora"]}, by=None)
    assert carried(imported(tmp_path, AI技术="Sora, 索拉", 关键词="另一个新词")) == ["Sora"]


def test_names_of_the_histories_are_names_of_different_terms():
    assert len({names.key(name) for name in NAMES}) == len(NAMES)
