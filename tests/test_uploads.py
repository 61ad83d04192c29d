"""Deliveries by hand: stored as they came, looked at without a trace, imported by the worker, whatever happens to it."""

import os
import signal
import subprocess
import sys
import zipfile
from contextlib import chdir
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles import creating, importer, intake, turns, undoing, uploads
from articles.files import NamedBytes, SkippedFile, unpack
from articles.models import (
    Article,
    ImportBatch,
    ImportRow,
    PreviewRow,
    SeedFile,
    Upload,
    UploadFile,
    UploadState,
)
from tests.delivering import TEXT, everything, outcomes, seed
from tests.factories import desk, make_user
from tests.processes import Killed, environment, wait_until
from tests.test_worker import other

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def delivery(*texts: str) -> list[NamedBytes]:
    return [NamedBytes(f"{n}.txt", partial(str.encode, text)) for n, text in enumerate(texts, 1)]


def stored(*texts: str, **fields: object) -> Upload:
    return uploads.store(delivery(*texts), **{"by": None} | fields)


def again(upload: Upload) -> Upload:
    return Upload.objects.get(pk=upload.pk)


def previewed(*texts: str, **fields: object) -> Upload:
    upload = stored(*texts, **fields)
    uploads.run_next()
    return again(upload)


def imported(*texts: str, **fields: object) -> Upload:
    upload = previewed(*texts, **fields)
    uploads.queue(upload, by=None)
    uploads.run_next()
    return again(upload)


def half_imported(monkeypatch, *texts: str) -> Upload:
    """An import that stopped after the first of three records, and was given up."""
    monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
    upload = previewed(*(texts or (other(n) for n in range(3))))
    uploads.queue(upload, by=None)
    create = creating.create

    def broken(batch: ImportBatch, rows: list, terms: object) -> None:
        if batch.rows.exists():
            raise RecursionError("zu tief")
        create(batch, rows, terms)

    with monkeypatch.context() as patch:
        patch.setattr(creating, "create", broken)
        uploads.run_next()
    assert again(upload).state == UploadState.FAILED
    return again(upload)


def killed_in_chunk(number: int, monkeypatch) -> None:
    """A turn whose worker ends within this chunk."""
    seen, begin = [], importer._import

    def killed(*arguments: object) -> None:
        seen.append(1)
        if len(seen) == number:
            raise Killed
        begin(*arguments)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(importer, "_import", killed)
        uploads.run_next()


def ended_unsaid(monkeypatch) -> Upload:
    """All of it is imported; what failed is to say so."""

    def broken(upload: Upload) -> None:
        raise RecursionError("zu tief")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_forget", broken)
        upload = imported(other(1))
    assert upload.state == UploadState.FAILED
    return upload


