"""Random histories of imports, edits, changed seeds, decisions, publishing, undo and redo.

Whatever happens: what an editor wrote is there until she or another changes it, what a seed says anew is there too or
waits as a conflict, the same files twice change nothing,
an undo right after an import leaves the tables as they were before, and redo after undo brings the same tables back.
`UNDO_HISTORIES=1000` tries that many histories.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from articles import conflicts, editing, teamwork, undoing, workflow
from articles.identity import prepare
from articles.models import Article, ImportBatch, Imprint, Note, Revision
from taxonomy.merge import Refused, merge
from taxonomy.models import Keyword
from tests.delivering import TEXT, deliver, seed
from tests.factories import staff
from tests.undone import tables, without_rows

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("UNDO_HISTORIES", "6"))
STEPS = 35
RECORDS = 4
TEXTS = ("title", "intro", "conclusion", "summary")


class History:
    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.editor = staff("change_article", "publish_article", "withdraw_article", "add_keyword")
        self.number = 0
        self.said: dict[tuple[int, str], str] = {}  # what an editor wrote last in that field of that article
        self.delivered: list[str] = []
        self.notes = 0

    def step(self) -> None:
        self.number += 1
        verbs = {
            self.import_something: 8, self.edit: 6, self.decide: 2, self.publish: 2, self.approve: 1, self.withdraw: 1,
            self.remark: 1, self.merge: 1, self.undo: 6, self.redo: 4,
        }  # fmt: skip
        [verb] = self.random.choices(list(verbs), verbs.values())
        verb()
        self.check()

    # -- what happens

    def record(self, number: int, place: int) -> str:
        """One of few records in one of few versions; those with a key of their own may change their link."""
        pick = self.random.choice
        host = pick(("a", "b")) if number % 2 else "a"
        fields = {
            "标题": pick((f"标题{number}", f"新标题{number}")),
            "链接": f"https://{host}.example/{place}",
            "总结": pick((f"{number}。{TEXT}", f"{number}。新。{TEXT}")),
            "关键词": ", ".join(self.random.sample(["甲", "乙", "丙", "丁", "戊"], 2)),
            "AI技术": pick(("Sora", "GPT", None)),
            "重大事件摘要": pick((f"引言{number}。\n\n1. **一**：甲。\n\n2. **二**：乙。\n\n结论。", "引言。\n\n1. **一**：丙。\n\n结论二。", None)),
        }  # fmt: skip
        if number % 2:
            fields["编号"] = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        return seed(**fields)

    def import_something(self) -> None:
        numbers = self.random.sample(range(RECORDS), self.random.randint(1, RECORDS))
        before = tables()
        # At most one record of a delivery wants the link that is another's.
        greedy = (
            self.random.choice([number for number in numbers if number % 2] or [0]) if 0 not in numbers else 0
        )
        places = {
            number: self.random.choice((0, number)) if number == greedy else number for number in numbers
        }
        bases = self.bases()
        batch = self.deliver([self.record(number, place) for number, place in places.items()])
        self.check_delivery(batch, bases)
        choice = self.random.random()
        if choice < 0.3:
            done = undoing.undo(batch)
            assert done.kept == []
            assert without_rows(tables()) == without_rows(before)
        elif choice < 0.5 and not batch.rows.filter(findings__contains=[{"code": "link-taken"}]).exists():
            # A link that another record of the same delivery gives up is free the next time only.
            after = tables()
            self.deliver(self.delivered)
            assert without_rows(tables()) == without_rows(after)

    def deliver(self, texts: list[str]) -> ImportBatch:
        self.delivered = texts
        return deliver(self.folder, *texts)

    def edit(self) -> None:
        if not (article := self.some_article()):
            return
        field, text = self.random.choice((*TEXTS, "keywords")), f"编辑{self.number}"
        if field == "keywords":
            names = [*editing.text(article)["keywords"], text]
            editing.save(article, {"keywords": names}, by=self.editor)
            self.said[article.pk, f"keyword {text}"] = text
        else:
            editing.save(article, {field: text}, by=self.editor)
            self.said[article.pk, field] = text

    def decide(self) -> None:
        if not (article := self.some_article()) or not (waiting := conflicts.waiting(article)):
            return
        conflict = self.random.choice(waiting)
        choice = self.random.choice((conflicts.KEEP, conflicts.TAKE))
        conflicts.decide(article, {conflict.field: (choice, None)}, by=self.editor)
        if choice == conflicts.TAKE:
            self.said.pop((article.pk, conflict.field), None)

    def publish(self) -> None:
        article = self.some_article()
        if article and article.status == "draft" and not workflow.problems(article):
            workflow.publish(article, by=None)

    def approve(self) -> None:
        pending = Revision.objects.filter(pending=True).order_by("pk")
        articles = Article.objects.filter(status="published", pk__in=pending.values("article")).order_by("pk")
        if articles:
            workflow.approve(self.random.choice(list(articles)), by=None)

    def withdraw(self) -> None:
        articles = list(Article.objects.filter(status="published").order_by("pk"))
        if articles:
            article = self.random.choice(articles)
            workflow.withdraw(article, by=None, reason="撤")
            workflow.reopen(Article.objects.get(pk=article.pk), by=None)

    def remark(self) -> None:
        if article := self.some_article():
            if self.random.random() < 0.5:
                teamwork.add_note(article, by=self.editor, text="看一下")
                self.notes += 1
            else:
                teamwork.assign([article], to=self.random.choice((self.editor, None)), by=self.editor)

    def merge(self) -> None:
        """Assignments move to another term: nothing that an undo may take for an edit, or forget."""
        terms = list(Keyword.objects.current().order_by("pk"))
        if len(terms) > 6 and self.random.random() < 0.5:
            loser, survivor = self.random.sample(terms, 2)
            try:
                merge([loser], into=survivor, by=self.editor)
            except Refused:
                return
            # From now on it is one with a term that seeds may bring and take away.
            for key, text in list(self.said.items()):
                if key[1].startswith("keyword ") and Keyword.objects.resolve([text]).get(text) == survivor:
                    del self.said[key]

    def undo(self) -> None:
        if not (batch := self.some_batch()):
            return
        whole = not Imprint.objects.filter(batch=batch, after__isnull=False).exists()
        before = tables()
        done = undoing.undo(batch)
        assert not {kept.article for kept in done.kept} - {article["id"] for article in before[0]}
        if whole and self.random.random() < 0.5:
            assert undoing.redo(batch).kept == []
            assert tables() == before

    def redo(self) -> None:
        undone = list(ImportBatch.objects.exclude(undone_at=None).order_by("pk"))
        if undone:
            undoing.redo(self.random.choice(undone))

    def some_article(self) -> Article | None:
        articles = list(Article.objects.order_by("pk"))
        return self.random.choice(articles) if articles else None

    def some_batch(self) -> ImportBatch | None:
        """Mostly one of the last."""
        batches = list(ImportBatch.objects.order_by("-pk")[: self.random.choice((1, 3, 100))])
        return self.random.choice(batches) if batches else None

    def bases(self) -> dict[int, dict[str, Any]]:
        """What seeds last said of each article: a waiting draft of an import knows it better."""
        drafts = Revision.objects.filter(pending=True, article__status="published")
        drafted = dict(drafts.values_list("article", "snapshot__base"))
        return {pk: drafted.get(pk) or base for pk, base in Article.objects.values_list("pk", "base")}

    # -- what holds

    def check_delivery(self, batch: ImportBatch, bases: dict[int, dict[str, Any]]) -> None:
        """What a seed says otherwise than before is what the desk has now, or waits as a conflict."""
        rows = batch.rows.filter(outcome__in=["updated", "conflict", "unchanged"]).select_related(
            "file", "article"
        )
        for row in rows:
            [record] = prepare(bytes(row.file.content))
            desk, base = editing.text(row.article), bases[row.article_id]
            for field in TEXTS:
                if record.content[field] != base[field]:
                    assert desk[field] == record.content[field] or field in row.conflicts
            brought = set(record.content["keywords"]) - set(base["keywords"])
            terms = Keyword.objects.resolve([*brought, *desk["keywords"]])
            assert {terms[name] for name in brought} <= {terms.get(name) for name in desk["keywords"]}

    def check(self) -> None:
        edited = Article.objects.in_bulk({pk for pk, _field in self.said})
        texts = {pk: editing.text(article) for pk, article in edited.items()}
        for (pk, field), text in self.said.items():
            if field.startswith("keyword "):
                names = texts[pk]["keywords"]
                terms = Keyword.objects.resolve([text, *names])
                # In a draft the name of a merged term stands as it was written; a new one is no term yet.
                assert terms.get(text, text) in [terms.get(name, name) for name in names]
            else:
                assert texts[pk][field] == text
        assert Note.objects.count() == self.notes


@pytest.mark.parametrize("number", range(HISTORIES))
def test_whatever_happens_no_edit_is_lost_and_what_is_undone_can_be_redone(number, tmp_path):
    (tmp_path / "in").mkdir()
    history = History(number, tmp_path / "in")
    for _step in range(STEPS):
        history.step()


def test_an_import_keeps_the_new_term_that_a_waiting_draft_brings(tmp_path):
    (tmp_path / "in").mkdir()
    deliver(tmp_path / "in", seed(关键词="甲, 乙"))
    workflow.publish(Article.objects.get(), by=None)
    editing.save(Article.objects.get(), {"keywords": ["甲", "乙", "编辑的新词"]}, by=None)
    deliver(tmp_path / "in", seed(关键词="甲, 丙"))
    assert Revision.objects.get(pending=True).snapshot["keywords"] == ["甲", "丙", "编辑的新词"]
