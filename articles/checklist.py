"""What an editor should look at before an article is published: what blocks it, and what only warns."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from articles import rights
from articles.models import TERM_FIELDS, Article, EventPoint, Origin, Reuse
from articles.records import reprint_notice

NAMED = 5  # unconfirmed terms that are named


@dataclass(frozen=True, slots=True)
class Check:
    code: str
    blocks: bool
    text: str  # what is wrong, in words for the editor
    field: str  # of the form, where it is put right


def checks(article: Article) -> list[Check]:
    """What stands against publishing, the worst first; empty if nothing does. A constant number of statements."""
    return [
        *_blocking(article),
        *_term_warnings(article),
        *_event_warnings(article),
        *_rights_warnings(article),
    ]


def _blocking(article: Article) -> list[Check]:
    found = []
    if not article.url_key:
        text = _("The link to the original is missing or is no web address.")
        found.append(Check("link", True, text, "url"))
    if not article.source_id:
        found.append(
            Check("source", True, _("The source is missing: choose who published the original."), "source")
        )
    return found


def _term_warnings(article: Article) -> list[Check]:
    found, unconfirmed = [], []
    for field in TERM_FIELDS:
        terms = list(getattr(article, field).all())
        unconfirmed += [term.name for term in terms if not term.confirmed]
        if not terms and field != "keywords":
            name = Article._meta.get_field(field).verbose_name
            text = _("It carries none of the %(vocabulary)s: readers will not find it there.")
            found.append(Check(field, False, text % {"vocabulary": name}, field))
    if unconfirmed:
        names = "、".join(unconfirmed[:NAMED]) + ("…" if len(unconfirmed) > NAMED else "")
        text = _("Terms that nobody has confirmed: %(names)s") % {"names": names}
        found.append(Check("unconfirmed", False, text, "keywords"))
    return found


def _event_warnings(article: Article) -> list[Check]:
    if not EventPoint.objects.filter(article=article).exists():
        return [Check("points", False, _("It has no event points."), "points")]
    summary = getattr(article, "event_summary", None)
    if summary is None or summary.origin == Origin.MACHINE:
        text = _("Nobody has edited or checked the event summary: readers see the label “machine summary”.")
        return [Check("origin", False, text, "verified")]
    return []


def _rights_warnings(article: Article) -> list[Check]:
    if rights.level(article) == Reuse.FULL and reprint_notice(article.summary):
        text = _("The text forbids reprinting, and readers would get all of it.")
        return [Check("rights", False, text, "reuse")]
    return []
