"""Decisions about what came in, from the page of triage: one entry or several, and the terms that wait."""

import pytest
from django.urls import reverse

from articles import editing
from articles.models import Article, Revision, Status
from tests.factories import desk, make_article, make_term, make_user, set_terms, staff, told
from tests.test_triage import ACT, TRIAGE, complete

pytestmark = pytest.mark.django_db


STALE = "Somebody has changed this article since you opened it. Look at it again first."


# --- doing ----------------------------------------------------------------------------------------


def test_one_takes_an_entry_on_and_gives_it_back():
    me = make_user("我", is_staff=True, is_superuser=True)
    article = complete("甲")
    one = {"pick": f"{article.pk}:1", "one": "1", "then": ""}
    page = desk(me).post(ACT, one | {"act": "take"}, follow=True)
    assert told(page) == ["甲: assigned to you"]
    assert page.context["article"].assigned_to == me
    page = desk(me).post(ACT, one | {"act": "give"}, follow=True)
    assert told(page) == ["甲: assigned to nobody"]
    assert Article.objects.get().assigned_to is None
    assert not Revision.objects.exists()


def test_what_somebody_else_sees_to_is_not_taken_from_her():
    other = make_user("李四")
    article = complete("甲", assigned_to=other)
    page = desk().post(ACT, {"act": "take", "pick": f"{article.pk}:1", "one": "1"}, follow=True)
    assert told(page) == ["甲: 李四 sees to it already."]
    assert Article.objects.get().assigned_to == other


def test_after_declining_with_a_reason_the_next_entry_is_there():
    second, first = complete("乙"), complete("甲")
    client = desk()
    assert client.get(TRIAGE).context["then"] == second.pk
    one = {"pick": f"{first.pk}:1", "one": "1", "then": second.pk}
    page = client.post(ACT, one | {"act": "decline", "note": "与主题无关"}, follow=True)
    assert told(page) == ["甲: declined"]
    assert page.context["article"] == second
    assert not page.context["gone"]
    first.refresh_from_db()
    assert first.status == Status.DECLINED
    assert first.revisions.get().note == "与主题无关"


def test_nothing_is_declined_without_a_reason():
    article = complete("甲")
    page = desk().post(
        ACT, {"act": "decline", "pick": f"{article.pk}:1", "one": "1", "note": " "}, follow=True
    )
    assert told(page) == ["甲: Give a reason."]
    assert page.context["article"] == article
    assert Article.objects.get().status == Status.DRAFT


def test_an_act_on_a_version_that_was_not_seen_is_refused_and_shows_the_present_one():
    article = complete("甲")
    Article.objects.update(version=2)
    for act in ("take", "decline", "submit", "assign"):
        form = {"act": act, "pick": f"{article.pk}:1", "one": "1", "note": "不用"}
        page = desk().post(ACT, form, follow=True)
        assert told(page) == [f"甲: {STALE}"]
        assert page.context["article"].version == 2
    assert Article.objects.get().status == Status.DRAFT


def test_several_at_once_get_a_result_each():
    done, also, stale = complete("甲"), complete("乙"), complete("丙")
    Article.objects.filter(pk=stale.pk).update(version=5)
    picks = [f"{done.pk}:1", f"{stale.pk}:1", f"{also.pk}:1", "999999999:1", "x", "1:1:1"]
    page = desk().post(ACT, {"act": "submit", "pick": picks}, follow=True)
    assert told(page) == [f"丙: {STALE}", "甲: in review<br>乙: in review"]
    assert list(Article.objects.order_by("pk").values_list("status", flat=True)) == [
        "in_review",
        "in_review",
        "draft",
    ]


def test_several_are_assigned_to_somebody_at_once():
    articles = [complete("甲"), complete("乙")]
    colleague = make_user("张三", is_staff=True)
    picks = [f"{article.pk}:1" for article in articles]
    page = desk().post(ACT, {"act": "assign", "to": colleague.pk, "pick": picks}, follow=True)
    assert told(page) == ["甲: assigned to 张三<br>乙: assigned to 张三"]
    assert {article.assigned_to for article in Article.objects.all()} == {colleague}
    reader = make_user("读者")
    page = desk().post(ACT, {"act": "assign", "to": reader.pk, "pick": picks}, follow=True)
    assert told(page) == ["甲: 读者 does not work on the desk.<br>乙: 读者 does not work on the desk."]
    for nonsense in ("0", "99999999999999999999", "\0", "x"):
        page = desk().post(ACT, {"act": "assign", "to": nonsense, "pick": picks}, follow=True)
        assert told(page) == ["There is no such person."]


