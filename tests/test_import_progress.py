"""How far an import is: told by what is in, not by what was read; and a preview that ends where it shall."""

import os
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.db import connection
from tqdm import tqdm

from articles import importer, intake, parsing, uploads
from articles.intake import Delivered
from articles.management.commands import import_seeds
from articles.models import ImportBatch, Upload
from tests.delivering import everything, outcomes
from tests.test_uploads import imported, previewed, stored
from tests.test_worker import other

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

Told = list[tuple[int, int, int, float]]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
    monkeypatch.setattr(intake, "CHUNK_FILES", 1)


def write(folder: Path, *files: str) -> int:
    """The files in the folder, and how many bytes they are."""
    for number, text in enumerate(files, 1):
        (folder / f"{number}.txt").write_text(text)
    return sum(len(text.encode()) for text in files)


def run(folder: Path, **options: object) -> Told:
    told: Told = []
    importer.run([folder], progress=lambda *how_far: told.append(how_far), **options)
    return told


@pytest.mark.usefixtures("small_chunks")
class TestHowFarAnImportIs:
    def test_is_what_of_its_bytes_is_in_however_much_was_read(self, folder):
        write(folder, "\n".join(map(other, range(4))))
        told = run(folder)
        assert [how_far[:3] for how_far in told] == [(1, 1, records) for records in range(5)]
        shares = [share for *_numbers, share in told]
        assert (shares[0], shares[-1]) == (0, 1)
        assert [round(share, 1) for share in shares] == [0, 0.2, 0.5, 0.7, 1]

    def test_goes_by_the_size_of_the_files(self, folder):
        size = write(folder, other(1), "\n".join(map(other, range(2, 10))))
        told = run(folder)
        first = len(other(1).encode()) / size
        assert [how_far for how_far in told if how_far[2] == 1] == [(2, 1, 1, first), (2, 2, 1, first)]
        assert told[-1] == (2, 2, 9, 1)

    def test_tells_what_is_not_new_as_soon_as_it_is_read(self, folder):
        size = write(folder, other(1), other(2))
        run(folder)
        first = len(other(1).encode()) / size
        assert run(folder) == [(2, 1, 1, first), (2, 2, 2, 1)]

    def test_reaches_the_end_after_an_interruption_too(self, folder):
        def interrupt(_files: int, _read: int, records: int, _share: float) -> None:
            if records == 2:
                raise KeyboardInterrupt

        write(folder, "\n".join(map(other, range(4))), other(5))
        with pytest.raises(KeyboardInterrupt):
            importer.run([folder], progress=interrupt)
        told = run(folder)
        assert told[0] == (2, 1, 0, 0)
        assert told[-1] == (2, 2, 3, 1)

    def test_is_told_for_files_without_a_byte(self, folder):
        write(folder, "")
        assert run(folder)[-1] == (1, 1, 1, 1)

    def test_never_goes_back(self, folder):
        write(folder, other(1), other(2), "\n".join(map(other, range(3, 6))))
        (folder / "1.txt").rename(folder / "9.txt")
        run(folder)
        write(folder, other(10), other(2), "\n".join(map(other, range(3, 7))), "图", other(1))
        shares = [share for *_numbers, share in run(folder)]
        assert shares == sorted(shares)
        assert shares[-1] == 1

    def test_stands_at_the_command_with_records_and_their_rate(self):
        with tqdm(total=1, bar_format=import_seeds.BAR, file=StringIO()) as bar:
            import_seeds._show_progress(bar, 12, 3, 4000, 0.25)
            assert str(bar).startswith(" 25%|")
            assert "3 of 12 files read, 4000 records, " in str(bar) and str(bar).endswith(" a second")

    def test_is_noted_on_an_upload(self):
        upload = stored(other(1))
        with connection.cursor() as notes:
            uploads.Progress(upload, notes, lambda: True)(12, 3, 4000, 0.259)
        upload.refresh_from_db()
        assert (upload.files_read, upload.records, upload.percent) == (3, 4000, 25)
        assert uploads.run_next()
        assert Upload.objects.get().percent == 0  # begun anew


