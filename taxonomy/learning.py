"""What editors correct again and again becomes a proposal: “this is an alias of that”. Nothing is done by itself.

A correction is one term given for another. Made in two articles, it is proposed; accepted, the one is merged into the
other, which can be undone; rejected, it does not come back, under whatever name its terms go by then.
"""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from newsroom.collisions import once_more
from taxonomy import aliasing, names, preview
from taxonomy.merge import Refused, close, merge, spellings
from taxonomy.models import POINTERS, VOCABULARIES, Rule, RuleDecision, Term, followed

TWICE = 2  # in so many subjects, and it is proposed
MAX_SEEN = 50  # subjects that a rule remembers


@transaction.atomic
def observe(vocabulary: str, removed: Sequence[str], added: Sequence[str], *, subject: str) -> None:
    """A person gave each of the added names for the removed one at the same place of its list.

    `subject` says in what, as `app.model:id`: the same correction counts once in it. Taken back there, it has not
    been made.
    """
    for before, after in sorted(zip(removed, added, strict=True)):
        known = VOCABULARIES[vocabulary].objects.resolve([before, after])
        if _differ(known, before, after):
            _forget(vocabulary, known, after, before, subject)
            _remember(vocabulary, known, before, after, subject)


@transaction.atomic
def forget(vocabulary: str, before: str, after: str, *, subject: str) -> None:
    """What was corrected in that subject has been taken back, which teaches nothing by itself."""
    known = VOCABULARIES[vocabulary].objects.resolve([before, after])
    _forget(vocabulary, known, before, after, subject)


def _differ(known: dict[str, Term], before: str, after: str) -> bool:
    if not (names.is_name(before) and names.is_name(after)):
        return False
    return known.get(before, names.key(before)) != known.get(after, names.key(after))


def _remember(vocabulary: str, known: dict[str, Term], before: str, after: str, subject: str) -> None:
    rule = _rules(vocabulary, known, before, after).first() or Rule(vocabulary=vocabulary)
    if rule.decision == RuleDecision.REJECTED:
        return
    if rule.decision:  # the two are different again, so it was undone: it has to be learned anew
        rule.decision, rule.decided_by, rule.decided_at, rule.merge, rule.seen_in = "", None, None, None, []
    if subject not in rule.seen_in:
        rule.seen_in = [*rule.seen_in, subject][:MAX_SEEN]
    _rename(rule, *(known[name].name if name in known else name for name in (before, after)))
    if rule.pk:
        rule.save()
    else:
        # Two who make the same correction at once: the second is not worth waiting for, there will be more.
        Rule.objects.bulk_create([rule], ignore_conflicts=True)


def _rename(rule: Rule, name: str, target: str) -> None:
    """It goes by the names that its terms have today, unless another rule does."""
    key, target_key = names.key(name), names.key(target)
    taken = Rule.objects.filter(vocabulary=rule.vocabulary, key=key, target_key=target_key)
    if not taken.exclude(pk=rule.pk).exists():
        rule.name, rule.target, rule.target_key = name, target, target_key


def _forget(vocabulary: str, known: dict[str, Term], before: str, after: str, subject: str) -> None:
    for rule in _rules(vocabulary, known, before, after).filter(decision="", seen_in__contains=[subject]):
        rule.seen_in.remove(subject)
        rule.save(update_fields=["seen_in"])


def _rules(vocabulary: str, known: dict[str, Term], before: str, after: str) -> QuerySet[Rule]:
    """The rules about these two, whatever they were called when it was learned, what was decided first."""
    spelled = [_keys(known.get(name), name) for name in (before, after)]
    rules = Rule.objects.filter(vocabulary=vocabulary, key__in=spelled[0], target_key__in=spelled[1])
    return rules.select_for_update(of=("self",)).order_by("-decision", "pk")


def _keys(term: Term | None, name: str) -> set[str]:
    return {names.key(spelling) for spelling in [name, *(spellings(term) if term else [])]}


# --- what is proposed ------------------------------------------------------------------------------


def proposals() -> QuerySet[Rule]:
    """The rules that wait for a decision and still say something.

    The spelling is a term of its own or none, and what it would be an alias of is a term. One statement.
    """
    open_ = Q()
    for vocabulary, model in VOCABULARIES.items():
        aliases = model.alias_model().objects
        elsewhere = model.objects.exclude(**dict.fromkeys(POINTERS))
        taken = Exists(elsewhere.filter(key=OuterRef("key"))) | Exists(aliases.filter(key=OuterRef("key")))
        target = {"key": OuterRef("target_key")}
        known = Exists(model.objects.current().filter(**target)) | Exists(aliases.filter(**target))
        open_ |= Q(vocabulary=vocabulary) & ~taken & known
    return Rule.objects.filter(open_, decision="", times__gte=TWICE)


def terms(rule: Rule) -> tuple[Term | None, Term | None]:
    """The term that the spelling is by itself, if it is one, and the one it would be an alias of."""
    objects = VOCABULARIES[rule.vocabulary].objects
    known = objects.by_key([rule.target_key])
    return objects.current().filter(key=rule.key).first(), known.get(rule.target_key)


def foresee(rule: Rule) -> preview.Preview | None:
    """What accepting it would change in the archive; None if nothing, since no term has that name."""
    loser, survivor = terms(rule)
    return preview.preview([loser], survivor) if loser and survivor and loser != survivor else None


# --- and decided -----------------------------------------------------------------------------------


@once_more
def accept(rule: Rule, *, by: AbstractBaseUser | None) -> Rule:
    """The spelling is an alias of the term from now on; what carried it as a term carries that one. Raises Refused."""
    close(VOCABULARIES[rule.vocabulary])  # before the rule is locked: who saves an article asks in this order
    rule = _locked(rule)
    loser, survivor = terms(rule)
    if survivor is None:
        raise Refused(_("There is no term “%(name)s” any more.") % {"name": rule.target})
    if not survivor.confirmed:
        text = _("Nobody has confirmed “%(name)s” yet. Do that first.")
        raise Refused(text % {"name": survivor.name}, survivor)
    if loser and loser != survivor:
        rule.merge = merge([loser], into=survivor, by=by, note=_("Learned rule: %(rule)s") % {"rule": rule})
    else:
        _name(survivor, rule.name)
    return _decided(rule, RuleDecision.ACCEPTED, by)


def _name(term: Term, spelling: str) -> None:
    """Raises Refused where it means something, be it this term or one of another vocabulary by now."""
    [judged] = aliasing.add(term, [spelling])
    if judged.other:
        other = followed({"": judged.other})[""]
        text = _("“%(name)s” means “%(term)s” already.")
        raise Refused(text % {"name": spelling, "term": other.name}, other)


@transaction.atomic
def reject(rule: Rule, *, by: AbstractBaseUser | None) -> Rule:
    """It is not proposed again. Raises Refused."""
    return _decided(_locked(rule), RuleDecision.REJECTED, by)


def _locked(rule: Rule) -> Rule:
    rule = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if rule.decision:
        raise Refused(_("This has been decided already."))
    return rule


def _decided(rule: Rule, decision: RuleDecision, by: AbstractBaseUser | None) -> Rule:
    rule.decision, rule.decided_by, rule.decided_at = decision, by, timezone.now()
    rule.save()
    return rule
