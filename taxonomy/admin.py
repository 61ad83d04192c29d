"""The desk's three vocabularies: one admin for all, with its own suggestions for the fields that carry terms."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError, models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from psycopg.errors import DeadlockDetected
from taggit.models import ItemBase, Tag

from taxonomy import names
from taxonomy.models import Alias, Industry, Keyword, Technology, Term

SUGGESTIONS = 20
_SHORTEST_FIRST = (Length("key"), "key")


class SecondLookMixin:
    """Two saved in the same moment, and the database refused one: look again, once.

    A name or link that the other has taken becomes a form error; the victim of a deadlock is saved now.
    """

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _second_look(super().changeform_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _second_look(super().delete_view, request, *args, **kwargs)


def _second_look(view: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(*args, **kwargs)
    except IntegrityError:
        pass
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
    return view(*args, **kwargs)


# --- suggestions ----------------------------------------------------------------------------------


def suggest(model: type[Term], typed: str) -> list[dict[str, Any]]:
    """What an editor may mean: the term of exactly this key, then beginnings, then terms that contain it.

    Names and aliases count alike; `via` says by which alias or former name a term was found.
    """
    key = names.key(typed[: names.MAX_NAME])
    if not key:
        return []
    spellings = _spellings(model, _SHORTEST_FIRST, key__startswith=key)
    if len(spellings) < SUGGESTIONS:
        # Unordered: the database may stop as soon as it has enough, instead of sorting all that contain an `ai`.
        within = _spellings(model, (), key__contains=key)
        spellings |= {key: name for key, name in within.items() if key not in spellings}
    terms = model.objects.by_key(list(spellings)[:SUGGESTIONS])
    found: dict[int, dict[str, Any]] = {}
    for spelling_key, spelling in spellings.items():
        if term := terms.get(spelling_key):
            found.setdefault(term.pk, _suggestion(term, spelling, exact=spelling_key == key))
    return list(found.values())


def _spellings(model: type[Term], order: Sequence[Any], **lookup: str) -> dict[str, str]:
    """Some names and aliases by key, the shortest first, so that an exact one leads."""
    aliases = model.aliases.rel.related_model.objects
    rows = [
        row
        for queryset in (model.objects, aliases)
        for row in queryset.filter(**lookup).order_by(*order).values_list("key", "name")[:SUGGESTIONS]
    ]
    return dict(sorted(rows, key=lambda row: (len(row[0]), row[0])))


def _suggestion(term: Term, spelling: str, *, exact: bool) -> dict[str, Any]:
    return {
        "id": term.name,
        "text": term.name,
        "via": "" if names.key(spelling) == names.key(term.name) else spelling,
        "exact": exact,
        "confirmed": term.confirmed,
    }


# --- what uses a term -----------------------------------------------------------------------------


def users(model: type[Term]) -> list[models.ManyToOneRel]:
    """The relations by which other models carry terms of this vocabulary, whichever those are."""
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.one_to_many and issubclass(relation.related_model, ItemBase)
    ]


def use_counts(model: type[Term], ids: Iterable[int]) -> Counter[int]:
    """How often each of these terms is used, by id."""
    ids = list(ids)
    total: Counter[int] = Counter()
    for relation in users(model):
        field = relation.field.name
        links = relation.related_model.objects.filter(**{f"{field}__in": ids}).order_by()
        total.update(dict(links.values_list(field).annotate(number=Count("*"))))
    return total


def _carriers(term: Term) -> str:
    """The address of the list of what carries this term, in the admin of the model that does."""
    for relation in users(type(term)):
        carrier = relation.related_model._meta.get_field("content_object").related_model
        for field in carrier._meta.many_to_many:
            if field.remote_field.through is relation.related_model:
                address = f"admin:{carrier._meta.app_label}_{carrier._meta.model_name}_changelist"
                return reverse(address, query={field.name: term.slug})
    return ""


# --- forms ----------------------------------------------------------------------------------------


def _taken(model: type[Term], keys: Iterable[str], own: Term) -> dict[str, str]:
    """Which of these keys mean another term already, each with that term's name."""
    keys = list(keys)
    by_name = model.objects.filter(key__in=keys).exclude(pk=own.pk).values_list("key", "name")
    aliases = model.aliases.rel.related_model.objects
    by_alias = aliases.filter(key__in=keys).exclude(term=own.pk).values_list("key", "term__name")
    return {**dict(by_alias), **dict(by_name)}


