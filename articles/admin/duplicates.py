"""Possible duplicates in the admin: what waits in groups, and a page for each pair to join it or dismiss it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from articles import duplicates, editing, workflow
from articles.admin import changes
from articles.admin.forms import NoteField, VersionField
from articles.compare import compare
from articles.models import OUT_OF_USE, TERM_FIELDS, Article, Decision, DuplicatePair, Status
from articles.revisions import Snapshot
from newsroom.ids import is_id
from newsroom.permissions import may_see
from taxonomy.admin import ReadOnlyMixin

ON_A_PAGE = 50  # pairs
OTHERS = 20  # pairs of the same group that a pair's page names
SHOWN = 30  # terms or links of a side
TEXTS = ("title", "summary", "intro", "points", "conclusion")
BRIEF = [
    f"{side}__{name}"
    for side in ("low", "high")
    for name in (
        "title",
        "status",
        "published_at",
        "withdraw_at",
        "source_date",
        "source__host",
        "source__name",
    )
]


class PairForm(forms.Form):
    """What the person has seen, and one of the ways to decide."""

    low, high = VersionField(), VersionField()
    act = forms.ChoiceField(
        choices=[(name, name) for name in ("low", "high", "dismiss", "separate", "again")],
        error_messages={"required": gettext_lazy("Choose what to do.")},
    )
    note = NoteField()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two articles, as the page shows it."""

    name: str
    article: Article
    text: Snapshot
    may_stay: bool  # this person may take the other one out of use

    @property
    def terms(self) -> list[tuple[str, list[str]]]:
        return [(changes.label(name), self.text[name][:SHOWN]) for name in TERM_FIELDS if self.text[name]]

    @property
    def links(self) -> list[str]:
        return [link for link in [self.text["url"], *self.text["also_at"]] if link][:SHOWN]


@dataclass
class Group:
    """Pairs that hang together, and how many articles they are about."""

    pairs: list[DuplicatePair] = field(default_factory=list)
    articles: set[int] = field(default_factory=set)


