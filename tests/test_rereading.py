"""A record of a stored file is looked at again: of a file as large as an import takes, in any encoding."""

import pytest

from articles import importer, repair, rereading
from articles.identity import prepare
from articles.models import Article, ImportRow, Outcome
from tests.delivering import seed
from tests.factories import desk
from tests.test_uploads import other

BROKEN = "标题: 只有标题\n"


@pytest.fixture
def large(monkeypatch) -> None:
    """Every file is one that is not parsed as a whole for one of its records."""
    monkeypatch.setattr(rereading, "WHOLE", 10)


def told(content: bytes) -> list[tuple]:
    """Of each record its text as delivered, and what a page understands of it."""
    return [
        (
            rereading.delivered(content, record.first_line, record.last_line, []),
            getattr(rereading.understood(content, record.first_line, record.last_line), "content", None),
        )
        for record in prepare(content)
    ]


TEXT = f"{other(1)}\n---\n{BROKEN}\n---\n{other(2)}"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_records_of_a_large_file_are_read_as_those_of_a_small_one(monkeypatch, encoding, line_end):
    content = TEXT.replace("\n", line_end).encode(encoding)
    small = told(content)
    assert [text.rstrip("\n") for text, _content in small] == [
        other(1).rstrip("\n"),
        BROKEN.rstrip("\n"),
        other(2).rstrip("\n"),
    ]
    assert [content is None for _text, content in small] == [False, True, False]
    monkeypatch.setattr(rereading, "WHOLE", 10)
    assert told(content) == small


def test_zeros_in_a_text_do_not_make_it_wide(large):
    content = f"标题: 零{chr(0) * 60}\n{other(1)}".encode()
    assert rereading.delivered(content, 2, 3, []) == "\n".join(other(1).split("\n")[:2])


def test_lines_that_are_not_there_are_empty(large):
    assert [rereading.delivered(b"one line, no end", *lines, []) for lines in ((2, 2), (7, 9))] == ["", ""]
    assert rereading.understood(b"one line, no end", 7, 9) is None


def test_a_damaged_file_of_wide_characters_is_no_error(large):
    content = other(1).encode("utf-16") + b"\x00\xd8\x41"
    [record] = prepare(content)
    assert record.findings[0]["code"] == "undecodable"
    assert rereading.understood(content, 1, 9).content["title"] == "第1条"
    assert rereading.delivered(content, 1, 1, record.findings)


def test_of_a_text_too_long_for_a_page_its_beginning_is_shown(large, monkeypatch):
    monkeypatch.setattr(rereading, "LONGEST", 100)
    content = ("标题: 很长\n链接: https://e.example/1\n总结: " + "一行\n" * 50).encode()
    text = rereading.delivered(content, 1, 52, [])
    assert text == content.decode()[: len(text)] and text.endswith("行\n")
    assert 90 < len(text.encode()) <= 100
    shown = rereading.original(text, 1, [], rereading.line_count(content, 1, 52, []))
    assert len(shown.lines) + shown.rest == 52
    with pytest.raises(rereading.TooLong):
        rereading.understood(content, 1, 52)


def test_of_a_file_without_readable_lines_the_beginning_is_shown_and_the_rest_counted(large, monkeypatch):
    monkeypatch.setattr(rereading, "LONGEST", 20)
    unread = [{"code": "undecodable"}]
    content = "一行\n".encode() * 10 + b"\xff\n"
    text = rereading.delivered(content, 1, 1, unread)
    assert text == "一行\n" * 2
    shown = rereading.original(text, 1, unread, rereading.line_count(content, 1, 1, unread))
    assert len(shown.lines) + shown.rest == 12
    assert len(rereading.delivered(b"\xff" * 99, 1, 1, unread)) == 20 * len("\\xff")


def test_what_an_import_takes_a_page_shows():
    assert rereading.LARGEST == 50_000_000


@pytest.mark.django_db
@pytest.mark.usefixtures("in_english")
class TestThePages:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "in").mkdir()
        return tmp_path / "in"

    @pytest.fixture
    def broken(self, folder) -> ImportRow:
        """The last record of a file of six megabytes, in an encoding of its own."""
        filling = seed(链接="https://e.example/filling", 总结="文" * 3_000_000)
        (folder / "large.txt").write_bytes(f"{filling}\n---\n{BROKEN}".encode("gb18030"))
        importer.run([folder])
        return ImportRow.objects.get(outcome=Outcome.QUARANTINED)

    def test_a_record_of_a_file_of_megabytes_is_shown_and_repaired(self, folder, broken):
        client = desk()
        assert broken.file.size > 6_000_000
        page = client.get(f"/admin/articles/importrow/{broken.pk}/change/").content.decode()
        assert f'<li value="{broken.first_line}"' in page
        assert f"/admin/articles/importrow/{broken.pk}/repair/" in page
        address = f"/admin/articles/importrow/{broken.pk}/repair/"
        page = client.get(address).content.decode()
        assert "标题: 只有标题</textarea>" in page
        client.post(
            address, {"text": f"{BROKEN}链接: https://e.example/mended\n总结: {seed()}", "import": "1"}
        )
        assert Article.objects.get(title="只有标题").url == "https://e.example/mended"

    def test_a_record_that_is_too_long_says_so_beside_its_beginning(self, folder, broken):
        created = ImportRow.objects.get(outcome=Outcome.CREATED)
        page = desk().get(f"/admin/articles/importrow/{created.pk}/change/").content.decode()
        assert "This record is too long for a page" in page
        assert "No article could be made of it." not in page
        assert f'<li value="{created.first_line}"' in page

    def test_a_file_that_no_page_reads_says_so(self, folder, broken, monkeypatch):
        monkeypatch.setattr(rereading, "LARGEST", 10)
        page = desk().get(f"/admin/articles/importrow/{broken.pk}/change/").content.decode()
        assert "The file is too large for a page. Download it." in page
        with pytest.raises(repair.Refused, match="too long"):
            repair.text_of(broken)