def _check_name(name: str) -> None:
    if not names.is_name(name):
        raise ValidationError(_("“%(name)s” cannot be the name of a term.") % {"name": name})


class TermForm(forms.ModelForm):
    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        _check_name(name)
        key = names.key(name)
        if other := _taken(type(self.instance), [key], self.instance).get(key):
            raise ValidationError(
                _("“%(name)s” already means the term “%(term)s”, by its name or an alias.")
                % {"name": name, "term": other}
            )
        return name


def _old_name(form: TermForm) -> str:
    """The name that a renamed term had, if it now has another key; else empty."""
    old = form.initial.get("name", "") if form.instance.pk else ""
    return old if old and names.key(old) != names.key(form.instance.name) else ""


class AliasFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        rows = [form for form in self.forms if self._counts(form)]
        keys = {names.key(form.cleaned_data["name"]) for form in rows}
        taken = _taken(type(self.instance), keys, self.instance)
        seen = {names.key(self.instance.name): self.instance.name}
        for form in rows:
            self._check(form, taken, seen)

    def _counts(self, form: forms.ModelForm) -> bool:
        return bool(form.cleaned_data.get("name")) and not self._should_delete_form(form)

    def _check(self, form: forms.ModelForm, taken: dict[str, str], seen: dict[str, str]) -> None:
        name = form.cleaned_data["name"]
        key = names.key(name)
        if not names.is_name(name):
            form.add_error("name", _("“%(name)s” cannot be the name of a term.") % {"name": name})
        elif key in seen and form.has_changed():
            form.add_error("name", _("This is the same as “%(name)s”.") % {"name": seen[key]})
        elif key in taken:
            text = _("“%(name)s” already means the term “%(term)s”, by its name or an alias.")
            form.add_error("name", text % {"name": name, "term": taken[key]})
        seen.setdefault(key, name)


# --- lists ----------------------------------------------------------------------------------------


