"""What the desk shows before readers see it: the words on top of a preview, and links for people without an account."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import story
from articles.models import OUT_OF_USE, Article, Revision
from articles.story import Story
from articles.workflow import last_decision
from newsroom.ids import is_id

_signer = signing.TimestampSigner(salt="articles.preview")
MAX_TOKEN = 200  # characters; a token of ours is a third of it


def link(article: Article) -> str:
    """An address under which anybody sees the article before readers do, for some days.

    It is for what waits now: once that is decided, it shows no later draft.
    """
    return reverse("preview", args=[_signer.sign(f"{article.pk}-{last_decision(article)}")])


def valid_until() -> datetime:
    """Of a link that is made now."""
    return timezone.now() + timedelta(days=settings.PREVIEW_DAYS)


def opened(token: str) -> tuple[int, int, datetime]:
    """The id of the article that the link shows, after which decision it was made, and until when it works.

    Raises SignatureExpired, BadSignature.
    """
    if len(token) > MAX_TOKEN:
        raise signing.BadSignature
    days = timedelta(days=settings.PREVIEW_DAYS)
    pk, _dash, decision = _signer.unsign(token, max_age=days).partition("-")
    if not (is_id(pk) and is_id(decision)):
        raise signing.BadSignature
    made = signing.b62_decode(token.split(_signer.sep)[1])
    return int(pk), int(decision), datetime.fromtimestamp(made, UTC) + days


def may_be_shown(article: Article) -> bool:
    """Nobody sees what is out of use, whatever link was given out."""
    return article.status not in OUT_OF_USE and not article.is_leaving(timezone.now())


def of(article: Article, revision: Revision | None) -> Story | None:
    """As readers would see that version; without one the article as it stands."""
    return story.of_snapshot(article, revision.snapshot) if revision else story.whatever_its_state(article.pk)


def words(article: Article, revision: Revision | None) -> str:
    """What it is that one sees."""
    if revision is None:
        return (
            _("This is what readers see now.")
            if article.is_public
            else _("Preview: readers do not see this.")
        )
    if revision.pending:
        return _("Preview of a draft: readers do not see this until it is approved.")
    return _("Version %(number)d: readers do not see this.") % {"number": revision.number}


def private(response: HttpResponse) -> HttpResponse:
    """For one pair of eyes: not indexed, kept by nobody, and its address told to no other site."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response
