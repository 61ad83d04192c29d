"""Many quarantined records are left out at once: asked with their number, each by the rule of the button."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import importer, repair, undoing
from articles.models import ImportBatch, ImportRow
from tests.delivering import deliver
from tests.factories import desk, make_user, staff
from tests.test_admin_batches import listing
from tests.test_repair import BROKEN, MENDED
from tests.test_uploads import other
from tests.test_waiting import told, waits

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def broken(*names: str) -> list[str]:
    return [BROKEN.replace("只有", name) for name in names]


def rows(batch: ImportBatch, outcome: str = "quarantined") -> list[ImportRow]:
    return list(batch.rows.filter(outcome=outcome).order_by("pk"))


def chosen(*some: ImportRow):
    return ImportRow.objects.filter(pk__in=[row.pk for row in some])


class TestLeavingOut:
    def test_many_is_leaving_out_each(self, folder):
        batch = deliver(folder, other(1), *broken("甲", "乙", "丙"))
        one, two, three = rows(batch)
        assert repair.leave_out_all(chosen(one, three)) == ([one, three], [])
        assert told(batch) == ({"created": 1, "quarantined": 1, "left_out": 2}, 1)
        assert rows(batch) == [two]
        assert waits() == [(batch.pk, 1)]
        assert [row.outcome for row in importer.run([str(folder)]).rows.order_by("pk")] == [
            "unchanged",
            "left_out",
            "quarantined",
            "left_out",
        ]

    def test_tells_of_each_that_stays_why(self, folder):
        deliver(folder, *broken("修好"))
        repair.repair(ImportRow.objects.select_related("batch", "file").get(), MENDED)
        undone = deliver(folder, other(2), *broken("撤销"))
        undoing.undo(undone)
        batch = deliver(folder, other(1), *broken("甲", "乙"))
        before, after = rows(batch)
        repair.leave_out(before)
        done, refused = repair.leave_out_all(ImportRow.objects.all())
        assert done == [after]
        assert [(row.outcome, reason) for row, reason in refused] == [
            ("repaired", "This record has been repaired already."),
            (
                "created",
                "Only quarantined records are repaired; all others are articles, to be edited there.",
            ),
            (
                "created",
                "Only quarantined records are repaired; all others are articles, to be edited there.",
            ),
            ("quarantined", "The batch is undone. Bring it back first."),
            (
                "created",
                "Only quarantined records are repaired; all others are articles, to be edited there.",
            ),
            ("left_out", "A person has left this record out."),
        ]

    def test_follows_the_rule_of_the_button_for_what_waits_in_another_batch(self, folder):
        first = deliver(folder, *broken("甲", "乙"))
        second = importer.run([str(folder)])
        there = rows(second)
        assert [repair.closed(row) for row in there] == [
            reason for _row, reason in repair.leave_out_all(chosen(*there))[1]
        ]
        assert waits() == [(first.pk, 1), (first.pk, 1)]
        # Chosen together with the one that waits, it is left out with that.
        assert repair.leave_out_all(chosen(*rows(first), *there)) == (rows(first, "left_out"), [])
        assert [told(batch)[0] for batch in (first, second)] == [{"left_out": 2}, {"left_out": 2}]

    def test_takes_as_many_statements_for_three_as_for_one(self, folder):
        asked = []
        for number in (1, 3):
            batch = deliver(folder, *broken(*(f"{number}-{at}" for at in range(number))))
            with CaptureQueriesContext(connection) as queries:
                assert len(repair.leave_out_all(chosen(*rows(batch)))[0]) == number
            asked.append(len(queries))
        assert asked[0] == asked[1]

    def test_of_nothing_is_nothing(self):
        assert repair.leave_out_all(ImportRow.objects.all()) == ([], [])


class TestThePages:
    def ask(self, *some: ImportRow, client=None, query: dict | None = None, **fields: str):
        form = {"action": "leave_out_selected", "_selected_action": [row.pk for row in some]}
        return (client or desk()).post(listing("importrow", **query or {}), form | fields, follow=True)

    def test_ask_with_the_number_and_then_do_it(self, folder):
        batch = deliver(folder, *broken("甲", "乙"))
        some, client = rows(batch), desk()
        page = self.ask(*some, client=client)
        assert page.context["title"] == "Leave 2 records out?"
        assert waits() == [(batch.pk, 1), (batch.pk, 1)]
        done = self.ask(*some, client=client, **dict(page.context["hidden"][1:4]))
        assert "2 records are left out, and so they will be wherever they come again." in done.text
        assert waits() == []
        assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Left out.", "Left out."]

    def test_take_all_of_a_batch_by_its_filter_but_nothing_that_came_since(self, folder, monkeypatch):
        monkeypatch.setattr("articles.admin.batches.ImportRowAdmin.list_per_page", 1)
        batch = deliver(folder, other(1), *broken("甲", "乙"))
        other_batch = deliver(folder, *broken("丙"))
        query = {"batch__id__exact": batch.pk, "outcome__exact": "quarantined"}
        page = self.ask(*rows(batch)[:1], query=query, select_across="1")
        assert page.context["title"] == "Leave 2 records out?"
        hidden = dict(page.context["hidden"][1:4])
        assert (hidden["select_across"], hidden["newest"]) == ("1", rows(batch)[-1].pk)
        hidden["newest"] = rows(batch)[0].pk
        self.ask(*rows(batch)[:1], query=query, **hidden)
        assert waits() == [(batch.pk, 1), (other_batch.pk, 1)]
        self.ask(*rows(batch)[:1], query=query, **hidden | {"newest": other_batch.last_row})
        assert waits() == [(other_batch.pk, 1)]

    def test_say_of_each_that_stays_why_and_no_more_than_some(self, folder, monkeypatch):
        monkeypatch.setattr("articles.admin.leaving_out.SHOWN", 1)
        batch = deliver(folder, *(other(number) for number in range(1, 4)), *broken("甲"))
        page = self.ask(*batch.rows.all(), asked="1")
        assert "1 record is left out" in page.text
        assert page.text.count("all others are articles, to be edited there.") == 1
        assert "and 2 more" in page.text

    def test_take_only_so_many_at_once(self, folder, monkeypatch):
        monkeypatch.setattr(repair, "MOST_LEFT_OUT", 1)
        some = rows(deliver(folder, *broken("甲", "乙")))
        assert "Choose at most 1 records at a time." in self.ask(*some, asked="1").text
        assert len(waits()) == 2

    def test_say_that_another_import_runs(self, folder, monkeypatch):
        some = rows(deliver(folder, *broken("甲")))

        def busy(rows: object) -> None:
            raise importer.Busy

        monkeypatch.setattr(repair, "leave_out_all", busy)
        assert "Another import is running." in self.ask(*some, asked="1").text

    def test_are_for_those_who_may_import(self, folder):
        some = rows(deliver(folder, *broken("甲")))
        looking = desk(staff("view_importrow", "view_seedfile", "view_article"))
        assert "leave_out_selected" not in looking.get(listing("importrow")).text
        self.ask(*some, client=looking, asked="1")
        assert len(waits()) == 1
        importers = desk(make_user(is_staff=True, groups=["Importers"]))
        self.ask(*some, client=importers, asked="1")
        assert waits() == []

    @pytest.mark.parametrize("newest", ["", "x", "\0", "9" * 30, "-1"])
    def test_take_strange_answers_as_none(self, folder, newest):
        some = rows(deliver(folder, *broken("甲")))
        assert self.ask(*some, asked="1", newest=newest).status_code == 200


class TestTheList:
    def test_has_the_latest_first_and_its_findings_in_words(self, folder):
        first, second = (deliver(folder, *broken(name)) for name in "甲乙")
        page = desk().get(listing("importrow"))
        assert [row.batch_id for row in page.context["cl"].result_list] == [second.pk, first.pk]
        assert "There is a title and nothing else" in page.text
        assert "only-title" not in page.text

    def test_is_narrowed_to_one_of_the_latest_batches_or_one_that_a_link_names(self, folder, monkeypatch):
        monkeypatch.setattr("articles.admin.filters.LATEST", 2)
        batches = [deliver(folder, other(number)) for number in (1, 2, 3)]
        for query, offered in (({}, [2, 1]), ({"batch__id__exact": batches[0].pk}, [2, 1, 0])):
            page = desk().get(listing("importrow", **query)).text
            found = [f"batch__id__exact={batch.pk}" in page for batch in batches]
            assert found == [number in offered for number in range(3)]
