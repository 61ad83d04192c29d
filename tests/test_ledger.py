"""Every file that was ever imported can be written back, byte for byte, from the database alone."""

import hashlib
import json
import os
import random
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from articles import importer, ledger
from articles.models import ImportBatch, ImportRow, Outcome, SeedFile
from articles.placing import part_of
from tests.test_nothing_is_lost import ENCODINGS, mutated

pytestmark = pytest.mark.django_db

FIXTURES = settings.BASE_DIR / "tests" / "data"
MUTATED = int(os.environ.get("MUTATED_SEEDS", "200"))


def written(folder: Path) -> dict[str, bytes]:
    """By path, all but the ledger itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ledger.LEDGER
    }


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / ledger.LEDGER).read_text(encoding="utf-8").splitlines()]


def export(target: Path) -> None:
    call_command("export_seeds", "--originals", "--output", str(target))


def make_file(content: bytes, name: str, *batches: ImportBatch, **fields) -> SeedFile:
    file = SeedFile.objects.create(
        sha256=hashlib.sha256(content).hexdigest(), name=name, content=content, size=len(content)
    )
    for batch in batches:
        row = {"first_line": 1, "last_line": 1, "outcome": Outcome.QUARANTINED}
        ImportRow.objects.create(batch=batch, file=file, file_name=name, **row | fields)
    return file


def test_every_fixture_comes_back_byte_for_byte(tmp_path):
    importer.run([FIXTURES])
    files = {path.read_bytes() for path in FIXTURES.rglob("*.txt")}
    export(tmp_path / "out")
    assert set(written(tmp_path / "out").values()) == files
    assert {line["sha256"] for line in lines(tmp_path / "out")} == {
        hashlib.sha256(content).hexdigest() for content in files
    }


def test_every_byte_of_mutated_seeds_comes_back(tmp_path):
    """MUTATED_SEEDS says how many; in any encoding, some cut anywhere."""
    rng = random.Random(11)
    (tmp_path / "in").mkdir()
    delivered = set()
    for number in range(MUTATED):
        content = mutated(rng).encode(rng.choice(ENCODINGS), "ignore")
        content = content[: rng.randint(0, len(content))] if rng.random() < 0.2 else content
        (tmp_path / "in" / f"{number:05d}.txt").write_bytes(content)
        delivered.add(content)
    batch = importer.run([tmp_path / "in"])
    assert batch.finished_at
    export(tmp_path / "out")
    assert set(written(tmp_path / "out").values()) == delivered


def test_a_zip_holds_the_same(tmp_path):
    importer.run([FIXTURES])
    export(tmp_path / "out")
    export(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found.pop(ledger.LEDGER) == (tmp_path / "out" / ledger.LEDGER).read_bytes()
    assert found == written(tmp_path / "out")


def test_each_file_stands_once_in_the_folder_of_its_first_batch(tmp_path):
    first, second = ImportBatch.objects.create(), ImportBatch.objects.create()
    both = make_file(b"both", "in/both.txt", second, first)
    none = make_file(b"none", "none.txt")
    export(tmp_path)
    paths = [f"batch-{first.pk:06d}/{both.pk:08d}-both.txt", f"no-batch/{none.pk:08d}-none.txt"]
    assert sorted(written(tmp_path)) == sorted(paths)
    assert [line["path"] for line in lines(tmp_path)] == paths
    assert lines(tmp_path)[0]["batches"] == [
        {"batch": first.pk, "name": "in/both.txt"},
        {"batch": second.pk, "name": "in/both.txt"},
    ]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("甲 乙.txt", "甲 乙.txt"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        ("a\\..\\b.txt", "b.txt"),
        ("in.zip/目录/甲.seed", "甲.seed"),
        ('a<b>:"|?*.txt', "a_b_.txt"),
        ("a\nb\x7f\u202ec.txt", "a_b_c.txt"),
        (".hidden", "hidden"),
        ("名" * 200 + ".txt", "名" * 32 + ".txt"),
        ("a." + "b" * 300, "a." + "b" * 98),
    ],
)
def test_names_are_safe_on_any_system(tmp_path, name, safe):
    file = make_file(b"x", name)
    export(tmp_path)
    assert list(written(tmp_path)) == [f"no-batch/{file.pk:08d}-{safe}"]
    assert lines(tmp_path)[0]["name"] == name


def test_the_same_name_twice_is_two_files(tmp_path):
    batch = ImportBatch.objects.create()
    for content in (b"one", b"two"):
        make_file(content, "a/same.txt", batch)
    export(tmp_path)
    assert sorted(written(tmp_path).values()) == [b"one", b"two"]


def test_what_a_person_mended_was_not_delivered(tmp_path):
    batch = ImportBatch.objects.create()
    make_file(b"broken", "a.txt", batch)
    make_file(b"mended", "a.txt", batch, repairs=ImportRow.objects.get())
    export(tmp_path)
    assert list(written(tmp_path).values()) == [b"broken"]


def test_what_was_mended_into_a_file_that_was_also_delivered_is_there(tmp_path):
    batch = ImportBatch.objects.create()
    make_file(b"broken", "a.txt", batch)
    mended = make_file(b"mended", "a.txt", batch, repairs=ImportRow.objects.get())
    later = ImportBatch.objects.create()
    ImportRow.objects.create(
        batch=later, file=mended, file_name="b.txt", first_line=1, last_line=1, outcome=Outcome.UNCHANGED
    )
    export(tmp_path)
    assert sorted(written(tmp_path).values()) == [b"broken", b"mended"]
    assert f"batch-{later.pk:06d}/{mended.pk:08d}-b.txt" in written(tmp_path)


def test_bytes_that_are_not_what_their_hash_says_are_said_and_not_written(tmp_path, capsys):
    make_file(b"good", "good.txt")
    SeedFile.objects.filter(pk=make_file(b"bad", "bad.txt").pk).update(content=b"rotten")
    with pytest.raises(SystemExit) as end:
        export(tmp_path)
    assert end.value.code == 1
    assert "bad.txt" in capsys.readouterr().err
    assert list(written(tmp_path).values()) == [b"good"]


def test_a_second_export_into_the_same_folder_is_the_same(tmp_path):
    importer.run([FIXTURES])
    export(tmp_path)
    before = written(tmp_path), lines(tmp_path)
    export(tmp_path)
    assert (written(tmp_path), lines(tmp_path)) == before


def test_what_was_written_back_and_is_imported_again_is_nothing_new(tmp_path):
    importer.run([FIXTURES])
    files = SeedFile.objects.count()
    export(tmp_path)
    batch = importer.run([tmp_path])
    assert SeedFile.objects.count() == files
    assert batch.counts["created"] == batch.counts["updated"] == 0


def test_only_a_few_files_are_in_memory(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(ledger, "CHUNK_FILES", 4)
    monkeypatch.setattr(ledger, "CHUNK_BYTES", 10)
    for number in range(6):
        make_file(b"%05d" % number, f"{number}.txt")
    make_file(b"x" * 50, "large.txt")
    with django_assert_num_queries(7):  # 3 lists of files; 2 + 1 + 1 times contents
        assert len(list(ledger.originals())) == 7


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 25])
def test_a_large_file_is_read_in_pieces(monkeypatch, size):
    monkeypatch.setattr(ledger, "CHUNK_BYTES", 10)
    content = bytes(range(200, 200 + size))
    assert (
        ledger.content_of(SeedFile.objects.defer("content").get(pk=make_file(content, "a.txt").pk)) == content
    )


def test_too_many_files_for_a_zip_are_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "MOST_IN_ZIP", 1)
    make_file(b"one", "a.txt")
    make_file(b"two", "b.txt")
    with pytest.raises(CommandError) as error:
        export(tmp_path / "out.zip")
    assert error.value.returncode == 2
    assert not (tmp_path / "out.zip").exists()


def test_a_place_is_needed_to_write_to():
    with pytest.raises(CommandError) as error:
        call_command("export_seeds", "--originals")
    assert error.value.returncode == 2


def test_a_place_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    make_file(b"one", "a.txt")
    with pytest.raises(CommandError) as error:
        export(tmp_path / "file" / "out")
    assert error.value.returncode == 3


@pytest.mark.parametrize("name", ["out.zip", "out/ledger.jsonl", "out/no-batch/{pk:08d}-a.txt"])
def test_what_comes_to_no_end_leaves_no_half_file(tmp_path, name):
    name = name.format(pk=make_file(b"one", "a.txt").pk)
    part = part_of(tmp_path / name)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.symlink_to("/dev/full")
    with pytest.raises(CommandError) as error:
        export(tmp_path / name.split("/")[0])
    assert error.value.returncode == 3
    assert not (tmp_path / name).exists()
    assert not list(tmp_path.rglob("*.part"))


def test_a_name_that_is_neither_a_folder_nor_a_zip_is_refused(tmp_path):
    with pytest.raises(CommandError) as error:
        export(tmp_path / "all.tar")
    assert error.value.returncode == 2
    assert not list(tmp_path.iterdir())