class InUseFilter(admin.SimpleListFilter):
    title = gettext_lazy("in use")
    parameter_name = "used"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("In use")), ("no", gettext_lazy("Not in use"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        used = Q()
        for relation in users(queryset.model):
            used |= Q(Exists(relation.related_model.objects.filter(**{relation.field.name: OuterRef("pk")})))
        return {"yes": queryset.filter(used), "no": queryset.exclude(used)}.get(self.value(), queryset)


class MergedFilter(admin.SimpleListFilter):
    title = gettext_lazy("merged")
    parameter_name = "merged"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("Stands for itself")), ("yes", gettext_lazy("Merged into another"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(merged_into__isnull=self.value() == "no")


class TermList(ChangeList):
    """The page's terms with their number of uses: counted for these rows alone."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = use_counts(self.model, (term.pk for term in self.result_list))
        for term in self.result_list:
            term.use_count = counts[term.pk]


class TermAdmin(SecondLookMixin, admin.ModelAdmin):
    form = TermForm
    list_display = ["name", "uses", "other_names", "confirmed", "merged_into"]
    list_filter = ["confirmed", InUseFilter, MergedFilter]
    list_select_related = ["merged_into"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["name"]
    search_help_text = gettext_lazy("Name or alias, in any spelling")
    fields = ["name", "description", "confirmed", "slug", "meeting_key", "merged_into", "uses"]
    readonly_fields = ["slug", "meeting_key", "merged_into", "uses"]
    actions = ["confirm"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("aliases")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TermList

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"confirmed": True} | super().get_changeform_initial_data(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        key = names.key(search_term)
        if not key:
            return queryset, False
        aliases = self.model.aliases.rel.related_model.objects.filter(key__contains=key)
        return queryset.filter(Q(key__contains=key) | Q(pk__in=aliases.values("term"))), False

    @admin.display(description=gettext_lazy("articles"))
    def uses(self, term: Term) -> str:
        number = getattr(term, "use_count", None)
        if number is None:
            number = use_counts(self.model, [term.pk])[term.pk] if term.pk else 0
        if not number or not (address := _carriers(term)):
            return str(number)
        return format_html('<a href="{}">{}</a>', address, number)

    @admin.display(description=gettext_lazy("key of all spellings"))
    def meeting_key(self, term: Term) -> str:
        return term.key or "–"

    @admin.display(description=gettext_lazy("aliases"))
    def other_names(self, term: Term) -> str:
        return "、".join(alias.name for alias in term.aliases.all())

    @admin.action(description=gettext_lazy("Confirm the selected terms"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet) -> None:
        number = self.model.objects.filter(pk__in=queryset.values("pk"), confirmed=False).update(
            confirmed=True
        )
        text = ngettext("%(number)d term confirmed.", "%(number)d terms confirmed.", number)
        self.message_user(request, text % {"number": number}, messages.SUCCESS)

    def view_on_site(self, term: Term) -> str:
        try:
            return term.get_absolute_url()
        except NoReverseMatch:  # a vocabulary without pages of its own
            return ""

    # -- saving and deleting

    def save_model(self, request: HttpRequest, obj: Term, form: forms.ModelForm, change: bool) -> None:
        """A renamed term keeps its old name as an alias, so that old addresses and spellings still find it."""
        if _old_name(form):
            obj.aliases.filter(key=names.key(obj.name)).delete()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        term, old = form.instance, _old_name(form)
        if old and not term.aliases.filter(key=names.key(old)).exists():
            term.aliases.create(name=old)

    def get_deleted_objects(self, objs: Iterable[Term], request: HttpRequest) -> tuple:
        """A term in use is not deleted: say how much uses it rather than list it all."""
        counts = use_counts(self.model, (term.pk for term in objs))
        kept = [
            ngettext("%(term)s: %(number)d article", "%(term)s: %(number)d articles", counts[term.pk])
            % {"term": term.name, "number": counts[term.pk]}
            for term in objs
            if counts[term.pk]
        ][:SUGGESTIONS]
        if kept:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    # -- suggestions

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_suggest"
        view = self.admin_site.admin_view(require_safe(self.suggest_view))
        return [path("suggest/", view, name=name), *super().get_urls()]

    def suggest_view(self, request: HttpRequest) -> HttpResponse:
        """Suggestions for a field of terms, in the form that select2 reads."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        results = suggest(self.model, request.GET.get("term", ""))
        return JsonResponse({"results": results, "pagination": {"more": False}})


def _register(model: type[Term]) -> None:
    alias_model: type[Alias] = model.aliases.rel.related_model

    class AliasInline(admin.TabularInline):
        model = alias_model
        formset = AliasFormSet
        fields = ["name"]
        extra = 0

        # Whoever may change a term may change its aliases: they have no rights of their own.
        def has_view_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "view") or self._may(request, "change")

        def has_add_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "change") or (obj is None and self._may(request, "add"))

        def has_change_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "change")

        def has_delete_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "change")

        def _may(self, request: HttpRequest, what: str) -> bool:
            opts = self.parent_model._meta
            return request.user.has_perm(f"{opts.app_label}.{what}_{opts.model_name}")

    admin.site.register(model, type(f"{model.__name__}Admin", (TermAdmin,), {"inlines": [AliasInline]}))


admin.site.unregister(Tag)  # taggit's own vocabulary, which nothing here uses
for _model in (Keyword, Technology, Industry):
    _register(_model)
