"""The form field for the terms of an article: their names, in order, typed, pasted or picked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from taggit.managers import TaggableManager

from taxonomy import names
from taxonomy.models import Term

MAX_VALUES = 300  # names that one field takes at a time


@dataclass(frozen=True, slots=True)
class Chosen:
    """A term as the editor wrote it; `term` is None while there is none of that name."""

    raw: str
    term: Term | None


class TermsWidget(AutocompleteSelectMultiple):
    """Django's select2 with names as values, our own suggestions, and lists that are pasted at once.

    Without JavaScript it is a plain list of the present terms, all of them chosen.
    """

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

    @property
    def media(self) -> forms.Media:
        # Named together, for their order: ours needs what Django's needs.
        return super().media + forms.Media(js=["admin/js/autocomplete.js", "admin_terms.js"])


class TermsField(forms.Field):
    """Names in, `Chosen` out: known ones resolved to their term, each term once, in the order given."""

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
        self._check_new([piece for piece in pieces if piece not in known])
        chosen = {}
        for piece in pieces:
            term = known.get(piece)
            chosen.setdefault(term.pk if term else names.key(piece), Chosen(piece, term))
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
