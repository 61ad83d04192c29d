"""A batch's pages: undo and redo, each with one that names the numbers first; and the report of what it brought."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from articles import deliveries, undoing
from articles.admin.records import sees_articles
from articles.importer import Busy
from articles.models import ImportBatch
from newsroom.ids import is_id
from taxonomy.models import VOCABULARIES

PERMISSION = "articles.undo_importbatch"
MOST_ON_PAGE = 20_000  # articles; a page does that in the time of a page, a command any number
SHOWN = 200  # of each list
MOST_FILES, MOST_BYTES = 1_000, 5_000_000  # that a page parses for a comparison
CHOICES = 30  # batches to compare with


@dataclass(frozen=True, slots=True)
class Way:
    """Undo or redo, in words."""

    back: bool
    command: str
    title: Any
    button: Any
    nothing: Any
    work: Callable[..., undoing.Done]


UNDO = Way(
    False,
    "undo_import",
    gettext_lazy("Undo the batch"),
    gettext_lazy("Undo it"),
    gettext_lazy("There is nothing that can be taken back."),
    undoing.undo,
)
REDO = Way(
    True,
    "redo_import",
    gettext_lazy("Bring the batch back"),
    gettext_lazy("Bring it back"),
    gettext_lazy("There is nothing to bring back."),
    undoing.redo,
)


class UndoingMixin:
    """For the admin of batches."""

    def get_urls(self) -> list[URLPattern]:
        ask = require_http_methods(["GET", "HEAD", "POST"])
        pages = (
            ("undo", ask(lambda request, pk: self._ask(request, pk, UNDO))),
            ("redo", ask(lambda request, pk: self._ask(request, pk, REDO))),
            ("report", require_safe(self._report)),
        )
        return [
            *(
                path(
                    f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"articles_importbatch_{name}"
                )
                for name, view in pages
            ),
            *super().get_urls(),
        ]

    def _batch(self, request: HttpRequest, pk: int) -> ImportBatch:
        """With the right to see it. Raises PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        batch = self.get_object(request, str(pk))
        if batch is None:
            raise Http404
        return batch

    def _page(self, request: HttpRequest, batch: ImportBatch, template: str, **context: Any) -> HttpResponse:
        context |= self.admin_site.each_context(request) | {"opts": self.opts, "batch": batch}
        context["sees_articles"] = sees_articles(request)
        return TemplateResponse(request, f"admin/articles/importbatch/{template}.html", context)

    # -- undo and redo

    def _ask(self, request: HttpRequest, pk: int, way: Way) -> HttpResponse:
        batch = self._batch(request, pk)
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        refusal = _refusal(batch)
        large = undoing.size(batch) > MOST_ON_PAGE
        if request.method == "POST" and not (refusal or large):
            try:
                done = way.work(batch, by=request.user)
            except undoing.Refused as refused:
                refusal = str(refused)
            except Busy:
                refusal = _("An import is running. Wait until it has ended.")
            else:
                self.message_user(request, said(done, way), _level(done))
                return HttpResponseRedirect(reverse(f"admin:{request.resolver_match.url_name}", args=[pk]))
        foreseen = None if refusal or large else undoing.foresee(batch, back=way.back)
        return self._page(
            request,
            batch,
            "undo",
            title=way.title,
            way=way,
            refusal=refusal,
            large=large,
            foreseen=foreseen,
            kept=foreseen.kept[:SHOWN] if foreseen else [],
            rest=max(0, len(foreseen.kept) - SHOWN) if foreseen else 0,
        )

    # -- report

    def _report(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self._batch(request, pk)
        if not request.user.has_perm("articles.view_seedfile"):
            raise PermissionDenied
        earlier = ImportBatch.objects.filter(finished_at__isnull=False).exclude(pk=pk).order_by("-pk")
        since = request.GET.get("since", "")
        then = earlier.filter(pk=since).first() if is_id(since) else None
        terms = [
            (VOCABULARIES[kind]._meta.verbose_name_plural, names[:SHOWN], max(0, len(names) - SHOWN))
            for kind, names in deliveries.new_terms(batch).items()
            if names
        ]
        return self._page(
            request,
            batch,
            "report",
            title=_("Report"),
            then=then,
            choices=earlier.filter(pk__lt=pk)[:CHOICES],
            terms=terms,
            sources=deliveries.new_sources(batch)[:SHOWN],
            faults=deliveries.faults(batch)[:SHOWN],
            unknown=bool(since) and then is None,
            **(_difference(batch, then) if then else {}),
        )


def _refusal(batch: ImportBatch) -> str:
    try:
        undoing.check(batch)
    except undoing.Refused as refused:
        return str(refused)
    return ""


def _level(done: undoing.Done) -> int:
    return messages.SUCCESS if done.anything and not done.kept else messages.WARNING


def said(done: undoing.Done, way: Way) -> str:
    if way.back:
        parts = [
            (done.articles, ngettext("%(number)d article is there again.", "%(number)d articles are there again.", done.articles)),
            (done.changes, ngettext("%(number)d article has its change again.", "%(number)d articles have their change again.", done.changes)),
        ]  # fmt: skip
    else:
        parts = [
            (done.articles, ngettext("%(number)d article removed.", "%(number)d articles removed.", done.articles)),
            (done.changes, ngettext("%(number)d article as before.", "%(number)d articles as before.", done.changes)),
        ]  # fmt: skip
    kept = len(done.kept)
    parts.append((kept, ngettext("%(number)d article was left as it is.", "%(number)d articles were left as they are.", kept)))  # fmt: skip
    told = [text % {"number": number} for number, text in parts if number]
    return " ".join(told) or str(way.nothing)


def _difference(batch: ImportBatch, then: ImportBatch) -> dict[str, Any]:
    """The lists of the page, or only that the comparison is too much for one."""
    files, size = deliveries.files_to_read(batch, then)
    if files > MOST_FILES or size > MOST_BYTES:
        return {"too_much": True}
    found = deliveries.compare(batch, then, most=SHOWN)
    return {
        "new": found.new[:SHOWN],
        "new_count": len(found.new),
        "changed": [
            (
                changed.now,
                [
                    (deliveries.label(name), *deliveries.in_short(*sides))
                    for name, sides in changed.fields.items()
                ],
            )
            for changed in found.changed
        ],
        "changed_count": found.changed_count,
        "vanished": found.vanished[:SHOWN],
        "vanished_count": len(found.vanished),
    }
