"""The forms of an article: its fields, its event summary, its points."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4, uuid5

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import editing, links, revisions, rewriting
from articles.admin import carrying
from articles.admin.carrying import Carried, Part
from articles.admin.points_field import PointsField, part_of, typed_points
from articles.models import MAX_EXCERPT, TERM_FIELDS, Article, DateOrigin, Origin, Source
from newsroom.line_ends import lf

FORMS = UUID("6f1d0f52-7d0c-4b53-9c0a-2f2f5c1f8a57")  # the name space of the keys that forms come with
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
        return lf(super().to_python(value))


def _rows(number: int) -> AdminTextareaWidget:
    return AdminTextareaWidget(attrs={"rows": number})


class VersionField(forms.IntegerField):
    """Which version of an article the person has before her."""

    widget = forms.HiddenInput
    default_error_messages = dict.fromkeys(
        ["required", "invalid"],
        gettext_lazy("This form does not say which version of the article it is about. Open it again."),
    )


class NoteField(forms.CharField):
    """What the history shall say of it."""

    widget = forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})

    def __init__(self, **kwargs: Any) -> None:
        said = {"label": gettext_lazy("Note (optional)"), "max_length": 2000, "required": False}
        super().__init__(**said | kwargs)


class VersionForm(forms.Form):
    version = VersionField()


class ArticleForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # What the form showed, for the case that somebody else saves meanwhile.
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    # Of one that is being written: sent twice, it is still one article.
    key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid4)
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

    query = QueryDict()  # of the address: which part of the points it asks for

    class Meta:
        model = Article
        fields = ["title", "url", "source", "summary", "excerpt", "reuse", "source_date", *TERM_FIELDS]
        help_texts = dict.fromkeys(TERM_FIELDS, "")  # who may only look need not know how tags are typed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the desk works on: the article, or the waiting draft of a published one.
        self.text, self.draft = editing.present(self.instance) if self.instance.pk else (NOTHING, None)
        self.carried: Carried | None = None
        self.made: Article | None = None  # the article that this very form has made already
        self.initial |= {name: self.text[name] for name in AS_STORED} | {"source": self._source()}
        if self.text["source_date"]:
            self.initial["source_date"] = date.fromisoformat(self.text["source_date"])
        self.initial["version"] = self.instance.version
        if "points" in self.fields:
            self._prepare_points()

    def _prepare_points(self) -> None:
        field, points = self.fields["points"], self.text["points"]
        field.stored = points
        field.widget.article_id, field.widget.count = self.instance.pk, len(points)
        field.widget.query = self.query
        if self.instance.pk and not self.is_bound:
            self.initial["seen"] = carrying.seen(self.text, part_of(points, self.query))

    def _source(self) -> int | None:
        host = self.text["source"]
        return Source.objects.filter(host=host).values_list("pk", flat=True).first() if host else None

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].splitlines())

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.instance.pk:
            self._check_version()
        else:
            self._check_made()
        if "url" in self.cleaned_data:
            self._check_link()
        return self.cleaned_data

    # -- sent twice, or on an older version

    @property
    def record_key(self) -> UUID | None:
        """Nobody can choose one: an import may come with the key of an article that is there."""
        key = self.cleaned_data.get("key")
        return uuid5(FORMS, str(key)) if key else None

    def _check_made(self) -> None:
        self.made = Article.objects.filter(record_key=self.record_key).first() if self.record_key else None
        if self.made is None or self.errors:
            return
        text = editing.text(self.made)
        if any(text.get(name) != value for name, value in self.changes().items()):
            address = reverse("admin:articles_article_change", args=[self.made.pk])
            message = _("This form has been saved already, with another text. Make your change there:")
            link = format_html('{} <a href="{}" target="_blank">{}</a>', message, address, self.made)
            raise ValidationError(link, code="made")

    def _check_version(self) -> None:
        """Nobody's work is overwritten unseen. The row stays locked until this request ends.

        What the browser saw, what was loaded for this request and what is stored must be the same version; else what
        was typed is carried over to the newest one, once the person has seen what that means.
        """
        rows = Article.objects.select_for_update(of=("self",)).values_list("version", flat=True)
        stored = rows.get(pk=self.instance.pk)
        if self.cleaned_data.get("version") == self.instance.version == stored:
            return
        self.instance.refresh_from_db(fields=["version", "status", "published_at", "withdraw_at"])
        self.text, self.draft = editing.present(self.instance)
        self.carried = self._carry()
        agreed = self.data.get("onto") == str(stored) and not self.open_choices()
        if self.errors or not agreed:
            text = _(
                "Somebody has changed this article since you opened it, so nothing has been saved yet. "
                "What you typed is still here: save it onto the present version below."
            )
            raise ValidationError(text, code="stale")

    def _carry(self) -> Carried:
        was = carrying.read(self.cleaned_data.get("seen") or "")
        mine = self.typed()
        names = {name: editing.term_names(name, was[name]) for name in TERM_FIELDS if name in was}
        now = self.text | {name: editing.term_names(name, self.text[name]) for name in TERM_FIELDS}
        rows = self["points"].data
        part = Part(0, len(was.get("points", [])))
        if "points" in mine:
            mine["points"], part = typed_points(rows), rows.part or part
        return carrying.carry(was | names, mine, now, part, self.choices())

    def choices(self) -> dict[str, str]:
        """Of the fields that both have changed: whose text it shall be."""
        given = {name: self.data.get(f"carry-{name}") for name in (*carrying.WHOLE, *TERM_FIELDS, "points")}
        return {name: side for name, side in given.items() if side in {carrying.MINE, carrying.THEIRS}}

    def open_choices(self) -> set[str]:
        return set(self.carried.collisions) - self.choices().keys() if self.carried else set()

    def _check_link(self) -> None:
        url_key = links.canonical(self.cleaned_data["url"])
        others = Article.objects.exclude(pk=self.made.pk if self.made else self.instance.pk)
        other = url_key and others.filter(url_key=url_key).first()
        if other:
            address = reverse("admin:articles_article_change", args=[other.pk])
            text = format_html(
                '{} <a href="{}">{}</a>', _("Another article has this link:"), address, other.title
            )
            self.add_error("url", text)

    # -- what it says

    def typed(self) -> revisions.Snapshot:
        """All that is valid of it, in the shape of a snapshot."""
        said = {name: self.cleaned_data[name] for name in PLAIN if name in self.cleaned_data}
        for name in TERM_FIELDS & self.cleaned_data.keys():
            said[name] = [item.term.name if item.term else item.raw for item in self.cleaned_data[name]]
        if "source" in self.cleaned_data:
            source = self.cleaned_data["source"]
            said["source"] = source.host if source else None
        if "source_date" in self.cleaned_data:
            day = self.cleaned_data["source_date"]
            said["source_date"] = day.isoformat() if day else None
        return said

    def changes(self) -> revisions.Snapshot:
        """What this form changes of the article, in the shape of a snapshot. Only once it is valid."""
        if self.carried:
            said = {name: value for name, value in self.carried.values.items() if value != self.text[name]}
        else:
            said = {name: value for name, value in self.typed().items() if name in self.changed_data}
        if "source_date" in said:
            said["source_date_origin"] = DateOrigin.GIVEN.value if said["source_date"] else ""
        said["source"] = self._publisher(said)
        verified = self.cleaned_data.get("verified", False) and not self.unseen_events()
        return said | {"origin": rewriting.origin(self.text, self.text | said, verified=verified)}

    def unseen_events(self) -> bool:
        """Whether others have changed the event summary: who has checked the old one has not checked this one."""
        changed = {*self.carried.theirs, *self.carried.collisions} if self.carried else set()
        return bool(changed & set(rewriting.EVENT_TEXTS))

    def _publisher(self, said: revisions.Snapshot) -> str | None:
        """The source follows the link where the editor has chosen none, or none other than the link's."""
        before = self.text["source"]
        if said.get("source"):
            return said["source"]
        if before and ("url" not in said or before != links.host(self.text["url"])):
            return before
        return links.host(said.get("url", self.text["url"]))

    def _save_m2m(self) -> None:
        """Nothing: `editing` writes all of it."""
