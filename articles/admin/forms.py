"""The forms of an article: its fields, its event summary, its points."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import editing, links, revisions, rewriting
from articles.admin.points_field import PointsField
from articles.models import MAX_EXCERPT, TERM_FIELDS, Article, DateOrigin, Origin, Source

PLAIN = ("title", "url", "summary", "excerpt", "reuse", "intro", "points", "conclusion")
AS_STORED = (*PLAIN, "source_date", *TERM_FIELDS)  # fields that show what a snapshot has
# What an article says that is not there yet.
NOTHING: revisions.Snapshot = dict.fromkeys(PLAIN, "") | {
    **dict.fromkeys([*TERM_FIELDS, "points"], []),
    "source_date": None,
    "source": None,
    "origin": Origin.MACHINE.value,
}


class PlainText(forms.CharField):
    """Text as it is stored: a browser's line ends do not change it, and nothing is trimmed."""

    widget = AdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, "required": False} | kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


def _rows(number: int) -> AdminTextareaWidget:
    return AdminTextareaWidget(attrs={"rows": number})


def _in_words(value: Any) -> str:
    """What a field held, for a person to read: terms in a row, points in lines."""
    if not isinstance(value, list):
        return "" if value in (None, "") else str(value)
    if value and isinstance(value[0], dict):
        return "\n".join(f"{n}. {' '.join(filter(None, p.values()))}" for n, p in enumerate(value, start=1))
    return "、".join(value)


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

    intro = PlainText(label=gettext_lazy("Intro"), widget=_rows(4))
    points = PointsField(label=gettext_lazy("Event points"))
    conclusion = PlainText(label=gettext_lazy("Conclusion"), widget=_rows(4))
    verified = forms.BooleanField(
        label=gettext_lazy("I have checked the event summary against the original"),
        required=False,
        help_text=gettext_lazy(
            "Readers then see “verified by an editor”. A later change of the text undoes it."
        ),
    )

    note = forms.CharField(
        label=gettext_lazy("Why (optional)"),
        required=False,
        max_length=300,
        widget=AdminTextInputWidget,
        help_text=gettext_lazy("For the history: what was changed and why."),
    )

    class Meta:
        model = Article
        fields = ["title", "url", "source", "summary", "excerpt", "reuse", "source_date", *TERM_FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is stored now of the fields that a stale form would have changed: (label, text).
        self.stored: list[tuple[str, str]] = []
        # What the desk works on: the article, or the waiting draft of a published one.
        self.text = editing.text(self.instance) if self.instance.pk else NOTHING
        self.initial["version"] = self.instance.version
        if "points" in self.fields:
            self.fields["points"].widget.article_id = self.instance.pk
        self.initial |= {name: self.text[name] for name in AS_STORED} | {"source": self._source()}
        if self.text["source_date"]:
            self.initial["source_date"] = date.fromisoformat(self.text["source_date"])

    def _source(self) -> int | None:
        host = self.text["source"]
        return Source.objects.filter(host=host).values_list("pk", flat=True).first() if host else None

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
            (self.fields[name].label, _in_words(self.initial.get(name)))
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

    def changes(self) -> revisions.Snapshot:
        """What this form says of the article, in the shape of a snapshot. Only once it is valid."""
        said = {name: self.cleaned_data[name] for name in PLAIN if name in self.changed_data}
        for name in TERM_FIELDS:
            if name in self.changed_data:
                said[name] = [item.term.name if item.term else item.raw for item in self.cleaned_data[name]]
        if "source_date" in self.changed_data:
            day = self.cleaned_data["source_date"]
            said |= {
                "source_date": day.isoformat() if day else None,
                "source_date_origin": DateOrigin.GIVEN.value if day else "",
            }
        said["source"] = self._publisher()
        verified = self.cleaned_data.get("verified", False)
        return said | {"origin": rewriting.origin(self.text, self.text | said, verified=verified)}

    def _publisher(self) -> str | None:
        """The source follows the link where the editor has chosen none, or none other than the link's."""
        chosen, before, url = self.cleaned_data.get("source"), self.text["source"], self.cleaned_data["url"]
        if "source" in self.changed_data and chosen:
            return chosen.host
        if before and ("url" not in self.changed_data or before != links.host(self.text["url"])):
            return before
        return links.host(url)

    def _save_m2m(self) -> None:
        """Nothing: `editing` writes all of it."""
