"""What changed within a text, marked for a reader: character by character in Chinese, word by word in Latin. Pure.

The alignment is Myers's; difflib's takes cubic time where characters repeat, and Chinese text is nothing else. The
time is bounded: a text too different to align as a whole is cut at the clauses that both have, and what lies between
two of them is aligned for itself, or else replaced as a whole.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

SAME, REMOVED, ADDED, FOLDED = "same", "removed", "added", "folded"
CONTEXT = 40  # characters left standing at either end of an unchanged stretch that is folded
SHORTEST_FOLD = 60
SHORTEST_SAME = 2  # characters; fewer between two changes would be confetti
LONGEST_CONFETTI = 12
STEPS = 3_000_000  # of all alignments of one comparison: about a second
STEPS_AT_ONCE = 1_000_000
STEPS_A_ROUND = 8
FURTHEST_SLIDE = 200  # words

# A word, a number with its separators, or one character; each with the marks that belong to it.
_TOKEN = re.compile(
    r"(?:\d+(?:[.,:]\d+)*(?![^\W\u1100-\U0003ffff])|[^\W\u1100-\U0003ffff]+|.)(?:[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]|\u200d.)*",
    re.DOTALL,
)
# The keyboard's full stops, commas and colons end a clause unless they stand within a number or a name.
_CLAUSE = re.compile(
    r"(?:[^\s，。、；：！？!?;.,:…—“”‘’「」『』《》（）()]|(?<=[0-9A-Za-z])[.,:](?=[0-9A-Za-z])){4,}"
)
_LATIN_AT_END = re.compile(r"[^\W\u1100-\U0003ffff]{1,20}\Z")
_LATIN_AT_START = re.compile(r"[^\W\u1100-\U0003ffff]{1,20}")
_GOOD_CUTS = {"\n": 3, "。": 2, "！": 2, "？": 2, "；": 2, "，": 1, "、": 1, "：": 1, " ": 1}

Hunk = tuple[int, int, int, int]  # [start, end) in the old, [start, end) in the new


@dataclass(frozen=True, slots=True)
class Run:
    kind: str
    text: str


@dataclass(slots=True)
class Budget:
    """What is left of the time for one comparison, shared by all its texts."""

    steps: int = STEPS

    def take(self, steps: int) -> None:
        self.steps -= steps


@dataclass(slots=True)
class _Reach:
    """How far each round of the alignment came, to walk back on."""

    rounds: list[tuple[int, array]] = field(default_factory=list)


def runs(old: str, new: str, budget: Budget | None = None) -> list[Run]:
    """The two texts as one: what is the same, removed and added, in the order of reading. No run is empty."""
    found: list[Run] = []
    end = 0
    hunks = [] if old == new else _without_confetti(old, _hunks(old, new, budget or Budget()))
    for old_start, old_end, new_start, new_end in hunks:
        found.append(Run(SAME, old[end:old_start]))
        found.append(Run(REMOVED, old[old_start:old_end]))
        found.append(Run(ADDED, new[new_start:new_end]))
        end = old_end
    found.append(Run(SAME, old[end:]))
    return [run for run in found if run.text]


def fold(found: Sequence[Run]) -> list[Run]:
    """The same with the middle of each long unchanged stretch as a run of its own, which a page may hide."""
    folded: list[Run] = []
    for place, run in enumerate(found):
        if run.kind != SAME:
            folded.append(run)
            continue
        start = 0 if place == 0 else _outward(run.text, CONTEXT)
        end = len(run.text) if place == len(found) - 1 else _inward(run.text, len(run.text) - CONTEXT)
        if end - start < SHORTEST_FOLD:
            folded.append(run)
            continue
        pieces = (SAME, run.text[:start]), (FOLDED, run.text[start:end]), (SAME, run.text[end:])
        folded += [replace(run, kind=kind, text=text) for kind, text in pieces if text]
    return folded


def _outward(text: str, place: int) -> int:
    """This place, or the end of the Latin word around it."""
    if place >= len(text) or not _LATIN_AT_END.search(text[:place][-20:]):
        return place
    rest = _LATIN_AT_START.match(text, place)
    return rest.end() if rest else place


def _inward(text: str, place: int) -> int:
    if place <= 0 or not _LATIN_AT_START.match(text, place):
        return place
    word = _LATIN_AT_END.search(text[max(place - 20, 0) : place])
    return place - len(word[0]) if word else place


# --- where two texts differ -----------------------------------------------------------------------


def _hunks(old: str, new: str, budget: Budget) -> list[Hunk]:
    if (hunks := _by_words(old, new, budget)) is not None:
        return hunks
    found: list[Hunk] = []
    for a, b, c, d in _between_shared_clauses(old, new):
        within = _by_words(old[a:b], new[c:d], budget, or_whole=True) or []
        found += [(a + i, a + j, c + k, c + m) for i, j, k, m in within]
    return found


def _by_words(old: str, new: str, budget: Budget, *, or_whole: bool = False) -> list[Hunk] | None:
    """The differences, in characters, no word cut."""
    old_words, new_words = _TOKEN.findall(old), _TOKEN.findall(new)
    hunks = align(old_words, new_words, budget, or_whole=or_whole)
    if hunks is None:
        return None
    old_at, new_at = ([0, *accumulate(map(len, words))] for words in (old_words, new_words))
    return [
        (old_at[a], old_at[b], new_at[c], new_at[d])
        for a, b, c, d in _at_good_cuts(old_words, new_words, hunks)
    ]


def _between_shared_clauses(old: str, new: str) -> Iterator[Hunk]:
    """What lies between the clauses that both texts have once, in the same order."""
    old_at, new_at = _once(old), _once(new)
    shared = [(start, new_at[clause]) for clause, start in old_at.items() if clause in new_at]
    lengths = {start: len(clause) for clause, start in old_at.items()}
    ends = 0, 0
    for place in rising([start for _start, start in shared]):
        a, c = shared[place]
        yield ends[0], a, ends[1], c
        ends = a + lengths[a], c + lengths[a]
    yield ends[0], len(old), ends[1], len(new)


def _once(text: str) -> dict[str, int]:
    """The clauses that occur once, each with its place, in the order of the text."""
    found: dict[str, int] = {}
    for match in _CLAUSE.finditer(text):
        found[match[0]] = -1 if match[0] in found else match.start()
    return {clause: start for clause, start in found.items() if start >= 0}


def rising(numbers: Sequence[int]) -> list[int]:
    """The places of a longest subsequence that rises; the numbers are all different."""
    tails: list[int] = []  # the least number that ends a rising subsequence of each length
    places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(places[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        places[length : length + 1] = [place]
    found = []
    place = places[-1] if places else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def align(
    old: Sequence[str], new: Sequence[str], budget: Budget, *, or_whole: bool = False
) -> list[Hunk] | None:
    """The fewest items to remove and add that make the one sequence the other.

    If that takes too long: None, or all between what is the same at either end.
    """
    start, end = _shared_start(old, new), _shared_end(old, new)
    end = min(end, min(len(old), len(new)) - start)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    whole = [(start, start + len(a), start, start + len(b))]
    if not a or not b:
        return whole if a or b else []
    reach = _reach(a, b, budget)
    if reach is None:
        return whole if or_whole else None
    edits = reversed(list(_walk_back(a, b, reach)))
    return _joined((start + i, start + j, start + k, start + m) for i, j, k, m in edits)


def _shared_start(old: Sequence[str], new: Sequence[str]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )


def _shared_end(old: Sequence[str], new: Sequence[str]) -> int:
    backwards = zip(reversed(old), reversed(new), strict=False)
    return next((i for i, (a, b) in enumerate(backwards) if a != b), min(len(old), len(new)))


def _reach(a: Sequence[str], b: Sequence[str], budget: Budget) -> _Reach | None:
    """Myers's greedy search: for each number of edits, how far one comes on each diagonal of the grid."""
    most = min(STEPS_AT_ONCE, budget.steps)
    steps, size = 0, len(b) + 1
    furthest = array("i", bytes(4 * (len(a) + len(b) + 3)))
    reach = _Reach()
    for edits in range(len(a) + len(b) + 1):
        low = -edits + 2 * max(0, edits - len(b))
        high = edits - 2 * max(0, edits - len(a))
        reach.rounds.append((low, furthest[size + low - 1 : size + high + 2]))
        walked = _round(a, b, furthest, edits, range(low, high + 1, 2))
        if walked < 0:
            budget.take(steps)
            return reach
        steps += walked + STEPS_A_ROUND
        if steps > most:
            break
    budget.take(steps)
    return None


