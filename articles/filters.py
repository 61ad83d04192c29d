"""What a query string asks for: string -> form -> narrowed articles. List, feed, export and API share it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from articles.by_term import carrying, find_moved, find_terms, with_narrower
from articles.models import VOCABULARY_FIELDS, Article, ArticleQuerySet, Source
from articles.naming import Naming
from articles.search import text
from articles.search.query import Asked, Word, matching
from articles.search.reader import reader
from taxonomy.models import VOCABULARIES, Term
from taxonomy.tree import Trees, trees

MAX_VALUES = 20  # of one parameter
MAX_LENGTH = text.MAX_ASKED  # characters of one value
MAX_QUERY = 1500  # characters of a query string that is still worth repeating in dozens of links
MAX_PROBLEMS = 6  # explained at once


# --- the form ---------------------------------------------------------------------------------------


class NamesField(forms.Field):
    """Several names, each found in the database; cleaned to {name as asked: what it means}."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, kind: str | Promise, find: Callable[[list[str]], dict[str, Any]], **options: Any):
        super().__init__(**options)
        self.kind, self.find = kind, find

    def clean(self, value: list[str] | None) -> dict[str, Any]:
        asked = _values(value or [])
        if len(asked) > MAX_VALUES:
            raise ValidationError(
                _("At most %(limit)s values of one kind can be chosen."), params={"limit": MAX_VALUES}
            )
        found = self.find([name for name in asked if len(name) <= MAX_LENGTH and "\0" not in name])
        unknown = [name for name in asked if name not in found]
        if unknown:
            raise ValidationError([self._unknown(name) for name in unknown])
        return {name: found[name] for name in asked}

    def _unknown(self, name: str) -> ValidationError:
        printable = Truncator("".join(filter(str.isprintable, name[:MAX_LENGTH]))).chars(60)
        return ValidationError(
            _("There is no %(kind)s “%(name)s”."),
            params={"kind": self.kind, "name": printable, "asked": name},
        )


def _encoded(name: str, values: list[str]) -> str:
    return urlencode([(name, value) for value in values])


def _values(raw: Iterable[str]) -> list[str]:
    """What was asked for, once each, without blanks."""
    return list(dict.fromkeys(filter(None, map(str.strip, raw))))


class WordsField(forms.CharField):
    """A text question; cleaned to its words, each of which must be found."""

    def clean(self, value: str | None) -> list[str]:
        question = super().clean(value)
        words = text.words(question)
        if question and not words:
            raise ValidationError(_("There is nothing in this that could be searched for."))
        if any(len(word) > text.MAX_ASKED for word in words):  # a sign may stand for several letters
            raise ValidationError(_("One of the words is too long."))
        if len(words) > text.MAX_WORDS:
            raise ValidationError(
                _("At most %(limit)s words can be searched for at once."), params={"limit": text.MAX_WORDS}
            )
        return words


class SelectionForm(forms.Form):
    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            raise ValidationError(_("The first day lies after the last day."))


# --- the filters ------------------------------------------------------------------------------------


class WordsFilter(django_filters.Filter):
    """Of a common word only the newest articles that the index counts; none without an index."""

    field_class = WordsField

    def filter(self, articles: ArticleQuerySet, words: list[str]) -> ArticleQuerySet:
        if not words:
            return articles
        index = reader()
        return (
            articles.filter(pk__in=list(matching(index, self.parent.asked())[0]))
            if index
            else articles.none()
        )


class TermFilter(django_filters.Filter):
    field_class = NamesField

    def __init__(self, model: type[Term], **options: Any):
        kind = model._meta.verbose_name
        super().__init__(label=kind, kind=kind, find=lambda names: find_terms(model, names), **options)

    def filter(self, articles: ArticleQuerySet, found: dict[str, Term]) -> ArticleQuerySet:
        return carrying(articles, set(found.values()), self.parent.trees, every=self.parent.every)


class SourceFilter(django_filters.Filter):
    field_class = NamesField

    def __init__(self, **options: Any):
        kind = Source._meta.verbose_name
        super().__init__(label=kind, kind=kind, find=find_sources, **options)

    def filter(self, articles: ArticleQuerySet, found: dict[str, Source]) -> ArticleQuerySet:
        return articles.filter(source__in=found.values()) if found else articles


