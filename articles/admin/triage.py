"""Triage: the queue of what is to do, one entry at a glance, and what can be done with it at once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from articles import checklist, editing, retagging, revisions, rights, story, teamwork, triage, workflow
from articles.admin import verbs
from articles.admin.panels import provenance
from articles.admin.teamwork import choices, in_html, person
from articles.locking import Stale
from articles.models import TERM_FIELDS, Article, ImportBatch
from newsroom.ids import is_id
from newsroom.permissions import may_see
from newsroom.refusal import Refused
from taxonomy.models import Term

PAGE = 25
SHOWN_POINTS = 30
SHOWN_TERMS = 200  # of a vocabulary; a seed may bring thousands, which are edited in the entry's own form
SHOWN_NOTES = 5
MAX_REASON = 2_000  # as the page of the verb allows
MAX_TITLE = 80  # characters of a title in a message
_PICK = re.compile(r"(\d{1,18}):(\d{1,9})", re.ASCII)
# Words for what is often said; they fill the field.
DECLINE_REASONS = (
    gettext_lazy("Off topic"),
    gettext_lazy("Duplicate"),
    gettext_lazy("Advertisement"),
    gettext_lazy("Too old"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the queue somebody wants to see, from a query string or a form; nonsense is nothing."""

    reason: str = ""
    who: str = ""
    batch: ImportBatch | None = None
    no_such_batch: bool = False
    pk: int | None = None
    then: int | None = None  # if that one is gone
    page: int | None = None

    @classmethod
    def of(cls, data: QueryDict) -> "Asked":
        reason, who = data.get("reason", ""), data.get("who", "")
        asked = data.get("batch", "")
        batch = ImportBatch.objects.filter(pk=_number(asked)).only("counts").first() if asked else None
        return cls(
            reason if reason in triage.CODES else "",
            who if who in {"me", "nobody"} else "",
            batch,
            bool(asked) and batch is None,
            *(_number(data.get(name, "")) for name in ("id", "then", "page")),
        )

    def address(self, **more: Any) -> str:
        kept = {"reason": self.reason, "who": self.who, "batch": self.batch and self.batch.pk} | more
        query = {name: value for name, value in kept.items() if value}
        return reverse("admin:articles_article_triage", query=query or None)


def _number(text: str) -> int | None:
    return int(text) if is_id(text) else None


