"""The queue of new terms: what each may be, settled one by one by buttons and keys, or several at once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from newsroom.counting import count
from newsroom.permissions import may, may_see
from taxonomy import likeness, names, newterms
from taxonomy.merge import Refused
from taxonomy.models import VOCABULARIES, Merge, Term
from taxonomy.newterms import Proposal
from taxonomy.relations import use_counts

MAX_SHOWN_NAME = 40  # characters of a name in a message
_REF = re.compile(rf"({'|'.join(VOCABULARIES)})-(\d{{1,18}})", re.ASCII)
STATES = {"new": newterms.waiting, "declined": newterms.declined}
REASONS = {
    likeness.SIGNS: gettext_lazy("the same but for signs or word order"),
    likeness.ASIDE: gettext_lazy("the other name stands in brackets"),
    likeness.ENDING: gettext_lazy("the same but for a general ending"),
    likeness.INITIALS: gettext_lazy("its initials"),
    likeness.SLIP: gettext_lazy("one letter apart"),
    likeness.SOUND: gettext_lazy("sounds the same"),
    newterms.ELSEWHERE: gettext_lazy("known in another vocabulary"),
    likeness.SAME: gettext_lazy("the same spelling"),
}

Ref = tuple[type[Term], int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the queue somebody wants to see, from a query string or a form; nonsense is nothing."""

    vocabulary: str = ""
    state: str = "new"
    after: Ref | None = None

    @classmethod
    def of(cls, data: QueryDict, vocabulary: str = "") -> "Asked":
        vocabulary = vocabulary or data.get("vocabulary", "")
        state = data.get("state", "")
        return cls(
            vocabulary if vocabulary in VOCABULARIES else "",
            state if state in STATES else "new",
            reference(data.get("after", "")),
        )

    def address(self, *, at: str = "", **more: Any) -> str:
        kept = {"state": self.state if self.state != "new" else "", "after": self.after and ref(*self.after)}
        query = {name: value for name, value in (kept | more).items() if value}
        name, args = (
            ("new_terms_of", {"vocabulary": self.vocabulary}) if self.vocabulary else ("new_terms", {})
        )
        return reverse(name, kwargs=args, query=query or None) + (f"#{at}" if at else "")


@dataclass(slots=True)
class Row:
    """A term of the queue with all that a decision needs."""

    term: Term
    ref: str
    opts: Any
    uses: Any  # how often it is carried, with a link to the list
    titles: list[tuple[str, str]]  # of what carries it: address and title
    proposal: Proposal | None
    reason: Any
    may: bool  # this person may settle it


def reference(text: str) -> Ref | None:
    found = _REF.fullmatch(text)
    return (VOCABULARIES[found[1]], int(found[2])) if found else None


def ref(model: type[Term], pk: int) -> str:
    return f"{model.vocabulary}-{pk}"


# --- looking --------------------------------------------------------------------------------------


@admin.site.admin_view
@require_safe
def queue_view(request: HttpRequest, vocabulary: str = "") -> HttpResponse:
    asked = Asked.of(request.GET, vocabulary)
    seen = [model for model in VOCABULARIES.values() if may_see(request.user, model)]
    models = [model for model in seen if asked.vocabulary in {"", model.vocabulary}]
    if not models:
        raise PermissionDenied
    terms, last = newterms.page([STATES[asked.state](model) for model in models], asked.after)
    context = admin.site.each_context(request) | {
        "title": _("New terms") if asked.state == "new" else _("Declined terms"),
        "asked": asked,
        "rows": _rows(request, terms, proposals=asked.state == "new"),
        "tabs": _tabs(asked, seen),
        "states": _states(asked, models),
        "first": asked.after and Asked(asked.vocabulary, asked.state).address(),
        "older": last and asked.address(after=ref(type(last), last.pk)),
        "done": _just_done(request.GET.get("done", "")),
        "may_change": any(may(request.user, "change", model) for model in models),
        "targets": [
            (name, model._meta.verbose_name)
            for name, model in VOCABULARIES.items()
            if may(request.user, "change", model)
        ],
    }
    return TemplateResponse(request, "admin/taxonomy/new_terms.html", context)


