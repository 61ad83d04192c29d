"""Names that come for a vocabulary from which their term was moved: where they belong now."""

from collections.abc import Iterable, Mapping

from taxonomy.models import VOCABULARIES, Term

Homes = dict[tuple[str, str], Term]


def homes(spelled: Mapping[str, Iterable[str]]) -> Homes:
    """The term for each (vocabulary, spelling) whose term is in another vocabulary by now; many at once."""
    return {
        (vocabulary, spelling): term
        for vocabulary, spellings in spelled.items()
        for spelling, term in VOCABULARIES[vocabulary].objects.moved(spellings).items()
    }


def at_home(spelled: Mapping[str, Iterable[str]], known: Homes) -> dict[str, list[str]]:
    """The same names, those that are at home elsewhere at the end of the list there, under their present name."""
    stay = {
        vocabulary: [spelling for spelling in spellings if (vocabulary, spelling) not in known]
        for vocabulary, spellings in spelled.items()
    }
    for vocabulary, spellings in spelled.items():
        for spelling in spellings:
            term = known.get((vocabulary, spelling))
            if term and term.name not in stay.setdefault(term.vocabulary, []):
                stay[term.vocabulary].append(term.name)
    return stay
