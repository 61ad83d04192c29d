"""How alike two texts are, and numbers by which an index finds texts that may be. Pure.

A text is the set of its triples of characters; the likeness of two is the share of triples that both have. MinHash
draws 32 numbers from the set, four to a band: of two texts with a likeness of 0.8 some band is the same in 98 cases of
a hundred, with 0.9 always, and of texts about one topic (below 0.2) hardly ever.
"""

from hashlib import blake2b

from rensa import RMinHash

from articles.search.text import normalise

ALIKE = 0.8  # from this likeness on an editor is asked
BANDS, ROWS = 8, 4
LOOKED_AT = 10_000  # characters of a text
SHORT = 40  # characters; shorter texts are alike by chance, as `identity.text_hash` says
SEED = 1  # another one makes all stored bands worthless


def triples(text: str) -> set[str]:
    """None of a text that is too short to tell. Width, case, and traditional or simplified make no difference."""
    bare = normalise(text[:LOOKED_AT]).replace(" ", "")
    if len(bare) < SHORT:
        return set()
    return {bare[at : at + 3] for at in range(len(bare) - 2)}


def bands(found: set[str]) -> list[int]:
    """Numbers for an index, each from -2³¹ to 2³¹-1: texts that share one may be alike."""
    if not found:
        return []
    sketch = RMinHash(num_perm=BANDS * ROWS, seed=SEED)
    sketch.update(found)
    drawn = sketch.digest()
    return [_number(band, drawn[band * ROWS : (band + 1) * ROWS]) for band in range(BANDS)]


def _number(band: int, drawn: list[int]) -> int:
    content = b"".join(number.to_bytes(4) for number in (band, *drawn))
    return int.from_bytes(blake2b(content, digest_size=4).digest(), signed=True)


def likeness(some: set[str], others: set[str]) -> float:
    """From 0 to 1."""
    shared = len(some & others)
    return shared / (len(some) + len(others) - shared) if shared else 0.0
