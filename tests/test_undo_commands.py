"""`undo_import` and `redo_import`: what they say, and with which exit code they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from articles import undoing
from articles.importer import Busy
from articles.models import Article, ImportBatch, Imprint, Note
from tests.delivering import deliver, seed
from tests.undone import two

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


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
