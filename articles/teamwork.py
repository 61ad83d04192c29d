"""Working together on an article: who sees to it, what they tell each other, who has it open."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article, Note, OpenArticle
from newsroom.refusal import Refused

MAX_NOTE = 5_000  # characters
MAX_POINT = 100_000
PRESENT = timedelta(seconds=60)  # since the last sign of life
MAX_PEOPLE = 200  # to choose from


def name(user: AbstractBaseUser | None) -> str:
    """How the desk calls a person."""
    return (user.get_full_name() or user.get_username()) if user else "–"


# --- who sees to it -------------------------------------------------------------------------------


def people() -> QuerySet:
    """Who may be asked to see to an article."""
    return get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username")[:MAX_PEOPLE]


def assign(articles: Iterable[Article], *, to: AbstractBaseUser | None, by: AbstractBaseUser) -> int:
    """These articles are that person's to see to, or nobody's; how many that changes. Raises Refused.

    Says nothing of their content: no version more, and who has one open may save.
    """
    _check_right(by)
    if to is not None and not (to.is_active and to.is_staff):
        raise Refused(_("%(name)s does not work on the desk.") % {"name": name(to)})
    articles = list(articles)
    rows = Article.objects.filter(pk__in=[article.pk for article in articles])
    changed = rows.exclude(assigned_to=to).update(assigned_to=to)
    for article in articles:
        article.assigned_to = to
    return changed


def take(article: Article, *, by: AbstractBaseUser) -> None:
    """See to it oneself, unless somebody else does already. Raises Refused."""
    _check_right(by)
    row = Article.objects.filter(pk=article.pk)
    if not row.filter(Q(assigned_to=None) | Q(assigned_to=by)).update(assigned_to=by):
        other = row.select_related("assigned_to").get().assigned_to
        raise Refused(_("%(name)s sees to it already.") % {"name": name(other)})
    article.assigned_to = by


def give_back(article: Article, *, by: AbstractBaseUser) -> None:
    """No longer see to it oneself. Raises Refused."""
    _check_right(by)
    if not Article.objects.filter(pk=article.pk, assigned_to=by).update(assigned_to=None):
        raise Refused(_("It is not assigned to you."))
    article.assigned_to = None


def _check_right(by: AbstractBaseUser) -> None:
    if not by.has_perm("articles.change_article"):
        raise Refused(_("You have no right to assign articles."))


# --- what they tell each other --------------------------------------------------------------------


def add_note(article: Article, *, by: AbstractBaseUser, text: str, point: int | None = None) -> Note:
    """A note in the article's thread, perhaps about one event point. Raises Refused."""
    if not by.has_perm("articles.change_article"):
        raise Refused(_("You have no right to write notes."))
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise Refused(_("Write something first."))
    if len(text) > MAX_NOTE:
        raise Refused(_("A note has at most %(number)d characters.") % {"number": MAX_NOTE})
    if point is not None and not 1 <= point <= MAX_POINT:
        raise Refused(_("There is no such event point."))
    return Note.objects.create(article=article, by=by, text=text, point=point)


# --- who has it open ------------------------------------------------------------------------------


def opened(article: Article, by: AbstractBaseUser) -> list[str]:
    """This person has the article open, now; the names of the others who have."""
    now = timezone.now()
    OpenArticle.objects.bulk_create(
        [OpenArticle(article=article, user=by, at=now)],
        update_conflicts=True,
        update_fields=["at"],
        unique_fields=["article", "user"],
    )
    OpenArticle.objects.filter(at__lt=now - PRESENT).delete()
    return others(article, by)


def others(article: Article, by: AbstractBaseUser) -> list[str]:
    """The names of the others who have it open."""
    present = OpenArticle.objects.filter(article=article, at__gte=timezone.now() - PRESENT)
    rows = present.exclude(user=by).select_related("user").order_by("pk")
    return [name(row.user) for row in rows]
