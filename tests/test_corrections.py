"""Corrections: what was wrong and what is right, told to readers on the article's page and in one list."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from articles import corrections, revisions, story, workflow
from articles.locking import Stale
from articles.models import Article, Correction, Reuse, RevisionKind, Status
from tests.factories import desk, english_reader, make_article, make_source, make_user, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
WRONG, RIGHT = "院方投入三亿元", "院方投入三千万元"


@pytest.fixture
def article() -> Article:
    return make_article("医院试用语言模型", publish=True, points=[("投入", "三千万元。")])


def correct(article: Article, *, wrong: str = WRONG, right: str = RIGHT, by: Any = None) -> Correction:
    return corrections.publish(article, wrong=wrong, right=right, by=by)


def page(article: Article) -> str:
    return english_reader().get(Article.objects.get(pk=article.pk).get_absolute_url()).text


def listed(query: str = "") -> list[str]:
    """What readers find in the list, as what is right."""
    text = english_reader().get(f"/corrections/{query}").text
    return re.findall(r'Right is</dt><dd lang="zh-Hans">(.*?)</dd>', text)


# --- the verbs ------------------------------------------------------------------------------------


def test_a_correction_is_told_and_noted(article):
    by = make_user(groups=["Reviewers"])
    before = article.updated_at
    correction = correct(article, by=by)
    assert (correction.article, correction.wrong, correction.right, correction.by) == (
        article,
        WRONG,
        RIGHT,
        by,
    )
    stored = Article.objects.get()
    assert (stored.version, article.version, stored.updated_at > before) == (2, 2, True)
    last = stored.revisions.first()
    assert (last.kind, last.by, last.note) == (RevisionKind.WORKFLOW, by, f"Correction: {RIGHT}")


def test_a_notice_that_was_a_mistake_is_retracted_not_deleted(article):
    by = make_user(groups=["Chief editors"])
    correction = correct(article)
    corrections.retract(correction, by=by, reason="原文没有错")
    correction.refresh_from_db()
    assert correction.retracted_at
    last = article.revisions.first()
    assert (last.by, last.note) == (by, "Correction retracted: 原文没有错")
    assert (RIGHT in page(article), listed()) == (False, [])
    with pytest.raises(workflow.Refused):
        corrections.retract(correction, by=by, reason="再一次")


@pytest.mark.parametrize(
    "texts",
    [
        {"wrong": "", "right": RIGHT},
        {"wrong": WRONG, "right": " \n\u3000"},
        {"wrong": "错" * 2001, "right": RIGHT},
        {"wrong": WRONG, "right": "对" * 2001},
    ],
)
def test_a_correction_says_both_and_at_no_great_length(article, texts):
    with pytest.raises(workflow.Refused):
        correct(article, **texts)
    assert not Correction.objects.exists()


def test_a_retraction_asks_for_a_reason(article):
    correction = correct(article)
    with pytest.raises(workflow.Refused):
        corrections.retract(correction, by=None, reason=" ")
    assert Correction.objects.filter(retracted_at=None).exists()


@pytest.mark.parametrize("status", [status for status in Status.values if status != Status.PUBLISHED])
def test_only_what_readers_see_is_corrected(status):
    article = make_article(status=status)
    with pytest.raises(workflow.Refused):
        correct(article)


def test_neither_a_scheduled_nor_a_leaving_article_is_corrected():
    now = timezone.now()
    for times in (
        {"published_at": now + timedelta(hours=1)},
        {"published_at": now - timedelta(hours=2), "withdraw_at": now - timedelta(hours=1)},
    ):
        with pytest.raises(workflow.Refused):
            correct(make_article(publish=True, **times))


def test_nobody_corrects_without_the_right_to_publish(article):
    editor = make_user(groups=["Editors"])
    with pytest.raises(workflow.Refused):
        correct(article, by=editor)
    correction = correct(article)
    with pytest.raises(workflow.Refused):
        corrections.retract(correction, by=editor, reason="不对")


def test_who_saw_an_older_version_corrects_nothing(article):
    Article.objects.update(version=2)
    with pytest.raises(Stale):
        correct(article)


def test_a_notice_brings_no_more_of_the_original_than_its_page_may():
    text = "".join(chr(0x4E00 + number) for number in range(600))
    article = make_article(publish=True, summary=text, source=make_source("a.example", reuse=Reuse.EXCERPT))
    with pytest.raises(workflow.Refused):
        correct(article, wrong=text[:250])
    correct(article, wrong=text[:150])
    free = make_article(publish=True, summary=text, source=make_source("b.example", reuse=Reuse.FULL))
    with pytest.raises(workflow.Refused):  # the source may allow less one day, and the notice stays
        correct(free, wrong=text[:250])


def test_a_waiting_draft_goes_on_waiting(article):
    draft = {"title": "草稿的标题"}
    revisions.record_snapshots(
        {article.pk: story_text(article) | draft}, kind=RevisionKind.DRAFT, pending=True
    )
    correct(article)
    assert revisions.pending(article.pk).snapshot["title"] == "草稿的标题"
    assert "草稿的标题" not in page(article)


def story_text(article: Article) -> revisions.Snapshot:
    return revisions.snapshot(Article.objects.whole().get(pk=article.pk))


# --- readers --------------------------------------------------------------------------------------


def test_the_page_of_the_article_tells_it_under_the_headline(article):
    before = page(article)
    assert "Corrected" not in before
    first, second = correct(article), correct(article, wrong="甲错", right="甲对")
    after = page(article).split("<main")[1]
    assert 'id="corrected">Corrected</h2>' in after
    places = [
        after.index(text) for text in (f'id="c{second.pk}"', f'id="c{first.pk}"', WRONG, RIGHT, 'id="p1"')
    ]
    assert places == sorted(places)


def test_machines_are_told_too(article):
    correction = correct(article)
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page(article))
    assert json.loads(text)["correction"] == [
        {
            "@type": "CorrectionComment",
            "text": f"It said: {WRONG} Right is: {RIGHT}",
            "dateCreated": timezone.localtime(correction.at).isoformat(timespec="seconds"),
        }
    ]


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_article_is_read_in_one_statement_however_often_it_was_corrected(
    article, number, django_assert_num_queries
):
    for time in range(number):
        correct(article, wrong=f"错{time}")
    with django_assert_num_queries(1):
        found = story.public(article.pk)
        assert story.page(found).html.count('class="correction"') == number


def test_the_list_has_all_that_stand_newest_first(article):
    other = make_article("另一篇", publish=True)
    for number, of in enumerate([article, other, article]):
        correct(of, right=f"对{number}")
    text = english_reader().get("/corrections/").text
    assert listed() == ["对2", "对1", "对0"]
    last = Correction.objects.latest("id")
    assert f'<a href="{article.get_absolute_url()}#c{last.pk}">{article.title}</a>' in text


def test_what_readers_cannot_open_is_not_in_the_list(article):
    kept = make_article("留下的一篇", publish=True)
    leaving = make_article("要走的一篇", publish=True)
    for of in (article, leaving, kept):
        correct(of, right=of.title)
    workflow.withdraw(article, by=None, reason="重复")
    Article.objects.filter(pk=leaving.pk).update(
        published_at=timezone.now() - timedelta(hours=2), withdraw_at=timezone.now() - timedelta(hours=1)
    )
    assert listed() == ["留下的一篇"]


def test_the_list_goes_on_and_comes_back(article):
    Correction.objects.bulk_create(
        Correction(article=article, wrong="错", right=f"对{number}") for number in range(70)
    )
    everything = [f"对{number}" for number in range(69, -1, -1)]
    text, found = english_reader().get("/corrections/").text, listed()
    seen = [found]
    while older := re.search(r'href="(\?before=\d+)"', text):
        text, found = english_reader().get(f"/corrections/{older[1]}").text, listed(older[1])
        seen.append(found)
    assert (list(map(len, seen)), sum(seen, [])) == ([30, 30, 10], everything)
    back = re.search(r'href="(\?after=\d+)"', text)[1]
    assert listed(back) == seen[1]
    text = english_reader().get(f"/corrections/{back}").text
    assert listed(re.search(r'href="(\?after=\d+)"', text)[1]) == seen[0]


def test_an_empty_list_says_so():
    assert "Nothing had to be corrected so far." in english_reader().get("/corrections/").text


@pytest.mark.parametrize(
    "query", ["before=0", "before=x", "after=" + "9" * 20, "before=" + "9" * 18, "after=%00", "before=-1"]
)
def test_hostile_queries_get_a_list(article, query):
    correct(article)
    assert english_reader().get(f"/corrections/?{query}").status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_whatever_is_in_it(number, client: Client, django_assert_num_queries):
    for _time in range(number):
        correct(make_article(publish=True))
    with django_assert_num_queries(1):
        client.get("/corrections/")


def test_hostile_texts_are_text(article):
    evil = "<script>alert(1)</script>\u202e"
    correct(article, wrong=evil, right=evil)
    assert "<script>alert" not in page(article)
    assert "<script>alert" not in english_reader().get("/corrections/").text


def test_every_page_leads_to_the_list(client: Client):
    assert 'href="/corrections/"' in client.get("/").text


# --- the desk -------------------------------------------------------------------------------------


def address(article: Article, page: str = "correct") -> str:
    return f"/admin/articles/article/{article.pk}/{page}/"


def test_a_correction_is_written_and_retracted_on_the_desk(article):
    client = desk(make_user(is_staff=True, groups=["Reviewers"]))
    answers = {"version": article.version, "wrong": WRONG, "right": RIGHT}
    assert client.post(address(article), answers)["Location"] == address(article)
    correction = Correction.objects.get()
    assert RIGHT in page(article)
    assert WRONG in client.get(address(article)).text
    answers = {"version": 2, "retract": correction.pk, "reason": "原文没有错"}
    assert client.post(address(article), answers)["Location"] == address(article)
    assert RIGHT not in page(article)
    text = client.get(address(article)).text
    assert (RIGHT in text, "retracted" in text, 'name="retract"' in text) == (True, True, False)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"wrong": ""}, "This field is required."),
        ({"right": "对" * 2001}, "at most 2000 characters"),
        ({"right": "a\0b"}, "Null characters are not allowed."),
        ({"version": ""}, "This form does not say which version"),
        ({"version": "9" * 30}, "Somebody has changed this article"),
        ({"retract": "1", "reason": ""}, "This field is required."),
        ({"retract": "x", "reason": "因为"}, "Enter a whole number."),
        ({"retract": "9" * 30, "reason": "因为"}, "less than or equal to"),
    ],
)
def test_what_is_wrong_with_the_form_is_told_and_nothing_happens(article, answers, told):
    response = desk().post(address(article), {"version": 1, "wrong": WRONG, "right": RIGHT} | answers)
    assert (response.status_code, told in response.text) == (200, True)
    assert not Correction.objects.exists()


def test_a_correction_of_another_article_is_not_retracted_here(article):
    other = correct(make_article(publish=True))
    answers = {"version": 1, "retract": other.pk, "reason": "因为"}
    assert desk().post(address(article), answers).status_code == 404
    assert Correction.objects.filter(retracted_at=None).exists()


def test_only_those_who_publish_correct(article):
    for user, status in (
        (staff("view_article", "change_article"), 403),
        (staff("publish_article"), 403),
        (staff("view_article", "publish_article"), 200),
    ):
        assert desk(user).get(address(article)).status_code == status
        expected = 302 if status == 200 else status
        answers = {"version": 1, "wrong": WRONG, "right": RIGHT}
        assert desk(user).post(address(article), answers).status_code == expected
    assert Correction.objects.count() == 1
    assert Client().get(address(article)).status_code == 302
    assert desk().get(f"/admin/articles/article/{'9' * 20}/correct/").status_code == 404


def test_an_article_that_readers_do_not_see_has_nothing_to_correct():
    draft = make_article()
    text = desk().get(address(draft)).text
    assert ("there is nothing to correct" in text, 'name="wrong"' in text) == (True, False)
    response = desk().post(address(draft), {"version": 1, "wrong": WRONG, "right": RIGHT})
    assert "there is nothing to correct" in response.text


def test_all_corrections_are_looked_at_and_changed_by_nobody(article, django_assert_num_queries):
    correction = correct(article)
    corrections.retract(correct(article, right="撤回的"), by=None, reason="错")
    client = desk()
    text = client.get("/admin/articles/correction/").text
    assert RIGHT in text and "撤回的" in text
    assert client.get(f"/admin/articles/correction/{correction.pk}/change/").status_code == 200
    assert client.get("/admin/articles/correction/add/").status_code == 403
    assert client.post(f"/admin/articles/correction/{correction.pk}/change/", {}).status_code == 403
    assert (
        client.post(f"/admin/articles/correction/{correction.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert desk(staff("view_article")).get("/admin/articles/correction/").status_code == 403
    assert desk(staff("view_correction")).get("/admin/articles/correction/").status_code == 200


def test_a_correction_names_its_article_to_those_only_who_may_see_it():
    article = make_article("给编辑看的题", publish=True)
    correction = corrections.publish(article, wrong="甲", right="乙", by=None)
    addresses = ("/admin/articles/correction/", f"/admin/articles/correction/{correction.pk}/change/")
    for rights, seen in (
        (["view_correction"], False),
        (["view_correction", "view_article"], True),
        (["view_correction", "change_article"], True),
    ):
        client = desk(staff(*rights))
        pages = [client.get(address).content.decode() for address in addresses]
        assert ["给编辑看的题" in page for page in pages] == [seen, seen]
        assert all(f"#{article.pk}" in page for page in pages) or seen