class TestThePreview:
    def test_writes_nothing_but_what_it_tells(self):
        imported(other(1), other(2))
        before = everything(), list(ImportBatch.objects.values()), list(ImportRow.objects.values())
        upload = previewed(
            other(1), other(2, 行业="新的行业"), other(3, AI技术="新的技术"), "标题: 只有标题\n", other(1)
        )
        assert (everything(), list(ImportBatch.objects.values()), list(ImportRow.objects.values())) == before
        assert upload.state == UploadState.PREVIEWED
        assert upload.counts == {"created": 1, "updated": 1, "unchanged": 1, "quarantined": 1}
        assert [item["code"] for item in upload.skipped] == ["same-bytes"]

    def test_tells_of_each_record_what_it_would_become_and_where_it_stands(self):
        imported(other(1))
        upload = previewed(other(1), other(2) + "\n" + other(3))
        known = Article.objects.get()
        rows = upload.rows.values_list(
            "file__name", "first_line", "last_line", "outcome", "article_id", "title"
        )
        assert list(rows) == [
            ("1.txt", 1, 13, "unchanged", known.pk, "第1条"),
            ("2.txt", 1, 13, "created", None, "第2条"),
            ("2.txt", 15, 27, "created", None, "第3条"),
        ]

    def test_never_names_an_article_that_is_not_there(self, monkeypatch):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)  # the second chunk finds the first one's article
        upload = previewed(other(1), seed(链接="https://e.example/9", 总结=f"1。{TEXT}"))
        row = upload.rows.get(outcome="duplicate")
        assert (row.article_id, row.findings[-1]["text"]) == (None, "1.txt:1")

    def test_tells_the_first_so_many_of_a_large_delivery_and_that_there_are_more(self, settings):
        settings.UPLOAD_PREVIEW_RECORDS = 2
        upload = previewed(other(1), other(2), other(3))
        assert (upload.cut, upload.counts) == (True, {"created": 2})
        uploads.queue(upload, by=None)
        uploads.run_next()
        assert again(upload).batch.counts["created"] == 3

    def test_does_not_begin_when_somebody_discards_it_in_that_moment(self):
        upload = stored(other(1))
        uploads.discard(again(upload))
        uploads._work(upload, uploads.Progress(upload, None, lambda: True))
        assert (again(upload).state, again(upload).attempts) == (UploadState.DISCARDED, 0)

    def test_waits_while_another_import_runs_and_says_so(self, monkeypatch):
        upload = stored(other(1))

        def busy(*args: object, **options: object) -> None:
            raise importer.Busy

        with monkeypatch.context() as patch:
            patch.setattr(importer, "run", busy)
            assert not uploads.run_next()
        assert (again(upload).state, again(upload).held_up) == (UploadState.PREVIEWING, True)
        assert again(upload).attempts == 0
        uploads.run_next()
        assert (again(upload).state, again(upload).held_up) == (UploadState.PREVIEWED, False)


class TestTheImport:
    def test_does_what_the_preview_said_and_keeps_the_bytes(self):
        ann, bea = make_user(), make_user()
        upload = previewed(other(1), "标题: 只有标题\n", by=ann)
        uploads.queue(upload, by=bea)
        uploads.run_next()
        upload = again(upload)
        assert (upload.state, upload.batch.by) == (UploadState.DONE, bea)
        assert outcomes(upload.batch) == ["created", "quarantined"]
        assert {outcome: n for outcome, n in upload.batch.counts.items() if n} == upload.counts
        kept = [bytes(file.content).decode() for file in SeedFile.objects.order_by("id")]
        assert kept == [other(1), "标题: 只有标题\n"]
        assert not UploadFile.objects.exists() and not PreviewRow.objects.exists()

    def test_does_not_begin_before_somebody_lets_it(self):
        upload = previewed(other(1))
        assert not uploads.run_next()
        assert (again(upload).state, Article.objects.count()) == (UploadState.PREVIEWED, 0)

    def test_publishes_only_when_that_was_asked(self):
        imported(other(1))
        imported(other(2), publish=True)
        assert list(Article.objects.order_by("title").values_list("status", flat=True)) == [
            "draft",
            "published",
        ]

    def test_lists_in_the_batch_what_was_left_out(self):
        item = SkippedFile("a.zip/图.png", "not-seed-text", "…")
        upload = uploads.store([*delivery(other(1)), item], by=None)
        uploads.run_next()
        uploads.queue(upload, by=None)
        uploads.run_next()
        assert again(upload).batch.skipped == [{"name": "a.zip/图.png", "code": "not-seed-text", "text": "…"}]

    def test_that_was_interrupted_goes_on_with_its_own_batch(self, monkeypatch):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
        upload = previewed(*(other(n) for n in range(5)))
        uploads.queue(upload, by=None)
        turns = iter([True, True, True])
        assert not uploads.run_next(lambda: next(turns, False))
        assert 0 < ImportRow.objects.count() < 5
        assert (again(upload).state, again(upload).attempts) == (UploadState.RUNNING, 0)
        uploads.run_next()
        assert again(upload).state == UploadState.DONE
        assert ImportBatch.objects.get() == again(upload).batch
        assert outcomes(again(upload).batch) == ["created"] * 5

    def test_whose_worker_died_right_after_its_end_is_not_made_twice(self):
        upload = imported(other(1))
        Upload.objects.update(state=UploadState.RUNNING, batch=None)
        uploads.run_next()
        assert again(upload).batch == upload.batch
        assert ImportBatch.objects.count() == 1


