"""The forms of an article: its fields, its event summary, its points."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import links
from articles.admin.terms_field import write_terms
from articles.identity import text_hash
from articles.models import MAX_EXCERPT, TERM_FIELDS, Article, DateOrigin, EventPoint, EventSummary, Source


class PlainText(forms.CharField):
    """Text as it is stored: a browser's line ends do not change it, and nothing is trimmed."""

    widget = AdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, "required": False} | kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


def _rows(number: int) -> AdminTextareaWidget:
    return AdminTextareaWidget(attrs={"rows": number})


class ArticleForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = PlainText(label=gettext_lazy("Title"), strip=True, required=True, widget=_rows(2))
    url = forms.CharField(
        label=gettext_lazy("Link"),
        required=False,
        widget=AdminTextInputWidget(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=gettext_lazy("The address of the original."),
    )
    summary = PlainText(
        label=gettext_lazy("Text"),
        widget=_rows(12),
        help_text=gettext_lazy("总结, as delivered, any length."),
    )
    excerpt = PlainText(
        label=gettext_lazy("Excerpt"),
        max_length=MAX_EXCERPT,
        widget=_rows(3),
        help_text=gettext_lazy(
            "What readers get when the full text may not be shown, at most 200 characters. "
            "Empty: its first sentences."
        ),
    )

    class Meta:
        model = Article
        fields = ["title", "url", "source", "summary", "excerpt", "reuse", "source_date", *TERM_FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is stored now of the fields that a stale form would have changed: (label, text).
        self.stored: list[tuple[str, str]] = []
        self.old_url = self.instance.url if self.instance.pk else ""
        self.old_text_hash = self.instance.text_hash
        self.initial["version"] = self.instance.version
        for name in TERM_FIELDS:
            if self.instance.pk:
                self.initial[name] = [term.name for term in getattr(self.instance, name).all()]

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].splitlines())

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.instance.pk:
            self._check_version()
        if "url" in self.cleaned_data:
            self._check_link()
        return self.cleaned_data

    def _check_version(self) -> None:
        """Nobody's work is overwritten unseen. The row stays locked until this request ends.

        What the browser saw, what was loaded for this request and what is stored must be the same version.
        """
        stored = Article.objects.select_for_update(of=("self",)).values_list("version", flat=True)
        if self.cleaned_data.get("version") == self.instance.version == stored.get(pk=self.instance.pk):
            return
        self.stored = [
            (self.fields[name].label, self.initial.get(name))
            for name in self.changed_data
            if name in self.fields and name != "version"
        ]
        raise ValidationError(
            format_html(
                '{} <a href="{}" target="_blank">{}</a>',
                _(
                    "Somebody has changed this article since you opened it, so nothing was saved. "
                    "What you typed is still here: carry it over to the present version."
                ),
                reverse("admin:articles_article_change", args=[self.instance.pk]),
                _("Open the present version"),
            ),
            code="stale",
        )

    def _check_link(self) -> None:
        url_key = links.canonical(self.cleaned_data["url"])
        other = url_key and Article.objects.filter(url_key=url_key).exclude(pk=self.instance.pk).first()
        if other:
            address = reverse("admin:articles_article_change", args=[other.pk])
            text = format_html(
                '{} <a href="{}">{}</a>', _("Another article has this link:"), address, other.title
            )
            self.add_error("url", text)
        self.instance.url_key = url_key

    def _post_clean(self) -> None:
        super()._post_clean()
        if "source_date" in self.changed_data:
            self.instance.source_date_origin = DateOrigin.GIVEN if self.instance.source_date else ""
        self.instance.text_hash = text_hash(self.instance.summary)

    def must_save(self) -> bool:
        return bool(self.changed_data) or self.instance.text_hash != self.old_text_hash

    def choose_source(self) -> None:
        """The source follows the link where the editor has chosen none, or none other than the link's."""
        article, followed = self.instance, links.host(self.old_url) if self.old_url else None
        if "source" in self.changed_data and article.source_id:
            return
        if article.source and ("url" not in self.changed_data or article.source.host != followed):
            return
        if article.url_key and (host := links.host(article.url)):
            article.source = Source.objects.for_hosts([host])[host]

    def _save_m2m(self) -> None:
        for name in TERM_FIELDS:
            if name in self.cleaned_data and name in self.changed_data:
                write_terms(self.instance, name, self.cleaned_data[name])


class EventSummaryForm(forms.ModelForm):
    intro = PlainText(label=gettext_lazy("Intro"), widget=_rows(4))
    conclusion = PlainText(label=gettext_lazy("Conclusion"), widget=_rows(4))

    class Meta:
        model = EventSummary
        fields = ["intro", "conclusion", "origin"]


class PointForm(forms.ModelForm):
    position = forms.IntegerField(
        label=gettext_lazy("No."), required=False, widget=forms.NumberInput(attrs={"class": "vPosition"})
    )
    heading = PlainText(label=gettext_lazy("Heading"), strip=True, widget=_rows(2))
    body = PlainText(label=gettext_lazy("Body"), widget=_rows(4))

    class Meta:
        model = EventPoint
        fields = ["position", "heading", "body"]

    def _get_validation_exclusions(self) -> set[str]:
        """The formset numbers the points when all are known, and drops empty ones."""
        return super()._get_validation_exclusions() | {"position", "heading", "body"}

    def is_empty(self) -> bool:
        return not any(self.cleaned_data.get(name, "").strip() for name in ("heading", "body"))

    def place(self) -> tuple[float, int]:
        """Where the editor wants this point; one moved up goes before the point it meets, one moved down after."""
        wanted, was = self.cleaned_data.get("position"), self.initial.get("position")
        if wanted is None:
            return float("inf"), 0
        if was is None or wanted < was:
            return wanted, -1
        return wanted, int(wanted > was)


class PointFormSet(forms.BaseInlineFormSet):
    """Points in the order of their numbers, then numbered from 1 without gaps; empty ones are dropped."""

    def validate_unique(self) -> None:
        """Numbers may repeat in the form: saving makes them unique."""

    def _should_delete_form(self, form: PointForm) -> bool:
        return super()._should_delete_form(form) or (form.is_valid() and form.is_empty())

    def clean(self) -> None:
        super().clean()
        self.kept = sorted(filter(self._is_kept, self.forms), key=PointForm.place)
        for number, form in enumerate(self.kept, start=1):
            form.instance.position = number

    def _is_kept(self, form: PointForm) -> bool:
        return form.is_valid() and not self._should_delete_form(form)

    def save(self, commit: bool = True) -> list[EventPoint]:
        """Numbers may have moved where nothing else has: a deleted point closes its gap."""
        saved = super().save(commit)
        moved = [
            form.instance
            for form in self.kept
            if form.instance.pk and form.initial.get("position") != form.instance.position
        ]
        EventPoint.objects.bulk_update(moved, ["position"])
        return saved
