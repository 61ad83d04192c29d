"""How an article moves: one table, one function a verb. Nothing else writes `status`, `published_at`, `withdraw_at`."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import checklist, revisions, rewriting, swapping
from articles.locking import locked
from articles.models import Article, Note, Revision, RevisionKind, Status
from newsroom.refusal import Refused

# --- the table ------------------------------------------------------------------------------------


def _always(article: Article) -> bool:
    return True


def _scheduled(article: Article) -> bool:
    return article.is_scheduled


def _to_be_withdrawn(article: Article) -> bool:
    return article.withdraw_at is not None and not article.is_leaving(timezone.now())


def _has_draft(article: Article) -> bool:
    return Revision.objects.filter(article=article.pk, pending=True).exists()


@dataclass(frozen=True, slots=True)
class Transition:
    label: Any
    sources: frozenset[str]
    target: str
    permission: str
    note_required: bool = False
    condition: Callable[[Article], bool] = _always  # asked only in one of the sources
    otherwise: Any = ""  # what a person is told where the condition does not hold


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
    "approve": Transition(
        gettext_lazy("Approve the draft"),
        frozenset({Status.PUBLISHED}),
        Status.PUBLISHED,
        "articles.publish_article",
        condition=_has_draft,
        otherwise=gettext_lazy("No draft of this article waits."),
    ),
    "discard": Transition(
        gettext_lazy("Discard the draft"),
        frozenset({Status.PUBLISHED}),
        Status.PUBLISHED,
        "articles.change_article",
        note_required=True,
        condition=_has_draft,
        otherwise=gettext_lazy("No draft of this article waits."),
    ),
    "send_back": Transition(
        gettext_lazy("Send back"),
        frozenset({Status.IN_REVIEW}),
        Status.DRAFT,
        "articles.publish_article",
        note_required=True,
    ),
    "reschedule": Transition(
        gettext_lazy("Change the time"),
        frozenset({Status.PUBLISHED}),
        Status.PUBLISHED,
        "articles.publish_article",
        condition=_scheduled,
        otherwise=gettext_lazy("This article is not scheduled."),
    ),
    "unschedule": Transition(
        gettext_lazy("Take the time back"),
        frozenset({Status.PUBLISHED}),
        Status.IN_REVIEW,
        "articles.publish_article",
        condition=_scheduled,
        otherwise=gettext_lazy("This article is not scheduled."),
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
    "keep": Transition(
        gettext_lazy("Do not withdraw"),
        frozenset({Status.PUBLISHED}),
        Status.PUBLISHED,
        "articles.withdraw_article",
        condition=_to_be_withdrawn,
        otherwise=gettext_lazy("No time to withdraw this article is set."),
    ),
    "reopen": Transition(
        gettext_lazy("Take up again"),
        frozenset({Status.DECLINED, Status.WITHDRAWN}),
        Status.DRAFT,
        "articles.decline_article",
    ),
}


FOUR_EYED = {"publish", "approve"}  # of one's own work these are somebody else's
OWN_WORK = gettext_lazy("You wrote, changed or submitted this yourself: somebody else has to approve it.")


def allowed(article: Article, by: AbstractBaseUser) -> list[str]:
    """The verbs that this person may do to the article in its present state."""
    return [verb for verb in TRANSITIONS if _possible(verb, article) and _may(verb, article, by)]


def needs_another(article: Article, by: AbstractBaseUser) -> bool:
    """Whether this person could publish or approve it if it were not her own work."""
    possible = (by.has_perm(TRANSITIONS[verb].permission) and _possible(verb, article) for verb in FOUR_EYED)
    return any(possible) and own_work(article, by)


def why_not(verb: str, article: Article, by: AbstractBaseUser) -> str:
    """What keeps this person, who has the right to it, from that verb now."""
    if verb in FOUR_EYED and needs_another(article, by):
        return str(OWN_WORK)
    return _("This is not possible while the article is %(status)s.") % {"status": article.state}


def _possible(verb: str, article: Article) -> bool:
    transition = TRANSITIONS[verb]
    return article.status in transition.sources and transition.condition(article)


def _may(verb: str, article: Article, by: AbstractBaseUser) -> bool:
    return by.has_perm(TRANSITIONS[verb].permission) and not (verb in FOUR_EYED and own_work(article, by))


# --- the verbs ------------------------------------------------------------------------------------


def submit(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    _move("submit", article, by=by, note=note)


def publish(
    article: Article, *, by: AbstractBaseUser | None, at: datetime | None = None, note: str = ""
) -> None:
    """Make the article public now, or at a later time. Raises Refused for a time in the past."""
    _move("publish", article, by=by, note=note, published_at=_to_come(at) or timezone.now())


def reschedule(article: Article, *, by: AbstractBaseUser | None, at: datetime | None, note: str = "") -> None:
    """Give a scheduled article another time. Without a time nothing is done: only `publish` publishes."""
    if at is None:
        raise Refused(_("Give the new time. To publish at no set time, take the time back first."))
    if article.withdraw_at and at >= article.withdraw_at:
        raise Refused(_("It would be withdrawn before it is published."))
    _move("reschedule", article, by=by, note=note, published_at=_to_come(at))


def unschedule(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    """The article waits for a reviewer again; nothing becomes public."""
    _move("unschedule", article, by=by, note=note, published_at=None, withdraw_at=None)


def send_back(article: Article, *, by: AbstractBaseUser | None, note: str, point: int | None = None) -> None:
    """Back to the editor, who finds the note in the article's thread; it may name an event point."""
    if point is not None and not article.points.filter(position=point).exists():
        raise Refused(_("There is no event point %(number)d.") % {"number": point})
    with transaction.atomic():
        _move("send_back", article, by=by, note=note)
        Note.objects.create(article=article, by=by, text=note, point=point)


