"""A quarantined record waits for a person at one row, however often it is delivered, until somebody settles it."""

from importlib import import_module

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection

from articles import importer, repair, triage, undoing, waiting
from articles.models import Article, ImportBatch, ImportRow
from tests.delivering import deliver, everything, outcomes, seed
from tests.factories import desk, make_article, make_user, staff
from tests.test_repair import BROKEN, MENDED
from tests.test_uploads import other

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

PICTURE = b"\x89PNG\r\n\x1a\n"


def night(folder) -> ImportBatch:
    return importer.run([str(folder)])


def waits() -> list[tuple[int, int]]:
    """Batch and line of each row that waits."""
    return list(ImportRow.objects.filter(waits=True).order_by("id").values_list("batch", "first_line"))


def row_of(batch: ImportBatch) -> ImportRow:
    """Its broken record, as it stands now."""
    return ImportRow.objects.select_related("batch", "file").get(batch=batch, file_name__endswith="/2.txt")


def told(batch: ImportBatch) -> tuple[dict[str, int], int]:
    """How many of each outcome the batch says it has, and how many need care."""
    batch.refresh_from_db()
    return {outcome: number for outcome, number in batch.counts.items() if number}, batch.needs_care


class TestTheSameRecordNightAfterNight:
    def test_waits_where_it_came_first(self, folder):
        first = deliver(folder, other(1), BROKEN)
        nights = [night(folder) for _ in range(3)]
        assert [batch.counts["quarantined"] for batch in nights] == [1, 1, 1]
        assert waits() == [(first.pk, 1)]

    def test_is_another_one_with_other_bytes_and_on_another_line(self, folder):
        first = deliver(folder, BROKEN)
        second = deliver(folder, f"{BROKEN}---\n{BROKEN.replace('只有', '又只有')}")
        assert waits() == [(first.pk, 1), (second.pk, 1), (second.pk, 3)]

    def test_that_two_files_of_a_night_contradict_waits_once_too(self, folder):
        first = deliver(folder, seed(), seed(行业="别的行业"))
        again = night(folder)
        assert [outcomes(batch) for batch in (first, again)] == [
            ["created", "quarantined"],
            ["unchanged", "quarantined"],
        ]
        assert waits() == [(first.pk, 1)]

    def test_that_was_mended_waits_no_more_wherever_it_came(self, folder):
        first = deliver(folder, other(1), BROKEN)
        second = night(folder)
        repair.repair(row_of(first), MENDED)
        assert waits() == []
        assert "settled there" in repair.why_not(row_of(second))
        assert outcomes(night(folder)) == ["unchanged", "unchanged"]

    def test_that_two_files_contradict_and_a_person_mended_is_no_question_either(self, folder):
        first = deliver(folder, seed(), seed(行业="别的行业"))
        [made] = repair.repair(row_of(first), other(7))
        before = everything()
        again = night(folder)
        assert outcomes(again) == ["unchanged", "unchanged"]
        assert row_of(again).article_id == made.article_id
        assert (waits(), everything()) == ([], before)

    def test_takes_one_statement_to_be_known_however_many_there_are(self, folder, django_assert_num_queries):
        for number in (1, 3):
            deliver(folder, *(BROKEN.replace("只有", f"{number}-{at}") for at in range(number)))
            rows = list(ImportRow.objects.filter(waits=True))
            asked = [
                importer.Row(importer.Delivered(r.file_name, b"", "", r.file_id), _Line(r.first_line))
                for r in rows
            ]
            with django_assert_num_queries(1):
                assert waiting.recall(asked) == set()


class _Line:
    def __init__(self, first_line: int) -> None:
        self.first_line = first_line


