"""What the words of a text question name: whoever asks for an alias also means the articles that carry the term."""

from dataclasses import dataclass, field, replace
from typing import Self

from articles.search import text
from articles.search.query import Word
from taxonomy.models import VOCABULARIES, Term


@dataclass(slots=True)
class Naming:
    """The words of a question, and the terms that each of them, and all of them together, name."""

    question: str
    words: list[str]  # normalised
    terms: dict[str, list[Term]] = field(default_factory=dict)  # by spelling

    @classmethod
    def of(cls, question: str, words: list[str]) -> Self:
        """Two statements a vocabulary, however many words. The question without one of its words is looked up too."""
        spellings = [question, *words]
        spellings += [_together(words, without) for without in words if len(words) > 1]
        naming = cls(question, words, {spelling: [] for spelling in spellings})
        for model in VOCABULARIES.values():
            for spelling, term in model.objects.resolve(spellings).items():
                naming.terms[spelling].append(term)
        return naming

    def public(self) -> Self:
        """The same as readers may know it: of terms that are public alone."""
        terms = {
            spelling: [term for term in found if term.is_public] for spelling, found in self.terms.items()
        }
        return replace(self, terms=terms)

    def asked(self, *, without: str = "") -> tuple[tuple[Word, ...], tuple[tuple[str, int], ...]]:
        """The words for the index, and the terms that they name together; one of the words left out."""
        words = tuple(Word(word, _ids(self.more(word))) for word in self.words if word != without)
        together = _together(self.words, without) if without else self.question
        return words, _ids(self.more(together)) if len(words) > 1 else ()

    def more(self, spelling: str) -> list[Term]:
        """The terms of a spelling whose name does not hold it: the words alone would not find their articles."""
        literal = text.normalise(spelling)
        return [term for term in self.terms.get(spelling, []) if literal not in text.normalise(term.name)]

    def also(self) -> list[tuple[str, Term]]:
        """What makes the search find more than the words do, each with what was asked for."""
        spellings = [self.question] if len(self.words) < 2 else [self.question, *self.words]
        return [(spelling, term) for spelling in spellings for term in self.more(spelling)]


def _together(words: list[str], without: str) -> str:
    return " ".join(word for word in words if word != without)


def _ids(terms: list[Term]) -> tuple[tuple[str, int], ...]:
    return tuple((term.vocabulary, term.pk) for term in terms)
