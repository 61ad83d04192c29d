"""The roles that a migration makes, and what each may do to an article in each state: the design's table, verbatim."""

import pytest
from django.contrib.auth.models import Group

from articles import workflow
from articles.models import Article
from tests.factories import desk, make_article, make_user
from tests.test_workflow import DRAFTED, LEAVING, MOVES, SCHEDULED, STATES, in_state

pytestmark = pytest.mark.django_db

EDITS = {"submit", "decline", "reopen", "discard"}
REVIEWS = EDITS | {"publish", "approve", "send_back", "reschedule", "unschedule"}
MAY = {
    "Importers": set(),
    "Editors": EDITS,
    "Reviewers": REVIEWS,
    "Chief editors": REVIEWS | {"withdraw", "keep"},
}


def member(group: str):
    return make_user(is_staff=True, groups=[group])


def test_the_four_groups_are_there():
    assert set(Group.objects.values_list("name", flat=True)) == set(MAY)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", MAY)
def test_each_role_is_offered_exactly_the_verbs_it_may_do(role, state):
    possible = {verb for verb, from_state in MOVES if from_state == state}
    assert set(workflow.allowed(in_state(state), member(role))) == MAY[role] & possible


@pytest.mark.parametrize("verb", workflow.TRANSITIONS)
@pytest.mark.parametrize("role", MAY)
def test_the_page_of_a_verb_is_closed_to_who_may_not_do_it(role, verb):
    state = next(state for name, state in MOVES if name == verb)
    article = in_state(state)
    client = desk(member(role))
    address = f"/admin/articles/article/{article.pk}/do/{verb}/"
    expected = 200 if verb in MAY[role] else 403
    assert client.get(address).status_code == expected
    if expected == 403:
        assert client.post(address, {"version": "1", "note": "原因"}).status_code == 403
        assert Article.objects.get(pk=article.pk).version == 1


@pytest.mark.parametrize("role", MAY)
def test_bulk_actions_are_offered_to_who_may_do_them_and_to_nobody_else(role):
    make_article()
    page = desk(member(role)).get("/admin/articles/article/").content.decode()
    bulk = {"submit", "publish", "approve", "send_back", "decline", "withdraw", "reopen"}
    assert {verb for verb in bulk if f'value="{verb}_selected"' in page} == bulk & MAY[role]


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("state", [SCHEDULED, DRAFTED, LEAVING])
def test_everybody_on_the_desk_sees_an_article_and_editors_change_it(role, state):
    article = in_state(state)
    page = desk(member(role)).get(f"/admin/articles/article/{article.pk}/change/")
    assert page.status_code == 200
    assert ('name="_save"' in page.content.decode()) == (role != "Importers")
