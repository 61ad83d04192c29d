"""Which terms a text speaks of: their names and aliases, found in one pass over it.

A process keeps the spellings of the confirmed terms, and reads those of a vocabulary again when its tokens say that
they have changed. What was found is looked up before it is told: a term that is gone is never suggested.
"""

from bisect import bisect
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsroom.sql import fetch
from taxonomy import names
from taxonomy.models import MAX_HOPS, POINTERS, VOCABULARIES, Term

MAX_TEXT = 50_000  # characters of all texts together that are looked through
MAX_SUGGESTED = 12  # terms of each vocabulary

_BETWEEN, _LINE_END = "\ue000", "\ue001"  # between two texts, and two lines; no name goes across
_LATIN = "\u2e80"  # below it are the letters that words with spaces between are written in


@dataclass(frozen=True, slots=True)
class Found:
    """A term's places: in which of the texts it is first, how often, and where first."""

    pk: int
    text: int
    times: int
    first: int


class Spellings:
    """The names and aliases of one vocabulary by key: a name that stands in a text is found by how it begins."""

    def __init__(self, terms: Mapping[str, int]) -> None:
        self.terms = {key: pk for key, pk in terms.items() if _telling(key)}
        lengths: dict[str, set[int]] = {}
        for key in self.terms:
            lengths.setdefault(key[:2], set()).add(len(key))
        self.lengths = {begin: sorted(found, reverse=True) for begin, found in lengths.items()}

    def places(self, bare: str, spaced: str, places: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Term and place of each name in the text, from left to right; the longest, where several begin."""
        lengths, terms, end = self.lengths, self.terms, 0
        for start in range(len(bare) - 1):
            found = lengths.get(bare[start : start + 2])
            if found is None or start < end:
                continue
            for length in found:
                name = bare[start : start + length]  # at the end of the text a shorter one
                pk = terms.get(name)
                if pk is not None and _is_word(spaced, places[start], places[start + len(name) - 1]):
                    yield pk, start
                    end = start + len(name)
                    break


def _telling(key: str) -> bool:
    """One character stands in every other word, and a number means something else each time."""
    return len(key) > 1 and any(map(str.isalpha, key))


def _is_word(text: str, first: int, last: int) -> bool:
    """Whether it begins and ends where words do: `AI` does not stand in `SAID`, nor `GPT-4` in `GPT-4o` or `GPT-4.5`."""
    before, after = text[max(first - 2, 0) : first], text[last + 1 : last + 3]
    return not _goes_on(text[first], before[::-1]) and not _goes_on(text[last], after)


def _goes_on(char: str, beyond: str) -> bool:
    """Whether the word of this character has another one beyond it; of a number also after a point."""
    if not (beyond and _latin(char)):
        return False
    return _latin(beyond[0]) or (char.isdigit() and beyond[0] == "." and beyond[1:].isdigit())


def _latin(char: str) -> bool:
    return char < _LATIN and char.isalnum()


# --- kept in the process ---------------------------------------------------------------------------

_VERSIONS = """
SELECT vocabulary, array_agg(token ORDER BY kind)
FROM (SELECT vocabulary, token, 1 FROM taxonomy_version
      UNION ALL SELECT vocabulary, token, 2 FROM taxonomy_spelling_version) AS t (vocabulary, token, kind)
GROUP BY vocabulary
"""

_kept: dict[str, tuple[list | None, Spellings]] = {}


def spellings() -> dict[str, Spellings]:
    """Those of each vocabulary; one statement, unless something has changed since this process last asked."""
    # Asked for before the spellings are: at worst they are newer than their token, and read once more.
    versions = dict(fetch(_VERSIONS))
    for vocabulary, model in VOCABULARIES.items():
        version = versions.get(vocabulary)
        if vocabulary not in _kept or _kept[vocabulary][0] != version:
            _kept[vocabulary] = version, Spellings(_read(model))
    return {vocabulary: _kept[vocabulary][1] for vocabulary in VOCABULARIES}


def _read(model: type[Term]) -> dict[str, int]:
    """The confirmed term that each key leads to, in this vocabulary."""
    confirmed = dict(model.objects.current().filter(confirmed=True).order_by().values_list("key", "pk"))
    standing = set(confirmed.values())
    merged = model.objects.filter(merged_into__isnull=False).order_by()
    into = dict(merged.values_list("pk", "merged_into"))
    aliases = model.alias_model().objects.order_by()
    found = dict(aliases.values_list("key", "term")) | dict(merged.values_list("key", "pk"))
    for _hop in range(MAX_HOPS):
        found = {key: into.get(pk, pk) for key, pk in found.items()}
        if not into.keys() & found.values():
            break
    return {key: pk for key, pk in found.items() if pk in standing} | confirmed


# --- suggestions -----------------------------------------------------------------------------------


def spot(texts: Iterable[str], carried: Mapping[str, Iterable[str]]) -> dict[str, list[Term]]:
    """The terms to suggest for texts, the most telling text first; without what is carried, by name.

    Of each vocabulary what stands in the first text, then what stands in the next, and so on; of these the most
    frequent first.
    """
    bare, spaced, places = names.flattened(_joined(texts))
    suggested = {}
    for vocabulary, known in spellings().items():
        there = {known.terms.get(names.key(name)) for name in carried.get(vocabulary, ())}
        found = _ordered(_counted(known.places(bare, spaced, places), bare, there))
        terms = VOCABULARIES[vocabulary].objects.in_bulk([one.pk for one in found]) if found else {}
        suggested[vocabulary] = [terms[one.pk] for one in found if _stands(terms.get(one.pk))]
    return suggested


def _joined(texts: Iterable[str]) -> str:
    return _BETWEEN.join(text.replace(_BETWEEN, " ").replace("\n", _LINE_END) for text in texts)[:MAX_TEXT]


def _counted(places: Iterable[tuple[int, int]], bare: str, without: Container[int | None]) -> list[Found]:
    firsts: dict[int, int] = {}
    times: dict[int, int] = {}
    for pk, place in places:
        if pk not in without:
            firsts.setdefault(pk, place)
            times[pk] = times.get(pk, 0) + 1
    ends = [place for place, char in enumerate(bare) if char == _BETWEEN]
    return [Found(pk, bisect(ends, first), times[pk], first) for pk, first in firsts.items()]


def _ordered(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (one.text, -one.times, one.first))[:MAX_SUGGESTED]


def _stands(term: Term | None) -> bool:
    return term is not None and term.confirmed and not any(getattr(term, f"{name}_id") for name in POINTERS)
