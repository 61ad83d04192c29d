"""The desk's three vocabularies: one admin for all, with its own suggestions for the fields that carry terms."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from taggit.models import ItemBase, Tag

from newsroom.collisions import twice
from newsroom.permissions import may, may_see
from newsroom.selection import SelectionMixin
from taxonomy import names, prose
from taxonomy.admin.branches import BROADER, NameField, TreeMixin
from taxonomy.admin.curation import CurationMixin
from taxonomy.branches import check_broader, put
from taxonomy.merge import Refused, rename
from taxonomy.models import POINTERS, Alias, Industry, Keyword, Technology, Term
from taxonomy.relations import use_counts

MAX_KEPT = 20  # terms that a page lists as not to be deleted


class SecondLookMixin:
    """Two saved in the same moment, and the database refused one: look again, once.

    A name or link that the other has taken becomes a form error; the victim of a deadlock is saved now.
    """

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return twice(partial(super().changeform_view, request, *args, **kwargs), IntegrityError)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return twice(partial(super().delete_view, request, *args, **kwargs), IntegrityError)


# --- what uses a term -----------------------------------------------------------------------------


def users(model: type[Term]) -> list[models.ManyToOneRel]:
    """The relations by which other models carry terms of this vocabulary, whichever those are."""
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.one_to_many and issubclass(relation.related_model, ItemBase)
    ]


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
    aliases = model.alias_model().objects
    by_alias = aliases.filter(key__in=keys).exclude(term=own.pk).values_list("key", "term__name")
    return {**dict(by_alias), **dict(by_name)}


def _check_name(name: str) -> None:
    if not names.is_name(name):
        raise ValidationError(_("“%(name)s” cannot be the name of a term.") % {"name": name})


class TermForm(forms.ModelForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "parent" in self.fields:
            label = self._meta.model._meta.get_field("parent").verbose_name
            self.fields["parent"] = NameField(self._meta.model, label=label.capitalize(), help_text=BROADER)
        if "description" in self.fields:
            self.fields["description"].help_text = _("Markdown: **bold**, lists, headings, links to the web.")

    def clean_confirmed(self) -> bool:
        confirmed = self.cleaned_data["confirmed"]
        if confirmed:  # who confirms what was declined has thought better of it
            self.instance.declined = False
        return confirmed

    def clean_parent(self) -> Term | None:
        under = self.cleaned_data["parent"]
        if under and under.pk != self.instance.parent_id:
            try:
                check_broader(self.instance, under)
            except Refused as refusal:
                raise ValidationError(str(refusal)) from refusal
        return under

    def clean_description(self) -> str:
        text = self.cleaned_data["description"]
        if len(text) > prose.MAX_DESCRIPTION:
            raise ValidationError(_("At most %(number)d characters.") % {"number": prose.MAX_DESCRIPTION})
        return text

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


class AliasFormSet(forms.BaseInlineFormSet):
    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        """A table's cells have no labels of their own."""
        super().add_fields(form, index)
        for name, label in (("name", _("alias")), ("DELETE", _("Delete this alias"))):
            if name in form.fields:
                form.fields[name].widget.attrs["aria-label"] = label

    def save_new(self, form: forms.ModelForm, commit: bool = True) -> Alias:
        self._make_room(form)
        return super().save_new(form, commit)

    def save_existing(self, form: forms.ModelForm, obj: Alias, commit: bool = True) -> Alias:
        self._make_room(form)
        return super().save_existing(form, obj, commit)

    def _make_room(self, form: forms.ModelForm) -> None:
        """The name a term had until now is an alias already when the rows of its form are saved."""
        same = self.instance.aliases.filter(key=names.key(form.cleaned_data["name"]))
        same.exclude(pk=form.instance.pk).delete()

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
    """Only terms that stand for themselves, unless others are asked for."""

    title = gettext_lazy("merged")
    parameter_name = "merged"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("no", gettext_lazy("Stands for itself")),
            ("yes", gettext_lazy("Merged into another")),
            ("moved", gettext_lazy("Moved to another vocabulary")),
            ("all", gettext_lazy("All")),
        ]

    def value(self) -> str:
        known = {value for value, _label in self.lookup_choices}
        return super().value() if super().value() in known else "no"

    def choices(self, changelist: ChangeList) -> Iterable[dict[str, Any]]:
        return list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "yes":
                return queryset.exclude(merged_into=None)
            case "moved":
                return queryset.filter(merged_into=None).exclude(**dict.fromkeys(POINTERS))
            case "all":
                return queryset
        return queryset.current()


