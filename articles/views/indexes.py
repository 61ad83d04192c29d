"""The indexes of the vocabularies, by the number of articles and by pinyin. Only terms of public articles stand there."""

from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from articles.models import LINKS, VOCABULARY_FIELDS, Article
from articles.search.sets import Sets
from articles.views.counting import live_sets, named
from articles.views.terms import counted
from taxonomy.models import VOCABULARIES, Term, TermQuerySet
from taxonomy.pinyin import LETTERS
from taxonomy.tree import Tree, trees

MAX_TERMS = 500  # on one page
MAX_LETTER = 100_000  # terms under one letter that are looked through
NEWEST = 2000  # articles whose terms are shown where nothing is counted


@require_safe
def term_index(request: HttpRequest, vocabulary: str) -> HttpResponse:
    tree = (known := trees())[vocabulary]
    sets = live_sets(known)
    pinyin = request.GET.get("sort") == "pinyin"
    context = {
        "section": VOCABULARY_FIELDS[vocabulary],
        "title": VOCABULARIES[vocabulary]._meta.verbose_name_plural,
        "vocabulary": vocabulary,
        "counted": sets is not None,
        "pinyin": pinyin,
        "limit": MAX_TERMS,
    }
    context |= by_pinyin(request, vocabulary, sets, tree) if pinyin else by_count(vocabulary, sets)
    return render(request, "term_index.html", context)


def by_count(vocabulary: str, sets: Sets | None) -> dict[str, Any]:
    """The most frequent terms; where nothing is counted, those of the newest articles."""
    if not sets:
        newest = Article.objects.published().newest_first().values_list("pk", flat=True)[:NEWEST]
        return {"groups": grouped(counted(vocabulary, list(newest), MAX_TERMS))}
    counts = sets.counts(vocabulary, limit=MAX_TERMS + 1)
    return {"groups": grouped(named(vocabulary, counts[:MAX_TERMS])), "cut": len(counts) > MAX_TERMS}


def by_pinyin(request: HttpRequest, vocabulary: str, sets: Sets | None, tree: Tree) -> dict[str, Any]:
    """All terms under their letters; or, where they are too many for a page, those under one letter."""
    letter = request.GET.get("letter", "").upper()
    if letter not in {"", *LETTERS}:
        return {"groups": [], "letters": LETTERS, "unknown": True}
    terms = [] if letter else everything(vocabulary, sets, tree)
    if not letter and len(terms) <= MAX_TERMS:
        groups = grouped(terms, by_letter=True)
        return {"groups": groups, "anchors": [letter for letter, _terms in groups]}
    letter = letter or LETTERS[0]
    page = Paginator(under(letter, vocabulary, sets, tree), MAX_TERMS).get_page(request.GET.get("page"))
    terms = named(vocabulary, page.object_list)
    return {"groups": grouped(terms, by_letter=True), "letters": LETTERS, "letter": letter, "page": page}


def everything(vocabulary: str, sets: Sets | None, tree: Tree) -> list[Term]:
    """All terms in the order of their pinyin, or enough to see that they are too many."""
    if sets:
        terms = named(vocabulary, sets.counts(vocabulary, limit=MAX_TERMS + 1))
        return sorted(terms, key=lambda term: (term.sort_key, term.pk))
    public = in_public(vocabulary, tree).order_by("sort_key", "pk")
    return list(public.only("name", "slug", "sort_key")[: MAX_TERMS + 1])


def under(letter: str, vocabulary: str, sets: Sets | None, tree: Tree) -> list[tuple[int, int]]:
    """(id, number of articles) of the terms under a letter, in the order of their pinyin."""
    terms = (VOCABULARIES[vocabulary].objects.public() if sets else in_public(vocabulary, tree)).under(letter)
    ids = terms.values_list("pk", flat=True)[:MAX_LETTER]
    counts = ((pk, sets.size(vocabulary, pk) if sets else 0) for pk in ids)
    return [(pk, number) for pk, number in counts if number or not sets]


def in_public(vocabulary: str, tree: Tree) -> TermQuerySet:
    """The terms that a public article carries, itself or below them, asked of the database."""
    public = Article.objects.published()
    carried = Exists(LINKS[vocabulary].objects.filter(tag=OuterRef("pk"), content_object__in=public))
    terms = VOCABULARIES[vocabulary].objects.public()
    narrower = terms.filter(carried, parent__isnull=False).order_by().values_list("pk", flat=True)
    broader = {parent for pk in narrower for parent in tree.above(pk)}
    return terms.filter(carried | Q(pk__in=broader))


def grouped(terms: list[Term], *, by_letter: bool = False) -> list[tuple[str, list[Term]]]:
    groups = groupby(terms, key=lambda term: term.letter if by_letter else "")
    return [(letter, list(group)) for letter, group in groups]
