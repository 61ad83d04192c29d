"""How an article moves: every verb from every state, and what each asks for."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from articles import revisions, workflow
from articles.models import Article, RevisionKind, Status
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db


RIGHTS = {
    "submit": "submit_article",
    "publish": "publish_article",
    "send_back": "publish_article",
    "decline": "decline_article",
    "withdraw": "withdraw_article",
    "reopen": "decline_article",
}
MOVES = {
    ("submit", Status.DRAFT): Status.IN_REVIEW,
    ("publish", Status.DRAFT): Status.PUBLISHED,
    ("publish", Status.IN_REVIEW): Status.PUBLISHED,
    ("send_back", Status.IN_REVIEW): Status.DRAFT,
    ("decline", Status.DRAFT): Status.DECLINED,
    ("decline", Status.IN_REVIEW): Status.DECLINED,
    ("withdraw", Status.PUBLISHED): Status.WITHDRAWN,
    ("reopen", Status.DECLINED): Status.DRAFT,
    ("reopen", Status.WITHDRAWN): Status.DRAFT,
}
REASONED = ["send_back", "decline", "withdraw"]


def person(*rights: str) -> User:
    user = make_user()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def do(verb: str, article: Article, *, by: User | None, note: str = "why") -> None:
    name = "reason" if verb in {"decline", "withdraw"} else "note"
    getattr(workflow, verb)(article, by=by, **{name: note})


def stored(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


def in_state(status: str) -> Article:
    times = {Status.PUBLISHED: timezone.now(), Status.WITHDRAWN: timezone.now()}
    return make_article(status=status, published_at=times.get(status))


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("verb", workflow.TRANSITIONS)
def test_each_verb_works_from_its_states_and_is_refused_from_all_others(verb, status):
    article, by = in_state(status), person(RIGHTS[verb])
    target = MOVES.get((verb, status))
    if target:
        do(verb, article, by=by)
    else:
        with pytest.raises(workflow.Refused):
            do(verb, article, by=by)
    now = stored(article)
    assert (now.status, now.version, now.revisions.count()) == ((target, 2, 1) if target else (status, 1, 0))


@pytest.mark.parametrize(("verb", "status"), MOVES)
def test_the_article_at_hand_says_what_the_database_says(verb, status):
    article = in_state(status)
    do(verb, article, by=None)
    now = stored(article)
    for field in ("status", "version", "updated_at", "published_at"):
        assert getattr(article, field) == getattr(now, field)


@pytest.mark.parametrize(("verb", "status"), MOVES)
def test_nobody_does_anything_without_the_right_to(verb, status):
    article = in_state(status)
    others = set(RIGHTS.values()) - {RIGHTS[verb]}
    with pytest.raises(workflow.Refused):
        do(verb, article, by=person(*others))
    assert stored(article).status == status


@pytest.mark.parametrize("status", Status.values)
def test_allowed_lists_exactly_what_would_work(status):
    expected = [verb for verb in workflow.TRANSITIONS if (verb, status) in MOVES]
    article = in_state(status)
    assert workflow.allowed(article, person(*RIGHTS.values())) == expected
    assert workflow.allowed(article, person()) == []


@pytest.mark.parametrize("note", ["", " \n\u3000"])
@pytest.mark.parametrize("verb", REASONED)
def test_a_verb_that_hurts_somebody_asks_for_a_reason(verb, note):
    status = next(status for name, status in MOVES if name == verb)
    article = in_state(status)
    with pytest.raises(workflow.Refused):
        do(verb, article, by=None, note=note)
    assert stored(article).status == status


@pytest.mark.parametrize("verb", [verb for verb in workflow.TRANSITIONS if verb not in REASONED])
def test_the_other_verbs_ask_for_none(verb):
    article = in_state(next(status for name, status in MOVES if name == verb))
    do(verb, article, by=None, note="")
    assert stored(article).revisions.get().note == ""


@pytest.mark.parametrize(("verb", "status"), MOVES)
def test_who_saw_an_older_version_does_nothing(verb, status):
    article = in_state(status)
    Article.objects.filter(pk=article.pk).update(version=2)
    with pytest.raises(workflow.Refused):
        do(verb, article, by=None)
    assert stored(article).status == status


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