class TestTrouble:
    def test_of_the_importer_itself_is_told_and_ends_nothing_else(self, monkeypatch, caplog):
        upload, following = stored(other(1)), stored(other(2))

        def break_down(*args: object, **options: object) -> None:
            raise RecursionError("zu  tief\nverschachtelt")

        with monkeypatch.context() as patch:
            patch.setattr(importer, "run", break_down)
            assert uploads.run_next()
        assert (again(upload).state, again(upload).error) == (UploadState.FAILED, "zu tief verschachtelt")
        uploads.run_next()
        assert again(following).state == UploadState.PREVIEWED
        uploads.retry(again(upload))
        uploads.run_next()
        assert (again(upload).state, again(upload).error) == (UploadState.PREVIEWED, "")

    def test_of_the_disk_is_tried_again_but_not_for_ever(self, monkeypatch):
        upload = stored(other(1))

        def full(*args: object, **options: object) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr(importer, "run", full)
        monkeypatch.setattr(turns.connection, "close", lambda: None)  # the test's own
        for _attempt in range(turns.ATTEMPTS):
            with pytest.raises(OSError, match="No space"):
                uploads.run_next()
            assert again(upload).state == UploadState.PREVIEWING
        uploads.run_next()
        assert again(upload).state == UploadState.FAILED
        assert "No space left on device" in again(upload).error

    def test_after_the_last_record_says_that_all_is_imported_and_trying_again_ends_it(self, monkeypatch):
        upload = ended_unsaid(monkeypatch)
        address = reverse("admin:articles_importbatch_upload", args=[upload.pk])
        page = desk().get(address).text
        assert "All of it is imported" in page and "A part of it" not in page
        uploads.retry(upload)
        uploads.run_next()
        assert (again(upload).state, again(upload).batch) == (UploadState.DONE, ImportBatch.objects.get())

    def test_of_a_turn_are_not_told_of_an_upload_that_was_closed_meanwhile(self, monkeypatch):
        upload = half_imported(monkeypatch)
        batch = uploads.batch_of(upload).get()
        uploads.retry(upload)
        delivered = uploads._delivered

        def closed(upload: Upload) -> tuple:
            undoing.undo(batch)
            return delivered(upload)

        with monkeypatch.context() as patch:
            patch.setattr(uploads, "_delivered", closed)
            uploads.run_next()
        assert (again(upload).state, again(upload).error) == (UploadState.DONE, "")
        assert ImportBatch.objects.get() == batch

    def test_makes_no_upload_of_nothing(self):
        with pytest.raises(uploads.Refused, match="a.zip: It is protected"):
            uploads.store([SkippedFile("a.zip", "zip-encrypted", "It is protected by a password.")], by=None)
        assert not Upload.objects.exists()


