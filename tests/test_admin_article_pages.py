"""The list of articles, and what the page of one tells beside its form."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import (
    Article,
    ImportBatch,
    ImportRow,
    SeedFile,
    Source,
    Status,
)
from taxonomy.models import Technology
from tests.desk_form import LIST, POINTS, page_of, saved
from tests.factories import desk, make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW, Status.DECLINED])
def test_a_preview_shows_an_article_in_any_state_to_the_desk_alone(status):
    article = make_article("尚未发布", status=status, intro="导语", points=POINTS)
    response = desk(staff("view_article")).get(page_of(article, "preview"))
    assert "尚未发布" in response.content.decode()
    assert "noindex" in response["X-Robots-Tag"]
    assert desk(staff()).get(page_of(article, "preview")).status_code == 403
    assert Client().get(page_of(article, "preview")).status_code == 302


def imported(article: Article, **fields: Any) -> ImportRow:
    number = SeedFile.objects.count()
    batch = ImportBatch.objects.create(paths=["seeds"], finished_at=timezone.now())
    file = SeedFile.objects.create(sha256=f"{number:064}", name=f"{number}.txt", content=b"x", size=1)
    lines = {"first_line": 1, "last_line": 9, "file_name": file.name, "outcome": "created"}
    return ImportRow.objects.create(batch=batch, file=file, article=article, **lines | fields)


def test_the_page_tells_where_an_article_came_from():
    article = make_article(extra={"作者": "张三"}, also_at=["https://example.com/2"])
    row = imported(article, findings=[{"code": "missing-link", "line": 3, "text": "<b>链接</b>"}])
    page = desk().get(page_of(article)).content.decode()
    assert "The link is missing." in page and "Add the address of the original." in page
    assert "&lt;b&gt;链接&lt;/b&gt;" in page and "张三" in page
    for address in (
        f"importrow/{row.pk}/change/",
        f"importbatch/{row.batch_id}/change/",
        f"seedfile/{row.file_id}/download/",
    ):
        assert f'href="/admin/articles/{address}"' in page
    plain = desk(staff("view_article")).get(page_of(article)).content.decode()
    assert "/download/" not in plain and "0.txt" in plain


def test_a_finding_that_names_another_article_leads_to_it():
    other, article = make_article("另一篇"), make_article()
    imported(
        article,
        findings=[
            {"code": "possible-duplicate", "line": 1, "text": f"#{other.pk}"},
            {"code": "link-taken", "line": 2, "text": "#987654321"},
            {"code": "link-taken", "line": 3, "text": "#" + "9" * 40},
            {"code": "term-dropped", "line": 4, "text": f"#{other.pk}"},
        ],
    )
    page = desk().get(page_of(article)).content.decode()
    assert page.count(f'<a href="{page_of(other)}">#{other.pk} 另一篇</a>') == 1
    assert all(f"<q>#{text}</q>" in page for text in ("987654321", "9" * 40, other.pk))


@pytest.mark.parametrize("finding", [{}, {"code": "unheard-of", "line": 4, "text": "新版本"}])
def test_a_finding_of_a_newer_version_breaks_nothing(finding):
    article = make_article()
    imported(article, findings=[finding])
    page = desk().get(page_of(article)).content.decode()
    assert finding.get("code", "") in page and finding.get("text", "") in page
    assert "Content-Transfer" not in page


def test_the_page_lists_its_latest_revisions():
    article = make_article()
    for title in ("一", "二"):
        saved(article, title=title)
    revisions = desk().get(page_of(article)).context["revisions"]
    assert [revision.number for revision in revisions] == [2, 1]


def test_a_label_of_any_name_is_shown():
    page = desk().get(page_of(make_article(extra={"items": "甲", "get": "乙"}))).content.decode()
    assert "<dt>items</dt><dd>甲</dd>" in page and "<dt>get</dt><dd>乙</dd>" in page


def test_the_form_has_no_list_of_all_sources_or_terms():
    for number in range(5):
        make_term(f"别的词{number}")
        Source.objects.create(host=f"other{number}.example.com")
    page = desk().get(page_of(make_article())).content.decode()
    assert "别的词" not in page and "other1.example.com" not in page


# --- lists


def listed(query: str, client: Client | None = None) -> list[str]:
    response = (client or desk()).get(LIST + query)
    assert response.status_code == 200
    return [article.title for article in response.context["cl"].result_list]


def test_the_list_is_narrowed_by_terms_sources_batches_and_gaps():
    full = make_article("全", technologies=["AI"], keywords=["词"], industries=["业"], points=POINTS)
    bare = make_article("缺", source="1905.com", url="", url_key=None)
    term, row = Technology.objects.get(), imported(full, needs_care=True)
    make_term("LLM", merged_into=term)
    for query, titles in {
        "": ["缺", "全"],
        f"?technologies={term.slug}": ["全"],
        f"?technologies={term.pk}": ["全"],
        "?technologies=llm": ["全"],
        "?technologies=nothing": [],
        f"?source__id__exact={bare.source_id}": ["缺"],
        "?source__id__exact=x": [],
        f"?import_rows__batch={row.batch_id}": ["全"],
        "?import_rows__batch=0": [],
        "?lacks=terms": ["缺"],
        "?lacks=keywords": ["缺"],
        "?lacks=link": ["缺"],
        "?lacks=points": ["缺"],
        "?care=yes": ["全"],
        "?care=no": ["缺"],
        "?status__exact=draft": ["缺", "全"],
        "?status__exact=published": [],
        "?q=全": ["全"],
    }.items():
        assert listed(query) == titles, query


@pytest.mark.parametrize("query", ["technologies=%00", "q=%00", "import_rows__batch=%00", "p=-1"])
def test_a_hostile_query_breaks_nothing(query):
    make_article()
    refused = {400} if "%00" in query else {200, 302}
    assert desk().get(f"{LIST}?{query}").status_code in refused


def test_a_pasted_link_finds_its_article():
    make_article("甲", url="http://www.1905.com/a", url_key="https://www.1905.com/a")
    make_article("乙")
    assert listed("?q=https://WWW.1905.com/a?utm_source=x") == ["甲"]


def test_list_and_form_take_as_many_statements_for_three_articles_as_for_one():
    client = desk()

    def grow(number: int) -> Article:
        names = [f"{letter}{number}" for letter in "abc"[: number + 1]]
        article = make_article(
            source=f"{number}.example.com",
            intro="导语",
            points=POINTS[: number + 1],
            keywords=names,
            technologies=names,
            industries=names,
        )
        for _row in range(number + 1):
            imported(article, findings=[{"code": "missing-link", "line": 1, "text": ""}])
        Article.objects.filter(pk=article.pk).update(editor=make_user())
        return article

    def statements(article: Article) -> list[int]:
        counts = []
        for address in (LIST, page_of(article), page_of(article, "preview")):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    first = grow(0)
    statements(first)  # what is looked up once in the life of a process
    one = statements(first)
    grow(1)
    third = grow(2)
    statements(third)  # and what is looked up once when there are new terms
    assert statements(third) == one
    assert one[0] <= 12 and one[1] <= 30, one


@pytest.mark.parametrize(
    "query", ["title__regex=(", "id__range=1", "published_at__year=99999999999", "title__unaccent=a"]
)
def test_a_list_is_asked_only_what_its_filters_ask(query):
    assert desk().get(f"{LIST}?{query}").status_code == 400
