"""Articles by the terms they carry, and the terms that names in a query string mean. All of it as readers know it."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from articles.models import LINKS, ArticleQuerySet
from taxonomy.models import Term
from taxonomy.tree import Trees


def carrying(
    articles: ArticleQuerySet, terms: Iterable[Term], trees: Trees, *, every: bool = False
) -> ArticleQuerySet:
    """The articles that carry any of these terms, all of one vocabulary, or every one of them.

    Whatever stands below a term in its tree counts as the term.
    """
    terms = list(terms)
    for group in ([term] for term in terms) if every else filter(None, [terms]):
        links = LINKS[group[0].vocabulary].objects.filter(
            content_object=OuterRef("pk"), tag__in=with_narrower(group, trees)
        )
        articles = articles.filter(Exists(links))
    return articles


def with_narrower(terms: Iterable[Term], trees: Trees) -> frozenset[int]:
    return frozenset(pk for term in terms for pk in trees[term.vocabulary].below(term.pk))


def find_terms(model: type[Term], names: list[str]) -> dict[str, Term]:
    """The public term for each name that is an address, a name or an alias, merged or not."""
    if not names:
        return {}
    found = model.objects.by_slug(names)
    found |= model.objects.resolve([name for name in names if name not in found])
    return {name: term for name, term in found.items() if term.is_public}


def find_moved(model: type[Term], names: Iterable[str]) -> dict[str, Term]:
    """The public term of another vocabulary for each name whose term was moved there."""
    names = [name for name in names if "\0" not in name]
    if not names:
        return {}
    found = model.objects.moved(names) | model.objects.moved_by_slug(names)
    return {name: term for name, term in found.items() if term.is_public}
