"""The import that runs by itself: what it leaves for the next night, when it is missed, how long it can be undone."""

import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from articles import importer, undoing
from articles.models import Article, ImportBatch, Imprint
from articles.placing import part_of
from articles.untouched import Kept
from articles.workbench import workbench
from tests.delivering import TEXT, deliver, outcomes, seed
from tests.factories import desk, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

OTHER = seed(链接="https://www.example.com/b.html", 总结="乙。" + TEXT)


def put(folder: Path, name: str, text: str, *, age: float) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    changed = time.time() - age
    os.utime(folder / name, (changed, changed))


class TestAFileThatMayStillBeWritten:
    def test_waits_until_nobody_has_changed_it_for_a_while(self, folder):
        put(folder, "old.txt", seed(), age=600)
        put(folder, "young.txt", OTHER, age=5)
        batch = importer.run([folder], settled=60)
        assert outcomes(batch) == ["created"]
        assert batch.skipped == [
            {
                "name": f"{folder}/young.txt",
                "code": "unsettled",
                "text": "It was changed less than 60 seconds ago.",
            }
        ]
        put(folder, "young.txt", OTHER, age=61)
        assert outcomes(importer.run([folder], settled=60)) == ["unchanged", "created"]

    def test_whose_clock_is_ahead_is_not_left_for_ever(self, folder):
        put(folder, "ahead.txt", seed(), age=-3600)
        assert outcomes(importer.run([folder], settled=60)) == ["created"]

    def test_is_no_fault_of_the_command(self, folder):
        put(folder, "old.txt", seed(), age=600)
        put(folder, "young.txt", OTHER, age=5)
        out = StringIO()
        call_command("import_seeds", str(folder), "--settled", "60", stdout=out, no_color=True)
        assert (
            f"{folder}/young.txt: unsettled note: It was changed less than 60 seconds ago." in out.getvalue()
        )


class TestTheReportFile:
    def run(self, folder: Path, report: Path, out: StringIO) -> None:
        call_command("import_seeds", str(folder), "--report", str(report), stdout=out, no_color=True)

    def code(self, folder: Path, report: Path, out: StringIO | None = None) -> int:
        with pytest.raises(CommandError) as error:
            self.run(folder, report, out or StringIO())
        return error.value.returncode

    @pytest.mark.parametrize("records", [1, 200])
    def test_on_a_full_disk_is_trouble_but_the_import_is_whole_and_tells_its_numbers(
        self, folder, tmp_path, records
    ):
        for number in range(records):
            put(folder, f"{number}.txt", seed(链接=f"https://e.example/{number}", 总结=str(number)), age=0)
        part_of(tmp_path / "report.jsonl").symlink_to("/dev/full")
        out = StringIO()
        assert self.code(folder, tmp_path / "report.jsonl", out) == 3
        assert "records in all" in out.getvalue()
        assert Article.objects.count() == records
        assert ImportBatch.objects.get().finished_at
        assert sorted(tmp_path.iterdir()) == [folder]

    def test_that_cannot_be_begun_is_a_wrong_call_and_nothing_is_imported(self, folder, tmp_path):
        put(folder, "a.txt", seed(), age=0)
        assert self.code(folder, tmp_path / "no" / "report.jsonl") == 2
        assert self.code(folder, folder / "report.jsonl") == 2
        assert not ImportBatch.objects.exists()

    def test_leaves_nothing_behind_where_the_import_does_not_come_to_its_end(
        self, folder, tmp_path, monkeypatch
    ):
        assert self.code(folder, tmp_path / "report.jsonl") == 2
        put(folder, "a.txt", seed(), age=0)
        for error, code in ((OSError(28, "full"), 3), (KeyboardInterrupt(), 3), (importer.Busy(), 4)):
            monkeypatch.setattr(importer, "run", raising(error))
            assert self.code(folder, tmp_path / "report.jsonl") == code
        assert sorted(tmp_path.iterdir()) == [folder]

    def test_takes_the_place_of_an_older_one_only_when_it_is_whole(self, folder, tmp_path, monkeypatch):
        report = tmp_path / "report.jsonl"
        report.write_text("old")
        put(folder, "a.txt", seed(), age=0)
        with monkeypatch.context() as patch:
            patch.setattr(importer, "run", raising(OSError(5, "broken")))
            assert self.code(folder, report) == 3
        assert report.read_text() == "old"
        self.run(folder, report, StringIO())
        assert report.read_text().count("\n") == 1


