"""A vocabulary as a file for spreadsheets: taken away, and brought back by way of a page that says what it would do."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from newsroom.attachments import attachment
from newsroom.permissions import may, may_see
from taxonomy import vocabulary_csv
from taxonomy.models import VOCABULARIES, Term
from taxonomy.vocabulary_plan import COLUMNS, Plan

SHOWN = 300  # rows on the page; what cannot be done comes first
ORDER = ["impossible", "clash", "changed", "new"]


class TableForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Table (CSV, as the export writes it)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


@admin.site.admin_view
@require_safe
def export_view(request: HttpRequest, vocabulary: str) -> StreamingHttpResponse:
    model = VOCABULARIES[vocabulary]
    if not may_see(request.user, model):
        raise PermissionDenied
    return StreamingHttpResponse(
        (line.encode() for line in vocabulary_csv.exported(model)),
        content_type="text/csv; charset=utf-8",
        headers=attachment(f"{vocabulary}.csv"),
    )


@admin.site.admin_view
@require_http_methods(["GET", "HEAD", "POST"])
def import_view(request: HttpRequest, vocabulary: str) -> HttpResponse:
    model = VOCABULARIES[vocabulary]
    if not (may(request.user, "change", model) and may(request.user, "add", model)):
        raise PermissionDenied
    form = TableForm(request.POST if request.method == "POST" else None, request.FILES or None)
    try:
        if "do" in request.POST:
            return _applied(request, model, request.POST.get("text", ""))
        if form.is_bound and form.is_valid():
            file = form.cleaned_data["file"]
            content = file.read(vocabulary_csv.MAX_BYTES + 1)
            return _page(request, model, form, vocabulary_csv.decoded(content))
    except vocabulary_csv.Unreadable as error:
        form.add_error("file", str(error)) if form.is_bound else messages.error(request, str(error))
    return _page(request, model, form, "")


def _applied(request: HttpRequest, model: type[Term], text: str) -> HttpResponse:
    records = vocabulary_csv.parse(text)
    try:
        plan = vocabulary_csv.apply(model, records, by=request.user, seen=request.POST.get("seen", ""))
    except vocabulary_csv.Outdated:
        messages.warning(request, _("Something has changed since: please look again at what will happen."))
        return _page(request, model, TableForm(), text)
    counts = plan.counts
    told = _("Done: %(new)d new, %(changed)d changed, %(unchanged)d as they were.") % counts
    messages.success(request, told)
    if left := counts["clash"] + counts["impossible"]:
        messages.warning(request, _("%(number)d rows were left out.") % {"number": left})
    return HttpResponseRedirect(reverse("terms_import", kwargs={"vocabulary": model.vocabulary}))


def _page(request: HttpRequest, model: type[Term], form: TableForm, text: str) -> HttpResponse:
    plan = Plan(model, vocabulary_csv.parse(text)) if text else None
    rows = [row for row in plan.rows if row.verdict != "unchanged"] if plan else []
    rows.sort(key=lambda row: (ORDER.index(row.verdict), row.line))
    context = admin.site.each_context(request) | {
        "title": _("Import %(vocabulary)s from a table") % {"vocabulary": model._meta.verbose_name_plural},
        "opts": model._meta,
        "vocabulary": model.vocabulary,
        "form": form,
        "columns": ", ".join(COLUMNS),
        "plan": plan,
        "works": plan and any(row.works for row in rows),
        "rows": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "text": text,
    }
    return TemplateResponse(request, "admin/taxonomy/terms_import.html", context)
