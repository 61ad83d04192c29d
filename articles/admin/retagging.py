"""Terms of many articles at once: chosen in a list, named on a page that says what will change, and their records."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from articles import retagging
from articles.admin.lists import BoundedListMixin
from articles.models import VOCABULARY_FIELDS, Article, Retag, RetagOutcome, RetagRow, Status
from articles.retagging import Foreseen
from newsroom.ids import is_id
from newsroom.permissions import may_see
from newsroom.refusal import Refused
from taxonomy import names
from taxonomy.admin import ReadOnlyMixin
from taxonomy.models import VOCABULARIES, Term

SHOWN = 200  # articles that a page lists as left
MAX_TITLE = 80
MAX_TEXT = 120  # characters of a record in the list
MAX_SELECTION = 2_000  # of the list's query string
DONE = (RetagOutcome.CHANGED, RetagOutcome.UNDONE, RetagOutcome.PARTLY)


# --- choosing the articles ------------------------------------------------------------------------


class RetaggingMixin:
    """For the admin of articles: what its list shows, or what is ticked in it, gets other terms."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.retag_all))
        return [path("retag/", view, name="articles_article_retag"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        ours = {"retag_selected": self.get_action("retag_selected")}
        return super().get_actions(request) | (ours if self.has_change_permission(request) else {})

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        may = {"may_retag": self.has_change_permission(request)}
        return super().changelist_view(request, (extra_context or {}) | may)

    @admin.action(description=gettext_lazy("Change terms: the selected articles …"), permissions=["change"])
    def retag_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._retag(request, queryset)

    def retag_all(self, request: HttpRequest) -> HttpResponse:
        """All that match the filters and the search of the list, on whichever page they are."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        to_list = HttpResponseRedirect(
            reverse("admin:articles_article_changelist", query=request.GET or None)
        )
        try:
            articles = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return to_list
        return self._retag(request, articles) or to_list

    def _retag(self, request: HttpRequest, articles: QuerySet) -> HttpResponse | None:
        selection = request.GET.urlencode()
        if len(selection) > MAX_SELECTION:
            selection = ""
        try:
            retag = retagging.prepare(articles, by=request.user, selection=selection)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return None
        return HttpResponseRedirect(reverse("admin:articles_retag_choose", args=[retag.pk]))


# --- naming the terms -----------------------------------------------------------------------------


def _name_field(label: Any) -> forms.CharField:
    attrs = {"class": "vTextField", "autocomplete": "off"}
    return forms.CharField(
        label=label, required=False, max_length=names.MAX_NAME, widget=forms.TextInput(attrs=attrs)
    )


class RetagForm(forms.Form):
    vocabulary = forms.ChoiceField(
        label=gettext_lazy("Vocabulary"),
        choices=[(name, capfirst(VOCABULARIES[name]._meta.verbose_name)) for name in VOCABULARY_FIELDS],
    )
    remove = _name_field(gettext_lazy("Remove this term"))
    add = _name_field(gettext_lazy("Add this term"))
    note = forms.CharField(
        label=gettext_lazy("Note (optional)"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        model = VOCABULARIES[cleaned["vocabulary"]]
        given = {side: cleaned[side].strip() for side in ("remove", "add")}
        known = model.objects.resolve(filter(None, given.values()))
        for side, name in given.items():
            if name and name not in known:
                self.add_error(side, _("There is no term “%(name)s” in this vocabulary.") % {"name": name})
        self.terms: dict[str, Term | None] = {side: known.get(name) for side, name in given.items()}
        if not self.errors:
            try:
                retagging.check(**self.terms)
            except Refused as refusal:
                self.add_error(None, str(refusal))
        return cleaned

    @property
    def signature(self) -> str:
        """Of the terms: nothing is done before the page has told what they would do."""
        return "-".join(str(term.pk if term else 0) for term in self.terms.values())


def _initial(retag: Retag) -> dict[str, str]:
    """In a list of the articles with one term it is that term that is to go."""
    asked = QueryDict(retag.selection)
    for vocabulary, field in VOCABULARY_FIELDS.items():
        slug = asked.get(field, "")
        if slug and "\0" not in slug:
            found = VOCABULARIES[vocabulary].objects.by_slug([slug])
            return {"vocabulary": vocabulary} | ({"remove": found[slug].name} if slug in found else {})
    return {"vocabulary": next(iter(VOCABULARY_FIELDS))}


# --- records --------------------------------------------------------------------------------------


@admin.register(Retag)
class RetagAdmin(BoundedListMixin, ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["what", "which", "todo", "changed", "by", "started_at", "standing"]
    list_filter = ["kind", "started_at"]
    list_select_related = ["by", "undone_by"]
    list_per_page = 50

    # -- who may see it: whoever may see articles; nobody changes it

    def has_view_permission(self, request: HttpRequest, obj: Retag | None = None) -> bool:
        return may_see(request.user, Article)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).started()

    # -- what it says

    @admin.display(description=gettext_lazy("terms"))
    def what(self, retag: Retag) -> str:
        return Truncator(str(retag)).chars(MAX_TEXT)

    @admin.display(description=gettext_lazy("vocabulary"))
    def which(self, retag: Retag) -> str:
        return str(VOCABULARIES[retag.vocabulary]._meta.verbose_name)

    @admin.display(description=RetagOutcome.CHANGED.label)
    def changed(self, retag: Retag) -> int:
        return retag.counts.get(RetagOutcome.CHANGED, 0)

    @admin.display(description=gettext_lazy("in force"))
    def standing(self, retag: Retag) -> str:
        if retag.undone_at:
            return _("undone by %(person)s") % {"person": retag.undone_by or "–"}
        if retag.is_under_way:
            return _("under way")
        if retagging.why_not_undo(retag):
            return "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:articles_retag_undo", args=[retag.pk]), _("Undo …")
        )

    # -- pages

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/choose/", view(self.choose_view), name="articles_retag_choose"),
            path("<int:pk>/stop/", view(require_POST(self.stop_view)), name="articles_retag_stop"),
            path("<int:pk>/undo/", view(self.undo_view), name="articles_retag_undo"),
            *super().get_urls(),
        ]

    def _page(self, request: HttpRequest, name: str, retag: Retag, **context: Any) -> HttpResponse:
        context |= self.admin_site.each_context(request) | {"opts": self.opts, "retag": retag}
        context["may_change"] = _may_change(request)
        return TemplateResponse(request, f"admin/articles/retag/{name}.html", context)

    def _found(self, request: HttpRequest, pk: Any, *, to_change: bool = True) -> Retag:
        """With the right to see it, or to change articles. Raises PermissionDenied, Http404."""
        may = _may_change(request) if to_change else self.has_view_permission(request)
        return _one(may, self.get_queryset(request).select_related("by", "undone_by"), pk)

    def choose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Only who chose the articles names the terms, and nothing is done before she has seen what it does."""
        retag = _one(_may_change(request), Retag.objects.filter(by=request.user), pk)
        if retag.started_at:
            return _to(retag)
        form = RetagForm(request.POST or None, initial=_initial(retag))
        named = form.is_bound and form.is_valid()
        if named and "do" in request.POST and request.POST.get("seen") == form.signature:
            try:
                retag = retagging.start(retag, **form.terms, by=request.user, note=form.cleaned_data["note"])
                return self._run(request, retag, retag.todo)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                named = False
        seen = retagging.foresee(retag, by=request.user, **(form.terms if named else {}))
        return self._page(
            request,
            "choose",
            retag,
            title=_("Change terms of many articles"),
            form=form,
            suggest=[(name, reverse(f"admin:taxonomy_{name}_suggest")) for name in VOCABULARY_FIELDS],
            chosen=form["vocabulary"].value(),
            named=named,
            states=[(_state(state), one) for state, one in _in_order(seen)],
            total=_total(seen.values()),
            kept=_labelled(_total(seen.values()).outcomes, RetagOutcome.CHANGED),
            in_background=retag.todo > retagging.AT_ONCE,
        )

    def _run(self, request: HttpRequest, retag: Retag, number: int) -> HttpResponse:
        """At once, or where that would take too long, by the worker."""
        if number <= retagging.AT_ONCE:
            retag = retagging.run_now(retag)
            self.message_user(request, _said(retag), messages.SUCCESS)
        else:
            text = _("It is being done in the background. You need not wait here.")
            self.message_user(request, text, messages.INFO)
        return _to(retag)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """What it did, how far it is, and what it left."""
        retag = self._found(request, object_id, to_change=False)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        left = retag.rows.exclude(outcome__in=["", RetagOutcome.CHANGED, RetagOutcome.SAME])
        kept = retag.rows.exclude(undone__in=["", RetagOutcome.UNDONE])
        return self._page(
            request,
            "record",
            retag,
            title=f"{capfirst(self.opts.verbose_name)} #{retag.pk}",
            vocabulary=self.which(retag),
            outcomes=_labelled(retag.counts),
            undo_outcomes=_labelled(retag.undo_counts),
            lists=[
                (_("Left as they are"), _listed(left, "outcome")),
                (_("Left when it was undone"), _listed(kept, "undone")),
            ],
            shown=SHOWN,
            can_undo=not retagging.why_not_undo(retag),
        )

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        retag = self._found(request, pk)
        try:
            retagging.stop(retag)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        else:
            text = _("Stopped. What is done can be undone.")
            self.message_user(request, text, messages.SUCCESS)
        return _to(retag)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        retag = self._found(request, pk)
        refusal = retagging.why_not_undo(retag)
        number = retag.counts.get(RetagOutcome.CHANGED, 0)
        if request.method == "POST" and not refusal:
            try:
                return self._run(request, retagging.undo(retag, by=request.user), number)
            except Refused as refused:
                refusal = str(refused)
        foreseen = None if refusal else retagging.foresee_undo(retag, by=request.user)
        return self._page(
            request,
            "undo",
            retag,
            title=_("Undo: %(what)s") % {"what": self.what(retag)},
            refusal=refusal,
            number=number,
            foreseen=foreseen,
            outcomes=_labelled(foreseen or {}),
        )


def _may_change(request: HttpRequest) -> bool:
    return request.user.has_perm("articles.change_article")


def _one(may: bool, retags: QuerySet[Retag], pk: Any) -> Retag:
    if not may:
        raise PermissionDenied
    retag = retags.filter(pk=pk).first() if is_id(str(pk)) else None
    if retag is None:
        raise Http404
    return retag


def _to(retag: Retag) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:articles_retag_change", args=[retag.pk]))


# --- in words -------------------------------------------------------------------------------------


def _in_order(seen: Mapping[str, Foreseen]) -> Iterable[tuple[str, Foreseen]]:
    order = [
        Status.DRAFT,
        Status.IN_REVIEW,
        "scheduled",
        Status.PUBLISHED,
        Status.WITHDRAWN,
        Status.DECLINED,
        "",
    ]
    return ((state, seen[state]) for state in order if state in seen)


def _state(state: str) -> str:
    if not state:
        return str(RetagOutcome.GONE.label)
    return _("scheduled") if state == "scheduled" else str(Status(state).label)


def _total(seen: Iterable[Foreseen]) -> Foreseen:
    total = Foreseen()
    for one in seen:
        total.articles += one.articles
        total.drafts += one.drafts
        total.carry.update(one.carry)
        total.outcomes.update(one.outcomes)
    return total


def _labelled(counts: Mapping[str, int], *but: str) -> list[tuple[str, int]]:
    return [
        (str(outcome.label), counts[outcome])
        for outcome in RetagOutcome
        if counts.get(outcome) and outcome not in but
    ]


def _listed(rows: QuerySet[RetagRow], column: str) -> list[tuple[int, str, str]]:
    """Articles that were left: number, title and why."""
    found = list(rows.order_by("article_id")[:SHOWN])
    titles = dict(Article.objects.filter(pk__in=[row.article_id for row in found]).values_list("pk", "title"))
    return [
        (
            row.article_id,
            Truncator(titles.get(row.article_id, "")).chars(MAX_TITLE),
            str(RetagOutcome(getattr(row, column)).label),
        )
        for row in found
    ]


def _said(retag: Retag) -> str:
    counts = Counter(retag.undo_counts if retag.undo_started_at else retag.counts)
    number = sum(counts[outcome] for outcome in DONE)
    if retag.undo_started_at:
        text = ngettext("%(number)d article as before.", "%(number)d articles as before.", number)
    else:
        text = ngettext("%(number)d article changed.", "%(number)d articles changed.", number)
    left = counts.total() - number
    more = ngettext(
        "%(number)d article was left as it is.", "%(number)d articles were left as they are.", left
    )
    told = [text % {"number": number}] + ([more % {"number": left}] if left else [])
    return " ".join(told)
