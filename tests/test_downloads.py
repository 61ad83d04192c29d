"""Articles of the desk to take along: of a list as it is filtered, or ticked in it, for those who may see them."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from articles import exporter, importer
from articles.models import Article, ImportBatch, ImportRow, Outcome, SeedFile
from tests.factories import desk, make_article, make_user, staff

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"


def importers() -> Any:
    return make_user(is_staff=True, groups=["Importers"])


def taken(form: str, query: str = "", client: Any = None) -> bytes:
    response = (client or desk(importers())).get(f"{LIST}download/{form}/{query}")
    assert response.status_code == 200
    assert response.streaming
    return response.getvalue()


def titles(query: str = "") -> list[str]:
    return [json.loads(line)["title"] for line in taken("jsonl", query).splitlines()]


def test_the_list_offers_each_form_with_its_filters():
    make_article("甲")
    page = desk(importers()).get(f"{LIST}?status__exact=draft").content.decode()
    offered = [
        f'href="{LIST}download/{form}/?status__exact=draft"' in page for form in ("seeds", "jsonl", "csv")
    ]
    assert offered == [True, True, True]


def test_what_the_filters_show_is_what_is_taken():
    make_article("草稿", technologies=["Sora"])
    make_article("公开", publish=True, technologies=["Sora", "GPT"])
    make_article("没有词", publish=True)
    assert titles() == ["草稿", "公开", "没有词"]
    assert titles("?status__exact=draft") == ["草稿"]
    assert titles("?technologies=sora") == ["草稿", "公开"]
    assert titles("?technologies=sora&status__exact=published") == ["公开"]
    assert titles("?q=没有词") == ["没有词"]
    assert titles("?p=3&o=1") == ["草稿", "公开", "没有词"]


def test_the_articles_of_a_batch_can_be_taken():
    first, _second = make_article("甲"), make_article("乙")
    batch = ImportBatch.objects.create()
    file = SeedFile.objects.create(sha256="0" * 64, name="a", content=b"", size=0)
    ImportRow.objects.create(
        batch=batch,
        file=file,
        file_name="a",
        first_line=1,
        last_line=1,
        outcome=Outcome.CREATED,
        article=first,
    )
    assert titles(f"?import_rows__batch={batch.pk}") == ["甲"]


def test_seed_files_that_were_taken_and_are_imported_change_nothing(tmp_path):
    for number in range(3):
        make_article(keywords=["词"], points=[("一", "二")], summary=f"第{number}个正文。")
    before = [exporter.snapshot(article) for article in Article.objects.whole()]
    (tmp_path / "all.zip").write_bytes(taken("seeds"))
    batch = importer.run([tmp_path / "all.zip"])
    assert list(batch.rows.values_list("outcome", flat=True)) == [Outcome.UNCHANGED] * 3
    assert [exporter.snapshot(article) for article in Article.objects.whole()] == before


def test_a_table_is_safe_to_open():
    make_article("=cmd|' /C calc'!A0", summary="@SUM(1)")
    [_heading, row] = csv.reader(io.StringIO(taken("csv").decode("utf-8-sig"), newline=""))
    assert [cell for cell in row if cell[:1] in exporter.FORMULA and cell[:1]] == []
    assert "'=cmd|' /C calc'!A0" in row


def test_a_table_is_headed_in_the_language_of_who_takes_it():
    make_article("甲")
    [heading, _row] = csv.reader(io.StringIO(taken("csv").decode("utf-8-sig"), newline=""))
    assert heading[:3] == ["article number", "title", "link"]


@pytest.mark.parametrize("form", ["seeds", "jsonl", "csv"])
def test_what_is_ticked_is_taken_by_an_action(form):
    first, _second, third = make_article("甲"), make_article("乙"), make_article("丙")
    posted = {"action": f"download_{form}", ACTION_CHECKBOX_NAME: [first.pk, third.pk]}
    response = desk(importers()).post(LIST, posted)
    content = response.getvalue()
    if form == "seeds":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read("articles-000001.txt")
    assert [title in content.decode() for title in ("甲", "乙", "丙")] == [True, False, True]


def test_a_download_is_a_file_to_save():
    make_article()
    response = desk(importers()).get(f"{LIST}download/csv/")
    assert response["Content-Disposition"].startswith('attachment; filename="articles-')
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "text/csv; charset=utf-8",
        "nosniff",
    )


def test_who_may_not_see_articles_takes_none():
    make_article()
    client = desk(staff("view_importbatch", "view_importrow", "view_seedfile"))
    assert [client.get(f"{LIST}download/{form}/").status_code for form in ("seeds", "jsonl", "csv")] == [
        403
    ] * 3
    posted = {"action": "download_csv", ACTION_CHECKBOX_NAME: [Article.objects.get().pk]}
    assert client.post(LIST, posted).status_code == 403


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("xlsx/", 404),
        ("csv/?status__exact=x", 200),
        ("csv/?nothing=1", 302),
        ("csv/?technologies=%01", 200),
        ("csv/?id=" + "9" * 20, 200),
    ],
)
def test_strange_addresses_never_fail(address, status):
    make_article()
    response = desk(importers()).get(f"{LIST}download/{address}")
    assert response.status_code == status
    response.getvalue()


def test_a_download_takes_the_same_number_of_statements_for_any_number_of_articles(django_assert_num_queries):
    client = desk(importers())
    make_article(keywords=["词"])
    client.get(LIST)
    for _time in range(2):
        with django_assert_num_queries(STATEMENTS):
            taken("csv", client=client)
        make_article(keywords=["词"])
        make_article(points=[("一", "二")])


STATEMENTS = 12
