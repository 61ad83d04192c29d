from datetime import datetime

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from articles.filters import MAX_VALUES, ArticleFilter
from tests.factories import make_article, make_source, make_term

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def desk():
    midjourney = make_term("Midjourney", aliases=["MJ 绘图"])
    make_term("Mid Journey V5", merged_into=midjourney)
    make_source("a.example", name="甲报")
    for title, day, fields in [
        ("甲", 1, {"technologies": ["Sora"], "industries": ["电影"], "source": "a.example"}),
        ("乙", 2, {"technologies": ["Sora", "Midjourney"], "industries": ["医疗"]}),
        ("丙", 3, {"technologies": ["Midjourney"], "industries": ["电影", "版权"], "keywords": ["郭帆"]}),
    ]:
        make_article(title, publish=True, published_at=moment(day), **fields)
    make_article("草稿", technologies=["Sora", "Midjourney"], industries=["电影", "医疗"], source="a.example")
    with translation.override("en"):
        yield


def moment(day: int, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(2026, 3, day, hour))


def select(query: str) -> ArticleFilter:
    return ArticleFilter(QueryDict(query))


def titles(query: str) -> list[str]:
    return [article.title for article in select(query).articles.newest_first()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["丙", "乙", "甲"]),
        ("technology=sora", ["乙", "甲"]),
        ("technology=sora&technology=midjourney", ["丙", "乙", "甲"]),
        ("technology=sora&technology=midjourney&match=any", ["丙", "乙", "甲"]),
        ("technology=sora&technology=midjourney&match=all", ["乙"]),
        ("technology=sora&industry=电影", ["甲"]),
        ("technology=sora&technology=midjourney&industry=电影", ["丙", "甲"]),
        ("industry=电影&industry=版权&match=all", ["丙"]),
        ("keyword=郭帆", ["丙"]),
        ("keyword=郭帆&technology=sora", []),
        ("source=a.example", ["甲"]),
        ("source=A.Example", ["甲"]),
        ("source=a.example&source=example.com", ["丙", "乙", "甲"]),
        ("since=2026-03-02", ["丙", "乙"]),
        ("until=2026-03-02", ["乙", "甲"]),
        ("since=2026-03-02&until=2026-03-02", ["乙"]),
        ("technology=&since=&match=", ["丙", "乙", "甲"]),
        ("page=7&unknown=x", ["丙", "乙", "甲"]),
    ],
)
def test_values_of_one_vocabulary_widen_and_vocabularies_narrow(query, expected):
    assert titles(query) == expected


@pytest.mark.parametrize(
    "spelling",
    [
        "midjourney",
        "Midjourney",
        "MID journey",
        "ＭＩＤ　Ｊourney",
        "MJ 绘图",
        "mj绘图",
        "Mid Journey V5",
        "midjourneyv5",
    ],
)
def test_every_spelling_alias_and_merged_name_means_the_same_term(spelling):
    query = QueryDict(mutable=True)
    query["technology"] = spelling
    assert titles(query.urlencode()) == ["丙", "乙"]


def test_a_day_is_a_day_of_the_desk_not_of_greenwich():
    make_article("一早", publish=True, published_at=moment(5, hour=1))
    assert titles("since=2026-03-05&until=2026-03-05") == ["一早"]
    assert titles("since=2026-03-04&until=2026-03-04") == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("technology=xyz", "There is no AI technology “xyz”."),
        ("technology=sora&technology=xyz", "There is no AI technology “xyz”."),
        ("industry=sora", "There is no industry “sora”."),
        ("source=nowhere.example", "There is no source “nowhere.example”."),
        ("technology=%00", "There is no AI technology “”."),
        ("technology=%E2%80%AExyz", "There is no AI technology “xyz”."),
        (f"keyword={'长' * 300}", f"There is no keyword “{'长' * 59}…”."),
        ("since=yesterday", "A day is written like 2026-11-22."),
        ("until=2026-02-31", "A day is written like 2026-11-22."),
        ("since=%00", "A day is written like 2026-11-22."),
        ("since=2026-03-03&until=2026-03-01", "The first day lies after the last day."),
        ("match=some", "“match” is either “any” or “all”."),
        (
            "&".join(f"technology=t{number}" for number in range(MAX_VALUES + 1)),
            "At most 20 values of one kind can be chosen.",
        ),
    ],
)
def test_what_cannot_be_understood_gives_nothing_and_says_why(query, problem):
    selection = select(query)
    assert list(selection.articles) == []
    assert [choice.name for choice in selection.problems] == [problem]


@pytest.mark.parametrize(
    "query", ["since=0001-01-01&until=9999-12-31", "until=9999-12-31", "since=0001-01-01"]
)
def test_the_ends_of_the_calendar_are_days_too(query):
    assert titles(query) == ["丙", "乙", "甲"]


def test_a_problem_offers_the_way_on_without_it():
    selection = select("technology=sora&technology=xyz&industry=电影&before=1-1")
    assert [titles(choice.query[1:]) for choice in selection.problems] == [["甲"]]


def test_each_choice_knows_the_query_string_that_drops_it():
    selection = select(
        "technology=MJ 绘图&technology=Midjourney&technology=sora&industry=电影&since=2026-03-01&before=1-1"
    )
    assert [(str(choice.kind), choice.name) for choice in selection.chosen] == [
        ("AI technology", "Midjourney"),
        ("AI technology", "Sora"),
        ("industry", "电影"),
        ("from", "March 1, 2026"),
    ]
    left = [QueryDict(choice.query[1:]) for choice in selection.chosen]
    assert [query.getlist("technology") for query in left] == [
        ["sora"],
        ["MJ 绘图", "Midjourney"],
        ["MJ 绘图", "Midjourney", "sora"],
        ["MJ 绘图", "Midjourney", "sora"],
    ]
    assert [query.get("industry") for query in left] == ["电影", "电影", None, "电影"]
    assert not any("before" in query for query in left)


def test_match_can_be_switched_when_it_makes_a_difference():
    assert not select("technology=sora&industry=电影").several
    selection = select("technology=sora&technology=midjourney")
    assert selection.several
    assert titles(selection.all_query[1:]) == ["乙"]
    assert titles(selection.any_query[1:]) == ["丙", "乙", "甲"]


def test_the_number_of_statements_does_not_depend_on_the_number_of_values():
    titles("technology=sora")  # reads the trees, which a process keeps
    with CaptureQueriesContext(connection) as one:
        titles("technology=sora")
    with CaptureQueriesContext(connection) as three:
        titles("technology=sora&technology=midjourney")
    assert len(one) == len(three) == 4
    with CaptureQueriesContext(connection) as named:
        titles("technology=MID journey")
    with CaptureQueriesContext(connection) as more_named:
        titles("technology=MID journey&technology=SORA&technology=MJ 绘图")
    assert len(named) == len(more_named)