class DayFilter(django_filters.Filter):
    """A day of publication, the desk's own time zone; `edge` is the moment of that day that bounds."""

    field_class = forms.DateField

    def __init__(self, *, edge: time, **options: Any):
        messages = {"invalid": _("A day is written like 2026-11-22.")}
        super().__init__("published_at", input_formats=["%Y-%m-%d"], error_messages=messages, **options)
        self.edge = edge

    def filter(self, articles: ArticleQuerySet, day: date | None) -> ArticleQuerySet:
        if day is None:
            return articles
        moment = datetime.combine(day, self.edge, timezone.get_default_timezone())
        return articles.filter(**{f"published_at__{self.lookup_expr}": moment})


class WayFilter(django_filters.Filter):
    """How the others are meant, and in which order: narrows nothing itself."""

    field_class = forms.ChoiceField

    def filter(self, articles: ArticleQuerySet, _way: str) -> ArticleQuerySet:
        return articles


def find_sources(hosts: list[str]) -> dict[str, Source]:
    if not hosts:
        return {}
    sources = {source.host: source for source in Source.objects.filter(host__in=map(str.lower, hosts))}
    return {host: sources[host.lower()] for host in hosts if host.lower() in sources}


# --- what the pages use -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be taken or dropped, with the query string that does it."""

    kind: str | Promise
    name: str
    query: str


