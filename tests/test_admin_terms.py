"""The admin of terms: suggestions, names and aliases, counts, and what may be deleted."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg.errors import DeadlockDetected

from taxonomy.admin import TermAdmin, suggest
from taxonomy.models import VOCABULARIES, Keyword, Technology
from tests.factories import desk, make_article, make_term, staff

pytestmark = pytest.mark.django_db


def term_form(
    term: Technology | None = None, *, aliases: tuple[str, ...] = (), **fields: str
) -> dict[str, str]:
    """What the browser sends: the term's present aliases, then new ones."""
    old = list(term.aliases.all()) if term else []
    data = {"name": term.name if term else "", "description": "", "confirmed": "on"} | fields
    for number, alias in enumerate(old):
        data |= {f"aliases-{number}-id": str(alias.pk), f"aliases-{number}-name": alias.name}
        data[f"aliases-{number}-term"] = str(term.pk)
    for number, name in enumerate(aliases, len(old)):
        data |= {f"aliases-{number}-id": "", f"aliases-{number}-name": name}
    return data | {
        "aliases-TOTAL_FORMS": str(len(old) + len(aliases)),
        "aliases-INITIAL_FORMS": str(len(old)),
    }


def change(term: Technology) -> str:
    return reverse("admin:taxonomy_technology_change", args=[term.pk])


def errors(response) -> str:
    """All errors that a page with a form shows, as one text."""
    assert response.status_code == 200
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    found = [
        response.context["adminform"].form.errors,
        *(form.errors for fs in formsets for form in fs.forms),
    ]
    return " ".join(str(error) for error in found) + " ".join(str(fs.non_form_errors()) for fs in formsets)


# --- suggestions


def found(typed: str) -> list[tuple[str, str, bool]]:
    return [(item["id"], item["via"], item["exact"]) for item in suggest(Technology, typed)]


def test_the_exact_term_comes_first_then_beginnings_then_what_contains_it():
    for name in ("xAI", "AI", "AIGC", "生成式AI"):
        make_term(name)
    assert found("ai") == [("AI", "", True), ("AIGC", "", False), ("xAI", "", False), ("生成式AI", "", False)]


def test_an_alias_offers_its_term_and_says_so():
    make_term("Midjourney", aliases=["MJ"])
    assert found("mj") == [("Midjourney", "MJ", True)]


def test_a_term_that_was_merged_offers_its_survivor():
    make_term("LLM", merged_into=make_term("大语言模型"))
    assert found("LLM") == [("大语言模型", "LLM", True)]


def test_what_is_typed_is_no_pattern():
    make_term("AI")
    assert found("%") == found("_") == found("") == found(" ") == []


def test_a_term_found_by_name_and_alias_is_offered_once():
    make_term("Midjourney", aliases=["Midjourney V6", "Mid"])
    assert found("mid") == [("Midjourney", "Mid", True)]


def test_suggestions_take_few_statements_however_many_terms_there_are():
    for number in range(40):
        make_term(f"模型{number}", aliases=[f"别名{number}模型"])
    with CaptureQueriesContext(connection) as few:
        assert len(found("模型")) == 20
    assert len(few) <= 6


def test_suggestions_are_for_those_who_may_see_the_vocabulary():
    address = reverse("admin:taxonomy_technology_suggest")
    make_term("Midjourney", aliases=["MJ"])
    assert desk(staff("view_keyword")).get(address, {"term": "MJ"}).status_code == 403
    answer = desk(staff("view_technology")).get(address, {"term": "MJ"}).json()
    assert [item["text"] for item in answer["results"]] == ["Midjourney"]
    assert Client().get(address).status_code == 302


# --- names and aliases


def test_a_term_made_in_the_admin_is_confirmed():
    client = desk()
    page = client.get(reverse("admin:taxonomy_technology_add"))
    assert page.context["adminform"].form["confirmed"].value() is True
    client.post(reverse("admin:taxonomy_technology_add"), term_form(name="Sora", aliases=("索拉",)))
    term = Technology.objects.get()
    assert (term.name, term.confirmed, [alias.name for alias in term.aliases.all()]) == (
        "Sora",
        True,
        ["索拉"],
    )


