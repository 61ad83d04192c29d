"""Nobody approves what is their own work, and what counts as that."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from articles import editing, workflow
from articles.models import Article, Status
from tests.factories import make_article
from tests.test_workflow import EVERYTHING, LEAVING, SCHEDULED, draft, in_state, person, soon, stored

pytestmark = pytest.mark.django_db


def test_nobody_publishes_what_she_submitted_and_somebody_else_does():
    article, editor, reviewer = make_article(), person(*EVERYTHING), person(*EVERYTHING)
    workflow.submit(article, by=editor)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=editor)
    workflow.publish(article, by=reviewer)
    assert stored(article).status == Status.PUBLISHED


def test_sending_it_back_to_herself_is_no_way_round():
    article, editor = make_article(), person(*EVERYTHING)
    workflow.submit(article, by=editor)
    workflow.send_back(article, by=editor, note="再看")
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=editor)


def test_nobody_publishes_what_she_wrote_by_hand():
    editor = person(*EVERYTHING)
    article = make_article(author=editor)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=editor)
    workflow.submit(article, by=person(*EVERYTHING))  # another editor stands behind it now
    workflow.publish(article, by=editor)


def test_withdrawing_and_reopening_is_no_way_round_either():
    article, chief = make_article("甲"), person(*EVERYTHING)
    workflow.publish(article, by=None)
    workflow.withdraw(article, by=chief, reason="更正")
    workflow.reopen(article, by=chief)
    editing.save(article, {"title": "乙"}, by=chief)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=chief)
    workflow.publish(article, by=person(*EVERYTHING))


def test_who_drafted_what_was_scheduled_does_not_publish_it_once_its_time_is_taken_back():
    article, author, other = in_state(SCHEDULED), person(*EVERYTHING), person(*EVERYTHING)
    workflow.unschedule(article, by=other)
    workflow.publish(article, by=other, at=soon())
    editing.save(article, {"title": "乙"}, by=author)
    workflow.unschedule(article, by=other)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=author)


def test_a_time_to_withdraw_does_not_bring_back_what_the_clock_has_withdrawn():
    article = in_state(LEAVING)
    Article.objects.update(published_at=F("published_at") - timedelta(days=3))
    Article.objects.update(withdraw_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(workflow.Refused):
        workflow.withdraw(stored(article), by=None, reason="later", at=soon())
    assert list(Article.objects.published()) == []


def test_what_came_from_an_import_needs_one_person_only():
    article = make_article(base={"title": "甲"})
    workflow.publish(article, by=person(*EVERYTHING))
    assert stored(article).status == Status.PUBLISHED


def test_nobody_publishes_what_she_changed_of_an_import_alone():
    article, editor, other = (
        make_article("甲", base={"title": "甲"}),
        person(*EVERYTHING),
        person(*EVERYTHING),
    )
    editing.save(article, {"title": "乙"}, by=editor)
    workflow.submit(article, by=other)  # to hand it on is not to have approved it
    assert "publish" not in workflow.allowed(article, editor)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=editor)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=other)
    workflow.publish(article, by=person(*EVERYTHING))


def test_a_reviewer_who_changes_a_comma_leaves_it_to_another():
    article, editor, reviewer = make_article("甲"), person(*EVERYTHING), person(*EVERYTHING)
    editing.save(article, {"title": "乙"}, by=editor)
    workflow.submit(article, by=editor)
    editing.save(article, {"title": "乙。"}, by=reviewer)
    for one in (editor, reviewer):
        with pytest.raises(workflow.Refused):
            workflow.publish(article, by=one)
    workflow.publish(article, by=person(*EVERYTHING))


def test_what_an_import_or_a_command_changed_leaves_everybody_free():
    article, editor = make_article("甲", base={"title": "甲"}), person(*EVERYTHING)
    editing.save(article, {"title": "乙"}, by=None)
    workflow.publish(article, by=editor)
    assert stored(article).status == Status.PUBLISHED


def test_a_change_from_before_the_last_decision_binds_nobody():
    article, editor = make_article("甲"), person(*EVERYTHING)
    editing.save(article, {"title": "乙"}, by=editor)
    workflow.publish(article, by=None)
    workflow.withdraw(article, by=None, reason="更正")
    workflow.reopen(article, by=None)
    workflow.publish(article, by=editor)
    assert stored(article).status == Status.PUBLISHED


def test_nobody_approves_her_own_draft_but_anybody_an_imports():
    article, editor = make_article(publish=True), person(*EVERYTHING)
    draft(article, by=editor, title="乙")
    with pytest.raises(workflow.Refused):
        workflow.approve(article, by=editor)
    of_an_import = make_article("甲", publish=True)
    draft(of_an_import, by=None, title="丙")
    workflow.approve(of_an_import, by=editor)
    assert stored(of_an_import).title == "丙"


def test_a_comma_of_somebody_else_does_not_make_the_draft_hers_alone():
    article, author, second = make_article("甲", publish=True), person(*EVERYTHING), person(*EVERYTHING)
    editing.save(article, {"title": "乙"}, by=author)
    editing.save(article, {"title": "乙。"}, by=second)
    for one in (author, second):
        with pytest.raises(workflow.Refused):
            workflow.approve(article, by=one)
        assert "approve" not in workflow.allowed(article, one)
    workflow.approve(article, by=person(*EVERYTHING))


def test_taking_a_time_back_does_not_change_who_submitted_it():
    article, editor, reviewer = make_article(), person(*EVERYTHING), person(*EVERYTHING)
    workflow.submit(article, by=editor)
    workflow.publish(article, by=reviewer, at=soon())
    workflow.unschedule(article, by=reviewer)
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=editor)
    workflow.publish(article, by=reviewer)


def test_a_draft_that_could_not_be_published_is_not_approved():
    article = make_article("甲", publish=True)
    draft(article, url="见原文", source=None)
    with pytest.raises(workflow.Refused):
        workflow.approve(article, by=None)
    assert stored(article).url_key is not None


def test_a_draft_whose_link_another_took_keeps_nobody_from_withdrawing():
    make_article(url="https://example.com/taken", url_key="https://example.com/taken")
    article = make_article("甲", publish=True)
    draft(article, title="乙", url="https://example.com/taken")
    workflow.withdraw(article, by=None, reason="来源更正")
    now = stored(article)
    assert (now.status, now.title, now.url) == (Status.WITHDRAWN, "乙", article.url)


def test_a_desk_of_one_switches_it_off(settings):
    settings.FOUR_EYES = False
    article, editor = make_article(), person(*EVERYTHING)
    editing.save(article, {"title": "乙"}, by=editor)
    workflow.submit(article, by=editor)
    workflow.publish(article, by=editor)
    assert stored(article).status == Status.PUBLISHED
