"""Whether two names may be spellings of one term, by their letters alone. Pure: no database, no settings.

It proposes and an editor decides; so it stays silent where a letter or a number makes another thing: GPT-4 and
GPT-4o, Mistral and Mixtral, 图像生成 and 视频生成. What is one in two languages only an alias can tell.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from taxonomy import names, pinyin

# Why two names may be one.
SAME, SIGNS, ASIDE, ENDING, INITIALS, SLIP, SOUND = (
    "same", "signs", "aside", "ending", "initials", "slip", "sound",
)  # fmt: skip

SHORTEST_SLIP = 6  # letters; in a shorter word one letter makes another word
SHORTEST_LOOSE = 9  # letters, for one that is missing or another vowel
SHORTEST_SOUND = 3  # Chinese characters
LONGEST = 40  # characters; longer names are compared whole, without slips

_SIGN = r"[-_._·・/'’:&]"
_SIGNS = re.compile(rf"(?<!\d){_SIGN}|{_SIGN}(?!\d)|(?<=\w)\+(?=\w)")
_ZERO = re.compile(r"(?<=\d)\.0(?!\d)")
# Small words: 生成式人工智能, 大型语言模型; but a 模型 is one.
_FILLERS = re.compile(r"(?<=.)(?:的|式(?!ai)|(?<!模)型)(?=.)")
_ASIDE = re.compile(r"([^()]+)\(([^()]+)\)")
_NO_OTHER_NAME = re.compile(r"[版年月日代级]$")  # GPT-4（预览版）
_LATIN = re.compile(r"[a-z0-9]+")
_WORDS = re.compile(r"[a-z]+")
_PLURAL = re.compile(r"[a-z]{5,}(?<![saiu])s$")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*[a-z]*")
_VOWELS = "aeiouy"
_NEVER = 99
# What a name may end in without meaning another thing, and how many Chinese characters before it make it so. Latin
# names may be shorter, but for those of which the ending makes something else: an AI公司 is no AI.
_GENERIC = {"ai", "aigc", "ar", "app", "ip", "it", "ml", "nlp", "vr"}
_ENDINGS = (
    ("领域", "field", 2), ("行业", "field", 2), ("产业", "field", 2), ("业", "field", 2),
    ("技术", "technique", 3), ("technology", "technique", 3), ("算法", "algorithm", 4),
    ("大模型", "model", _NEVER), ("模型", "model", 4), ("model", "model", _NEVER),
    ("集团", "firm", 2), ("公司", "firm", _NEVER),
)  # fmt: skip


class Form(NamedTuple):
    """A name as it is compared."""

    whole: str  # without signs between letters, small words and plural
    stem: str  # without its ending too
    ending: str  # the kind of that


def alike(one: str, other: str) -> str:
    """Why the two names may mean one thing; empty if nothing speaks for it."""
    if names.key(one) == names.key(other):
        return SAME
    mine, theirs = _parts(one), _parts(other)
    if len(mine) == len(theirs) == 2:  # both sides must say the same
        return ASIDE if {form(part).whole for part in mine} == {form(part).whole for part in theirs} else ""
    reason = next(filter(None, (_alike(part, peer) for part in mine for peer in theirs)), "")
    return ASIDE if reason and len(mine) + len(theirs) > 2 else reason


def _alike(one: str, other: str) -> str:
    mine, theirs = form(one), form(other)
    if not (mine.whole and theirs.whole):  # nothing but signs
        return ""
    if mine.whole == theirs.whole:
        return SIGNS
    if mine.stem == theirs.stem and (mine.ending == theirs.ending or not (mine.ending and theirs.ending)):
        return ENDING
    if initials(one) == theirs.whole or initials(other) == mine.whole:
        return INITIALS
    if _NUMBERS.findall(mine.whole) != _NUMBERS.findall(theirs.whole):
        return ""
    return _slipped(*sorted([mine.whole, theirs.whole], key=len))


@lru_cache(maxsize=10_000)
def form(name: str) -> Form:
    # What stands before a lower-case s in capitals is a plural however short it is: LLMs.
    name = re.sub(r"(?<=[A-Z]{2})s$", "", unicodedata.normalize("NFKC", name))
    whole = _ZERO.sub("", _SIGNS.sub("", names.key(name).replace("人工智能", "ai")))
    short = _FILLERS.sub("", whole)
    whole = short if len(short) >= 4 else whole
    whole = whole[:-1] if _PLURAL.search(whole) else whole
    if whole.endswith("ai") and len(whole) >= 4 and not whole[-3].isascii():  # 医疗AI, AI医疗
        whole = "ai" + whole[:-2]
    for ending, kind, least in _ENDINGS:
        stem = whole.removesuffix(ending)
        if stem != whole and _stands_alone(stem, kind, least):
            return Form(whole, stem, kind)
    return Form(whole, whole, "")


def _stands_alone(stem: str, kind: str, least: int) -> bool:
    if stem[-1:].isascii() and stem:
        return kind in {"field", "technique"} or stem not in _GENERIC
    return len(stem) >= least


def _parts(name: str) -> list[str]:
    """The name; of 大语言模型（LLM） the two that it consists of."""
    plain = unicodedata.normalize("NFKC", name)
    aside = _ASIDE.fullmatch(plain.strip())
    if not aside or _NO_OTHER_NAME.search(aside[2]):
        return [name]
    outer, inner = aside[1].strip(), aside[2].strip()
    other_script = outer.isascii() != inner.isascii()
    return [outer, inner] if other_script or initials(outer) == names.key(inner) else [name]


def initials(name: str) -> str:
    """Of a name of three English words or more."""
    words = re.split(r"[\s-]+", name.strip().casefold())
    if not 3 <= len(words) <= 6 or not all(map(_WORDS.fullmatch, words)):
        return ""
    return "".join(word[0] for word in words)


def _slipped(short: str, long: str) -> str:
    """Whether one slip of the fingers, or of a Chinese input method, makes one of the other."""
    if short[:1] != long[:1] and short[:1].isascii() or len(long) > LONGEST:
        return ""
    start = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    end = 0
    while end < len(short) - start and short[-1 - end] == long[-1 - end]:
        end += 1
    mine, theirs = short[start : len(short) - end], long[start : len(long) - end]
    if (mine + theirs).isascii():
        return SLIP if (mine + theirs).isalpha() and _slip(mine, theirs, long, start) else ""
    if len(mine) == len(theirs) == 1 and len(long) >= SHORTEST_SOUND:
        return SOUND if pinyin.sort_key(short) == pinyin.sort_key(long) else ""
    return ""


def _slip(mine: str, theirs: str, long: str, start: int) -> bool:
    letters = sum(char.isascii() and char.isalpha() for char in long)
    if len(mine) == len(theirs) == 2:
        return mine == theirs[::-1] and letters >= SHORTEST_SLIP
    if len(mine) == len(theirs) == 1:
        return mine in _VOWELS and theirs in _VOWELS and letters >= SHORTEST_LOOSE
    if mine or len(theirs) != 1:
        return False
    doubled = theirs == long[start - 1 : start]
    return letters >= (SHORTEST_SLIP if doubled else SHORTEST_LOOSE) and start < len(long) - 1


# --- finding them among many ----------------------------------------------------------------------


def keys(name: str) -> set[str]:
    """The keys under which a term may stand that is alike to this name: for a look-up in an index."""
    found: set[str] = set()
    both = _parts(name)
    for part in [name, *both]:
        found |= _respelled(part)
    if len(both) == 2:
        found.add(names.key(f"{both[1]}({both[0]})"))
    return {key for key in found if key} - {names.key(name)}


def _respelled(name: str) -> set[str]:
    key, shape = names.key(name), form(name)
    found = {key, shape.whole, initials(name), names.key("-".join(name.split()))}
    found |= {re.sub(_SIGN, sign, key) for sign in ("", "-", "·")}
    endings = [ending for ending, _kind, _least in _ENDINGS]
    found |= {f"{stem}{ending}" for stem in {key, shape.stem, shape.whole} for ending in endings}
    found |= {key.removesuffix(ending) for ending in endings}
    found |= {shape.stem, f"{shape.whole}s", f"{key}s", f"{shape.whole}.0"}
    if "ai" in shape.whole:
        found |= {spelled.replace("ai", "人工智能") for spelled in [*found]}
        rest = shape.whole.removeprefix("ai")
        found |= {f"{rest}ai", f"{rest}人工智能", f"ai+{rest}"}
    if len(key) <= LONGEST:
        found |= set(_gaps(key)) | set(_slips(shape.whole))
    return found


def _gaps(key: str) -> Iterator[str]:
    """With one sign or small word more."""
    for place in range(1, len(key)):
        signs = "-" if key[place - 1].isascii() and key[place].isascii() else "的式型"
        yield from (f"{key[:place]}{sign}{key[place:]}" for sign in signs)


def _slips(whole: str) -> Iterator[str]:
    letters = sum(char.isascii() and char.isalpha() for char in whole)
    if letters < SHORTEST_SLIP - 1:
        return
    for place in range(1, len(whole)):
        before, char, after = whole[:place], whole[place], whole[place + 1 :]
        if not (char.isascii() and char.isalpha()):
            continue
        yield before + after
        yield before + char + char + after
        yield f"{before}{after[:1]}{char}{after[1:]}"
        if letters >= SHORTEST_LOOSE - 1:
            yield from (f"{before}{more}{char}{after}" for more in "abcdefghijklmnopqrstuvwxyz")
            yield from (f"{before}{vowel}{after}" for vowel in _VOWELS if char in _VOWELS)


def blocks(name: str, sound: str) -> set[str]:
    """Two names that are alike have one of these in common: for comparing all with all. `sound` is its sort key."""
    found = {f"♪{sound}"} if not sound.isascii() or " " in sound else set()
    for part in {name, *_parts(name)}:
        shape = form(part)
        found |= {shape.stem, shape.whole, initials(part)} | _shortened(shape.whole)
    return found - {""}


def _shortened(whole: str) -> set[str]:
    """With one letter less: what one slip parts, that brings together."""
    letters = sum(char.isascii() and char.isalpha() for char in whole)
    if letters < SHORTEST_SLIP - 1 or len(whole) > LONGEST:
        return set()
    return {f"~{whole}"} | {
        f"~{whole[:place]}{whole[place + 1 :]}" for place in range(1, len(whole)) if whole[place].isascii()
    }
