"""Three vocabularies of terms and their aliases. Nothing here knows what carries a term."""

from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from operator import and_, or_
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from taggit.models import TagBase

from newsroom.sql import run
from taxonomy import names, pinyin

MAX_HOPS = 20  # a term merged into a merged term ...; no desk comes near it, and a loop ends
# Where a term points that does not stand for itself: to its survivor, or to where it was moved.
POINTERS = ("merged_into", "moved_to_keyword", "moved_to_technology", "moved_to_industry")
_COLUMNS = {name: f"{name}_id" for name in POINTERS}


def _standing() -> dict[str, Any]:
    """What makes a term public; the only definition of it."""
    confirmed = {} if settings.UNCONFIRMED_TERMS_PUBLIC else {"confirmed": True}
    return dict.fromkeys(POINTERS) | {"declined": False} | confirmed


def is_public(prefix: str = "") -> Q:
    """The condition on a term, or with a prefix on what leads to one."""
    return Q(**{f"{prefix}{name}": value for name, value in _standing().items()})


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
        """Terms that stand for themselves: neither merged into another nor moved to another vocabulary."""
        return self.filter(**dict.fromkeys(POINTERS))

    def public(self) -> Self:
        """Terms that readers meet: until an editor confirms a term they see nothing of it."""
        return self.filter(is_public())

    def waiting(self) -> Self:
        """Current terms about which no editor has decided yet."""
        return self.current().filter(confirmed=False, declined=False)

    def hold(self) -> None:
        """Until the transaction ends no merge changes what the names of this vocabulary mean.

        Whoever writes which term something carries asks for it before looking the terms up.
        """
        lock("pg_advisory_xact_lock_shared", self.model)

    def under(self, letter: str) -> Self:
        """Terms whose pinyin begins with this letter, or with none for `#`, in the order of their pinyin."""
        first, beyond = pinyin.between(letter)
        return self.filter(sort_key__gte=first, sort_key__lt=beyond).order_by("sort_key", "pk")

    def resolve(self, spellings: Iterable[str], *, create: bool = False) -> dict[str, "Term"]:
        """The term that each spelling means: by name or alias, then on to the survivor of its merges.

        A spelling that no term knows is left out, unless `create` makes it a new, unconfirmed term; one that
        cannot be a name (empty, too long) is always left out, and so is one whose term was moved to another
        vocabulary: `moved` finds it. The number of statements does not depend on the number of spellings.
        """
        if create:
            self.hold()
        keys = {spelling: names.key(spelling) for spelling in spellings if names.is_name(spelling)}
        found = self._followed("key", set(keys.values()))
        if create:
            first = {key: spelling for spelling, key in reversed(keys.items()) if key not in found}
            if first:
                new = [self.model(name=spelling) for spelling in first.values()]
                self.model.objects.bulk_create(new, ignore_conflicts=True)
                found |= self._followed("key", first)
        found = self._here(found)
        return {spelling: found[key] for spelling, key in keys.items() if key in found}

    def moved(self, spellings: Iterable[str]) -> dict[str, "Term"]:
        """Where those spellings lead now whose term was moved to another vocabulary."""
        keys = {spelling: names.key(spelling) for spelling in spellings if names.is_name(spelling)}
        found = self._elsewhere(self._followed("key", set(keys.values())))
        return {spelling: found[key] for spelling, key in keys.items() if key in found}

    def by_key(self, keys: Iterable[str]) -> dict[str, "Term"]:
        """The surviving term for each key that is a term's or an alias's."""
        return self._here(self._followed("key", keys))

    def by_slug(self, slugs: Iterable[str]) -> dict[str, "Term"]:
        """The surviving term for each slug that is, or once was, a term's address."""
        return self._here(self._followed("slug", slugs))

    def moved_by_slug(self, slugs: Iterable[str]) -> dict[str, "Term"]:
        """The term of another vocabulary for each slug whose term was moved there."""
        return self._elsewhere(self._followed("slug", slugs))

    def _here(self, found: dict[str, "Term"]) -> dict[str, "Term"]:
        return {value: term for value, term in found.items() if isinstance(term, self.model)}

    def _elsewhere(self, found: dict[str, "Term"]) -> dict[str, "Term"]:
        return {value: term for value, term in found.items() if not isinstance(term, self.model)}

    def _followed(self, field: str, values: Iterable[str]) -> dict[str, "Term"]:
        values = list(values)
        if not values:
            return {}
        aliases = self.model.alias_model().objects.select_related("term")
        found = {getattr(alias, field): alias.term for alias in aliases.filter(**{f"{field}__in": values})}
        found |= {getattr(term, field): term for term in self.filter(**{f"{field}__in": values})}
        return followed(found)


