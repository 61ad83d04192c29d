"""The pages of batches stay fast however many rows and left-out files there are: they look at their own only."""

from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import deliveries, importer, repair
from articles.admin import lists, records
from articles.models import ImportBatch, ImportRow, Outcome
from tests.delivering import deliver
from tests.factories import desk
from tests.test_admin_batches import listing, make_batch, make_file, make_row, page_of, rows_of
from tests.test_repair import BROKEN, MENDED
from tests.test_worker import other

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

FILL = import_module("articles.migrations.0012_batch_ranges").FILL


def again(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.get(pk=batch.pk)


def ids(batch: ImportBatch) -> list[int]:
    return list(batch.rows.order_by("id").values_list("id", flat=True))


def statements(address: str, table: str, **query: object) -> list[str]:
    """What a page asks of a table."""
    client = desk()
    client.get(address, query)  # what is looked up once in the life of a process
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, query).status_code == 200
    return [query["sql"] for query in queries if f'FROM "{table}"' in query["sql"]]


class TestTheRowsOfABatch:
    def test_lie_between_its_first_and_its_last(self, folder):
        some = deliver(folder, other(1), other(2))
        more = deliver(folder, other(2), other(3))
        assert (ids(some)[0], ids(some)[-1]) == (some.first_row, some.last_row)
        assert (ids(more)[0], ids(more)[-1]) == (more.first_row, more.last_row)
        assert some.last_row < more.first_row

    def test_of_an_interrupted_one_lie_between_those_of_its_two_halves(self, folder, monkeypatch):
        def interrupt(files: int, files_read: int, records: int, share: float) -> None:
            if records == 2:
                raise KeyboardInterrupt

        for number in (1, 2, 3):
            (folder / f"{number}.txt").write_text(other(number))
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
        with pytest.raises(KeyboardInterrupt):
            importer.run([folder], progress=interrupt)
        begun = ImportBatch.objects.get()
        assert (begun.last_row, list(begun.narrow(ImportRow.objects).values_list("id", flat=True))) == (
            None,
            ids(begun),
        )
        (folder.parent / "else.txt").write_text(other(9))
        between = importer.run([folder.parent / "else.txt"])
        whole = importer.run([folder])
        assert (whole.pk, whole.first_row) == (begun.pk, begun.first_row)
        assert whole.last_row > between.last_row
        assert list(whole.narrow(ImportRow.objects).values_list("id", flat=True)) == ids(whole)

    def test_are_found_with_those_of_mended_records(self, folder):
        deliver(folder, other(1), BROKEN)
        row = ImportRow.objects.select_related("batch", "file").get(outcome=Outcome.QUARANTINED)
        deliver(folder, other(2))
        [made] = repair.repair(row, MENDED)
        batch = again(row.batch)
        assert batch.last_row == made.pk
        assert list(batch.narrow(ImportRow.objects).order_by("id")) == list(batch.rows.order_by("id"))
        assert len(list(deliveries.records(batch))) == 3

    @pytest.mark.parametrize("known", [{}, {"first_row": 1}, {"finished_at": None}])
    def test_are_found_too_where_nobody_noted_their_place(self, known):
        batch = make_batch(counts={"unchanged": 1}, **known)
        row = make_row(batch, outcome=Outcome.UNCHANGED)
        make_row(make_batch(), outcome=Outcome.UNCHANGED)
        assert [record.pk for record in batch.narrow(ImportRow.objects)] == [row.pk]

    def test_of_earlier_batches_get_their_place_in_the_table(self, folder):
        batches = [deliver(folder, other(1), other(2)), deliver(folder, other(2)), make_batch()]
        places = [(batch.first_row, batch.last_row) for batch in batches]
        ImportBatch.objects.update(first_row=None, last_row=None)
        with connection.cursor() as cursor:
            cursor.execute(FILL)
        assert [(batch.first_row, batch.last_row) for batch in map(again, batches)] == places


