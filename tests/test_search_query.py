from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from articles.models import Status
from articles.search import query, text
from articles.search.query import Asked, Found, Position, Word, find, matching
from tests.factories import make_article, make_source, make_term

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, tzinfo=timezone.get_default_timezone())


def asked(question: str = "", **narrowing) -> Asked:
    return Asked(tuple(map(Word, text.words(question))), **narrowing)


def published(title: str, days_ago: int = 0, **fields):
    return make_article(title, publish=True, published_at=NOW - timedelta(days=days_ago), **fields)


@pytest.mark.parametrize(
    ("question", "is_found"),
    [
        ("电影", True),
        ("電影", True),
        ("影", True),
        ("郭帆说电影", True),
        ("AI创作", True),
        ("ＡＩ創作", True),
        ("sora", True),
        ("ora", True),
        ("使用sora生成", True),
        ("GPT-4o", True),
        ("gpt-4", True),
        ("4o", True),
        ('"deep learning"', True),
        ("deep learning", True),
        ("deeplearning", False),
        ("电影 sora 郭帆", True),
        ("电影 没有", False),
        ("影电", False),
        ("智能工", False),
        ("人工智能", True),
    ],
)
def test_every_literal_occurrence_is_found_and_nothing_else(indexed, question: str, is_found: bool):
    article = published(
        "题目", summary="郭帆说电影。AI创作：使用Sora生成，人工\n智能。GPT-4o, Deep  Learning。"
    )
    published("别的")
    index = indexed()
    assert find(index, asked(question), size=20).ids == ([article.pk] if is_found else [])


def test_titles_come_before_points_and_terms_before_texts_and_newer_before_older(indexed):
    body = published("一", 1, summary="电影")
    old_title = published("电影旧", 9)
    points = published("二", 5, points=[("电影", "")])
    term = published("三", 4, industries=["电影"])
    title = published("电影新", 8)
    index = indexed()
    best = [title, old_title, term, points, body]
    assert find(index, asked("电影"), size=20).ids == [article.pk for article in best]
    newest = [body, term, points, title, old_title]
    assert find(index, asked("电影"), size=20, newest=True).ids == [article.pk for article in newest]


@pytest.mark.parametrize("newest", [False, True])
def test_paging_forth_and_back_gives_each_hit_once(indexed, newest: bool):
    for number in range(11):
        where = [{"summary": "电影"}, {"points": [("电影", "")]}, {}][number % 3]
        published(f"第{number}" + ("电影" if number % 3 == 2 else ""), number, **where)
    index = indexed()
    whole = find(index, asked("电影"), size=20, newest=newest)
    pages, page = [], find(index, asked("电影"), size=3, newest=newest)
    assert page.newer is None
    while True:
        pages.append(page.ids)
        if not page.older:
            break
        page = find(index, asked("电影"), size=3, newest=newest, before=page.older)
    assert sum(pages, []) == whole.ids and list(map(len, pages)) == [3, 3, 3, 2]
    back = []
    while page.newer:
        page = find(index, asked("电影"), size=3, newest=newest, after=page.newer)
        back.append(page.ids)
    assert back == pages[-2::-1]


@pytest.fixture
def windows(monkeypatch) -> None:
    """So small that forty articles fill them."""
    monkeypatch.setattr(query, "WINDOWS", (3, 9, 27))
    monkeypatch.setattr(query, "PART", 1)


@dataclass
class Counting:
    """A searcher that notes how often it looks for something."""

    searcher: Any
    searches: int = 0

    def search(self, *args: Any, **options: Any) -> Any:
        self.searches += 1
        return self.searcher.search(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.searcher, name)


def test_common_words_are_read_in_windows_with_the_same_result(indexed, monkeypatch, windows):
    articles = [
        published(f"第{number}", number, summary="人工智能" if number % 2 else "人工，智能")
        for number in range(40)
    ]
    index = indexed()
    with monkeypatch.context() as whole:
        whole.setattr(query, "PART", 1000)
        expected = find(index, asked("人工智能"), size=7)
    assert find(index, asked("人工智能"), size=7) == expected
    assert expected.ids == [article.pk for article in articles[1:15:2]]
    older = find(index, asked("人工智能"), size=7, before=expected.older)
    assert older.ids == [article.pk for article in articles[15:29:2]]
    assert list(matching(index, asked("人工智能"))[0]) == [article.pk for article in articles[1::2]]
    monkeypatch.setattr(query, "COUNTED", 12)
    assert (find(index, asked("人工智能"), size=7).total, find(index, asked("人工智能"), size=7).more) == (
        12,
        True,
    )
    newest, more = matching(index, asked("人工智能"), 5)
    assert more and list(newest) == [article.pk for article in articles[1:10:2]]


