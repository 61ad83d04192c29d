"""A quarantined record opens with its text, the faulty lines marked: mended, parsed again, imported into its batch.

Or it is left out, which can be taken back.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from articles import repair, rereading, waiting
from articles.admin import records
from articles.admin.panels import remarks, worth_marking
from articles.identity import prepare
from articles.importer import Busy
from articles.models import Article, ImportRow, Outcome
from articles.wording import explained

ADD = "articles.add_importbatch"
SHOWN = 50  # records of the mended text
RIGHTS = (ADD, "articles.view_importrow", "articles.view_seedfile")


class RepairMixin:
    """For the admin of imported records."""

    def get_urls(self) -> list[URLPattern]:
        view = require_http_methods(["GET", "HEAD", "POST"])(self._repair)
        return [
            path("<int:pk>/repair/", self.admin_site.admin_view(view), name="articles_importrow_repair"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        row = (extra_context or {}).get("row")
        if row:
            may_settle = settles(request) and (row.outcome == Outcome.LEFT_OUT or not repair.closed(row))
            extra_context |= {
                "place": records.place(row),
                "may_settle": may_settle,
                "sees_articles": records.sees_articles(request),
                "elsewhere": _elsewhere(row),
                "neighbours": records.neighbours(row.batch.narrow(ImportRow.objects), row),
                "before_it": row.pk - 1,
            }
        return super().change_view(request, object_id, form_url, extra_context)

    def _repair(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = _row(request, pk)
        if request.method == "POST" and not {"leave_out", "take_back"}.isdisjoint(request.POST):
            return self._decided(request, row, leaves="leave_out" in request.POST)
        refusal, original = repair.why_not(row), ""
        if not refusal:
            try:
                original = repair.text_of(row)
            except repair.Refused as refused:
                refusal = str(refused)
        editable = not refusal
        text = request.POST.get("text", original).replace("\r\n", "\n")
        foreseen: list[dict[str, Any]] = []
        if request.method == "POST" and not refusal:
            try:
                if "import" in request.POST:
                    return self._imported(request, row, repair.repair(row, text))
                foreseen = _shown(repair.foresee(row, text), text, sees=records.sees_articles(request))
            except repair.Refused as refused:
                refusal = str(refused)
            except Busy:
                refusal = _("Another import is running. Your text is kept here: try again in a while.")
        return self._repair_page(
            request,
            row,
            original=original,
            text=text,
            refusal=refusal,
            foreseen=foreseen,
            editable=editable,
        )

    def _decided(self, request: HttpRequest, row: ImportRow, *, leaves: bool) -> HttpResponse:
        try:
            (repair.leave_out if leaves else repair.take_back)(row)
        except repair.Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
        except Busy:
            self.message_user(request, _("Another import is running. Try again in a while."), messages.ERROR)
        else:
            self.log_change(request, row, _("Left out.") if leaves else _("Taken back."))
            told = (
                _("Left out, and so it will be wherever it comes again.") if leaves else _("It waits again.")
            )
            self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:articles_importrow_change", args=[row.pk]))

    def _imported(self, request: HttpRequest, row: ImportRow, made: list[ImportRow]) -> HttpResponse:
        told = ngettext(
            "Repaired: %(number)d record is in the batch now.",
            "Repaired: %(number)d records are in the batch now.",
            len(made),
        )
        self.log_change(request, row, _("Repaired."))
        self.message_user(request, told % {"number": len(made)}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:articles_importrow_change", args=[made[0].pk]))

    def _repair_page(
        self, request: HttpRequest, row: ImportRow, *, original: str, **context: Any
    ) -> HttpResponse:
        page = self.admin_site.each_context(request) | {
            "title": _("Repair a record"),
            "opts": self.opts,
            "row": row,
            "place": records.place(row),
            "before_it": row.pk - 1,
            "may_leave_out": not repair.closed(row),
            "left_out": row.outcome == Outcome.LEFT_OUT,
            "elsewhere": _elsewhere(row),
            "delivered": rereading.original(original, row.first_line, worth_marking(row.findings)),
            "remarks": remarks([row])[0],
            "ready": bool(context["foreseen"]) and not any(it["broken"] for it in context["foreseen"]),
            **context,
        }
        return TemplateResponse(request, "admin/articles/importrow/repair.html", page)


def _row(request: HttpRequest, pk: int) -> ImportRow:
    """With the right to import, and to see what was delivered. Raises PermissionDenied, Http404."""
    if not settles(request):
        raise PermissionDenied
    rows = ImportRow.objects.select_related("batch", "file").defer("file__content", "batch__skipped")
    return get_object_or_404(rows, pk=pk)


def settles(request: HttpRequest) -> bool:
    """Whether this person mends quarantined records and leaves them out."""
    return all(request.user.has_perm(right) for right in RIGHTS)


def _elsewhere(row: ImportRow) -> ImportRow | None:
    """Where a quarantined record that does not wait here waits, or was repaired."""
    return waiting.elsewhere(row) if row.outcome == Outcome.QUARANTINED and not row.waits else None


def _shown(foreseen: list[repair.Foreseen], text: str, *, sees: bool) -> list[dict[str, Any]]:
    """What is broken comes first: a text of many records is not shown to its end."""
    foreseen = sorted(foreseen, key=lambda one: not repair.is_out(one.outcome))[:SHOWN]
    ids = {one.article_id for one in foreseen if sees and one.article_id}
    articles = Article.objects.whole().in_bulk(ids)
    read = {record.first_line: record.content for record in prepare(text.encode()) if not record.quarantined}
    return [
        {
            "outcome": one.outcome,
            "label": one.outcome.label,
            "broken": repair.is_out(one.outcome),
            "line": one.first_line,
            "findings": [explained(finding) for finding in one.findings],
            "fields": records.compared(read.get(one.first_line), articles.get(one.article_id)),
            "article": articles.get(one.article_id),
        }
        for one in foreseen
    ]
