"""What `import_seeds` prints, and which number its batch gets."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from articles import creating, editing, importer, uploads
from articles.files import NamedBytes
from articles.models import Article, ImportBatch, UploadState
from tests.delivering import TEXT, deliver, seed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

OTHER = seed(链接="https://www.example.com/b.html", 总结="乙。" + TEXT)
BAD = "标题: 只有标题\n"


def printed(folder: Path, *arguments: str) -> list[str]:
    out = StringIO()
    try:
        call_command("import_seeds", str(folder), *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        assert end.code == 1
    return [line.removeprefix(f"{folder}/") for line in out.getvalue().splitlines()]


class TestTheLines:
    def test_say_in_words_how_grave_each_finding_is_and_tell_errors_last(self, folder):
        (folder / ".hidden").write_text("")
        (folder / "1.txt").write_text(BAD, encoding="utf-8")
        (folder / "2.txt").write_text(seed(行业=None), encoding="utf-8")
        (folder / "3.txt").write_bytes(OTHER.encode("gb18030"))
        (folder / "4.zip").write_bytes(b"PK")
        told = printed(folder, "--dry-run")
        findings = told[: told.index("")]
        assert [line.split(": ")[:2] for line in findings] == [
            [".hidden", "hidden-file note"],
            ["2.txt:1", "missing-terms warning"],
            ["2.txt:2", "date-from-link note"],
            ["3.txt:1", "other-encoding note"],
            ["1.txt:1", "only-title error"],
            ["4.zip", "zip-broken error"],
        ]
        assert told[-1] == "Errors: 2, warnings: 1, notes: 3"

    def test_of_a_conflict_name_the_fields_and_the_page_where_it_is_decided(self, folder):
        deliver(folder, seed())
        article = Article.objects.get()
        editing.save(article, {"title": "编辑的", "summary": "编辑写的。"}, by=None)
        (folder / "1.txt").write_text(seed(标题="种子的", 总结=TEXT + "又一句。"), encoding="utf-8")
        told = printed(folder)
        assert told[1] == (
            "1.txt:1: conflict warning: The desk and the seed have both changed: “title、text”"
            f" → Compare them and decide: /admin/articles/article/{article.pk}/conflicts/"
        )
        batch = ImportBatch.objects.first()
        assert told[-2:] == [
            "Errors: 0, warnings: 1, notes: 1",
            f"On the desk: /admin/articles/importbatch/{batch.pk}/change/",
        ]


class TestTheNumberOfABatch:
    def test_is_the_next_one_however_many_were_only_tried(self, folder):
        batch = deliver(folder, seed())
        for _time in range(3):
            importer.run([folder], dry_run=True)
        assert deliver(folder, OTHER).pk == batch.pk + 1

    def test_is_the_next_one_after_a_trial_that_failed(self, folder, monkeypatch):
        batch = deliver(folder, seed())
        (folder / "2.txt").write_text(OTHER, encoding="utf-8")
        with monkeypatch.context() as patch, pytest.raises(RecursionError):
            patch.setattr(creating, "create", broken)
            importer.run([folder], dry_run=True)
        assert importer.run([folder]).pk == batch.pk + 1

    def test_is_the_next_one_after_a_preview_on_the_desk(self, folder):
        batch = deliver(folder, seed())
        upload = uploads.store([NamedBytes("a.txt", OTHER.encode)], by=None)
        uploads.run_next()
        upload.refresh_from_db()
        assert upload.state == UploadState.PREVIEWED
        uploads.queue(upload, by=None)
        uploads.run_next()
        upload.refresh_from_db()
        assert upload.batch_id == batch.pk + 1

    def test_is_kept_where_a_trial_goes_on_with_an_interrupted_one(self, folder):
        interrupted = ImportBatch.objects.create(paths=[str(folder)])
        (folder / "1.txt").write_text(seed(), encoding="utf-8")
        importer.run([folder], dry_run=True)
        assert ImportBatch.objects.create().pk == interrupted.pk + 1

    def test_is_1_in_a_new_database_that_was_only_tried(self, folder):
        importer.sql.run("ALTER SEQUENCE articles_importbatch_id_seq RESTART")
        (folder / "1.txt").write_text(seed(), encoding="utf-8")
        assert importer.run([folder], dry_run=True).pk == 1
        assert importer.run([folder]).pk == 1


def broken(*arguments: object) -> None:
    raise RecursionError


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no/r.jsonl", "there is no such folder"),
        ("file/r.jsonl", "there is no such folder"),
        ("folder", "it is a folder"),
    ],
)
def test_a_report_that_cannot_be_begun_is_told_by_its_name_with_the_reason(folder, tmp_path, name, why):
    (folder / "1.txt").write_text(seed(), encoding="utf-8")
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError) as error:
        call_command("import_seeds", str(folder), "--report", str(tmp_path / name))
    assert str(error.value) == f"The report cannot be written: {tmp_path / name}: {why}"
    assert error.value.returncode == 2
    assert not ImportBatch.objects.exists()
