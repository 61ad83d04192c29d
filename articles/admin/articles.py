"""The admin of articles: form, list, actions, and the pages of the workflow's verbs."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import IntegrityError
from django.db.models import Field, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import checklist, editing, workflow
from articles.admin import stale, verbs
from articles.admin.conflicts import ConflictsMixin
from articles.admin.corrections import CorrectionsMixin
from articles.admin.drafts import DraftsMixin
from articles.admin.exports import DownloadsMixin
from articles.admin.filters import (
    TERM_FILTERS,
    ArticleBatchFilter,
    AssignedFilter,
    CareFilter,
    LacksFilter,
    SourceFilter,
    WaitingFilter,
)
from articles.admin.finding import IndexSearchMixin
from articles.admin.forms import ArticleForm
from articles.admin.history import HistoryMixin
from articles.admin.lists import BoundedListMixin
from articles.admin.panels import event_text, latest_revisions, provenance
from articles.admin.points_views import evidence, evidence_of, parse_points
from articles.admin.retagging import RetaggingMixin
from articles.admin.teamwork import TeamworkMixin
from articles.admin.terms_field import TermsField, suggest, tell_moved
from articles.admin.triage import TriageMixin
from articles.models import TERM_FIELDS, Article, ImportRow
from newsroom.ids import is_id
from taxonomy.admin import SecondLookMixin

MAX_TITLE = 200  # characters of a title in the list


class ArticleList(ChangeList):
    """The rows of the list without the long texts, in a constant number of statements."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        latest = ImportRow.objects.filter(article=OuterRef("pk")).order_by("-id").values("needs_care")[:1]
        articles = super().get_queryset(request, exclude_parameters)
        return (
            articles.defer("summary", "base", "extra", "also_at", "excerpt")
            .prefetch_related("technologies", "industries")
            .annotate(needs_care=Subquery(latest))
        )


