"""A night on which nothing was delivered is a night on which the import ran."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from articles import importer
from articles.models import ImportBatch
from articles.workbench import workbench
from tests.delivering import outcomes, seed
from tests.factories import staff
from tests.test_import_night import put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def night(*paths: Path, report: Path | None = None) -> str:
    out = StringIO()
    more = ["--report", str(report)] if report else []
    call_command(
        "import_seeds", *map(str, paths), "--settled", "60", "--scheduled", *more, stdout=out, no_color=True
    )
    return out.getvalue()


def test_it_is_a_batch_without_records_and_has_a_report(folder, tmp_path):
    report = tmp_path / "report.jsonl"
    assert "records in all" in night(folder, report=report)
    [batch] = ImportBatch.objects.all()
    assert (outcomes(batch), batch.skipped, batch.needs_care) == ([], [], 0)
    assert batch.finished_at
    assert report.read_text() == ""


def test_files_that_somebody_may_still_be_writing_stand_in_its_report(folder, tmp_path):
    put(folder, "young.txt", seed(), age=5)
    report = tmp_path / "report.jsonl"
    assert f"{folder}/young.txt: unsettled note: It was changed less than 60 seconds ago." in night(
        folder, report=report
    )
    [line] = report.read_text().splitlines()
    assert json.loads(line)["code"] == "unsettled"
    put(folder, "young.txt", seed(), age=61)
    night(folder)
    assert [outcomes(batch) for batch in ImportBatch.objects.order_by("id")] == [[], ["created"]]


def test_no_import_is_overdue_after_it(folder, settings):
    settings.IMPORT_EXPECTED_HOURS = 26
    reader = staff("view_importbatch")
    assert workbench(reader).overdue == 26
    night(folder)
    assert workbench(reader).overdue == 0


def test_it_ends_what_the_night_before_could_not_finish(folder):
    interrupted = ImportBatch.objects.create(paths=[str(folder)])
    night(folder)
    [batch] = ImportBatch.objects.all()
    assert batch == interrupted and batch.finished_at


@pytest.mark.parametrize("missing", [True, False])
def test_a_folder_that_is_not_there_or_cannot_be_read_is_no_quiet_night(folder, missing, monkeypatch):
    if missing:
        folder.rmdir()
    else:
        monkeypatch.setattr(os, "scandir", _refuse)
    with pytest.raises(CommandError) as error:
        night(folder)
    assert error.value.returncode == 2
    assert not ImportBatch.objects.exists()


def _refuse(*args: object) -> None:
    raise PermissionError(13, "not yours")


def test_whoever_imports_by_hand_is_told_that_there_is_nothing(folder):
    with pytest.raises(importer.NothingToRead):
        importer.run([folder])
    assert not ImportBatch.objects.exists()
