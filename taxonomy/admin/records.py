"""The list of what the desk did to its terms, each with the page that undoes it. To look at, never to change."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BigAutoField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from newsroom.permissions import may
from taxonomy.merge import Refused
from taxonomy.models import VOCABULARIES, Merge
from taxonomy.undo import Undone, foresee, undo

MAX_TEXT = 120  # characters of a record in the list


class VocabularyFilter(admin.SimpleListFilter):
    title = gettext_lazy("vocabulary")
    parameter_name = "vocabulary"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(name, model._meta.verbose_name) for name, model in VOCABULARIES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(vocabulary=self.value()) if self.value() in VOCABULARIES else queryset


class UndoneFilter(admin.SimpleListFilter):
    title = gettext_lazy("in force")
    parameter_name = "undone"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("In force")), ("yes", gettext_lazy("Undone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(undone_at__isnull=self.value() == "no")


class ReadOnlyMixin:
    """For the admin of what happened: nobody adds to it, edits it or deletes it there."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def changeable(request: HttpRequest) -> list[str]:
    """The vocabularies whose terms this person may change."""
    return [name for name, model in VOCABULARIES.items() if may(request.user, "change", model)]


@admin.register(Merge)
class MergeAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["what", "kind", "which", "rows", "doubles", "by", "at", "standing"]
    list_filter = ["kind", VocabularyFilter, UndoneFilter, "at"]
    list_select_related = ["by", "undone_by"]
    list_per_page = 50
    show_full_result_count = False
    fields = ["all_terms", "kind", "which", "rows", "doubles", "by", "at", "note", "standing"]
    readonly_fields = fields

    # -- who may see it: whoever may change one of the vocabularies

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(changeable(request))

    def has_view_permission(self, request: HttpRequest, obj: Merge | None = None) -> bool:
        return bool(changeable(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(vocabulary__in=changeable(request)).defer("changed")

    # -- what it says

    @admin.display(description=gettext_lazy("terms"))
    def what(self, merge: Merge) -> str:
        return Truncator(str(merge)).chars(MAX_TEXT)

    @admin.display(description=gettext_lazy("terms"))
    def all_terms(self, merge: Merge) -> str:
        return str(merge)

    @admin.display(description=gettext_lazy("vocabulary"))
    def which(self, merge: Merge) -> str:
        names = [merge.vocabulary, merge.into_vocabulary]
        found = dict.fromkeys(str(VOCABULARIES[name]._meta.verbose_name) for name in names)
        return " → ".join(found)

    @admin.display(description=gettext_lazy("in force"))
    def standing(self, merge: Merge) -> str:
        if merge.undone_at:
            return _("undone by %(person)s") % {"person": merge.undone_by or "–"}
        address = reverse("admin:taxonomy_merge_undo", args=[merge.pk])
        return format_html('<a href="{}">{}</a>', address, _("Undo …"))

    # -- undo

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.undo_view)
        return [path("<int:pk>/undo/", view, name="taxonomy_merge_undo"), *super().get_urls()]

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        merge = self.get_queryset(request).filter(pk=pk).first() if pk <= BigAutoField.MAX_BIGINT else None
        if merge is None:
            raise Http404
        if not {merge.vocabulary, merge.into_vocabulary} <= set(changeable(request)):
            raise PermissionDenied
        undone, refusal = Undone(), ""
        try:
            undone = undo(merge, by=request.user) if request.method == "POST" else foresee(merge)
        except Refused as refused:
            refusal = str(refused)
        if request.method == "POST" and not refusal:
            return self._undone(request, merge, undone)
        context = self.admin_site.each_context(request) | {
            "title": _("Undo: %(what)s") % {"what": self.what(merge)},
            "opts": self.opts,
            "merge": merge,
            "undone": undone,
            "restored": list(undone.restored.items()),
            "refusal": refusal,
        }
        return TemplateResponse(request, "admin/taxonomy/undo.html", context)

    def _undone(self, request: HttpRequest, merge: Merge, undone: Undone) -> HttpResponse:
        number = undone.restored.total()
        text = ngettext(
            "Undone. %(number)d assignment went back.", "Undone. %(number)d assignments went back.", number
        )
        self.message_user(request, text % {"number": number}, messages.SUCCESS)
        for reason in undone.kept[:20]:
            self.message_user(request, reason, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:taxonomy_merge_changelist"))
