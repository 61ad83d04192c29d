"""Which files are seed files, what is left out and why, and reading them."""

import os
import random
import zipfile
from pathlib import Path

import pytest

from articles import files
from articles.files import MAX_BYTES, MAX_SHOWN, StillGrowing, _member_name, list_files, unpack

SEED = "标题: 风\n".encode()


def make_files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SEED)


def make_zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, SEED)
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found_in(*paths: str | Path) -> list[str]:
    return [file.name for file in list_files(map(str, paths))[0]]


def skipped_in(*paths: str | Path) -> list[tuple[str, str]]:
    return [(file.name, file.code) for file in list_files(map(str, paths))[1]]


# --- folders --------------------------------------------------------------------------------------


def test_folders_are_read_in_order_with_all_their_folders(here: Path) -> None:  # F13
    make_files(here / "种子 一", "b.TXT", "a/2.md", "a/1.seed", "c d.txt", "新闻", "a/1.txt")
    assert found_in("种子 一") == [
        f"种子 一/{name}" for name in ("a/1.seed", "a/1.txt", "a/2.md", "b.TXT", "c d.txt", "新闻")
    ]
    assert skipped_in("种子 一") == []


def test_a_path_is_shown_as_it_was_given(here: Path) -> None:
    make_files(here, "in/a.txt", "b.txt")
    assert found_in(".", "in", "in/", here / "b.txt") == [
        "b.txt",
        "in/a.txt",
        "in/a.txt",
        "in/a.txt",
        f"{here}/b.txt",
    ]


def test_what_is_left_out_is_listed(here: Path) -> None:  # F11
    make_files(
        here / "in",
        ".DS_Store",
        "._a.txt",
        ".git/config",
        "a.txt.part",
        "b.tmp",
        "c.docx",
        "d.txt",
        "~$e.txt",
    )
    assert found_in("in") == ["in/d.txt"]
    assert skipped_in("in") == [
        ("in/.DS_Store", "hidden-file"),
        ("in/._a.txt", "hidden-file"),
        ("in/.git", "hidden-file"),
        ("in/a.txt.part", "temporary-file"),
        ("in/b.tmp", "temporary-file"),
        ("in/c.docx", "not-a-seed-file"),
        ("in/~$e.txt", "temporary-file"),
    ]
    assert all(file.text for file in list_files(["in"])[1])


def test_only_names_below_the_given_path_count(here: Path) -> None:
    make_files(here / ".cache/in.tmp", "a.txt")
    assert found_in(".cache/in.tmp") == [".cache/in.tmp/a.txt"]


def test_a_file_that_is_named_is_always_taken(here: Path) -> None:
    make_files(here, ".a", "b.docx", "c.tmp")
    assert found_in(".a", "b.docx", "c.tmp") == [".a", "b.docx", "c.tmp"]


def test_a_link_is_followed_only_inside_the_folder(here: Path) -> None:
    make_files(here, "in/a.txt", "in/folder/b.txt", "outside.txt", "in-too/c.txt")
    (here / "in/0.txt").symlink_to("a.txt")
    (here / "in/1.txt").symlink_to("../outside.txt")
    (here / "in/2").symlink_to("folder")
    (here / "in/3").symlink_to(here)
    (here / "in/4.txt").symlink_to("nowhere.txt")
    (here / "in/5.txt").symlink_to("5.txt")
    (here / "in/6.txt").symlink_to("../in-too/c.txt")
    assert found_in("in") == ["in/0.txt", "in/a.txt", "in/folder/b.txt"]
    outside = [(f"in/{name}", "link-outside") for name in ("1.txt", "2", "3")]
    assert skipped_in("in") == [
        *outside,
        ("in/4.txt", "missing"),
        ("in/5.txt", "unreadable"),
        ("in/6.txt", "link-outside"),
    ]


def test_a_path_that_is_not_there_is_listed(here: Path) -> None:
    make_files(here, "a.txt")
    paths = ["nowhere", "a.txt/b", "", "nul\0"]
    assert skipped_in(*paths) == [
        ("nowhere", "missing"),
        ("a.txt/b", "missing"),
        ("", "missing"),
        (r"nul\x00", "missing"),
    ]


def test_a_pipe_is_not_opened(here: Path) -> None:
    os.mkfifo(here / "a.txt")
    assert skipped_in("a.txt", ".") == [("a.txt", "not-a-seed-file")] * 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_listed(here: Path) -> None:  # F14
    make_files(here, "in/closed/a.txt", "in/b.txt")
    (here / "in/closed").chmod(0)
    assert found_in("in") == ["in/b.txt"]
    assert skipped_in("in") == [("in/closed", "unreadable")]
    (here / "in/closed").chmod(0o700)


