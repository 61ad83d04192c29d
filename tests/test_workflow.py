"""How an article moves: every verb from every state, and what each asks for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import F
from django.utils import timezone

from articles import editing, links, revisions, workflow
from articles.locking import Stale
from articles.models import Article, Note, RevisionKind, Status
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db


RIGHTS = {
    "submit": "submit_article",
    "publish": "publish_article",
    "approve": "publish_article",
    "discard": "change_article",
    "send_back": "publish_article",
    "reschedule": "publish_article",
    "unschedule": "publish_article",
    "decline": "decline_article",
    "withdraw": "withdraw_article",
    "keep": "withdraw_article",
    "reopen": "decline_article",
}
# The states that an article can be in, as the desk sees them; the last three are published to the database.
SCHEDULED, DRAFTED, LEAVING = "scheduled", "published, with a draft", "published, to be withdrawn"
STATES = [*Status.values, SCHEDULED, DRAFTED, LEAVING]
PUBLISHED = [Status.PUBLISHED, SCHEDULED, DRAFTED, LEAVING]
MOVES = {
    ("submit", Status.DRAFT): Status.IN_REVIEW,
    ("publish", Status.DRAFT): Status.PUBLISHED,
    ("publish", Status.IN_REVIEW): Status.PUBLISHED,
    ("approve", DRAFTED): Status.PUBLISHED,
    ("discard", DRAFTED): Status.PUBLISHED,
    ("send_back", Status.IN_REVIEW): Status.DRAFT,
    ("reschedule", SCHEDULED): Status.PUBLISHED,
    ("unschedule", SCHEDULED): Status.IN_REVIEW,
    ("decline", Status.DRAFT): Status.DECLINED,
    ("decline", Status.IN_REVIEW): Status.DECLINED,
    **{("withdraw", state): Status.WITHDRAWN for state in PUBLISHED},
    ("keep", LEAVING): Status.PUBLISHED,
    ("reopen", Status.DECLINED): Status.DRAFT,
    ("reopen", Status.WITHDRAWN): Status.DRAFT,
}
REASONED = ["discard", "send_back", "decline", "withdraw"]
EVERYTHING = {*RIGHTS.values(), "add_article", "change_article"}


def person(*rights: str) -> User:
    user = make_user()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def do(verb: str, article: Article, *, by: User | None, note: str = "why") -> None:
    said = {"reason" if verb in {"decline", "withdraw"} else "note": note}
    if verb == "reschedule":
        said["at"] = timezone.now() + timedelta(days=2)
    getattr(workflow, verb)(article, by=by, **said)


def stored(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


def in_state(state: str) -> Article:
    now = timezone.now()
    times = {Status.WITHDRAWN: now, **dict.fromkeys(PUBLISHED, now), SCHEDULED: now + timedelta(days=1)}
    status = Status.PUBLISHED if state in PUBLISHED else state
    leaves = now + timedelta(days=1) if state == LEAVING else None
    article = make_article("甲", status=status, published_at=times.get(state), withdraw_at=leaves)
    if state == DRAFTED:
        draft(article, title="乙")
    return article


def draft(article: Article, *, by: User | None = None, **changes: Any) -> None:
    snapshot = editing.live(article) | changes
    revisions.record_snapshots({article.pk: snapshot}, kind=RevisionKind.DRAFT, by=by, pending=True)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", workflow.TRANSITIONS)
def test_each_verb_works_from_its_states_and_is_refused_from_all_others(verb, state):
    article, by = in_state(state), person(RIGHTS[verb])
    before = article.revisions.count()
    target = MOVES.get((verb, state))
    if target:
        do(verb, article, by=by)
    else:
        with pytest.raises(workflow.Refused):
            do(verb, article, by=by)
    now = stored(article)
    assert (now.status, now.version) == ((target, 2) if target else (article.status, 1))
    assert (now.revisions.count() > before) == bool(target)


@pytest.mark.parametrize(("verb", "state"), MOVES)
def test_the_article_at_hand_says_what_the_database_says(verb, state):
    article = in_state(state)
    do(verb, article, by=None)
    now = stored(article)
    for field in ("status", "version", "updated_at", "published_at", "withdraw_at"):
        assert getattr(article, field) == getattr(now, field)


@pytest.mark.parametrize(("verb", "state"), MOVES)
def test_nobody_does_anything_without_the_right_to(verb, state):
    article = in_state(state)
    others = set(RIGHTS.values()) - {RIGHTS[verb]}
    with pytest.raises(workflow.Refused):
        do(verb, article, by=person(*others))
    assert stored(article).version == 1


@pytest.mark.parametrize("state", STATES)
def test_allowed_lists_exactly_what_would_work(state):
    expected = [verb for verb in workflow.TRANSITIONS if (verb, state) in MOVES]
    article = in_state(state)
    assert workflow.allowed(article, person(*RIGHTS.values())) == expected
    assert workflow.allowed(article, person()) == []


@pytest.mark.parametrize("note", ["", " \n\u3000"])
@pytest.mark.parametrize("verb", REASONED)
def test_a_verb_that_hurts_somebody_asks_for_a_reason(verb, note):
    article = in_state(next(state for name, state in MOVES if name == verb))
    with pytest.raises(workflow.Refused):
        do(verb, article, by=None, note=note)
    assert stored(article).version == 1


@pytest.mark.parametrize("verb", [verb for verb in workflow.TRANSITIONS if verb not in REASONED])
def test_the_other_verbs_ask_for_none(verb):
    article = in_state(next(state for name, state in MOVES if name == verb))
    do(verb, article, by=None, note="")
    assert stored(article).revisions.first().note == ""


@pytest.mark.parametrize(("verb", "state"), MOVES)
def test_who_saw_an_older_version_does_nothing(verb, state):
    article = in_state(state)
    Article.objects.filter(pk=article.pk).update(version=2)
    with pytest.raises(Stale):
        do(verb, article, by=None)
    assert stored(article).version == 2


def test_every_move_writes_who_when_and_why():
    article, by = make_article(), person("submit_article")
    workflow.submit(article, by=by, note="核对过数字")
    revision = article.revisions.get()
    assert (revision.number, revision.kind, revision.by, revision.note, revision.snapshot["status"]) == (
        (1, RevisionKind.WORKFLOW, by, "核对过数字", Status.IN_REVIEW)
    )


def test_publishing_makes_an_article_public_at_once():
    article = make_article()
    workflow.publish(article, by=None)
    assert list(Article.objects.published()) == [article]


def test_publishing_for_later_waits_for_the_clock():
    article, at = make_article(), timezone.now() + timedelta(hours=1)
    workflow.publish(article, by=None, at=at)
    assert (stored(article).published_at, list(Article.objects.published())) == (at, [])


def test_the_past_is_no_time_to_publish():
    article = make_article()
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=None, at=timezone.now() - timedelta(minutes=1))
    assert stored(article).status == Status.DRAFT


def test_an_article_without_a_usable_link_is_not_published():
    article = make_article(url="见原文", url_key=None)
    assert len(workflow.problems(article)) == 1
    with pytest.raises(workflow.Refused):
        workflow.publish(article, by=None)


def test_a_withdrawn_article_is_public_no_more():
    article = make_article(publish=True)
    workflow.withdraw(article, by=None, reason="来源更正")
    assert list(Article.objects.published()) == []


def test_publishing_untouched_articles_leaves_out_what_somebody_has_to_see():
    from_import = make_article(base={"title": "甲"})
    by_hand = make_article()
    revisions.record([by_hand.pk], kind=RevisionKind.EDIT)
    no_link = make_article(base={"title": "乙"}, url="", url_key=None)
    touched = make_article(base={"title": "丙"})
    workflow.submit(touched, by=None)
    workflow.publish_untouched([a.pk for a in (from_import, by_hand, no_link, touched)], note="样例")
    assert list(Article.objects.published()) == [from_import]
    assert [revision.note for revision in from_import.revisions.order_by("number")] == ["", "样例"]


# --- times ----------------------------------------------------------------------------------------


def soon() -> datetime:
    return timezone.now() + timedelta(hours=1)


def the_clock_passes(article: Article) -> None:
    """As if its times had been set two hours ago."""
    earlier = {name: F(name) - timedelta(hours=2) for name in ("published_at", "withdraw_at")}
    Article.objects.filter(pk=article.pk).update(**earlier)


def test_another_time_is_given_to_what_is_scheduled():
    article, at = in_state(SCHEDULED), soon()
    workflow.reschedule(article, by=None, at=at)
    assert (stored(article).published_at, list(Article.objects.published())) == (at, [])


@pytest.mark.parametrize("at", [None, timezone.now() - timedelta(days=1)])
def test_to_clear_the_time_or_set_it_back_never_publishes(at):
    article = in_state(SCHEDULED)
    with pytest.raises(workflow.Refused):
        workflow.reschedule(article, by=None, at=at)
    assert list(Article.objects.published()) == []


def test_taking_the_time_back_leaves_the_article_to_the_reviewer():
    article = in_state(SCHEDULED)
    workflow.unschedule(article, by=None)
    assert (stored(article).status, stored(article).published_at) == (Status.IN_REVIEW, None)


def test_an_article_is_withdrawn_at_its_time_without_anybody_doing_anything():
    article = make_article(publish=True)
    workflow.withdraw(article, by=None, reason="授权到期", at=soon())
    assert list(Article.objects.published()) == [article]
    the_clock_passes(article)
    assert list(Article.objects.published()) == []
    assert (stored(article).is_public, stored(article).state) == (False, "已撤回")


def test_what_the_clock_has_withdrawn_is_written_down_with_the_reason():
    article = make_article(publish=True)
    workflow.withdraw(article, by=None, reason="授权到期", at=soon())
    assert workflow.withdraw_due() == 0
    the_clock_passes(article)
    assert (workflow.withdraw_due(), workflow.withdraw_due()) == (1, 0)
    now = stored(article)
    last = now.revisions.first()
    assert (now.status, now.withdraw_at, last.note, last.by) == (Status.WITHDRAWN, None, "授权到期", None)


def test_an_article_is_not_withdrawn_before_it_is_published():
    article = in_state(SCHEDULED)
    with pytest.raises(workflow.Refused):
        workflow.withdraw(article, by=None, reason="早", at=soon())
    leaving = in_state(LEAVING)
    Article.objects.filter(pk=leaving.pk).update(published_at=timezone.now() + timedelta(hours=2))
    leaving = stored(leaving)
    with pytest.raises(workflow.Refused):
        workflow.reschedule(leaving, by=None, at=timezone.now() + timedelta(days=3))


def test_it_is_too_late_to_keep_what_the_clock_has_withdrawn():
    article = in_state(LEAVING)
    Article.objects.filter(pk=article.pk).update(published_at=F("published_at") - timedelta(days=3))
    Article.objects.filter(pk=article.pk).update(withdraw_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(workflow.Refused):
        workflow.keep(article, by=None)


# --- drafts of what is live -----------------------------------------------------------------------


def test_an_approved_draft_is_what_readers_see_and_waits_no_more():
    article = make_article("甲", publish=True, technologies=["Sora"])
    draft(article, title="乙", technologies=["Sora", "Midjourney"], points=[{"heading": "一", "body": "二"}])
    workflow.approve(article, by=None)
    now = editing.live(article)
    assert (now["title"], now["technologies"]) == ("乙", ["Sora", "Midjourney"])
    assert now["points"] == [{"heading": "一", "body": "二"}]
    assert revisions.pending(article.pk) is None


def test_a_discarded_draft_is_history():
    article = in_state(DRAFTED)
    workflow.discard(article, by=None, note="来源有误")
    assert (stored(article).title, revisions.pending(article.pk)) == ("甲", None)
    assert [revision.snapshot["title"] for revision in article.revisions.all()] == ["甲", "乙"]


def test_a_decided_draft_of_an_import_leaves_its_base_either_way():
    for decide in (workflow.approve, workflow.discard):
        article = make_article("甲", publish=True, base={"title": "甲"})
        draft(article, title="乙", base={"title": "乙"})
        decide(article, by=None, note="看过")
        assert stored(article).base == {"title": "乙"}


@pytest.mark.parametrize("verb", ["withdraw", "unschedule"])
def test_once_nobody_sees_the_text_the_draft_is_the_text(verb):
    article = in_state(SCHEDULED if verb == "unschedule" else Status.PUBLISHED)
    draft(article, title="乙")
    do(verb, article, by=None)
    assert (stored(article).title, revisions.pending(article.pk)) == ("乙", None)


def test_a_draft_with_a_link_that_another_has_taken_is_refused_in_words():
    other = make_article(
        "另一条", url="https://example.com/taken", url_key=links.canonical("https://example.com/taken")
    )
    article = make_article("甲", publish=True)
    draft(article, url="https://example.com/taken")
    with pytest.raises(workflow.Refused, match=f"#{other.pk} 另一条"):
        workflow.approve(article, by=None)
    assert revisions.pending(article.pk) is not None


def test_a_note_to_the_editor_may_name_a_point():
    article, reviewer = make_article(status=Status.IN_REVIEW, points=[("一", "甲")]), person(*EVERYTHING)
    with pytest.raises(workflow.Refused):
        workflow.send_back(article, by=reviewer, note="没有这一点", point=2)
    workflow.send_back(article, by=reviewer, note="数字与原文不符", point=1)
    note = Note.objects.get()
    assert (note.article, note.by, note.text, note.point) == (article, reviewer, "数字与原文不符", 1)
