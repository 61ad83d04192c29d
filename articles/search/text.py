"""How text is read for searching: one function normalises text and question alike. Pure.

Normalised text is what `str in str` means to a reader: width, case, traditional and simplified characters, kinds of
dash and invisible characters make no difference, nor do line ends within Chinese. Only between two Latin letters or
digits one space stays: `open ai` does not hold `nai`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import opencc

MAX_WORDS = 10  # of one question
MAX_ASKED = 200  # characters of a question
WINDOW = 800  # characters of a text that are looked through at once
MAX_RUN = (
    512  # characters of a Latin run that is kept whole; longer ones overlap by more than a question holds
)
OVERLAP = 256

BORDER = "\x02"  # between texts that are indexed as one: no phrase reaches across, no question can hold it
_SPACE = "\x01"  # what stands in a bigram for a space, the end of a token

# Control and format characters but white space, variation selectors.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0001-\U000e01ef]"
)
_SPACES = re.compile(r"\s+")
_LOOSE_SPACE = re.compile(r"(?<![a-z0-9]) | (?![a-z0-9])")
_RUN = re.compile(r"[a-z0-9]+")
_ASKED = re.compile(r'"([^"]+)"|“([^“”]+)”|(\S+)')


def _character_table() -> dict[int, str]:
    """One character for one character: whole phrases would be read in another way than their parts."""
    table = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
    characters = [chr(code) for code in (*range(0x3400, 0xA000), *range(0x20000, 0x2A6E0))]
    simplified = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    changed = zip(characters, simplified, strict=True)
    return table | {ord(old): new for old, new in changed if old != new and len(new) == 1}


_TABLE = _character_table()
_CHANGED = frozenset(map(chr, _TABLE))


def normalise(text: str) -> str:
    return _squeezed(_folded(text))


def _folded(text: str) -> str:
    folded = text.lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        if not _CHANGED.isdisjoint(folded):  # most texts need none of it, and this is ten times cheaper
            folded = folded.translate(_TABLE)
    return _INVISIBLE.sub("", folded)


def _squeezed(folded: str) -> str:
    return _LOOSE_SPACE.sub("", _SPACES.sub(" ", folded))


# --- what the index holds -------------------------------------------------------------------------


def grams(normalised: str) -> str:
    """Tokens for a white space tokenizer: overlapping pairs of characters in order, then each character once."""
    tight = normalised.replace(" ", _SPACE)
    return " ".join([*map("".join, zip(tight, tight[1:], strict=False)), *set(tight)])


def runs(normalised: str) -> str:
    """The Latin and digit runs, each once, as tokens."""
    return " ".join(sorted({piece for run in _RUN.findall(normalised) for piece in _pieces(run)}))


def _pieces(run: str) -> Iterator[str]:
    if len(run) <= MAX_RUN:
        yield run
        return
    for start in range(0, len(run) - OVERLAP, MAX_RUN - OVERLAP):
        yield run[start : start + MAX_RUN]


# --- what a reader asks ---------------------------------------------------------------------------


def words(question: str) -> list[str]:
    """What must be found, each literally: words between spaces, or what stands between quotation marks."""
    asked = (next(filter(None, match.groups())) for match in _ASKED.finditer(question))
    found = (normalise(word.strip('"“”')) for word in asked)
    return list(dict.fromkeys(filter(None, found)))


def pairs(word: str) -> list[str]:
    """The tokens of `grams` that stand one after the other wherever the text holds this word."""
    tight = word.replace(" ", _SPACE)
    return [tight] if len(tight) <= 2 else [tight[i : i + 2] for i in range(len(tight) - 1)]


def is_run(word: str) -> bool:
    return bool(_RUN.fullmatch(word))


# --- marking what was found -----------------------------------------------------------------------


def marked(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in pieces, in order, each with whether it is one of the words. Joined they are the text."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _places(text, words):
        pieces += [(text[end:start], False)] if start > end else []
        pieces.append((text[start:stop], True))
        end = stop
    return pieces + ([(text[end:], False)] if end < len(text) else [])


def _places(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where in the text the normalised words stand; what touches or overlaps is one place."""
    normalised, origin = _with_origin(text)
    found = []
    for word in words:
        at = normalised.find(word)
        while word and at >= 0:
            found.append((origin[at][0], origin[at + len(word) - 1][1]))
            at = normalised.find(word, at + len(word))
    places: list[tuple[int, int]] = []
    for start, stop in sorted(found):
        if places and start <= places[-1][1]:
            places[-1] = (places[-1][0], max(stop, places[-1][1]))
        else:
            places.append((start, stop))
    return places


_CLUSTER = re.compile(r"\s+|\S[\u0300-\u036f\u3099\u309a]*")


def _with_origin(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The normalised text, and for each of its characters from where to where it comes."""
    characters: list[str] = []
    origin: list[tuple[int, int]] = []
    for cluster in _CLUSTER.finditer(text):
        folded = " " if cluster[0].isspace() else _fold_cluster(cluster[0])
        characters += folded
        origin += [cluster.span()] * len(folded)
    whole = "".join(characters)
    loose = [match.span() for match in _LOOSE_SPACE.finditer(whole)]
    for start, stop in reversed(loose):
        whole = whole[:start] + whole[stop:]
        del origin[start:stop]
    return whole, origin


@lru_cache(maxsize=20_000)
def _fold_cluster(cluster: str) -> str:
    return _folded(cluster)


def excerpt(text: str, words: Iterable[str], length: int) -> str | None:
    """So much of the text around the first of the words that `length` characters are filled; None if there is none."""
    words = list(words)
    for start in range(0, max(len(text) - MAX_ASKED, 1), WINDOW - MAX_ASKED):
        window = text[start : start + WINDOW]
        normalised = normalise(window)  # cheap; where each character comes from is not
        if any(word in normalised for word in words) and (places := _places(window, words)):
            return _around(text, start + places[0][0], length)
    return None


def _around(text: str, place: int, length: int) -> str:
    start = max(0, min(place - length // 4, len(text) - length))
    stop = min(len(text), start + length)
    return ("……" if start else "") + text[start:stop].strip() + ("……" if stop < len(text) else "")
