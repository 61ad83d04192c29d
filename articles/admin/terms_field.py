"""The form field for the terms of an article: their names, in order, typed, pasted or picked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from taggit.managers import TaggableManager

from articles.models import TERM_FIELDS, VOCABULARY_FIELDS
from articles.revisions import Snapshot
from taxonomy import names, spotting
from taxonomy.models import VOCABULARIES, Term

MAX_VALUES = 300  # names that one field takes at a time
MAX_POINTS = 500  # that terms are looked for in


@dataclass(frozen=True, slots=True)
class Chosen:
    """A term as the editor wrote it; `term` is None while there is none of that name in this vocabulary."""

    raw: str
    term: Term | None
    home: Term | None = None  # where it was moved


class TermsWidget(AutocompleteSelectMultiple):
    """Django's select2 with names as values, our own suggestions, and lists that are pasted at once.

    Below it are terms to suggest. Without JavaScript it is a plain list of the present terms, all of them chosen, and
    suggestions are boxes to tick.
    """

    suggested: Sequence[str] = ()

    def get_url(self) -> str:
        opts = self.field.remote_field.model._meta
        return reverse(f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_suggest")

    def build_attrs(self, base_attrs: dict, extra_attrs: dict | None = None) -> dict:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return attrs | {
            "class": "admin-terms",
            "data-ajax--delay": 120,
            "data-tags": "true",
            "data-allow-clear": "false",
            "data-vocabulary": self.field.remote_field.model.vocabulary,
            "data-text-new": _("new"),
            "data-text-unconfirmed": _("unconfirmed"),
        }

    def optgroups(self, name: str, value: Sequence[str], attrs: dict | None = None) -> list:
        options = [self.create_option(name, item, item, True, place) for place, item in enumerate(value)]
        return [(None, options, 0)]

    def render(self, name: str, value: Any, attrs: dict | None = None, renderer: Any = None) -> SafeString:
        select = super().render(name, value, attrs, renderer)
        ticked = set(self.format_value(value))
        left = [term for term in self.suggested if term not in ticked]
        context = {"select": select, "suggested": left, "box": _box(name)}
        return render_to_string("admin/articles/article/_terms_field.html", context)

    def value_from_datadict(self, data: Mapping, files: Any, name: str) -> list[str]:
        return [*super().value_from_datadict(data, files, name), *data.getlist(_box(name))]

    @property
    def media(self) -> forms.Media:
        # Named together, for their order: ours needs what Django's needs.
        js = ["admin/js/autocomplete.js", "admin_terms.js", forms.Script("admin_chips.js", defer=True)]
        return super().media + forms.Media(css={"all": ["admin_chips.css"]}, js=js)


class TermsField(forms.Field):
    """Names in, `Chosen` out: known ones resolved to their term, each term once, in the order given.

    A name whose term was moved to another vocabulary stays as it is: what saves it puts it there.
    """

    def __init__(self, field: TaggableManager, site: AdminSite, *, may_add: bool, **kwargs: Any) -> None:
        self.vocabulary: type[Term] = field.remote_field.model
        self.may_add = may_add
        super().__init__(
            widget=TermsWidget(field, site), required=False, label=capfirst(field.verbose_name), **kwargs
        )

    def clean(self, value: Iterable[str] | None) -> list[Chosen]:
        given = [name for text in value or [] if (name := text.replace("\0", "").strip())]
        known = self.vocabulary.objects.resolve(given)
        pieces = [piece for name in given for piece in ([name] if name in known else _pieces(name))]
        if len(pieces) > MAX_VALUES:
            raise ValidationError(_("At most %(number)d terms at a time.") % {"number": MAX_VALUES})
        known |= self.vocabulary.objects.resolve(piece for piece in pieces if piece not in known)
        homes = self.vocabulary.objects.moved(piece for piece in pieces if piece not in known)
        self._check_new([piece for piece in pieces if piece not in known and piece not in homes])
        chosen = {}
        for piece in pieces:
            term = known.get(piece)
            chosen.setdefault(term.pk if term else names.key(piece), Chosen(piece, term, homes.get(piece)))
        return list(chosen.values())

    def _check_new(self, new: list[str]) -> None:
        if impossible := [name for name in new if not _is_name(name)]:
            raise ValidationError(
                _("This cannot be the name of a term: %(names)s") % {"names": _listed(impossible)}
            )
        if sentences := [name for name in new if names.split(name).sentences]:
            raise ValidationError(
                _("This reads like a sentence. If it is a term, add it among the terms first: %(names)s")
                % {"names": _listed(sentences)}
            )
        if new and not self.may_add:
            raise ValidationError(
                _("There is no such term, and you have no right to add one: %(names)s")
                % {"names": _listed(new)}
            )

    def has_changed(self, initial: Sequence[str] | None, data: Sequence[str] | None) -> bool:
        return not self.disabled and list(initial or []) != list(data or [])


def _pieces(text: str) -> list[str]:
    """The names in a pasted list. What is no list stays as it is, and sentences stay, to be refused by name."""
    found = names.split(text)
    return found.names + found.sentences or [text]


def _is_name(name: str) -> bool:
    return names.is_name(name) and any(sign.isalnum() for sign in name)


def _listed(items: Iterable[str]) -> str:
    return "、".join(f"“{item[:40]}”" for item in items)


def _box(name: str) -> str:
    """What the boxes of the suggestions are called."""
    return f"{name}-suggested"


# --- what a form does with them ----------------------------------------------------------------------


def suggest(form: forms.BaseForm, text: Snapshot) -> None:
    """Below each field of terms stand those that the article speaks of and does not carry."""
    here = {vocabulary: name for vocabulary, name in VOCABULARY_FIELDS.items() if name in form.fields}
    if not here:
        return
    points = "\n".join(f"{point['heading']}\n{point['body']}" for point in text["points"][:MAX_POINTS])
    carried = {vocabulary: text[name] for vocabulary, name in here.items()}
    found = spotting.spot([text["title"], points, text["summary"]], carried)
    for vocabulary, name in here.items():
        form.fields[name].widget.suggested = [term.name for term in found[vocabulary]]


def tell_moved(request: HttpRequest, form: forms.BaseForm) -> None:
    """Say of each name that stands in another field now than in the one it was typed into."""
    for name in TERM_FIELDS & form.cleaned_data.keys():
        for chosen in form.cleaned_data[name]:
            if chosen.home:
                text = _("“%(name)s” is one of the %(vocabulary)s by now, and was put there.")
                plural = VOCABULARIES[chosen.home.vocabulary]._meta.verbose_name_plural
                messages.info(request, text % {"name": chosen.raw, "vocabulary": plural})
