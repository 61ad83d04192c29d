"""The desk puts a term below a broader one; and the branches as the desk sees them, unconfirmed terms too."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from newsroom.collisions import once_more
from taxonomy.merge import Refused, locked, too_deep
from taxonomy.models import Term
from taxonomy.tree import MAX_DEPTH, above, height


@once_more
def put(term: Term, under: Term | None) -> None:
    """Put the term below a broader one, or with None at the top. Raises Refused."""
    model = type(term)
    model.objects.hold()
    found = locked(model, {term.pk, under.pk} if under else {term.pk})
    if under:
        check_broader(found[term.pk], found[under.pk])
    try:
        with transaction.atomic():
            model.objects.filter(pk=term.pk).update(parent=under)
    except IntegrityError as error:
        raise Refused(too_deep()) from error


def check_broader(term: Term, under: Term) -> None:
    """Raises Refused if this cannot be the broader term."""
    if type(term) is not type(under):
        raise Refused(_("Only a term of the same vocabulary can be the broader one."))
    if not under.is_public:
        text = _("“%(name)s” is not confirmed: only confirmed terms can have others below them.")
        raise Refused(text % {"name": under.name}, under)
    model, line = type(under), [under.pk, *above(type(under), under.pk)]
    if term.pk in line:
        text = _("“%(name)s” would stand below itself.")
        raise Refused(text % {"name": term.name}, under)
    if len(line) + (height(model, term.pk) if term.pk else 1) > MAX_DEPTH:
        raise Refused(too_deep())


# --- the branches ---------------------------------------------------------------------------------


@dataclass
class Branch:
    term: Term
    narrower: list["Branch"] = field(default_factory=list)


def roots(model: type[Term]) -> QuerySet[Term]:
    """What has others below it and stands below nothing, by pinyin."""
    current = model.objects.current()
    narrower = Exists(current.filter(parent=OuterRef("pk")).order_by())
    return current.filter(narrower, parent=None).order_by("sort_key", "pk")


def root_of(term: Term) -> Term:
    line = above(type(term), term.pk)
    return type(term).objects.get(pk=line[-1]) if line else term


def grown(terms: Iterable[Term], limit: int) -> tuple[list[Branch], bool]:
    """The branches of these terms, and whether something was left out of so many. One statement a level."""
    tops = [Branch(term) for term in terms]
    level, cut = {branch.term.pk: branch for branch in tops}, False
    while level:
        model = type(next(iter(level.values())).term)
        narrower = model.objects.current().filter(parent__in=level).order_by("sort_key", "pk")
        found = list(narrower[: limit + 1])
        cut = cut or len(found) > limit
        below = [Branch(term) for term in found[:limit]]
        for branch in below:
            level[branch.term.parent_id].narrower.append(branch)
        level, limit = {branch.term.pk: branch for branch in below}, limit - len(below)
    return tops, cut
