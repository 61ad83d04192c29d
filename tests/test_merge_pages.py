"""The pages of the desk on which terms are merged, moved, renamed and given aliases, and on which that is undone."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles.models import ArticleKeyword, ArticleTechnology
from taxonomy.merge import MAX_TERMS, merge, move
from taxonomy.models import Keyword, Merge, Technology
from tests.factories import desk, make_article, make_term, staff, told

pytestmark = pytest.mark.django_db


def page(what: str, *args: int, vocabulary: str = "technology", **query: str) -> str:
    return reverse(f"admin:taxonomy_{vocabulary}_{what}", args=args, query=query)


def ids(*terms: Technology) -> str:
    return ",".join(str(term.pk) for term in terms)


# --- merge


def test_the_action_leads_to_the_page_of_the_selected_terms():
    a, b = make_term("A"), make_term("B")
    client = desk()
    data = {"action": "merge_selected", "_selected_action": [b.pk, a.pk]}
    response = client.post(page("changelist"), data)
    assert response.url == page("merge", ids=ids(a, b))
    assert client.get(response.url).context["terms"] == [a, b]


def test_too_many_terms_at_once_are_refused_in_words():
    terms = [make_term(f"T{number}") for number in range(MAX_TERMS + 1)]
    data = {"action": "merge_selected", "_selected_action": [term.pk for term in terms]}
    assert told(desk().post(page("changelist"), data, follow=True)) == ["At most 100 terms at a time."]


def test_the_confirmed_then_the_most_used_term_is_offered_to_stay():
    new, rare, common = make_term("新", confirmed=False), make_term("少"), make_term("多")
    for names in (["新", "多"], ["新"], ["新"]):
        make_article(technologies=names)
    shown = desk().get(page("merge", ids=ids(new, rare, common))).context
    assert (shown["survivor"], shown["preview"].uses[0].rows, shown["preview"].uses[0].doubles) == (
        common,
        3,
        1,
    )


def test_a_merge_happens_only_as_it_was_shown():
    a, b = make_term("A"), make_term("B")
    make_article(technologies=["A"])
    client = desk()
    data = {"ids": ids(a, b), "into": str(b.pk), "do": "1"}
    other_than_shown = client.post(page("merge"), data | {"seen": str(a.pk)})
    assert (other_than_shown.context["survivor"], Merge.objects.count()) == (b, 0)
    done = client.post(page("merge"), data | {"seen": str(b.pk), "note": "同义"}, follow=True)
    assert told(done) == ["Done: A → B. 1 assignment changed."]
    assert [link.tag for link in ArticleTechnology.objects.all()] == [b]
    assert (Merge.objects.get().note, Merge.objects.get().by_id) == (
        "同义",
        int(client.session["_auth_user_id"]),
    )


def test_a_term_is_merged_into_one_that_is_named_by_an_alias():
    a, other = make_term("A"), make_term("大语言模型", aliases=["LLM"])
    client = desk()
    shown = client.post(page("merge"), {"ids": ids(a), "other": "llm", "look": "1"})
    assert (shown.context["survivor"], shown.context["ids"]) == (other, ids(a, other))
    data = {"ids": ids(a, other), "into": str(other.pk), "seen": str(other.pk), "do": "1"}
    client.post(page("merge"), data)
    assert Technology.objects.resolve(["A"]) == {"A": other}


def test_a_name_that_no_term_has_is_an_error_in_words():
    shown = desk().post(page("merge"), {"ids": ids(make_term("A")), "other": "没有", "do": "1"})
    assert "There is no term “没有” in this vocabulary." in shown.content.decode()


HOSTILE = ["", "0", "9" * 30, "-1", "1,2", "x" * 5000, "\0", "１", "1," * 3000, "<script>"]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_parameters_of_the_pages_change_nothing_and_are_answered(value):
    client, term = desk(), make_term("A")
    fields = {
        "ids": value,
        "into": value,
        "other": value,
        "to": value,
        "seen": value,
        "note": value,
        "do": "1",
    }
    for what in ("merge", "move"):
        answers = [client.get(page(what), fields), client.post(page(what), fields)]
        answers.append(client.post(page(what), fields | {"ids": str(term.pk)}))
        assert {answer.status_code for answer in answers} <= {200, 400}
    for text in (value, "、" * 5000, "别名\0"):
        data = {"text": text, "seen": value, "do": "1"}
        assert client.post(page("aliases", term.pk), data).status_code == 200
    assert client.get(page("changelist"), {"merged": value}).status_code in {200, 302, 400}
    assert not Merge.objects.exists() and term.aliases.count() == 0


def test_numbers_that_name_nothing_are_not_found():
    client = desk()
    for number in (0, 10**20, 10**30):
        assert client.get(reverse("admin:taxonomy_merge_undo", args=[number])).status_code == 404
        assert client.get(page("aliases", number)).status_code == 404


def test_the_pages_are_for_those_who_may_change_the_vocabulary():
    a, b = make_term("A"), make_term("B")
    record = merge([make_term("C")], into=b, by=None)
    addresses = [page("merge", ids=ids(a, b)), page("move", ids=ids(a)), page("aliases", a.pk)]
    addresses.append(reverse("admin:taxonomy_merge_undo", args=[record.pk]))
    outsider, insider = desk(staff("view_technology")), desk(staff("change_technology"))
    for address in addresses:
        assert Client().get(address).status_code == 302
        assert outsider.get(address).status_code in {403, 404}
        assert insider.get(address).status_code == 200


# --- move


def test_terms_are_moved_as_it_was_shown():
    make_article(technologies=["电影", "Sora"], keywords=["电影"])
    terms = list(Technology.objects.order_by("name"))
    client = desk()
    data = {"ids": ids(*terms), "to": "keyword", "do": "1"}
    shown = client.post(page("move"), data).content.decode()
    assert "joins “电影”" in shown and "becomes a new term there" in shown and not Merge.objects.exists()
    done = client.post(page("move"), data | {"seen": "keyword"}, follow=True)
    assert told(done) == ["Done: Sora、电影 → Sora、电影. 2 assignments changed."]
    assert sorted(link.tag.name for link in ArticleKeyword.objects.all()) == ["Sora", "电影"]


def test_a_move_needs_the_right_to_change_both_vocabularies():
    term = make_term("电影")
    data = {"ids": ids(term), "to": "keyword", "seen": "keyword", "do": "1"}
    one = desk(staff("change_technology")).post(page("move"), data)
    assert one.context["targets"] == [] and not Merge.objects.exists()
    desk(staff("change_technology", "change_keyword")).post(page("move"), data)
    record = Merge.objects.get()
    undo = reverse("admin:taxonomy_merge_undo", args=[record.pk])
    assert desk(staff("change_technology")).post(undo).status_code == 403


# --- undo


def test_the_page_of_undoing_says_what_goes_back_and_what_stays():
    gone, _stays = make_article(technologies=["A"]), make_article(technologies=["A"])
    record = merge([Technology.objects.get()], into=make_term("B"), by=None)
    ArticleTechnology.objects.filter(content_object=gone).delete()
    client, address = desk(), reverse("admin:taxonomy_merge_undo", args=[record.pk])
    shown = client.get(address)
    assert (shown.context["restored"], shown.context["undone"].kept) == (
        [("articles", 1)],
        ["1 assignment was removed since, and stays removed."],
    )
    done = client.post(address, follow=True)
    assert told(done) == [
        "Undone. 1 assignment went back.",
        "1 assignment was removed since, and stays removed.",
    ]
    assert "This has been undone already." in client.post(address).content.decode()


def test_the_list_of_what_was_done_takes_as_many_statements_for_three_as_for_one():
    client, address = desk(), reverse("admin:taxonomy_merge_changelist")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    merge([make_term("A")], into=make_term("B"), by=None)
    statements()
    one = statements()
    for name in ("C", "D"):
        move([make_term(name)], to=Keyword, by=None)
    assert statements() == one
    record = Merge.objects.first()
    assert client.get(reverse("admin:taxonomy_merge_change", args=[record.pk])).status_code == 200


def test_nobody_sees_what_was_done_to_vocabularies_that_are_not_theirs():
    merge([make_term("A")], into=make_term("B"), by=None)
    address = reverse("admin:taxonomy_merge_changelist")
    assert desk(staff("change_keyword")).get(address).context["cl"].result_count == 0
    assert desk(staff("change_technology")).get(address).context["cl"].result_count == 1
    assert desk(staff("view_technology")).get(address).status_code == 403


# --- the form and the list of terms


def form_of(term: Technology, **fields: str) -> dict[str, str]:
    data = {"name": term.name, "description": "", "confirmed": "on"} | fields
    return data | {"aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}


def test_renaming_in_the_form_leaves_a_record_that_can_be_undone():
    term, client = make_term("Mid journey"), desk()
    client.post(page("change", term.pk), form_of(term, name="妙绘", description="说明"))
    record = Merge.objects.get()
    assert (record.kind, str(record)) == ("rename", "Mid journey → 妙绘")
    client.post(reverse("admin:taxonomy_merge_undo", args=[record.pk]))
    term.refresh_from_db()
    assert (term.name, term.description) == ("Mid journey", "说明")


def test_saving_without_a_new_name_leaves_no_record():
    term = make_term("Midjourney")
    desk().post(page("change", term.pk), form_of(term, description="说明"))
    assert Merge.objects.count() == 0


def test_the_old_name_may_be_written_among_the_aliases_in_the_same_form():
    term = make_term("Midjourney")
    data = form_of(term, name="妙绘") | {"aliases-TOTAL_FORMS": "1", "aliases-0-name": "midjourney"}
    assert desk().post(page("change", term.pk), data).status_code == 302
    assert [alias.name for alias in term.aliases.all()] == ["midjourney"]


def test_a_merged_or_moved_term_keeps_its_name_and_says_where_it_leads():
    merged, moved, survivor = make_term("A"), make_term("B"), make_term("C")
    merge([merged], into=survivor, by=None)
    move([moved], to=Keyword, by=None)
    client = desk()
    for term, other in ((merged, survivor), (moved, Keyword.objects.get())):
        shown = client.get(page("change", term.pk))
        assert "name" not in shown.context["adminform"].form.fields
        assert reverse(f"admin:taxonomy_{other.vocabulary}_change", args=[other.pk]) in shown.content.decode()
        client.post(page("change", term.pk), form_of(term, name="Z"))
    assert sorted(Technology.objects.values_list("name", flat=True)) == ["A", "B", "C"]


def test_a_term_that_leads_to_another_is_not_deleted_and_neither_is_that_one():
    merged, survivor = make_term("A"), make_term("B")
    merge([merged], into=survivor, by=None)
    client = desk()
    for term in (merged, survivor):
        client.post(page("delete", term.pk), {"post": "yes"})
    assert Technology.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["C"]),
        ({"merged": "yes"}, ["A"]),
        ({"merged": "moved"}, ["B"]),
        ({"merged": "all"}, ["A", "B", "C"]),
        ({"q": "a"}, ["C"]),
    ],
)
def test_the_list_shows_terms_that_stand_for_themselves_unless_asked(query, names):
    survivor = make_term("C")
    merge([make_term("A")], into=survivor, by=None)
    move([make_term("B")], to=Keyword, by=None)
    shown = desk().get(page("changelist"), query)
    assert [term.name for term in shown.context["cl"].result_list] == names


# --- aliases


def test_pasted_aliases_are_shown_then_added_and_clashes_lead_to_a_merge():
    term, other = make_term("Midjourney"), make_term("Sora", aliases=["索拉"])
    client, address = desk(), page("aliases", term.pk)
    shown = client.post(address, {"text": "妙绘、索拉", "do": "1"})
    assert term.aliases.count() == 0
    assert page("merge") + f"?ids={term.pk},{other.pk}&amp;into={term.pk}" in shown.content.decode()
    data = {"text": "妙绘、索拉", "seen": shown.context["seen"], "do": "1"}
    assert told(client.post(address, data, follow=True)) == ["1 alias added.", "Not added: 索拉"]
    assert [alias.name for alias in term.aliases.all()] == ["妙绘"]


def test_aliases_are_added_only_as_they_were_shown():
    term, client = make_term("Midjourney"), desk()
    shown = client.post(page("aliases", term.pk), {"text": "妙绘", "look": "1"})
    client.post(page("aliases", term.pk), {"text": "别的", "seen": shown.context["seen"], "do": "1"})
    assert term.aliases.count() == 0


def test_pages_take_as_many_statements_for_many_terms_as_for_two():
    client = desk()

    def statements(number: int) -> int:
        start = Technology.objects.count()
        terms = [make_term(f"T{start + i}", aliases=[f"A{start + i}"]) for i in range(number)]
        with CaptureQueriesContext(connection) as queries:
            client.get(page("merge", ids=ids(*terms)))
        return len(queries)

    statements(2)
    assert statements(2) == statements(6)