class TestParsingInAnotherProcess:
    @pytest.mark.parametrize(
        ("files", "size", "jobs"),
        [(1, 50_000_000, 1), (2, 50_000_000, 2), (199, 1_000_000, 1), (200, 1_000_000, 2), (0, 0, 1)],
    )
    def test_is_for_many_files_or_large_ones(self, files, size, jobs, monkeypatch):
        monkeypatch.setattr(os, "cpu_count", lambda: 8)
        assert parsing.usual_jobs(files, size) == jobs
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        assert parsing.usual_jobs(files, size) == 1

    @pytest.mark.usefixtures("small_chunks")
    def test_makes_no_difference(self, folder, monkeypatch):
        monkeypatch.setattr(parsing, "LARGE", 0)
        monkeypatch.setattr(parsing, "AHEAD_BYTES", 0)
        write(folder, *(f"{other(number)}\n{other(number + 10)}" for number in range(4)))
        told = run(folder, jobs=2)
        assert outcomes(ImportBatch.objects.get()) == ["created"] * 8
        assert (told[-1], [how_far[2] for how_far in told if how_far[1] == 4][-1]) == ((4, 4, 8, 1), 8)
        before = everything()
        run(folder, jobs=1)
        assert everything() == before

    def test_is_one_large_file_ahead_and_no_more(self, monkeypatch):
        taken = []

        def chunks():
            for number in range(6):
                taken.append(number)
                content = other(number).encode()
                yield [Delivered(f"{number}.txt", content, "", size=2 * parsing.AHEAD_BYTES)]

        seen = [(record.content["title"], len(taken)) for _file, record in parsing.parsed(chunks(), 2)]
        assert seen == [(f"第{number}条", min(number + 2, 6)) for number in range(6)]

    def test_keeps_no_bytes_that_are_parsed(self):
        files = [Delivered(f"{number}.txt", other(number).encode(), "") for number in range(2)]
        list(parsing.parsed(iter([files]), 1))
        assert [file.content for file in files] == [b"", b""]


class TestTheEndOfAPreview:
    @pytest.fixture(autouse=True)
    def limit(self, settings, monkeypatch):
        settings.UPLOAD_PREVIEW_RECORDS = 2
        monkeypatch.setattr(intake, "CHUNK_FILES", 1)

    def told(self, upload: Upload) -> tuple[bool, dict[str, int], int]:
        return upload.cut, upload.counts, upload.rows.count()

    def test_comes_for_what_is_not_new_too(self):
        imported(*map(other, range(4)))
        upload = previewed(*map(other, range(4)), other(9))
        assert self.told(upload) == (True, {"unchanged": 2}, 2)

    def test_is_no_cut_where_nothing_was_left(self):
        assert self.told(previewed(other(1), other(2))) == (False, {"created": 2}, 2)
        assert self.told(previewed(f"{other(1)}\n{other(2)}")) == (False, {"created": 2}, 2)

    def test_is_a_cut_where_a_record_was_left(self):
        assert self.told(previewed(other(1), other(2), other(3))) == (True, {"created": 2}, 2)
        assert self.told(previewed("\n".join(map(other, range(3))))) == (True, {"created": 2}, 2)

    def test_tells_each_outcome_of_what_it_shows(self):
        imported(other(1))
        upload = previewed(other(1), other(1, 行业="新的行业"), other(2))
        assert self.told(upload) == (True, Counter(upload.rows.values_list("outcome", flat=True)), 2)

    def test_leaves_the_rest_unread(self, folder):
        write(folder, *map(other, range(6)))
        run(folder)
        assert run(folder, most=2, dry_run=True)[-1] == (6, 2, 2, 1)
        write(folder, *map(other, range(10, 16)))
        assert [how_far[1:] for how_far in run(folder, most=2, dry_run=True)][-1] == (2, 2, 1)