def decline(article: Article, *, by: AbstractBaseUser | None, reason: str) -> None:
    _move("decline", article, by=by, note=reason)


def withdraw(
    article: Article, *, by: AbstractBaseUser | None, reason: str, at: datetime | None = None
) -> None:
    """Take the article from the public now, or at a later time: until then it stays published."""
    if at is None:
        return _move("withdraw", article, by=by, note=reason, withdraw_at=None)
    if article.is_leaving(timezone.now()):
        raise Refused(_("Its time has come: readers do not see it any more."))
    if article.published_at and at <= article.published_at:
        raise Refused(_("It would be withdrawn before it is published."))
    return _move("withdraw", article, by=by, note=reason, status=Status.PUBLISHED, withdraw_at=_to_come(at))


def keep(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    """It is not withdrawn at its time after all."""
    _move("keep", article, by=by, note=note, withdraw_at=None)


def reopen(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    _move("reopen", article, by=by, note=note)


def approve(article: Article, *, by: AbstractBaseUser | None, note: str = "") -> None:
    """The draft becomes what readers see. An import's draft brings its base along."""
    with transaction.atomic():
        current = _checked("approve", article, by, note)
        _take_draft_in(current)
        if found := problems(Article.objects.get(pk=current.pk)):
            raise Refused(" ".join(found))
        _finish("approve", article, current, by=by, note=note)


def discard(article: Article, *, by: AbstractBaseUser | None, note: str) -> None:
    """The draft is history; what an import wanted to change counts as decided, and does not come again."""
    with transaction.atomic():
        current = _checked("discard", article, by, note)
        rewriting.close_draft(current, revisions.pending(current.pk))
        _finish("discard", article, current, by=by, note=note)


def withdraw_due() -> int:
    """Write down what the clock has already done: articles whose time to be withdrawn has come; how many."""
    due = Article.objects.filter(withdraw_at__lte=timezone.now()).order_by("withdraw_at")
    articles = list(due[:1_000])
    for article in articles:
        reason = _reason_to_withdraw(article)
        with suppress(Refused):  # somebody was faster: it is looked at again the next time
            _move("withdraw", article, by=None, note=reason, withdraw_at=None)
    return len(articles)


def _reason_to_withdraw(article: Article) -> str:
    """What was said when this time was set."""
    asked = article.revisions.filter(verb="withdraw").order_by("-number").values_list("note", flat=True)
    return asked.first() or _("Its time has come.")


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
            revisions.record(ids, kind=RevisionKind.WORKFLOW, note=note, verb="publish")


# --- how a verb is done ---------------------------------------------------------------------------


def _to_come(at: datetime | None) -> datetime | None:
    if at and at < timezone.now():
        raise Refused(_("This time lies in the past."))
    return at


@transaction.atomic
def _move(verb: str, article: Article, *, by: AbstractBaseUser | None, note: str, **fields: Any) -> None:
    """Check right, state and checklist on the locked row; change it; write the revision.

    `by` None is the system itself (a command). Raises Refused, and then has changed nothing.
    """
    current = _checked(verb, article, by, note)
    _finish(verb, article, current, by=by, note=note, **fields)
    # Once nobody sees the approved text, there is one text again. What readers saw last is the revision before.
    if current.approved and not article.approved and _take_draft_in(current, but_a_taken_link=True):
        revisions.record([current.pk], kind=RevisionKind.EDIT, note=_("The waiting draft was taken in"))


def _finish(
    verb: str, article: Article, current: Article, *, by: AbstractBaseUser | None, note: str, **fields: Any
) -> None:
    fields = {"status": TRANSITIONS[verb].target} | fields
    fields |= {"updated_at": timezone.now(), "version": current.version + 1}
    Article.objects.filter(pk=current.pk).update(**fields)
    for field, value in fields.items():
        setattr(article, field, value)
    revisions.record([current.pk], kind=RevisionKind.WORKFLOW, by=by, note=note, verb=verb)


def _checked(verb: str, seen: Article, by: AbstractBaseUser | None, note: str) -> Article:
    """The locked row, if this person may do this to it now. Raises Refused."""
    transition = TRANSITIONS[verb]
    if by is not None and not by.has_perm(transition.permission):
        raise Refused(_("You have no right to do this: %(verb)s.") % {"verb": transition.label})
    current = locked(seen)
    if current.status not in transition.sources:
        raise Refused(
            _("“%(verb)s” is not possible while the article is %(status)s.")
            % {"verb": transition.label, "status": current.state}
        )
    if not transition.condition(current):
        raise Refused(transition.otherwise)
    if transition.note_required and not note.strip():
        raise Refused(_("Give a reason."))
    if verb == "publish" and (found := problems(current)):
        raise Refused(" ".join(found))
    if verb in FOUR_EYED and own_work(current, by):
        raise Refused(OWN_WORK)
    return current


def problems(article: Article) -> list[str]:
    """What keeps the article from being published, in words for the editor; empty if nothing does."""
    return [check.text for check in checklist.checks(article) if check.blocks]


def own_work(article: Article, by: AbstractBaseUser | None) -> bool:
    """Whether four eyes forbid this person to publish it: what she changed since somebody decided on it, or submitted."""
    if by is None or not settings.FOUR_EYES:
        return False
    changes = article.revisions.filter(kind__in=[RevisionKind.DRAFT, RevisionKind.EDIT], by=by.pk)
    # Who changes a term on a thousand articles at once has not written them.
    changes = changes.exclude(verb=swapping.VERB)
    if changes.filter(number__gt=last_decision(article)).exists():
        return True
    if article.status == Status.PUBLISHED:
        return False
    submissions = article.revisions.filter(verb="submit", by__isnull=False).order_by("-number")
    return by.pk == (submissions.values_list("by", flat=True).first() or article.author_id)


def last_decision(article: Article) -> int:
    """The number of the revision since which the present text has been made, by whomever; 0 if nobody has decided."""
    decided = article.revisions.filter(verb__in=["publish", "approve", "discard"]).order_by("-number")
    return decided.values_list("number", flat=True).first() or 0


def _take_draft_in(article: Article, *, but_a_taken_link: bool = False) -> bool:
    """The waiting draft becomes the article's text; False if there is none.

    Raises Refused if another article has the draft's link meanwhile. Where readers must be spared the text, that
    link alone is left out.
    """
    draft = revisions.pending(article.pk)
    if draft is None:
        return False
    content = rewriting.content(draft.snapshot)
    try:
        rewriting.write(article, content)
    except rewriting.Taken as taken:
        if not but_a_taken_link:
            raise Refused(str(taken)) from None
        rewriting.write(article, {name: content[name] for name in content if name not in {"url", "source"}})
    rewriting.close_draft(article, draft)
    return True
