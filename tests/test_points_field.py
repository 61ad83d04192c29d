"""The form field of event points, and what its scripts ask the server."""

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles.admin.points_field import MAX_POINTS, PointsField, PointsWidget, Rows
from articles.admin.points_views import KINDS, MAX_UNASKED, evidence_panel
from tests.factories import desk, make_article, staff

POINTS = [{"heading": "甲", "body": "一"}, {"heading": "乙", "body": "二"}, {"heading": "丙", "body": "三"}]


class Form(forms.Form):
    points = PointsField(label="Points")


def post(*rows: tuple, total: object = None, **more: str) -> QueryDict:
    """What a browser sends: rows of heading, body and perhaps place."""
    data = QueryDict(mutable=True)
    data["points-total"] = str(len(rows) if total is None else total)
    for n, row in enumerate(rows):
        for part, text in zip(("heading", "body", "place"), row, strict=False):
            data[f"points-{n}-{part}"] = str(text)
    data.update(more)
    return data


def cleaned(*rows: tuple, **more: str) -> list[tuple[str, str]]:
    form = Form(post(*rows, **more))
    assert form.is_valid(), form.errors
    return [(point["heading"], point["body"]) for point in form.cleaned_data["points"]]


def changed(*rows: tuple, **more: str) -> list[str]:
    return Form(post(*rows, **more), initial={"points": POINTS}).changed_data


SAME = (("甲", "一", 1), ("乙", "二", 2), ("丙", "三", 3))


def test_rows_become_points_in_their_order_and_empty_ones_are_dropped():
    assert cleaned(("甲", "一", 1), (" ", "\n"), ("", "二")) == [("甲", "一"), ("", "二")]


def test_a_body_keeps_its_spaces_and_gets_plain_line_ends_and_a_heading_is_trimmed():
    assert cleaned((" 甲\r\n", "  一\r\n\r二 \n")) == [("甲", "  一\n\n二 \n")]


def test_a_row_moved_up_goes_before_the_one_it_meets_and_one_moved_down_behind_it():
    first, second, third = SAME
    assert [h for h, _b in cleaned(first, second, ("丙", "三", 1))] == ["丙", "甲", "乙"]
    assert [h for h, _b in cleaned(("甲", "一", 3), second, third)] == ["乙", "丙", "甲"]
    assert [h for h, _b in cleaned(*SAME, ("丁", "四", 2))] == ["甲", "丁", "乙", "丙"]
    assert [h for h, _b in cleaned(*SAME, ("丁", "四", ""))] == ["甲", "乙", "丙", "丁"]
    assert [h for h, _b in cleaned(first, ("乙", "二", "-5"), ("丙", "三", "9" * 20))] == ["乙", "甲", "丙"]


def test_a_place_that_is_no_number_is_an_error_that_names_the_point():
    form = Form(post(("甲", "一", 1), ("乙", "二", "³")))
    assert form.errors["points"].as_data()[0].params == {"number": 2}


def test_a_deleted_row_is_gone_even_if_its_text_is_not():
    assert cleaned(*SAME, **{"points-1-delete": "1"}) == [("甲", "一"), ("丙", "三")]


@pytest.mark.parametrize(
    "data", [{}, {"points-total": ""}, {"points-total": "x"}, {"points-total": "1.5"}, {"points-total": "²"}]
)
def test_a_form_that_does_not_say_how_many_points_there_are_is_incomplete_and_deletes_nothing(data):
    form = Form(data | {"points-0-heading": "甲"}, initial={"points": POINTS})
    assert [error.code for error in form.errors["points"].as_data()] == ["incomplete"]
    assert "甲" in str(form["points"])


@pytest.mark.parametrize("total", [MAX_POINTS + 1, "9" * 4_000])
def test_more_points_than_an_article_may_have_are_refused(total):
    form = Form(post(total=total))
    assert [error.code for error in form.errors["points"].as_data()] == ["too-many"]


def test_all_that_fits_is_taken():
    assert len(cleaned(*(("", str(n)) for n in range(MAX_POINTS)))) == MAX_POINTS


def test_a_nul_in_a_text_is_refused():
    with pytest.raises(ValidationError):
        PointsField().clean(Rows([{"heading": "甲\0", "body": ""}]))


def test_a_form_sent_back_as_it_came_has_not_changed():
    assert changed(*SAME, ("", "", "")) == []
    assert changed(("甲", "一", 3), *SAME[1:]) == ["points"]
    assert changed(*SAME[:2]) == ["points"]
    assert changed(*SAME, **{"points-0-delete": "1"}) == ["points"]
    assert changed(("甲", "一", 1), ("乙", "二", 1), ("丙", "三", "")) == ["points"]


def test_the_widget_shows_the_points_their_numbers_and_three_empty_rows():
    html = PointsWidget().render("points", [{"heading": "<b>", "body": "\n首行空"}], {"id": "id_points"})
    assert html.count('class="point"') == 1 + 3 + 1  # the last one is what new rows are made of
    assert '<input type="hidden" name="points-total" value="4">' in html
    assert '<input type="number" name="points-0-place" id="id_points-0-place" value="1">' in html
    assert ">\n&lt;b&gt;</textarea>" in html
    assert ">\n\n首行空</textarea>" in html  # a browser drops the first line end
    assert 'data-evidence=""' in html
    assert "style=" not in html and "onclick" not in html


