"""Terms and event points in the form of an article."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import (
    ArticleTechnology,
    EventSummary,
    Origin,
)
from articles.rewriting import write_terms
from taxonomy.models import Keyword, Technology
from tests.desk_form import POINTS, errors, links, page_of, point, save, saved, texts
from tests.factories import desk, make_article, make_term, staff

pytestmark = pytest.mark.django_db


# --- terms


def test_terms_are_found_by_alias_kept_in_order_and_shown_by_their_names():
    make_term("Midjourney", aliases=["MJ"])
    make_term("ChatGPT")
    now = saved(make_article(), technologies=["chatgpt", "MJ"])
    assert links(now) == [("ChatGPT", "ChatGPT", 1), ("Midjourney", "Midjourney", 2)]


@pytest.mark.parametrize("text", ["郭帆，AI，电影；版权、科技", "郭帆\nAI\r\n电影,版权;科技"])
def test_a_pasted_list_becomes_its_terms(text):
    now = saved(make_article(), keywords=[text])
    assert [term.name for term in now.keywords.all()] == ["郭帆", "AI", "电影", "版权", "科技"]
    assert Keyword.objects.filter(confirmed=False).count() == 0


def test_a_term_whose_name_has_a_comma_is_not_taken_apart():
    make_term("Foo, Inc.")
    now = saved(make_article(), technologies=["Foo, Inc.", "Bar"])
    assert [term.name for term in now.technologies.all()] == ["Foo, Inc.", "Bar"]


def test_a_number_is_a_name_and_no_primary_key():
    term = make_term("Midjourney")
    now = saved(make_article(), technologies=[str(term.pk)])
    assert [t.name for t in now.technologies.all()] == [str(term.pk)]


def test_a_merged_term_goes_to_its_survivor_once():
    make_term("LLM", merged_into=make_term("大语言模型"))
    now = saved(make_article(), technologies=["LLM", "大语言模型", "ｌｌｍ"])
    assert [term.name for term in now.technologies.all()] == ["大语言模型"]


def test_a_term_that_stays_keeps_the_spelling_it_came_in():
    article = make_article(technologies=["MID journey", "AI"])
    ArticleTechnology.objects.filter(tag__name="MID journey").update(raw="ＭＩＤ journey")
    now = saved(article, technologies=["Sora", "midjourney"])
    assert links(now) == [("Sora", "Sora", 1), ("MID journey", "ＭＩＤ journey", 2)]


def test_all_terms_can_be_taken_off():
    article = make_article(technologies=["A", "B"])
    assert links(saved(article, technologies=[])) == []


def test_new_terms_need_the_right_to_add_them():
    article = make_article(technologies=["A"])
    editor = staff("change_article", "view_article", "add_keyword")
    response = save(article, desk(editor), technologies=["A", "未知"], keywords=["新词"])
    assert "no right to add one: “未知”" in errors(response)
    assert not Technology.objects.filter(name="未知").exists()
    assert [t.name for t in saved(article, desk(editor), keywords=["新词"]).keywords.all()] == ["新词"]


@pytest.mark.parametrize(
    "name", ["长" * 101, "\u200b,\u200d", "文章没有提及任何一种具体的人工智能技术或者相关的产品"]
)
def test_what_cannot_be_a_term_is_an_error_in_words(name):
    assert re.search(
        "cannot be the name|reads like a sentence", errors(save(make_article(), technologies=[name]))
    )


def test_the_present_terms_are_in_the_page_for_browsers_without_script():
    article = make_article(technologies=["乙", "甲"])
    page = desk().get(page_of(article)).content.decode()
    field = page.partition('<select name="technologies"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="([^"]+)" selected', field) == ["乙", "甲"]


def test_writing_terms_takes_as_many_statements_for_many_as_for_two():
    counts = []
    for number in (2, 20):
        article = make_article(technologies=["旧一", "旧二"])
        chosen = ["旧二", *(f"新{number}-{n}" for n in range(number))]
        with CaptureQueriesContext(connection) as queries:
            write_terms(article, "technologies", chosen)
        counts.append(len(queries))
        assert [name for name, _raw, _place in links(article)] == chosen
    assert counts[0] == counts[1] <= 13  # looking the names up, and waiting for a merge, included


def test_characters_that_the_database_refuses_are_left_out_of_terms():
    assert links(saved(make_article(), technologies=["A\0I"])) == [("AI", "AI", 1)]


# --- points and their origin


def test_points_are_numbered_in_the_order_given():
    article = make_article(points=POINTS)
    now = saved(article, **point(0, place="9"))
    assert texts(now) == [(1, "二", "乙"), (2, "三", "丙"), (3, "一", "甲")]


def test_a_point_moved_to_anothers_place_stands_there():
    up = saved(make_article(points=POINTS), **point(2, place="1"))
    down = saved(make_article(points=POINTS), **point(0, place="2"))
    assert [heading for _n, heading, _b in texts(up)] == ["三", "一", "二"]
    assert [heading for _n, heading, _b in texts(down)] == ["二", "一", "三"]


def test_points_are_added_and_deleted_and_numbered_again():
    article = make_article(points=POINTS)
    new = point(3, heading="新", body="") | point(4, place="2", heading="", body="第二")
    now = saved(article, **point(0, delete="1"), **new)
    assert texts(now) == [(1, "", "第二"), (2, "二", "乙"), (3, "三", "丙"), (4, "新", "")]


def test_a_point_with_neither_heading_nor_body_is_dropped():
    article = make_article(points=POINTS)
    new = point(3, place="1", heading=" ", body="\r\n")
    now = saved(article, **point(1, heading="", body=""), **new)
    assert texts(now) == [(1, "一", "甲"), (2, "三", "丙")]


@pytest.mark.parametrize(
    "fields",
    [
        {"intro": "改"},
        {"conclusion": "改"},
        point(0, body="改"),
        point(0, place="2"),
        point(2, delete="1"),
    ],
)
def test_editing_the_event_summary_makes_it_an_edited_one(fields):
    article = make_article(intro="导语", points=POINTS)
    assert saved(article, **fields).event_summary.origin == Origin.EDITED


def test_an_editor_may_say_that_she_has_verified_it():
    article = make_article(intro="导语", points=POINTS)
    now = saved(article, intro="改", verified="on")
    assert (now.event_summary.origin, now.revisions.get().snapshot["origin"]) == ("verified", "verified")


def test_what_was_verified_is_so_no_more_once_its_text_changes_unless_verified_again():
    article = make_article(intro="导语", origin="verified", points=POINTS)
    assert saved(article, title="新").event_summary.origin == Origin.VERIFIED
    assert saved(article, intro="改").event_summary.origin == Origin.EDITED
    assert saved(article, intro="再改", verified="on").event_summary.origin == Origin.VERIFIED


def test_changing_the_title_leaves_the_origin_alone():
    assert saved(make_article(intro="导语"), title="新").event_summary.origin == Origin.MACHINE


def test_points_of_an_article_without_event_summary_are_an_editors():
    article = make_article()
    now = saved(article, **point(0, heading="", body="甲"))
    assert EventSummary.objects.get(article=now).origin == Origin.EDITED
    assert now.version == 2
