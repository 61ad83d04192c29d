"""The pages of learned rules: what waits, what each would do, and who may decide."""

import pytest
from django.urls import reverse

from articles import workbench
from articles.models import Article, ArticleTechnology
from taxonomy.learning import TWICE, observe
from taxonomy.merge import merge, rename
from taxonomy.models import Merge, Rule, Technology
from taxonomy.undo import undo
from tests.factories import desk, make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db

LIST = reverse("admin:taxonomy_rule_changelist")


def make_rule(
    name: str = "LLM", target: str = "大语言模型", *, times: int = TWICE, vocabulary: str = "technology"
) -> Rule:
    """Both are terms, and the one was given for the other in articles of these ids."""
    for spelling in (name, target):
        make_term(spelling, vocabulary)
    for number in range(1, times + 1):
        observe(vocabulary, [name], [target], subject=f"articles.article:{number}")
    return Rule.objects.get(vocabulary=vocabulary, name=name)


def page_of(rule: Rule) -> str:
    return reverse("admin:taxonomy_rule_change", args=[rule.pk])


def decide(rule: Rule, answer: str, client=None, **more: str):
    client = client or desk()
    seen = {"seen": client.get(page_of(rule)).context["seen"]}
    return client.post(page_of(rule), seen | {answer: "1"} | more, follow=True)


def listed(client, **query: str) -> list[str]:
    return [rule.name for rule in client.get(LIST, query).context["cl"].result_list]


def test_the_list_shows_what_waits_unless_asked_for_another():
    waits, once = make_rule("甲一", "甲二"), make_rule("乙一", "乙二", times=1)
    rejected = make_rule("丙一", "丙二")
    client = desk()
    decide(rejected, "reject", client)
    assert listed(client) == listed(client, standing="open") == ["甲一"]
    assert listed(client, standing="rejected") == ["丙一"]
    assert listed(client, standing="accepted") == []
    assert listed(client, standing="all") == [rejected.name, once.name, waits.name]
    assert listed(client, vocabulary="keyword") == []


def test_the_workbench_counts_what_the_list_shows():
    make_rule("甲一", "甲二"), make_rule("乙一", "乙二", times=1)
    make_rule("丙一", "丙二", vocabulary="keyword")

    def numbers(user):
        found = workbench.workbench(user).numbers
        return [(item.number, item.address) for item in found if "rule" in item.address]

    assert numbers(make_user(is_superuser=True)) == [(2, LIST)]
    assert numbers(staff("change_keyword")) == [(1, LIST)]
    assert numbers(staff("view_keyword")) == []


def test_the_page_says_what_accepting_would_do_and_does_it():
    rule = make_rule()
    article = make_article(technologies=["LLM"])
    chief = make_user(is_staff=True, is_superuser=True)
    page = desk(chief).get(page_of(rule))
    assert [(use.relation.carrier, use.rows) for use in page.context["preview"].uses] == [(Article, 1)]
    assert '<a href="/admin/articles/article/2/change/">article 2</a>' in page.text
    done = decide(rule, "accept", desk(chief))
    texts = list(map(str, done.context["messages"]))
    assert texts == ["“LLM” is an alias of “大语言模型” from now on. 1 assignment changed."]
    assert [link.tag.name for link in ArticleTechnology.objects.filter(content_object=article)] == [
        "大语言模型"
    ]
    rule.refresh_from_db()
    assert (rule.decision, rule.decided_by, rule.merge) == ("accepted", chief, Merge.objects.get())
    after = desk().get(page_of(rule))
    assert reverse("admin:taxonomy_merge_undo", args=[rule.merge.pk]) in after.text
    undo(rule.merge, by=None)
    assert "accepted, and undone since" in desk().get(page_of(rule)).text


def test_nothing_is_accepted_but_what_was_seen():
    rule = make_rule()
    client = desk()
    seen = client.get(page_of(rule)).context["seen"]
    merge([Technology.objects.get(name="大语言模型")], into=make_term("大模型"), by=None)
    refused = client.post(page_of(rule), {"accept": "1", "seen": seen})
    assert "The terms have changed since you looked" in refused.text
    assert "The terms have changed" in client.post(page_of(rule), {"accept": "1"}).text
    assert Rule.objects.get().decision == ""


def test_a_refusal_is_said_on_the_page():
    rule = make_rule()
    Technology.objects.filter(name="大语言模型").update(confirmed=False)
    page = decide(rule, "accept")
    assert "Nobody has confirmed “大语言模型” yet. Do that first." in page.context["refusal"]
    assert 'name="accept"' not in page.text
    decide(rule, "reject")
    assert decide(rule, "reject").context["refusal"] == "This has been decided already."


def test_a_spelling_that_is_no_term_becomes_an_alias():
    rule = make_rule()
    Technology.objects.filter(name="LLM").delete()
    page = decide(rule, "accept")
    assert [str(text) for text in page.context["messages"]] == [
        "“LLM” is an alias of “大语言模型” from now on. 0 assignments changed."
    ]
    assert Technology.objects.resolve(["LLM"])["LLM"].name == "大语言模型"


def test_only_who_may_change_the_vocabulary_sees_and_decides():
    rule = make_rule()
    for user, status in (
        (staff("change_technology"), 200),
        (staff("change_keyword"), 404),
        (staff("view_technology"), 403),
    ):
        client = desk(user)
        assert client.get(page_of(rule)).status_code == status
        assert client.post(page_of(rule), {"reject": "1"}).status_code == (302 if status == 200 else status)
    assert desk(staff("view_technology")).get(LIST).status_code == 403
    assert listed(desk(staff("change_keyword"))) == []
    for address in (page_of(rule).replace("change", "delete"), reverse("admin:taxonomy_rule_add")):
        assert desk().get(address).status_code == 403


@pytest.mark.parametrize("pk", ["0", "9" * 20, "x", "%00", "-1", "１"])
def test_a_rule_that_is_not_there_is_not_found(pk):
    assert desk().get(f"{LIST}{pk}/change/").status_code == 404


@pytest.mark.parametrize("query", ["standing=%00", "standing=x", "vocabulary=%00", "q=x", "o=99", "p=-1"])
def test_a_strange_question_gets_an_answer(query):
    make_rule()
    assert desk().get(f"{LIST}?{query}").status_code in {200, 302, 400}


def test_what_a_page_shows_of_a_strange_subject_is_text():
    make_term("大语言模型")
    for subject in ("<b>:1", "articles.article:<b>", "nothing", "articles.revision:1"):
        observe("technology", ["LLM"], ["大语言模型"], subject=subject)
    text = desk().get(page_of(Rule.objects.get())).text
    assert "<b>" not in text.replace("<b></b>", "") and "articles.revision:1" in text


def test_the_list_takes_the_same_few_statements_however_many_there_are(django_assert_max_num_queries):
    client, counts = desk(), []
    for number in range(3):
        make_rule(f"旧{number}号", f"新{number}号")
        with django_assert_max_num_queries(20) as counted:
            assert len(listed(client)) == number + 1
        counts.append(len(counted))
    assert counts[0] == counts[-1]


def test_the_page_of_a_renamed_term_goes_by_the_name_it_was_learned_under():
    rule = make_rule()
    rename(Technology.objects.get(name="大语言模型"), "大模型", by=None)
    page = desk().get(page_of(rule))
    assert page.context["survivor"].name == "大模型"
    assert page.context["title"] == "“LLM” is an alias of “大语言模型”"