def _rows(request: HttpRequest, terms: Sequence[Term], *, proposals: bool) -> list[Row]:
    """A constant number of statements, however many terms there are."""
    found = newterms.proposals(terms) if proposals else {}
    titles: dict[Ref, list[tuple[str, str]]] = {}
    for model in VOCABULARIES.values():
        ids = [term.pk for term in terms if type(term) is model]
        counts = use_counts(model, ids) if ids else {}
        for term in terms:
            if type(term) is model:
                term.use_count = counts[term.pk]
        titled = newterms.titles(model, ids, partial(may_see, request.user)) if ids else {}
        titles |= {(model, pk): [_linked(*one) for one in these] for pk, these in titled.items()}
    return [_row(request, term, found.get(term), titles.get((type(term), term.pk), [])) for term in terms]


def _row(request: HttpRequest, term: Term, proposal: Proposal | None, titles: list[tuple[str, str]]) -> Row:
    uses, model = admin.site.get_model_admin(type(term)).uses(term), type(term)
    reason = proposal and REASONS[proposal.reason]
    return Row(
        term,
        ref(model, term.pk),
        model._meta,
        uses,
        titles,
        proposal,
        reason,
        may(request.user, "change", model),
    )


def _linked(carrier: type, pk: int, title: str) -> tuple[str, str]:
    meta = carrier._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk]), title


def _tabs(asked: Asked, models: Sequence[type[Term]]) -> list[tuple[Any, str, bool, tuple[int, bool]]]:
    """Label, address, whether it is chosen, how many."""
    counts = {model: count(STATES[asked.state](model)) for model in models}
    total = sum(number for number, _more in counts.values()), any(more for _number, more in counts.values())
    found = [(_("all"), Asked("", asked.state).address(), not asked.vocabulary, total)]
    return found + [
        (
            model._meta.verbose_name_plural,
            Asked(model.vocabulary, asked.state).address(),
            asked.vocabulary == model.vocabulary,
            number,
        )
        for model, number in counts.items()
    ]


def _states(asked: Asked, models: Sequence[type[Term]]) -> list[tuple[Any, str, bool]]:
    labels = {"new": _("to settle"), "declined": _("declined")}
    return [
        (label, Asked(asked.vocabulary, state).address(), state == asked.state)
        for state, label in labels.items()
    ]


def _just_done(text: str) -> list[dict[str, Any]]:
    """What was settled last, as it is now, with the way back."""
    refs = list(filter(None, map(reference, text.split(",")[: newterms.PAGE])))
    found = []
    for model in {model for model, _pk in refs}:
        terms = model.objects.in_bulk([pk for one, pk in refs if one is model])
        gone = [term.pk for term in terms.values() if term.pointer]
        records = _records(model, gone) if gone else {}
        for term in terms.values():
            one = {"term": term, "ref": ref(model, term.pk), "opts": model._meta}
            found.append(one | {"record": records.get(term.pk)})
    order = {pair: place for place, pair in enumerate(refs)}
    return sorted(found, key=lambda one: order[type(one["term"]), one["term"].pk])


def _records(model: type[Term], ids: Sequence[int]) -> dict[int, Merge]:
    """The merge or move by which each of these terms points elsewhere."""
    latest = Merge.objects.filter(vocabulary=model.vocabulary, undone_at=None).order_by("-pk")[:100]
    found: dict[int, Merge] = {}
    for record in reversed(latest):
        found |= {entry["id"]: record for entry in record.terms if entry["id"] in ids}
    return found


# --- doing ----------------------------------------------------------------------------------------


