"""The admin of imports and sources: everything to be seen, nothing to be changed."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles import deliveries, revisions, uploads
from articles.admin import records
from articles.models import Article, ImportBatch, ImportRow, Outcome, SeedFile
from articles.wording import explained
from tests.factories import desk, make_article, make_source, make_user, staff

pytestmark = pytest.mark.django_db


READ_ONLY = ["importbatch", "importrow", "seedfile"]


def listing(model: str, **query: object) -> str:
    return reverse(f"admin:articles_{model}_changelist", query=query)


def page_of(row: object) -> str:
    return reverse(f"admin:articles_{row._meta.model_name}_change", args=[row.pk])


def make_file(name: str = "seeds/一.txt", content: bytes = "标题：甲".encode()) -> SeedFile:
    number = SeedFile.objects.count()
    return SeedFile.objects.create(sha256=f"{number:064}", name=name, content=content, size=len(content))


def make_batch(**fields: object) -> ImportBatch:
    return ImportBatch.objects.create(**{"paths": ["seeds"], "finished_at": timezone.now()} | fields)


def make_row(batch: ImportBatch, article: Article | None = None, **fields: object) -> ImportRow:
    file = make_file()
    lines = {"file_name": file.name, "first_line": 1, "last_line": 9, "outcome": Outcome.CREATED}
    return ImportRow.objects.create(batch=batch, file=file, article=article, **lines | fields)


def test_the_list_of_batches_tells_their_outcomes_and_leads_to_the_rows_of_each():
    batch = make_batch(counts={"created": 2, "quarantined": 1, "updated": 0})
    page = desk().get(listing("importbatch")).content.decode()
    for outcome, text in (("created", "created 2"), ("quarantined", "quarantined 1")):
        address = listing("importrow", batch__id__exact=batch.pk, outcome__exact=outcome).replace(
            "&", "&amp;"
        )
        assert f'<a href="{address}">{text}</a>' in page
    assert "updated 0" not in page


def test_a_batch_says_first_what_it_was_and_leads_to_what_it_brought():
    batch = make_batch(paths=["seeds/<a>", "b.zip"], by=make_user("ann"), publish=True)
    page = desk().get(page_of(batch)).content.decode()
    assert f"<h1>Batch {batch.pk}</h1>" in page
    head = page[page.index('class="batch-name"') : page.index("</div>", page.index('class="batch-name"'))]
    assert "seeds/&lt;a&gt;、b.zip" in head and "· ann ·" in head and "publishes what has no warning" in head
    for address in (
        reverse("admin:articles_article_triage", query={"batch": batch.pk}),
        listing("article", import_rows__batch=batch.pk),
        listing("importrow", batch__id__exact=batch.pk),
    ):
        assert f'href="{address}"' in head


def test_a_batch_of_an_upload_names_its_files_and_says_where_they_may_be_more():
    few = make_batch(paths=["upload #7", "<一>.txt", "二.txt", "三.txt"])
    page = desk().get(page_of(few)).content.decode()
    assert "<li>Upload 7</li><li>&lt;一&gt;.txt</li><li>二.txt</li><li>三.txt</li></ul>" in page
    many = make_batch(paths=["upload #7", *(f"{n}.txt" for n in range(20))])
    assert "<li>(No more than 20 files are named.)</li></ul>" in desk().get(page_of(many)).content.decode()
    assert "<details" not in desk().get(page_of(make_batch())).content.decode().split('class="batch-head"')[1]


def test_a_batch_leads_nobody_to_what_she_may_not_see():
    page = desk(staff("view_importbatch")).get(page_of(make_batch())).content.decode()
    assert 'class="batch-name"' in page
    assert "/triage/" not in page and "import_rows__batch" not in page and "batch__id__exact" not in page


@pytest.mark.usefixtures("in_english")
def test_of_a_thousand_paths_the_first_are_named_and_the_others_counted():
    paths = [f"{number}.txt" for number in range(1_200)]
    assert uploads.given(paths) == [*paths[:200], "and 1,000 more"]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["seeds"], "seeds"),
        (["upload #7", "一.txt", "二.txt"], "Upload 7、一.txt、二.txt"),
        (["upload #7", "一.txt", "二.txt", "三.txt"], "Upload 7、一.txt、二.txt …"),
        (["upload #x"], "upload #x"),
        (["a" * 70 + ".txt"], "…" + "a" * 56 + ".txt"),
        ([], ""),
    ],
)
def test_the_list_of_batches_says_what_each_was_given(paths, told):
    make_batch(paths=paths)
    page = desk().get(listing("importbatch")).content.decode()
    assert f'<td class="field-given">{told or "-"}</td>' in page.replace("&nbsp;", "-")


def test_a_batch_lists_the_files_it_skipped():
    hidden = {"name": "a/<b>.DS_Store", "code": "hidden-file", "text": "Hidden files are left out."}
    batch = make_batch(
        skipped=[hidden, {"name": "c.txt", "code": "same-bytes", "text": "b.txt"}, {"name": "d"}]
    )
    page = desk().get(page_of(batch)).content.decode()
    assert "<li>a/&lt;b&gt;.DS_Store <span>Hidden files are left out.</span></li>" in page
    assert "<li>c.txt <span>It holds the same bytes as: b.txt</span></li>" in page
    assert "hidden-file" not in page and "same-bytes" not in page


def test_very_many_skipped_files_are_cut():
    batch = make_batch(skipped=[{"name": f"{n}.tmp", "code": "partial", "text": ""} for n in range(205)])
    page = desk().get(page_of(batch)).content.decode()
    assert "199.tmp" in page and "200.tmp" not in page and "left out · 205" in page


def test_a_batch_that_has_not_ended_says_so():
    assert "running or interrupted" in desk().get(page_of(make_batch(finished_at=None))).content.decode()


def test_filters_are_called_by_what_they_narrow():
    page = " ".join(desk().get(listing("importbatch")).content.decode().split())
    assert "<summary> Started </summary>" in page


def test_rows_are_narrowed_by_batch_outcome_file_and_article():
    article, batch = make_article(), make_batch()
    first = make_row(batch, article)
    second = make_row(batch, outcome=Outcome.QUARANTINED, needs_care=True)
    third = make_row(make_batch(), article)
    client = desk()
    for query, rows in (
        ({"batch__id__exact": batch.pk}, [first, second]),
        ({"batch__id__exact": batch.pk, "outcome__exact": "quarantined"}, [second]),
        ({"file__id__exact": third.file_id}, [third]),
        ({"article__id__exact": article.pk}, [first, third]),
        ({"needs_care__exact": 1}, [second]),
        ({"batch__id__exact": "x"}, []),
        ({"q": article.title}, [first, third]),
    ):
        found = client.get(listing("importrow", **query)).context["cl"].result_list
        assert sorted(row.pk for row in found) == [row.pk for row in rows], query


def test_a_row_tells_its_findings_and_leads_to_article_batch_and_file():
    row = make_row(
        make_batch(),
        make_article("甲"),
        findings=[
            {"code": "missing-link", "line": 3, "text": "<i>"},
            {"code": "unheard-of", "line": 4, "text": ""},
        ],
        conflicts={
            "title": {"base": "旧", "desk": "编", "seed": "新"},
            "points": {"base": [], "desk": [], "seed": []},
        },
    )
    page = desk().get(page_of(row)).content.decode()
    assert "The link is missing." in page and "Add the address of the original." in page
    assert "&lt;i&gt;" in page and "unheard-of" in page
    assert all(text in page for text in ("旧", "编", "新"))
    for other in (row.article, row.batch, row.file):
        assert f'href="{page_of(other)}"' in page


def test_a_row_that_names_another_article_leads_to_it():
    other = make_article("<另一篇>")
    findings = [{"code": "link-taken", "line": 1, "text": text} for text in (f"#{other.pk}", "#987654321")]
    page = desk().get(page_of(make_row(make_batch(), findings=findings))).content.decode()
    assert f'<a href="{page_of(other)}">#{other.pk} &lt;另一篇&gt;</a>' in page
    assert "<td>#987654321</td>" in page


@pytest.mark.parametrize("code", ["missing-link", "unheard-of"])
def test_reports_and_desk_use_the_same_words_even_for_codes_they_do_not_know(code):
    finding = {"code": code, "line": 3, "text": "某处"}
    row = make_row(make_batch(), findings=[finding])
    ((words,),) = [record["findings"] for record in deliveries.records(row.batch)]
    assert words == explained(finding)
    assert (words["code"], words["line"], words["text"], words["severity"]) == (code, 3, "某处", "warning")
    assert words["message"]


def test_a_row_without_an_article_has_a_page_too():
    assert desk().get(page_of(make_row(make_batch(), outcome=Outcome.QUARANTINED))).status_code == 200


def test_a_file_is_given_out_as_it_came_and_never_shown():
    content = b"\xff\xfe<script>alert(1)</script>\x00"
    file = make_file('seeds/"坏"\r\nX-Evil: 1.html', content)
    response = desk().get(reverse("admin:articles_seedfile_download", args=[file.pk]))
    assert response.content == content
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%22%E5%9D%8F%22__X-Evil")


def test_a_file_is_for_those_who_may_see_files():
    address = reverse("admin:articles_seedfile_download", args=[make_file().pk])
    assert desk(staff("view_seedfile")).get(address).status_code == 200
    assert desk(staff("view_article", "view_importrow")).get(address).status_code == 403
    assert Client().get(address).status_code == 302
    assert desk().get(reverse("admin:articles_seedfile_download", args=[0])).status_code == 404
    assert desk().post(address).status_code == 405


def test_lists_never_load_the_bytes_of_files():
    row = make_row(make_batch(), make_article())
    client = desk()
    for address in (
        listing("seedfile"),
        page_of(row.file),
        listing("importrow"),
        page_of(row.batch),
        page_of(row.article),
    ):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert not [query for query in queries if '"content"' in query["sql"]], address


def test_a_decision_on_a_conflict_stands_in_the_table_of_its_record():
    decided = {"choice": "take", "by": None, "at": "2026-11-22T10:15:00+00:00"}
    conflicts = {
        "title": {"base": "旧", "desk": "编", "seed": "新", "decision": decided},
        "points": {"base": [], "desk": [{"heading": "头", "body": "身"}], "seed": []},
    }
    page = desk().get(page_of(make_row(make_batch(), conflicts=conflicts))).content.decode()
    assert "<td>the seed’s was taken 2026-11-22 18:15</td>" in page
    assert "<td>not yet decided</td>" in page and "头：身" in page


class TestTheTabsOfABatch:
    def batch(self, number: int = 1) -> ImportBatch:
        batch = make_batch(counts={"created": number, "quarantined": number})
        for n in range(number):
            make_row(batch, make_article(f"标题{n}"))
            findings = [{"code": "only-title", "line": 1, "text": ""}]
            make_row(batch, outcome=Outcome.QUARANTINED, needs_care=True, findings=findings)
        return batch

    def shown(self, batch: ImportBatch, **query: object) -> list[str]:
        page = desk().get(page_of(batch), query).context["records"]
        return [entry["title"] or entry["findings"][0]["code"] for entry in page["rows"]]

    def test_have_the_records_of_each_outcome(self):
        batch = self.batch()
        assert self.shown(batch, tab="created") == ["标题0"]
        assert self.shown(batch, tab="quarantined") == ["甲"]

    def test_begin_with_the_first_that_needs_a_person(self):
        batch = self.batch()
        assert (
            self.shown(batch) == self.shown(batch, tab="conflict") == self.shown(batch, tab="<x>") == ["甲"]
        )
        make_row(batch, make_article("两边都改"), outcome=Outcome.CONFLICT)
        ImportBatch.objects.update(counts=batch.counts | {"conflict": 1})
        assert self.shown(batch) == ["两边都改"]
        ImportBatch.objects.update(counts={"created": 1})
        assert self.shown(batch) == ["标题0"]

    def test_are_paged_forth_and_back(self, monkeypatch):
        monkeypatch.setattr(records, "PAGE", 2)
        batch = self.batch(5)
        client, seen, query = desk(), [], {"tab": "created"}
        while True:
            page = client.get(page_of(batch), query).context["records"]
            seen.append([entry["title"] for entry in page["rows"]])
            if not page["after"]:
                break
            query = {"tab": "created", "after": page["after"]}
        assert seen == [["标题0", "标题1"], ["标题2", "标题3"], ["标题4"]]
        page = client.get(page_of(batch), {"tab": "created", "before": page["before"]}).context["records"]
        assert [entry["title"] for entry in page["rows"]] == ["标题2", "标题3"]

    @pytest.mark.parametrize("place", ["x", "9" * 40, "-1", "１"])
    def test_answer_any_address(self, place):
        batch = self.batch()
        for name in ("after", "before", "tab"):
            assert desk().get(page_of(batch), {name: place}).status_code == 200

    def test_tell_no_titles_to_those_who_may_not_see_articles(self):
        batch = self.batch()
        client = desk(staff("view_importbatch", "view_importrow"))
        assert "标题0" not in client.get(page_of(batch)).content.decode()
        assert client.get(rows_of(batch, "csv")).status_code == 403


def rows_of(batch: ImportBatch, form: str) -> str:
    return reverse("admin:articles_importbatch_rows", args=[batch.pk, form])


def test_the_report_of_a_batch_is_given_out_line_by_line():
    left_out = {"name": "=cmd|' /C calc'!A0.tmp", "code": "temporary-file", "text": "…"}
    batch = make_batch(counts={"created": 1, "quarantined": 1}, skipped=[left_out])
    row = make_row(batch, make_article())
    make_row(batch, outcome=Outcome.QUARANTINED, findings=[{"code": "only-title", "line": 4, "text": "@x"}])
    client = desk()
    lines = [json.loads(line) for line in client.get(rows_of(batch, "jsonl")).getvalue().splitlines()]
    assert [(line["outcome"], line.get("article")) for line in lines] == [
        ("skipped", None), ("created", row.article_id), ("quarantined", None),
    ]  # fmt: skip
    table = list(csv.reader(io.StringIO(client.get(rows_of(batch, "csv")).getvalue().decode("utf-8-sig"))))
    assert [line[0] for line in table] == ["File", f"'{left_out['name']}", "seeds/一.txt", "seeds/一.txt"]
    assert client.get(rows_of(batch, "exe")).status_code == 404


def test_long_texts_that_begin_alike_are_said_to_differ():
    article = make_article(summary="同" * records.CLIPPED + "旧")
    content = revisions.snapshot(article) | {"summary": "同" * records.CLIPPED + "新"}
    assert [line.label for line in records.compared(content, article) if line.differs] == [
        revisions.label("summary")
    ]


def test_a_record_stands_beside_what_was_understood_and_what_the_article_says_now():
    row = make_row(make_batch(), make_article("现在的标题"))
    content = "标题：甲的标题\n链接：https://example.com/1\n总结：正文\n".encode()
    SeedFile.objects.update(content=content)
    page = desk().get(page_of(row)).content.decode()
    assert '<li value="1">标题：甲的标题</li>' in page
    assert "甲的标题</p><p><b>Now</b> 现在的标题</p>" in page
    assert "甲的标题" not in desk(staff("view_importrow")).get(page_of(row)).content.decode()
    assert (
        "现在的标题" not in desk(staff("view_importrow", "view_seedfile")).get(page_of(row)).content.decode()
    )


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_happened_is_not_edited(model):
    row = make_row(make_batch(), make_article())
    thing = {"importbatch": row.batch, "importrow": row, "seedfile": row.file}[model]
    client = desk()
    assert client.get(reverse(f"admin:articles_{model}_add")).status_code == 403
    assert client.post(page_of(thing), {"name": "x"}).status_code == 403
    assert (
        client.post(reverse(f"admin:articles_{model}_delete", args=[thing.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert client.get(listing(model)).status_code == 200


def test_sources_count_their_articles_and_lead_to_them():
    source = make_source("1905.com", name="电影网")
    make_article(source=source)
    make_article(source=source)
    page = desk().get(listing("source")).content.decode()
    assert f'<a href="{listing("article", source__id__exact=source.pk)}">2</a>' in page


def test_sources_are_found_by_host_and_name_where_an_article_chooses_one():
    make_source("1905.com", name="电影网")
    query = {"app_label": "articles", "model_name": "article", "field_name": "source"}
    for term in ("1905", "电影"):
        answer = desk().get(reverse("admin:autocomplete"), query | {"term": term}).json()
        assert [item["text"] for item in answer["results"]] == ["电影网"]


@pytest.mark.parametrize("model", [*READ_ONLY, "source"])
def test_list_and_page_take_as_many_statements_for_three_as_for_one(model):
    client = desk()

    def grow(findings: int) -> object:
        article = make_article(source=make_source(f"{findings}.example.com"))
        batch = make_batch(by=make_user(), counts={"created": 1}, skipped=[{"name": "x"}] * findings)
        found = [{"code": "missing-link", "line": n, "text": ""} for n in range(findings)]
        row = make_row(batch, article, findings=found)
        return {"importbatch": batch, "importrow": row, "seedfile": row.file, "source": article.source}[model]

    def statements(thing: object) -> list[int]:
        counts = []
        for address in (listing(model), page_of(thing)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    first = grow(1)
    statements(first)  # what is looked up once in the life of a process
    one = statements(first)
    grow(2)
    assert statements(grow(3)) == one
