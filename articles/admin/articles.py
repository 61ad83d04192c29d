"""The admin of articles: form, list, actions, and the pages of the workflow's verbs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import F, Field, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import revisions, story, workflow
from articles.admin import verbs
from articles.admin.filters import (
    TERM_FILTERS,
    ArticleBatchFilter,
    CareFilter,
    LacksFilter,
    SourceFilter,
)
from articles.admin.finding import IndexSearchMixin
from articles.admin.forms import ArticleForm, EventSummaryForm, PointForm, PointFormSet
from articles.admin.panels import latest_revisions, provenance
from articles.admin.terms_field import TermsField
from articles.models import (
    TERM_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    ImportRow,
    Origin,
    RevisionKind,
    Status,
)
from articles.views.articles import detail_context
from taxonomy.admin import SecondLookMixin

EVENT_TEXTS = ("intro", "points", "conclusion")
# What a save of the form writes: its fields and what follows from them. Status, base and the record's keys are
# the workflow's and the importer's.
SAVED_COLUMNS = [name for name in ArticleForm.Meta.fields if name not in TERM_FIELDS]
SAVED_COLUMNS += ["url_key", "text_hash", "source_date_origin"]


def _may_edit(user: AbstractBaseUser, article: Article) -> bool:
    """What readers see, or will at its time, is changed at once: for those alone who may publish."""
    return article.status != Status.PUBLISHED or user.has_perm(workflow.TRANSITIONS["publish"].permission)


def _may_open(request: HttpRequest, article: Article | None) -> bool:
    """The same for the door of the form. Who comes back with an older version comes in: the form refuses
    her and keeps what she typed while somebody else published the article.
    """
    if article is None or _may_edit(request.user, article):
        return True
    return request.method == "POST" and request.POST.get("version") != str(article.version)


MAX_TITLE = 200  # characters of a title in the list


class PartOfArticle:
    """Whoever may see or change an article may see or change its event summary: no rights of its own."""

    def has_view_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return any(request.user.has_perm(f"articles.{what}_article") for what in ("view", "change"))

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return request.user.has_perm("articles.change_article") and _may_open(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        adding = obj is None and request.user.has_perm("articles.add_article")
        return adding or self.has_change_permission(request, obj)

    has_delete_permission = has_change_permission


class EventSummaryInline(PartOfArticle, admin.StackedInline):
    model = EventSummary
    form = EventSummaryForm
    can_delete = False
    max_num = 1


class EventPointInline(PartOfArticle, admin.TabularInline):
    model = EventPoint
    form = PointForm
    formset = PointFormSet
    extra = 0


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
class ArticleAdmin(IndexSearchMixin, SecondLookMixin, admin.ModelAdmin):
    form = ArticleForm
    inlines = [EventSummaryInline, EventPointInline]
    autocomplete_fields = ["source"]
    readonly_fields = ["source_date_origin"]
    fieldsets = [
        (None, {"fields": ["title", "url", "source", *TERM_FIELDS]}),
        (
            gettext_lazy("Text and rights"),
            {"fields": ["summary", "excerpt", "reuse", "source_date", "source_date_origin"]},
        ),
    ]
    list_display = ["headline", "state", "source", "list_technologies", "list_industries", "dated", "changed"]
    list_display_links = ["headline"]
    list_filter = [
        "status",
        LacksFilter,
        CareFilter,
        "source_date_origin",
        SourceFilter,
        ArticleBatchFilter,
        *TERM_FILTERS,
    ]
    list_select_related = ["source"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["publish_selected", "withdraw_selected"]
    view_on_site = False
    change_form_template = "admin/articles/article/change_form.html"

    # -- list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ArticleList

    @admin.display(description=gettext_lazy("title"), ordering="title")
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

    @admin.display(description=gettext_lazy("date of the original"), ordering="source_date")
    def dated(self, article: Article) -> str:
        return article.source_date.isoformat() if article.source_date else ""

    @admin.display(description=gettext_lazy("changed"), ordering="updated_at")
    def changed(self, article: Article) -> str:
        return timezone.localtime(article.updated_at).strftime("%Y-%m-%d %H:%M")

    # -- rights

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return False  # what is not wanted is declined or withdrawn: history is for good

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(workflow.TRANSITIONS["publish"].permission)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(workflow.TRANSITIONS["withdraw"].permission)

    # -- form

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
            context |= {
                "verbs": [
                    (verb, workflow.TRANSITIONS[verb].label) for verb in workflow.allowed(obj, request.user)
                ],
                "state": self.state(obj),
                "import_rows": provenance(obj),
                "revisions": latest_revisions(obj),
                "for_publishers": super().has_change_permission(request) and not _may_edit(request.user, obj),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # -- saving: all in the one transaction that the admin opens around a form

    def save_model(self, request: HttpRequest, obj: Article, form: ArticleForm, change: bool) -> None:
        if not change:
            form.before = {}, None
            obj.author = obj.editor = request.user
            form.choose_source()
            return super().save_model(request, obj, form, change)
        if not _may_edit(request.user, obj):
            raise PermissionDenied
        form.before = _state(obj)
        if form.must_save():
            form.choose_source()
            obj.save(update_fields=SAVED_COLUMNS)

    def save_related(self, request: HttpRequest, form: ArticleForm, formsets: Any, change: bool) -> None:
        """One save, one revision, one version more; none if nothing has changed."""
        super().save_related(request, form, formsets, change)
        after = _state(form.instance)
        if after == form.before:
            return
        _settle_origin(form.instance, form.before[0], after[0])
        if change:
            Article.objects.filter(pk=form.instance.pk).update(
                version=F("version") + 1, updated_at=timezone.now(), editor=request.user
            )
        snapshots = {form.instance.pk: after[0]}
        revisions.record_snapshots(snapshots, kind=RevisionKind.EDIT, by=request.user)

    # -- pages of an article's own

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="articles_article_preview"),
            path("<int:pk>/do/<slug:verb>/", view(self.do), name="articles_article_do"),
            *super().get_urls(),
        ]

    def _visible(self, request: HttpRequest, pk: int) -> Article:
        article = self.get_object(request, str(pk))
        if article is None:
            raise Http404
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        return article

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The article as readers would see it, whatever its state."""
        self._visible(request, pk)
        context = detail_context(story.whatever_its_state(pk)) | {"preview": True}
        response = TemplateResponse(request, "article_detail.html", context)
        response["X-Robots-Tag"] = "noindex"
        response["Cache-Control"] = "no-store, private"
        return response

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
        impossible = article.status not in workflow.TRANSITIONS[verb].sources
        if impossible and not form.is_bound:
            refusal = _("This is not possible while the article is %(status)s.") % {"status": article.state}
        problems = workflow.problems(article) if verb == "publish" and not form.is_bound else []
        more = {"refusal": refusal, "problems": problems, "impossible": impossible}
        return self._ask(request, verb, [article], form, **more)

    def _done(self, request: HttpRequest, article: Article, verb: str, form: verbs.VerbForm) -> str:
        """Do it; empty, or why it was refused."""
        article.version = form.cleaned_data["version"]
        note = form.cleaned_data["note"]
        try:
            verbs.act(verb, article, by=request.user, note=note, at=form.cleaned_data.get("at"))
        except workflow.Refused as refusal:
            return str(refusal)
        label = workflow.TRANSITIONS[verb].label
        self.log_change(request, article, f"{label}: {note}" if note else str(label))
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
            "refusal": "",
            "problems": [],
        }
        return TemplateResponse(request, "admin/articles/article/verb.html", context | extra)

    # -- actions

    @admin.action(description=gettext_lazy("Publish the selected articles"), permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._do_all(request, "publish", queryset, note="")

    @admin.action(description=gettext_lazy("Withdraw the selected articles …"), permissions=["withdraw"])
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        form = verbs.VerbForm("withdraw", request.POST if "asked" in request.POST else None)
        if form.is_bound and form.is_valid():
            self._do_all(request, "withdraw", queryset, note=form.cleaned_data["note"])
            return None
        selected = request.POST.getlist(admin.helpers.ACTION_CHECKBOX_NAME)
        hidden = [
            ("action", "withdraw_selected"),
            ("asked", "1"),
            ("select_across", request.POST.get("select_across", "0")),
            *((admin.helpers.ACTION_CHECKBOX_NAME, pk) for pk in selected),
        ]
        shown = list(queryset[: verbs.MAX_LINES])
        return self._ask(
            request, "withdraw", shown, form, hidden=hidden, rest=queryset.count() - len(shown), bulk=True
        )

    def _do_all(self, request: HttpRequest, verb: str, queryset: QuerySet, *, note: str) -> None:
        if queryset.count() > verbs.MAX_AT_ONCE:
            text = _("Choose at most %(number)d articles at a time.") % {"number": verbs.MAX_AT_ONCE}
            self.message_user(request, text, messages.ERROR)
            return
        moved, refused = verbs.act_on_all(verb, queryset, by=request.user, note=note)
        label = str(workflow.TRANSITIONS[verb].label)
        for article in moved:
            self.log_change(request, article, f"{label}: {note}" if note else label)
        self._tell(request, [f"{article}: {reason}" for article, reason in refused], messages.WARNING)
        self._tell(request, [f"{article}: {article.state}" for article in moved], messages.SUCCESS)

    def _tell(self, request: HttpRequest, lines: list[str], level: int) -> None:
        if lines:
            text = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in verbs.bounded(lines)))
            self.message_user(request, text, level)


def _state(article: Article) -> tuple[revisions.Snapshot, int | None]:
    """All of the article that an editor can change, as the database has it."""
    whole = Article.objects.whole().get(pk=article.pk)
    return revisions.snapshot(whole), whole.source_id


def _settle_origin(article: Article, before: revisions.Snapshot, after: revisions.Snapshot) -> None:
    """A person who edits a machine's summary makes it an edited one, unless she has marked it verified."""
    changed = any((before.get(text) or None) != (after[text] or None) for text in EVENT_TEXTS)
    if changed and after["origin"] == Origin.MACHINE:
        EventSummary.objects.update_or_create(article=article, defaults={"origin": Origin.EDITED})
        after["origin"] = Origin.EDITED.value
