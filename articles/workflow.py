"""How an article moves: one table, one function a verb. Nothing else writes `status` or `published_at`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import revisions
from articles.models import Article, RevisionKind, Status


class Refused(Exception):
    """A verb that cannot be done now. Its text tells a person why and what to do."""


@dataclass(frozen=True, slots=True)
class Transition:
    label: Any
    sources: frozenset[str]
    target: str
    permission: str
    note_required: bool = False


TRANSITIONS: dict[str, Transition] = {
    "submit": Transition(
        gettext_lazy("Submit for review"),
        frozenset({Status.DRAFT}),
        Status.IN_REVIEW,
        "articles.submit_article",
    ),
    "publish": Transition(
        gettext_lazy("Publish"),
        frozenset({Status.DRAFT, Status.IN_REVIEW}),
        Status.PUBLISHED,
        "articles.publish_article",
    ),
    "send_back": Transition(
        gettext_lazy("Send back"),
        frozenset({Status.IN_REVIEW}),
        Status.DRAFT,
        "articles.publish_article",
        note_required=True,
    ),
    "decline": Transition(
        gettext_lazy("Decline"),
        frozenset({Status.DRAFT, Status.IN_REVIEW}),
        Status.DECLINED,
        "articles.decline_article",
        note_required=True,
    ),
    "withdraw": Transition(
        gettext_lazy("Withdraw"),
        frozenset({Status.PUBLISHED}),
        Status.WITHDRAWN,
        "articles.withdraw_article",
        note_required=True,
    ),
    "reopen": Transition(
        gettext_lazy("Take up again"),
        frozenset({Status.DECLINED, Status.WITHDRAWN}),
        Status.DRAFT,
        "articles.decline_article",
    ),
}


def submit(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    _move("submit", article, by=by, note=note)


def publish(
    article: Article, *, by: AbstractBaseUser | None, at: datetime | None = None, note: str = ""
) -> None:
    """Make the article public now, or at a later time. Raises Refused for a time in the past."""
    now = timezone.now()
    if at and at < now:
        raise Refused(_("The time of publication lies in the past."))
    _move("publish", article, by=by, note=note, published_at=at or now)


def send_back(article: Article, *, by: AbstractBaseUser | None, note: str) -> None:
    _move("send_back", article, by=by, note=note)


def decline(article: Article, *, by: AbstractBaseUser | None, reason: str) -> None:
    _move("decline", article, by=by, note=reason)


def withdraw(article: Article, *, by: AbstractBaseUser | None, reason: str) -> None:
    _move("withdraw", article, by=by, note=reason)


def reopen(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    _move("reopen", article, by=by, note=note)


def allowed(article: Article, by: AbstractBaseUser) -> list[str]:
    """The verbs that this person may do to the article in its present state."""
    return [
        verb
        for verb, transition in TRANSITIONS.items()
        if article.status in transition.sources and by.has_perm(transition.permission)
    ]


def problems(article: Article) -> list[str]:
    """What keeps the article from being published, in words for the editor; empty if nothing does."""
    found = []
    if not article.url_key:
        found.append(_("The link to the original is missing or is no web address."))
    return found


def publish_untouched(article_ids: Collection[int], *, note: str) -> None:
    """Publish those articles that came from an import and that nobody has touched, all at once.

    For `import_seeds --publish`: one with a warning, or without a usable link, waits for an editor.
    """
    with transaction.atomic():
        # `version` is looked at again once the lock is had: an edit made meanwhile counts as a touch.
        untouched = (
            Article.objects.filter(pk__in=article_ids, status=Status.DRAFT, version=1, revisions=None)
            .filter(url_key__isnull=False, base__isnull=False)
            .exclude(import_rows__needs_care=True)
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        ids = list(untouched.values_list("pk", flat=True))
        if ids:
            now = timezone.now()
            Article.objects.filter(pk__in=ids).update(
                status=Status.PUBLISHED, published_at=now, updated_at=now, version=F("version") + 1
            )
            revisions.record(ids, kind=RevisionKind.WORKFLOW, note=note)


@transaction.atomic
def _move(verb: str, article: Article, *, by: AbstractBaseUser | None, note: str, **fields: Any) -> None:
    """Check right, state and checklist on the locked row; change it; write the revision.

    `by` None is the system itself (a command). Raises Refused, and then has changed nothing.
    """
    transition = TRANSITIONS[verb]
    current = Article.objects.select_for_update().get(pk=article.pk)
    _check(verb, transition, article, current, by, note)
    fields |= {"status": transition.target, "updated_at": timezone.now(), "version": current.version + 1}
    Article.objects.filter(pk=article.pk).update(**fields)
    for field, value in fields.items():
        setattr(article, field, value)
    revisions.record([article.pk], kind=RevisionKind.WORKFLOW, by=by, note=note)


def _check(
    verb: str, transition: Transition, seen: Article, current: Article, by: AbstractBaseUser | None, note: str
) -> None:
    if by is not None and not by.has_perm(transition.permission):
        raise Refused(_("You have no right to do this: %(verb)s.") % {"verb": transition.label})
    if current.version != seen.version:
        raise Refused(_("Somebody has changed this article since you opened it. Look at it again first."))
    if current.status not in transition.sources:
        raise Refused(
            _("“%(verb)s” is not possible while the article is %(status)s.")
            % {"verb": transition.label, "status": current.state}
        )
    if transition.note_required and not note.strip():
        raise Refused(_("Give a reason."))
    if verb == "publish" and (found := problems(current)):
        raise Refused(" ".join(found))
