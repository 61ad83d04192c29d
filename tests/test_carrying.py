"""What was typed on an older version is carried over to the newest: nothing typed is lost, nobody's work overwritten."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from articles import editing, revisions, workflow
from articles.admin import carrying
from articles.admin.carrying import MINE, THEIRS, Part
from articles.models import Article, Origin
from tests.desk_form import errors, page_of, point, sent
from tests.factories import desk, make_article, make_term, make_user, set_terms, staff

TEXT = {
    **dict.fromkeys(carrying.WHOLE, "旧"), "source_date": None, "keywords": ["甲"], "technologies": [], "industries": [],
    "points": [],
}  # fmt: skip


def some(*bodies: str) -> list[dict[str, str]]:
    return [{"heading": "", "body": body} for body in bodies]


def carried(was: dict, mine: dict, now: dict, part: Part | None = None, **choices: str) -> carrying.Carried:
    part = part or Part(0, len(was["points"]))
    return carrying.carry(carrying.read(carrying.seen(was, part)), mine, now, part, choices)


def bodies(found: carrying.Carried) -> list[str]:
    return [one["body"] for one in found.values["points"]]


# --- the rule -------------------------------------------------------------------------------------


def test_whoever_has_changed_a_field_is_right():
    mine, now = TEXT | {"title": "我的"}, TEXT | {"intro": "别人的"}
    found = carried(TEXT, mine, now)
    assert {name: found.values[name] for name in ("title", "intro", "url")} == {
        "title": "我的",
        "intro": "别人的",
        "url": "旧",
    }
    assert (found.mine, found.theirs, found.collisions) == (["title"], ["intro"], [])


@pytest.mark.parametrize(
    ("choice", "value"), [({}, "我的"), ({"title": MINE}, "我的"), ({"title": THEIRS}, "别人的")]
)
def test_where_both_have_the_person_chooses(choice, value):
    found = carried(TEXT, TEXT | {"title": "我的"}, TEXT | {"title": "别人的"}, **choice)
    assert (found.values["title"], found.collisions) == (value, ["title"])


def test_the_same_change_on_both_sides_is_none_to_choose():
    found = carried(TEXT, TEXT | {"title": "新"}, TEXT | {"title": "新"})
    assert (found.values["title"], found.mine, found.theirs, found.collisions) == ("新", [], [], [])


def test_no_value_and_an_empty_one_are_the_same():
    found = carried(TEXT | {"source_date": None}, TEXT | {"source_date": ""}, TEXT | {"source_date": None})
    assert (found.mine, found.theirs, found.collisions) == ([], [], [])


def test_terms_are_merged_one_by_one():
    was, mine, now = (TEXT | {"keywords": list(names)} for names in ("甲乙丙", "甲丙丁", "乙丙戊"))
    found = carried(was, mine, now)
    assert (found.values["keywords"], found.collisions) == (["丙", "丁", "戊"], [])


def test_points_are_merged_one_by_one():
    was, mine, now = (TEXT | {"points": some(*texts)} for texts in ("一二三", "壹二三", "一二叁四"))
    found = carried(was, mine, now)
    assert (bodies(found), found.collisions) == (["壹", "二", "叁", "四"], [])
    assert (found.mine, found.theirs) == (["points"], ["points"])


@pytest.mark.parametrize(("side", "expected"), [(MINE, ["我", "二", "叁"]), (THEIRS, ["她", "二", "叁"])])
def test_of_points_only_the_colliding_ones_are_chosen(side, expected):
    was, mine, now = (TEXT | {"points": some(*texts)} for texts in ("一二三", "我二三", "她二叁"))
    found = carried(was, mine, now, points=side)
    assert (bodies(found), found.collisions) == (expected, ["points"])


def test_a_part_of_the_points_is_found_again_after_others_came_before_it():
    was = TEXT | {"points": some(*"一二三四五六")}
    now = TEXT | {"points": some(*"零一二三肆五六")}
    found = carried(was, {"points": some("叁", "四")}, now, Part(2, 2))
    assert (bodies(found), found.collisions) == (list("零一二叁肆五六"), [])


def test_a_part_that_is_not_found_again_is_for_the_person_to_choose():
    was, now = TEXT | {"points": some(*"一二三四")}, TEXT | {"points": some(*"子丑寅卯")}
    mine = {"points": some("贰", "三")}
    assert carried(was, mine, now, Part(1, 2)).collisions == ["points"]
    assert bodies(carried(was, mine, now, Part(1, 2), points=MINE)) == list("子贰三卯")
    assert bodies(carried(was, mine, now, Part(1, 2), points=THEIRS)) == list("子丑寅卯")


@pytest.mark.parametrize(
    "seen",
    [
        *("", "x", "[]", "{}", '{"points": 3, "title": 4, "keywords": [1]}', "[" * 100_000, "9" * 10_000),
        *(r'{"keywords": ["\ud800"]}', r'{"keywords": ["\u0000"], "title": "\udfff"}'),
    ],
)
def test_a_form_that_does_not_say_what_it_showed_leaves_every_difference_to_choose(seen):
    mine = TEXT | {"title": "我的", "points": some("一"), "keywords": ["乙"]}
    found = carrying.carry(carrying.read(seen), mine, TEXT, Part(0, 0), {})
    assert (found.collisions, found.values["keywords"]) == (["title", "points"], ["乙", "甲"])


def test_what_a_form_says_it_showed_is_short():
    text = TEXT | {"summary": "长" * 100_000, "points": some(*map(str, range(30_000)))}
    assert len(carrying.seen(text, Part(400, 200))) < 5_000


# --- the form -------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def meanwhile(article: Article, **changes: Any) -> None:
    li = User.objects.filter(username="李四").first() or make_user("李四", is_superuser=True)
    editing.save(Article.objects.get(pk=article.pk), changes, by=li)


def stale(article: Article, client: Client, theirs: dict, **typed: Any) -> tuple[Any, dict[str, Any]]:
    """The answer to a form that is sent after somebody else has saved, and what would be sent from it."""
    data = sent(client.get(page_of(article))) | typed
    meanwhile(article, **theirs)
    response = client.post(page_of(article), data)
    assert "Somebody has changed this article since you opened it" in errors(response)
    return response, sent(response) | {"onto": str(Article.objects.get(pk=article.pk).version)}


def now(article: Article) -> revisions.Snapshot:
    return editing.text(Article.objects.get(pk=article.pk))


def test_one_button_saves_what_was_typed_onto_the_present_version():
    article = make_article("旧", intro="旧", points=[("", "一"), ("", "二")], keywords=["甲"])
    theirs = {"intro": "李四的", "keywords": ["甲", "丙"], "points": some("一", "贰")}
    typed = {"title": "我的", "keywords": ["甲", "乙"]} | point(0, body="壹")
    response, data = stale(article, desk(), theirs, **typed)
    panel = response.context["stale"]
    assert (panel["by"], panel["version"], panel["collisions"]) == ("李四", 2, [])
    assert [label for label, _text in panel["theirs"]] == ["keywords", "intro", "event points"]
    assert panel["mine"] == ["title", "keywords", "event points"]
    assert now(article)["title"] == "旧"
    client = desk()
    answer = client.post(page_of(article), data)
    assert (answer.status_code, answer.url) == (302, page_of(article))
    said = now(article)
    assert (said["title"], said["intro"], said["keywords"]) == ("我的", "李四的", ["甲", "乙", "丙"])
    assert said["points"] == some("壹", "贰")
    assert article.revisions.count() == 2


def test_what_both_have_changed_is_chosen_field_by_field():
    article = make_article("旧", intro="旧", summary="旧")
    client = desk()
    theirs = {"title": "李四的题", "intro": "李四的导语"}
    response, data = stale(article, client, theirs, title="我的题", intro="我的导语", summary="我的正文")
    assert [(one["name"], one["mine"], one["theirs"]) for one in response.context["stale"]["collisions"]] == [
        ("title", "我的题", "李四的题"),
        ("intro", "我的导语", "李四的导语"),
    ]
    again = client.post(page_of(article), data | {"carry-title": "mine"})
    assert "Choose for each of them." in again.content.decode()
    assert [one["choice"] for one in again.context["stale"]["collisions"]] == ["mine", ""]
    data = sent(again) | {"onto": "2", "carry-title": "mine", "carry-intro": "theirs"}
    assert client.post(page_of(article), data).status_code == 302
    said = now(article)
    assert (said["title"], said["intro"], said["summary"]) == ("我的题", "李四的导语", "我的正文")


def test_one_may_go_on_writing_before_it_is_saved():
    article = make_article("旧")
    client = desk()
    _response, data = stale(article, client, {"title": "李四的"}, title="我的")
    client.post(page_of(article), data | {"title": "两人的", "carry-title": "mine"})
    assert now(article)["title"] == "两人的"


def test_who_saved_in_between_again_is_shown_again():
    article = make_article("旧")
    client = desk()
    _response, data = stale(article, client, {"intro": "一"}, title="我的")
    meanwhile(article, title="李四又改")
    response = client.post(page_of(article), data)
    assert [one["name"] for one in response.context["stale"]["collisions"]] == ["title"]
    assert (now(article)["title"], Article.objects.get().version) == ("李四又改", 3)


def test_an_error_in_the_form_keeps_it_from_being_saved_and_loses_nothing():
    article = make_article("旧")
    client = desk()
    _response, data = stale(article, client, {"intro": "李四的"}, title="我的", excerpt="长" * 201)
    response = client.post(page_of(article), data)
    assert "excerpt" in errors(response) and "我的</textarea>" in response.content.decode()
    assert client.post(page_of(article), data | {"excerpt": ""}).status_code == 302
    assert (now(article)["title"], now(article)["intro"]) == ("我的", "李四的")


def test_a_term_that_was_renamed_meanwhile_is_no_change_of_either():
    article, term = make_article("旧", keywords=["甲"]), None
    client = desk()
    data = sent(client.get(page_of(article))) | {"title": "我的"}
    term = article.keywords.get()
    term.name = "新甲"
    term.save()
    term.aliases.create(name="甲")
    meanwhile(article, intro="李四的")
    response = client.post(page_of(article), data)
    assert response.context["stale"]["mine"] == ["title"]
    client.post(page_of(article), sent(response) | {"onto": "2"})
    assert (now(article)["keywords"], now(article)["title"]) == (["新甲"], "我的")


def test_what_was_published_meanwhile_gets_what_was_typed_as_a_draft():
    article = make_article("旧")
    client = desk(staff("change_article", "view_article"))
    data = sent(client.get(page_of(article))) | {"title": "我的"}
    workflow.publish(Article.objects.get(), by=None)
    response = client.post(page_of(article), data)
    client.post(page_of(article), sent(response) | {"onto": "2"})
    assert (Article.objects.get().title, now(article)["title"]) == ("旧", "我的")


def test_what_was_published_and_drafted_meanwhile_is_carried_over_to_the_draft():
    article = make_article("旧", intro="旧")
    client = desk()
    data = sent(client.get(page_of(article))) | {"title": "我的"}
    workflow.publish(Article.objects.get(), by=None)
    meanwhile(article, intro="李四的草稿")
    response = client.post(page_of(article), data)
    answer = client.post(page_of(article), sent(response) | {"onto": "3"}, follow=True)
    assert "Saved as a draft" in answer.content.decode()
    said = now(article)
    assert (said["title"], said["intro"], Article.objects.get().title) == ("我的", "李四的草稿", "旧")


def test_who_has_checked_the_old_event_summary_has_not_checked_the_present_one():
    article = make_article("旧", intro="旧", points=[("", "一")])
    client = desk()
    response, data = stale(article, client, {"intro": "李四的", "origin": "edited"}, verified="on")
    assert "check it again once it is saved" in response.content.decode()
    client.post(page_of(article), data)
    assert now(article)["origin"] == Origin.EDITED


def test_a_link_that_was_changed_meanwhile_keeps_its_source():
    article = make_article("旧", source="example.com")
    client = desk()
    _response, data = stale(
        article, client, {"url": "https://www.1905.com/a", "source": "1905.com"}, title="我的"
    )
    client.post(page_of(article), data)
    said = now(article)
    assert (said["title"], said["url"], said["source"]) == ("我的", "https://www.1905.com/a", "1905.com")


def test_what_the_form_showed_is_in_its_page():
    make_term("甲", "keyword")
    article = make_article("旧", points=[("", "一")])
    set_terms(article, keywords=["甲"])
    page = desk().get(page_of(article))
    found = json.loads(page.context["adminform"].form["seen"].value())
    assert (found["keywords"], found["points"]) == (
        ["甲"],
        [carrying.print_of({"heading": "", "body": "一"})],
    )
    assert 'name="seen"' in page.content.decode()
