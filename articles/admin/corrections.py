"""Corrections in the admin: told to readers, taken back, and all of them to look at."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from articles import corrections, workflow
from articles.admin.batches import ReadOnlyAdmin
from articles.admin.forms import PlainText, VersionForm
from articles.corrections import MAX_TEXT
from articles.models import Article, Correction
from newsroom.ids import MAX_ID
from newsroom.permissions import may_see

SHOWN = 50  # of an article, the latest
MAX_REASON = 500
MAX_LINE = 80  # characters of a text in the list


class CorrectionForm(VersionForm):
    wrong = PlainText(
        label=gettext_lazy("What was wrong"),
        required=True,
        strip=True,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy("As readers have read it."),
    )
    right = PlainText(
        label=gettext_lazy("What is right"),
        required=True,
        strip=True,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


class RetractionForm(VersionForm):
    """Which correction, and why it is taken back."""

    retract = forms.IntegerField(min_value=1, max_value=MAX_ID, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class CorrectionsMixin:
    """For the admin of articles: who may publish corrects what is public."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.correct))
        return [path("<int:pk>/correct/", view, name="articles_article_correct"), *super().get_urls()]

    def correct(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell readers that something was wrong, or take such a notice back."""
        article = self._visible(request, pk)
        if not request.user.has_perm(corrections.PERMISSION):
            raise PermissionDenied
        form, retraction, refusal = CorrectionForm(initial={"version": article.version}), None, ""
        if request.method == "POST" and "retract" in request.POST:
            retraction = RetractionForm(request.POST)
            refusal = self._retracted(request, article, retraction)
        elif request.method == "POST":
            form = CorrectionForm(request.POST)
            refusal = self._corrected(request, article, form)
        if request.method == "POST" and refusal is None:
            return HttpResponseRedirect(request.path)
        return self._correct_page(request, article, form, retraction, refusal)

    def _corrected(self, request: HttpRequest, article: Article, form: CorrectionForm) -> str | None:
        """None once it is done; else why it is not, empty where the form says so itself."""
        if not form.is_valid():
            return ""
        article.version = form.cleaned_data["version"]
        texts = {name: form.cleaned_data[name] for name in ("wrong", "right")}
        try:
            corrections.publish(article, **texts, by=request.user)
        except workflow.Refused as refusal:
            return str(refusal)
        text = _("The correction stands on the article’s page and in the list of corrections.")
        self.log_change(request, article, _("Correction: %(text)s") % {"text": texts["right"]})
        self.message_user(request, text, messages.SUCCESS)
        return None

    def _retracted(self, request: HttpRequest, article: Article, form: RetractionForm) -> str | None:
        if not form.is_valid():
            return " ".join(error for errors in form.errors.values() for error in errors)
        correction = article.corrections.filter(pk=form.cleaned_data["retract"]).first()
        if correction is None:
            raise Http404
        article.version = form.cleaned_data["version"]
        correction.article = article
        try:
            corrections.retract(correction, by=request.user, reason=form.cleaned_data["reason"])
        except workflow.Refused as refusal:
            return str(refusal)
        self.message_user(request, _("Readers no longer see this correction."), messages.SUCCESS)
        return None

    def _correct_page(
        self,
        request: HttpRequest,
        article: Article,
        form: CorrectionForm,
        retraction: RetractionForm | None,
        refusal: str | None,
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("Correct what readers have read"),
            "opts": self.opts,
            "article": article,
            "form": form,
            "asked": retraction.data.get("retract") if retraction else "",
            "reason": retraction.data.get("reason", "")[:MAX_REASON] if retraction else "",
            "max_reason": MAX_REASON,
            "refusal": refusal,
            "corrections": article.corrections.select_related("by")[:SHOWN],
        }
        return TemplateResponse(request, "admin/articles/article/correct.html", context)


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ["said", "of_article", "at", "by", "retracted_at"]
    list_filter = [("retracted_at", admin.EmptyFieldListFilter)]
    fields = ["of_article", "wrong", "right", "by", "at", "retracted_at"]
    list_select_related = ["by", "article"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).defer("article__summary", "article__base", "article__extra")
        return found.annotate(may_see_article=Value(may_see(request.user, Article)))

    @admin.display(description=gettext_lazy("what is right"), ordering="right")
    def said(self, correction: Correction) -> str:
        return Truncator(correction.right).chars(MAX_LINE)

    @admin.display(description=gettext_lazy("article"))
    def of_article(self, correction: Correction) -> Any:
        if not correction.may_see_article:
            return f"#{correction.article_id}"
        address = reverse("admin:articles_article_change", args=[correction.article_id])
        return format_html(
            '<a href="{}">{}</a>', address, Truncator(correction.article.title).chars(MAX_LINE)
        )