def followed(found: Mapping[str, "Term"]) -> dict[str, "Term"]:
    """The survivor of each of these terms, whichever vocabulary it is in by now: two statements a hop at most."""
    found = dict(found)
    for _hop in range(MAX_HOPS):
        wanted: dict[type[Term], set[int]] = {}
        for model, pk in filter(None, (term.pointer for term in found.values())):
            wanted.setdefault(model, set()).add(pk)
        if not wanted:
            break
        there = {model: model.objects.in_bulk(pks) for model, pks in wanted.items()}
        found = {name: _next(term, there) for name, term in found.items()}
    return found


def _next(term: "Term", there: Mapping[type["Term"], Mapping[int, "Term"]]) -> "Term":
    model, pk = term.pointer or (type(term), term.pk)
    return there.get(model, {}).get(pk, term)


def lock(function: str, *models: type["Term"]) -> None:
    """Take an advisory lock on what the names of these vocabularies mean; always in the same order."""
    for name in sorted((model.vocabulary for model in models), key=list(VOCABULARIES).index):
        run(f"SELECT {function}(hashtext(%s))", f"taxonomy meaning {name}")


@lru_cache(maxsize=10_000)
def address(vocabulary: str, slug: str) -> str:
    """Lists show hundreds of links to terms; finding their addresses took a fifth of a list's time."""
    return reverse(vocabulary, args=[slug])


def moved_to(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        f"taxonomy.{name}",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("moved to"),
    )


def one_pointer_at_most() -> Q:
    others = ([f"{other}__isnull" for other in POINTERS if other != name] for name in POINTERS)
    return reduce(or_, (reduce(and_, (Q(**{null: True}) for null in nulls)) for nulls in others))


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
    declined = models.BooleanField(
        _("declined"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("No term of the desk: no page and no filter of its own, and no longer in the queue."),
    )
    # Once confirmed, for good, by a trigger: its address answers as long as it is there.
    shown = models.BooleanField(_("readers have met it"), default=False, db_default=False, editable=False)
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        db_index=False,
        verbose_name=_("broader term"),
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    moved_to_keyword = moved_to("Keyword")
    moved_to_technology = moved_to("Technology")
    moved_to_industry = moved_to("Industry")

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
            models.CheckConstraint(condition=one_pointer_at_most(), name="%(class)s_one_pointer"),
            models.CheckConstraint(
                condition=Q(confirmed=False) | Q(declined=False), name="%(class)s_confirmed_or_declined"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="%(class)s_not_its_own_parent"),
        ]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="%(class)s_sort_key"),
            # Hardly any row has one; deleting a term asks for each of them.
            *(
                models.Index(
                    fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"%(class)s_{name}"
                )
                for name in (*POINTERS[1:], "parent")
            ),
            # What waits for an editor: few among many.
            models.Index(
                fields=["-id"],
                name="%(class)s_new",
                condition=Q(confirmed=False, declined=False, merged_into=None),
            ),
        ]

    @classmethod
    def alias_model(cls) -> type["Alias"]:
        return cls.aliases.rel.related_model

    @property
    def letter(self) -> str:
        """The one it stands under in an index by pinyin."""
        return self.sort_key[:1].upper()

    @property
    def pointer(self) -> tuple[type["Term"], int] | None:
        """The vocabulary and id of the term that stands for this one; None if it stands for itself."""
        if self.merged_into_id:
            return type(self), self.merged_into_id
        for vocabulary, model in VOCABULARIES.items():
            if pk := getattr(self, f"moved_to_{vocabulary}_id"):
                return model, pk
        return None

    @property
    def is_public(self) -> bool:
        return all(getattr(self, _COLUMNS.get(name, name)) == value for name, value in _standing().items())

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