def test_a_renamed_term_keeps_its_old_name_as_an_alias():
    term = make_term("Mid journey", aliases=["MJ"])
    desk().post(change(term), term_form(term, name="妙绘"))
    assert Technology.objects.resolve(["Mid journey", "MJ", "妙绘"]) == dict.fromkeys(
        ["Mid journey", "MJ", "妙绘"], term
    )
    assert Technology.objects.by_slug(["midjourney"]) == {"midjourney": term}


def test_another_spelling_of_the_same_name_leaves_no_alias():
    term = make_term("MID journey")
    desk().post(change(term), term_form(term, name="Midjourney"))
    term.refresh_from_db()
    assert (term.name, term.aliases.count()) == ("Midjourney", 0)


def test_a_term_may_take_the_name_of_its_own_alias():
    term = make_term("Midjourney", aliases=["MJ"])
    response = desk().post(change(term), term_form(term, name="MJ"))
    assert response.status_code == 302
    term.refresh_from_db()
    assert (term.name, [alias.name for alias in term.aliases.all()]) == ("MJ", ["Midjourney"])


@pytest.mark.parametrize("name", ["chatgpt", "聊天机器人"])
def test_a_name_that_means_another_term_is_an_error_in_words(name):
    make_term("ChatGPT", aliases=["聊天机器人"])
    term = make_term("Midjourney")
    assert "already means the term “ChatGPT”" in errors(desk().post(change(term), term_form(term, name=name)))


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("ＣｈａｔＧＰＴ", "already means the term “ChatGPT”"),
        ("聊天机器人", "already means the term “ChatGPT”"),
        ("mid-journey", None),
        ("MID journey", "the same as “Midjourney”"),
        ("​", "cannot be the name"),
    ],
)
def test_an_alias_that_is_taken_is_an_error_in_words(alias, message):
    make_term("ChatGPT", aliases=["聊天机器人"])
    term = make_term("Midjourney")
    response = desk().post(change(term), term_form(term, aliases=(alias,)))
    if message is None:
        assert response.status_code == 302
    else:
        assert message in errors(response)


def test_two_aliases_of_one_key_are_an_error_in_words():
    term = make_term("Midjourney")
    assert "the same as “MJ”" in errors(desk().post(change(term), term_form(term, aliases=("MJ", "mj"))))


def test_a_name_of_nothing_but_invisible_characters_is_an_error():
    assert "cannot be the name" in errors(
        desk().post(reverse("admin:taxonomy_technology_add"), term_form(name="\u200b\u200d"))
    )


def test_a_name_taken_in_the_same_moment_is_a_form_error(monkeypatch):
    """The check passes, somebody else saves, the database refuses: the second look finds the other."""
    looks = []

    def blind_once(model, keys, own):
        looks.append(keys)
        return {} if len(looks) == 1 else {"sora": "Sora"}

    make_term("索拉", aliases=["Sora"])
    monkeypatch.setattr("taxonomy.admin.terms._taken", blind_once)
    response = desk().post(reverse("admin:taxonomy_technology_add"), term_form(name="Sora"))
    assert "already means the term “Sora”" in errors(response)


def test_the_victim_of_a_deadlock_is_saved_at_the_second_try(monkeypatch):
    save_model, tried = TermAdmin.save_model, []

    def fail_first(self, request, obj, form, change):
        save_model(self, request, obj, form, change)
        tried.append(obj)
        if len(tried) == 1:
            raise OperationalError from DeadlockDetected("deadlock detected")

    monkeypatch.setattr(TermAdmin, "save_model", fail_first)
    response = desk().post(reverse("admin:taxonomy_technology_add"), term_form(name="Sora"))
    assert response.status_code == 302
    assert [term.name for term in Technology.objects.all()] == ["Sora"] and len(tried) == 2


# --- lists, counts, deleting