def test_a_name_that_cannot_be_shown_is_escaped(here: Path) -> None:
    make_files(here, os.fsdecode(b"\xb7\xe7.txt"), "a\nb.txt", "风\u3000雨.txt", "a\u202eb.txt")
    assert found_in(".") == [r"a\nb.txt", r"a\u202eb.txt", "风\u3000雨.txt", r"\udcb7\udce7.txt"]
    assert [file.read() for file in list_files(["."])[0]] == [SEED] * 4


def test_thousands_of_files_are_listed_at_once(here: Path) -> None:
    for number in range(2_000):
        (here / f"{number:05}.txt").touch()
    assert len(found_in(".")) == 2_000


# --- reading --------------------------------------------------------------------------------------


def test_a_file_that_changes_or_goes_is_not_read(here: Path) -> None:  # F11, F14
    make_files(here, "a.txt", "b.txt", "c.txt", "d.txt")
    found, _skipped = list_files(["."])
    (here / "a.txt").write_bytes(SEED + SEED)
    os.utime(here / "b.txt", (1, 1))
    (here / "c.txt").unlink()
    for file in found[:2]:
        with pytest.raises(StillGrowing):
            file.read()
    with pytest.raises(OSError, match=r"c\.txt"):
        found[2].read()
    assert found[3].read() == SEED


# --- zip files ------------------------------------------------------------------------------------


def test_a_zip_file_is_read_like_a_folder(here: Path) -> None:  # F10
    (here / "in").mkdir()
    make_zip(
        here / "in/一.ZIP", "b.txt", "文/a.txt", "文/", ".x", "__MACOSX/._b.txt", "c.docx", "d.zip", "文/~$e"
    )
    found, skipped = list_files(["in"])
    assert [(file.name, file.read()) for file in found] == [
        ("in/一.ZIP/b.txt", SEED),
        ("in/一.ZIP/文/a.txt", SEED),
    ]
    assert [(file.name.removeprefix("in/一.ZIP/"), file.code) for file in skipped] == [
        (".x", "hidden-file"),
        ("__MACOSX/._b.txt", "hidden-file"),
        ("c.docx", "not-a-seed-file"),
        ("d.zip", "zip-nested"),
        ("文/~$e", "temporary-file"),
    ]


def test_files_of_several_zip_files_can_be_read_in_any_order(here: Path) -> None:
    for name in ("1.zip", "2.zip"):
        make_zip(here / name, "a.txt", "b.txt")
    found, _skipped = list_files(["1.zip", "2.zip"])
    assert [file.read() for file in (found[0], found[3], found[1], found[2])] == [SEED] * 4


