"""The records of a batch as a table for spreadsheets."""

import csv
import io

import pytest

from articles import record_table
from articles.models import ImportBatch, Outcome
from tests.factories import make_article
from tests.test_admin_batches import make_batch, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def lines(batch: ImportBatch) -> list[dict[str, str]]:
    text = "".join(record_table.csv_lines(batch)).removeprefix(record_table.MARK)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_record_has_its_article_and_its_findings_in_words():
    article = make_article("=1+1", url="https://e.example/1")
    findings = [
        {"code": "date-from-link", "line": 2, "text": "2026-10-01"},
        {"code": "missing-events", "line": 1, "text": ""},
    ]
    batch = make_batch()
    make_row(batch, article, findings=findings, conflicts={"title": {"base": "", "desk": "", "seed": ""}})
    assert lines(batch) == [
        {
            "File": "seeds/一.txt",
            "First line": "1",
            "Last line": "9",
            "Outcome": "created",
            "Article": str(article.pk),
            "Title": "'=1+1",
            "Link": "https://e.example/1",
            "Severity": "warning",
            "Findings": "2: The date was inferred from the address: 2026-10-01\n"
            "1: The event summary is missing. Add its points.",
            "Codes": "date-from-link missing-events",
            "Conflicts": "title",
        }
    ]


def test_a_quarantined_record_and_a_file_that_was_left_out_say_why():
    left_out = [{"name": "=a.tmp", "code": "temporary-file", "text": "It looks like a temporary file."}]
    batch = make_batch(skipped=[*left_out, {"name": "b.txt", "code": "same-bytes", "text": "c.txt"}])
    findings = [{"code": "only-title", "line": 4, "text": "@x"}]
    make_row(batch, outcome=Outcome.QUARANTINED, findings=findings)
    told = [(line["File"], line["Outcome"], line["Severity"], line["Findings"]) for line in lines(batch)]
    assert told == [
        ("'=a.tmp", "left out", "", "It looks like a temporary file."),
        ("b.txt", "left out", "", "It holds the same bytes as: c.txt"),
        (
            "seeds/一.txt",
            "quarantined",
            "error",
            "4: There is a title and nothing else. @x Add link and text, then import it again.",
        ),
    ]


def test_records_are_read_in_as_many_statements_for_three_as_for_one(django_assert_num_queries):
    for number in (1, 3):
        batch = make_batch()
        for _n in range(number):
            make_row(batch, make_article())
        batch = ImportBatch.objects.get(pk=batch.pk)
        with django_assert_num_queries(2):  # the rows, and the list of what was left out
            assert len(lines(batch)) == number
