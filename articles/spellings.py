"""The terms that the records of an import name. What an earlier chunk has looked up is only checked to be so still."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from articles import imprints
from articles.intake import Row
from articles.models import TERM_FIELDS, VOCABULARY_FIELDS, ImportBatch
from newsroom.sql import fetch
from taxonomy import homes, names
from taxonomy.models import POINTERS, Term

Terms = dict[str, dict[str, Term]]  # by vocabulary field: the term of each spelling

REMEMBERED = 20_000  # spellings of a vocabulary
# SQL: which of these terms still have this key and this name, and stand for themselves.
STILL = """
SELECT t.id FROM unnest(%(ids)s::bigint[], %(keys)s::text[], %(names)s::text[]) AS known (id, key, name)
JOIN {table} t ON t.id = known.id AND t.key = known.key AND t.name = known.name
WHERE {pointers}
"""


class Spellings:
    """What spellings mean, for one import."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch
        self._remembered: Terms = {name: {} for name in TERM_FIELDS}

    def terms(self, rows: Collection[Row]) -> Terms:
        """The terms of these records; what no term knows becomes a new, unconfirmed one.

        A term that the desk has moved to another vocabulary goes there, whichever the record names.
        """
        terms = {
            name: self._known_or_new(
                name, dict.fromkeys(spelling for row in rows for spelling in row.record.content[name])
            )
            for name in TERM_FIELDS
        }
        _take_home(rows, terms)
        return terms

    def resolve(self, name: str, spellings: Collection[str]) -> dict[str, Term]:
        """The term of each spelling that has one. The caller holds the vocabulary."""
        known = self._remembered_still(name, spellings)
        unknown = [spelling for spelling in spellings if spelling not in known]
        if not unknown:
            return known
        found = _vocabulary(name).objects.resolve(unknown)
        self._remember(name, found)
        return known | found

    def _known_or_new(self, name: str, spellings: Collection[str]) -> dict[str, Term]:
        vocabulary = _vocabulary(name)
        vocabulary.objects.hold()
        known = self.resolve(name, spellings)
        new = [spelling for spelling in spellings if spelling not in known]
        if not new:
            return known
        made = vocabulary.objects.resolve(new, create=True)
        imprints.made(self.batch, vocabulary.vocabulary, {term.pk for term in made.values()})
        self._remember(name, made)
        return known | made

    def _remembered_still(self, name: str, spellings: Iterable[str]) -> dict[str, Term]:
        remembered = self._remembered[name]
        known = {spelling: remembered[spelling] for spelling in spellings if spelling in remembered}
        if not known:
            return {}
        terms = {term.pk: term for term in known.values()}.values()
        still = fetch(
            STILL.format(
                table=_vocabulary(name)._meta.db_table,
                pointers=" AND ".join(f"t.{pointer}_id IS NULL" for pointer in POINTERS),
            ),
            ids=[term.pk for term in terms],
            keys=[term.key for term in terms],
            names=[term.name for term in terms],
        )
        ids = {pk for (pk,) in still}
        return {spelling: term for spelling, term in known.items() if term.pk in ids}

    def _remember(self, name: str, found: dict[str, Term]) -> None:
        """What means a term by its own name; aliases and merges are the desk's to change at any time."""
        remembered = self._remembered[name]
        remembered |= {spelling: term for spelling, term in found.items() if names.key(spelling) == term.key}
        while len(remembered) > REMEMBERED:
            del remembered[next(iter(remembered))]


def _vocabulary(name: str) -> type[Term]:
    return TERM_FIELDS[name].tag_model()


def _take_home(rows: Collection[Row], terms: Terms) -> None:
    for row, content in zip(rows, at_home([row.record.content for row in rows], terms), strict=True):
        row.record.content = content


def at_home(contents: Sequence[dict[str, Any]], terms: Terms) -> Sequence[dict[str, Any]]:
    """The same; a name whose term was moved to another vocabulary stands there, and its term joins the known ones."""
    unknown = {
        vocabulary: {name for content in contents for name in content[field] if name not in terms[field]}
        for vocabulary, field in VOCABULARY_FIELDS.items()
    }
    known = homes.homes(unknown)
    for term in known.values():
        terms[VOCABULARY_FIELDS[term.vocabulary]][term.name] = term
    return [_content_at_home(content, known) for content in contents] if known else contents


def _content_at_home(content: dict[str, Any], known: homes.Homes) -> dict[str, Any]:
    found = homes.at_home(
        {vocabulary: content[field] for vocabulary, field in VOCABULARY_FIELDS.items()}, known
    )
    return content | {VOCABULARY_FIELDS[vocabulary]: spelled for vocabulary, spelled in found.items()}
