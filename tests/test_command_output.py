"""What becomes of a command whose output cannot be printed, or whose reader leaves, sleeps or says Ctrl-C."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from articles import deliveries, importer
from articles.models import Article, ImportBatch
from tests.delivering import TEXT, deliver, seed
from tests.processes import environment

FULL = OSError(28, "No space left on device")
LEFT = BrokenPipeError(32, "Broken pipe")
FAULTY = seed(链接="https://e.example/2", 总结="乙。" + TEXT, 行业=None)


class Stream(StringIO):
    """Printed to so often, then no more."""

    def __init__(self, error: BaseException, after: int = 0) -> None:
        super().__init__()
        self.error, self.left = error, after

    def write(self, text: str) -> int:
        if not self.left:
            raise self.error
        self.left -= 1
        return super().write(text)


def run(name: str, *arguments: object, stdout: IO) -> tuple[int, str]:
    """The exit code, and what stands on the terminal for it."""
    try:
        call_command(name, *map(str, arguments), stdout=stdout, no_color=True)
    except SystemExit as end:
        return end.code, ""
    except CommandError as error:
        return error.returncode, str(error)
    return 0, ""


def is_in(batch: ImportBatch, why: str) -> str:
    return (
        f"Not all of the output is here: {why}\nBatch #{batch.pk} is in. What it found is on the desk:"
        f" /admin/articles/importbatch/{batch.pk}/change/"
    )


@pytest.fixture
def two(folder: Path) -> Path:
    """One good record, and one with a warning."""
    (folder / "1.txt").write_text(seed(), encoding="utf-8")
    (folder / "2.txt").write_text(FAULTY, encoding="utf-8")
    return folder


@pytest.mark.django_db
@pytest.mark.usefixtures("in_english")
class TestAnImportThatIsIn:
    @pytest.fixture(autouse=True)
    def start(self, two: Path, tmp_path: Path) -> None:
        self.folder, self.report = two, tmp_path / "r.jsonl"

    def run(self, stream: IO, *options: str) -> tuple[int, str]:
        return run("import_seeds", self.folder, "--report", self.report, *options, stdout=stream)

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_ends_as_it_went_where_the_reader_leaves(self, after):
        assert self.run(Stream(LEFT, after)) == (1, "")
        assert self.report.read_text().count("\n") == 2
        (self.folder / "2.txt").unlink()
        assert self.run(Stream(LEFT)) == (0, "")

    @pytest.mark.parametrize("after", [0, 3])
    def test_says_so_where_its_output_cannot_be_written_and_its_report_is_whole(self, after):
        told = self.run(Stream(FULL, after))
        batch = ImportBatch.objects.get()
        assert told == (3, is_in(batch, "[Errno 28] No space left on device"))
        assert batch.finished_at and self.report.read_text().count("\n") == 2

    @pytest.mark.parametrize("after", [0, 3])
    def test_says_so_at_ctrl_c(self, after):
        told = self.run(Stream(KeyboardInterrupt(), after))
        batch = ImportBatch.objects.get()
        assert told == (3, is_in(batch, "Ctrl-C"))
        assert batch.finished_at and not self.report.exists()

    def test_says_so_where_the_database_goes_away_before_all_is_told(self, monkeypatch):
        monkeypatch.setattr(deliveries, "records", gone)
        assert self.run(StringIO()) == (3, is_in(ImportBatch.objects.get(), "gone"))

    def test_has_forgotten_what_can_no_longer_be_undone(self):
        long_ago = timezone.now() - timedelta(days=settings.IMPORT_UNDO_DAYS + 1)
        old = ImportBatch.objects.create(finished_at=long_ago)
        self.run(Stream(KeyboardInterrupt()))
        old.refresh_from_db()
        assert old.forgotten_at

    def test_keeps_no_other_import_out_while_it_is_read(self):
        locks = []

        class Reader(StringIO):
            def write(self, text: str) -> int:
                locks.append(import_locks())
                return super().write(text)

        assert self.run(Reader()) == (1, "")
        assert set(locks) == {0}

    def test_was_only_tried_and_says_so_in_the_words_of_a_trial(self):
        assert self.run(Stream(LEFT), "--dry-run") == (1, "")
        code, told = self.run(Stream(FULL), "--dry-run")
        assert (code, told.split("\n")[1]) == (
            3,
            "Nothing is half-written. Run the same command again to go on.",
        )
        assert self.run(Stream(KeyboardInterrupt()), "--dry-run")[1].startswith("Stopped: Ctrl-C\n")
        assert not Article.objects.exists() and not ImportBatch.objects.exists()


def gone(*arguments: object, **conditions: object) -> Iterator[None]:
    raise OperationalError("gone")
    yield


def import_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [importer.LOCK]
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.usefixtures("in_english")
class TestAnotherCommand:
    @pytest.mark.parametrize(("name", "code"), [("undo_import", 0), ("redo_import", 0), ("import_report", 0)])
    def test_of_a_batch_ends_as_it_went_where_the_reader_leaves(self, folder, name, code):
        batch = deliver(folder, seed())
        assert run(name, batch.pk, stdout=Stream(LEFT)) == (code, "")

    def test_has_undone_what_it_cannot_tell_of(self, folder):
        batch = deliver(folder, seed())
        told = run("undo_import", batch.pk, stdout=Stream(FULL))
        assert told == (3, "Not all of the output is here: [Errno 28] No space left on device")
        assert not Article.objects.exists()

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (LEFT, (1, "")),
            (FULL, (3, "Stopped: [Errno 28] No space left on device")),
            (KeyboardInterrupt(), (3, "Stopped: Ctrl-C")),
        ],
    )
    def test_that_only_looks_at_files_ends_likewise(self, two, error, told):
        assert run("check_seeds", two, stdout=Stream(error)) == told


@contextmanager
def closed_pipe() -> Iterator[IO]:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as file:
        yield file


@contextmanager
def full_disk() -> Iterator[IO]:
    with open("/dev/full", "wb") as file:
        yield file


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("place", "code"), [(closed_pipe, 1), (full_disk, 3)])
@pytest.mark.parametrize("name", ["import_seeds", "check_seeds"])
def test_a_process_leaves_nothing_that_fails_once_more_at_its_end(two, name, place: Callable, code):
    assert_ends([name, str(two)], place, code)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("place", "code"), [(closed_pipe, 0), (full_disk, 3)])
@pytest.mark.parametrize("form", ["txt", "csv"])
def test_an_export_whose_reader_leaves_has_done_its_work(two, form, place: Callable, code):
    importer.run([str(two)])
    assert_ends(["export_seeds", "--format", form], place, code)


def assert_ends(command: list[str], place: Callable, code: int) -> None:
    with place() as stdout:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment(),
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == code
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert bool(done.stderr) == (code == 3)
