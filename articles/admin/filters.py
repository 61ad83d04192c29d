"""What narrows the lists of the desk."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from articles import workbench
from articles.admin.lists import LOOKED_AT
from articles.models import TERM_FIELDS, Article, EventPoint, ImportBatch, ImportRow, SeedFile, Source, Status
from newsroom.ids import is_id
from taxonomy.models import Term

LATEST = 10  # batches to choose from


class LinkedFilter(admin.SimpleListFilter):
    """A filter that a link from another page sets: shown while it is set, so that it can be taken off.

    It never lists all values: there may be thousands.
    """

    def has_output(self) -> bool:
        return self.value() is not None

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        value = self.used_parameters.get(self.parameter_name)
        return [] if value is None else [(value, self.label(self.found(value)) or value)]

    def found(self, value: str) -> Model | None:
        """What the link names; None if there is no such thing."""
        model = self.linked
        return model._default_manager.filter(pk=value).first() if is_id(value) else None

    def label(self, found: Model | None) -> str:
        return str(found) if found else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return (
            queryset.filter(**{self.parameter_name: self.value()}) if is_id(self.value()) else queryset.none()
        )


class SourceFilter(LinkedFilter):
    title = _("source")
    parameter_name = "source__id__exact"
    linked = Source


class BatchFilter(LinkedFilter):
    """Of rows by their batch: the latest ones to choose from, or any that a link names."""

    title = _("batch")
    parameter_name = "batch__id__exact"
    linked = ImportBatch
    batch: ImportBatch | None = None

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        named = super().lookups(request, model_admin)
        latest = [
            (str(pk), str(ImportBatch(pk=pk)))
            for pk in ImportBatch.objects.values_list("pk", flat=True)[:LATEST]
        ]
        return latest + [one for one in named if one not in latest]

    def found(self, value: str) -> ImportBatch | None:
        self.batch = super().found(value)
        return self.batch

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return self.batch.narrow(queryset) if self.batch else super().queryset(request, queryset)


class FileFilter(LinkedFilter):
    title = _("seed file")
    parameter_name = "file__id__exact"
    linked = SeedFile

    def found(self, value: str) -> Model | None:
        return SeedFile.objects.defer("content").filter(pk=value).first() if is_id(value) else None


class RowArticleFilter(LinkedFilter):
    title = _("article")
    parameter_name = "article__id__exact"
    linked = Article


class ArticleBatchFilter(LinkedFilter):
    """Of articles by a batch that one of their rows is from."""

    title = _("batch")
    parameter_name = "import_rows__batch"
    linked = ImportBatch

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        if not is_id(self.value()):
            return queryset.none()
        return queryset.filter(Exists(ImportRow.objects.filter(article=OuterRef("pk"), batch=self.value())))


class TermFilter(LinkedFilter):
    """Of articles by a term: its slug, present or former, or its id."""

    def found(self, value: str) -> Term | None:
        terms = TERM_FIELDS[self.parameter_name].tag_model().objects
        by_slug = {} if "\0" in value else terms.by_slug([value])
        return by_slug.get(value) or (terms.filter(pk=value).first() if is_id(value) else None)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        carrying = TERM_FIELDS[self.parameter_name].objects.filter(
            content_object=OuterRef("pk"), tag=self.found(self.value())
        )
        return queryset.filter(Exists(carrying))


def _term_filter(field: str) -> type[TermFilter]:
    title = Article._meta.get_field(field).verbose_name
    return type(f"{field.capitalize()}Filter", (TermFilter,), {"title": title, "parameter_name": field})


TERM_FILTERS = [_term_filter(field) for field in TERM_FIELDS]


class LacksFilter(admin.SimpleListFilter):
    """What an article still has to get before it is complete."""

    title = _("still missing (of the newest 5,000)")
    parameter_name = "lacks"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("terms", _("any term")),
            *((field, Article._meta.get_field(field).verbose_name) for field in TERM_FIELDS),
            ("link", _("a usable link")),
            ("points", _("event points")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        has = {
            **{field: _has_terms(field) for field in TERM_FIELDS},
            "terms": Q(*map(_has_terms, TERM_FIELDS), _connector=Q.OR),
            "link": Q(url_key__isnull=False),
            "points": Exists(EventPoint.objects.filter(article=OuterRef("pk"))),
        }
        wanted = has.get(self.value())
        return _newest(queryset, request).exclude(wanted) if wanted else queryset


def _newest(queryset: QuerySet, request: HttpRequest) -> QuerySet:
    """What is missing no index can find: looked for among the newest articles of the chosen status, or of all that wait."""
    status = request.GET.get("status__exact")
    waiting = [status] if status in Status.values else [Status.DRAFT, Status.IN_REVIEW]
    newest = Article.objects.filter(status__in=waiting).order_by("-pk").values("pk")[:LOOKED_AT]
    return queryset.filter(pk__in=newest)


def _has_terms(field: str) -> Exists:
    return Exists(TERM_FIELDS[field].objects.filter(content_object=OuterRef("pk")))


class CareFilter(admin.SimpleListFilter):
    title = _("findings of the import (of the newest 5,000)")
    parameter_name = "care"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("yes", _("With warnings")), ("no", _("Without warnings"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        care = Exists(ImportRow.objects.filter(article=OuterRef("pk"), needs_care=True))
        if self.value() not in {"yes", "no"}:
            return queryset
        newest = _newest(queryset, request)
        return newest.filter(care) if self.value() == "yes" else newest.exclude(care)


class WaitingFilter(admin.SimpleListFilter):
    """What waits for a time or for a person, beside its status: what the numbers of the workbench count."""

    title = _("waiting for")
    parameter_name = "desk"
    selections = {
        "scheduled": workbench.scheduled,
        "drafts": workbench.with_draft,
        "conflicts": workbench.in_conflict,
    }

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("scheduled", _("Its time (scheduled)")),
            ("drafts", _("Approval of a draft")),
            ("conflicts", _("A decision (conflict)")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        narrow = self.selections.get(self.value())
        return narrow(queryset) if narrow else queryset


class AssignedFilter(admin.SimpleListFilter):
    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("me", _("Me")), ("nobody", _("Nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        wanted = {"me": request.user, "nobody": None}
        return queryset.filter(assigned_to=wanted[self.value()]) if self.value() in wanted else queryset