def test_the_list_counts_articles_and_leads_to_them():
    term = make_term("Midjourney", aliases=["MJ"])
    make_article(technologies=["Midjourney"])
    make_article(technologies=["MJ"])
    make_article()
    client = desk()
    page = client.get(reverse("admin:taxonomy_technology_changelist")).content.decode()
    address = reverse("admin:articles_article_changelist", query={"technologies": term.slug})
    assert f'<a href="{address}">2</a>' in page
    assert client.get(address).context["cl"].result_count == 2


@pytest.mark.parametrize(
    ("query", "names"),
    [("used=yes", ["A"]), ("used=no", ["B"]), ("merged=yes", ["C"]), ("q=BETA", ["B"])],
)
def test_the_list_is_narrowed_by_use_merging_and_alias(query, names):
    make_term("A")
    make_term("C", merged_into=make_term("B", aliases=["beta"]))
    make_article(technologies=["A"])
    page = desk().get(reverse("admin:taxonomy_technology_changelist") + "?" + query)
    assert [term.name for term in page.context["cl"].result_list] == names


def test_a_declined_term_is_confirmed_from_the_list_and_in_its_form():
    listed, opened = (make_term(name, confirmed=False, declined=True) for name in ("A", "B"))
    page = desk()
    action = {"action": "confirm", "_selected_action": [listed.pk]}
    page.post(reverse("admin:taxonomy_technology_changelist"), action)
    page.post(change(opened), term_form(opened))
    assert set(Technology.objects.values_list("confirmed", "declined")) == {(True, False)}


def test_terms_are_confirmed_together_by_those_who_may_change_them():
    terms = [make_term(name, confirmed=False) for name in ("A", "B")]
    action = {"action": "confirm", "_selected_action": [term.pk for term in terms]}
    desk(staff("view_technology")).post(reverse("admin:taxonomy_technology_changelist"), action)
    assert Technology.objects.filter(confirmed=True).count() == 0
    desk(staff("change_technology")).post(reverse("admin:taxonomy_technology_changelist"), action)
    assert Technology.objects.filter(confirmed=True).count() == 2


def test_a_term_in_use_is_not_deleted_and_the_page_says_why():
    term = make_term("Midjourney")
    make_article(technologies=["Midjourney"])
    client = desk()
    address = reverse("admin:taxonomy_technology_delete", args=[term.pk])
    assert "Midjourney: 1 article" in client.get(address).content.decode()
    client.post(address, {"post": "yes"})
    assert Technology.objects.filter(pk=term.pk).exists()


def test_a_term_that_nothing_uses_is_deleted_with_its_aliases():
    term = make_term("Midjourney", aliases=["MJ"])
    desk().post(reverse("admin:taxonomy_technology_delete", args=[term.pk]), {"post": "yes"})
    assert not Technology.objects.resolve(["Midjourney", "MJ"])


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_list_and_form_take_as_many_statements_for_three_terms_as_for_one(vocabulary):
    client = desk()
    listed = reverse(f"admin:taxonomy_{vocabulary}_changelist")
    field = {"keyword": "keywords", "technology": "technologies", "industry": "industries"}[vocabulary]

    def statements() -> tuple[int, int]:
        term = VOCABULARIES[vocabulary].objects.first()
        counts = []
        for address in (listed, reverse(f"admin:taxonomy_{vocabulary}_change", args=[term.pk])):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return tuple(counts)

    make_term("A", vocabulary, aliases=["A1"])
    make_article(**{field: ["A"]})
    statements()  # what is looked up once in the life of a process
    one = statements()
    make_term("B", vocabulary, aliases=["B1", "B2"])
    make_term("C", vocabulary, merged_into=make_term("D", vocabulary))
    make_article(**{field: ["A", "B"]})
    VOCABULARIES[vocabulary].objects.first().aliases.create(name="A2")
    assert statements() == one


def test_suggestions_for_one_vocabulary_leave_the_others_alone():
    make_term("电影", "keyword")
    assert suggest(Technology, "电影") == []
    assert [item["id"] for item in suggest(Keyword, "電影")] == ["电影"]