class TermsForm(forms.Form):
    """The terms of one entry, in the version that the person has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2_000_000_000)

    def changes(self) -> dict[str, list[str]]:
        return {
            name: [item.term.name if item.term else item.raw for item in self.cleaned_data[name]]
            for name in TERM_FIELDS
            if name in self.changed_data
        }


class TriageMixin:
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("triage/", view(require_safe(self.triage_view)), name="articles_article_triage"),
            path("triage/act/", view(require_POST(self.triage_act)), name="articles_article_triage_act"),
            path(
                "triage/<int:pk>/terms/",
                view(require_POST(self.triage_terms)),
                name="articles_article_triage_terms",
            ),
            *super().get_urls(),
        ]

    # -- looking

    def triage_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return self._triage_page(request, Asked.of(request.GET))

    def _triage_page(self, request: HttpRequest, asked: Asked, form: TermsForm | None = None) -> HttpResponse:
        """The list, and beside it the chosen entry; a form that was refused stands in its place."""
        queue = _queue(request.user.pk, asked)
        pk, number = _place(queue, asked)
        entries = queue.chosen[(number - 1) * PAGE : number * PAGE]
        articles = Article.objects.select_related("source", "assigned_to").only(
            *("title", "version", "source_date", "source__host", "source__name"),
            *("assigned_to__username", "assigned_to__first_name", "assigned_to__last_name"),
        )
        found = articles.in_bulk([entry.pk for entry in entries])
        context = self.admin_site.each_context(request) | {
            "title": _("To do"),
            "opts": self.opts,
            "queue": queue,
            "asked": asked,
            "rows": [
                (found[entry.pk], entry.reasons, asked.address(id=entry.pk))
                for entry in entries
                if entry.pk in found
            ],
            "filters": _filters(queue, asked),
            "number": number,
            "newer": asked.address(page=number - 1) if number > 1 else "",
            "older": asked.address(page=number + 1) if number * PAGE < len(queue.chosen) else "",
            "gone": asked.pk is not None and asked.then is None and pk != asked.pk,
            "explicit": asked.pk is not None and pk is not None,  # a narrow screen shows one or the other
            "back": asked.address(page=number if number > 1 else None),
            "suggestions": DECLINE_REASONS,
            "max_reason": MAX_REASON,
            "people": choices(),
            "may": self._may(request),
            **(self._entry(request, queue, asked, pk, form) if pk in found else {}),
        }
        return TemplateResponse(request, "admin/articles/article/triage.html", context)

    def _may(self, request: HttpRequest) -> dict[str, bool]:
        """What this person may do here at all; the act itself looks at the entry."""
        acts = {
            verb: request.user.has_perm(workflow.TRANSITIONS[verb].permission)
            for verb in ("submit", "decline", "publish")
        }
        acts["change"] = self.has_change_permission(request)
        acts["see_batch"] = may_see(request.user, ImportBatch)
        return acts | {"act": acts["change"] or acts["submit"] or acts["decline"]}

    def _entry(
        self, request: HttpRequest, queue: triage.Queue, asked: Asked, pk: int, form: TermsForm | None
    ) -> dict[str, Any]:
        """All that a decision needs, in a constant number of statements."""
        articles = Article.objects.select_related("source", "assigned_to").defer("base", "extra")
        article = articles.prefetch_related(*TERM_FIELDS).get(pk=pk)
        shown = rights.shown(story.whatever_its_state(pk))
        rows = [row for row in provenance(article) if row.outcome not in triage.SETTLED]
        notes = article.notes.select_related("by").order_by("-id")[:SHOWN_NOTES]
        entry = queue.chosen[queue.places[pk]]
        before, after = queue.neighbours(pk)
        few = all(len(getattr(article, name).all()) <= SHOWN_TERMS for name in TERM_FIELDS)
        change = few and self.has_change_permission(request, article)
        return {
            "article": article,
            "reasons": entry.reasons,
            "in_conflict": entry.has("conflict"),
            "place": queue.places[pk] + 1,
            "shown": shown,
            "points": shown.points[:SHOWN_POINTS],
            "more_points": len(shown.points) > SHOWN_POINTS,
            "record": rows[0] if rows else None,
            "checks": checklist.checks(article),
            "thread": [(note, teamwork.name(note.by), in_html(note)) for note in reversed(notes)],
            "unconfirmed": _unconfirmed(article),
            "plain_terms": [
                (Article._meta.get_field(name).verbose_name, _first(getattr(article, name).all()))
                for name in TERM_FIELDS
            ],
            "previous": asked.address(id=before) if before else "",
            "next": asked.address(id=after) if after else "",
            "then": after or before or "",
            "terms_form": form or (self._terms_form(request, article) if change else None),
        }

    def _terms_form(self, request: HttpRequest, article: Article, data: QueryDict | None = None) -> TermsForm:
        """Of what the desk works on: of an approved text that may be a draft."""
        draft = revisions.draft(article)
        terms = {name: [term.name for term in getattr(article, name).all()] for name in TERM_FIELDS}
        terms |= {name: draft.snapshot[name] for name in terms if draft and name in draft.snapshot}
        form = TermsForm(data, initial={"version": article.version, **terms})
        for name in TERM_FIELDS:
            form.fields[name] = self.formfield_for_dbfield(Article._meta.get_field(name), request)
        return form

    # -- doing

    def triage_terms(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._visible(request, pk)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        asked = Asked.of(request.POST)
        form = self._terms_form(request, article, request.POST)
        if not form.is_valid():
            return self._triage_page(request, replace(asked, pk=pk, then=None, page=None), form)
        article.version = form.cleaned_data["version"]
        try:
            saved = editing.save(article, form.changes(), by=request.user)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            text = _("Terms saved.") if saved else _("The terms were the same before.")
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(asked.address(id=pk, then=asked.then))

    def triage_act(self, request: HttpRequest) -> HttpResponse:
        """Do one thing to one entry or to several, each in the version that was seen; a result for each."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        asked, articles = Asked.of(request.POST), _picked(request.POST.getlist("pick"))
        if not articles:
            self.message_user(request, _("Choose at least one entry."), messages.WARNING)
        elif request.POST.get("act") == "terms":
            return self._triage_retag(request, articles)
        else:
            self._act(request, articles)
        one = articles[0].pk if "one" in request.POST and articles else None
        more = {"id": one, "then": asked.then} if one else {"page": asked.page}
        return HttpResponseRedirect(asked.address(**more))

    def _triage_retag(self, request: HttpRequest, articles: list[Article]) -> HttpResponse:
        """The page that changes terms of many, for these, in the versions that were seen."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        retag = retagging.prepare_seen({article.pk: article.version for article in articles}, by=request.user)
        return HttpResponseRedirect(reverse("admin:articles_retag_choose", args=[retag.pk]))

    def _act(self, request: HttpRequest, articles: list[Article]) -> None:
        try:
            act = _deed(request.POST, request.user)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return
        done, refused = [], []
        for article in articles:
            title = Truncator(article.title).chars(MAX_TITLE)
            try:
                _check_seen(article)
                done.append(f"{title}: {act(article)}")
            except Refused as refusal:
                refused.append(f"{title}: {refusal}")
        self._tell(request, refused, messages.WARNING)
        self._tell(request, done, messages.SUCCESS)


# --- what is asked --------------------------------------------------------------------------------


def _queue(user: int, asked: Asked) -> triage.Queue:
    if asked.no_such_batch:
        return triage.Queue([], user, asked.reason, asked.who)
    return triage.queue(user, reason=asked.reason, who=asked.who, batch=asked.batch)


def _place(queue: triage.Queue, asked: Asked) -> tuple[int | None, int]:
    """The entry to show, and the page of the list that it is on."""
    for pk in (asked.pk, asked.then):
        if pk in queue.places:
            return pk, queue.places[pk] // PAGE + 1
    pages = max(1, -(-len(queue.chosen) // PAGE))
    number = min(max(asked.page or 1, 1), pages)
    first = queue.chosen[(number - 1) * PAGE :][:1]
    return (first[0].pk if first else None), number


@dataclass(frozen=True, slots=True)
class Choice:
    """One link that narrows the queue."""

    label: Any
    number: int
    address: str
    chosen: bool
    severity: str = ""


def _filters(queue: triage.Queue, asked: Asked) -> dict[str, list[Choice]]:
    people = [("", _("everybody's")), ("me", _("mine")), ("nobody", _("nobody's"))]
    reasons = [
        ("", _("all"), ""),
        *((reason.code, reason.label, reason.severity) for reason in triage.REASONS),
    ]
    reasons.append((triage.READY, _("nothing found"), ""))
    return {
        "who": [
            Choice(label, queue.by_who[who], asked.address(who=who), who == asked.who)
            for who, label in people
        ],
        "reasons": [
            Choice(label, number, asked.address(reason=code), code == asked.reason, severity)
            for code, label, severity in reasons
            if (number := queue.by_reason[code]) or code in {"", asked.reason}
        ],
    }


def _unconfirmed(article: Article) -> list[tuple[str, str]]:
    """New terms of the entry, with the page where each is confirmed."""
    return [
        (term.name, reverse(f"admin:taxonomy_{term.vocabulary}_change", args=[term.pk]))
        for name in TERM_FIELDS
        for term in getattr(article, name).all()[:SHOWN_TERMS]
        if not (term.confirmed or term.declined)
    ]


def _first(terms: Sequence[Term]) -> list[str]:
    more = len(terms) - SHOWN_TERMS
    return [term.name for term in terms[:SHOWN_TERMS]] + ([f"…… +{more}"] if more > 0 else [])


# --- what is done ---------------------------------------------------------------------------------


def _picked(picks: list[str]) -> list[Article]:
    """The articles that a form names as id:version, each with the version that was seen, in its order."""
    found = [match for pick in picks[: 2 * PAGE] if (match := _PICK.fullmatch(pick))]
    seen = {int(match[1]): int(match[2]) for match in found}
    articles = Article.objects.in_bulk(seen)
    for pk, article in articles.items():
        article.stored_version, article.version = article.version, seen[pk]
    return [articles[pk] for pk in seen if pk in articles]


def _check_seen(article: Article) -> None:
    """Nothing is done to what one has not seen. The workflow asks this again, with the row locked."""
    if article.stored_version != article.version:
        raise Stale


def _deed(data: QueryDict, by: AbstractBaseUser) -> Callable[[Article], str]:
    """What the form wants done to each article; it answers in words. Raises Refused, and Http404 for no such act."""
    act = data.get("act", "")
    if act == "take":
        return partial(_take, by=by)
    if act == "give":
        return partial(_give, by=by)
    if act == "assign":
        return partial(_assign, to=person(data.get("to", "")), by=by)
    if act in {"decline", "submit"}:
        note = data.get("note", "")[:MAX_REASON].replace("\0", "").strip() if act == "decline" else ""
        return partial(_move, verb=act, note=note, by=by)
    raise Http404


def _take(article: Article, *, by: AbstractBaseUser) -> str:
    teamwork.take(article, by=by)
    return _("assigned to you")


def _give(article: Article, *, by: AbstractBaseUser) -> str:
    teamwork.give_back(article, by=by)
    return _("assigned to nobody")


def _assign(article: Article, *, to: AbstractBaseUser | None, by: AbstractBaseUser) -> str:
    teamwork.assign([article], to=to, by=by)
    return _("assigned to %(name)s") % {"name": teamwork.name(to)} if to else _("assigned to nobody")


def _move(article: Article, *, verb: str, note: str, by: AbstractBaseUser) -> str:
    verbs.act(verb, article, by=by, note=note)
    return article.state
