"""What a person says of an article: written at once while nobody has approved its text, else as a draft of it.

Every change is a snapshot: the form makes one, a restored version is one, a decided conflict is one.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import lessons, revisions, rewriting
from articles.locking import locked
from articles.models import TERM_FIELDS, Article, Revision, RevisionKind
from articles.revisions import Snapshot
from newsroom.refusal import Refused

NAMED = 20  # unknown terms that a refusal names


def text(article: Article) -> Snapshot:
    """What the desk works on: the waiting draft of an approved text, else the article as it stands."""
    return present(article)[0]


def present(article: Article) -> tuple[Snapshot, Revision | None]:
    """What the desk works on, and the draft that it is, if one waits.

    State and times are the article's, whatever they were when the draft was made.
    """
    draft = revisions.draft(article)
    return live(article) | (rewriting.draft_content(draft.snapshot) if draft else {}), draft


def live(article: Article) -> Snapshot:
    """The article as the database has it."""
    return revisions.snapshot(Article.objects.whole().get(pk=article.pk))


@transaction.atomic
def save(
    article: Article, changes: Snapshot, *, by: AbstractBaseUser | None, note: str = ""
) -> Snapshot | None:
    """Change what the desk works on, in the version that `article` has; the new text, or None if nothing changed.

    One save, one revision, one version more. Raises Stale, and Refused where another article has the link or where
    this person may not add a term that there is none of.
    """
    check_right(by)
    current = locked(article)
    before = text(current)
    after = dict(rewriting.at_home(before | _resolved(changes)))
    _check_new_terms(by, before, after)
    if after == before:
        return None
    if current.approved:
        _draft(current, after, by=by, note=note)
    else:
        _write(current, {name: after[name] for name in after if after[name] != before.get(name)})
        revisions.record([current.pk], kind=RevisionKind.EDIT, by=by, note=note)
    _count(article, by)
    if by:
        lessons.learn(current, before, after)
    return after


@transaction.atomic
def create(
    content: Snapshot, *, by: AbstractBaseUser | None, note: str = "", key: UUID | None = None
) -> Article:
    """A new article written by hand: to do. Raises Refused where another article has the link.

    With a key of its own there is one of it only: the database refuses a second one.
    """
    check_right(by, "add")
    own = {"record_key": key} if key else {}
    article = Article.objects.create(title=content["title"], author=by, editor=by, **own)
    # All lists of terms, so that one that was moved to another vocabulary finds its place there.
    _write(article, dict.fromkeys(TERM_FIELDS, []) | content)
    revisions.record([article.pk], kind=RevisionKind.EDIT, by=by, note=note)
    return article


def restore(
    article: Article, revision: Revision, *, by: AbstractBaseUser | None, note: str = ""
) -> Snapshot | None:
    """The article says again what it said in that version; its state and times stay the workflow's.

    A term that has been renamed or merged since is the one it is today. None if there was nothing to change.
    """
    content = rewriting.content(revision.snapshot)
    said = _("Version %(number)d restored") % {"number": revision.number}
    return save(article, content, by=by, note=f"{said}: {note}" if note else said)


def check_right(by: AbstractBaseUser | None, what: str = "change") -> None:
    """`by` None is the system itself. Raises Refused."""
    if by is not None and not by.has_perm(f"articles.{what}_article"):
        raise Refused(_("You have no right to change articles."))


def _check_new_terms(by: AbstractBaseUser | None, before: Snapshot, after: Snapshot) -> None:
    """As the form asks: a version of former times may name a term that is gone by now."""
    unknown = [name for field in TERM_FIELDS for name in _unknown(by, field, before, after)]
    if unknown:
        text = _("There is no such term, and you have no right to add one: %(names)s")
        shown = "、".join(f"“{name}”" for name in unknown[:NAMED]) + ("…" if len(unknown) > NAMED else "")
        raise Refused(text % {"names": shown})


def _unknown(by: AbstractBaseUser | None, field: str, before: Snapshot, after: Snapshot) -> list[str]:
    """Names that no term has, that the article had not, and that this person may not make a term of."""
    terms = TERM_FIELDS[field].tag_model()
    if by is None or by.has_perm(f"taxonomy.add_{terms._meta.model_name}"):
        return []
    new = [name for name in after.get(field) or [] if name not in (before.get(field) or [])]
    known = terms.objects.resolve(new) if new else {}
    return [name for name in new if name not in known]


def _resolved(changes: Snapshot) -> Snapshot:
    """Terms under the names they have today, each once."""
    return changes | {name: term_names(name, changes[name]) for name in TERM_FIELDS if name in changes}


def term_names(field: str, spellings: list[str]) -> list[str]:
    """What these terms are called today, each once; what no term knows stays as it is spelled."""
    known = TERM_FIELDS[field].tag_model().objects.resolve(spellings)
    return list(dict.fromkeys(known[name].name if name in known else name for name in spellings))


def _draft(article: Article, after: Snapshot, *, by: AbstractBaseUser | None, note: str) -> None:
    """The new text waits as a draft; one that says what readers see already needs nobody's approval."""
    now = live(article)
    revisions.record_snapshots({article.pk: after}, kind=RevisionKind.DRAFT, by=by, note=note, pending=True)
    if rewriting.content(after) == rewriting.content(now):
        rewriting.close_draft(article, revisions.pending(article.pk))


def _write(article: Article, changes: dict[str, Any]) -> None:
    try:
        rewriting.write(article, changes)
    except rewriting.Taken as taken:
        raise Refused(str(taken)) from None


def _count(article: Article, by: AbstractBaseUser | None) -> None:
    fields: dict[str, Any] = {"version": article.version + 1}
    if not article.approved:
        fields |= {"updated_at": timezone.now()} | ({"editor": by} if by else {})
    Article.objects.filter(pk=article.pk).update(**fields)
    for name, value in fields.items():
        setattr(article, name, value)
