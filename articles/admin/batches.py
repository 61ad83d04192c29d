"""The admin of imports: batches, their rows, and the files they came from. What happened is not edited.

New batches are made in uploads.py, quarantined records mended in repair.py.
"""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import F, Func, JSONField, QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from articles import deliveries, record_table, repair, uploads
from articles.admin import records
from articles.admin.exports import in_its_language
from articles.admin.filters import BatchFilter, FileFilter, RowArticleFilter
from articles.admin.leaving_out import LeavingOutMixin
from articles.admin.lists import BoundedListMixin, bounded_count, in_figures
from articles.admin.panels import in_words, remark_table, table
from articles.admin.repair import ADD, RepairMixin
from articles.admin.undoing import UndoingMixin
from articles.admin.uploads import MAX_SKIPPED, UploadsMixin, opened_for_care
from articles.models import ImportBatch, ImportRow, Outcome, SeedFile
from newsroom.attachments import attachment
from newsroom.ids import is_id
from taxonomy.admin import ReadOnlyMixin

MAX_REPAIRS = 20  # records that a repaired one has become
NAMED, LONG = 3, 60  # files that the list names, and characters of each
FIRST_SKIPPED = Func(
    F("skipped"),
    Value(f"$[0 to {MAX_SKIPPED - 1}]"),
    function="jsonb_path_query_array",
    output_field=JSONField(),
)
REPORTS = {
    "jsonl": (deliveries.json_lines, "application/x-ndjson"),
    "csv": (record_table.csv_lines, "text/csv; charset=utf-8"),
}


class ReadOnlyAdmin(BoundedListMixin, ReadOnlyMixin, admin.ModelAdmin):
    """What happened is not edited."""

    list_per_page = 50

    class Media:
        css = {"all": ["admin_lists.css"]}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        """A page is called by what it shows, as nothing else can be done there."""
        context |= {"title": str(kwargs["obj"]), "subtitle": None} if kwargs.get("obj") else {}
        return super().render_change_form(request, context, **kwargs)


