"""Which sentences of a text support a point: those that share most of what is rare in the text. Pure.

Reads folded text only, as `articles.evidence` does.
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import log

_SENTENCE = re.compile(r"[^。！？!?；;\n…]+[。！？!?；;…]*[”’」』）)]*")
_TEXT = re.compile(r"\w")
_FEATURE = re.compile(r"[a-z\u00df-\u024f]+|\d+(?:\.\d+)?|[\u3400-\u9fff]+")
MAX_SENTENCES = 3
_COMMON = 60  # a feature of more sentences than this tells nothing


class Sentences:
    """The sentences of a text by what the points share with them; nothing else is kept."""

    def __init__(self, text: str, points: Iterable[tuple[str, str]]) -> None:
        wanted = {feature for parts in points for feature in _features("\n".join(parts))}
        self.spans = [match.span() for match in _SENTENCE.finditer(text) if _TEXT.search(match[0])]
        self.holding: dict[str, list[int]] = {}
        self.common: Counter = Counter()
        for number, (start, end) in enumerate(self.spans):
            for feature in wanted & _features(text[start:end]):
                self.common[feature] += 1
                if self.common[feature] <= _COMMON:
                    self.holding.setdefault(feature, []).append(number)

    def best(self, parts: tuple[str, str]) -> list[tuple[int, tuple[int, int]]]:
        """The sentences that say most of it, each for what those before it do not say."""
        shared: dict[int, dict[str, float]] = {}
        for feature in _features("\n".join(parts)):
            often = self.common[feature]
            if 0 < often <= _COMMON:
                weight = log(1 + len(self.spans) / often) * (2 if feature[0] < "\u3400" else 1)
                for number in self.holding[feature]:
                    shared.setdefault(number, {})[feature] = weight
        chosen: list[tuple[int, tuple[int, int]]] = []
        first = 0.0
        while shared and len(chosen) < MAX_SENTENCES:
            number = max(shared, key=lambda n: (sum(shared[n].values()), -n))
            said = shared.pop(number)
            score = sum(said.values())
            first = first or score
            if score < 0.1 * first:
                break
            chosen.append((number, self.spans[number]))
            shared = {n: {f: w for f, w in each.items() if f not in said} for n, each in shared.items()}
        return chosen


def _features(text: str) -> set[str]:
    """Pairs of Chinese characters, Latin words and figures."""
    found = set()
    for run in _FEATURE.findall(text):
        if run[0] < "\u3400":
            found.add(run)
        else:
            found.update(map("".join, pairwise(run)))
    return found
