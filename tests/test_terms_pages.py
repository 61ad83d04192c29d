"""The pages of terms and their indexes: what they count, how they sort, and where their links lead."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib import import_module
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.filters import ArticleFilter
from articles.models import Article
from articles.search import drain
from articles.views import indexes
from taxonomy.merge import merge, move
from taxonomy.models import Keyword, Technology
from tests.factories import english_reader, make_article, make_term

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_index")]

NOTE = "Without numbers for now"


@pytest.fixture
def client() -> Client:
    return english_reader()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def counted(page: str) -> list[tuple[str, int]]:
    """(address, number) of every link that says how many articles it opens."""
    found = re.findall(r'<a href="([^"]+)"[^>]*>[^<]*</a><data value="(\d+)"', page)
    found += re.findall(r'<td[^>]*><a href="([^"]+)"[^>]*>([\d,]+)</a></td>', page)
    return [(unescape(address), int(number.replace(",", ""))) for address, number in found]


def opened(address: str) -> int:
    """How many articles the list at this address has."""
    selection = ArticleFilter(QueryDict(address.partition("?")[2]))
    assert selection.is_valid() and address.startswith("/articles/?")
    return selection.articles.count()


def names(page: str) -> list[str]:
    return re.findall(r'<li><a href="/\w+/[^"]+">(.*?)</a>', page.split("<main")[1])


# --- the page of a term -----------------------------------------------------------------------------


def in_months(*numbers: int) -> None:
    """Articles with Sora: so many this month, so many the month before …"""
    month = timezone.localtime().replace(day=1, hour=0, minute=30)
    for number in numbers:
        for place in range(number):
            make_article(
                publish=True,
                published_at=month,
                technologies=["Sora", "智能体"][: 1 + place % 2],
                industries=["电影"],
            )
        month = (month - timedelta(days=1)).replace(day=1)


def test_every_number_of_a_term_opens_exactly_that_many(client: Client):
    in_months(2, 0, 3)
    make_article(publish=True, technologies=["智能体"], industries=["电影"])
    make_article(technologies=["Sora", "草稿"])
    drain.rebuild()
    page = text(client, "/technologies/sora/")
    assert "5 articles" in page and NOTE not in page
    assert [number for _address, number in counted(page)] == [2, 5, 2, 3]
    for address, number in counted(page):
        assert opened(address) == number
    assert "草稿" not in page


def test_a_month_of_the_chart_without_articles_has_no_link(client: Client):
    in_months(1, 0, 4)
    drain.rebuild()
    page = text(client, "/technologies/sora/")
    assert page.count("<rect ") == 2
    assert re.findall(r"<td>(?:<a [^>]*>)?(\d+)", page) == ["1", "0", "4"]
    assert "the highest is" in page and "with 4." in page


def test_one_month_needs_no_chart_and_a_long_silence_has_none(client: Client):
    make_article(publish=True, technologies=["Sora"])
    make_article(publish=True, published_at=datetime(2001, 5, 1, tzinfo=UTC), technologies=["旧"])
    drain.rebuild()
    assert "<svg" not in text(client, "/technologies/sora/").split("<main")[1]
    assert "<svg" not in text(client, "/technologies/旧/").split("<main")[1]


def test_without_an_index_a_term_has_its_articles_and_says_why_no_numbers(client: Client):
    make_article("一篇", publish=True, technologies=["Sora"])
    page = text(client, "/technologies/sora/")
    assert NOTE in page and "一篇" in page and "<svg" not in page.split("<main")[1]


def test_a_term_that_nothing_public_carries_says_so(client: Client):
    make_article(technologies=["Sora"])
    drain.rebuild()
    assert "No published article carries this term yet." in text(client, "/technologies/sora/")


def family() -> tuple[Technology, Technology, Technology]:
    top = make_term("大模型")
    middle = make_term("视频生成", parent=top)
    low = make_term("Sora", parent=middle)
    for term in (top, middle, low):
        make_article(f"{term.name}的文章", publish=True, technologies=[term.name, "智能体"])
    return top, middle, low


def test_a_term_has_the_articles_of_all_below_it_and_says_where_it_stands(client: Client):
    family()
    drain.rebuild()
    page = text(client, "/technologies/视频生成/")
    assert "2 articles" in page
    assert "大模型的文章" not in page and "Sora的文章" in page and "视频生成的文章" in page
    crumbs, below = (
        re.search(rf'<nav class="{name}".*?</nav>', page, re.S)[0] for name in ("broader", "narrower")
    )
    assert re.findall(r"<a[^>]*>(.*?)</a>", crumbs) == ["AI technology", "大模型"]
    assert re.findall(r">([^<]+)</a> <data value=\"(\d+)\"", below) == [("Sora", "1")]


def test_the_chart_and_the_related_terms_count_the_whole_branch(client: Client):
    family()
    drain.rebuild()
    page = text(client, "/technologies/大模型/")
    assert "3 articles" in page
    assert [(opened(address), number) for address, number in counted(page)] == [
        (3, 3)
    ]  # 智能体, none of its own kin


def test_an_address_that_readers_have_met_answers_for_good(client: Client):
    term, new = make_term("Sora", aliases=["索拉"]), make_term("新词", confirmed=False)
    merge([make_term("旧名")], into=term, by=None)
    addresses = [f"/technologies/{slug}/" for slug in ("sora", "索拉", "旧名")]
    assert [client.get(address).status_code for address in addresses] == [200, 301, 301]
    for change in ({"confirmed": False}, {"declined": True}):
        Technology.objects.filter(pk=term.pk).update(**change)
        answers = [client.get(address) for address in addresses]
        assert {answer.status_code for answer in answers} == {410}
        assert answers[0].headers["X-Robots-Tag"] == "noindex" and "no longer used" in answers[0].text
    assert client.get(f"/technologies/{new.slug}/").status_code == 404
    Technology.objects.filter(pk=term.pk).update(confirmed=True, declined=False)
    assert client.get(addresses[0]).status_code == 200


def test_all_spellings_are_named_those_of_merged_terms_too(client: Client):
    term = make_term("大语言模型", aliases=["大模型"])
    merge([make_term("LLM", aliases=["语言模型"])], into=term, by=None)
    page = text(client, "/technologies/大语言模型/")
    listed = re.search(r'class="aliases".*?</ul>', page, re.S)[0]
    assert sorted(re.findall(r"<li>(.*?)</li>", listed)) == ["LLM", "大模型", "语言模型"]


@pytest.mark.parametrize("address", ["/articles/", "/events/"])
def test_a_list_of_a_term_that_was_moved_leads_to_where_it_is(client: Client, address):
    make_article(technologies=["电影"], keywords=["版权"])
    move([Technology.objects.get()], to=Keyword, by=None)
    answer = client.get(f"{address}?technology=电影&keyword=版权&since=2026-01-01")
    assert (answer.status_code, unquote(answer.headers["Location"])) == (
        301,
        f"{address}?keyword=版权&keyword=电影&since=2026-01-01",
    )
    assert client.get(answer.headers["Location"]).status_code == 200
    Keyword.objects.filter(name="电影").update(confirmed=False)
    assert "There is no AI technology “电影”." in client.get(f"{address}?technology=电影").text


def test_a_description_is_shown_as_markdown_and_its_first_sentence_to_search_engines(client: Client):
    make_term("Sora", description="# 来历\n**Sora** 是视频模型。见[官网](https://a.example/)。<script>")
    page = text(client, "/technologies/sora/")
    assert "<h2>来历</h2>" in page and "<strong>Sora</strong>" in page and "<script>" not in page
    assert '<a href="https://a.example/" rel="nofollow noopener">官网</a>' in page
    assert '<meta name="description" content="Sora 是视频模型。">' in page


def test_old_names_lead_to_the_term(client: Client):
    sora = make_term("Sora", aliases=["索拉"])
    make_term("SORA模型", merged_into=sora)
    for slug in ["索拉", "sora模型"]:
        answer = client.get(f"/technologies/{slug}/")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/technologies/sora/")


# --- indexes ----------------------------------------------------------------------------------------


def carried(**names: int) -> None:
    for name, number in names.items():
        for _article in range(number):
            make_article(publish=True, keywords=[name])


def test_an_index_by_number_has_the_most_frequent_first_and_links_that_keep_their_word(client: Client):
    carried(视频=1, 安全=3, Sora=2)
    make_article(keywords=["草稿"])
    drain.rebuild()
    page = text(client, "/keywords/")
    assert names(page) == ["安全", "Sora", "视频"]
    assert [number for _address, number in counted(page)] == [3, 2, 1]


def test_an_index_by_pinyin_stands_under_its_letters(client: Client):
    carried(视频=1, 安全=1, Sora=2, 重庆=1)
    make_article(publish=True, keywords=["3D打印"])
    make_article(keywords=["草稿"])
    drain.rebuild()
    page = text(client, "/keywords/?sort=pinyin")
    assert names(page) == ["3D打印", "安全", "重庆", "视频", "Sora"]
    assert re.findall(r"<h2>(.)</h2>", page) == ["#", "A", "C", "S"]
    assert re.findall(r'href="#letter-(\w+)"', page) == re.findall(r'id="letter-(\w+)"', page)


def test_a_large_index_goes_letter_by_letter_and_page_by_page(client: Client, monkeypatch):
    monkeypatch.setattr(indexes, "MAX_TERMS", 2)
    carried(安全=1, 视频=1, 数据=1, Sora=1)
    make_term("深圳", "keyword")
    drain.rebuild()
    assert names(text(client, "/keywords/?sort=pinyin")) == ["安全"]
    assert names(text(client, "/keywords/?sort=pinyin&letter=S")) == ["视频", "数据"]
    page = text(client, "/keywords/?sort=pinyin&letter=s&page=2")
    assert names(page) == ["Sora"] and 'rel="prev"' in page and 'rel="next"' not in page
    assert "Nothing stands under Q." in text(client, "/keywords/?sort=pinyin&letter=Q")


def test_by_number_only_the_most_frequent_are_shown_and_it_says_so(client: Client, monkeypatch):
    monkeypatch.setattr(indexes, "MAX_TERMS", 1)
    carried(视频=1, 安全=2)
    drain.rebuild()
    page = text(client, "/keywords/")
    assert names(page) == ["安全"] and "The 1 most frequent are shown." in page


def test_without_an_index_the_terms_are_there_without_numbers(client: Client):
    carried(视频=1, 安全=2)
    for address in ["/keywords/", "/keywords/?sort=pinyin", "/keywords/?sort=pinyin&letter=A"]:
        page = text(client, address)
        assert "安全" in page and NOTE in page and "<data" not in page


def test_empty_indexes_say_so(client: Client):
    drain.rebuild()
    for order in ["", "?sort=pinyin"]:
        assert "Nothing has been published yet." in text(client, f"/keywords/{order}")


@pytest.mark.parametrize("letter", ["%00", "AB", "中", "9" * 5000, "A%00", "<b>"])
def test_a_letter_that_is_none_is_explained(client: Client, letter):
    page = text(client, f"/keywords/?sort=pinyin&letter={letter}")
    assert "An index has the letters A to Z" in page and "<b>" not in page.split("<main")[1]


@pytest.mark.parametrize(
    "query",
    ["page=%00", f"page={'9' * 5000}", "page=-1", "page=x", "sort=%00", "letter=A&letter=S", "before=x"],
)
def test_strange_parameters_do_no_harm(client: Client, query):
    carried(安全=1)
    drain.rebuild()
    for address in ["/keywords/?sort=pinyin&letter=A&", "/keywords/?", "/keywords/安全/?"]:
        text(client, address + query)


@pytest.mark.parametrize("built", [True, False])
def test_the_number_of_statements_does_not_grow(client: Client, built):
    used = {}
    for rows in (1, 3):
        while Article.objects.count() < rows:
            number = Article.objects.count()
            make_article(
                publish=True,
                published_at=timezone.now() - timedelta(days=40 * number),
                technologies=["Sora", f"技术{number}"],
                industries=[f"行业{number}"],
                keywords=[f"词{number}"],
            )
        if built:
            drain.rebuild()
        for address in [
            "/technologies/sora/",
            "/technologies/",
            "/technologies/?sort=pinyin",
            "/technologies/?sort=pinyin&letter=S",
        ]:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                text(client, address)
            used.setdefault(address, []).append(len(queries))
    assert all(one == three for one, three in used.values()), used


# --- sort keys --------------------------------------------------------------------------------------


def test_a_sort_key_follows_the_name_whatever_way_it_is_written():
    term = make_term("重庆")
    Technology.objects.resolve(["视频生成"], create=True)
    Technology.objects.bulk_create([Technology(name="Étude")])
    keys = Technology.objects.order_by("sort_key").values_list("sort_key", flat=True)
    assert list(keys) == ["chong qing", "etude", "shi pin sheng cheng"]
    term.name = "上海"
    term.save()
    assert term.sort_key == "shang hai" and term.letter == "S"


def test_the_migration_fills_what_the_field_would():
    names = ["重庆", "3D打印", "长上下文", "调优", "Étude", "GPT-4o模型", "《三体》", "x" * 100, "装" * 100]
    Keyword.objects.bulk_create([Keyword(name=name) for name in names])
    before = dict(Keyword.objects.values_list("pk", "sort_key"))
    Keyword.objects.update(sort_key="")
    migration = import_module("taxonomy.migrations.0004_fill_sort_keys")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert dict(Keyword.objects.values_list("pk", "sort_key")) == before


def test_one_letter_is_one_range_of_the_index():
    Keyword.objects.bulk_create([Keyword(name=f"{char}{n}") for char in "安保车" for n in range(300)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE taxonomy_keyword")
    plan = Keyword.objects.current().under("B").values_list("pk")[:500].explain()
    assert "keyword_sort_key" in plan and "Sort" not in plan.replace("sort_key", "")


def test_without_an_index_no_term_of_a_draft_stands_under_its_letter(no_index):
    make_article(keywords=["秘密项目"])
    make_article(publish=True, keywords=["公开项目"])
    for query in ("?sort=pinyin", "?sort=pinyin&letter=M", "?sort=pinyin&letter=G"):
        page = Client().get(f"/keywords/{query}").content.decode()
        assert "秘密项目" not in page and ("公开项目" in page) == ("M" not in query), query
