"""What makes two spellings one term. Pure: no database, no settings."""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import opencc

MAX_NAME = 100  # characters a name may have; the seed format's row T11
MAX_KEY = 200
MAX_SLUG = 100

_simplify = opencc.OpenCC("t2s").convert
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
# Format and control characters (zero-width, direction marks), all kinds of space, and variation selectors.
_IGNORED = {"Cf", "Cc", "Zs", "Zl", "Zp"}
_SPELLED = {"+": "_plus", "#": "_sharp", ".": "_dot", "&": "_and", "/": "_slash", "_": "__"}


def key(name: str) -> str:
    """The key under which all spellings of a name meet; empty if nothing of the name is left.

    NFKC, casefold, traditional to simplified, dashes folded, spaces and zero-width characters removed:
    `MID journey` and `ＭＩＤ　Ｊourney` are one, `C`, `C++` and `C#` are three.
    """
    return _cached_key(name) if len(name) <= MAX_NAME else _key(name)


def _key(name: str) -> str:
    folded = _fold(name)
    # Taking a sign away may bring together what then folds further; what is ASCII is folded for good.
    while not folded.isascii() and (again := _fold(folded)) != folded:
        folded = again
    return folded


_cached_key = functools.lru_cache(maxsize=100_000)(_key)


def _fold(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(char for char in folded if not _ignored(char))
    return bare if bare.isascii() else _simplify(bare).translate(_DASHES)


def flattened(text: str) -> tuple[str, str, list[int]]:
    """A text as keys are spelled; the same with what a key leaves out; and where each character of the one is in it."""
    spaced = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    ignored = {char for char in set(spaced) if _ignored(char)}
    places = [place for place, char in enumerate(spaced) if char not in ignored]
    bare = "".join([spaced[place] for place in places])
    simple = _simplify(bare).translate(_DASHES)
    if len(simple) != len(bare):  # a phrase became longer or shorter: then without phrases
        simple = "".join(_simplify(char)[:1] or char for char in bare).translate(_DASHES)
    return simple, spaced, places


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


# --- lists of names -------------------------------------------------------------------------------

MAX_HAN = 20  # Chinese characters of a name; more make a sentence

_SEPARATOR = re.compile(r"[,，、;；|｜\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|(?<=\s)[/·](?=\s)|\s(?=#[^\W\d])")
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_NEEDS_CARE = re.compile(r"[，（(《“「『【\"]")
_CLOSING = {"（": "）", "(": "）", "《": "》", "“": "”", "「": "」", "『": "』", "【": "】", '"': '"'}
_BRACKET = re.compile(rf"[（）()《》“”「」『』【】\"{_LINE_ENDS}]")

# Bullets, hashes and numbers before a name; `3.5` and `-1` are none.
_LEADING = re.compile(
    r"[-*](?=\s)|-(?=[^\W\d])|[•·●]|#+(?=\s*[^\s#])|[(（]\d{1,3}[)）]|\d{1,3}(?:[.．](?!\d)|[、)）])"
)
_AROUND = ("****", "**", "``", "“”", '""', "「」", "『』", "【】", "[]")  # each half opens, the other closes
_ET_CETERA = re.compile(r"(?<![平均高同相优对中初上下劣特何不等])等{1,2}$")
_ASIDE = re.compile(r"《[^《》]*》|（[^（）]*）|\([^()]*\)")
_SAYS_NONE = re.compile(
    r"(?:未|没有|不)(?:明确|具体|直接)?(?:提及|提到|涉及|说明|指出)|[没无]有?具体"
    r"|(?:^|\W)本文|[这该]篇?文章|文章(?:中|里|未|没|主要)|的是"
)


@dataclass(slots=True)
class Split:
    """What stood in a list of names. Every part of it is in one of the lists, as written but for marks."""

    names: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    normalised: bool = False  # marks around a name were taken off


def split(text: str) -> Split:
    """Take a list of names apart; rows T1 to T14 of the seed format."""
    found = Split()
    seen: set[str] = set()
    pieces = _pieces(text) if _NEEDS_CARE.search(text) else _SEPARATOR.split(text)
    for piece in map(str.strip, pieces):
        kind, name = _judged(piece)
        if kind == "sentence":
            found.sentences.append(piece)
        elif kind == "nothing":
            found.dropped += [piece] if piece else []
        elif key(name) in seen:
            found.repeated.append(name)
        else:
            seen.add(key(name))
            found.names.append(name)
            found.normalised |= name != piece
    return found


def _pieces(text: str) -> Iterator[str]:
    """What stands between separators. After a sentence, what follows `，` still belongs to it."""
    start, goes_on = 0, False
    for sign in _separators(text):
        end = sign.start()
        goes_on = sign[0] == "，" and (goes_on or _judged(text[start:end].strip())[0] == "sentence")
        if not goes_on:
            yield text[start:end]
            start = sign.end()
    yield text[start:]


def _separators(text: str) -> Iterator[re.Match]:
    """The separators outside brackets and quotes."""
    pairs = sorted(_pairs(text), reverse=True)
    closed = -1
    for sign in _SEPARATOR.finditer(text):
        while pairs and pairs[-1][0] < sign.start():
            closed = max(closed, pairs.pop()[1])
        if sign.start() > closed:
            yield sign


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Where brackets open and close. One without its other half on the same line is an ordinary character."""
    opened: dict[str, list[int]] = {}
    for match in _BRACKET.finditer(text):
        sign = match[0]
        closing = "）" if sign == ")" else sign
        if sign in _LINE_ENDS:
            opened.clear()
        elif opened.get(closing):
            yield opened[closing].pop(), match.start()
        elif sign in _CLOSING:
            opened.setdefault(_CLOSING[sign], []).append(match.start())


def _judged(piece: str) -> tuple[str, str]:
    return _judged_short(piece) if len(piece) <= 2 * MAX_NAME else ("sentence", piece)


@functools.lru_cache(maxsize=100_000)
def _judged_short(piece: str) -> tuple[str, str]:
    """Whether the piece is a `name`, a `sentence` or `nothing`, and the name without marks."""
    name = _unmarked(piece)
    if not any(map(str.isalpha, name)):
        return "nothing", name
    return ("sentence" if not is_name(name) or _is_sentence(name) else "name"), name


def _is_sentence(name: str) -> bool:
    if len(name) > MAX_HAN and sum(map(_is_han, name)) > MAX_HAN:
        return True
    bare = _ASIDE.sub("", name)
    return "。" in bare or "，" in bare or bool(_SAYS_NONE.search(bare))


def _is_han(char: str) -> bool:
    return (
        "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\U00020000" <= char <= "\U0003ffff"
    )


def _unmarked(piece: str) -> str:
    """The name without bullets, numbers, quotes and the like, of which there may be several around each other."""
    name, before = piece, ""
    while name != before:
        before = name
        if leading := _LEADING.match(name):
            name = name[leading.end() :].lstrip()
            name = name.rstrip("#").rstrip() if leading[0][0] == "#" else name
        name = _ET_CETERA.sub("", name.rstrip("。")).rstrip()
        name = name[:-1] if name[-1:] in {".", "．"} and name[-2:-1] != "." else name
        name = name.removesuffix("]") if "[" not in name else name
        name = name.removeprefix("[") if "]" not in name else name
        name = _without_around(name).strip()
    return name


def _without_around(name: str) -> str:
    for marks in _AROUND:
        half = len(marks) // 2
        inner = name[half:-half]
        if inner and marks[half:] not in inner and name == marks[:half] + inner + marks[half:]:
            name = inner
    return name
