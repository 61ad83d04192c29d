"""The page on which the desk arranges a vocabulary as a tree, and the broader term in a term's form."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from taxonomy import branches
from taxonomy.branches import grown, put, roots
from taxonomy.merge import Refused
from taxonomy.models import Technology, Term
from taxonomy.tree import MAX_DEPTH
from tests.factories import desk, make_term, staff, told

pytestmark = pytest.mark.django_db

TREE = "/admin/taxonomy/technology/tree/"


def lines() -> dict[str, str]:
    return dict(Technology.objects.exclude(parent=None).values_list("name", "parent__name"))


def form_of(term: Term, **fields: str) -> dict[str, str]:
    data = {"name": term.name, "description": "", "confirmed": "on", "parent": ""} | fields
    return data | {"aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}


# --- the deed


def test_a_term_is_put_below_another_and_back_to_the_top():
    sora, video = make_term("Sora"), make_term("视频生成")
    put(sora, video)
    assert lines() == {"Sora": "视频生成"}
    put(sora, None)
    assert lines() == {}


def test_only_a_confirmed_term_of_the_same_vocabulary_has_others_below_it():
    sora = make_term("Sora")
    merged = make_term("旧", merged_into=sora)
    for under in (make_term("新", confirmed=False), make_term("视频", "keyword"), merged, sora):
        with pytest.raises(Refused):
            put(sora, under)
    assert lines() == {}


def test_a_new_term_may_stand_below_a_confirmed_one():
    put(make_term("新", confirmed=False), make_term("视频生成"))
    assert lines() == {"新": "视频生成"}


# --- the page


def test_the_page_shows_the_branches_with_what_is_below():
    video = make_term("视频生成", parent=make_term("大模型"))
    make_term("Sora", parent=video, confirmed=False)
    make_term("单独")
    page = desk().get(TREE)
    [top] = page.context["branches"]
    assert (top.term.name, top.narrower[0].term.name, top.narrower[0].narrower[0].term.name) == (
        "大模型",
        "视频生成",
        "Sora",
    )
    assert "单独" not in page.text and "Put elsewhere" in page.text


def test_a_term_is_put_below_another_by_typing_names_or_aliases():
    make_term("视频生成", aliases=["文生视频"])
    make_term("Sora")
    client = desk()
    done = client.post(TREE, {"term": "SORA", "under": "文生视频"}, follow=True)
    assert told(done) == ["“Sora” stands below “视频生成” now."] and lines() == {"Sora": "视频生成"}
    assert done.context["branch"].name == "Sora"
    done = client.post(TREE, {"term": "Sora", "under": ""}, follow=True)
    assert told(done) == ["“Sora” stands at the top now."] and lines() == {}


def test_a_chosen_term_can_be_put_below_each_of_the_confirmed_others():
    video = make_term("视频生成")
    make_term("Sora", parent=video)
    make_term("新", parent=video, confirmed=False)
    page = desk().get(TREE, {"term": "sora"})
    assert page.text.count('name="under" value="') == 2  # below the one, or at the top
    assert '<input type="hidden" name="term" value="Sora">' in page.text


@pytest.mark.parametrize(
    ("term", "under", "reason"),
    [
        ("没有", "A", "There is no term “没有” in this vocabulary."),
        ("A", "没有", "There is no term “没有” in this vocabulary."),
        ("", "A", "This field is required."),
        ("A", "B", "“A” would stand below itself."),
        ("A", "A", "“A” would stand below itself."),
        ("B", "新", "“新” is not confirmed: only confirmed terms can have others below them."),
    ],
)
def test_what_cannot_be_is_an_error_in_words(term, under, reason):
    make_term("B", parent=make_term("A"))
    make_term("新", confirmed=False)
    page = desk().post(TREE, {"term": term, "under": under})
    assert page.status_code == 200 and reason in page.text and lines() == {"B": "A"}


def test_a_tree_that_would_be_too_deep_is_an_error_in_words_on_both_pages():
    under = None
    for number in range(MAX_DEPTH):
        under = make_term(f"T{number}", parent=under)
    sora, client = make_term("Sora"), desk()
    page = client.post(TREE, {"term": "Sora", "under": under.name})
    assert "more than 8 levels" in page.text
    address = reverse("admin:taxonomy_technology_change", args=[sora.pk])
    assert "more than 8 levels" in client.post(address, form_of(sora, parent=under.name)).text


HOSTILE = ["0", "9" * 30, "x" * 5000, "\0", "１", "<script>", "a\0b"]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_parameters_are_answered_and_change_nothing(value):
    client, sora = desk(), make_term("Sora", parent=make_term("A"))
    for name in ("term", "branch", "page"):
        assert client.get(TREE, {name: value}).status_code in {200, 400}
    for data in ({"term": value, "under": "A"}, {"term": "A", "under": value}):
        page = client.post(TREE, data)
        assert page.status_code in {200, 400} and "<script>alert" not in page.text
    address = reverse("admin:taxonomy_technology_change", args=[sora.pk])
    assert client.post(address, form_of(sora, parent=value)).status_code in {200, 400}
    assert lines() == {"Sora": "A"}


def test_the_page_is_for_those_who_may_change_the_vocabulary():
    assert Client().get(TREE).status_code == 302
    assert desk(staff("view_technology")).get(TREE).status_code == 403
    assert desk(staff("change_technology")).get(TREE).status_code == 200


def test_the_page_takes_as_many_statements_for_three_branches_as_for_one():
    client, numbers = desk(), []
    for number in (1, 2, 3):
        make_term(f"下{number}", parent=make_term(f"上{number}"))
        client.get(TREE)
        with CaptureQueriesContext(connection) as queries:
            client.get(TREE)
        numbers.append(len(queries))
    assert len(set(numbers)) == 1


def test_a_large_branch_is_cut_and_says_so(monkeypatch):
    top = make_term("上")
    for number in range(3):
        make_term(f"下{number}", parent=top)
    [branch], cut = grown(roots(Technology), 2)
    assert len(branch.narrower) == 2 and cut
    monkeypatch.setattr("taxonomy.admin.branches.MAX_SHOWN", 2)
    assert "more terms than fit on a page" in desk().get(TREE).text
    assert grown(branches.roots(Technology), 3)[1] is False


# --- the form of a term


def test_the_form_takes_a_broader_term_by_any_of_its_names():
    video, sora = make_term("视频生成", aliases=["文生视频"]), make_term("Sora")
    client, address = desk(), reverse("admin:taxonomy_technology_change", args=[sora.pk])
    assert client.post(address, form_of(sora, parent="文生视频")).status_code == 302
    sora.refresh_from_db()
    assert sora.parent == video
    assert 'value="视频生成"' in client.get(address).text
    assert client.post(address, form_of(sora)).status_code == 302
    sora.refresh_from_db()
    assert sora.parent is None


def test_a_term_is_made_below_another():
    make_term("视频生成")
    data = form_of(Technology(name="可灵"), parent="视频生成")
    assert desk().post(reverse("admin:taxonomy_technology_add"), data).status_code == 302
    assert lines() == {"可灵": "视频生成"}


def test_the_form_says_why_a_broader_term_cannot_be():
    a = make_term("A")
    make_term("B", parent=a)
    address = reverse("admin:taxonomy_technology_change", args=[a.pk])
    for name, reason in [("B", "would stand below itself"), ("没有", "There is no term “没有”")]:
        assert reason in desk().post(address, form_of(a, parent=name)).text


def test_a_description_has_a_bound():
    term = make_term("A")
    address = reverse("admin:taxonomy_technology_change", args=[term.pk])
    page = desk().post(address, form_of(term, description="长" * 10_001))
    assert "At most 10000 characters." in page.text