def _link(name: str, text: Any, *args: Any, **query: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:articles_{name}", args=args, query=query), text)


# --- batches --------------------------------------------------------------------------------------


@admin.register(ImportBatch)
class ImportBatchAdmin(UploadsMixin, UndoingMixin, ReadOnlyAdmin):
    list_display = ["number", "given", "begun", "state", "by", "outcomes", "skipped_count"]
    list_filter = ["started_at"]
    list_select_related = ["by", "undone_by"]
    fields = ["started_at"]  # the page has lines of its own

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.rows))
        return [
            path("<int:pk>/rows.<slug:form>", view, name="articles_importbatch_rows"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        batch = self.get_object(request, object_id) if is_id(object_id) else None
        if batch:
            told = {"given": self.given(batch), "all_given": uploads.given(batch.paths)}
            told |= {"skipped": _skipped(batch), "outcomes": self.outcomes(batch)}
            extra_context = (extra_context or {}) | told | self._records(request, batch)
        return super().change_view(request, object_id, form_url, extra_context)

    def _records(self, request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
        if not (batch.finished_at and request.user.has_perm("articles.view_importrow")):
            return {}
        rows = batch.narrow(ImportRow.objects).select_related("article")
        rows = rows.defer("article__summary", "article__base")
        found = opened_for_care(request, records.tabs(request, batch.counts))
        return {
            "records": records.page_of(request, rows, found),
            "sees_articles": records.sees_articles(request),
        }

    def rows(self, request: HttpRequest, pk: int, form: str) -> StreamingHttpResponse:
        """What came of each record, as a file of any size. It may name articles."""
        if not (request.user.has_perm("articles.view_importrow") and records.sees_articles(request)):
            raise PermissionDenied
        batch = self._batch(request, pk)
        if form not in REPORTS:
            raise Http404
        write, content_type = REPORTS[form]
        return StreamingHttpResponse(
            in_its_language(write(batch)),
            content_type=content_type,
            headers=attachment(f"batch-{batch.pk}.{form}"),
        )

    @admin.display(description=gettext_lazy("batch"), ordering="id")
    def number(self, batch: ImportBatch) -> str:
        return str(batch)

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def begun(self, batch: ImportBatch) -> str:
        return _short(batch.started_at)

    @admin.display(description=gettext_lazy("finished"), ordering="finished_at")
    def state(self, batch: ImportBatch) -> str:
        if not batch.finished_at:
            return _("running or interrupted")
        finished = _short(batch.finished_at)
        if batch.cut_short:
            return f"{finished} · {_('cut short: undone before its end')}"
        return f"{finished} · {_('undone')}" if batch.undone_at else finished

    @admin.display(description=gettext_lazy("files"))
    def given(self, batch: ImportBatch) -> str:
        first, rest = uploads.given(batch.paths)[:NAMED], len(batch.paths) - NAMED
        names = "、".join(name if len(name) <= LONG else f"…{name[-LONG:]}" for name in first)
        return f"{names} …" if rest > 0 else names

    @admin.display(description=gettext_lazy("outcomes"))
    def outcomes(self, batch: ImportBatch) -> SafeString | str:
        """How many rows of each outcome, each leading to those rows."""
        found = [(outcome, batch.counts.get(outcome, 0)) for outcome in Outcome]
        items = (
            (
                outcome,
                _link(
                    "importrow_changelist",
                    f"{outcome.label} {number}",
                    batch__id__exact=batch.pk,
                    outcome__exact=outcome.value,
                ),
            )
            for outcome, number in found
            if number
        )
        return format_html_join(" ", '<span class="desk-outcome desk-{}">{}</span>', items) or "–"


def _short(at: datetime) -> str:
    return date_format(timezone.localtime(at), "Y-m-d H:i")


def _skipped(batch: ImportBatch) -> dict[str, Any]:
    """The first of the files that were left out, each with the cause in words, and how many there are."""
    if not batch.skipped_count:
        return {}
    items = ImportBatch.objects.filter(pk=batch.pk).values_list(FIRST_SKIPPED, flat=True).get()
    return {"items": uploads.left_out(items), "number": batch.skipped_count}


# --- rows -----------------------------------------------------------------------------------------


# What of a row tells something of its article: for those who may see articles.
TELLING = ("article_link", "remarks", "conflict_table", RowArticleFilter, "article__title")


def _told(request: HttpRequest, names: list[Any]) -> list[Any]:
    return names if records.sees_articles(request) else [name for name in names if name not in TELLING]


class RowList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        rows = super().get_queryset(request, exclude_parameters).select_related(None).defer(None)
        return rows.select_related("batch", "article").only(
            *("id", "file_name", "first_line", "last_line", "outcome", "undone", "findings", "needs_care"),
            *("batch__id", "article__id", "article__title"),
        )


@admin.register(ImportRow)
class ImportRowAdmin(RepairMixin, LeavingOutMixin, ReadOnlyAdmin):
    ordering = ["-id"]
    list_display = ["place", "outcome_label", "article_link", "batch_link", "summary"]
    list_filter = ["outcome", "waits", "needs_care", BatchFilter, FileFilter, RowArticleFilter]
    search_fields = ["file_name", "article__title"]
    search_help_text = gettext_lazy("File name or title")
    fields = [
        "place",
        "outcome_label",
        "article_link",
        "batch_link",
        "file_link",
        "remarks",
        "conflict_table",
    ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RowList

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return _told(request, self.list_display)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return _told(request, self.list_filter)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return _told(request, self.search_fields)

    def get_fields(self, request: HttpRequest, obj: ImportRow | None = None) -> list[str]:
        return _told(request, self.fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("batch", "article", "file")
        return rows.defer("file__content", "batch__skipped", "article__summary", "article__base")

    @admin.display(description=gettext_lazy("file and lines"), ordering="id")
    def place(self, row: ImportRow) -> str:
        return records.place(row)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_label(self, row: ImportRow) -> str:
        undone = format_html(' <span class="batch-undone">{}</span>', _("undone")) if row.undone else ""
        return format_html(
            '<span class="desk-outcome desk-{}">{}</span>{}', row.outcome, row.get_outcome_display(), undone
        )

    @admin.display(description=gettext_lazy("article"))
    def article_link(self, row: ImportRow) -> str:
        return _link("article_change", row.article, row.article_id) if row.article_id else "–"

    @admin.display(description=gettext_lazy("batch"))
    def batch_link(self, row: ImportRow) -> str:
        return _link("importbatch_change", row.batch, row.batch_id)

    @admin.display(description=gettext_lazy("seed file"))
    def file_link(self, row: ImportRow) -> str:
        return format_html(
            "{} · {}",
            _link("seedfile_change", records.file_name(row), row.file_id),
            _link("seedfile_download", _("Download the original"), row.file_id),
        )

    @admin.display(description=gettext_lazy("findings"))
    def summary(self, row: ImportRow) -> str:
        return in_words(row)

    @admin.display(description=gettext_lazy("findings"))
    def remarks(self, row: ImportRow) -> SafeString | str:
        return remark_table(row)

    @admin.display(description=gettext_lazy("conflicts"))
    def conflict_table(self, row: ImportRow) -> SafeString | str:
        if not row.conflicts:
            return _("None.")
        head = [_("Field"), _("As imported before"), _("On the desk"), _("In this file"), _("Decision")]
        return table(
            head,
            (
                (
                    one["label"],
                    *one["sides"],
                    f"{one['decision']} {one['at']}".strip() or _("not yet decided"),
                )
                for one in records.three_sides(row.conflicts)
            ),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """With the record as delivered beside what it became, for those who may see what was delivered."""
        row = self.get_object(request, object_id) if is_id(object_id) else None
        if row and self.has_view_permission(request, row):
            extra_context = (extra_context or {}) | self._beside(request, row)
        return super().change_view(request, object_id, form_url, extra_context)

    def _beside(self, request: HttpRequest, row: ImportRow) -> dict[str, Any]:
        sees = records.sees_articles(request)
        may_see = request.user.has_perm("articles.view_seedfile")
        return (records.beside(row, sees=sees) if may_see else {}) | {
            "row": row,
            "may_repair": may_see and request.user.has_perm(ADD) and not repair.why_not(row),
            "repaired_by": row.repaired_by.all()[:MAX_REPAIRS],
        }


# --- files ----------------------------------------------------------------------------------------


@admin.register(SeedFile)
class SeedFileAdmin(ReadOnlyAdmin):
    list_display = ["name", "file_size", "short_hash", "stored_at", "records"]
    search_fields = ["name", "sha256"]
    fields = ["name", "file_size", "sha256", "stored_at", "records", "download_link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        files = super().get_queryset(request).defer("content")
        return files.annotate(row_count=bounded_count(ImportRow, "file"))

    @admin.display(description=gettext_lazy("size"))
    def file_size(self, file: SeedFile) -> str:
        return filesizeformat(file.size)

    @admin.display(description="SHA-256", ordering="sha256")
    def short_hash(self, file: SeedFile) -> str:
        return file.sha256[:12]

    @admin.display(description=gettext_lazy("imported records"))
    def records(self, file: SeedFile) -> str:
        return _link("importrow_changelist", in_figures(file.row_count), file__id__exact=file.pk)

    @admin.display(description=gettext_lazy("original"))
    def download_link(self, file: SeedFile) -> str:
        return _link("seedfile_download", _("Download the original"), file.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.download))
        return [path("<int:pk>/download/", view, name="articles_seedfile_download"), *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they were delivered, as a file to save: a browser must never show them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        file = get_object_or_404(SeedFile, pk=pk)
        name = "".join(char if char.isprintable() else "_" for char in PurePosixPath(file.name).name)
        return HttpResponse(
            bytes(file.content),
            content_type="application/octet-stream",
            headers=attachment(name or f"{file.sha256}.txt"),
        )
