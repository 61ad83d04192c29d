"""The page on which a person decides what was changed both by the desk and by a delivery."""

from typing import Any

import pytest
from django.test import Client

from articles import conflicts
from articles.models import Article
from tests.factories import desk, make_article, staff
from tests.test_conflicts import DESK, SEED, only, row, said, stored_points, undecided, with_points

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def address(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/conflicts/"


def form(article: Article, **answers: Any) -> dict[str, Any]:
    """What a browser sends: the version and the records it was shown, and the answers (`title_0` is `title-0`)."""
    shown = {f"{found.field}-row": found.row for found in conflicts.waiting(article)}
    return {"version": article.version} | shown | {name.replace("_", "-"): v for name, v in answers.items()}


@pytest.fixture
def article() -> Article:
    article = make_article("编辑的标题", intro="编辑的导语")
    row(article, title=("旧标题", "新标题"), intro=("旧导语", "新导语"))
    return article


def test_the_page_shows_the_three_versions_and_marks_what_is_different(article):
    page = desk().get(address(article)).text
    assert "旧标题" in page
    for word in ("编辑的", "新"):
        assert f'<ins><span class="visually-hidden">added: </span>{word}</ins>' in page
    assert page.count('type="radio"') == 6


def test_fields_are_decided_one_after_the_other(article):
    client = desk(staff("view_article", "change_article"))
    response = client.post(address(article), form(article, title_0="take"))
    assert response["Location"] == address(article)
    assert (only().title, only().event_summary.intro) == ("新标题", "编辑的导语")
    page = client.get(address(article)).text
    assert ("旧标题" in page, "旧导语" in page) == (False, True)
    anew = {"intro-0": "edit", "intro-0-text": "第一行\r\n第二行"}
    response = client.post(address(article), form(only()) | anew)
    assert response["Location"].endswith(f"/article/{article.pk}/change/")
    assert (only().event_summary.intro, undecided()) == ("第一行\n第二行", False)
    assert "Nothing waits for a decision." in client.get(address(article)).text


@pytest.mark.parametrize(("button", "title"), [("keep", "编辑的标题"), ("take", "新标题")])
def test_all_is_decided_alike_by_one_button(article, button, title):
    desk().post(address(article), form(article, all=button))
    assert (only().title, undecided()) == (title, False)


def test_who_only_types_another_text_means_it(article):
    desk().post(address(article), form(article, title_0_text="第三个标题"))
    assert only().title == "第三个标题"


def test_points_are_decided_on_the_page():
    article = with_points()
    answers = form(article, points_0="keep", points_1="edit", points_2="take")
    answers |= {"points-1-heading": "结果", "points-1-body": "省时。"}
    desk().post(address(article), answers)
    assert stored_points() == [DESK[0], ("结果", "省时。"), DESK[2], SEED[3]]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "Nothing is decided yet"),
        ({"all": "nonsense"}, "Nothing is decided yet"),
        ({"title-0": "nonsense"}, "Select a valid choice"),
        ({"title-0": "edit", "title-0-text": " "}, "The title cannot be empty."),
        ({"title-0": "edit", "title-0-text": "a\0b"}, "Null characters are not allowed."),
        ({"title-0": "take", "version": ""}, "This form does not say which version"),
        ({"title-0": "take", "version": "9" * 30}, "Somebody has changed this article"),
        ({"title-0": "take", "version": "7"}, "Somebody has changed this article"),
        ({"title-0": "take", "title-row": "1"}, "Somebody has changed this article"),
        ({"title-0": "take", "title-row": "x"}, "Somebody has changed this article"),
    ],
)
def test_what_cannot_be_decided_is_told_and_nothing_changes(article, answers, told):
    response = desk().post(address(article), form(article) | answers)
    assert (response.status_code, told in response.text) == (200, True)
    assert (only().title, undecided()) == ("编辑的标题", True)


def test_half_of_the_points_is_asked_for_the_other_half():
    article = with_points()
    response = desk().post(address(article), form(article, points_0="take"))
    assert response.text.count("Decide on every part of this field") == 2
    assert (stored_points(), undecided()) == (DESK, True)


def test_who_may_see_the_article_sees_the_conflict_and_who_may_change_it_decides(article):
    reader = desk(staff("view_article"))
    page = reader.get(address(article)).text
    assert "旧标题" in page and 'type="radio"' not in page
    assert reader.post(address(article), form(article, all="take")).status_code == 403
    assert desk(staff()).get(address(article)).status_code == 403
    assert Client().get(address(article)).status_code == 302
    assert desk().put(address(article)).status_code == 405
    assert desk().get(f"/admin/articles/article/{'9' * 20}/conflicts/").status_code == 404
    assert (only().title, undecided()) == ("编辑的标题", True)


def test_many_parts_are_decided_together():
    number = 150
    ours, theirs = ([("", f"{side}的第{n}点") for n in range(number)] for side in ("编辑", "种子"))
    article = make_article(points=ours)
    row(article, points=([], said(theirs)))
    page = desk().get(address(article)).text
    assert (page.count('type="radio"'), "too many to decide one by one" in page) == (2, True)
    desk().post(address(article), form(article, points_0="take"))
    assert set(theirs) <= set(stored_points())


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "\u202e\u0007\u2028"])
def test_hostile_texts_are_text(evil):
    article = make_article(evil, intro=evil, points=[(evil, evil)], extra={evil: evil})
    row(article, title=("旧", evil * 2), extra=({}, {evil: evil * 2}), points=([], said([(evil * 2, "x")])))
    response = desk().get(address(article))
    assert response.status_code == 200
    assert "<script>alert" not in response.text


def test_the_form_of_the_article_says_what_waits(article):
    page = desk().get(f"/admin/articles/article/{article.pk}/change/")
    assert page.context["undecided"] == ["title", "intro"]