@admin.register(DuplicatePair)
class DuplicatePairAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Whoever may see articles may look; whoever may change them decides."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see(request.user, Article)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("articles.change_article")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pair = require_http_methods(["GET", "HEAD", "POST"])(self.pair)
        return [
            path("", view(require_safe(self.waiting)), name="articles_duplicatepair_changelist"),
            path("<int:pk>/", view(pair), name="articles_duplicatepair_change"),
        ]

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        context |= self.admin_site.each_context(request) | {"opts": self.opts}
        return TemplateResponse(request, f"admin/articles/duplicatepair/{template}.html", context)

    def waiting(self, request: HttpRequest) -> HttpResponse:
        """What waits, the newest so many in groups, the most alike first; or what has been decided."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        decided = request.GET.get("show") == "decided"
        pairs = DuplicatePair.objects.decided() if decided else DuplicatePair.objects.waiting()
        before = request.GET.get("before", "")
        pairs = pairs.filter(pk__lt=before) if is_id(before) else pairs
        pairs = pairs.select_related("low__source", "high__source", "by")
        fields = [field.name for field in DuplicatePair._meta.fields if field.name != "brought"]
        found = list(
            pairs.only(*fields, *BRIEF, "by__username", "by__first_name", "by__last_name")[: ON_A_PAGE + 1]
        )
        page = found[:ON_A_PAGE]
        return self._page(
            request,
            "list",
            title=capfirst(self.opts.verbose_name_plural),
            decided=decided,
            rows=page,
            groups=[Group([pair]) for pair in page] if decided else groups(page),
            more=page[-1].pk if len(found) > ON_A_PAGE else None,
            is_first=not is_id(before),
        )

    def pair(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The two side by side, and what can be decided about them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pair = get_object_or_404(DuplicatePair.objects.select_related("by"), pk=pk)
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        form = PairForm(request.POST or None)
        refusal = ""
        if form.is_bound and form.is_valid():
            refusal = self._decided(request, pair, form)
            if not refusal:
                return HttpResponseRedirect(reverse("admin:articles_duplicatepair_changelist"))
            pair.refresh_from_db()
        return self._pair_page(request, pair, form, refusal)

    def _pair_page(
        self, request: HttpRequest, pair: DuplicatePair, form: PairForm, refusal: str
    ) -> HttpResponse:
        sides = self._sides(request, pair)
        texts = [{name: side.text[name] for name in TEXTS} for side in sides]
        others = DuplicatePair.objects.waiting().of(pair.low_id, pair.high_id).exclude(pk=pair.pk)
        others = others.select_related("low", "high").only("similarity", "low__title", "high__title")
        return self._page(
            request,
            "pair",
            title=_("Possible duplicates"),
            pair=pair,
            sides=sides,
            changes=changes.shown(compare(*texts)),
            others=others[:OTHERS],
            form=form,
            refusal=refusal,
            may_decide=self.has_change_permission(request),
            is_open=pair.decision == "" and OUT_OF_USE.isdisjoint(side.article.status for side in sides),
            is_joined=pair.decision == Decision.JOINED,
            is_dismissed=pair.decision == Decision.DISMISSED,
        )

    def _sides(self, request: HttpRequest, pair: DuplicatePair) -> list[Side]:
        """Raises Http404 where an import was undone and took one of them away."""
        found = Article.objects.select_related("source").in_bulk([pair.low_id, pair.high_id])
        if len(found) < 2:
            raise Http404
        low, high = found[pair.low_id], found[pair.high_id]
        return [_side("low", low, high, request), _side("high", high, low, request)]

    def _decided(self, request: HttpRequest, pair: DuplicatePair, form: PairForm) -> str:
        """Do it; empty, or why it was refused."""
        act = form.cleaned_data["act"]
        try:
            if act == "dismiss":
                duplicates.dismiss(pair, by=request.user)
            elif act == "again":
                duplicates.ask_again(pair, by=request.user)
            else:
                self._joined_or_separated(request, pair, form)
        except workflow.Refused as refusal:
            return str(refusal)
        self.message_user(request, _said(act, pair), messages.SUCCESS)
        return ""

    def _joined_or_separated(self, request: HttpRequest, pair: DuplicatePair, form: PairForm) -> None:
        found = Article.objects.in_bulk([pair.low_id, pair.high_id])
        if len(found) < 2:
            raise Http404
        low, high = found[pair.low_id], found[pair.high_id]
        low.version, high.version = form.cleaned_data["low"], form.cleaned_data["high"]
        act, note = form.cleaned_data["act"], form.cleaned_data["note"]
        if act == "separate":
            low_stays, verb = pair.kept == low.pk, duplicates.separate
        else:
            low_stays, verb = act == "low", duplicates.join
        stays, goes = (low, high) if low_stays else (high, low)
        verb(pair, stays, goes, by=request.user, note=note)


def _side(name: str, article: Article, other: Article, request: HttpRequest) -> Side:
    verb = "withdraw" if other.status == Status.PUBLISHED else "decline"
    may_stay = verb in workflow.allowed(other, request.user)
    return Side(name, article, editing.text(article), may_stay)


def _said(act: str, pair: DuplicatePair) -> str:
    if act == "dismiss":
        text = _("Not duplicates: nobody will be asked about these two again.")
    elif act == "again":
        text = _("The two wait for a decision again.")
    elif act == "separate":
        text = _("Separated. The article that went is to do again, and the two wait for a decision.")
    else:
        text = _("Joined with #%(number)d.") % {"number": pair.kept}
    address = reverse("admin:articles_duplicatepair_change", args=[pair.pk])
    return format_html('{} <a href="{}">{}</a>', text, address, _("Look at the two again"))


def groups(pairs: Iterable[DuplicatePair]) -> list[Group]:
    """The pairs in groups that share articles, the most alike first."""
    found: list[Group] = []
    for pair in sorted(pairs, key=lambda pair: -pair.similarity):
        both = {pair.low_id, pair.high_id}
        touching = [group for group in found if not group.articles.isdisjoint(both)]
        target = touching[0] if touching else Group()
        for group in touching[1:]:
            target.pairs += group.pairs
            target.articles |= group.articles
            found.remove(group)
        if not touching:
            found.append(target)
        target.pairs.append(pair)
        target.articles |= both
    return found
