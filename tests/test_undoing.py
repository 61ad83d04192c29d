"""Undo takes back what a batch wrote and nobody has touched since; redo brings it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import conflicts, corrections, editing, importer, teamwork, undoing, workflow
from articles.importer import Busy
from articles.locking import Stale
from articles.models import (
    Article,
    EventPoint,
    EventSummary,
    ImportBatch,
    ImportRow,
    Imprint,
    Note,
    OpenArticle,
    Revision,
    SeedFile,
    Source,
    Status,
)
from articles.untouched import Kept
from taxonomy.merge import merge
from taxonomy.models import Industry, Keyword, Technology
from tests.factories import make_article, make_term, make_user, set_terms, staff
from tests.test_importer import TEXT, deliver, outcomes, seed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


WITHDRAWN = "It has been published: its address still tells readers that it was withdrawn."
LINKS = (Article.keywords.through, Article.technologies.through, Article.industries.through)


def tables() -> list:
    """All that the desk and readers see. A version only counts up, so that a stale save is refused; times are times."""
    articles = Article.objects.order_by("pk").values()
    rows = ImportRow.objects.order_by("pk").values(
        "pk", "outcome", "article", "conflicts", "undecided", "undone"
    )
    models = (EventSummary, EventPoint, Source, Keyword, Technology, Industry, Revision, *LINKS)
    return [
        [{**article, "version": None, "updated_at": None} for article in articles],
        list(rows),
        *(list(model.objects.order_by("pk").values()) for model in models),
    ]


def without_rows(found: list) -> list:
    """As before a batch that is undone: only its rows tell of it."""
    return [found[0], *found[2:]]


def reasons(done: undoing.Done) -> dict[int, str]:
    return {kept.article: kept.reason for kept in done.kept}


def two(**changes: str) -> list[str]:
    return [
        seed(**changes),
        seed(链接="https://www.example.com/2.html", 标题="第二条", 总结=f"另一段。{TEXT}", **changes),
    ]


class Killed(Exception):
    """In the place of a signal that ends the process."""


def interrupted(folder, monkeypatch, publish=None) -> ImportBatch:
    """Of one file with four records, of which two are in."""
    monkeypatch.setattr(importer, "CHUNK_RECORDS", 2)
    for old in folder.iterdir():
        old.unlink()
    links = (f"https://e.example/{number}" for number in range(4))
    (folder / "1.txt").write_text("\n".join(seed(链接=link, 总结=f"{link}{TEXT}") for link in links))

    def killed(*how_far: object) -> None:
        if ImportRow.objects.filter(batch__finished_at=None).exists():
            raise Killed

    with pytest.raises(Killed):
        importer.run([folder], publish=publish, progress=killed)
    batch = ImportBatch.objects.first()
    assert outcomes(batch) == ["created"] * 2
    return batch


class TestNewArticles:
    def test_go_with_all_that_belongs_to_them_and_leave_the_desk_as_it_was(self, folder):
        make_article("手写的", keywords=["医院"])
        before = without_rows(tables())
        batch = deliver(folder, *two())
        done = undoing.undo(batch)
        assert (done.articles, done.changes, done.kept) == (2, 0, [])
        assert without_rows(tables()) == before
        assert SeedFile.objects.count() == 2
        assert list(batch.rows.values_list("undone", "article")) == [(True, None)] * 2

    def test_come_back_as_they_were_with_their_numbers(self, folder):
        batch = deliver(folder, *two())
        before = tables()
        undoing.undo(batch)
        done = undoing.redo(batch)
        assert (done.articles, done.changes, done.kept) == (2, 0, [])
        assert tables() == before
        batch.refresh_from_db()
        assert batch.undone_at is None

    def test_come_in_as_new_if_the_same_files_are_imported_again(self, folder):
        undoing.undo(deliver(folder, *two()))
        assert outcomes(deliver(folder, *two())) == ["created", "created"]

    def test_do_not_come_back_beside_the_same_record_imported_again(self, folder):
        batch = deliver(folder, *two())
        undoing.undo(batch)
        deliver(folder, two()[0])
        [again] = Article.objects.all()
        done = undoing.redo(batch)
        assert done.articles == 1
        assert list(reasons(done).values()) == [f"The record has come in again: #{again.pk}."]
        assert Article.objects.count() == 2

    def test_go_though_later_batches_brought_them_unchanged_and_those_rows_find_them_again(self, folder):
        first = deliver(folder, seed())
        deliver(folder, seed())
        before = tables()
        assert undoing.undo(first).articles == 1
        undoing.redo(first)
        assert tables() == before

    def test_go_as_possible_duplicates_too_but_not_the_owner_of_a_link_that_was_taken(self, folder):
        by_hand = make_article(
            "手写的", url="https://www.example.com/1.html", url_key="https://example.com/1.html"
        )
        deliver(folder, seed(链接="https://www.example.com/a.html"))
        batch = deliver(
            folder,
            seed(链接="https://www.example.com/b.html"),
            seed(链接="https://www.example.com/a.html", 编号=f"urn:uuid:{by_hand.record_key}"),
        )
        assert outcomes(batch) == ["duplicate", "duplicate"]
        assert undoing.undo(batch).articles == 1
        assert Article.objects.count() == 2


class TestArticlesThatStay:
    """What somebody has touched since stays as it is, with the reason."""

    def kept(self, folder, touch) -> str:
        batch = deliver(folder, *two())
        article = Article.objects.get(title="第二条")
        touch(article)
        before = Article.objects.filter(pk=article.pk).values().get()
        done = undoing.undo(batch)
        assert done.articles == 1
        assert Article.objects.filter(pk=article.pk).values().get() == before
        [kept] = done.kept
        assert (kept.article, kept.title) == (article.pk, before["title"])
        return kept.reason

    def test_because_it_was_edited(self, folder):
        ann = make_user("ann", is_superuser=True)
        assert (
            self.kept(folder, lambda article: editing.save(article, {"title": "改过"}, by=ann))
            == "It was changed by ann."
        )

    def test_because_it_is_published(self, folder):
        assert self.kept(folder, lambda article: workflow.publish(article, by=None)) == "It is published."

    def test_because_it_was_submitted(self, folder):
        reason = self.kept(folder, lambda article: workflow.submit(article, by=None))
        assert reason == "It was changed by a command."

    def test_because_there_is_a_note(self, folder):
        ann = staff("change_article")
        reason = self.kept(folder, lambda article: teamwork.add_note(article, by=ann, text="看一下"))
        assert reason == "It has notes."

    def test_because_it_is_assigned(self, folder):
        ann = staff("change_article")
        reason = self.kept(folder, lambda article: teamwork.take(article, by=ann))
        assert reason == "It is assigned to somebody."

    def test_because_somebody_has_it_open(self, folder):
        reason = self.kept(folder, lambda article: teamwork.opened(article, make_user()))
        assert reason == "Somebody has it open."

    def test_because_a_later_batch_changed_it(self, folder):
        batch = deliver(folder, seed())
        later = deliver(folder, seed(标题="新标题"))
        assert list(reasons(undoing.undo(batch)).values()) == [f"It was changed by batch #{later.pk}."]

    def test_because_the_import_itself_published_it(self, folder):
        from_import = deliver(folder, seed())
        workflow.publish_untouched(
            list(Article.objects.values_list("pk", flat=True)), note="published on import"
        )
        assert list(reasons(undoing.undo(from_import)).values()) == ["It is published."]
        assert Article.objects.get().status == Status.PUBLISHED

    def test_because_it_was_published_and_withdrawn(self, folder):
        def touch(article: Article) -> None:
            workflow.publish_untouched([article.pk], note="published on import")
            workflow.withdraw(Article.objects.get(pk=article.pk), by=None, reason="算了")

        assert self.kept(folder, touch) == WITHDRAWN

    def test_not_because_it_was_open_long_ago(self, folder):
        batch = deliver(folder, seed())
        OpenArticle.objects.create(
            article=Article.objects.get(), user=make_user(), at=timezone.now() - 2 * teamwork.PRESENT
        )
        assert undoing.undo(batch).articles == 1

    def test_and_later_go_when_what_kept_them_is_gone(self, folder):
        batch = deliver(folder, seed())
        Note.objects.create(article=Article.objects.get(), text="看一下")
        assert undoing.undo(batch).articles == 0
        batch.refresh_from_db()
        assert batch.undone_at is None
        Note.objects.all().delete()
        assert undoing.undo(batch).articles == 1


class TestChangedArticles:
    def test_say_again_what_they_said_before(self, folder):
        deliver(folder, seed(关键词="病历, ＡＩ"))
        before = without_rows(tables())
        new = {
            "标题": "新标题",
            "关键词": "ai, 医院, 新词",
            "AI技术": None,
            "重大事件摘要": "没有要点。",
            "来源": "一报",
        }
        batch = deliver(folder, seed(**new))
        assert outcomes(batch) == ["updated"]
        undoing.undo(batch)
        assert without_rows(tables()) == before

    def test_take_the_change_again(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题", 关键词="新词", AI技术=None))
        before = tables()
        done = undoing.undo(batch)
        assert (done.articles, done.changes, done.terms) == (0, 1, 1)
        assert Article.objects.get().title == "示例医院试用语言模型写病历"
        done = undoing.redo(batch)
        assert (done.articles, done.changes, done.terms) == (0, 1, 1)
        assert tables() == before

    def test_refuse_a_save_of_the_text_that_was_taken_back(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"))
        opened = Article.objects.get()
        undoing.undo(batch)
        editing.save(Article.objects.get(), {"title": "别人改的"}, by=None)
        with pytest.raises(Stale):
            editing.save(opened, {"title": "我改的"}, by=None)

    def test_are_updated_again_by_the_same_file(self, folder):
        deliver(folder, seed())
        undoing.undo(deliver(folder, seed(标题="新标题")))
        assert outcomes(deliver(folder, seed(标题="新标题"))) == ["updated"]
        assert Article.objects.get().title == "新标题"

    def test_stay_if_somebody_edited_them_since(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"))
        editing.save(Article.objects.get(), {"intro": "改过"}, by=make_user("ann", is_superuser=True))
        before = tables()
        assert list(reasons(undoing.undo(batch)).values()) == ["It was changed by ann."]
        assert tables() == before

    def test_keep_what_was_edited_before_the_batch(self, folder):
        deliver(folder, seed())
        editing.save(
            Article.objects.get(),
            {"intro": "改过", "keywords": ["编辑的词"]},
            by=make_user("ann", is_superuser=True),
        )
        before = without_rows(tables())
        batch = deliver(folder, seed(标题="新标题", 关键词="新词"))
        undoing.undo(batch)
        assert without_rows(tables()) == before

    def test_go_back_step_by_step_through_several_batches(self, folder):
        states, batches = [without_rows(tables())], []
        for title in ("一", "二", "三"):
            batches.append(deliver(folder, seed(标题=title)))
            states.append(without_rows(tables()))
        for batch, state in zip(reversed(batches), reversed(states[:-1]), strict=True):
            assert undoing.undo(batch).kept == []
            assert without_rows(tables()) == state
        for batch, state in zip(batches, states[1:], strict=True):
            assert undoing.redo(batch).kept == []
            assert without_rows(tables()) == state

    def test_do_not_take_the_change_again_out_of_turn(self, folder):
        deliver(folder, seed())
        second = deliver(folder, seed(标题="二"))
        third = deliver(folder, seed(标题="三"))
        undoing.undo(third)
        undoing.undo(second)
        before = tables()
        assert "an earlier batch is still undone" in reasons(undoing.redo(third))[Article.objects.get().pk]
        assert tables() == before

    def test_lose_the_conflict_that_the_batch_brought_until_it_is_redone(self, folder):
        deliver(folder, seed())
        editing.save(Article.objects.get(), {"title": "编辑的标题"}, by=make_user("ann", is_superuser=True))
        batch = deliver(folder, seed(标题="种子的标题"))
        before = tables()
        assert len(conflicts.waiting(Article.objects.get())) == 1
        undoing.undo(batch)
        assert conflicts.waiting(Article.objects.get()) == []
        undoing.redo(batch)
        assert tables() == before

    def test_stay_once_a_conflict_is_decided(self, folder):
        deliver(folder, seed())
        editing.save(Article.objects.get(), {"title": "编辑的标题"}, by=make_user("ann", is_superuser=True))
        batch = deliver(folder, seed(标题="种子的标题"))
        conflicts.decide(
            Article.objects.get(), {"title": (conflicts.KEEP, None)}, by=make_user("bob", is_superuser=True)
        )
        before = tables()
        assert list(reasons(undoing.undo(batch)).values()) == [
            "A conflict with this import has been decided."
        ]
        assert tables() == before

    def test_stay_if_another_article_has_the_link_by_now(self, folder):
        deliver(folder, seed(编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"))
        batch = deliver(
            folder,
            seed(
                链接="https://www.example.com/neu.html", 编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"
            ),
        )
        assert outcomes(batch) == ["updated"]
        other = make_article("占了链接")
        editing.save(other, {"url": "https://www.example.com/news/20240506/1.html"}, by=None)
        assert list(reasons(undoing.undo(batch)).values()) == [
            f"Another article has its link by now: #{other.pk}."
        ]


class TestPublishedArticles:
    @pytest.fixture
    def article(self, folder) -> Article:
        deliver(folder, seed())
        article = Article.objects.get()
        workflow.publish(article, by=None)
        return article

    def test_lose_the_draft_that_the_batch_made_and_get_it_back(self, folder, article):
        before_batch = without_rows(tables())
        batch = deliver(folder, seed(标题="新标题"))
        before = tables()
        assert Revision.objects.get(pending=True).snapshot["title"] == "新标题"
        assert undoing.undo(batch).changes == 1
        assert without_rows(tables()) == before_batch
        undoing.redo(batch)
        assert tables() == before

    def test_have_the_draft_again_that_a_person_had_begun(self, folder, article):
        ann = make_user("ann", is_superuser=True)
        editing.save(article, {"intro": "她的引言"}, by=ann)
        mine = Revision.objects.get(pending=True)
        batch = deliver(folder, seed(标题="新标题"))
        assert Revision.objects.get(pending=True).snapshot["title"] == "新标题"
        undoing.undo(batch)
        assert Revision.objects.get(pending=True) == mine

    def test_lose_nothing_if_the_draft_was_approved(self, folder, article):
        batch = deliver(folder, seed(标题="新标题"))
        article.refresh_from_db()
        workflow.approve(article, by=make_user("bob", is_superuser=True))
        before = tables()
        assert list(reasons(undoing.undo(batch)).values()) == ["It was changed by bob."]
        assert tables() == before

    def test_never_change_for_readers(self, folder, article):
        public = Article.objects.filter(pk=article.pk).values("title", "updated_at", "status", "published_at")
        before = public.get()
        undoing.undo(deliver(folder, seed(标题="新标题")))
        assert public.get() == before

    def test_whose_author_has_left_get_the_draft_back_all_the_same(self, folder, article):
        ann = make_user("ann", is_superuser=True)
        editing.save(article, {"intro": "她的引言"}, by=ann)
        batch = deliver(folder, seed(标题="新标题"))
        undoing.undo(batch)
        ann.delete()
        assert undoing.redo(batch).changes == 1
        assert Revision.objects.get(pending=True).by is None


class TestTermsAndSources:
    def names(self) -> set[str]:
        return set(Keyword.objects.values_list("name", flat=True))

    def test_that_the_batch_made_go_unless_something_carries_them(self, folder):
        batch = deliver(folder, seed(关键词="甲, 乙"))
        set_terms(make_article(source=None), keywords=["乙"])
        done = undoing.undo(batch)
        assert self.names() == {"乙"}
        assert (done.terms, done.sources) == (4, 1)
        assert not Source.objects.exists()

    def test_that_were_there_before_stay(self, folder):
        make_term("甲", "keyword", confirmed=False)
        undoing.undo(deliver(folder, seed(关键词="甲, 乙")))
        assert self.names() == {"甲"}

    def test_on_which_somebody_decided_stay(self, folder):
        batch = deliver(folder, seed(关键词="甲, 乙, 丙, 丁, 戊"))
        Keyword.objects.filter(name="甲").update(confirmed=True)
        Keyword.objects.filter(name="乙").update(description="说明")
        Keyword.objects.get(name="丙").aliases.create(name="丙二")
        merge([Keyword.objects.get(name="丁")], into=Keyword.objects.get(name="甲"), by=None)
        undoing.undo(batch)
        assert self.names() == {"甲", "乙", "丙", "丁"}

    def test_sources_with_a_name_or_a_policy_stay(self, folder):
        batch = deliver(folder, seed())
        Source.objects.update(name="示例网")
        assert undoing.undo(batch).sources == 0

    def test_merged_since_are_carried_as_the_survivor_after_undo(self, folder):
        deliver(folder, seed(关键词="甲"))
        batch = deliver(folder, seed(关键词="乙"))
        survivor = make_term("丙", "keyword")
        merge([Keyword.objects.get(name="甲")], into=survivor, by=None)
        undoing.undo(batch)
        assert [term.name for term in Article.objects.get().keywords.all()] == ["丙"]

    def test_deleted_since_are_made_again_for_an_article_that_comes_back(self, folder):
        deliver(folder, seed(关键词="甲"))
        batch = deliver(folder, seed(关键词="乙"))
        Keyword.objects.filter(name="甲").delete()
        undoing.undo(batch)
        assert self.names() == {"甲"}

    def test_that_have_become_an_alias_since_come_back_as_what_that_means(self, folder):
        batch = deliver(folder, seed(关键词="甲"))
        undoing.undo(batch)
        make_term("乙", "keyword", aliases=["甲"])
        undoing.redo(batch)
        assert [term.name for term in Article.objects.get().keywords.all()] == ["乙"]

    def test_a_source_that_is_gone_is_made_again(self, folder):
        first = deliver(folder, seed(编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"))
        second = deliver(
            folder,
            seed(链接="https://andere.example.org/x", 编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"),
        )
        assert undoing.undo(first).sources == 1
        undoing.undo(second)
        assert Article.objects.get().source.host == "example.com"


class TestTheWhole:
    def test_is_foreseen_without_writing_or_locking_anything(self, folder):
        batch = deliver(folder, *two())
        article = Article.objects.get(title="第二条")
        editing.save(article, {"title": "改过"}, by=make_user("ann", is_superuser=True))
        kept = [Kept(article.pk, "改过", "It was changed by ann.")]
        with CaptureQueriesContext(connection) as queries:
            assert undoing.foresee(batch) == undoing.Foreseen(1, 0, 1, kept)
            assert undoing.foresee(batch, back=True) == undoing.Foreseen()
        assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
        assert not [query for query in queries if "FOR UPDATE" in query["sql"]]
        undoing.undo(batch)
        assert undoing.foresee(batch) == undoing.Foreseen(0, 0, 1, kept)
        assert undoing.foresee(batch, back=True) == undoing.Foreseen(1)

    def test_is_foreseen_of_new_and_of_changed_articles_as_it_comes(self, folder, monkeypatch):
        monkeypatch.setattr(undoing, "CHUNK", 2)
        deliver(folder, *(seed(链接=f"https://e.example/{n}", 总结=f"{n}{TEXT}") for n in range(3)))
        batch = deliver(
            folder,
            *(seed(链接=f"https://e.example/{n}", 总结=f"{n}{TEXT}", 标题="新") for n in range(6)),
            seed(链接="https://e.example/x", 总结=f"0{TEXT}"),
        )
        assert outcomes(batch) == ["updated"] * 3 + ["created"] * 3 + ["duplicate"]
        foreseen = undoing.foresee(batch)
        assert foreseen == undoing.Foreseen(4, 3)
        done = undoing.undo(batch)
        assert (done.articles, done.changes, done.left) == (4, 3, 0)
        assert undoing.foresee(batch, back=True) == foreseen

    def test_lists_as_many_of_what_stays_as_is_asked_for_and_counts_all(self, folder, monkeypatch):
        monkeypatch.setattr(undoing, "CHUNK", 1)
        batch = deliver(folder, *two())
        Note.objects.bulk_create(Note(article=article, text="看") for article in Article.objects.all())
        found = undoing.foresee(batch, most_kept=1)
        assert (found.left, len(found.kept)) == (2, 1)

    def test_goes_on_after_an_interruption(self, folder, monkeypatch):
        before = without_rows(tables())
        batch = deliver(folder, *two())
        self.interrupt(undoing.undo, batch, monkeypatch)
        assert Article.objects.count() == 1
        assert undoing.undo(batch).articles == 1
        assert without_rows(tables()) == before

    def interrupt(self, work, batch, monkeypatch) -> None:
        """In the second chunk of one article each, which is taken back with it."""
        monkeypatch.setattr(undoing, "CHUNK", 1)

        def killed(total: int, looked: int, done: undoing.Foreseen) -> None:
            if looked == 2:
                raise Killed

        with pytest.raises(Killed):
            work(batch, progress=killed)

    def test_that_is_interrupted_is_told_as_undone(self, folder, monkeypatch):
        batch, ann = deliver(folder, *two()), make_user("ann", is_superuser=True)
        self.interrupt(
            lambda batch, progress: undoing.undo(batch, by=ann, progress=progress), batch, monkeypatch
        )
        batch = ImportBatch.objects.get()
        assert batch.undone_at and batch.undone_by == ann
        assert undoing.undoable(batch)
        undoing.undo(batch)
        assert not undoing.undoable(ImportBatch.objects.get())

    def test_whose_redo_is_interrupted_can_go_both_ways(self, folder, monkeypatch):
        batch = deliver(folder, *two())
        before = tables()
        undoing.undo(batch)
        self.interrupt(undoing.redo, batch, monkeypatch)
        batch = ImportBatch.objects.get()
        assert Article.objects.count() == 1
        assert batch.undone_at and undoing.undoable(batch)
        undoing.redo(batch)
        assert tables() == before
        batch = ImportBatch.objects.get()
        assert (batch.undone_at, batch.undone_by, batch.undo_left) == (None, None, None)

    def test_counts_a_chunk_once_though_it_is_tried_twice(self, folder, monkeypatch):
        batch = deliver(folder, *two())
        times = []

        def clash() -> None:
            times.append(1)
            if len(times) == 1:
                raise IntegrityError

        monkeypatch.setattr(undoing.connection, "check_constraints", clash)
        assert undoing.undo(batch).articles == 2

    def test_takes_the_records_that_wait_for_a_person_along_and_brings_them_back(self, folder):
        batch = deliver(folder, *two(), "标题: 只有标题\n")
        waiting = ImportRow.objects.filter(waits=True)
        note = Note.objects.bulk_create(Note(article=article, text="看") for article in Article.objects.all())
        undoing.undo(batch)
        assert waiting.count() == 1  # nothing was undone
        note[0].delete()
        undoing.undo(batch)
        assert not waiting.exists()
        undoing.redo(batch)
        assert waiting.get().batch == batch

    def test_lets_its_broken_records_wait_again_though_an_article_does_not_come_back(self, folder):
        batch = deliver(folder, *two(), "标题: 只有标题\n")
        undoing.undo(batch)
        deliver(folder, two()[0])
        assert undoing.redo(batch).left == 1
        assert ImportRow.objects.get(waits=True).batch == batch

    def test_is_offered_where_something_is_left(self, folder):
        batch = deliver(folder, *two())
        assert undoing.undoable(batch)
        note = Note.objects.create(article=Article.objects.first(), text="看一下")
        undoing.undo(batch)
        assert (batch.undo_left, undoing.undoable(batch)) == (1, True)
        note.delete()
        undoing.undo(batch)
        assert (batch.undo_left, undoing.undoable(batch)) == (0, False)
        undoing.redo(batch)
        assert undoing.undoable(batch)
        again = deliver(folder, two()[0], "标题: 只有标题\n")
        assert outcomes(again) == ["unchanged", "quarantined"]
        assert not undoing.undoable(again)

    def test_is_written_down_with_who_did_it(self, folder):
        batch = deliver(folder, seed())
        ann = make_user("ann", is_superuser=True)
        undoing.undo(batch, by=ann)
        batch.refresh_from_db()
        assert batch.undone_by == ann and batch.undone_at

    def test_of_an_interrupted_batch_ends_it_as_it_stands_first(self, folder):
        before = without_rows(tables())
        batch = deliver(folder, *two())
        ImportBatch.objects.update(finished_at=None, counts={}, needs_care=0)
        assert undoing.undoable(ImportBatch.objects.get())
        assert undoing.undo(ImportBatch.objects.get()).articles == 2
        assert without_rows(tables()) == before
        batch = ImportBatch.objects.get()
        assert batch.finished_at and batch.undone_at
        assert batch.counts["created"] == 2
        again = deliver(folder, *two())
        assert again != batch and outcomes(again) == ["created", "created"]

    @pytest.mark.parametrize("ways", [[undoing.undo], [undoing.undo, undoing.redo]])
    @pytest.mark.parametrize("publishes", [False, True])
    def test_of_an_interrupted_batch_leaves_no_record_of_its_files_out_of_later_imports(
        self, folder, monkeypatch, ways, publishes
    ):
        publish = partial(workflow.publish_untouched, note="夜间") if publishes else None
        batch = interrupted(folder, monkeypatch, publish)
        for way in ways:
            way(batch)
        kept = Article.objects.count()
        assert kept == (2 if publishes or len(ways) == 2 else 0)
        again = importer.run([folder], publish=publish)
        assert again != batch
        assert outcomes(again) == ["unchanged"] * kept + ["created"] * (4 - kept)
        assert outcomes(importer.run([folder], publish=publish)) == ["unchanged"] * 4
        assert Article.objects.count() == 4

    def test_only_of_an_interrupted_batch_is_told_as_cut_short(self, folder, monkeypatch):
        whole = deliver(folder, *two())
        part = interrupted(folder, monkeypatch)
        for batch in (whole, part):
            undoing.undo(batch)
            undoing.redo(batch)
        assert list(ImportBatch.objects.order_by("pk").values_list("cut_short", flat=True)) == [False, True]

    def test_takes_as_many_statements_for_three_as_for_one(self, folder):
        def statements(number: int) -> list[int]:
            batch = deliver(
                folder,
                *(seed(链接=f"https://e.example/{number}/{n}", 总结=f"{number}{n}") for n in range(number)),
            )
            counts = []
            for work in (undoing.undo, undoing.redo, undoing.undo):
                with CaptureQueriesContext(connection) as queries:
                    assert work(batch).articles == number
                counts.append(len(queries))
            return counts

        assert statements(3) == statements(1)

    def test_a_correction_keeps_its_article_like_a_note(self, folder):
        batch = deliver(folder, seed())
        article = Article.objects.get()
        workflow.publish(article, by=None)
        corrections.publish(article, wrong="错", right="对", by=None)
        workflow.withdraw(article, by=None, reason="算了")
        assert list(reasons(undoing.undo(batch)).values()) == [WITHDRAWN]


class TestTheCommands:
    def run(self, name: str, *arguments: object) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command(name, *map(str, arguments), stdout=out, no_color=True)
        except SystemExit as end:
            return end.code, out.getvalue()
        except CommandError as error:
            return error.returncode, str(error)
        return 0, out.getvalue()

    def test_tell_what_they_did(self, folder):
        batch = deliver(folder, *two())
        article = Article.objects.get(title="第二条")
        note = Note.objects.create(article=article, text="看一下")
        told = (
            f"#{article.pk} 第二条: It has notes.\n{{}}\n  articles removed: 1\n  articles as they were before: 0\n"
            "  terms removed: 0\n  sources removed: 0\n  articles kept: 1\n"
        )
        without = "  terms removed: 0\n  sources removed: 0\n"
        code, dry = self.run("undo_import", batch.pk, "--dry-run")
        assert (code, dry) == (1, told.format("Dry run: nothing was written").replace(without, ""))
        assert Article.objects.count() == 2 and not Imprint.objects.filter(kind="article").exists()
        assert self.run("undo_import", batch.pk) == (1, told.format("Undone"))
        dry = self.run("redo_import", batch.pk, "--dry-run")[1]
        assert "articles there again: 1\n" in dry and Article.objects.count() == 1
        note.delete()
        assert self.run("undo_import", batch.pk)[0] == 0
        code, out = self.run("redo_import", batch.pk)
        assert code == 0 and "articles there again: 2\n" in out and "articles not brought back: 0\n" in out
        assert Article.objects.count() == 2

    def test_answer_2_where_there_is_no_such_batch(self):
        for number in (0, -1, 987_654_321, 10**20):
            assert self.run("undo_import", number)[0] == 2

    @pytest.mark.parametrize("name", ["undo_import", "redo_import"])
    def test_answer_3_without_a_database(self, folder, monkeypatch, name):
        def gone(*arguments: object, **conditions: object) -> None:
            raise OperationalError("gone")

        batch = deliver(folder, seed())
        monkeypatch.setattr(ImportBatch.objects, "filter", gone)
        assert self.run(name, batch.pk)[0] == 3

    @pytest.mark.parametrize("name", ["undo_import", "redo_import"])
    def test_answer_4_while_an_import_runs(self, folder, monkeypatch, name):
        @contextmanager
        def busy() -> Iterator[None]:
            raise Busy
            yield

        batch = deliver(folder, seed())
        monkeypatch.setattr(undoing, "only_import", busy)
        assert self.run(name, batch.pk)[0] == 4
        assert Article.objects.count() == 1

    def test_answer_3_when_the_database_fails(self, folder, monkeypatch):
        def broken(*arguments: object) -> None:
            raise OperationalError("gone")

        batch = deliver(folder, seed())
        monkeypatch.setattr(undoing.images, "take", broken)
        code, text = self.run("undo_import", batch.pk)
        assert code == 3 and "gone" in text
        assert Article.objects.count() == 1


class TestAColumnThatCameAfterTheUndoing:
    """An image from before has no value for it: a migration must not make the redo fail."""

    TABLES = (
        "articles_article", "articles_eventsummary", "articles_eventpoint", "articles_revision", "articles_source",
        "taxonomy_keyword", "taxonomy_technology", "taxonomy_industry",
    )  # fmt: skip

    def test_gets_the_default_of_the_database(self, folder):
        deliver(folder, seed(链接="https://www.example.com/b.html", 关键词="乙", 总结="乙。" + TEXT))
        changed = deliver(
            folder, seed(链接="https://www.example.com/b.html", 关键词="丙", 总结="乙。" + TEXT), seed()
        )
        before = tables()
        undoing.undo(changed)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in self.TABLES:
                cursor.execute(f"ALTER TABLE {table} ADD COLUMN later text NOT NULL DEFAULT '100%% %%s'")
        assert undoing.redo(changed).kept == []
        assert tables() == before
        with connection.cursor() as cursor:
            for table in self.TABLES:
                cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE later = '100%% %%s') FROM {table}")
                count, right = cursor.fetchone()
                assert count == right > 0

    def test_gets_the_default_of_the_project_where_the_database_has_none(self, folder):
        batch = deliver(folder, seed())
        before = tables()
        undoing.undo(batch)
        without = "after #- '{article,version}' #- '{article,status}' #- '{event,origin}'"
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE articles_imprint SET after = {without} WHERE kind = 'article'")
            cursor.execute(
                "UPDATE articles_imprint SET after = after - 'confirmed' - 'declined' WHERE kind = 'keyword'"
            )
        undoing.redo(batch)
        assert tables() == before
        undoing.undo(batch)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE articles_imprint SET after = after #- '{article,created_at}' WHERE kind = 'article'"
            )
        undoing.redo(batch)
        assert Article.objects.get().created_at