class TestLeftOutByAPerson:
    def test_it_is_no_article_and_does_not_wait_the_next_night(self, folder):
        first = deliver(folder, other(1), BROKEN)
        second = night(folder)
        repair.leave_out(row_of(first))
        assert [told(batch) for batch in (first, second)] == [
            ({"created": 1, "left_out": 1}, 0),
            ({"unchanged": 1, "left_out": 1}, 0),
        ]
        third = night(folder)
        assert told(third) == ({"unchanged": 1, "left_out": 1}, 0)
        assert (waits(), Article.objects.count()) == ([], 1)
        assert [finding["code"] for finding in row_of(third).findings] == ["only-title"]

    def test_it_waits_again_where_it_came_first_once_that_is_taken_back(self, folder):
        first = deliver(folder, other(1), BROKEN)
        repair.leave_out(row_of(first))
        second = night(folder)
        repair.take_back(row_of(second))
        assert waits() == [(first.pk, 1)]
        assert [told(batch) for batch in (first, second)] == [
            ({"created": 1, "quarantined": 1}, 1),
            ({"unchanged": 1, "quarantined": 1}, 1),
        ]
        assert told(night(folder)) == ({"unchanged": 1, "quarantined": 1}, 1)
        assert waits() == [(first.pk, 1)]

    def test_a_picture_may_be_left_out_though_nobody_can_mend_it(self, folder):
        (folder / "2.txt").write_bytes(PICTURE)
        batch = night(folder)
        assert "cannot be edited here" in repair.why_not(row_of(batch))
        repair.leave_out(row_of(batch))
        assert outcomes(night(folder)) == ["left_out"]

    def test_an_entry_has_no_error_any_more_when_the_record_against_it_is_left_out(self, folder):
        batch = deliver(folder, seed(), seed(行业="别的行业"))
        [entry] = triage.queue(0).entries
        assert entry.has("error")
        repair.leave_out(row_of(batch))
        [entry] = triage.queue(0).entries
        assert not entry.has("error")

    def test_nothing_else_can_be_left_out_or_taken_back(self, folder):
        first = deliver(folder, other(1), BROKEN)
        second = night(folder)
        created = first.rows.get(outcome="created")
        for row, why in ((created, "Only quarantined"), (row_of(second), "settled there")):
            with pytest.raises(repair.Refused, match=why):
                repair.leave_out(row)
        with pytest.raises(repair.Refused, match="not left out"):
            repair.take_back(row_of(first))
        repair.leave_out(row_of(first))
        with pytest.raises(repair.Refused, match="left this record out"):
            repair.leave_out(row_of(first))
        assert waits() == []


class TestABatchThatIsTakenBack:
    def test_hands_what_waits_on_to_the_next_and_gets_it_back(self, folder):
        first = deliver(folder, other(1), BROKEN)
        second = deliver(folder, other(1), BROKEN, other(2))
        third = night(folder)
        undoing.undo(first)
        assert waits() == [(second.pk, 1)]
        undoing.undo(second)
        assert waits() == [(third.pk, 1)]
        undoing.redo(first)
        assert waits() == [(first.pk, 1)]

    def test_goes_on_waiting_if_there_was_nothing_to_take_back(self, folder):
        batch = deliver(folder, BROKEN)
        undoing.undo(batch)
        assert waits() == [(batch.pk, 1)]

    def test_waits_for_nobody_if_it_was_the_only_one(self, folder):
        first = deliver(folder, other(1), BROKEN)
        undoing.undo(first)
        assert waits() == []
        undoing.redo(first)
        assert waits() == [(first.pk, 1)]

    def test_takes_what_was_mended_in_it_along(self, folder):
        first = deliver(folder, other(1), BROKEN)
        second = night(folder)
        repair.repair(row_of(first), MENDED)
        undoing.undo(first)
        assert waits() == [(second.pk, 1)]
        undoing.redo(first)
        assert waits() == []

    def test_leaves_it_decided_that_a_record_is_left_out(self, folder):
        first = deliver(folder, other(1), BROKEN)
        repair.leave_out(row_of(first))
        undoing.undo(first)
        assert outcomes(night(folder)) == ["created", "left_out"]
        undoing.redo(first)
        assert waits() == []


class TestThePages:
    def address(self, row: ImportRow, page: str) -> str:
        return f"/admin/articles/importrow/{row.pk}/{page}/"

    def test_leave_out_and_take_back_with_one_button_each(self, folder):
        row = row_of(deliver(folder, other(1), BROKEN))
        client = desk()
        page = client.get(self.address(row, "repair")).text
        assert 'name="leave_out"' in page and 'name="take_back"' not in page
        response = client.post(self.address(row, "repair"), {"text": "", "leave_out": "1"}, follow=True)
        assert response.redirect_chain == [(self.address(row, "change"), 302)]
        assert "Left out, and so it will be" in response.text and "Take it back …" in response.text
        page = client.get(self.address(row, "repair")).text
        assert 'name="take_back"' in page and 'name="leave_out"' not in page and "<textarea" not in page
        response = client.post(self.address(row, "repair"), {"take_back": "1"}, follow=True)
        assert "It waits again." in response.text and "Repair …" in response.text
        assert [entry.get_change_message() for entry in _log(row)] == ["Taken back.", "Left out."]

    def test_a_row_that_does_not_wait_leads_to_the_one_that_does(self, folder):
        first = row_of(deliver(folder, other(1), BROKEN))
        second = row_of(night(folder))
        link = f'<a href="{self.address(first, "change")}">'
        client = desk()
        for page in ("change", "repair"):
            found = client.get(self.address(second, page)).text
            assert "The same record waits here:" in found and link in found
            assert 'name="leave_out"' not in found and "Repair …" not in found
        repair.repair(first, MENDED)
        assert "The same record was repaired here:" in client.get(self.address(second, "change")).text

    def test_what_cannot_be_mended_can_be_left_out_from_its_page(self, folder):
        (folder / "2.txt").write_bytes(PICTURE)
        row = row_of(night(folder))
        client = desk()
        assert "Leave the record out …" in client.get(self.address(row, "change")).text
        page = client.get(self.address(row, "repair")).text
        assert 'name="leave_out"' in page and "<textarea" not in page

    def test_are_for_those_who_may_import(self, folder):
        row = row_of(deliver(folder, other(1), BROKEN))
        looking = desk(staff("view_importrow", "view_seedfile", "view_article"))
        assert looking.post(self.address(row, "repair"), {"leave_out": "1"}).status_code == 403
        assert "Leave the record out" not in looking.get(self.address(row, "change")).text
        importers = desk(make_user(is_staff=True, groups=["Importers"]))
        assert importers.post(self.address(row, "repair"), {"leave_out": "1"}).status_code == 302
        assert waits() == []

    def test_say_that_another_import_runs(self, folder, monkeypatch):
        row = row_of(deliver(folder, other(1), BROKEN))

        def busy(row: ImportRow) -> None:
            raise importer.Busy

        monkeypatch.setattr(repair, "leave_out", busy)
        response = desk().post(self.address(row, "repair"), {"leave_out": "1"}, follow=True)
        assert "Another import is running." in response.text
        assert len(waits()) == 1

    def test_the_front_page_counts_what_waits_and_leads_to_it(self, folder):
        first = deliver(folder, other(1), BROKEN)
        night(folder)
        client = desk()
        [number] = [
            one for one in client.get("/admin/").context["desk"].numbers if one.label == "quarantined records"
        ]
        assert number.number == 1
        assert list(client.get(number.address).context["cl"].result_list) == [row_of(first)]


