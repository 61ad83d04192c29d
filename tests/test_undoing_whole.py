"""A batch is undone and brought back as a whole: foreseen, interrupted, counted, and after migrations."""

from functools import partial

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from articles import editing, importer, undoing, workflow
from articles.models import Article, ImportBatch, ImportRow, Note
from articles.untouched import Kept
from tests.delivering import TEXT, deliver, outcomes, seed
from tests.factories import make_user
from tests.processes import Killed
from tests.undone import interrupted, tables, two, without_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


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