def _round(a: Sequence[str], b: Sequence[str], furthest: array, edits: int, diagonals: range) -> int:
    """One more edit on each diagonal, then on along what is the same; the steps it took, -1 at the end."""
    size, a_end, b_end, steps = len(b) + 1, len(a), len(b), 0
    for k in diagonals:
        at = size + k
        down = k == -edits or (k != edits and furthest[at - 1] < furthest[at + 1])
        x = start = furthest[at + 1] if down else furthest[at - 1] + 1
        y = x - k
        while x < a_end and y < b_end and a[x] == b[y]:
            x += 1
            y += 1
        furthest[at] = x
        if x >= a_end and y >= b_end:
            return -1
        steps += x - start + 1
    return steps


def _walk_back(a: Sequence[str], b: Sequence[str], reach: _Reach) -> Iterator[Hunk]:
    """The edits, each of one item, last first."""
    x, y = len(a), len(b)
    for edits in range(len(reach.rounds) - 1, 0, -1):
        low, furthest = reach.rounds[edits]
        k = x - y
        at = k - low + 1
        if k == -edits or (k != edits and furthest[at - 1] < furthest[at + 1]):
            x = furthest[at + 1]
            y = x - k - 1
            yield x, x, y, y + 1
        else:
            x = furthest[at - 1]
            y = x - k + 1
            yield x, x + 1, y, y


