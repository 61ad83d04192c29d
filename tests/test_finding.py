"""Searching and narrowing as a reader does it, on the list of articles."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles import links, workflow
from articles.facets import Facets
from articles.filters import ArticleFilter
from articles.models import Reuse, Source
from articles.search.query import Asked, matching
from articles.search.reader import Reader
from taxonomy.models import Technology
from taxonomy.tree import trees
from tests.factories import desk, english_reader, make_article, make_source, make_term

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    return english_reader()


def get(client: Client, query: str) -> str:
    response = client.get(f"/articles/{query}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def titles(page: str) -> list[str]:
    return [re.sub(r"</?mark>", "", title) for title in re.findall(r"<h3[^>]*><a [^>]*>(.*?)</a></h3>", page)]


def options(page: str, parameter: str) -> dict[str, tuple[int, str]]:
    """The options of a facet that are not chosen: name -> (count, address)."""
    facet = re.search(rf'<section class="facet {parameter}">.*?</section>', page, re.S)
    link = r'<a class="share-\d+" href="([^"]*)" rel="nofollow"><span>(.*?)</span> <data value="(\d+)"'
    found = re.findall(link, facet[0]) if facet else []
    return {name: (int(count), address) for address, name, count in found}


def published(title: str, **fields):
    return make_article(title, publish=True, published_at=fields.pop("published_at", OCTOBER), **fields)


# --- searching --------------------------------------------------------------------------------------


def test_a_search_shows_what_was_found_and_marks_it(client: Client, indexed: Callable[[], Reader]):
    published("题目", points=[("一点", "導演談電影工業。")], summary="别处的电影。")
    indexed()
    page = get(client, "?q=电影")
    assert titles(page) == ["题目"]
    assert "導演談<mark>電影</mark>工業" in page
    assert "1 article" in page


def test_a_hit_in_a_text_that_may_not_be_shown_says_so_and_shows_nothing_of_it(client: Client, indexed):
    published("题目", source="a.example.com", summary="开头。" * 100 + "只在深处的秘密词语在此。")
    indexed()
    page = get(client, "?q=秘密词语")
    assert titles(page) == ["题目"]
    assert "stand in the full text" in page and "只在深处" not in page


def test_a_hit_in_title_or_terms_is_explained_by_them(client: Client, indexed):
    published("談電影", summary="秘密" * 300 + "电影与影视", industries=["影视"])
    indexed()
    page = get(client, "?q=电影+影视")
    assert "談<mark>電影</mark></a></h3>" in page and "stand in the full text" not in page


def test_a_hit_in_a_text_that_may_be_shown_in_full_is_quoted(client: Client, indexed):
    make_source("free.example.com", reuse=Reuse.FULL)
    published("题目", source="free.example.com", summary="开头。" * 100 + "只在深处的秘密词语在此。")
    indexed()
    assert "只在深处的<mark>秘密词语</mark>在此" in get(client, "?q=秘密词语")


@pytest.mark.parametrize("reuse", [Reuse.LINK, Reuse.EXCERPT])
@pytest.mark.parametrize("where", ["points", "intro", "conclusion"])
def test_no_passage_quotes_a_protected_text_at_length(client: Client, indexed, reuse: str, where: str):
    source = "".join(f"第{number:04}句说了这些话。" for number in range(200))
    make_source("a.example.com", reuse=reuse)
    copied = {"points": [("", source)]} if where == "points" else {where: source}
    published("题目", source="a.example.com", summary=source, **copied)
    indexed()
    seen = "".join(get(client, f"?q=第{number:04}句") for number in range(20, 200, 30))
    assert "句说了这些话。第0051句" not in seen and "第0150句</mark>" not in seen


def test_a_hit_is_escaped(client: Client, indexed):
    published("题目", points=[("", "<script>alert(1)</script>电影<b>")])
    indexed()
    page = client.get("/articles/?q=电影").content.decode()
    assert (
        "<script>alert" not in page
        and "&lt;script&gt;alert(1)&lt;/script&gt;<mark>电影</mark>&lt;b&gt;" in page
    )
    page = client.get("/articles/", {"q": "<script>"}).content.decode()
    assert "<mark>&lt;script&gt;</mark>" in page and "<script>alert" not in page


def test_an_alias_finds_what_carries_the_term_and_says_so(client: Client, indexed):
    make_term("Midjourney", aliases=["MJ"])
    published("绘画", technologies=["Midjourney"])
    indexed()
    page = get(client, "?q=MJ")
    assert titles(page) == ["绘画"]
    assert re.search(r"“MJ”|“mj”", page) and 'href="/technologies/midjourney/"' in page


def test_the_order_is_the_readers_choice(client: Client, indexed):
    published("电影", published_at=OCTOBER - timedelta(days=1))
    published("别的", summary="电影")
    indexed()
    assert titles(get(client, "?q=电影")) == ["电影", "别的"]
    assert titles(get(client, "?q=电影&sort=newest")) == ["别的", "电影"]
    assert titles(get(client, "?sort=newest")) == ["别的", "电影"]


def test_nothing_found_says_which_filter_or_word_to_drop(client: Client, indexed):
    published("电影", technologies=["Sora"])
    published("音乐", technologies=["Pika"])
    indexed()
    page = get(client, "?q=电影+音乐&technology=sora")
    assert titles(page) == []
    links = dict(re.findall(r'<li><a href="([^"]*)" rel="nofollow">without “(.*?)”', page))
    assert links == {"?q=%E7%94%B5%E5%BD%B1&technology=sora": "音乐"}
    for link in links:
        assert titles(get(client, link)) == ["电影"]


def test_a_word_to_drop_promises_what_its_list_holds(client: Client, indexed):
    make_term("New York", "keyword", aliases=["big apple"])
    published("一", keywords=["New York"])
    published("二", summary="a big apple")
    indexed()
    page = get(client, "?q=big+apple+zzz")
    (link,) = re.findall(
        r'<li><a href="([^"]*)" rel="nofollow">without “zzz”</a> <span class="count">2 ', page
    )
    assert titles(get(client, link)) == ["一", "二"]  # terms before texts


def test_where_no_single_filter_is_to_blame_all_can_be_dropped(client: Client, indexed):
    published("电影")
    published("别的", technologies=["Luma"])
    published("另外", industries=["医疗"])
    indexed()
    page = get(client, "?q=电影&technology=luma&industry=医疗")
    assert "stands in no published article" not in page
    link = re.search(r'<a href="([^"]*)">without all filters', page)[1]
    assert titles(get(client, link)) == ["电影"]


def test_beyond_the_last_hit_stands_the_first_page(client: Client, indexed):
    published("电影")
    indexed()
    assert titles(get(client, "?q=电影&before=2-5")) == ["电影"]


def test_a_name_written_with_a_space_is_the_name(client: Client, indexed):
    published("绘画", technologies=["Midjourney"])
    indexed()
    for question in ('"mid journey"', "mid journey", "MID journey", "midjourney"):
        assert titles(get(client, f"?q={question}")) == ["绘画"], question


def test_a_new_question_is_put_within_the_chosen_filters(client: Client, indexed):
    published("电影", technologies=["Sora"])
    indexed()
    page = get(client, "?technology=sora&since=2026-01-01")
    form = re.search(r'<form class="search".*?</form>', page, re.S)[0]
    fields = re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', form)
    assert fields == [("technology", "sora"), ("since", "2026-01-01")]


def test_without_an_index_lists_work_and_search_says_what_is_going_on(client: Client, no_index):
    published("电影", technologies=["Sora"])
    assert titles(get(client, "?technology=sora")) == ["电影"]
    page = get(client, "?q=电影")
    assert titles(page) == [] and "Search is being prepared" in page


@pytest.mark.parametrize(
    "asked",
    [
        "?q=" + "长" * 201,
        "?q=" + "㎉" * 150,
        '?q=""',
        "?q=%00",
        "?q=" + "+".join("一二三四五六七八九十百千"),
        "?q=电影&sort=x",
    ],
)
def test_a_question_that_cannot_be_answered_is_explained(client: Client, indexed, asked: str):
    published("电影")
    indexed()
    page = get(client, asked)
    assert titles(page) == [] and "This selection cannot be shown" in page


@pytest.mark.parametrize(
    "asked",
    [
        "?q=",
        "?q=+",
        "?q=电影&before=9-9",
        "?q=电影&after=x",
        "?q=影&before=1-" + "9" * 20,
        "?q=影&since=0001-01-01&until=9999-12-31",
    ],
)
def test_hostile_cursors_and_empty_questions_are_harmless(client: Client, indexed, asked: str):
    published("电影")
    indexed()
    get(client, asked)


def test_an_index_that_fails_is_a_page_not_an_error(client: Client, indexed, monkeypatch):
    published("电影")
    indexed()

    class PanicException(BaseException):
        """As pyo3 calls what a panic of Rust becomes."""

    for failure in (ValueError("Unsupported dictionary type"), PanicException("index out of bounds")):

        def fail(*_args, failure=failure, **_kwargs):
            raise failure

        monkeypatch.setattr("articles.search.query._Search.__init__", fail)
        response = client.get("/articles/?q=电影")
        assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert titles(get(client, "")) == ["电影"]


def test_what_is_no_longer_public_is_not_shown_whatever_the_index_says(client: Client, indexed):
    article = published("电影")
    published("电影二")
    indexed()
    workflow.withdraw(article, by=None, reason="错了")
    assert titles(get(client, "?q=电影")) == ["电影二"]


def test_search_pages_lead_on_and_back(client: Client, indexed):
    for number in range(45):
        published(f"电影{number}", published_at=OCTOBER - timedelta(days=number))
    indexed()
    first = get(client, "?q=电影")
    assert "45 articles" in first
    older = re.search(r'rel="next" href="([^"]+)"', first)[1]
    second = get(client, older)
    newer = re.search(r'rel="prev" href="([^"]+)"', second)[1]
    assert titles(first) + titles(second) == [f"电影{number}" for number in range(40)]
    assert titles(get(client, newer)) == titles(first)


def test_the_number_of_statements_of_a_search_is_constant(client: Client, indexed):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            get(client, "?q=电影&technology=sora")
        return len(queries)

    published(
        "电影", technologies=["Sora"], industries=["影视"], keywords=["一", "二"], points=[("电影", "")]
    )
    indexed()
    get(client, "?q=电影")  # opens the index
    one = statements()
    for _ in range(3):
        published("电影", technologies=["Sora", "Pika"], industries=["影视", "传媒"], points=[("电影", "")])
    indexed()
    get(client, "?q=电影")
    assert statements() == one


# --- narrowing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "q=电影&"])
def test_each_count_is_that_of_the_list_it_opens(client: Client, indexed, question: str):
    published(
        "电影一",
        technologies=["Sora", "Pika"],
        industries=["影视"],
        keywords=["郭帆"],
        source="a.example.com",
    )
    published("电影二", technologies=["Sora"], industries=["传媒"], source="b.example.com")
    published("电影三", technologies=["Pika"], industries=["影视"], published_at=OCTOBER - timedelta(days=40))
    make_article("电影四", technologies=["Sora"])
    indexed()
    checked = 0
    for query in ("", "technology=sora", "technology=sora&technology=pika", "technology=sora&technology=pika&match=all",
                  "industry=影视&since=2026-10-01", "source=a.example.com&technology=pika"):  # fmt: skip
        page = get(client, f"?{question}{query}")
        for parameter in ("technology", "industry", "keyword", "source", "month"):
            for count, address in options(page, parameter).values():
                if 'aria-current="true"' not in page.split(f'href="{address}"')[1][:40]:
                    assert len(titles(get(client, address))) == count, (query, parameter, address)
                    checked += 1
    assert checked > 40


def test_what_is_chosen_of_a_vocabulary_is_left_out_of_its_own_counts(client: Client, indexed):
    published("一", technologies=["Sora"], industries=["影视"])
    published("二", technologies=["Pika"], industries=["影视"])
    published("三", technologies=["Pika"], industries=["传媒"])
    indexed()
    page = get(client, "?technology=sora&industry=影视")
    assert {name: count for name, (count, _) in options(page, "technology").items()} == {"Pika": 1}
    assert re.search(r'aria-current="true"><span>影视</span> <data value="1"', page)


def test_the_index_is_asked_once_for_a_text_within_filters_if_it_can_tell_all(client, indexed, monkeypatch):
    """Beyond so many hits only the newest are known: what a narrower selection holds of the others must be asked."""
    published("电影一", technologies=["Sora"], industries=["影视"], published_at=OCTOBER - timedelta(days=3))
    published("电影二", technologies=["Pika"], industries=["影视"])
    published("电影三", technologies=["Pika"], industries=["传媒"])
    indexed()
    asked: list[Asked] = []

    def noticed(limit: int) -> Callable:
        return lambda reader, question: asked.append(question) or matching(reader, question, limit)

    def industries(limit: int) -> tuple[dict[str, int], int]:
        asked.clear()
        monkeypatch.setattr("articles.facets.matching", noticed(limit))
        page = get(client, "?q=电影&technology=sora")
        return {name: count for name, (count, _) in options(page, "industry").items()}, len(asked)

    assert industries(limit=3) == ({"影视": 1}, 1)
    assert industries(limit=2) == ({"影视": 1}, 2)


def test_a_facet_shows_a_new_name_at_once(client: Client, indexed):
    published("一", technologies=["Sora"], source=make_source("a.example.com"))
    indexed()
    assert set(options(get(client, ""), "technology")) == {"Sora"}
    Technology.objects.update(name="Sora 2")
    Source.objects.update(name="早报")
    page = get(client, "")
    assert set(options(page, "technology")) == {"Sora 2"} and set(options(page, "source")) == {"早报"}


def test_all_facets_take_one_statement_and_one_that_asks_whether_the_trees_have_changed(
    client: Client, indexed, django_assert_num_queries
):
    published(
        "一", technologies=["Sora", "Pika"], industries=["影视"], keywords=["郭帆"], source="a.example.com"
    )
    index = indexed()
    trees()
    selection = ArticleFilter(QueryDict())
    with django_assert_num_queries(2):
        assert [facet.parameter for facet in Facets(selection, index).all()] == [
            *("technology", "industry", "keyword", "source", "month")
        ]


def test_a_facet_is_written_in_the_language_of_the_reader(client: Client, indexed):
    published("一", technologies=["Sora"])
    indexed()
    headings = [
        re.search('facet technology">\\s*<h2>(.*?)</h2>', get(reader, ""))[1] for reader in (client, Client())
    ]
    assert headings == ["AI technology", "AI技术"]


def test_a_month_opens_its_days(client: Client, indexed):
    published("一")
    published("二", published_at=OCTOBER - timedelta(days=35))
    indexed()
    months = options(get(client, ""), "month")
    assert [count for count, _ in months.values()] == [1, 1]
    assert titles(get(client, next(iter(months.values()))[1])) == ["一"]


def test_a_list_says_how_many_articles_it_has(client: Client, indexed):
    published("一", technologies=["Sora"])
    published("二")
    indexed()
    assert "2 articles" in get(client, "")
    assert "1 article" in get(client, "?technology=sora")


# --- on the desk ------------------------------------------------------------------------------------


def test_the_desk_searches_all_states_in_the_same_way(indexed):
    make_article("草稿", summary="導演談電影")
    published("别的")
    indexed()
    page = desk().get("/admin/articles/article/?q=电影").content.decode()
    assert "草稿" in page and "别的" not in page


def test_the_desk_finds_through_aliases_too(indexed):
    make_term("Midjourney", aliases=["MJ"])
    make_article("绘画", technologies=["Midjourney"])
    indexed()
    assert "绘画" in desk().get("/admin/articles/article/?q=MJ").content.decode()


def test_the_desk_finds_a_link_in_any_form(indexed):
    make_article("一", url="https://example.com/a", url_key=links.canonical("https://example.com/a"))
    indexed()
    assert "一" in desk().get("/admin/articles/article/?q=http://example.com/a?utm_source=x").content.decode()


def test_without_an_index_the_desk_searches_titles_and_is_told(no_index):
    make_article("电影")
    page = desk().get("/admin/articles/article/?q=电影").content.decode()
    assert "电影</a>" in page and "only titles and links are searched" in page


@pytest.mark.parametrize("word", ["x" * 5_000, "ﷺ" * 100])
def test_on_the_desk_the_beginning_of_a_word_without_end_is_looked_for(
    word: str, indexed: Callable[[], Reader]
):
    article = make_article(f"头 {word} 尾")
    indexed()
    found = desk().get("/admin/articles/article/", {"q": word})
    assert [row.pk for row in found.context["cl"].result_list] == [article.pk]
