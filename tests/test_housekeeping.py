"""Housekeeping of the vocabularies: how they stand, what nothing uses, what may be one term."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from taxonomy import housekeeping
from taxonomy.merge import Refused, merge, move
from taxonomy.models import Keyword, Technology, Term
from taxonomy.pinyin import sort_key
from tests.factories import desk, make_article, make_term, make_user, staff, told

pytestmark = pytest.mark.django_db

OVERVIEW = reverse("housekeeping")
PAGE = reverse("housekeeping_of", kwargs={"vocabulary": "technology"})
ACT = reverse("housekeeping_act", kwargs={"vocabulary": "technology"})


def named(*names: str) -> list[list[str]]:
    terms = [(pk, name, sort_key(name.lower())) for pk, name in enumerate(names)]
    return [[name for _pk, name in group] for group in housekeeping.groups(terms)]


def test_terms_are_counted_by_state_and_those_that_lead_elsewhere_by_that_alone():
    make_term("确认")
    make_term("新", confirmed=False)
    make_term("不是", confirmed=False, declined=True)
    merge([make_term("并一", confirmed=False)], into=make_term("留"), by=None)
    move([make_term("移走")], to=Keyword, by=None)
    assert housekeeping.states(Technology) == {
        "confirmed": 2, "new": 1, "declined": 1, "merged": 1, "moved": 1,
    }  # fmt: skip


def test_the_terms_that_stand_for_the_most_others_come_first():
    few, many = make_term("少"), make_term("多")
    merge([make_term("一")], into=few, by=None)
    merge([make_term("二"), make_term("三")], into=many, by=None)
    assert housekeeping.most_merged(Technology, 5) == [(many, 2), (few, 1)]
    assert housekeeping.most_merged(Technology, 1) == [(many, 2)]


# --- used by nothing


def test_a_term_is_unused_if_nothing_carries_it_stands_below_it_or_leads_to_it():
    make_article(technologies=["被用"])
    make_term("下面", parent=make_term("上面"))
    merge([make_term("并入")], into=make_term("留下"), by=None)
    move([make_term("来自关键词", "keyword")], to=Technology, by=None)
    make_term("没用", aliases=["别名"])
    make_term("不采用", confirmed=False, declined=True)
    assert [term.name for term in housekeeping.unused(Technology)] == ["没用", "下面"]


def test_unused_terms_are_paged_by_their_place(monkeypatch):
    monkeypatch.setattr("taxonomy.admin.housekeeping.PAGE", 2)
    for name in "甲乙丙丁戊":
        make_term(name)
    client, seen, address = desk(), [], PAGE
    while address:
        context = client.get(address).context
        seen += [term.name for term in context["unused"]]
        address = context["after"] and f"{PAGE}?after={context['after']}"
    assert seen == ["丙", "丁", "甲", "戊", "乙"]


@pytest.mark.parametrize("text", ["x", "1", "-", "9" * 30, "1-" + "a" * 5_000, "-1-a"])
def test_nonsense_in_the_address_is_no_error(text):
    assert desk().get(PAGE, {"after": text, "alike": text}).status_code == 200


def test_chosen_unused_terms_are_deleted_and_each_that_stays_says_why():
    new, known, used = make_term("新", confirmed=False), make_term("见过"), make_term("用着", confirmed=False)
    client = desk()
    make_article(technologies=["用着"])
    page = client.post(ACT, {"act": "delete", "pick": [new.pk, known.pk, used.pk, "x"]}, follow=True)
    assert told(page) == [
        "见过: Readers know its address. Decline it instead: then the address says so.",
        "用着: It is in use by now, or no longer there.",
        "1 term deleted: 新",
    ]
    assert set(Technology.objects.values_list("name", flat=True)) == {"见过", "用着"}
    assert [str(entry.object_repr) for entry in LogEntry.objects.all()] == ["新"]


def test_what_readers_have_met_is_declined_and_its_address_answers():
    term = make_term("见过")
    client = desk()
    assert told(client.post(ACT, {"act": "decline", "pick": [term.pk]}, follow=True)) == [
        "1 term declined: 见过"
    ]
    term.refresh_from_db()
    assert (term.confirmed, term.declined) == (False, True)
    assert client.get(term.get_absolute_url()).status_code == 410


def test_a_term_that_came_into_use_meanwhile_is_neither_deleted_nor_declined():
    term = make_term("甲", confirmed=False)
    make_article(technologies=["甲"])
    for verb in (housekeeping.remove, housekeeping.retire):
        with pytest.raises(Refused):
            verb(term)
    assert Technology.objects.get().declined is False


# --- alike


def test_what_may_be_one_stands_together_the_shortest_first_and_each_in_one_group():
    assert named(
        "大语言模型（LLM）", "LLMs", "大语言模型", "GPT-4", "GPT-4o", "Midjourny", "Midjourney", "图像生成"
    ) == [["LLMs", "大语言模型", "大语言模型（LLM）"], ["Midjourny", "Midjourney"]]  # fmt: skip


def test_a_part_that_very_many_have_in_common_brings_nobody_together(monkeypatch):
    monkeypatch.setattr(housekeeping, "CROWD", 2)
    assert named("区块链", "区块链技术", "区块链行业") == []


def test_groups_lead_to_the_page_where_they_are_merged_and_what_was_declined_is_in_none():
    a, b = make_term("人脸识别"), make_term("人脸识别技术", confirmed=False)
    make_term("人脸识别行业", confirmed=False, declined=True)
    client = desk()
    assert client.get(PAGE).context["groups"] == []
    [group] = client.get(PAGE, {"alike": "1"}).context["groups"]
    assert group == {"terms": [(a.pk, a.name), (b.pk, b.name)], "ids": f"{a.pk},{b.pk}"}
    merging = reverse("admin:taxonomy_technology_merge", query={"ids": group["ids"]})
    assert client.get(merging).context["terms"] == [a, b]


# --- rights


def test_who_may_look_sees_her_vocabularies_and_changes_nothing():
    term: Term = make_term("甲", confirmed=False)
    client = desk(staff("view_technology"))
    assert [kind["vocabulary"] for kind, _numbers in client.get(OVERVIEW).context["rows"]] == ["technology"]
    assert client.get(PAGE).status_code == 200
    assert client.get(reverse("housekeeping_of", kwargs={"vocabulary": "keyword"})).status_code == 403
    assert {client.post(ACT, {"act": act, "pick": term.pk}).status_code for act in ("delete", "decline")} == {
        403
    }
    assert Technology.objects.get() == term


def test_reviewers_decline_and_chief_editors_delete_too():
    assert {
        role: [
            desk(make_user(is_staff=True, groups=[role])).post(ACT, {"act": act}).status_code
            for act in ("decline", "delete")
        ]
        for role in ("Editors", "Reviewers", "Chief editors")
    } == {"Editors": [403, 403], "Reviewers": [302, 403], "Chief editors": [302, 302]}


def test_nobody_else_gets_in(client):
    assert [client.get(address).status_code for address in (OVERVIEW, PAGE)] == [302, 302]
    assert desk(staff()).get(OVERVIEW).status_code == 403
    assert desk().post(ACT, {"act": "explode"}).status_code == 404
    assert desk().get(ACT).status_code == 405
