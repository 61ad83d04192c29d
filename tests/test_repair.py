"""Quarantined records are mended by a person and come into their own batch; the delivered bytes never change."""

import pytest

from articles import importer, repair, rereading, undoing
from articles.files import list_files
from articles.identity import prepare
from articles.models import Article, ImportBatch, ImportRow, Outcome, SeedFile
from tests.delivering import TEXT, deliver, everything, outcomes, seed
from tests.factories import desk, make_user, staff
from tests.test_uploads import other

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

BROKEN = "标题: 只有标题\n"
MENDED = f"标题: 只有标题\n链接: https://e.example/mended\n总结: {TEXT}\n"


def quarantined() -> ImportRow:
    return ImportRow.objects.select_related("batch", "file").get(outcome=Outcome.QUARANTINED)


def counts(row: ImportRow) -> dict[str, int]:
    row.batch.refresh_from_db()
    return {outcome: number for outcome, number in row.batch.counts.items() if number}


class TestAMendedRecord:
    def test_comes_into_the_batch_and_the_bytes_stay(self, folder):
        deliver(folder, other(1), BROKEN)
        row = quarantined()
        assert counts(row) == {"created": 1, "quarantined": 1}
        assert row.batch.needs_care
        [made] = repair.repair(row, MENDED)
        assert (made.batch_id, made.outcome) == (row.batch_id, "created")
        row.refresh_from_db()
        assert (row.outcome, row.needs_care, list(row.repaired_by.all())) == ("repaired", False, [made])
        assert counts(row) == {"created": 2, "repaired": 1}
        assert bytes(SeedFile.objects.get(pk=row.file_id).content).decode() == BROKEN
        assert bytes(made.file.content).decode() == MENDED
        assert Article.objects.get(pk=made.article_id).title == "只有标题"

    def test_is_counted_as_if_all_rows_of_the_batch_had_been(self, folder):
        deliver(folder, other(1), BROKEN)
        repair.repair(quarantined(), f"{other(2, AI技术='')}\n---\n{other(1)}")
        batch = ImportBatch.objects.get()
        told = batch.counts, batch.needs_care
        importer._count(batch)
        assert (batch.counts, batch.needs_care) == told
        assert told[0] | {"created": 2, "unchanged": 1, "repaired": 1, "quarantined": 0} == told[0]

    def test_may_become_several(self, folder):
        deliver(folder, BROKEN)
        made = repair.repair(quarantined(), f"{other(1)}\n{other(2)}")
        assert [one.outcome for one in made] == ["created", "created"]

    def test_is_foreseen_without_a_trace(self, folder):
        deliver(folder, other(1), BROKEN)
        before = everything(), list(ImportRow.objects.values())
        [new] = repair.foresee(quarantined(), MENDED)
        [known] = repair.foresee(quarantined(), other(1, 行业="别的行业"))
        [broken] = repair.foresee(quarantined(), BROKEN.replace("只有", "还是只有"))
        assert (everything(), list(ImportRow.objects.values())) == before
        assert (new.outcome, new.article_id) == ("created", None)
        # The record is in the batch already, with other content.
        assert (known.outcome, known.article_id) == ("quarantined", Article.objects.get().pk)
        assert (broken.outcome, broken.findings[0]["code"]) == ("quarantined", "only-title")

    def test_that_still_has_an_error_is_not_imported(self, folder):
        deliver(folder, BROKEN)
        with pytest.raises(repair.Refused, match="still has an error"):
            repair.repair(quarantined(), BROKEN.replace("只有", "还是只有"))
        assert (quarantined().outcome, SeedFile.objects.count()) == ("quarantined", 1)

    def test_need_not_be_mended_again_when_the_broken_file_comes_again(self, folder):
        deliver(folder, other(1), BROKEN)
        [made] = repair.repair(quarantined(), MENDED)
        before = everything()
        again = importer.run([str(folder)])
        assert outcomes(again) == ["unchanged", "unchanged"]
        assert set(again.rows.values_list("article", flat=True)) == set(
            Article.objects.values_list("pk", flat=True)
        )
        assert (again.needs_care, everything()) == (0, before)
        undoing.undo(made.batch)
        assert importer.run([str(folder)]).counts["quarantined"] == 1

    def test_goes_with_its_batch_and_comes_back_with_it(self, folder):
        batch = deliver(folder, other(1), BROKEN)
        [made] = repair.repair(quarantined(), MENDED)
        undoing.undo(batch)
        assert not Article.objects.exists()
        undoing.redo(batch)
        assert sorted(Article.objects.values_list("title", flat=True)) == ["只有标题", "第1条"]
        made.refresh_from_db()
        assert made.article.title == "只有标题"

    def test_is_unchanged_when_the_mended_file_comes_the_next_night(self, folder):
        deliver(folder, other(1), BROKEN)
        repair.repair(quarantined(), MENDED)
        articles = everything()[0]
        assert outcomes(deliver(folder, other(1), f"\n{MENDED}")) == ["unchanged", "unchanged"]
        assert everything()[0] == articles

    def test_updates_an_article_that_an_earlier_batch_brought(self, folder):
        deliver(folder, seed())
        deliver(folder, BROKEN)
        [made] = repair.repair(quarantined(), seed(行业="教育"))
        assert (made.outcome, made.article) == ("updated", Article.objects.get())
        assert [term.name for term in Article.objects.get().industries.all()] == ["教育"]