def _log(row: ImportRow):
    return LogEntry.objects.filter(object_id=str(row.pk)).order_by("-pk")


def test_the_article_s_findings_are_told_however_many_nights_brought_nothing_new(folder):
    batch = deliver(folder, seed(AI技术=""), other(1))
    warned = batch.rows.get(file_name__endswith="/1.txt")
    assert warned.findings
    nights = [night(folder) for _ in range(12)]
    client = desk()
    page = client.get(f"/admin/articles/article/{warned.article_id}/change/")
    assert [row.batch_id for row in page.context["import_rows"]] == [nights[-1].pk, batch.pk]
    shown = client.get("/admin/articles/article/triage/", {"id": warned.article_id})
    assert shown.context["record"] == warned


def test_an_article_by_hand_came_from_nowhere():
    article = make_article()
    page = desk().get(f"/admin/articles/article/{article.pk}/change/")
    assert page.context["import_rows"] == []


def test_what_was_quarantined_before_there_was_waiting_waits_as_it_would_have_now(folder):
    mended = deliver(folder, other(1), BROKEN)
    night(folder)
    repair.repair(row_of(mended), MENDED)
    gone = deliver(folder, other(2), BROKEN.replace("只有", "没有"))
    nights = [night(folder) for _ in range(2)]
    undoing.undo(gone)
    expected = waits()
    assert expected == [(nights[0].pk, 1)]
    ImportRow.objects.update(waits=False)
    with connection.cursor() as cursor:
        cursor.execute(import_module("articles.migrations.0013_waiting").WAIT)
    assert waits() == expected


class TestWhatAPersonHasDecided:
    def test_holds_although_nothing_contradicts_the_record_any_more(self, folder):
        first = deliver(folder, seed(), seed(标题="另一个标题"))
        repair.leave_out(row_of(first))
        (folder / "1.txt").unlink()
        assert outcomes(night(folder)) == ["left_out"]
        assert Article.objects.get().title == "示例医院试用语言模型写病历"

    def test_is_not_passed_by_mending_to_a_text_that_was_left_out(self, folder):
        first = deliver(folder, other(1), BROKEN)
        repair.leave_out(row_of(first))
        second = deliver(folder, other(1), f"{BROKEN}作者: 无名\n")
        row = row_of(second)
        with pytest.raises(repair.Refused, match="still has an error"):
            repair.repair(row, BROKEN)
        assert [one.outcome for one in repair.foresee(row, BROKEN)] == ["left_out"]
        assert waits() == [(second.pk, 1)]

    def test_is_taken_back_only_while_the_batch_stands(self, folder):
        batch = deliver(folder, other(1), BROKEN)
        repair.leave_out(row_of(batch))
        undoing.undo(batch)
        with pytest.raises(repair.Refused, match="undone"):
            repair.take_back(row_of(batch))
        assert outcomes(batch) == ["created", "left_out"]

    def test_is_asked_again_after_a_redo_that_could_not_bring_all_back(self, folder):
        batch = deliver(folder, other(1), BROKEN, other(2))
        undoing.undo(batch)
        deliver(folder, other(1))
        undoing.redo(ImportBatch.objects.get(pk=batch.pk))
        assert waits() == [(batch.pk, 1)]
        assert repair.why_not(row_of(batch)) == ""
        repair.repair(row_of(batch), MENDED)
        assert Article.objects.count() == 3
