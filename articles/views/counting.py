"""Numbers on overview pages: from the sets of the search index, with the names from the database."""

from collections.abc import Iterable

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from articles.search.families import families
from articles.search.reader import reader
from articles.search.sets import Sets
from taxonomy.models import VOCABULARIES, Term
from taxonomy.tree import Trees


def live_sets(trees: Trees) -> Sets | None:
    """The sets of public terms; None where there is no index (yet): pages then do without numbers, and say so."""
    index = reader()
    return families(index.sets, trees) if index else None


def named(vocabulary: str, counts: Iterable[tuple[int, int]]) -> list[Term]:
    """The terms of these (id, number of articles), in this order, each with its number as `articles`."""
    numbers = dict(counts)
    # The index may lag behind a merge: a term that is gone or merged is left out.
    public = VOCABULARIES[vocabulary].objects.public().order_by()
    terms = public.only("name", "slug", "sort_key").in_bulk(numbers)
    for pk, term in terms.items():
        term.articles = numbers[pk]
    return [terms[pk] for pk in numbers if pk in terms]


def list_address(**parameters: str | list[str]) -> str:
    """Where the list of exactly these articles is."""
    return f"{reverse('articles')}?{urlencode(parameters, doseq=True)}"


def only(asked: QueryDict, parameters: Iterable[str]) -> QueryDict:
    """What was asked for, without what this page does not know."""
    kept = QueryDict(mutable=True)
    for parameter in parameters:
        kept.setlist(parameter, asked.getlist(parameter))
    return kept
