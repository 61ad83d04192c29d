"""What the desk has learned: the list of rules, and a page for each that shows what it would do, to agree or not."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from taxonomy.admin.records import ReadOnlyMixin, VocabularyFilter, changeable
from taxonomy.learning import TWICE, accept, foresee, proposals, reject, terms
from taxonomy.merge import Refused
from taxonomy.models import VOCABULARIES, Rule, RuleDecision, Term

SHOWN = 20  # of what it was corrected in


class StandingFilter(admin.SimpleListFilter):
    """Unless asked for another, what waits for a decision."""

    title = gettext_lazy("decision")
    parameter_name = "standing"
    OPEN, ALL = "open", "all"
    LOOKUPS = [
        (OPEN, gettext_lazy("Proposed")),
        (RuleDecision.ACCEPTED.value, RuleDecision.ACCEPTED.label),
        (RuleDecision.REJECTED.value, RuleDecision.REJECTED.label),
        (ALL, gettext_lazy("All")),
    ]

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return self.LOOKUPS

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        for name, label in self.LOOKUPS:
            yield {
                "selected": name == (self.value() or self.OPEN),
                "query_string": changelist.get_query_string({self.parameter_name: name}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in RuleDecision.values:
            return queryset.filter(decision=self.value())
        if self.value() == self.ALL:
            return queryset
        return queryset.filter(pk__in=proposals().order_by().values("pk"))


@admin.register(Rule)
class RuleAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["says", "which", "times", "standing"]
    list_display_links = ["says"]
    list_filter = [StandingFilter, VocabularyFilter]
    list_select_related = ["decided_by", "merge"]
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ["times"]
    show_facets = admin.ShowFacets.NEVER
    actions = None

    # -- who may: whoever may change the vocabulary

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(changeable(request))

    def has_view_permission(self, request: HttpRequest, obj: Rule | None = None) -> bool:
        return bool(changeable(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(vocabulary__in=changeable(request))

    # -- what the list says

    @admin.display(description=gettext_lazy("rule"))
    def says(self, rule: Rule) -> str:
        text = _("“%(name)s” is an alias of “%(term)s”")
        return text % {"name": rule.name, "term": rule.target}

    @admin.display(description=gettext_lazy("vocabulary"))
    def which(self, rule: Rule) -> str:
        return str(VOCABULARIES[rule.vocabulary]._meta.verbose_name)

    @admin.display(description=gettext_lazy("decision"))
    def standing(self, rule: Rule) -> str:
        if rule.merge and rule.merge.undone_at:
            return _("accepted, and undone since")
        if rule.decision:
            label = rule.get_decision_display()
            return f"{label} · {rule.decided_by}" if rule.decided_by else label
        return _("proposed") if rule.times >= TWICE else _("seen once")

    # -- the page of one

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rule = self.get_object(request, object_id)
        if rule is None:
            raise Http404
        refusal = self._answered(request, rule) if request.method == "POST" else None
        if refusal == "":
            return HttpResponseRedirect(reverse("admin:taxonomy_rule_changelist"))
        return self._page(request, rule, refusal or "")

    def _answered(self, request: HttpRequest, rule: Rule) -> str:
        """Do what was asked; empty, or why it was refused. Nothing is accepted but what this person has seen."""
        if "accept" in request.POST and request.POST.get("seen") != _seen(terms(rule)):
            return _("The terms have changed since you looked. Look again at what it would do.")
        try:
            if "accept" in request.POST:
                self._accepted(request, accept(rule, by=request.user))
            elif "reject" in request.POST:
                reject(rule, by=request.user)
                self.message_user(request, _("Rejected: it is not proposed again."), messages.SUCCESS)
        except Refused as refused:
            return str(refused)
        return ""

    def _accepted(self, request: HttpRequest, rule: Rule) -> None:
        number = rule.merge.rows + rule.merge.doubles if rule.merge else 0
        text = ngettext(
            "%(rule)s from now on. %(number)d assignment changed.",
            "%(rule)s from now on. %(number)d assignments changed.",
            number,
        )
        self.message_user(request, text % {"rule": self.says(rule), "number": number}, messages.SUCCESS)

    def _page(self, request: HttpRequest, rule: Rule, refusal: str) -> HttpResponse:
        loser, survivor = terms(rule)
        context = self.admin_site.each_context(request) | {
            "title": self.says(rule),
            "opts": self.opts,
            "rule": rule,
            "which": self.which(rule),
            "standing": self.standing(rule),
            "waits": not rule.decision,
            "loser": loser,
            "survivor": survivor,
            "preview": None if rule.decision else foresee(rule),
            "seen": _seen((loser, survivor)),
            "subjects": [_subject(one) for one in rule.seen_in[:SHOWN]],
            "more": max(rule.times - SHOWN, 0),
            "undo_address": _undo_address(rule),
            "refusal": refusal,
        }
        return TemplateResponse(request, "admin/taxonomy/rule.html", context)


def _seen(found: tuple[Term | None, Term | None]) -> str:
    return "-".join(str(term.pk) if term else "" for term in found)


def _undo_address(rule: Rule) -> str:
    standing = rule.merge and not rule.merge.undone_at
    return reverse("admin:taxonomy_merge_undo", args=[rule.merge_id]) if standing else ""


def _subject(subject: str) -> str:
    """What it was corrected in, as a link to its page on the desk: `articles.article:12`."""
    label, _colon, pk = subject.partition(":")
    try:
        model = apps.get_model(label)
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except (LookupError, ValueError, NoReverseMatch):
        return subject
    return format_html('<a href="{}">{} {}</a>', address, model._meta.verbose_name, pk)
