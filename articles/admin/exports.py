"""Downloads of articles: what a list of the desk shows, or what is ticked in it, in any size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.views.decorators.http import require_safe

from articles import exporter
from articles.models import Article
from newsroom.attachments import attachment


@dataclass(frozen=True, slots=True)
class Form:
    label: Any
    suffix: str
    content_type: str
    write: Callable[[QuerySet[Article]], Iterator[str | bytes]]


FORMS = {
    "seeds": Form(gettext_lazy("Seed files"), "zip", "application/zip", exporter.seed_zip),
    "jsonl": Form(gettext_lazy("JSON Lines"), "jsonl", "application/x-ndjson", exporter.json_lines),
    "csv": Form(gettext_lazy("CSV"), "csv", "text/csv; charset=utf-8", exporter.csv_lines),
}


class DownloadsMixin:
    """For the admin of articles: whoever sees them may take them along."""

    change_list_template = "admin/articles/article/downloads.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.download))
        return [path("download/<slug:form>/", view, name="articles_article_download"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        ours = {
            f"download_{name}": (
                partial(_download_selected, form),
                f"download_{name}",
                gettext_lazy("Download the selected articles: %(form)s") % {"form": form.label},
            )
            for name, form in FORMS.items()
        }
        return super().get_actions(request) | ours

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        downloads = {"downloads": [(name, form.label) for name, form in FORMS.items()]}
        return super().changelist_view(request, (extra_context or {}) | downloads)

    def download(self, request: HttpRequest, form: str) -> HttpResponse:
        """All that match the filters and the search of the list, on whichever page they are."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if form not in FORMS:
            raise Http404
        try:
            articles = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:articles_article_changelist"))
        return streamed(articles, FORMS[form])


def _download_selected(
    form: Form, desk: admin.ModelAdmin, request: HttpRequest, articles: QuerySet[Article]
) -> HttpResponse:
    return streamed(articles, form)


def streamed(articles: QuerySet[Article], form: Form) -> StreamingHttpResponse:
    name = f"articles-{timezone.localtime():%Y%m%d-%H%M}.{form.suffix}"
    return StreamingHttpResponse(
        in_its_language(form.write(articles)),
        content_type=form.content_type,
        headers=attachment(name) | {"Cache-Control": "no-store"},
    )


def in_its_language(pieces: Iterator[str | bytes]) -> Iterator[str | bytes]:
    """They are written when the request, and its language with it, is over."""
    language = get_language()

    def written() -> Iterator[str | bytes]:
        with override(language):
            yield from pieces

    return written()