class TermList(ChangeList):
    """The page's terms with their number of uses: counted for these rows alone."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = use_counts(self.model, (term.pk for term in self.result_list))
        for term in self.result_list:
            term.use_count = counts[term.pk]


class TermAdmin(SelectionMixin, CurationMixin, TreeMixin, SecondLookMixin, admin.ModelAdmin):
    form = TermForm
    list_display = ["name", "uses", "other_names", "confirmed", "leads_to"]
    list_filter = ["confirmed", InUseFilter, MergedFilter]
    list_select_related = list(POINTERS)
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # it would count every choice over all rows
    search_fields = ["name"]
    search_help_text = gettext_lazy("Name or alias, in any spelling")
    fields = ["name", "parent", "description", "confirmed", "slug", "meeting_key", "leads_to", "uses"]
    readonly_fields = ["slug", "meeting_key", "leads_to", "uses"]
    actions = ["confirm", "merge_selected", "move_selected"]

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
        aliases = self.model.alias_model().objects.filter(key__contains=key)
        merged = self.model.objects.filter(key__contains=key).exclude(merged_into=None)
        found = (
            Q(key__contains=key) | Q(pk__in=aliases.values("term")) | Q(pk__in=merged.values("merged_into"))
        )
        return queryset.filter(found), False

    def get_readonly_fields(self, request: HttpRequest, obj: Term | None = None) -> list[str]:
        """A term that leads to another keeps its name: that is what it is there for."""
        return [*self.readonly_fields, "name"] if obj and obj.pointer else self.readonly_fields

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

    @admin.display(description=gettext_lazy("leads to"))
    def leads_to(self, term: Term) -> str:
        if not term.pointer:
            return "–"
        other = next(filter(None, (getattr(term, name) for name in POINTERS)))
        address = reverse(f"admin:taxonomy_{other.vocabulary}_change", args=[other.pk])
        return format_html('<a href="{}">{}</a>', address, other)

    @admin.display(description=gettext_lazy("aliases"))
    def other_names(self, term: Term) -> str:
        return "、".join(alias.name for alias in term.aliases.all())

    @admin.action(description=gettext_lazy("Confirm the selected terms"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet) -> None:
        number = self.model.objects.filter(pk__in=queryset.values("pk"), confirmed=False).update(
            confirmed=True, declined=False
        )
        text = ngettext("%(number)d term confirmed.", "%(number)d terms confirmed.", number)
        self.message_user(request, text % {"number": number}, messages.SUCCESS)

    def view_on_site(self, term: Term) -> str:
        if not term.is_public:
            return ""
        try:
            return term.get_absolute_url()
        except NoReverseMatch:  # a vocabulary without pages of its own
            return ""

    # -- saving and deleting

    def save_model(self, request: HttpRequest, obj: Term, form: forms.ModelForm, change: bool) -> None:
        if change and "name" in form.changed_data:
            try:
                rename(obj, obj.name, by=request.user)
            except Refused as refusal:  # somebody took the name in this moment: the form says so
                raise IntegrityError(str(refusal)) from refusal
        super().save_model(request, obj, form, change)
        if "parent" in form.changed_data and obj.parent:
            try:
                put(obj, obj.parent)
            except Refused as refusal:
                raise IntegrityError(str(refusal)) from refusal

    def get_deleted_objects(self, objs: Iterable[Term], request: HttpRequest) -> tuple:
        """A term in use is not deleted: say how much uses it rather than list it all."""
        counts = use_counts(self.model, (term.pk for term in objs))
        kept = [
            ngettext("%(term)s: %(number)d article", "%(term)s: %(number)d articles", counts[term.pk])
            % {"term": term.name, "number": counts[term.pk]}
            for term in objs
            if counts[term.pk]
        ][:MAX_KEPT]
        kept += [
            _("%(term)s: its address leads to another term") % {"term": term.name}
            for term in objs
            if term.pointer
        ][:MAX_KEPT]
        if kept:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)


def _register(model: type[Term]) -> None:
    alias_model: type[Alias] = model.alias_model()

    class AliasInline(admin.TabularInline):
        model = alias_model
        formset = AliasFormSet
        fields = ["name"]
        extra = 0

        # Whoever may change a term may change its aliases: they have no rights of their own.
        def has_view_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return may_see(request.user, self.parent_model)

        def has_add_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "change") or (obj is None and self._may(request, "add"))

        def has_change_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "change")

        def has_delete_permission(self, request: HttpRequest, obj: Term | None = None) -> bool:
            return self._may(request, "change")

        def _may(self, request: HttpRequest, act: str) -> bool:
            return may(request.user, act, self.parent_model)

    admin.site.register(model, type(f"{model.__name__}Admin", (TermAdmin,), {"inlines": [AliasInline]}))


admin.site.unregister(Tag)  # taggit's own vocabulary, which nothing here uses
for _model in (Keyword, Technology, Industry):
    _register(_model)