def _joined(edits: Iterator[Hunk]) -> list[Hunk]:
    """Edits that touch are one hunk."""
    found: list[Hunk] = []
    for hunk in edits:
        if found and found[-1][1] == hunk[0] and found[-1][3] == hunk[2]:
            found[-1] = (found[-1][0], hunk[1], found[-1][2], hunk[3])
        else:
            found.append(hunk)
    return found


# --- for the reader -------------------------------------------------------------------------------


def _at_good_cuts(old: Sequence[str], new: Sequence[str], hunks: list[Hunk]) -> list[Hunk]:
    """What was only added or only removed, slid to where a sentence or clause of it begins and ends."""
    found: list[Hunk] = []
    bounds = [(0, 0, 0, 0), *hunks, (len(old), len(old), len(new), len(new))]
    for place, (a, b, c, d) in enumerate(hunks, 1):
        back = min(a - (found[-1][1] if found else 0), FURTHEST_SLIDE)
        on = min(bounds[place + 1][0] - b, FURTHEST_SLIDE)
        if a == b:
            by = _best_slide(new, c, d, back, on)
        elif c == d:
            by = _best_slide(old, a, b, back, on)
        else:
            by = 0
        found.append((a + by, b + by, c + by, d + by))
    return found


def _best_slide(items: Sequence[str], start: int, end: int, back: int, on: int) -> int:
    """By how many items to move the stretch, which reads the same at each of these places."""
    least = most = 0
    while -least < back and items[start + least - 1] == items[end + least - 1]:
        least -= 1
    while most < on and items[start + most] == items[end + most]:
        most += 1
    return max(
        range(least, most + 1), key=lambda by: (_cut(items, start + by) + _cut(items, end + by), -abs(by))
    )


def _cut(items: Sequence[str], place: int) -> int:
    """How natural it is to cut before this item."""
    if place in (0, len(items)):
        return 3
    return _GOOD_CUTS.get(items[place - 1][-1], 0)


def _without_confetti(old: str, hunks: list[Hunk]) -> list[Hunk]:
    """Hunks with next to nothing between them are one: a few characters that stayed by chance tell nobody anything."""
    found: list[Hunk] = []
    for hunk in hunks:
        while found and _is_confetti(old, found[-1], hunk):
            last = found.pop()
            hunk = (last[0], hunk[1], last[2], hunk[3])
        found.append(hunk)
    return found


def _is_confetti(old: str, left: Hunk, right: Hunk) -> bool:
    size = right[0] - left[1]
    if size >= LONGEST_CONFETTI or "\n" in old[left[1] : right[0]]:
        return False
    return size < SHORTEST_SAME or size * 2 <= min(_size(left), _size(right))


def _size(hunk: Hunk) -> int:
    return max(hunk[1] - hunk[0], hunk[3] - hunk[2])