def raising(error: BaseException):
    def run(*arguments: object, **options: object) -> None:
        raise error

    return run


class TestAnOverdueImport:
    @pytest.fixture(autouse=True)
    def nightly(self, settings) -> None:
        settings.IMPORT_EXPECTED_HOURS = 26

    def ended(self, hours: float, *, scheduled: bool = True) -> None:
        finished_at = timezone.now() - timedelta(hours=hours)
        ImportBatch.objects.create(finished_at=finished_at, scheduled=scheduled)

    def overdue(self) -> int:
        return workbench(staff("view_importbatch")).overdue

    def test_is_told_on_the_front_page_of_the_desk(self):
        self.ended(27)
        page = desk(staff("view_importbatch")).get("/admin/").content.decode()
        assert "No import by the timer has ended within the last 26 hours." in page
        self.ended(25)
        page = desk(staff("view_importbatch")).get("/admin/").content.decode()
        assert "Import overdue" not in page

    def test_is_one_that_never_ended_or_never_ran(self):
        assert self.overdue() == 26
        ImportBatch.objects.create(scheduled=True)
        assert self.overdue() == 26

    def test_is_not_made_good_by_what_a_person_imports_or_tries_on_the_command_line(self, folder):
        self.ended(1, scheduled=False)
        put(folder, "a.txt", seed(), age=600)
        call_command("import_seeds", str(folder), "--settled", "300", stdout=StringIO())
        assert self.overdue() == 26
        call_command("import_seeds", str(folder), "--settled", "300", "--scheduled", stdout=StringIO())
        assert self.overdue() == 0

    @pytest.mark.parametrize("scheduled", [True, False])
    def test_is_made_good_by_whoever_brings_an_interrupted_one_to_its_end_if_that_is_the_timer(
        self, folder, scheduled
    ):
        put(folder, "a.txt", seed(), age=0)
        ImportBatch.objects.create(paths=[str(folder)], scheduled=not scheduled)
        importer.run([folder], scheduled=scheduled)
        assert (ImportBatch.objects.get().scheduled, self.overdue()) == (scheduled, 0 if scheduled else 26)

    def test_is_nothing_to_those_who_may_not_see_imports(self):
        assert workbench(staff("view_article")).overdue == 0

    def test_does_not_exist_where_none_is_expected(self, settings):
        settings.IMPORT_EXPECTED_HOURS = 0
        assert self.overdue() == 0


class TestAnOldImport:
    def age(self, batch: ImportBatch, days: int) -> None:
        finished_at = timezone.now() - timedelta(days=days)
        ImportBatch.objects.filter(pk=batch.pk).update(finished_at=finished_at)

    def test_can_no_longer_have_its_changes_undone_but_what_it_created(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"), OTHER)
        self.age(batch, 91)
        deliver(folder, OTHER)
        batch.refresh_from_db()
        assert batch.forgotten_at
        changed, created = Article.objects.order_by("pk")
        done = undoing.undo(batch)
        assert (done.articles, done.changes) == (1, 0)
        assert done.kept == [
            Kept(
                changed.pk,
                "新标题",
                "It was changed so long ago that what it said before is no longer kept.",
            )
        ]
        assert list(Article.objects.values_list("pk", "title")) == [(changed.pk, "新标题")]
        undoing.redo(batch)
        assert list(Article.objects.order_by("pk").values_list("pk", flat=True)) == [changed.pk, created.pk]

    def test_that_is_undone_can_still_be_brought_back(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"))
        undoing.undo(batch)
        self.age(batch, 91)
        deliver(folder, OTHER)
        undoing.redo(batch)
        assert Article.objects.order_by("pk").first().title == "新标题"

    @pytest.mark.parametrize(("days", "age"), [(90, 89), (0, 9_000)])
    def test_keeps_what_the_operator_wants_kept(self, folder, settings, days, age):
        settings.IMPORT_UNDO_DAYS = days
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"))
        self.age(batch, age)
        deliver(folder, OTHER)
        assert Imprint.objects.get(batch=batch, kind="article").before["article"]["title"]
        assert undoing.undo(batch).changes == 1