class TestDiscarding:
    def test_takes_the_delivery_away_and_leaves_the_note(self):
        upload = previewed(other(1))
        uploads.discard(upload)
        assert again(upload).state == UploadState.DISCARDED
        assert not UploadFile.objects.exists() and not PreviewRow.objects.exists()
        assert not uploads.run_next()

    def test_is_refused_once_its_import_has_begun(self, monkeypatch):
        upload = half_imported(monkeypatch)
        with pytest.raises(uploads.Refused, match="Undo its batch"):
            uploads.discard(upload)
        assert again(upload).files.count() == 3

    def test_of_what_failed_half_way_is_the_undoing_of_its_batch(self, monkeypatch):
        upload = half_imported(monkeypatch)
        batch = uploads.batch_of(upload).get()
        assert Article.objects.count() == 1
        undoing.undo(batch)
        assert not Article.objects.exists()
        assert (again(upload).state, again(upload).batch, again(upload).error) == (
            UploadState.DONE,
            batch,
            "",
        )
        assert not UploadFile.objects.exists() and not PreviewRow.objects.exists()
        assert ImportBatch.objects.get().finished_at
        assert not uploads.run_next() and ImportBatch.objects.count() == 1

    def test_of_what_failed_after_its_last_record_is_the_undoing_of_its_batch_too(self, monkeypatch):
        upload = ended_unsaid(monkeypatch)
        batch = ImportBatch.objects.get()
        assert batch.finished_at
        undoing.undo(batch)
        assert (again(upload).state, again(upload).batch, again(upload).error) == (
            UploadState.DONE,
            batch,
            "",
        )
        assert not UploadFile.objects.exists() and not Article.objects.exists()

    def test_of_a_part_and_delivering_it_again_brings_all_of_it(self, monkeypatch):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
        upload = half_imported(monkeypatch, "\n".join(other(n) for n in range(3)))
        batch = uploads.batch_of(upload).get()
        undoing.undo(batch)
        undoing.redo(batch)
        assert Article.objects.count() == 1
        more = imported("\n".join(other(n) for n in range(3)))
        assert outcomes(more.batch) == ["unchanged", "created", "created"]

    def test_loads_none_of_the_bytes(self):
        upload = previewed(other(1), other(2))
        with CaptureQueriesContext(connection) as queries:
            uploads.discard(upload)
        assert not [query for query in queries if '"content"' in query["sql"]]

    def test_comes_by_itself_when_nobody_decides(self, settings):
        settings.UPLOAD_DAYS = 3
        old, new = previewed(other(1)), previewed(other(2))
        Upload.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=4))
        uploads.run_next()
        assert (again(old).state, again(new).state) == (UploadState.DISCARDED, UploadState.PREVIEWED)

    def test_and_importing_do_not_both_happen(self):
        upload = previewed(other(1))
        uploads.queue(upload, by=None)
        with pytest.raises(uploads.Refused, match="moved on"):
            uploads.queue(upload, by=None)
        uploads.discard(upload)
        assert not uploads.run_next()


class TestLimits:
    def test_of_files_and_bytes_are_told_with_the_number(self, settings):
        settings.UPLOAD_MAX_UNPACKED_FILES = 2
        with pytest.raises(uploads.Refused, match="more than 2 files"):
            stored(other(1), other(2), other(3))
        settings.UPLOAD_MAX_UNPACKED_BYTES = 1_000_000
        with pytest.raises(uploads.Refused, match="more than 1 MB"):
            stored(other(1) + "长" * 400_000)
        assert not Upload.objects.exists() and not UploadFile.objects.exists()

    def test_names_that_come_twice_stay_apart(self):
        upload = uploads.store([*delivery(other(1)), *delivery(other(2))], by=None)
        assert list(upload.files.values_list("name", flat=True)) == ["1.txt", "1.txt (2)"]


