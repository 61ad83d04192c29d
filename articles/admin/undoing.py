"""A batch's pages: undo and redo, each with one that names the numbers first, then how far the worker is; the report."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from articles import deliveries, revisions, undo_jobs, undoing
from articles.admin.records import marked, sees_articles
from articles.marks import Budget
from articles.models import Article, ImportBatch, ImportRow, Imprint, ImprintKind, Status, UndoJob, UndoState
from newsroom.ids import is_id
from taxonomy.models import VOCABULARIES

PERMISSION = "articles.undo_importbatch"
MOST_ON_PAGE = 20_000  # articles that are looked at for a page; of more it tells how many there are at most
SHOWN = 200  # of each list
NAMED = 30  # articles that the page names before they go
PAST = 5  # undos and redos that a batch's page tells of
MOST_FILES, MOST_BYTES = 1_000, 5_000_000  # that a page parses for a comparison
CHOICES = 30  # batches to compare with


@dataclass(frozen=True, slots=True)
class Way:
    """Undo or redo, in words."""

    back: bool
    title: Any
    button: Any
    nothing: Any
    logged: Any


UNDO = Way(
    False,
    gettext_lazy("Undo the batch"),
    gettext_lazy("Undo it"),
    gettext_lazy("There is nothing that can be taken back."),
    gettext_lazy("Let the batch be undone."),
)
REDO = Way(
    True,
    gettext_lazy("Bring the batch back"),
    gettext_lazy("Bring it back"),
    gettext_lazy("There is nothing to bring back."),
    gettext_lazy("Let the batch be brought back."),
)


class UndoingMixin:
    """For the admin of batches."""

    def get_urls(self) -> list[URLPattern]:
        ask = require_http_methods(["GET", "HEAD", "POST"])
        pages = (
            ("undo", ask(lambda request, pk: self._ask(request, pk, UNDO))),
            ("redo", ask(lambda request, pk: self._ask(request, pk, REDO))),
            ("undo/state", require_safe(never_cache(self._undo_state))),
            ("undo/cancel", require_POST(self._cancel)),
            ("report", require_safe(self._report)),
        )
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"articles_importbatch_{name.replace('/', '_')}",
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
        something = bool(batch.undone_at) if way.back else undoing.undoable(batch)
        if request.method == "POST" and something:
            return self._let_do(request, batch, way)
        found = _foreseen(batch, way) if something else None
        told = _numbers(found, batch, something) | (_named(batch, found) if found and not way.back else {})
        return self._page(request, batch, "undo", title=way.title, way=way, **told)

    def _let_do(self, request: HttpRequest, batch: ImportBatch, way: Way) -> HttpResponse:
        try:
            undo_jobs.ask(batch, by=request.user, back=way.back)
        except undo_jobs.Refused as refused:
            self.message_user(request, str(refused), messages.WARNING)
        else:
            self.log_change(request, batch, str(way.logged))
        return _to(batch)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """With what was undone, and brought back, and how far that is."""
        known = self.has_view_permission(request) and is_id(object_id)
        needed = ImportBatch.objects.only("finished_at", "counts", "undone_at", "undo_left")
        batch = needed.filter(pk=object_id).first() if known else None
        if batch:
            extra_context = (extra_context or {}) | _standing(batch, sees=sees_articles(request))
        return super().change_view(request, object_id, form_url, extra_context)

    def _undo_state(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = UndoJob.objects.filter(batch=self._batch(request, pk)).first()
        if job is None:
            raise Http404
        return JsonResponse(_told(job))

    def _cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self._batch(request, pk)
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        try:
            if job := batch.undo_jobs.first():
                undo_jobs.cancel(job)
                self.log_change(request, batch, _("Not to be undone, or brought back, after all."))
        except undo_jobs.Refused as refused:
            self.message_user(request, str(refused), messages.WARNING)
        return _to(batch)

    # -- report

    def _report(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self._batch(request, pk)
        if not request.user.has_perm("articles.view_seedfile"):
            raise PermissionDenied
        ended = ImportBatch.objects.filter(finished_at__isnull=False, cut_short=False)
        earlier = ended.filter(pk__lt=pk).order_by("-pk").defer("skipped")
        since = request.GET.get("since", "")
        then = earlier.filter(pk=since).first() if is_id(since) else None
        terms = [
            (VOCABULARIES[kind]._meta.verbose_name_plural, names, number - len(names))
            for kind, (names, number) in deliveries.some_new_terms(batch, SHOWN).items()
            if names
        ]
        return self._page(
            request,
            batch,
            "report",
            title=_("Report"),
            then=then,
            choices=earlier[:CHOICES],
            terms=terms,
            sources=deliveries.new_sources(batch)[:SHOWN],
            faults=deliveries.faults(batch)[:SHOWN],
            unknown=bool(since) and then is None,
            **(_difference(batch, then) if then else {}),
        )


def _to(batch: ImportBatch) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:articles_importbatch_change", args=[batch.pk]))


# --- undo and redo, in numbers and words ----------------------------------------------------------


def _foreseen(batch: ImportBatch, way: Way) -> undoing.Foreseen | None:
    """What would happen to each article; None where there are too many to look at for a page."""
    left = None if way.back else batch.undo_left
    number = sum(undoing.at_most(batch)) if left is None else left
    if number > MOST_ON_PAGE:
        return None
    return undoing.foresee(batch, back=way.back, most_kept=SHOWN)


def _numbers(found: undoing.Foreseen | None, batch: ImportBatch, something: bool) -> dict[str, Any]:
    """For the page that asks: exact, or at most so many."""
    if not something:
        return {}
    if found is None:
        articles, changes = undoing.at_most(batch)
        return {"large": True, "articles": articles, "changes": changes, "anything": True}
    kept = sorted(found.kept[:SHOWN], key=lambda one: (one.reason, one.article))
    anything = found.articles or found.changes or not batch.finished_at  # that one has to end, at least
    numbers = {"articles": found.articles, "changes": found.changes, "left": found.left}
    return numbers | {"anything": anything, "kept": kept, "rest": found.left - len(kept)}


def _named(batch: ImportBatch, found: undoing.Foreseen) -> dict[str, Any]:
    """Some of the articles that would go, and of those that would say again what they said; none if some may stay."""
    told: dict[str, Any] = {"published": _of(batch).filter(status=Status.PUBLISHED).exists()}
    if found.left > len(found.kept):
        return told
    kept = [one.article for one in found.kept]
    changed = Imprint.objects.filter(
        batch=batch, kind=ImprintKind.ARTICLE, before__isnull=False, after__isnull=True
    )
    changed = changed.exclude(object_id__in=kept).values("object_id")
    # A record whose link another article has may have become none of its own.
    gone = (
        _of(batch, undoing.BROUGHT, ~Q(findings__contains=[{"code": "link-taken"}]))
        .exclude(pk__in=kept)
        .exclude(pk__in=changed)
    )
    as_before = Article.objects.filter(pk__in=changed)
    return told | {
        "gone": gone.order_by("pk").only("title")[:NAMED],
        "as_before": as_before.order_by("pk").only("title")[:NAMED],
        "more_gone": found.articles - NAMED,
        "more_as_before": found.changes - NAMED,
    }


def _of(
    batch: ImportBatch, outcomes: tuple = (*undoing.BROUGHT, *undoing.CHANGED), *conditions: Q
) -> QuerySet[Article]:
    rows = batch.narrow(ImportRow.objects).filter(*conditions, outcome__in=outcomes, article__isnull=False)
    return Article.objects.filter(pk__in=rows.order_by().values("article"))


def _standing(batch: ImportBatch, *, sees: bool) -> dict[str, Any]:
    """What the page of a batch says about undoing it."""
    jobs = list(batch.undo_jobs.select_related("by")[:PAST])
    now = jobs[0] if jobs and jobs[0].state != UndoState.DONE else None
    last = next((job for job in jobs if not job.under_way), None)
    kept = undoing.stayed(batch, last.some_left, back=last.back) if last and last.some_left else []
    return {
        "job": now,
        "told": _told(now) if now else None,
        "past": [(job, said(job)) for job in jobs if not job.under_way],
        "kept": kept,
        "rest": last.left - len(kept) if kept else 0,
        "may_begin": not (now and now.under_way),
        "may_cancel": bool(now) and (now.state == UndoState.WAITING or now.held_up),
        "undoable": undoing.undoable(batch),
        "sees_articles": sees,
    }


def _told(job: UndoJob) -> dict[str, Any]:
    """How far it is, for the page and its script."""
    text = _("%(looked)d of %(total)d articles looked at") % {"looked": job.looked, "total": job.total}
    return {
        "state": job.state,
        "held_up": job.held_up,
        "read": job.looked,
        "of": job.total,
        "text": text if job.state == UndoState.RUNNING else str(job.get_state_display()),
    }


def said(job: UndoJob) -> str:
    """What it did."""
    if job.back:
        parts = [
            (job.articles, ngettext("%(number)d article is there again.", "%(number)d articles are there again.", job.articles)),
            (job.changes, ngettext("%(number)d article has its change again.", "%(number)d articles have their change again.", job.changes)),
            (job.terms, ngettext("%(number)d term too.", "%(number)d terms too.", job.terms)),
            (job.sources, ngettext("%(number)d source too.", "%(number)d sources too.", job.sources)),
        ]  # fmt: skip
    else:
        parts = [
            (job.articles, ngettext("%(number)d article removed.", "%(number)d articles removed.", job.articles)),
            (job.changes, ngettext("%(number)d article as before.", "%(number)d articles as before.", job.changes)),
            (job.terms, ngettext("%(number)d term removed.", "%(number)d terms removed.", job.terms)),
            (job.sources, ngettext("%(number)d source removed.", "%(number)d sources removed.", job.sources)),
        ]  # fmt: skip
    parts.append((job.left, ngettext("%(number)d article was left as it is.", "%(number)d articles were left as they are.", job.left)))  # fmt: skip
    told = [text % {"number": number} for number, text in parts if number]
    return " ".join(told) or str((REDO if job.back else UNDO).nothing)


# --- the report -----------------------------------------------------------------------------------


def _difference(batch: ImportBatch, then: ImportBatch) -> dict[str, Any]:
    """The lists of the page, or only that the comparison is too much for one."""
    files, size = deliveries.files_to_read(batch, then)
    if files > MOST_FILES or size > MOST_BYTES:
        return {"too_much": True}
    found = deliveries.compare(batch, then, most=SHOWN)
    budget = Budget()
    return {
        "new": found.new[:SHOWN],
        "new_count": len(found.new),
        "changed": [
            (
                changed.now,
                [
                    (revisions.label(name), marked(*deliveries.in_short(*sides), budget))
                    for name, sides in changed.fields.items()
                ],
            )
            for changed in found.changed
        ],
        "changed_count": found.changed_count,
        "vanished": found.vanished[:SHOWN],
        "vanished_count": len(found.vanished),
    }
