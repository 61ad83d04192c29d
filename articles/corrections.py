"""Corrections of what readers have seen: said on the article's own page, and all of them on one page."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import revisions, rights
from articles.locking import locked
from articles.models import Article, Correction, RevisionKind
from newsroom.refusal import Refused

PERMISSION = "articles.publish_article"
MAX_TEXT = 2_000  # characters of what was wrong, and of what is right
PAGE_SIZE = 30


@transaction.atomic
def publish(article: Article, *, wrong: str, right: str, by: AbstractBaseUser | None) -> Correction:
    """Tell readers of a live article what was wrong and what is right. Raises Refused, Stale."""
    wrong, right = _bounded(wrong), _bounded(right)
    current = _locked(article, by)
    _check_rights(current, wrong, right)
    correction = Correction.objects.create(article=article, wrong=wrong, right=right, by=by)
    _count("correct", article, current, by=by, note=_("Correction: %(text)s") % {"text": right})
    return correction


@transaction.atomic
def retract(correction: Correction, *, by: AbstractBaseUser | None, reason: str) -> None:
    """Take back a notice that was itself a mistake: readers no longer see it, the desk does. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Give a reason."))
    article = correction.article
    current = _locked(article, by)
    taken_back = Correction.objects.filter(pk=correction.pk, retracted_at=None)
    if not taken_back.update(retracted_at=timezone.now()):
        raise Refused(_("This correction has been retracted already."))
    note = _("Correction retracted: %(reason)s") % {"reason": reason.strip()}
    _count("retract", article, current, by=by, note=note)


def _bounded(text: str) -> str:
    text = text.strip()
    if not text:
        raise Refused(_("Say both what was wrong and what is right."))
    if len(text) > MAX_TEXT:
        raise Refused(_("Say it in at most %(number)d characters.") % {"number": MAX_TEXT})
    return text


def _locked(article: Article, by: AbstractBaseUser | None) -> Article:
    """The row, if this person may now tell its readers something."""
    if by is not None and not by.has_perm(PERMISSION):
        raise Refused(_("You have no right to correct what is published."))
    current = locked(article)
    if not current.is_public:
        raise Refused(_("Readers do not see this article: there is nothing to correct for them."))
    return current


def _check_rights(article: Article, wrong: str, right: str) -> None:
    """A notice never brings more of the original than an excerpt: it stays when the source allows less one day."""
    if any(rights.repeats(text, article.summary) for text in (wrong, right)):
        raise Refused(_("This repeats more of the original than readers may get. Quote less of it."))


def _count(verb: str, article: Article, current: Article, *, by: AbstractBaseUser | None, note: str) -> None:
    """The page has changed: one version more, with a line in its history."""
    fields = {"version": current.version + 1, "updated_at": timezone.now()}
    Article.objects.filter(pk=current.pk).update(**fields)
    for name, value in fields.items():
        setattr(article, name, value)
    revisions.record([current.pk], kind=RevisionKind.WORKFLOW, by=by, note=note, verb=verb)


# --- all of them ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """Corrections, newest first; each id leads on from it, and is 0 at the end of the road."""

    rows: list[Correction]
    newer: int = 0
    older: int = 0


def standing() -> QuerySet[Correction]:
    """What readers find: notices not taken back, on articles that they can open."""
    public = Article.objects.published()
    found = Correction.objects.filter(retracted_at=None, article__in=public).select_related("article")
    return found.only("wrong", "right", "at", "article__title").order_by("-pk")


def page(before: int = 0, after: int = 0) -> Page:
    """The newest, or those before or after that one. Ids rise with time, and cost nothing to go by."""
    if after:
        nearest = list(standing().filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1])
        if len(nearest) > PAGE_SIZE:
            rows = nearest[:PAGE_SIZE][::-1]
            return Page(rows, newer=rows[0].pk, older=rows[-1].pk)
    found = standing().filter(pk__lt=before) if before else standing()
    rows = list(found[: PAGE_SIZE + 1])
    rest = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    newer = (rows[0].pk if rows else before - 1) if before else 0
    return Page(rows, newer=newer, older=rows[-1].pk if rest else 0)
