"""What cannot be read, or is no text at all, is told in words that help."""

from dataclasses import asdict

import pytest
from django.utils import translation

from articles import seeds
from articles.decoding import KINDS, legible
from articles.wording import explained
from newsroom.line_ends import lf
from tests.test_seeds import DATA, SEED


@pytest.mark.parametrize(
    ("name", "line", "offset", "message", "text"),
    [
        ("F4-cut-character", 13, 337, "breaks off inside a character", r"本文只作示例\xe3\x80"),
        ("F4-cut-at-a-line-start", 14, 341, "breaks off inside a character", r"\xe6\x9c"),
        ("F4-cut-gb18030", 13, 252, "breaks off inside a character", r"本文只作示例。\xc0"),
        ("F4-cut-utf16", 13, 326, "breaks off inside a character", r"本文只作示例\x02"),
        (
            "F4-stray-byte",
            3,
            118,
            "is UTF-8 but for some bytes",
            r"总结: 一家书店试用助手一个月。\xff读者说找书更快。",
        ),
        ("F4-stray-byte-in-title", 1, 14, "is UTF-8 but for some bytes", r"标题: 书店\xff试用选书助手"),
        ("F4-utf8-then-gb18030", 14, 341, "is not UTF-8", "标题: 邮局试用分拣助手"),
        ("F4-gb18030-then-utf8", 1, 0, "is not UTF-8", "标题: 书店试用选书助手"),
        ("F4-nothing-fits", 1, 3, "No known encoding", r"caf\xe9 \xff\xfe\xff \x81\xff"),
    ],
)
def test_what_cannot_be_read_is_told_in_words_with_what_stands_there(name, line, offset, message, text):
    (finding,) = seeds.parse((DATA / f"{name}.txt").read_bytes()).findings
    with translation.override("en"):
        words = explained(asdict(finding))
    assert (words["line"], words["text"]) == (line, text)
    assert message in words["message"] and f"after {offset} bytes" in words["message"]
    assert words["remedy"] and "%" not in words["message"]


def test_rows_of_an_older_version_keep_their_words():
    told = {"code": "undecodable", "line": 3, "text": "utf-8, byte 117: ff e8 af bb"}
    with translation.override("en"):
        words = explained(told)
    assert (words["message"], words["text"]) == ("A byte fits no known encoding.", told["text"])


@pytest.mark.parametrize("kind", ["EXE", "MP3", "TIFF"])
def test_a_file_of_another_kind_is_named_by_its_first_bytes(kind):
    start = next(start for start, named in KINDS if named == kind)
    (finding,) = seeds.parse(start + SEED.encode()).findings
    assert (finding.code, finding.text) == ("not-seed-text", kind)


def test_control_characters_in_a_seed_do_not_make_it_another_kind_of_file():
    parsed = seeds.parse(SEED.replace("书", "\x00\x01\x02书").encode())
    assert [record.title for record in parsed.records] == ["书店试用选书助手"]


@pytest.mark.parametrize("start", ["Rar!", "RIFF", "RIFF 与 WAVE", "GIF8", "%PDF", "MZ", "ID3"])
def test_a_seed_may_speak_of_another_kind_of_file_in_its_first_line(start):
    parsed = seeds.parse(f"{start} 文件怎么打开\n{SEED}".encode())
    assert [record.title for record in parsed.records] == ["书店试用选书助手"]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"RIFF\x24\x0a\x00\x00WAVEfmt ", "WEBP, WAV, AVI"),
        (b"GIF89a", "GIF"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_a_file_of_such_a_kind_is_refused(start, kind):
    (finding,) = seeds.parse(start + SEED.encode()).findings
    assert (finding.code, finding.text) == ("not-seed-text", kind)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("name", ["F4-utf8-then-gb18030", "F4-gb18030-then-utf8"])
def test_a_mixture_is_told_and_shown_whatever_ends_its_lines(name, end):
    content = (DATA / f"{name}.txt").read_bytes()
    other = content.replace(b"\n", end)
    (finding,), (expected,) = seeds.parse(other).findings, seeds.parse(content).findings
    assert (finding.line, finding.text.split()[:2]) == (expected.line, expected.text.split()[:2])
    assert finding.text.split()[3:] == expected.text.split()[3:]
    assert lf(legible(other, seeds.count_labels)) == legible(content, seeds.count_labels)
