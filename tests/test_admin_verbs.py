"""The pages of the verbs: one article, and many at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from articles.models import (
    Article,
    Status,
)
from tests.desk_form import LIST, ask, page_of, saved
from tests.factories import desk, make_article, make_user, staff

pytestmark = pytest.mark.django_db


def test_the_page_offers_what_this_person_may_do_now():
    client = desk(staff("change_article", "submit_article", "withdraw_article"))
    for status, verbs in (
        (Status.DRAFT, ["submit"]),
        (Status.PUBLISHED, ["withdraw"]),
        (Status.IN_REVIEW, []),
    ):
        article = make_article(status=status)
        assert re.findall(r"/do/(\w+)/", client.get(page_of(article)).content.decode()) == verbs


def test_publishing_asks_first_and_then_does_it():
    article = make_article("甲")
    client = desk()
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT
    assert "甲" in client.get(ask(article, "publish")).content.decode()
    response = client.post(ask(article, "publish"), {"version": "1", "note": "好", "at": ""})
    assert response.status_code == 302
    now = Article.objects.get(pk=article.pk)
    assert (now.status, now.version, now.revisions.get().note) == (Status.PUBLISHED, 2, "好")


def test_the_time_of_publication_is_beijing_time():
    article = make_article()
    tomorrow = timezone.localdate() + timedelta(days=1)
    desk().post(ask(article, "publish"), {"version": "1", "note": "", "at": f"{tomorrow}T08:30"})
    at = Article.objects.get(pk=article.pk).published_at
    assert timezone.localtime(at).strftime("%F %H:%M %z") == f"{tomorrow} 08:30 +0800"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"at": "2001-01-01T00:00"}, "lies in the past"),
        ({"version": "7"}, "Somebody has changed this article"),
        ({"at": "yesterday"}, "valid date"),
    ],
)
def test_what_is_refused_says_why_on_the_page_and_loses_nothing(fields, message):
    article = make_article()
    response = desk().post(ask(article, "publish"), {"version": "1", "note": "我的话", "at": ""} | fields)
    page = response.content.decode()
    assert response.status_code == 200 and message in page and "我的话" in page
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


@pytest.mark.parametrize("version", [{}, {"version": ""}, {"version": "x"}])
def test_a_verb_without_the_version_it_was_asked_about_is_refused(version):
    article = make_article()
    response = desk().post(ask(article, "publish"), {"note": "我的话", "at": ""} | version)
    page = response.content.decode()
    assert response.status_code == 200 and "does not say which version" in page and "我的话" in page
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


def test_the_page_that_asks_says_that_unsaved_changes_stay_behind():
    article, client = make_article(), desk()
    text = "Changes that were not saved on the previous page are not included."
    assert text in client.get(ask(article, "publish")).content.decode()
    assert "data-unsaved=" in client.get(page_of(article)).content.decode()
    page = run(client, "withdraw_selected", [make_article(publish=True)]).content.decode()
    assert "Reason" in page and text not in page


def test_a_reason_is_asked_for_where_one_is_due():
    article = make_article(publish=True)
    response = desk().post(ask(article, "withdraw"), {"version": "1", "note": " "})
    assert "This field is required" in response.content.decode()
    desk().post(ask(article, "withdraw"), {"version": "1", "note": "来源更正"})
    assert Article.objects.get(pk=article.pk).revisions.get().note == "来源更正"


def test_a_verb_that_does_not_fit_the_state_says_so():
    assert "not possible while" in desk().get(ask(make_article(), "withdraw")).content.decode()


def test_what_keeps_an_article_from_being_published_is_said_before():
    page = desk().get(ask(make_article(url="", url_key=None), "publish")).content.decode()
    assert "The link to the original is missing" in page


def test_verbs_need_their_right_and_exist():
    article = make_article()
    client = desk(staff("change_article", "view_article"))
    assert client.get(ask(article, "publish")).status_code == 403
    assert client.post(ask(article, "publish"), {"version": "1"}).status_code == 403
    assert desk(staff("publish_article")).get(ask(article, "publish")).status_code == 403
    assert desk().get(ask(article, "explode")).status_code == 404
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


def test_a_time_beyond_all_calendars_is_refused_in_words():
    data = {"version": "1", "note": "", "when": "later", "at": "9999-12-31T23:59:59-12:00"}
    assert "too far away" in desk().post(ask(make_article(), "publish"), data).content.decode()


# --- many at once


def run(client: Client, action: str, articles: list[Article], **fields: str | list[str]) -> Any:
    data = {"action": action, "_selected_action": [article.pk for article in articles]} | fields
    return client.post(LIST, data, follow=True)


def test_articles_are_published_together_and_each_tells_its_outcome():
    good, bad = make_article("好"), make_article("坏", url="", url_key=None)
    page = run(desk(), "publish_selected", [good, bad], asked="1", note="").content.decode()
    assert "好: published" in page and "坏: The link to the original is missing" in page
    assert list(Article.objects.published()) == [good]


def test_every_one_of_many_tells_its_outcome():
    articles = [make_article(f"第{n}篇") for n in range(45)]
    page = run(desk(), "publish_selected", articles, asked="1", note="").content.decode()
    assert page.count("篇: published") == 45


def test_one_that_changed_since_the_question_is_refused_the_others_are_done():
    still, changed = make_article("没动"), make_article("动过")
    client = desk()
    asked = run(client, "publish_selected", [still, changed]).content.decode()
    seen = re.findall(r'name="seen" value="([^"]+)"', asked)
    Article.objects.filter(pk=changed.pk).update(title="动过了", version=2)
    page = run(client, "publish_selected", [still, changed], asked="1", note="", seen=seen).content.decode()
    assert "没动: published" in page and "动过了: Somebody has changed" in page
    assert list(Article.objects.published()) == [still]


def test_withdrawing_together_asks_for_a_reason_first():
    articles = [make_article(publish=True), make_article(publish=True)]
    client = desk()
    assert "Reason" in run(client, "withdraw_selected", articles).content.decode()
    assert (
        "This field is required"
        in run(client, "withdraw_selected", articles, asked="1", note="").content.decode()
    )
    assert Article.objects.published().count() == 2
    run(client, "withdraw_selected", articles, asked="1", note="更正")
    assert [a.revisions.get().note for a in Article.objects.filter(status=Status.WITHDRAWN)] == [
        "更正",
        "更正",
    ]


def test_actions_are_for_those_with_the_right():
    article = make_article()
    client = desk(staff("change_article", "view_article"))
    assert "publish_selected" not in client.get(LIST).content.decode()
    run(client, "publish_selected", [article], asked="1", note="")
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


@pytest.mark.parametrize("pk", ["abc", "", "1e5", "²", "9" * 30])
def test_a_crafted_selection_is_a_bad_request(pk):
    data = {"action": "publish_selected", "_selected_action": [pk], "asked": "1", "note": ""}
    assert desk().post(LIST, data).status_code == 400


def test_who_may_not_publish_her_own_work_is_told_why_on_both_pages():
    article, reviewer = make_article("旧"), make_user(is_staff=True, groups=["Reviewers"])
    client, why = desk(reviewer), "somebody else has to approve it"
    assert why not in client.get(page_of(article)).content.decode()
    saved(article, client, title="新")
    page = client.get(page_of(article)).content.decode()
    assert why in page and "desk-verb-publish" not in page
    page = client.get(ask(article, "publish")).content.decode()
    assert why in page and "not possible while" not in page
    other = desk(make_user(is_staff=True, groups=["Reviewers"]))
    assert why not in other.get(page_of(article)).content.decode()
    editor = desk(make_user(is_staff=True, groups=["Editors"]))
    saved(article, editor, title="再新")
    assert why not in editor.get(page_of(article)).content.decode()  # she publishes nothing anyway
