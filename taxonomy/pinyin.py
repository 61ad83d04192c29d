"""Where a name stands among others, as a Chinese reader looks it up. Pure: no database, no settings."""

import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import import_module

MAX_SORT_KEY = 200
NO_LETTER = "#"
# Words of this subject that the dictionary reads otherwise, and signs whose commoner reading is another in it.
PHRASES = {"长上下文": "cháng shàng xià wén", "重构": "chóng gòu", "重排": "chóng pái", "重写": "chóng xiě"}
READINGS = {"长": "cháng,zhǎng", "调": "tiáo,diào"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + NO_LETTER


def sort_key(key: str) -> str:
    """Pinyin syllables without tones, Latin as it is; its first sign is the letter it stands under, or `#`.

    From a name's `names.key`: 重庆 is `chong qing`, GPT-4o模型 is `gpt-4o mo xing`, 3D打印 is `#3d da yin`.
    """
    starts = (place for place, char in enumerate(key) if char.isalnum())
    spoken = " ".join(_pinyin()(key[next(starts, 0) :]))
    bare = "".join(char for char in unicodedata.normalize("NFD", spoken) if not unicodedata.combining(char))
    return (bare if "a" <= bare[:1] <= "z" else NO_LETTER + bare)[:MAX_SORT_KEY]


def between(letter: str) -> tuple[str, str]:
    """The sort keys under a letter: from the first, to before the second."""
    return letter.lower(), chr(ord(letter.lower()) + 1)


@cache
def _pinyin() -> Callable[[str], list[str]]:
    # Not imported above: its dictionaries take 60 MB and a third of a second, and few processes ever name a term.
    library = import_module("pypinyin")
    library.load_phrases_dict(
        {phrase: [[syllable] for syllable in spoken.split()] for phrase, spoken in PHRASES.items()}
    )
    library.load_single_dict({ord(char): readings for char, readings in READINGS.items()})
    return library.lazy_pinyin