class TestItIsRefused:
    def test_twice(self, folder):
        deliver(folder, BROKEN)
        row = quarantined()
        repair.repair(row, MENDED)
        with pytest.raises(repair.Refused, match="already"):
            repair.repair(row, MENDED + "\n作者: 某人\n")

    def test_with_a_text_that_the_batch_has(self, folder):
        deliver(folder, other(1), BROKEN)
        for text in (other(1), BROKEN):
            with pytest.raises(repair.Refused, match="in the batch already"):
                repair.repair(quarantined(), text)

    def test_with_a_text_that_no_page_takes(self, folder, monkeypatch):
        deliver(folder, BROKEN)
        monkeypatch.setattr(repair, "MOST", 10)
        with pytest.raises(repair.Refused, match="too long"):
            repair.foresee(quarantined(), MENDED)

    def test_from_a_file_that_no_page_reads(self, folder):
        deliver(folder, BROKEN)
        row = quarantined()
        row.file.size = rereading.LARGEST + 1
        with pytest.raises(repair.Refused, match="too long"):
            repair.text_of(row)

    def test_for_an_undone_batch_an_article_and_a_picture(self, folder):
        batch = deliver(folder, other(1), BROKEN)
        created = batch.rows.get(outcome="created")
        assert "articles" in repair.why_not(created)
        undoing.undo(batch)
        assert "Bring it back first" in repair.why_not(quarantined())
        ImportRow.objects.all().delete()
        (folder / "2.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
        importer.run([folder])
        assert "cannot be edited here" in repair.why_not(quarantined())


class TestReading:
    def test_two_encodings_in_one_file_are_both_read_for_mending(self, folder):
        content = other(1).encode() + other(2).encode("gb18030")
        for old in folder.iterdir():
            old.unlink()
        (folder / "x.txt").write_bytes(content)
        assert list_files([str(folder)])[0]
        importer.run([folder])
        assert repair.text_of(quarantined()) == other(1) + other(2)

    def test_a_byte_of_no_encoding_stands_as_its_code(self):
        assert rereading.readable("标题: 甲".encode() + b"\xff\n") == "标题: 甲\\xff\n"

    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
    )
    def test_of_a_file_that_breaks_off_all_that_is_whole_is_read(self, encoding):
        text = f"{other(1)}末行"
        shown = rereading.readable(text.encode(encoding)[:-1])
        assert shown.startswith(f"{other(1)}末\\x")
        assert set(shown.removeprefix(f"{other(1)}末")) <= set("\\x0123456789abcdef")

    def test_a_line_of_which_only_the_beginning_of_a_character_came_is_not_read_as_another(self):
        assert rereading.readable(f"{other(1)}本".encode()[:-1]) == f"{other(1)}\\xe6\\x9c"

    def test_a_stray_byte_spoils_nothing_but_itself(self):
        content = (
            other(1)
            .encode()
            .replace(b"e.example", b"e.exam\xffple", 1)
            .replace("第".encode(), "第".encode() + b"\xfe", 1)
        )
        expected = other(1).replace("e.example", "e.exam\\xffple", 1).replace("第", "第\\xfe", 1)
        assert rereading.readable(content) == expected

    def test_lines_keep_their_numbers_and_faulty_ones_are_marked(self):
        shown = rereading.original("标题: 甲\n\x00乙", 7, [{"code": "x", "line": 8, "text": ""}])
        assert [(line.number, line.text, line.marked) for line in shown.lines] == [
            (7, "标题: 甲", False),
            (8, "␀乙", True),
        ]

    def test_a_record_of_a_large_file_is_understood_by_its_own_lines(self, monkeypatch):
        content = (other(1) + "\n" + other(2)).encode()
        whole = rereading.understood(content, 15, 27)
        monkeypatch.setattr(rereading, "WHOLE", 10)
        assert rereading.understood(content, 15, 27).content == whole.content


