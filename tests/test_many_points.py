"""Articles of tens of thousands of points: shown, edited and saved a part at a time, the others left as they are."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from articles import editing
from articles.admin.carrying import Part
from articles.admin.points_field import MAX_POINTS, ON_A_PAGE, part_of, ways
from articles.models import Article, EventPoint
from tests.desk_form import errors, page_of, point, save, sent
from tests.factories import desk, make_article

pytestmark = pytest.mark.django_db


def many(number: int, **fields: object) -> Article:
    return make_article("很多要点", points=[("", f"第{n}点") for n in range(1, number + 1)], **fields)


def bodies(article: Article) -> list[str]:
    return list(article.points.values_list("body", flat=True))


def numbered(number: int) -> list[str]:
    return [f"第{n}点" for n in range(1, number + 1)]


def sent_from(article: Article, part: int, **fields: str) -> tuple[object, str]:
    client = desk()
    address = f"{page_of(article)}?points={part}"
    return client.post(address, sent(client.get(address)) | fields), address


def test_a_form_shows_two_hundred_points_and_leads_to_the_others():
    article = many(450)
    form = desk().get(f"{page_of(article)}?points=260").context["adminform"].form
    shown = form.fields["points"].widget.get_context("points", form["points"].value(), None)
    assert [row["place"] for row in shown["rows"]] == [*range(201, 401), "", "", ""]
    assert [(way["words"], way.get("here")) for way in shown["ways"]] == [
        ("1–200", False),
        ("201–400", True),
        ("401–450", False),
    ]
    assert shown["ways"][2]["address"] == "?points=401"


def test_what_is_changed_in_a_part_leaves_the_others_as_they_are():
    article = many(450)
    response, address = sent_from(
        article, 201, **point(0, body="改"), **point(199, delete="1"), _continue="1"
    )
    assert (response.status_code, response.url) == (302, address)
    assert bodies(article) == [*numbered(200), "改", *numbered(399)[201:], *numbered(450)[400:]]


def test_points_move_and_are_added_within_their_part():
    article = many(450)
    sent_from(article, 201, **point(1, place="201"), **point(2, place="1"), **point(200, body="新"))
    assert bodies(article)[198:204] == ["第199点", "第200点", "第203点", "第202点", "第201点", "第204点"]
    assert bodies(article)[399:402] == ["第400点", "新", "第401点"]


def test_an_article_of_many_points_is_saved_without_touching_them():
    article = many(450)
    assert save(article, intro="导语").status_code == 302
    now = Article.objects.get()
    assert (bodies(now), now.event_summary.intro, now.version) == (numbered(450), "导语", 2)


def test_two_people_in_two_parts_both_save():
    article = many(450)
    client = desk()
    data = sent(client.get(f"{page_of(article)}?points=201")) | point(0, body="我的")
    sent_from(article, 1, **point(0, body="别人的"))
    response = client.post(f"{page_of(article)}?points=201", data)
    assert "Somebody has changed" in errors(response)
    client.post(f"{page_of(article)}?points=201", sent(response) | {"onto": "2"})
    assert bodies(article) == ["别人的", *numbered(200)[1:], "我的", *numbered(450)[201:]]


def test_rows_beyond_the_number_that_the_form_gives_are_not_dropped():
    article = make_article(points=[("", "一")])
    response = save(article, **point(0, body="改"), **point(1, body="二"), **{"points-total": "1"})
    assert "More points arrived than the form had counted" in errors(response)
    assert bodies(article) == ["一"]
    desk().post(page_of(article), sent(response))
    assert bodies(article) == ["改", "二"]


def test_more_rows_than_a_form_takes_are_an_error():
    article = make_article()
    response = save(article, **{"points-total": str(MAX_POINTS + 1)})
    assert "At most 2000 points at a time" in errors(response)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("", Part(0, 200)),
        ("200", Part(0, 200)),
        ("201", Part(200, 200)),
        ("450", Part(400, 50)),
        *((asked, Part(0, 200)) for asked in ("451", "0", "-1", "x", "\0", "9" * 40, "１")),
    ],
)
def test_an_address_that_asks_for_no_such_part_gets_the_first(asked, part):
    assert part_of([{}] * 450, {"points": asked}) == part


@pytest.mark.parametrize(
    "fields",
    [{"points-start": "x"}, {"points-shown": "-1"}, {"points-start": "²"}],
)
def test_a_form_that_does_not_say_which_points_it_shows_is_incomplete(fields):
    article = make_article(points=[("", "一")])
    assert "The form is incomplete" in errors(save(article, **fields))
    assert bodies(article) == ["一"]


def test_links_to_other_parts_keep_what_else_the_address_says():
    query = QueryDict("_changelist_filters=q%3D1&points=1")
    [_first, second] = ways(ON_A_PAGE + 1, Part(0, ON_A_PAGE), query)
    assert second["address"] == "?_changelist_filters=q%3D1&points=201"
    assert ways(ON_A_PAGE, Part(0, ON_A_PAGE), query) == []


@pytest.mark.parametrize("summary", ["短", "长文" * 5_000])
def test_the_page_of_thirty_thousand_points_is_a_light_one(summary, django_assert_max_num_queries):
    article = many(30_000, summary=summary)
    client = desk()
    with django_assert_max_num_queries(40):
        response = client.get(page_of(article))
    assert len(response.content) < 1_000_000
    assert len(client.get(page_of(article, "evidence")).content) < 1_000_000
    if summary == "短":
        sent_from(article, 1, **point(0, place="2"))
        assert bodies(article)[:3] == ["第2点", "第1点", "第3点"]


def test_one_point_in_front_of_thousands_moves_them_all_on_in_one_statement():
    article = many(3_000)
    points = editing.text(article)["points"]
    with CaptureQueriesContext(connection) as queries:
        editing.save(article, {"points": [{"heading": "", "body": "新"}, *points]}, by=None)
    assert sum("articles_eventpoint" in one["sql"] and "UPDATE" in one["sql"] for one in queries) == 1
    assert bodies(article) == ["新", *numbered(3_000)]
    assert EventPoint.objects.count() == 3_001


def test_a_version_of_thousands_of_points_is_shown_as_far_as_a_page_goes():
    article = many(600)
    save(article, intro="导语")
    page = desk().get(page_of(article, "versions", "1")).content.decode()
    assert "第500点" in page and "第501点" not in page and "and 100 more" in page
