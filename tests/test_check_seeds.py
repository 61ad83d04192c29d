"""What `manage.py check_seeds` tells about seed files, without a database: none of these tests may open one."""

import json
import os
import subprocess
import sys
import zipfile
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation

from articles.management.commands import check_seeds

SEED = """\
标题: 书店试用选书助手
链接: https://www.example.com/a/1.html
总结: 一家书店试用助手一个月。
关键词: 书店, 选书
AI技术: 推荐算法
行业: 零售
重大事件摘要: 书店试用助手。

1. **试用**：为期一个月。

2. **结果**：找书更快。
"""
WITHOUT_LINK = SEED.replace("链接: https://www.example.com/a/1.html\n", "")


def check(*arguments: object) -> tuple[int, list[str]]:
    """The exit code and the lines printed, in English."""
    out, code = StringIO(), 0
    with translation.override("en"):
        try:
            call_command("check_seeds", *map(str, arguments), stdout=out, no_color=True)
        except SystemExit as end:
            code = end.code
        except CommandError as error:
            return error.returncode, [*out.getvalue().splitlines(), str(error)]
    return code, out.getvalue().splitlines()


def test_good_seeds_end_with_0_and_one_closing_line(folder):
    (folder / "a.txt").write_text(SEED, "utf-8")
    (folder / "b.txt").write_text(SEED * 2, "utf-8")
    assert check(folder) == (0, ["Files: 2, records: 3, errors: 0, warnings: 0, notes: 0"])


def test_a_note_is_told_but_ends_with_0(folder):
    (folder / "a.txt").write_text(SEED, "gb18030")
    assert check(folder) == (
        0,
        [
            f"{folder}/a.txt:1: other-encoding note: The file is not in UTF-8; it was read as: “gb18030”",
            "Files: 1, records: 1, errors: 0, warnings: 0, notes: 1",
        ],
    )


def test_a_warning_ends_with_1_and_says_where_what_and_what_to_do(folder):
    (folder / "a.txt").write_text(SEED + WITHOUT_LINK, "utf-8")
    assert check(folder) == (
        1,
        [
            f"{folder}/a.txt:12: missing-link warning: The link is missing. → Add the address of the original.",
            "Files: 1, records: 2, errors: 0, warnings: 1, notes: 0",
        ],
    )


def test_an_error_ends_with_1(folder):
    (folder / "a.txt").write_bytes(SEED.encode()[:-2])
    (folder / "b.txt").write_bytes(b"")
    code, lines = check(folder)
    assert (code, lines[-1]) == (1, "Files: 2, records: 0, errors: 2, warnings: 0, notes: 0")
    assert [line.split(": ")[:2] for line in lines[:-1]] == [
        [f"{folder}/a.txt:11", "undecodable error"],
        [f"{folder}/b.txt:1", "empty-file error"],
    ]


def test_the_closing_line_counts_what_each_finding_is(folder):
    code, lines = check(settings.BASE_DIR / "docs/examples/broken")
    assert (code, lines[-1]) == (1, "Files: 1, records: 4, errors: 1, warnings: 3, notes: 0")
    assert [line.split(": ")[1].split() for line in lines[:-1]] == [
        ["missing-link", "warning"],
        ["only-title", "error"],
        ["unsafe-link", "warning"],
        ["conflicting-label", "warning"],
    ]


def test_files_in_a_zip_are_read_and_what_is_left_out_is_listed(folder):
    with zipfile.ZipFile(folder / "delivery.zip", "w") as archive:
        archive.writestr("one.txt", SEED)
        archive.writestr("picture.png", b"\x89PNG")
        archive.writestr("inner.zip", b"PK")
    code, lines = check(folder / "delivery.zip")
    assert code == 1
    assert [line.split(": ")[0].removeprefix(f"{folder}/") for line in lines[:-1]] == [
        "delivery.zip/picture.png",
        "delivery.zip/inner.zip",
    ]
    assert lines[-1] == "Files: 1, records: 1, errors: 1, warnings: 0, notes: 1"


def test_hidden_and_temporary_files_are_listed_and_end_with_0(folder):
    for name in ("a.txt", ".hidden.txt", "~$a.txt", "b.part"):
        (folder / name).write_text(SEED, "utf-8")
    code, lines = check(folder)
    assert (code, len(lines), lines[-1]) == (0, 4, "Files: 1, records: 1, errors: 0, warnings: 0, notes: 3")


def test_a_file_that_vanishes_is_an_error_and_the_others_are_checked(folder, monkeypatch):
    (folder / "a.txt").write_text(SEED, "utf-8")
    (folder / "b.txt").write_text(SEED, "utf-8")

    def list_and_delete(paths: list[str]) -> tuple:
        listed = list_files(paths)
        (folder / "a.txt").unlink()
        return listed

    list_files = check_seeds.list_files
    monkeypatch.setattr(check_seeds, "list_files", list_and_delete)
    code, lines = check(folder)
    assert (code, lines[-1]) == (1, "Files: 1, records: 1, errors: 1, warnings: 0, notes: 0")
    assert lines[0].startswith(f"{folder}/a.txt: unreadable ")


def test_the_report_has_one_line_for_each_finding_and_each_file_left_out(folder, tmp_path):
    (folder / "a.txt").write_text(WITHOUT_LINK, "utf-8")
    (folder / ".b.txt").write_text(SEED, "utf-8")
    report = tmp_path / "report.jsonl"
    assert check(folder, "--report", report)[0] == 1
    assert [json.loads(line) for line in report.read_text("utf-8").splitlines()] == [
        {
            "file": f"{folder}/.b.txt",
            "outcome": "skipped",
            "name": f"{folder}/.b.txt",
            "code": "hidden-file",
            "text": "Hidden files are left out.",
        },
        {
            "file": f"{folder}/a.txt",
            "code": "missing-link",
            "severity": "warning",
            "line": 1,
            "text": "",
            "message": "The link is missing.",
            "remedy": "Add the address of the original.",
        },
    ]


def test_nothing_to_read_ends_with_2(folder):
    assert check(folder) == (2, ["There is no seed file to read under these paths."])
    assert check(folder / "missing")[0] == 2


def test_a_report_that_cannot_be_written_ends_with_2(folder):
    (folder / "a.txt").write_text(SEED, "utf-8")
    assert check(folder, "--report", folder / "missing" / "report.jsonl")[0] == 2


@pytest.mark.parametrize(("arguments", "code"), [(["seeds"], 0), ([], 2)])
def test_the_command_needs_no_database_at_all(arguments, code):
    done = subprocess.run(
        [sys.executable, "manage.py", "check_seeds", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"},
        capture_output=True,
    )
    assert done.returncode == code
