from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from articles.models import Status
from articles.search import query, text
from articles.search.query import Asked, Position, Word, find, matching
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


def test_common_words_are_read_in_windows_with_the_same_result(indexed, monkeypatch):
    articles = [
        published(f"第{number}", number, summary="人工智能" if number % 2 else "人工，智能")
        for number in range(40)
    ]
    index = indexed()
    rare = find(index, asked("人工智能"), size=7)
    monkeypatch.setattr(query, "COMMON", 1)
    monkeypatch.setattr(query, "WINDOWS", (3, 9, 27))
    monkeypatch.setattr(query, "_edges", (None, []))
    assert find(index, asked("人工智能"), size=7) == rare
    older = find(index, asked("人工智能"), size=7, before=rare.older)
    assert older.ids == [article.pk for article in articles[15:29:2]]
    assert list(matching(index, asked("人工智能"))[0]) == [article.pk for article in articles[1::2]]
    monkeypatch.setattr(query, "COUNTED", 12)
    assert (find(index, asked("人工智能"), size=7).total, find(index, asked("人工智能"), size=7).more) == (
        12,
        True,
    )
    newest, more = matching(index, asked("人工智能"), 5)
    assert more and list(newest) == [article.pk for article in articles[1:10:2]]


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