@admin.site.admin_view
@require_POST
def act_view(request: HttpRequest) -> HttpResponse:
    """Settle one term, or all that were chosen, each by itself; an outcome for each."""
    asked = Asked.of(request.POST)
    act, _at, one = request.POST.get("act", "").partition("@")
    picked = [one] if one else request.POST.getlist("pick")[: newterms.PAGE]
    terms = _picked(list(filter(None, map(reference, picked))))
    if not any(may(request.user, "change", model) for model in VOCABULARIES.values()):
        raise PermissionDenied
    if not terms:
        messages.warning(request, _("Choose at least one term that is still there."))
        return HttpResponseRedirect(asked.address())
    done = _settled(request, _deed(request, act, one), terms)
    rest = [other for other in request.POST.getlist("row")[: newterms.PAGE] if other not in set(done)]
    return HttpResponseRedirect(asked.address(done=",".join(done), at=_next(request, done, rest)))


def _next(request: HttpRequest, done: Sequence[str], rest: Sequence[str]) -> str:
    """The row where one goes on: the one after what was settled."""
    order = request.POST.getlist("row")[: newterms.PAGE]
    last = max((order.index(one) for one in done if one in order), default=-1)
    return next((other for other in order[last + 1 :] if other in rest), "") if done else ""


def _picked(refs: Sequence[Ref]) -> list[Term]:
    found: dict[Ref, Term] = {}
    for model in {model for model, _pk in refs}:
        terms = model.objects.in_bulk([pk for one, pk in refs if one is model])
        found |= {(model, pk): term for pk, term in terms.items()}
    return [found[one] for one in dict.fromkeys(refs) if one in found]


def _settled(request: HttpRequest, act: Callable[[Term], str], terms: Sequence[Term]) -> list[str]:
    """The references of those that were settled."""
    done = []
    for term in terms:
        try:
            _check_right(request, type(term))
            act(term)
            done.append(ref(type(term), term.pk))
        except Refused as refusal:
            messages.warning(request, f"{Truncator(term.name).chars(MAX_SHOWN_NAME)}: {refusal}")
    return done


def _deed(request: HttpRequest, act: str, one: str) -> Callable[[Term], Any]:
    """What is done to each term; it raises Refused. Raises Http404 for no such act."""
    typed = request.POST.get(f"name-{one}" if one else "name", "").replace("\0", "").strip()
    deeds = {
        "confirm": _logged(request, newterms.confirm, _("Confirmed.")),
        "decline": _logged(request, newterms.decline, _("Declined: no term of the desk.")),
        "back": _logged(request, newterms.put_back, _("Put back: it waits for a decision again.")),
        "accept": lambda term: _accept(request, term),
        "rename": lambda term: newterms.rename_and_confirm(term, typed, by=request.user),
        "merge": lambda term: _merge(request, term, typed),
        "move": lambda term: _move(request, term, request.POST.get(f"to-{one}" if one else "to", "")),
    }
    if act not in deeds or (act == "rename" and not one):
        raise Http404
    return deeds[act]


def _logged(request: HttpRequest, act: Callable[[Term], None], words: str) -> Callable[[Term], None]:
    """Told in the term's history; of merges, moves and new names there is a record anyway."""

    @transaction.atomic
    def told(term: Term) -> None:
        act(term)
        admin.site.get_model_admin(type(term)).log_change(request, term, words)

    return told


def _accept(request: HttpRequest, term: Term) -> None:
    """As the page proposed it: what it names is done, whatever would be proposed by now."""
    asked = reference(request.POST.get(f"proposal-{ref(type(term), term.pk)}", ""))
    other = asked and asked[0].objects.current().filter(pk=asked[1]).first()
    if not other:
        raise Refused(_("Nothing is proposed for it."))
    _check_right(request, type(other))
    newterms.become(term, other, by=request.user)


def _merge(request: HttpRequest, term: Term, name: str) -> None:
    if not names.is_name(name):
        raise Refused(_("Write the name of the term that it is."))
    newterms.become(term, newterms.named(type(term), name), by=request.user)


def _move(request: HttpRequest, term: Term, vocabulary: str) -> None:
    model = VOCABULARIES.get(vocabulary)
    if model is None:
        raise Refused(_("Choose a vocabulary."))
    _check_right(request, model)
    newterms.belongs_to(term, model, by=request.user)


def _check_right(request: HttpRequest, model: type[Term]) -> None:
    if not may(request.user, "change", model):
        raise Refused(_("You have no right to change this vocabulary."))