def test_a_whole_page_of_results_is_told():
    picks = [f"{complete(f'第{n}条').pk}:1" for n in range(25)]
    page = desk().post(ACT, {"act": "decline", "note": "过时", "pick": picks}, follow=True)
    assert "<br>".join(told(page)).split("<br>") == [f"第{n}条: declined" for n in range(25)]


def test_without_a_choice_or_with_an_unknown_act_nothing_happens():
    article = complete("甲")
    assert told(desk().post(ACT, {"act": "submit"}, follow=True)) == ["Choose at least one entry."]
    assert desk().post(ACT, {"act": "publish", "pick": f"{article.pk}:1"}).status_code == 404
    assert desk().get(ACT).status_code == 405
    assert Article.objects.get().status == Status.DRAFT


def test_the_narrowed_queue_stays_narrowed_after_an_act():
    article = complete("甲", technologies=[])
    form = {"act": "take", "pick": f"{article.pk}:1", "one": "1", "reason": "technologies", "who": "nobody"}
    response = desk().post(ACT, form | {"then": "77"})
    assert response.url == f"{TRIAGE}?reason=technologies&who=nobody&id={article.pk}&then=77"


# --- terms ----------------------------------------------------------------------------------------


def test_terms_are_edited_on_the_spot():
    article = complete("甲", keywords=["旧"])
    form = {"version": 1, "keywords": ["旧", "新"], "technologies": ["大模型"], "industries": ["教育"]}
    page = desk().post(f"{TRIAGE}{article.pk}/terms/", form, follow=True)
    assert told(page) == ["Terms saved."]
    assert page.context["article"] == article
    assert [term.name for term in article.keywords.all()] == ["旧", "新"]
    assert Article.objects.get().version == 2


def test_terms_of_what_is_published_meanwhile_are_edited_in_its_draft():
    article = complete("甲", keywords=["旧"], publish=True)
    make_term("草稿里的", "keyword")
    make_term("新", "keyword")
    editing.save(article, {"keywords": ["旧", "草稿里的"], "technologies": []}, by=None)
    form = {"version": 2, "keywords": ["草稿里的", "新"], "technologies": [], "industries": ["教育"]}
    assert told(desk().post(f"{TRIAGE}{article.pk}/terms/", form, follow=True)) == ["Terms saved."]
    draft = Revision.objects.get(pending=True).snapshot
    assert (draft["keywords"], draft["technologies"]) == (["草稿里的", "新"], [])
    assert [term.name for term in article.keywords.all()] == ["旧"]
    assert [term.name for term in article.technologies.all()] == ["大模型"]


def test_terms_of_a_version_that_was_not_seen_are_refused():
    article = complete("甲")
    Article.objects.update(version=2)
    page = desk().post(f"{TRIAGE}{article.pk}/terms/", {"version": 1, "keywords": ["新"]}, follow=True)
    assert told(page) == [STALE]
    assert not article.keywords.exists()


def test_a_refused_term_is_said_beside_the_field_and_what_was_typed_stays():
    article = complete("甲")
    user = staff("view_article", "change_article")
    form = {"version": 1, "keywords": ["没有的词"], "technologies": ["大模型"], "industries": ["教育"]}
    page = desk(user).post(f"{TRIAGE}{article.pk}/terms/", form)
    assert page.status_code == 200
    [error] = page.context["terms_form"].errors["keywords"]
    assert error.startswith("There is no such term")
    assert "没有的词" in page.content.decode()
    for version in ("", "x", "99999999999999999999"):
        page = desk().post(f"{TRIAGE}{article.pk}/terms/", form | {"version": version})
        assert page.status_code == 200
        assert list(page.context["terms_form"].errors) == ["version"]


def test_terms_of_what_does_not_exist_are_not_found():
    assert desk().post(f"{TRIAGE}99999999999999999999/terms/", {}).status_code == 404
    assert desk().post(f"{TRIAGE}999999/terms/", {}).status_code == 404


def test_of_thousands_of_terms_the_first_are_shown_and_none_are_edited_here():
    make_article("词太多", keywords=[f"词{number}" for number in range(205)])
    page = desk(staff("view_article", "change_article")).get(TRIAGE).text
    assert "词199、…… +5" in page
    assert "词200" not in page
    assert "/terms/" not in page


def test_new_terms_lead_to_where_they_are_confirmed():
    article = complete("甲")
    make_term("新词", "keyword", confirmed=False)
    set_terms(article, keywords=["新词"])
    [(name, address)] = desk().get(TRIAGE).context["unconfirmed"]
    assert name == "新词"
    assert address == reverse("admin:taxonomy_keyword_change", args=[article.keywords.get().pk])