@admin.register(Article)
class ArticleAdmin(
    TriageMixin,
    DownloadsMixin,
    RetaggingMixin,
    TeamworkMixin,
    DraftsMixin,
    ConflictsMixin,
    CorrectionsMixin,
    HistoryMixin,
    IndexSearchMixin,
    SecondLookMixin,
    BoundedListMixin,
    admin.ModelAdmin,
):
    form = ArticleForm
    autocomplete_fields = ["source"]
    readonly_fields = ["source_date_origin"]
    fieldsets = [
        (None, {"fields": ["title", "url", "source", *TERM_FIELDS]}),
        (
            gettext_lazy("Text and rights"),
            {"fields": ["summary", "excerpt", "reuse", "source_date", "source_date_origin"]},
        ),
        (
            gettext_lazy("Event summary"),
            {"fields": ["intro", "points", "conclusion", "verified"], "classes": ["desk-event"]},
        ),
        (None, {"fields": ["note"]}),
    ]
    list_display = ["headline", "state", "source", "list_technologies", "list_industries", "dated", "changed"]
    list_display_links = ["headline"]
    list_filter = [
        "status",
        WaitingFilter,
        AssignedFilter,
        LacksFilter,
        CareFilter,
        "source_date_origin",
        SourceFilter,
        ArticleBatchFilter,
        *TERM_FILTERS,
    ]
    list_select_related = ["source"]
    list_per_page = 50
    sortable_by = ["state"]  # what an index can sort a million articles by
    actions = ["publish_selected", "withdraw_selected"]
    view_on_site = False
    change_form_template = "admin/articles/article/change_form.html"

    # -- list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ArticleList

    @admin.display(description=gettext_lazy("title"))
    def headline(self, article: Article) -> str:
        title = Truncator(article.title).chars(MAX_TITLE)
        if not getattr(article, "needs_care", False):
            return title
        label = _("The import found something to look at")
        return format_html(
            '{} <span class="desk-care" role="img" title="{}" aria-label="{}">!</span>',
            title,
            label,
            label,
        )

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, article: Article) -> str:
        label = article.state
        return format_html('<span class="desk-status desk-{}">{}</span>', article.status, label)

    @admin.display(description=gettext_lazy("AI technologies"))
    def list_technologies(self, article: Article) -> str:
        return "、".join(term.name for term in article.technologies.all())

    @admin.display(description=gettext_lazy("industries"))
    def list_industries(self, article: Article) -> str:
        return "、".join(term.name for term in article.industries.all())

    @admin.display(description=gettext_lazy("date of the original"))
    def dated(self, article: Article) -> str:
        return article.source_date.isoformat() if article.source_date else ""

    @admin.display(description=gettext_lazy("changed"))
    def changed(self, article: Article) -> str:
        return timezone.localtime(article.updated_at).strftime("%Y-%m-%d %H:%M")

    # -- rights

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return False  # what is not wanted is declined or withdrawn: history is for good

    # -- form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What no page of ours sends: Django would fall over it."""
        source = request.POST.get("source", "")
        if "_saveasnew" in request.POST or "_to_field" in request.POST or (source and not is_id(source)):
            raise BadRequest
        return super().changeform_view(request, *args, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> list:
        """Who may only look gets the event summary as text: the form's fields for it are no fields of the article."""
        if self.has_change_permission(request, obj) or obj is None:
            return self.fieldsets
        return [*self.fieldsets[:2], (self.fieldsets[2][0], {"fields": ["event_text"]})]

    @admin.display(description=gettext_lazy("event summary"))
    def event_text(self, article: Article) -> str:
        return event_text(article)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        form.query = request.GET
        return form

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name in TERM_FIELDS:
            opts = db_field.remote_field.model._meta
            may_add = request.user.has_perm(f"{opts.app_label}.add_{opts.model_name}")
            return TermsField(db_field, self.admin_site, may_add=may_add)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: Any, obj: Article | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            form = context["adminform"].form
            suggest(form, form.text)
            context |= evidence_of(form.text, request.GET) | self.teamwork_context(request, obj)
            context |= {
                "stale": stale.panel(form),
                "verbs": [
                    (verb, workflow.TRANSITIONS[verb].label) for verb in workflow.allowed(obj, request.user)
                ],
                "needs_another": workflow.needs_another(obj, request.user),
                "state": self.state(obj),
                "import_rows": provenance(obj),
                "other_labels": list(obj.extra.items()),
                "revisions": latest_revisions(obj),
                "evidence_address": reverse("admin:articles_article_evidence", args=[obj.pk]),
                "draft": form.draft,
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # -- saving: all in the one transaction that the admin opens around a form

    def save_model(self, request: HttpRequest, obj: Article, form: ArticleForm, change: bool) -> None:
        said = {"by": request.user, "note": form.cleaned_data["note"]}
        try:
            if change:
                saved = editing.save(obj, form.changes(), **said)
            else:
                made = form.made or editing.create(form.changes(), key=form.record_key, **said)
                obj.pk, saved = made.pk, None
        except workflow.Refused as refusal:  # somebody took the link in this moment: the form says so
            raise IntegrityError from refusal
        tell_moved(request, form)
        if saved and obj.approved:
            text = _("Saved as a draft: readers see it once it is approved.")
            self.message_user(request, text, messages.INFO)

    def save_related(self, request: HttpRequest, form: ArticleForm, formsets: Any, change: bool) -> None:
        """There is nothing else: terms and points went with the article."""

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        if "onto" in request.POST:  # two texts have become one: she looks at it
            request.POST = request.POST.copy()
            request.POST["_continue"] = "1"
        return super().response_change(request, obj)

    # -- pages of an article's own

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/do/<slug:verb>/", view(self.do), name="articles_article_do"),
            path("<int:pk>/evidence/", view(self.evidence), name="articles_article_evidence"),
            path("parse-points/", view(parse_points), name="articles_article_parse_points"),
            *super().get_urls(),
        ]

    def _visible(self, request: HttpRequest, pk: int) -> Article:
        article = self.get_object(request, str(pk))
        if article is None:
            raise Http404
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        return article

    def evidence(self, request: HttpRequest, pk: int) -> HttpResponse:
        return evidence(request, self._visible(request, pk))

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Ask whether to do it, and do it."""
        article = self._visible(request, pk)
        if verb not in workflow.TRANSITIONS:
            raise Http404
        if not request.user.has_perm(workflow.TRANSITIONS[verb].permission):
            raise PermissionDenied
        form = verbs.ArticleVerbForm(verb, request.POST or None, initial={"version": article.version})
        refusal = self._done(request, article, verb, form) if form.is_bound and form.is_valid() else None
        if refusal == "":
            return HttpResponseRedirect(reverse("admin:articles_article_change", args=[pk]))
        impossible = verb not in workflow.allowed(article, request.user)
        if impossible and not form.is_bound:
            refusal = workflow.why_not(verb, article, request.user)
        checks = checklist.checks(article) if verb in {"submit", "publish"} and not impossible else []
        more = {"refusal": refusal, "checks": checks, "impossible": impossible}
        return self._ask(request, verb, [article], form, **more)

    def _done(self, request: HttpRequest, article: Article, verb: str, form: verbs.VerbForm) -> str:
        """Do it; empty, or why it was refused."""
        article.version = form.cleaned_data["version"]
        note = form.cleaned_data["note"]
        try:
            more = {name: form.cleaned_data[name] for name in ("at", "point") if name in form.cleaned_data}
            verbs.act(verb, article, by=request.user, note=note, **more)
        except workflow.Refused as refusal:
            return str(refusal)
        label = workflow.TRANSITIONS[verb].label
        text = _("%(verb)s: done. The article is now %(status)s.")
        self.message_user(request, text % {"verb": label, "status": article.state}, messages.SUCCESS)
        return ""

    def _ask(
        self, request: HttpRequest, verb: str, articles: list[Article], form: verbs.VerbForm, **extra: Any
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": workflow.TRANSITIONS[verb].label,
            "opts": self.opts,
            "articles": articles,
            "verb": verb,
            "form": form,
            "consequence": verbs.CONSEQUENCES[verb],
            "hidden": [],
            "now_or_later": verbs.NOW_OR_LATER.get(verb),
            "refusal": "",
            "checks": [],
        }
        return TemplateResponse(request, "admin/articles/article/verb.html", context | extra)

    # -- actions

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        """Every verb that makes sense in bulk, for those who may do it."""
        ours = {
            f"{verb}_selected": (
                partial(_bulk, verb),
                f"{verb}_selected",
                _("%(verb)s: the selected articles …") % {"verb": workflow.TRANSITIONS[verb].label},
            )
            for verb in verbs.BULK
            if request.user.has_perm(workflow.TRANSITIONS[verb].permission)
        }
        return super().get_actions(request) | ours

    def ask_and_do_all(self, request: HttpRequest, verb: str, queryset: QuerySet) -> HttpResponse | None:
        """Ask once for all of them, then do it to each and say what came of each."""
        form = verbs.VerbForm(verb, request.POST if "asked" in request.POST else None)
        if form.is_bound and form.is_valid():
            cleaned = form.cleaned_data
            more = {name: cleaned[name] for name in ("at", "point") if name in cleaned}
            return self._do_all(request, verb, queryset, note=cleaned["note"], **more)
        selected = request.POST.getlist(admin.helpers.ACTION_CHECKBOX_NAME)
        hidden = [
            ("action", f"{verb}_selected"),
            ("asked", "1"),
            ("select_across", request.POST.get("select_across", "0")),
            *((admin.helpers.ACTION_CHECKBOX_NAME, pk) for pk in selected),
            *(
                ("seen", f"{pk}:{version}")
                for pk, version in queryset.values_list("pk", "version")[: verbs.MAX_AT_ONCE]
            ),
        ]
        shown = list(queryset[: verbs.MAX_LINES])
        rest = _some(queryset) - len(shown)
        return self._ask(request, verb, shown, form, hidden=hidden, rest=rest, bulk=True)

    def _do_all(self, request: HttpRequest, verb: str, queryset: QuerySet, *, note: str, **more: Any) -> None:
        if _some(queryset) > verbs.MAX_AT_ONCE:
            text = _("Choose at most %(number)d articles at a time.") % {"number": verbs.MAX_AT_ONCE}
            self.message_user(request, text, messages.ERROR)
            return
        articles = _as_seen(queryset, request.POST.getlist("seen"))
        moved, refused = verbs.act_on_all(verb, articles, by=request.user, note=note, **more)
        self._tell(request, [f"{_short(article)}: {reason}" for article, reason in refused], messages.WARNING)
        self._tell(request, [f"{_short(article)}: {article.state}" for article in moved], messages.SUCCESS)

    def _tell(self, request: HttpRequest, lines: list[str], level: int) -> None:
        for start in range(0, len(lines), verbs.MAX_LINES):
            some = ((line,) for line in lines[start : start + verbs.MAX_LINES])
            self.message_user(request, format_html_join(mark_safe("<br>"), "{}", some), level)


def _some(articles: QuerySet) -> int:
    """How many they are; beyond what can be done at once nobody counts on."""
    return articles.order_by().values("pk")[: verbs.MAX_AT_ONCE + 1].count()


def _as_seen(articles: QuerySet, seen: list[str]) -> list[Article]:
    """In the versions that the person was asked about; one changed since is refused."""
    versions = dict(pair.split(":", 1) for pair in seen if ":" in pair)
    found = list(articles)
    for article in found:
        if seen and versions.get(str(article.pk)) != str(article.version):
            article.version = 0
    return found


def _short(article: Article) -> str:
    return Truncator(article.title).chars(80)


def _bulk(verb: str, desk: ArticleAdmin, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return desk.ask_and_do_all(request, verb, queryset)