class TestOnlyItsOwnRowsAreLookedAt:
    @pytest.mark.parametrize("query", [{}, {"tab": "unchanged"}, {"after": 1}, {"before": 10**15}])
    def test_by_the_tabs(self, folder, query):
        deliver(folder, other(1), other(2))
        batch = deliver(folder, other(1), other(2))
        (asked,) = statements(page_of(batch), "articles_importrow", **query)
        assert self.bounds(batch) <= set(asked.replace(")", "").split(" AND "))

    def test_by_the_list_of_its_records(self, folder):
        deliver(folder, other(1), other(2))
        batch = deliver(folder, other(1), other(2))
        query = {"batch__id__exact": batch.pk, "outcome__exact": "unchanged"}
        for asked in statements(listing("importrow"), "articles_importrow", **query):
            parts = asked.replace(")", " ").replace(" ORDER BY", " AND ").replace(" LIMIT", " AND ")
            assert self.bounds(batch) <= {part.strip() for part in parts.split(" AND ")}

    def test_by_its_report(self, folder):
        deliver(folder, other(1))
        batch = deliver(folder, other(1))
        with CaptureQueriesContext(connection) as queries:
            assert len(list(deliveries.records(batch))) == 1
        assert f'"id" >= {batch.first_row}' in queries[0]["sql"]
        assert f'"id" <= {batch.last_row}' in queries[0]["sql"]

    def bounds(self, batch: ImportBatch) -> set[str]:
        column = '"articles_importrow"."id"'
        return {f"{column} >= {batch.first_row}", f"{column} <= {batch.last_row}"}

    def test_and_the_tabs_are_paged_to_the_last_row_and_back(self, folder, monkeypatch):
        monkeypatch.setattr(records, "PAGE", 2)
        texts = [other(number) for number in range(5)]
        for _night in range(3):
            batch = deliver(folder, *texts)
        client, seen, query = desk(), [], {}
        while True:
            page = client.get(page_of(batch), query).context["records"]
            seen.append([entry["title"] for entry in page["rows"]])
            if not page["after"]:
                break
            query = {"after": page["after"]}
        assert seen == [["第0条", "第1条"], ["第2条", "第3条"], ["第4条"]]
        page = client.get(page_of(batch), {"before": page["before"]}).context["records"]
        assert [entry["title"] for entry in page["rows"]] == ["第2条", "第3条"]


class TestTheFilesThatWereLeftOut:
    LEFT_OUT = [{"name": f"{number}.tmp", "code": "temporary-file", "text": "…"} for number in range(300)]

    def test_are_counted_by_the_database(self, folder):
        (folder / "b.txt").write_text(other(1))
        (folder / "c.txt").write_text(other(1))
        (folder / "d.png").write_text("")
        batch = again(importer.run([folder]))
        assert batch.skipped_count == len(batch.skipped) == 2

    def test_are_loaded_by_no_page_but_the_first_of_them_by_the_batch_itself(self, folder):
        batch = deliver(folder, other(1), BROKEN)
        ImportBatch.objects.update(skipped=self.LEFT_OUT)
        row = batch.rows.get(outcome=Outcome.QUARANTINED)
        article = batch.rows.get(outcome=Outcome.CREATED).article
        for address in (
            reverse("admin:index"),
            listing("importbatch"),
            listing("importrow", batch__id__exact=batch.pk),
            listing("article", import_rows__batch=batch.pk),
            page_of(batch),
            page_of(row),
            page_of(article),
            reverse("admin:articles_importrow_repair", args=[row.pk]),
            reverse("admin:articles_importbatch_report", args=[batch.pk]),
            reverse("admin:articles_importbatch_undo", args=[batch.pk]),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert desk().get(address).status_code == 200, address
            told = [query["sql"].replace("jsonb_path_query_array(", "first") for query in queries]
            assert not [sql for sql in told if '"articles_importbatch"."skipped"' in sql.replace(
                'first"articles_importbatch"."skipped"', "")], address  # fmt: skip

    def test_are_listed_up_to_a_number_and_the_others_counted(self):
        page = desk().get(page_of(make_batch(skipped=self.LEFT_OUT))).content.decode()
        assert [number for number in range(300) if f">{number}.tmp <" in page] == list(range(200))
        assert "left out · 300" in page

    def test_are_counted_in_the_list_of_batches(self):
        make_batch(skipped=self.LEFT_OUT)
        make_batch()
        page = desk().get(listing("importbatch")).content.decode()
        assert "Skipped</a>" in page
        assert page.count('<td class="field-skipped_count">300</td>') == 1
        assert page.count('<td class="field-skipped_count">0</td>') == 1

    def test_stand_in_its_report_in_full(self):
        batch = make_batch(skipped=self.LEFT_OUT)
        assert len(desk().get(rows_of(batch, "jsonl")).getvalue().splitlines()) == 300


def test_the_list_of_seed_files_counts_their_records_up_to_a_number(monkeypatch):
    monkeypatch.setattr(lists, "COUNTED_EACH", 2)
    batch, few, many = make_batch(), make_file("few.txt"), make_file("many.txt")
    for file, number in ((few, 2), (many, 4)):
        lines = ((line, line) for line in range(1, number + 1))
        ImportRow.objects.bulk_create(
            ImportRow(batch=batch, file=file, first_line=first, last_line=last, outcome=Outcome.CREATED)
            for first, last in lines
        )
    files = {file.name: file.row_count for file in desk().get(listing("seedfile")).context["cl"].result_list}
    assert files == {"few.txt": 2, "many.txt": 3}
    assert lists.in_figures(files["many.txt"], 2) == "2+"
