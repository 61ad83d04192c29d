"""The history of an article in the admin: all versions, any two compared, one restored. To read, but for that."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from articles import editing, revisions, rewriting, workflow
from articles.admin import changes
from articles.admin.forms import NoteField, VersionForm
from articles.compare import SNAPSHOT_FIELDS, Change, ListChange, Snapshot, compare
from articles.models import TERM_FIELDS, Article, ImportBatch, Revision, RevisionKind
from newsroom.ids import is_id
from newsroom.sql import fetch

PAGE_SIZE = 50
BEFORE = "before"  # the version before the one that it is compared with
_BATCH = re.compile(r"#(\d{1,18})")


class RestoreForm(VersionForm):
    note = NoteField()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions that are compared: a numbered one, or what a word stands for."""

    word: str
    name: str
    snapshot: Snapshot
    revision: Revision | None = None


class HistoryMixin:
    """For the admin of articles; every page asks for the right to see the article."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/versions/", view(self.versions), name="articles_article_versions"),
            path("<int:pk>/compare/", view(self.compare), name="articles_article_compare"),
            path("<int:pk>/versions/<int:number>/", view(self.version), name="articles_article_version"),
            path(
                "<int:pk>/versions/<int:number>/restore/", view(self.restore), name="articles_article_restore"
            ),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        article = self.get_object(request, unquote(object_id))
        if article is None:
            raise Http404
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:articles_article_versions", args=[article.pk]))

    def versions(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._visible(request, pk)
        found = article.revisions.select_related("by").defer("snapshot")
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        rows = describe(article, page.object_list)
        context = {
            "title": _("Versions"),
            "page": page,
            "rows": rows,
            "chosen": _chosen(rows),
            "has_seed": article.base is not None,
        }
        return self._history_page(request, article, "versions", context)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._visible(request, pk)
        asked = [request.GET.get(name, "") for name in ("from", "to")]
        if not all(asked):
            self.message_user(request, _("Choose two versions to compare."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:articles_article_versions", args=[pk]))
        new = _side(article, asked[1])
        before = _before(article, new) if asked[0] == BEFORE else asked[0]
        if before is None:
            return HttpResponseRedirect(
                reverse("admin:articles_article_version", args=[pk, new.revision.number])
            )
        old = _side(article, before)
        found = compare(old.snapshot, new.snapshot, _meaning([old.snapshot, new.snapshot]))
        context = {
            "title": _("Compare versions"),
            "old": old,
            "new": new,
            "rows": _rows(article, old, new),
            "changes": changes.shown(found),
            "steps": _steps(article, new),
            "side_by_side": request.GET.get("view") == "side",
        }
        return self._history_page(request, article, "compare", context)

    def version(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        article = self._visible(request, pk)
        form = RestoreForm(initial={"version": article.version})
        return self._version_page(request, article, _revision(article, number), form)

    def restore(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        article = self._visible(request, pk)
        revision = _revision(article, number)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:articles_article_version", args=[pk, number]))
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        form = RestoreForm(request.POST)
        refusal = self._restored(request, article, revision, form) if form.is_valid() else None
        if refusal == "":
            return HttpResponseRedirect(reverse("admin:articles_article_change", args=[pk]))
        return self._version_page(request, article, revision, form, refusal=refusal)

    def _restored(self, request: HttpRequest, article: Article, revision: Revision, form: RestoreForm) -> str:
        """Restore it; empty, or why it was refused."""
        article.version = form.cleaned_data["version"]
        try:
            after = editing.restore(article, revision, by=request.user, note=form.cleaned_data["note"])
        except workflow.Refused as refusal:
            return str(refusal)
        number = {"number": revision.number}
        if after is None:
            text = _("The article says already what it said in version %(number)d.") % number
            self.message_user(request, text, messages.INFO)
            return ""
        text = _("Version %(number)d restored") % number
        self.log_change(request, article, text)
        waits = _("It is a draft now: readers see it once somebody approves it.")
        self.message_user(request, f"{text}. {waits}" if article.approved else text, messages.SUCCESS)
        return ""

    def _version_page(
        self,
        request: HttpRequest,
        article: Article,
        revision: Revision,
        form: RestoreForm,
        *,
        refusal: str | None = None,
    ) -> HttpResponse:
        content = rewriting.content(revision.snapshot)
        now = editing.text(article)
        found = compare(now, content, _meaning([now, content]))
        [row] = describe(article, [revision])
        context = {
            "title": _("Version %(number)d") % {"number": revision.number},
            "row": row,
            "content": changes.whole(revision.snapshot),
            "changes": changes.shown(change for change in found if not _only_in_name(change)),
            "may_restore": self.has_change_permission(request, article),
            "form": form,
            "refusal": refusal,
        }
        return self._history_page(request, article, "version", context)

    def _history_page(
        self, request: HttpRequest, article: Article, name: str, context: dict[str, Any]
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts, "article": article} | context
        return TemplateResponse(request, f"admin/articles/article/{name}.html", context)


# --- one version, and the two of a comparison -----------------------------------------------------


def _revision(article: Article, number: int) -> Revision:
    return get_object_or_404(article.revisions.select_related("by"), number=number)


def _side(article: Article, word: str) -> Side:
    """Raises Http404 for what there is not."""
    if word == "live":
        return Side(word, _("As it stands now"), editing.live(article))
    if word == "seed":
        return _seed(article)
    if word == "draft":
        revision = revisions.pending(article.pk)
    elif is_id(word):
        revision = _revision(article, int(word))
    else:
        revision = None
    if revision is None:
        raise Http404
    name = _("Draft, version %(number)d") if word == "draft" else _("Version %(number)d")
    return Side(word, name % {"number": revision.number}, revision.snapshot, revision)


def _before(article: Article, new: Side) -> str | None:
    """None for the first version. Raises Http404 if the other side is no version with a number."""
    if new.revision is None:
        raise Http404
    [row] = describe(article, [new.revision])
    return str(row["before"]) if row["before"] else None


def _seed(article: Article) -> Side:
    """What the seed said when last imported. It says nothing of what the desk decides."""
    if article.base is None:
        raise Http404
    imported = revisions.imported_snapshot(article.base)
    content = {name: imported[name] for name in article.base}
    return Side("seed", _("What the seed says"), content)


def _rows(article: Article, *sides: Side) -> list[dict[str, Any] | None]:
    """Who made each of them, and when."""
    made = {
        row["revision"].number: row for row in describe(article, [s.revision for s in sides if s.revision])
    }
    return [made[side.revision.number] if side.revision else None for side in sides]


def _steps(article: Article, new: Side) -> dict[str, tuple[int, int]]:
    """What changed in the version before the second one, and in the next: (from, to)."""
    if not new.revision:
        return {}
    near = article.revisions.filter(number__in=[new.revision.number - 1, new.revision.number + 1])
    found = {
        row["revision"].number: row for row in describe(article, near.select_related("by").defer("snapshot"))
    }
    steps = {"previous": new.revision.number - 1, "next": new.revision.number + 1}
    return {
        step: (found[number]["before"], number)
        for step, number in steps.items()
        if number in found and found[number]["before"]
    }


def _meaning(snapshots: Iterable[Snapshot]) -> Any:
    """What the terms of these snapshots are called today: a term that was renamed or merged since is no change."""
    names = {field: {name for data in snapshots for name in data.get(field) or []} for field in TERM_FIELDS}
    return _known(names)


def _known(names: Mapping[str, Iterable[str]]) -> Any:
    known = {field: TERM_FIELDS[field].tag_model().objects.resolve(found) for field, found in names.items()}
    ids = {field: {name: term.pk for name, term in found.items()} for field, found in known.items()}
    return lambda field, name: ids.get(field, {}).get(name, name)


def _only_in_name(change: Change) -> bool:
    return isinstance(change, ListChange) and change.only_in_name


# --- the list -------------------------------------------------------------------------------------

# What is different in each version from the one before, without fetching the texts. A draft is not what the
# article was: only another draft builds on it. Of terms the names come along, to see which were merely renamed.
CHANGED = """
SELECT r.number, p.number, (
    SELECT jsonb_object_agg(n.key, CASE WHEN n.key = ANY(%(terms)s::text[]) THEN jsonb_build_array(o.value, n.value) END)
    FROM jsonb_each(r.snapshot) n JOIN jsonb_each(p.snapshot) o USING (key)
    WHERE n.value <> o.value
)::text
FROM articles_revision r
LEFT JOIN LATERAL (
    SELECT number, snapshot
    FROM articles_revision p
    WHERE p.article_id = r.article_id AND p.number < r.number AND (p.kind <> 'draft' OR r.kind = 'draft')
    ORDER BY p.number DESC
    LIMIT 1
) p ON true
WHERE r.article_id = %(article)s AND r.number = ANY(%(numbers)s::int[])
"""


def describe(article: Article, found: Iterable[Revision]) -> list[dict[str, Any]]:
    """Each version with who made it, the one before, and the fields that changed from that one."""
    found = list(found)
    changed = _changed(article, [revision.number for revision in found])
    batches = _batches(found)
    return [
        {
            "revision": revision,
            "before": changed[revision.number][0],
            "changed": changed[revision.number][1],
            "batch": batches.get(_batch_number(revision)),
            "agent": _("import") if revision.kind == RevisionKind.IMPORT else _("the system"),
        }
        for revision in found
    ]


def _changed(article: Article, numbers: list[int]) -> dict[int, tuple[int | None, list[str]]]:
    told = fetch(CHANGED, article=article.pk, numbers=numbers, terms=list(TERM_FIELDS))
    rows = [(number, before, json.loads(fields or "{}")) for number, before, fields in told]
    names = defaultdict(set)
    for _number, _before, fields in rows:
        for field in TERM_FIELDS.keys() & fields.keys():
            names[field].update(*(side or [] for side in fields[field]))
    same = _known(names)
    return {number: (before, _labels(fields, same)) for number, before, fields in rows}


def _chosen(rows: list[dict[str, Any]]) -> tuple[str | int, str | int]:
    """The two versions that a page of the list proposes: the last change, or what a draft would change."""
    if not rows:
        return "seed", "live"
    first = rows[0]["revision"]
    if first.pending:
        return "live", first.number
    there = {row["revision"].number for row in rows}
    return rows[0]["before"] if rows[0]["before"] in there else first.number, "live"


def _labels(fields: Mapping[str, Any], same: Any) -> list[str]:
    """The fields that changed, in the order of reading."""
    real = {field for field, sides in fields.items() if not (sides and _renamed(field, *sides, same))}
    return [changes.label(field) for field in SNAPSHOT_FIELDS if field in real]


def _renamed(field: str, old: list[str] | None, new: list[str] | None, same: Any) -> bool:
    was, now = ([same(field, name) for name in side or []] for side in (old, new))
    return was == now


def _batch_number(revision: Revision) -> int | None:
    match = _BATCH.fullmatch(revision.note) if revision.by_id is None else None
    return int(match[1]) if match else None


def _batches(found: Iterable[Revision]) -> dict[int, ImportBatch]:
    """The batches that these versions' notes name, as far as they are there."""
    return ImportBatch.objects.only("pk").in_bulk({_batch_number(revision) for revision in found} - {None})