def test_zip_files_that_are_read_at_the_same_time_are_opened_once(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    init = zipfile.ZipFile.__init__

    def counted(self: zipfile.ZipFile, file: str, *args: object, **options: object) -> None:
        opened.append(file)
        init(self, file, *args, **options)

    first, second = (str(make_zip(here / name, "a.txt", "b.txt", "c.txt")) for name in ("1.zip", "2.zip"))
    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    for one, other in zip(unpack("x.zip", first), unpack("y.zip", second), strict=True):
        assert one.read() == other.read() == SEED
    assert sorted(opened) == [first, second]


def test_a_name_without_end_is_shown_in_short(here: Path) -> None:
    make_zip(here / "x.zip", "\x01" * 60_000 + ".txt", "名" * 20_000 + ".txt")
    names = [item.name for item in unpack("x.zip", str(here / "x.zip"))]
    assert [len(name) < 5 * MAX_SHOWN and name.endswith(".txt") for name in names] == [True, True]


def test_a_name_that_was_given_in_unicode_is_read() -> None:
    member = zipfile.ZipInfo("中文.txt")  # as newer Pythons read the extra field, without the flag
    assert _member_name(member) == "中文.txt"


def test_names_in_gbk_are_read(here: Path) -> None:
    raw = make_zip(here / "a.zip", "AAAA.txt", "BBBBBB.txt").read_bytes()
    raw = raw.replace(b"AAAA", "风雨".encode("gbk")).replace(b"BBBBBB", "风雨".encode())
    (here / "a.zip").write_bytes(raw)
    assert found_in("a.zip") == ["a.zip/风雨.txt", "a.zip/风雨.txt"]
    assert [file.read() for file in list_files(["a.zip"])[0]] == [SEED] * 2


def test_a_name_that_leads_out_of_a_zip_file_is_harmless(here: Path) -> None:
    make_zip(here / "a.zip", "../../a.txt", "/etc/b.txt", r"..\c.txt", "x/./\u202ed.txt")
    assert found_in("a.zip") == [
        r"a.zip/\.\./\.\./a.txt",
        "a.zip/etc/b.txt",
        r"a.zip/\.\./c.txt",
        r"a.zip/x/\u202ed.txt",
    ]


def test_a_zip_file_that_holds_too_much_is_not_opened(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_zip(here / "a.zip", "a.txt", "b.txt", "c.txt")
    with monkeypatch.context() as limits:
        limits.setattr(files, "MAX_MEMBERS", 2)
        assert (found_in("a.zip"), skipped_in("a.zip")) == ([], [("a.zip", "zip-too-many")])
    with monkeypatch.context() as limits:
        limits.setattr(files, "MAX_UNPACKED", 3 * len(SEED) - 1)
        assert (found_in("a.zip"), skipped_in("a.zip")) == ([], [("a.zip", "zip-too-large")])
    assert len(found_in("a.zip")) == 3


def test_what_is_packed_too_tightly_is_left_out(here: Path) -> None:
    with zipfile.ZipFile(here / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", bytes(2_000_000))
        archive.writestr("small.txt", bytes(900_000))
    assert found_in("a.zip") == ["a.zip/small.txt"]
    assert skipped_in("a.zip") == [("a.zip/bomb.txt", "zip-ratio")]


def test_a_zip_file_that_lies_about_a_size_gives_no_more_than_that(here: Path) -> None:
    with zipfile.ZipFile(here / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(900_000))
    raw = (here / "a.zip").read_bytes().replace((900_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (here / "a.zip").write_bytes(raw)
    (file,) = list_files(["a.zip"])[0]
    with pytest.raises(OSError, match="CRC"):
        file.read()


def test_a_member_that_is_a_link_or_locked_or_packed_strangely_is_left_out(here: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(here / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("strange.txt", SEED, zipfile.ZIP_BZIP2)
    locked = make_zip(here / "b.zip", "locked.txt").read_bytes()
    at = locked.index(b"PK\x01\x02") + 8
    (here / "b.zip").write_bytes(locked[:at] + b"\x01" + locked[at + 1 :])
    assert found_in("a.zip", "b.zip") == []
    assert skipped_in("a.zip", "b.zip") == [
        ("a.zip/link.txt", "link-outside"),
        ("a.zip/strange.txt", "zip-broken"),
        ("b.zip/locked.txt", "zip-encrypted"),
    ]


def test_what_is_no_zip_file_is_broken(here: Path) -> None:
    make_files(here, "a.zip")
    make_zip(here / "b.zip")
    assert skipped_in("a.zip", "b.zip") == [("a.zip", "zip-broken"), ("b.zip", "zip-broken")]


@pytest.mark.usefixtures("in_english")
def test_what_is_left_out_of_a_zip_file_says_why_in_words(here: Path) -> None:
    make_files(here, "broken.zip", "in/c.docx")
    make_zip(here / "empty.zip")
    make_zip(here / "other.zip", "c.docx")
    with zipfile.ZipFile(here / "strange.zip", "w") as archive:
        archive.writestr("a.txt", SEED, zipfile.ZIP_BZIP2)
    skipped = list_files(["broken.zip", "empty.zip", "other.zip", "strange.zip", "in"])[1]
    kinds = "In folders and zip files, only .txt, .md, .seed, .zip and files without suffix are read."
    assert [file.text for file in skipped] == [
        "The zip file cannot be opened: it is damaged or cut off",
        "The zip file cannot be opened: it is empty",
        kinds,
        "The zip file cannot be opened: it is packed in an unusual way",
        kinds,
    ]


def test_a_zip_file_that_changes_is_not_read(here: Path) -> None:
    make_zip(here / "a.zip", "a.txt")
    (file,) = list_files(["a.zip"])[0]
    make_zip(here / "a.zip", "a.txt", "b.txt")
    with pytest.raises(StillGrowing):
        file.read()


def test_a_damaged_zip_file_does_no_harm(here: Path) -> None:
    sound = make_zip(here / "a.zip", "a.txt", "文.txt", "b/c.md").read_bytes()
    chance = random.Random(5)
    for number in range(300):
        damaged = bytearray(sound)
        for _hit in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        path = here / f"{number}.zip"
        path.write_bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])])
        for file in list_files([str(path)])[0]:
            try:
                file.read()
            except OSError as error:
                assert str(error)


def test_a_file_too_large_to_be_a_seed_file_is_listed_and_not_read(here: Path) -> None:  # F12
    with open(here / "large.txt", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    found, skipped = list_files(["."])
    assert found == []
    assert [item.code for item in skipped] == ["too-large"]


def test_a_member_of_a_zip_file_is_as_large_as_what_it_unpacks_to():
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "标题" * 1000)
    Path("b.txt").write_text("标题", encoding="utf-8")
    found, _skipped = list_files(["."])
    assert [file.size for file in found] == [6000, 6]
    assert [item.size for item in unpack("c.zip", "a.zip")] == [6000]
