"""Two articles that are nearly the same are joined, or told apart, by a person, and separated again."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from articles import duplicates, importer, workflow
from articles.locking import Stale
from articles.models import Article, Decision, DuplicatePair, Status
from tests.factories import desk, make_article, make_user, set_terms, staff
from tests.test_duplicates import edited, fresh, make_similar, pair_of, pairs, text

pytestmark = pytest.mark.django_db


def names(article: Article, field: str) -> list[str]:
    return [term.name for term in getattr(fresh(article), field).all()]


# --- deciding -------------------------------------------------------------------------------------


def chief() -> Any:
    return make_user(is_staff=True, groups=["Chief editors"])


def test_a_dismissed_pair_stays_dismissed_until_somebody_wants_to_be_asked_again():
    first, second = make_similar(1, 2)
    pair = pair_of(first, second)
    by = chief()
    duplicates.dismiss(pair, by=by)
    assert (pair.decision, pair.by) == (Decision.DISMISSED, by)
    duplicates.queue_all()
    duplicates.find_all()
    assert list(DuplicatePair.objects.waiting()) == []
    with pytest.raises(workflow.Refused):
        duplicates.dismiss(pair, by=by)
    duplicates.ask_again(pair, by=by)
    assert list(DuplicatePair.objects.waiting()) == [pair]


def join(stays: Article, goes: Article, by: Any = None, note: str = "") -> DuplicatePair:
    pair = pair_of(stays, goes)
    duplicates.join(pair, fresh(stays), fresh(goes), by=by or chief(), note=note)
    return pair


def test_joining_brings_terms_and_link_and_takes_the_other_out_of_use():
    stays, goes = make_similar(1, 2)
    set_terms(stays, keywords=["电影"])
    set_terms(goes, keywords=["电影", "剧本"], technologies=["Sora"])
    join(stays, goes, note="同一条")
    assert names(stays, "keywords") == ["电影", "剧本"]
    assert names(stays, "technologies") == ["Sora"]
    assert fresh(stays).also_at == [goes.url]
    assert (fresh(stays).status, fresh(goes).status) == (Status.DRAFT, Status.DECLINED)
    said = [article.revisions.first().note for article in (stays, goes)]
    assert [
        number in note and "同一条" in note
        for number, note in zip((f"#{goes.pk}", f"#{stays.pk}"), said, strict=True)
    ] == [True, True]
    assert list(DuplicatePair.objects.waiting()) == []


def test_a_join_that_brings_nothing_is_still_in_the_history_of_both():
    stays, goes = make_similar(1, 2)
    Article.objects.filter(pk=goes.pk).update(url="", url_key=None)
    join(stays, goes)
    assert f"#{goes.pk}" in stays.revisions.first().note
    assert f"#{stays.pk}" in goes.revisions.first().note


def test_what_readers_see_is_withdrawn_and_what_stays_gets_a_draft():
    stays, goes = make_similar(1, 2, publish=True)
    set_terms(goes, keywords=["剧本"])
    join(stays, goes)
    assert (fresh(stays).status, fresh(goes).status) == (Status.PUBLISHED, Status.WITHDRAWN)
    assert names(stays, "keywords") == []
    draft = stays.revisions.get(pending=True)
    assert (draft.snapshot["keywords"], draft.snapshot["also_at"]) == (["剧本"], [goes.url])


def test_notes_and_assignment_stay_where_they_are():
    stays, goes = make_similar(1, 2)
    person = chief()
    Article.objects.filter(pk=goes.pk).update(assigned_to=person)
    goes.notes.create(text="看看", by=person)
    join(stays, goes)
    assert fresh(goes).assigned_to == person
    assert (stays.notes.count(), goes.notes.count()) == (0, 1)


def test_separating_takes_back_what_joining_brought_and_asks_again():
    stays, goes = make_similar(1, 2)
    set_terms(stays, keywords=["电影"])
    set_terms(goes, keywords=["电影", "剧本"])
    pair = join(stays, goes)
    duplicates.separate(pair, fresh(stays), fresh(goes), by=chief())
    assert names(stays, "keywords") == ["电影"]
    assert fresh(stays).also_at == []
    assert fresh(goes).status == Status.DRAFT
    assert list(DuplicatePair.objects.waiting()) == [pair]
    assert (pair.kept, pair.brought, pair.by) == (None, {}, None)


def test_separating_leaves_what_a_person_has_done_since():
    stays, goes = make_similar(1, 2)
    set_terms(goes, keywords=["剧本", "分镜"])
    pair = join(stays, goes)
    set_terms(stays, keywords=["分镜", "自己加的"])
    duplicates.separate(pair, fresh(stays), fresh(goes), by=chief())
    assert names(stays, "keywords") == ["自己加的"]


@pytest.mark.parametrize("group", ["Importers", "Editors", "Reviewers"])
def test_who_may_not_withdraw_may_not_join_what_readers_see(group):
    stays, goes = make_similar(1, 2, publish=True)
    set_terms(goes, keywords=["剧本"])
    with pytest.raises(workflow.Refused):
        join(stays, goes, by=make_user(is_staff=True, groups=[group]))
    assert [fresh(article).version for article in (stays, goes)] == [1, 1]
    assert pair_of(stays, goes).decision == ""
    assert stays.revisions.count() == 0


def test_who_may_not_change_articles_decides_nothing():
    first, second = make_similar(1, 2)
    by = make_user(is_staff=True, groups=["Importers"])
    with pytest.raises(workflow.Refused):
        join(first, second, by=by)
    with pytest.raises(workflow.Refused):
        duplicates.dismiss(pair_of(first, second), by=by)
    assert pairs(decision="") == {(first.pk, second.pk)}


@pytest.mark.parametrize("changed", [0, 1])
def test_what_somebody_changed_meanwhile_is_not_joined(changed):
    both = make_similar(1, 2)
    seen = [fresh(article) for article in both]
    Article.objects.filter(pk=both[changed].pk).update(version=2)
    with pytest.raises(Stale):
        duplicates.join(pair_of(*both), *seen, by=chief())
    assert [fresh(article).status for article in both] == [Status.DRAFT, Status.DRAFT]


def test_what_is_out_of_use_is_not_asked_about_and_not_joined():
    stays, goes = make_similar(1, 2)
    workflow.decline(fresh(goes), by=None, reason="无关")
    assert list(DuplicatePair.objects.waiting()) == []
    with pytest.raises(workflow.Refused):
        join(stays, goes)
    workflow.reopen(fresh(goes), by=None)
    assert list(DuplicatePair.objects.waiting()) == [pair_of(stays, goes)]


def test_only_the_two_of_a_pair_can_be_joined():
    first, second, third = make_similar(1, 2, 3)
    with pytest.raises(workflow.Refused):
        duplicates.join(pair_of(first, second), fresh(first), fresh(third), by=chief())


def test_what_was_like_the_one_that_went_is_asked_about_the_one_that_stays():
    first, second, third = make_similar(1, 2, 3)
    duplicates.dismiss(pair_of(first, third), by=chief())
    join(first, second)
    duplicates.queue_all()
    duplicates.find_all()
    assert list(DuplicatePair.objects.waiting()) == []
    fourth = make_article(summary=edited(text(1), 5, 4), text_hash=f"{4:032x}")
    duplicates.find_all()
    waiting = DuplicatePair.objects.waiting().values_list("low", "high")
    assert set(waiting) == {(first.pk, fourth.pk), (third.pk, fourth.pk)}


def test_an_article_is_found_through_all_it_was_joined_to():
    first, second, third = make_similar(1, 2, 3)
    join(second, third)
    join(first, second)
    assert [duplicates.survivor(article.pk) for article in (third, second, first)] == [
        first.pk,
        first.pk,
        None,
    ]


def test_the_address_of_what_was_joined_leads_readers_to_what_stays(client):
    stays, goes = make_similar(1, 2, publish=True)
    address = fresh(goes).get_absolute_url()
    pair = join(stays, goes)
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (301, fresh(stays).get_absolute_url())
    duplicates.separate(pair, fresh(stays), fresh(goes), by=chief())
    assert client.get(address).status_code == 410


def test_where_readers_do_not_see_what_stays_the_other_is_only_gone(client):
    stays, goes = make_similar(1, 2, publish=True)
    Article.objects.filter(pk=stays.pk).update(status=Status.DRAFT, published_at=None)
    join(stays, goes)
    assert client.get(fresh(goes).get_absolute_url()).status_code == 410


def test_what_readers_never_saw_is_not_found_though_it_was_joined(client):
    stays, goes = make_similar(1, 2)
    Article.objects.filter(pk=stays.pk).update(status=Status.PUBLISHED, published_at="2026-01-01T00:00Z")
    join(stays, goes)
    assert client.get(fresh(goes).get_absolute_url()).status_code == 404


def test_a_record_that_comes_again_stays_joined(tmp_path):
    seed = f"标题: 甲\n链接: https://a.example/1\n总结: {text(1)}\n关键词: 电影\n"
    (tmp_path / "a.txt").write_text(seed)
    (tmp_path / "b.txt").write_text(seed.replace("a.example", "b.example"))
    importer.run([tmp_path])
    duplicates.find_all()
    stays, goes = Article.objects.order_by("pk")
    join(stays, goes)
    (tmp_path / "c.txt").write_text(seed.replace("a.example", "b.example") + "作者: 丙\n")
    (tmp_path / "b.txt").write_text(seed.replace("a.example", "b.example").replace("标题: 甲", "标题: 乙"))
    before = fresh(stays)
    importer.run([tmp_path / "a.txt", tmp_path / "b.txt"])
    duplicates.find_all()
    assert Article.objects.count() == 2
    assert (fresh(stays).version, fresh(stays).also_at) == (before.version, ["https://b.example/1"])
    assert (fresh(goes).title, fresh(goes).status) == ("乙", Status.DECLINED)
    importer.run([tmp_path / "c.txt"])
    assert (Article.objects.count(), fresh(goes).status) == (2, Status.DECLINED)
    assert list(DuplicatePair.objects.waiting()) == []


# --- on the desk ----------------------------------------------------------------------------------

LIST = "/admin/articles/duplicatepair/"


def page(user: Any, address: str = LIST) -> str:
    response = desk(user).get(address)
    assert response.status_code == 200
    return response.content.decode()


def sent(pair: DuplicatePair, act: str, **more: Any) -> dict[str, Any]:
    versions = {name: Article.objects.get(pk=getattr(pair, f"{name}_id")).version for name in ("low", "high")}
    return versions | {"act": act} | more


def test_the_list_shows_groups_of_what_waits_and_what_was_decided_apart():
    first, second, third = make_similar(1, 2, 3)
    other, another = (make_article(summary=text(7), text_hash=f"{number:032x}") for number in (8, 9))
    duplicates.find_all()
    duplicates.dismiss(pair_of(first, second), by=chief())
    shown = page(chief())
    assert shown.count('class="twins-group"') == 2
    assert shown.count('class="twins-pair"') == 3
    assert f"{LIST}{pair_of(first, second).pk}/" not in shown
    decided = page(chief(), f"{LIST}?show=decided")
    assert decided.count('class="twins-pair"') == 1
    assert f"{LIST}{pair_of(first, second).pk}/" in decided
    assert f"#{other.pk}" in shown and f"#{another.pk}" in shown and f"#{third.pk}" in shown


def test_the_list_takes_the_same_number_of_statements_for_any_number_of_pairs(django_assert_num_queries):
    client = desk(chief())
    make_similar(1, 2)
    client.get(LIST)  # the session, and the rights of the group
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    make_similar(3, 4)
    assert DuplicatePair.objects.waiting().count() == 6
    with django_assert_num_queries(len(few)):
        client.get(LIST)


def test_older_pairs_are_on_further_pages(monkeypatch):
    monkeypatch.setattr("articles.admin.duplicates.ON_A_PAGE", 2)
    make_similar(1, 2, 3)
    ids = sorted(DuplicatePair.objects.values_list("pk", flat=True), reverse=True)
    first = page(chief())
    assert [f"{LIST}{pk}/" in first for pk in ids] == [True, True, False]
    assert f"?before={ids[1]}" in first
    assert [f"{LIST}{pk}/" in page(chief(), f"{LIST}?before={ids[1]}") for pk in ids] == [False, False, True]


def test_a_pair_shows_both_texts_and_where_they_differ():
    first, second = make_similar(1, 2)
    set_terms(second, keywords=["剧本"])
    shown = page(chief(), f"{LIST}{pair_of(first, second).pk}/")
    assert shown.count("<mark>") > 1
    assert "剧本" in shown
    assert [first.url in shown, second.url in shown] == [True, True]


@pytest.mark.parametrize("keep", ["low", "high"])
def test_the_one_that_is_chosen_stays(keep):
    low, high = make_similar(1, 2)
    pair = pair_of(low, high)
    stays, goes = (low, high) if keep == "low" else (high, low)
    response = desk(chief()).post(f"{LIST}{pair.pk}/", sent(pair, keep, note="同一条"))
    assert (response.status_code, response.url) == (302, LIST)
    assert (fresh(stays).status, fresh(goes).status) == (Status.DRAFT, Status.DECLINED)
    assert pair_of(low, high).kept == stays.pk


def test_each_decision_can_be_taken_back_on_the_page():
    low, high = make_similar(1, 2)
    pair, client = pair_of(low, high), desk(chief())
    seen = []
    for act in ("dismiss", "again", "low", "separate"):
        assert client.post(f"{LIST}{pair.pk}/", sent(pair, act)).status_code == 302
        seen.append(pair_of(low, high).decision)
    assert seen == ["dismissed", "", "joined", ""]


def test_what_was_changed_meanwhile_is_said_and_nothing_is_done():
    low, high = make_similar(1, 2)
    pair = pair_of(low, high)
    form = sent(pair, "low")
    Article.objects.filter(pk=high.pk).update(version=7)
    response = desk(chief()).post(f"{LIST}{pair.pk}/", form)
    assert (response.status_code, "Somebody has changed" in response.content.decode()) == (200, True)
    assert [fresh(article).status for article in (low, high)] == [Status.DRAFT, Status.DRAFT]


def test_who_may_only_look_is_offered_nothing_to_decide_and_can_send_nothing():
    low, high = make_similar(1, 2)
    pair, importer_ = pair_of(low, high), make_user(is_staff=True, groups=["Importers"])
    assert 'name="act"' not in page(importer_, f"{LIST}{pair.pk}/")
    assert desk(importer_).post(f"{LIST}{pair.pk}/", sent(pair, "dismiss")).status_code == 403
    assert pair_of(low, high).decision == ""


def test_who_may_not_see_articles_sees_no_pairs():
    low, high = make_similar(1, 2)
    client = desk(staff("view_importbatch", "view_importrow"))
    addresses = [LIST, f"{LIST}{pair_of(low, high).pk}/"]
    assert [client.get(address).status_code for address in addresses] == [403, 403]


def test_an_editor_who_may_not_withdraw_is_told_so_before_she_tries():
    low, high = make_similar(1, 2, publish=True)
    editor = make_user(is_staff=True, groups=["Editors"])
    shown = page(editor, f"{LIST}{pair_of(low, high).pk}/")
    assert 'value="low"' not in shown
    assert 'value="dismiss"' in shown


@pytest.mark.parametrize(
    "query", ["?before=99999999999999999999", "?before=%01", "?show=%01&before=x", "?before=1", "?x=1"]
)
def test_strange_addresses_give_a_list(query):
    make_similar(1, 2)
    page(chief(), f"{LIST}{query}")


@pytest.mark.parametrize(
    "posted", [{}, {"act": "x"}, {"act": "low"}, {"act": "low", "low": "1", "high": "9" * 30}]
)
def test_strange_forms_change_nothing(posted):
    low, high = make_similar(1, 2)
    pair = pair_of(low, high)
    assert desk(chief()).post(f"{LIST}{pair.pk}/", posted).status_code == 200
    assert pair_of(low, high).decision == ""


def test_a_pair_that_is_not_there_is_not_found():
    client = desk(chief())
    assert [client.get(f"{LIST}{pk}/").status_code for pk in ("99999", "9" * 20, "x")] == [404, 404, 404]


def test_texts_of_any_length_stay_a_page():
    first, second = (
        make_article(summary=edited(text(1, 200_000), 5, seed), text_hash=f"{seed:032x}") for seed in (1, 2)
    )
    duplicates.find_all()
    assert len(page(chief(), f"{LIST}{pair_of(first, second).pk}/")) < 1_000_000


def test_the_front_page_of_the_desk_counts_what_waits():
    make_similar(1, 2, 3)
    assert f'<a href="{LIST}"><b>3</b>' in page(chief(), "/admin/")


def test_the_command_looks_at_what_waits_and_says_how_much_there_is_to_decide(capsys):
    for seed in (1, 2):
        make_article(summary=edited(text(1), 5, seed), text_hash=f"{seed:032x}")
    with translation.override("en"):
        call_command("find_duplicates")
        call_command("find_duplicates", "--again")
    assert (
        capsys.readouterr().out.splitlines()
        == [
            "articles looked at: 2",
            "possible duplicates that wait for a decision: 1",
        ]
        * 2
    )