class ArticleFilter(django_filters.FilterSet):
    q = WordsFilter(label=_("text"), max_length=MAX_LENGTH)
    technology = TermFilter(VOCABULARIES["technology"])
    industry = TermFilter(VOCABULARIES["industry"])
    keyword = TermFilter(VOCABULARIES["keyword"])
    source = SourceFilter()
    since = DayFilter(label=_("from"), lookup_expr="gte", edge=time.min)
    until = DayFilter(label=_("until"), lookup_expr="lte", edge=time.max)
    match = WayFilter(
        label=_("match"),
        choices=[("any", _("any of them")), ("all", _("all of them"))],
        error_messages={"invalid_choice": _("“match” is either “any” or “all”.")},
    )
    sort = WayFilter(
        label=_("order"),
        choices=[("best", _("best match")), ("newest", _("newest"))],
        error_messages={"invalid_choice": _("“sort” is either “best” or “newest”.")},
    )

    class Meta:
        model = Article
        fields: list[str] = []
        form = SelectionForm

    def __init__(self, data: QueryDict):
        super().__init__(data, Article.objects.published())

    @cached_property
    def articles(self) -> ArticleQuerySet:
        """What was asked for; nothing, rather than everything, if that cannot be understood."""
        return self.filter_queryset(self.queryset) if self.is_valid() else self.queryset.none()

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        """What of the form is good, even where another part of it is not."""
        self.is_valid()
        return self.form.cleaned_data

    @cached_property
    def trees(self) -> Trees:
        return trees()

    @cached_property
    def every(self) -> bool:
        return self.cleaned.get("match") == "all"

    @cached_property
    def several(self) -> bool:
        """Whether `match` makes a difference."""
        return any(len(self.found(vocabulary)) > 1 for vocabulary in VOCABULARY_FIELDS)

    @property
    def any_query(self) -> str:
        return self.query(match=[])

    @property
    def all_query(self) -> str:
        return self.query(match=["all"])

    @property
    def question(self) -> str:
        """The text as it was put, if it can be answered."""
        return " ".join(self.data.get("q", "").split()) if self.cleaned.get("q") else ""

    @property
    def typed(self) -> str:
        """The text for the form, also where it could not be answered."""
        return self.data.get("q", "").replace("\0", "")[:MAX_LENGTH]

    @property
    def query_without_text(self) -> str:
        return self.query(q=[], sort=[])

    @property
    def without_filters(self) -> str:
        return self.query(**{name: [] for name in self.filters if name not in {"q", "sort"}})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The filters as fields of a form: a new question is put within them."""
        names = [name for name in self.filters if name != "q"]
        fields = [(name, value) for name in names for value in self._asked(name)]
        return fields if len(self.query()) <= MAX_QUERY else []

    @property
    def newest(self) -> bool:
        return self.cleaned.get("sort") == "newest"

    @cached_property
    def naming(self) -> Naming:
        words = self.cleaned.get("q") or []
        return Naming.of(self.question, words).public() if words else Naming("", [])

    @cached_property
    def _words(self) -> tuple[tuple[Word, ...], tuple[tuple[str, int], ...]]:
        return self.naming.asked()

    def asked(self, *, without: str = "") -> Asked:
        """The selection as the search index takes it, without one kind of filter (`since` stands for both days)."""
        words, together = self._words
        groups = [
            (kind, self._ids(kind, things))
            for kind in [*VOCABULARY_FIELDS, "source"]
            for things in self._groups(kind)
            if kind != without
        ]
        days = {name: self.cleaned.get(name) for name in ("since", "until") if without != "since"}
        return Asked(words, together, tuple(groups), **days)

    def _groups(self, kind: str) -> list[list[Any]]:
        found = list(self.found(kind))
        if self.every and kind in VOCABULARIES:
            return [[thing] for thing in found]
        return [found] if found else []

    def _ids(self, kind: str, things: list[Any]) -> frozenset[int]:
        if kind in VOCABULARIES:
            return with_narrower(things, self.trees)
        return frozenset(one.pk for one in things)

    @cached_property
    def chosen(self) -> list[Choice]:
        """What the list is narrowed to, each with the query string that drops it."""
        choices = []
        for parameter in [*VOCABULARY_FIELDS, "source"]:
            for thing, asked in self.found(parameter).items():
                kept = [name for name in self._asked(parameter) if name not in asked]
                choices.append(
                    Choice(self.filters[parameter].label, str(thing), self.query(**{parameter: kept}))
                )
        for parameter in ("since", "until"):
            if day := self.cleaned.get(parameter):
                shown = date_format(day, "DATE_FORMAT")
                choices.append(Choice(self.filters[parameter].label, shown, self.query(**{parameter: []})))
        return choices

    def fewer(self) -> Iterator[tuple[Choice, Asked]]:
        """Each way to ask for less, a whole parameter or one word of several, and what is asked for then."""
        for kind in [*VOCABULARY_FIELDS, "source"]:
            if things := self.found(kind):
                name = "、".join(map(str, things))
                yield (
                    Choice(self.filters[kind].label, name, self.query(**{kind: []})),
                    self.asked(without=kind),
                )
        days = [
            date_format(day, "DATE_FORMAT") for name in ("since", "until") if (day := self.cleaned.get(name))
        ]
        if days:
            query = self.query(since=[], until=[])
            yield Choice(_("days"), " – ".join(days), query), self.asked(without="since")
        words = self.naming.words
        for word in words if len(words) > 1 else ():
            rest = [f'"{other}"' if " " in other else other for other in words if other != word]
            kept, together = self.naming.asked(without=word)
            asked = replace(self.asked(), words=kept, terms=together)
            yield Choice(_("word"), word, self.query(q=[" ".join(rest)])), asked

    @cached_property
    def problems(self) -> list[Choice]:
        """What could not be understood, in words, each with the query string that drops it."""
        problems = []
        for parameter, errors in self.form.errors.as_data().items():
            for error in errors:
                dropped = ["since", "until"] if parameter == "__all__" else [parameter]
                asked = (error.params or {}).get("asked")
                kept = [name for name in self._asked(parameter) if asked and name != asked]
                query = self.query(**dict.fromkeys(dropped, kept))
                problems.append(Choice("", error.messages[0], query))
        return problems[:MAX_PROBLEMS]

    @property
    def moved_query(self) -> str:
        """The query string that names terms where they are now; empty if none of those asked for was moved."""
        asked = {kind: list(self._asked(kind)) for kind in VOCABULARY_FIELDS}
        for kind in VOCABULARY_FIELDS:
            errors = self.form.errors.as_data().get(kind, [])
            unknown = [error.params["asked"] for error in errors if "asked" in (error.params or {})]
            for name, term in find_moved(VOCABULARIES[kind], unknown).items():
                asked[kind].remove(name)
                if term.slug not in asked[term.vocabulary]:
                    asked[term.vocabulary].append(term.slug)
        changed = {kind: values for kind, values in asked.items() if values != self._asked(kind)}
        return self.query(**changed) if changed else ""

    def query(self, **changes: list[str]) -> str:
        """The query string of this selection with these parameters changed, back on the first page."""
        asked = self._encoded | {name: _encoded(name, values) for name, values in changes.items()}
        return "?" + "&".join(filter(None, asked.values()))

    @cached_property
    def _encoded(self) -> dict[str, str]:
        return {name: _encoded(name, values) for name, values in self._all_asked.items()}

    @cached_property
    def _all_asked(self) -> dict[str, list[str]]:
        return {parameter: _values(self.data.getlist(parameter)) for parameter in self.filters}

    def _asked(self, parameter: str) -> list[str]:
        return self._all_asked.get(parameter, [])

    def found(self, parameter: str) -> dict[Any, list[str]]:
        """What was found for a parameter, each with the names under which it was asked for."""
        found: dict[Any, list[str]] = {}
        for name, thing in self.cleaned.get(parameter, {}).items():
            found.setdefault(thing, []).append(name)
        return found