class TestThePage:
    def address(self, row: ImportRow) -> str:
        return f"/admin/articles/importrow/{row.pk}/repair/"

    def test_shows_text_finding_and_remedy_then_what_it_would_be_then_imports(self, folder):
        deliver(folder, "标题: 好的\n" + other(1), BROKEN)
        row = ImportRow.objects.filter(outcome="quarantined").last()
        client = desk()
        page = client.get(self.address(row)).content.decode()
        assert "There is a title and nothing else." in page and "Add link and text" in page
        assert '<li value="1" class="rec-marked"><mark>标题: 只有标题</mark></li>' in page
        assert 'name="import"' not in page
        page = client.post(self.address(row), {"text": MENDED, "check": "1"}).content.decode()
        assert "https://e.example/mended" in page and 'name="import"' in page
        response = client.post(self.address(row), {"text": MENDED.replace("\n", "\r\n"), "import": "1"})
        [made] = row.repaired_by.all()
        assert response["Location"] == f"/admin/articles/importrow/{made.pk}/change/"
        assert bytes(made.file.content).decode() == MENDED
        assert "As it was delivered" in client.get(response["Location"]).content.decode()
        assert "Repaired to:" in client.get(f"/admin/articles/importrow/{row.pk}/change/").content.decode()

    def test_reads_a_text_of_many_records_once_and_shows_what_is_broken_first(self, folder, monkeypatch):
        deliver(folder, BROKEN)
        read = []
        monkeypatch.setattr("articles.admin.repair.SHOWN", 2)
        monkeypatch.setattr(
            "articles.admin.repair.prepare", lambda content: read.append(content) or prepare(content)
        )
        text = f"{other(1)}\n---\n{other(2)}\n---\n标题: 又只有标题\n"
        shown = desk().post(self.address(quarantined()), {"text": text, "check": "1"}).context["foreseen"]
        assert [one["outcome"] for one in shown] == ["quarantined", "created"]
        assert len(read) == 1

    def test_is_for_those_who_may_import(self, folder):
        deliver(folder, BROKEN)
        address = self.address(quarantined())
        may_look = ["view_importrow", "view_seedfile", "view_article"]
        assert desk(staff(*may_look)).get(address).status_code == 403
        assert desk(staff(*may_look)).post(address, {"text": MENDED, "import": "1"}).status_code == 403
        assert desk(make_user(is_staff=True, groups=["Importers"])).get(address).status_code == 200
        assert desk().get("/admin/articles/importrow/99999999999999999999/repair/").status_code == 404

    def test_keeps_what_was_typed_while_another_import_runs(self, folder, monkeypatch):
        deliver(folder, BROKEN)

        def busy(*args, **options):
            raise importer.Busy

        monkeypatch.setattr(repair, "foresee", busy)
        page = desk().post(self.address(quarantined()), {"text": "标题: 打了一半", "check": "1"})
        assert "Another import is running" in page.content.decode() and "打了一半" in page.content.decode()
