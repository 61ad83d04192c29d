"""Three vocabularies of terms and their aliases. Nothing here knows what carries a term."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from taggit.models import TagBase

from taxonomy import names, pinyin

MAX_HOPS = 20  # a term merged into a merged term ...; no desk comes near it, and a loop ends


class KeyField(models.CharField):
    """The key of the row's `name`, set whenever the row is written, in bulk too. Never set it by hand."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = names.key(model_instance.name)
        setattr(model_instance, self.attname, value)
        return value


class NameSlugField(models.SlugField):
    """The address of the row's `name`, set with it: two names share one only if they share the key."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = names.slug(model_instance.name)
        setattr(model_instance, self.attname, value)
        return value


class SortKeyField(models.CharField):
    """Where the row's `name` stands in an index by pinyin, set with it."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = pinyin.sort_key(names.key(model_instance.name))
        setattr(model_instance, self.attname, value)
        return value


class TermQuerySet(models.QuerySet):
    def current(self) -> Self:
        """Terms that stand for themselves: not merged into another."""
        return self.filter(merged_into=None)

    def under(self, letter: str) -> Self:
        """Terms whose pinyin begins with this letter, or with none for `#`, in the order of their pinyin."""
        first, beyond = pinyin.between(letter)
        return self.filter(sort_key__gte=first, sort_key__lt=beyond).order_by("sort_key", "pk")

    def resolve(self, spellings: Iterable[str], *, create: bool = False) -> dict[str, "Term"]:
        """The term that each spelling means: by name or alias, then on to the survivor of its merges.

        A spelling that no term knows is left out, unless `create` makes it a new, unconfirmed term; one that
        cannot be a name (empty, too long) is always left out. The number of statements does not depend on the
        number of spellings.
        """
        keys = {spelling: names.key(spelling) for spelling in spellings if names.is_name(spelling)}
        found = self.by_key(set(keys.values()))
        if create:
            first = {key: spelling for spelling, key in reversed(keys.items()) if key not in found}
            if first:
                new = [self.model(name=spelling) for spelling in first.values()]
                self.model.objects.bulk_create(new, ignore_conflicts=True)
                found |= self.by_key(first)
        return {spelling: found[key] for spelling, key in keys.items() if key in found}

    def by_key(self, keys: Iterable[str]) -> dict[str, "Term"]:
        """The surviving term for each key that is a term's or an alias's."""
        return self._survivors("key", keys)

    def by_slug(self, slugs: Iterable[str]) -> dict[str, "Term"]:
        """The surviving term for each slug that is, or once was, a term's address."""
        return self._survivors("slug", slugs)

    def _survivors(self, field: str, values: Iterable[str]) -> dict[str, "Term"]:
        values = list(values)
        if not values:
            return {}
        aliases = self.model.aliases.rel.related_model.objects.select_related("term")
        found = {getattr(alias, field): alias.term for alias in aliases.filter(**{f"{field}__in": values})}
        found |= {getattr(term, field): term for term in self.filter(**{f"{field}__in": values})}
        for _hop in range(MAX_HOPS):
            merged = {term.merged_into_id for term in found.values() if term.merged_into_id}
            if not merged:
                break
            survivors = self.model.objects.in_bulk(merged)
            found = {value: survivors.get(term.merged_into_id, term) for value, term in found.items()}
        return found


@lru_cache(maxsize=10_000)
def address(vocabulary: str, slug: str) -> str:
    """Lists show hundreds of links to terms; finding their addresses took a fifth of a list's time."""
    return reverse(vocabulary, args=[slug])


class Term(TagBase):
    """One entry of a vocabulary. Its key makes all spellings one; the name is the spelling that is shown."""

    slug = NameSlugField(
        _("slug"), unique=True, max_length=names.MAX_SLUG, allow_unicode=True, editable=False
    )
    key = KeyField(max_length=names.MAX_KEY, unique=True, editable=False)
    # Compared byte by byte: a letter of the index is one range of the database's.
    sort_key = SortKeyField(
        max_length=pinyin.MAX_SORT_KEY, default="", db_default="", editable=False, db_collation="C"
    )
    description = models.TextField(_("description"), blank=True)
    confirmed = models.BooleanField(
        _("confirmed"),
        default=False,
        db_default=False,
        help_text=_("New terms from imports wait for an editor."),
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )

    objects = TermQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="%(class)s_key_not_empty"),
            models.CheckConstraint(condition=~Q(slug=""), name="%(class)s_slug_not_empty"),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="%(class)s_not_merged_into_itself"
            ),
        ]
        indexes = [models.Index(fields=["sort_key", "id"], name="%(class)s_sort_key")]

    @property
    def letter(self) -> str:
        """The one it stands under in an index by pinyin."""
        return self.sort_key[:1].upper()

    def get_absolute_url(self) -> str:
        return address(self.vocabulary, self.slug)


class Keyword(Term):
    vocabulary = "keyword"

    class Meta(Term.Meta):
        verbose_name = _("keyword")
        verbose_name_plural = _("keywords")


class Technology(Term):
    vocabulary = "technology"

    class Meta(Term.Meta):
        verbose_name = _("AI technology")
        verbose_name_plural = _("AI technologies")


class Industry(Term):
    vocabulary = "industry"

    class Meta(Term.Meta):
        verbose_name = _("industry")
        verbose_name_plural = _("industries")


VOCABULARIES: dict[str, type[Term]] = {model.vocabulary: model for model in (Keyword, Technology, Industry)}


class Alias(models.Model):
    """Another spelling of a term. Its key is unique among the names and aliases of the vocabulary.

    Across the two tables a trigger of the first migration holds that; its violation is an IntegrityError.
    """

    name = models.CharField(_("alias"), max_length=names.MAX_NAME)
    key = KeyField(max_length=names.MAX_KEY, unique=True, editable=False)
    slug = NameSlugField(unique=True, max_length=names.MAX_SLUG, allow_unicode=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["name"]
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        constraints = [models.CheckConstraint(condition=~Q(key=""), name="%(class)s_key_not_empty")]

    def __str__(self) -> str:
        return self.name


class KeywordAlias(Alias):
    term = models.ForeignKey(Keyword, models.CASCADE, related_name="aliases")


class TechnologyAlias(Alias):
    term = models.ForeignKey(Technology, models.CASCADE, related_name="aliases")


class IndustryAlias(Alias):
    term = models.ForeignKey(Industry, models.CASCADE, related_name="aliases")