def test_a_common_word_is_looked_up_in_the_newest_articles_alone(indexed, monkeypatch, windows):
    articles = [published(f"第{number}", number, summary="电影") for number in range(40)]
    index = indexed()
    monkeypatch.setattr(query, "COUNTED", 5)
    seen: list[tuple[int, int]] = []
    within = query._Search._within
    monkeypatch.setattr(
        query._Search, "_within", lambda self, *args: seen.append(args[1:]) or within(self, *args)
    )
    assert find(index, asked("电影"), size=3, newest=True).ids == [article.pk for article in articles[:3]]
    assert seen == [
        (query.window_edge(index, 9), query.MAX_KEY)
    ]  # the nine newest: they hold enough to count


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("days", [{}, {"since": date(2026, 10, 10)}, {"until": date(2026, 10, 25)}])
def test_windows_make_no_difference_to_order_pages_and_numbers(indexed, monkeypatch, windows, newest, days):
    for number in range(40):
        texts = [
            {"summary": "人工智能"},
            {"points": [("人工智能", "")]},
            {"summary": "人工，工智，智能"},
            {},
        ][number % 4]
        published("人工智能" if number % 4 == 3 else "人工，工智，智能", number, **texts)
    index, question = indexed(), asked("人工智能", **days)

    def walk() -> list[Found]:
        pages = [find(index, question, size=3, newest=newest)]
        while pages[-1].older:
            pages.append(find(index, question, size=3, newest=newest, before=pages[-1].older))
        while pages[-1].newer:
            pages.append(find(index, question, size=3, newest=newest, after=pages[-1].newer))
        return pages

    in_windows = walk()
    monkeypatch.setattr(query, "PART", 1000)
    assert in_windows == walk() and in_windows[0].total > 15


def test_a_page_that_titles_fill_looks_for_titles_and_counts_and_no_more(indexed):
    for number in range(4):
        published("电影", number)
        published("别的", number, summary="电影")
    index = indexed()
    counting = Counting(index.searcher)
    index = replace(index, searcher=counting)
    assert find(index, asked("电影"), size=3).total == 8
    assert counting.searches == 2
    assert not find(index, asked("没有这样的"), size=3).hits
    assert counting.searches == 3


def test_only_what_is_public_is_found_unless_the_desk_asks(indexed):
    public = published("电影")
    others = [
        make_article("电影", status=status) for status in (Status.DRAFT, Status.IN_REVIEW, Status.DECLINED)
    ]
    others.append(make_article("电影", publish=True, published_at=timezone.now() + timedelta(days=1)))
    index = indexed()
    assert find(index, asked("电影"), size=20).ids == [public.pk]
    everything = find(index, asked("电影", public=False), size=20).ids
    assert sorted(everything) == sorted([public.pk, *(article.pk for article in others)])


def test_the_narrowing_counts_as_on_the_lists(indexed):
    sora, film = make_term("Sora"), make_term("电影", "industry")
    source = make_source("one.example.com")
    both = published("电影", 1, technologies=["Sora"], industries=["电影"], source=source)
    published("电影", 2, technologies=["Sora"])
    published("电影", 40, technologies=["Pika"], industries=["电影"])
    index = indexed()

    def ids(**narrowing) -> list[int]:
        return find(index, asked("电影", **narrowing), size=20).ids

    groups = (("technology", frozenset([sora.pk])), ("industry", frozenset([film.pk])))
    assert ids(groups=groups) == [both.pk]
    assert ids(groups=(("source", frozenset([source.pk])),)) == [both.pk]
    assert ids(since=date(2026, 10, 31), until=date(2026, 10, 31)) == [both.pk]
    assert ids(since=date(2026, 11, 2)) == []
    assert ids(since=date(2026, 11, 2), until=date(2026, 11, 1)) == []
    assert len(ids(groups=(("technology", frozenset([sora.pk, 999])),))) == 2


def test_a_word_that_names_a_term_finds_what_carries_it(indexed):
    term = make_term("Midjourney", aliases=["MJ"])
    carrying = published("绘画", 1, technologies=["Midjourney"])
    literal = published("MJ是谁", 2)
    index = indexed()
    word = Word("mj", (("technology", term.pk),))
    assert find(index, Asked((word,)), size=20).ids == [literal.pk, carrying.pk]
    assert find(index, Asked((word, Word("绘画"))), size=20).ids == [carrying.pk]
    whole = Asked((Word("m"), Word("q")), terms=(("technology", term.pk),))
    assert find(index, whole, size=20).ids == [carrying.pk]


def test_articles_of_one_second_page_by_their_number(indexed):
    articles = [published("电影") for _ in range(5)]
    index = indexed()
    first = find(index, asked("电影"), size=2)
    second = find(index, asked("电影"), size=2, before=first.older)
    assert first.ids + second.ids == [article.pk for article in articles[:0:-1]]


def test_a_position_beyond_either_end_is_an_empty_or_the_first_page(indexed):
    article = published("电影")
    index = indexed()
    assert find(index, asked("电影"), size=2, before=Position(0, 0)).ids == []
    assert find(index, asked("电影"), size=2, before=Position(2, 5)).ids == []
    assert find(index, asked("电影"), size=2, after=Position(0, 0)).ids == [article.pk]
    assert find(index, asked("电影"), size=2, after=Position(2, query.MAX_KEY)).ids == [article.pk]