class TestAZip:
    def make(self, folder: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> str:
        with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return str(folder / "x.zip")

    def test_is_unpacked_under_the_name_it_came_with(self, tmp_path):
        path = self.make(tmp_path, ("一/甲.txt", b"1"), ("../../etc/passwd.txt", b"2"), ("c.png", b"3"))
        found = list(unpack("交付.zip", path))
        assert [(item.name, getattr(item, "code", "")) for item in found] == [
            ("交付.zip/一/甲.txt", ""),
            (r"交付.zip/\.\./\.\./etc/passwd.txt", ""),
            ("交付.zip/c.png", "not-a-seed-file"),
        ]
        assert [item.read() for item in found if isinstance(item, NamedBytes)] == [b"1", b"2"]

    def test_that_is_made_to_exhaust_memory_is_left_out(self, tmp_path):
        path = self.make(tmp_path, ("bomb.txt", b"0" * 30_000_000), ("inner.zip", b"PK"))
        assert [(item.name, item.code) for item in unpack("b.zip", path)] == [
            ("b.zip/bomb.txt", "zip-ratio"),
            ("b.zip/inner.zip", "zip-nested"),
        ]

    def test_that_is_damaged_is_told(self, tmp_path):
        path = self.make(tmp_path, ("a.txt", os.urandom(2000)))
        content = bytearray(Path(path).read_bytes())
        content[100] ^= 0xFF
        Path(path).write_bytes(content)
        [item] = unpack("b.zip", path)
        assert (item.name, item.code) == ("b.zip/a.txt", "unreadable")
        Path(path).write_bytes(b"PK\x03\x04 and nothing else")
        [item] = unpack("b.zip", path)
        assert (item.name, item.code) == ("b.zip", "zip-broken")


def test_a_folder_that_is_called_like_an_upload_is_not_taken_for_its_batch(folder):
    upload = previewed(other(1))
    namesake = folder / uploads.name(upload)
    namesake.mkdir()
    (namesake / "a.txt").write_text(other(2), encoding="utf-8")
    with chdir(folder):
        batch = importer.run([uploads.name(upload)])
    assert uploads.given(batch.paths) == [uploads.name(upload)]
    uploads.queue(upload, by=None)
    uploads.run_next()
    assert again(upload).batch != batch
    assert Article.objects.count() == 2


def test_what_waits_for_a_person_is_found_however_much_waits_for_the_worker(monkeypatch):
    monkeypatch.setattr(uploads, "NAMES", 2)
    upload = previewed(other(1))
    for number in range(2, 5):
        stored(other(number))
    assert uploads.to_decide() == [upload]
    assert len(uploads.waiting()) == 2


@pytest.mark.django_db(transaction=True)
class TestAKilledWorker:
    def test_leaves_an_import_that_the_next_one_ends(self, tmp_path):
        upload = previewed(*(other(n) for n in range(1500)))
        uploads.queue(upload, by=None)
        place = environment(tmp_path)
        command = [sys.executable, "manage.py", "worker"]
        for wanted in (1, 700):
            process = subprocess.Popen(
                command,
                env=place,
                cwd=settings.BASE_DIR,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                wait_until(lambda wanted=wanted: ImportRow.objects.count() >= wanted, 90)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
        assert ImportRow.objects.count() < 1500, "it was too fast to be killed"
        process = subprocess.Popen(command, env=place, cwd=settings.BASE_DIR)
        try:
            wait_until(lambda: again(upload).state == UploadState.DONE, 90)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert again(upload).batch == ImportBatch.objects.get()
        assert outcomes(again(upload).batch) == ["created"] * 1500
        assert Article.objects.count() == 1500

    def test_is_not_the_end_of_an_import_that_gets_on_however_often_it_happens(self, monkeypatch):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
        upload = previewed("\n".join(other(n) for n in range(turns.ATTEMPTS + 2)))
        uploads.queue(upload, by=None)
        for _turn in range(turns.ATTEMPTS + 1):
            killed_in_chunk(2, monkeypatch)
        uploads.run_next()
        assert again(upload).state == UploadState.DONE
        assert Article.objects.count() == turns.ATTEMPTS + 2

    def test_in_the_same_chunk_each_time_is_the_end_of_the_import(self, monkeypatch):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 2)
        monkeypatch.setattr(intake, "CHUNK_FILES", 1)
        monkeypatch.setattr(uploads, "EVERY", 0)
        upload = previewed(*(other(n) for n in range(3)))
        uploads.queue(upload, by=None)
        for _turn in range(turns.ATTEMPTS):
            killed_in_chunk(1, monkeypatch)
        uploads.run_next()
        assert again(upload).state == UploadState.FAILED

    def test_in_each_preview_is_the_end_of_it(self, monkeypatch):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
        upload = stored("\n".join(other(n) for n in range(3)))
        for _turn in range(turns.ATTEMPTS):
            killed_in_chunk(2, monkeypatch)
        uploads.run_next()
        assert again(upload).state == UploadState.FAILED
