"""What makes two spellings one term. Pure: no database, no settings."""

import functools
import hashlib
import re
import unicodedata

import opencc

MAX_NAME = 100  # characters a name may have; the seed format's row T11
MAX_KEY = 200
MAX_SLUG = 100

_simplify = opencc.OpenCC("t2s").convert
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
# Format and control characters (zero-width, direction marks), all kinds of space, and variation selectors.
_IGNORED = {"Cf", "Cc", "Zs", "Zl", "Zp"}
_SPELLED = {"+": "_plus", "#": "_sharp", ".": "_dot", "&": "_and", "/": "_slash", "_": "__"}


@functools.lru_cache(maxsize=200_000)
def key(name: str) -> str:
    """The key under which all spellings of a name meet; empty if nothing of the name is left.

    NFKC, casefold, traditional to simplified, dashes folded, spaces and zero-width characters removed:
    `MID journey` and `ＭＩＤ　Ｊourney` are one, `C`, `C++` and `C#` are three.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", _simplify(folded).translate(_DASHES))
    return "".join(char for char in folded if not _ignored(char))


def _ignored(char: str) -> bool:
    return not char.isalnum() and (
        unicodedata.category(char) in _IGNORED
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )


def slug(name: str) -> str:
    """The part of an address that names a term: its key, with what an address cannot show spelled out.

    Two names have one slug only if they have one key: signs become words after an underscore (`c_plus_plus`,
    `c_sharp`), an underscore is doubled, anything else is its code point; too long ones end in a hash.
    """
    whole = key(name)
    spelled = re.sub(r"[^\w-]|_", lambda sign: _SPELLED.get(sign[0]) or f"_x{ord(sign[0]):x}_", whole)
    if len(spelled) <= MAX_SLUG:
        return spelled
    return f"{spelled[:80]}_h{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def is_name(name: str) -> bool:
    """Whether this can be the name of a term at all: neither empty nor longer than a name may be."""
    return len(name) <= MAX_NAME and 0 < len(key(name)) <= MAX_KEY
