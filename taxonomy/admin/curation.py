"""The pages of the desk on which terms are merged, moved and given aliases: first what will change, then the deed."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from newsroom.ids import is_id
from newsroom.permissions import may
from taxonomy import aliasing
from taxonomy.admin.branches import NameInput
from taxonomy.merge import MAX_TERMS, Refused, merge, move
from taxonomy.models import VOCABULARIES, Merge, Term
from taxonomy.preview import preview, preview_move
from taxonomy.relations import use_counts
from taxonomy.suggestions import suggest


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note (optional)"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class MergeForm(NoteForm):
    other = forms.CharField(
        label=gettext_lazy("Another term, by its name or an alias"), required=False, max_length=200
    )
    field_order = ["other", "note"]

    def __init__(self, model: type[Term], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["other"].widget = NameInput(model)


class AliasesForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Aliases, one a line or with 、 ， ; between them"),
        max_length=aliasing.MAX_PASTED,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
    )


class CurationMixin:
    """Part of the admin of each vocabulary."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("suggest/", view(require_safe(self.suggest_view)), name=f"{name}_suggest"),
            path("merge/", view(self.merge_view), name=f"{name}_merge"),
            path("move/", view(self.move_view), name=f"{name}_move"),
            path("<int:pk>/aliases/", view(self.aliases_view), name=f"{name}_aliases"),
            *super().get_urls(),
        ]

    def suggest_view(self, request: HttpRequest) -> HttpResponse:
        """Suggestions for a field of terms, in the form that select2 reads."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        results = suggest(self.model, request.GET.get("term", ""))
        return JsonResponse({"results": results, "pagination": {"more": False}})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, context | {"curated": True}, *args, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, (extra_context or {}) | {"curated": self.has_change_permission(request)}
        )

    # -- actions

    @admin.action(description=gettext_lazy("Merge the selected terms …"), permissions=["change"])
    def merge_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._chosen(request, "merge", queryset)

    @admin.action(
        description=gettext_lazy("Move the selected terms to another vocabulary …"), permissions=["change"]
    )
    def move_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._chosen(request, "move", queryset)

    def _chosen(self, request: HttpRequest, what: str, queryset: QuerySet) -> HttpResponse | None:
        pks = list(queryset.order_by().values_list("pk", flat=True)[: MAX_TERMS + 1])
        if len(pks) > MAX_TERMS:
            text = _("At most %(number)d terms at a time.") % {"number": MAX_TERMS}
            self.message_user(request, text, messages.ERROR)
            return None
        return HttpResponseRedirect(self._address(what, query={"ids": ",".join(map(str, sorted(pks)))}))

    def _address(self, what: str, *args: Any, query: dict[str, Any] | None = None) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{what}", args=args, query=query)

    # -- merge

    def merge_view(self, request: HttpRequest) -> HttpResponse:
        self._check_right(request)
        data = request.POST if request.method == "POST" else request.GET
        form = MergeForm(self.model, request.POST or None)
        note = form.cleaned_data["note"] if form.is_bound and form.is_valid() else ""
        terms = self._terms(data)
        survivor, refusal = self._survivor(data, form, terms)
        # Not before this person has seen what it does: the survivor may be another than the page told of.
        seen = survivor is not None and data.get("seen") == str(survivor.pk) and "do" in request.POST
        if seen and not refusal and form.is_valid():
            try:
                record = merge(
                    [term for term in terms if term != survivor], into=survivor, by=request.user, note=note
                )
            except Refused as refused:
                refusal = str(refused)
            else:
                return self._done(request, record, survivor)
        if survivor and form.is_bound and form.is_valid():  # another that was named is among the terms by now
            form = MergeForm(self.model, initial={"note": note})
        context = {
            "title": _("Merge terms"),
            "terms": terms,
            "survivor": survivor,
            "preview": preview(terms, survivor) if survivor and len(terms) > 1 else None,
        }
        return self._page(request, "merge", form, refusal, context)

    def _survivor(self, data: QueryDict, form: MergeForm, terms: list[Term]) -> tuple[Term | None, str]:
        """The term to stay, which joins the others if it was named; and why there is none, if so."""
        counts = use_counts(self.model, (term.pk for term in terms))
        for term in terms:
            term.use_count = counts[term.pk]
        other = form.cleaned_data.get("other", "") if form.is_bound and form.is_valid() else ""
        if other:
            named = self.model.objects.resolve([other]).get(other)
            if named is None:
                return None, _("There is no term “%(name)s” in this vocabulary.") % {"name": other}
            if named not in terms:
                named.use_count = use_counts(self.model, [named.pk])[named.pk]
                terms.append(named)
            return named, ""
        asked = [term for term in terms if str(term.pk) == data.get("into")]
        best = sorted(terms, key=lambda term: (not term.confirmed, -term.use_count, term.pk))
        return next(iter(asked or best), None), ""

    # -- move

    def move_view(self, request: HttpRequest) -> HttpResponse:
        self._check_right(request)
        data = request.POST if request.method == "POST" else request.GET
        form = NoteForm(request.POST or None)
        note = form.cleaned_data["note"] if form.is_bound and form.is_valid() else ""
        terms, refusal = self._terms(data), ""
        targets = [
            model
            for model in VOCABULARIES.values()
            if model is not self.model and may(request.user, "change", model)
        ]
        to = next((model for model in targets if model.vocabulary == data.get("to")), None)
        if to and data.get("seen") == to.vocabulary and "do" in request.POST and form.is_valid():
            try:
                record = move(terms, to=to, by=request.user, note=note)
            except Refused as refused:
                refusal = str(refused)
            else:
                return self._done(request, record, to.objects.get(pk=record.terms[0]["into"]))
        ways, seen = preview_move(terms, to) if to and terms else ([], None)
        context = {
            "title": _("Move terms to another vocabulary"),
            "terms": terms,
            "targets": [(model.vocabulary, model._meta.verbose_name_plural) for model in targets],
            "to": to.vocabulary if to else "",
            "to_label": to._meta.verbose_name_plural if to else "",
            "ways": ways,
            "preview": seen,
        }
        return self._page(request, "move", form, refusal, context)

    # -- aliases

    def aliases_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._check_right(request)
        term = self.get_object(request, str(pk))
        if term is None or term.pointer:
            raise Http404
        form = AliasesForm(request.POST or None)
        text = form.cleaned_data["text"] if form.is_bound and form.is_valid() else ""
        spellings = aliasing.parse(text)
        if len(spellings) > aliasing.MAX_ALIASES:
            form.add_error(
                "text", _("At most %(number)d aliases at a time.") % {"number": aliasing.MAX_ALIASES}
            )
            spellings = []
        seen = sha256(text.encode()).hexdigest()
        if spellings and "do" in request.POST and request.POST.get("seen") == seen:
            return self._aliases_added(request, term, aliasing.add(term, spellings))
        context = {
            "title": _("Aliases of “%(name)s”") % {"name": term.name},
            "term": term,
            "judged": aliasing.judge(term, spellings),
            "seen": seen,
        }
        return self._page(request, "aliases", form, "", context)

    def _aliases_added(
        self, request: HttpRequest, term: Term, judged: Sequence[aliasing.Judged]
    ) -> HttpResponse:
        new = sum(one.verdict == "new" for one in judged)
        text = ngettext("%(number)d alias added.", "%(number)d aliases added.", new) % {"number": new}
        self.message_user(request, text, messages.SUCCESS if new else messages.WARNING)
        if clashes := [one for one in judged if one.verdict in {"clash", "impossible"}]:
            listed = "、".join(one.name for one in clashes[:20])
            self.message_user(request, _("Not added: %(names)s") % {"names": listed}, messages.WARNING)
        return HttpResponseRedirect(self._address("change", term.pk))

    # -- what they share

    def _check_right(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def _terms(self, data: QueryDict) -> list[Term]:
        """The terms that were asked for and stand for themselves, in that order."""
        asked = [part for part in data.get("ids", "").split(",")[:MAX_TERMS] if is_id(part)]
        found = self.model.objects.current().in_bulk(map(int, asked))
        return [found[pk] for pk in dict.fromkeys(map(int, asked)) if pk in found]

    def _page(
        self, request: HttpRequest, name: str, form: forms.Form, refusal: str, context: dict[str, Any]
    ) -> HttpResponse:
        shared = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "form": form,
            "refusal": refusal,
            "ids": ",".join(str(term.pk) for term in context.get("terms", [])),
        }
        return TemplateResponse(request, f"admin/taxonomy/{name}.html", shared | context)

    def _done(self, request: HttpRequest, record: Merge, term: Term) -> HttpResponse:
        number = record.rows + record.doubles
        text = ngettext(
            "Done: %(terms)s. %(number)d assignment changed.",
            "Done: %(terms)s. %(number)d assignments changed.",
            number,
        )
        self.message_user(request, text % {"terms": record, "number": number}, messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:taxonomy_{term.vocabulary}_change", args=[term.pk]))