def test_a_refused_form_shows_what_was_typed():
    form = Form(post(("甲", "一", "x"), ("乙", "二", 7), **{"points-1-delete": "1"}))
    assert not form.is_valid()
    html = str(form["points"])
    assert 'id="id_points-0-place" value="x"' in html
    assert 'id="id_points-1-place" value="7"' in html
    assert 'id="id_points-1-delete" value="1" checked' in html


# --- the panel of those without scripts -----------------------------------------------------------


def test_the_panel_marks_what_the_text_does_not_say():
    panel = evidence_panel("集成420亿个晶体管。", [{"heading": "规格", "body": "集成240亿个晶体管。"}])
    [row] = panel["evidence"]
    assert row["heading"] == [("规格", False)]
    assert row["body"] == [("集成", False), ("240亿个", True), ("晶体管。", False)]
    assert row["missing"] == [{"kind": KINDS["number"], "text": "240亿个"}]
    assert [one.text for one in row["sentences"]] == ["集成420亿个晶体管。"]
    assert panel["flagged"] == 1


def test_a_very_long_text_is_compared_only_when_asked():
    text = "长" * (MAX_UNASKED + 1)
    assert evidence_panel(text, POINTS) == {"evidence": [], "too_long": True}
    assert len(evidence_panel(text, POINTS, at_once=True)["evidence"]) == 3
    assert evidence_panel(text, []) == {"evidence": [], "too_long": False}


# --- what scripts ask -----------------------------------------------------------------------------

PARSE = "admin:articles_article_parse_points"


def ask_parse(text: str, user=None):
    return desk(user).post(reverse(PARSE), {"text": text})


@pytest.mark.django_db
def test_a_pasted_summary_is_read_as_an_import_would_read_it():
    answer = ask_parse("导语。\r\n\r\n1. <b>甲</b>：一&amp;二\r\n3. **乙**：三\r\n\r\n总之，完。")
    assert answer.json() == {
        "intro": "导语。",
        "points": [{"heading": "甲", "body": "一&二"}, {"heading": "乙", "body": "三"}],
        "conclusion": "总之，完。",
        "findings": [
            "HTML entities were decoded.",
            "HTML tags were removed.",
            "line 4 The points are not numbered in order. 3. **乙**：三 Check their order.",
        ],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("permission", "status"), [("add_article", 200), ("change_article", 200), ("view_article", 403)]
)
def test_only_who_writes_articles_may_have_a_summary_read(permission, status):
    assert ask_parse("1. 甲", staff(permission)).status_code == status


@pytest.mark.django_db
def test_a_summary_beyond_all_measure_is_refused_in_words():
    too_long, too_many = ask_parse("长" * 200_001), ask_parse("\n".join(f"- {n}" for n in range(2_001)))
    assert (too_long.status_code, too_long.json()) == (400, {"error": "This is too long for a summary."})
    assert (too_many.status_code, too_many.json()) == (400, {"error": "At most 2000 points at a time."})
    assert ask_parse("").json() == {"intro": "", "points": [], "conclusion": "", "findings": []}
    assert ask_parse("\0\x07 1. 甲").status_code == 200
    assert desk().get(reverse(PARSE)).status_code == 405


def evidence_address(article) -> str:
    return reverse("admin:articles_article_evidence", args=[article.pk])


@pytest.mark.django_db
def test_points_are_compared_with_the_text_as_they_are_typed():
    article = make_article(summary="集成420亿个晶体管。由OpenAI发布。", points=[("旧", "存着的")])
    data = {"heading": ["规格\r\n规格", "发布"], "body": ["共240亿个晶体管", "OpenAI发布"]}
    first, second = desk().post(evidence_address(article), data).json()["points"]
    assert first == {
        "judged": True,
        "says": "Supported by 1 sentence",
        "sentences": [{"number": 1, "text": "集成420亿个晶体管。"}],
        "missing": [{"kind": "figure", "text": "240亿个", "part": "body", "start": 1, "end": 6}],
    }
    assert (second["missing"], second["sentences"][0]["number"]) == ([], 2)


@pytest.mark.django_db
def test_the_stored_points_are_compared_on_a_page_of_their_own():
    article = make_article(summary="<i>集成420亿个晶体管。", points=[("规格", "<i>240亿个")])
    page = desk().get(evidence_address(article)).content.decode()
    assert article.title in page
    assert "&lt;i&gt;<mark>240亿个</mark>" in page
    assert "<i>" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data", [{"heading": ["甲", "乙"], "body": ["一"]}, {"heading": ["甲"] * 2_001, "body": ["一"] * 2_001}]
)
def test_points_that_do_not_fit_together_or_are_too_many_are_refused(data):
    assert desk().post(evidence_address(make_article()), data).status_code == 400


@pytest.mark.django_db
def test_nobody_without_the_right_to_see_an_article_learns_what_its_text_says():
    article = make_article(summary="秘密")
    assert (
        desk(staff("view_source")).post(evidence_address(article), {"heading": "密", "body": ""}).status_code
        == 403
    )
    assert (
        desk(staff("view_article")).post(evidence_address(article), {"heading": "密", "body": ""}).status_code
        == 200
    )
    assert desk().get(evidence_address(article).replace(str(article.pk), "9" * 20)).status_code in {400, 404}


@pytest.mark.django_db
def test_comparing_takes_the_same_number_of_queries_whatever_the_number_of_points():
    client, counts = desk(), []
    for rows in (1, 1, 3):  # the first time more is asked than later
        article = make_article(summary="一。", points=[("", str(n)) for n in range(rows)])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(evidence_address(article)).status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2]
