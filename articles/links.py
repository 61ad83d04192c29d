"""Addresses of originals: what a seed wrote, the key under which an original is known, its publisher. Pure."""

import functools
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import unquote

MAX_KEY = 500
MAX_AUTHORITY = 300

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.I | re.A | re.S)
_PLAIN = re.compile(r"https?://((?:[a-z0-9-]+\.)+[a-z]{2,})(/[\w~./-]*)", re.A)  # as nearly all are
_HASHED = re.compile(r"https://.{292}#sha256:[0-9a-f]{64}", re.S)
_HIDDEN = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_AUTHORITY = re.compile(r"([^:@\\]+)(?::(\d{0,5}))?", re.A)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]", re.A)
_PRIVATE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_RECODED = re.compile(r"%[0-9a-f]{2}|[^!#-;=?-\[\]_a-z~]|%", re.I | re.A)
# Parameters that say how a reader came to a page, never which page it is; and the sites where `from` does.
_TRACKING = re.compile(
    r"(?:utm_|share_|sharer_|hmsr|hmpl|hmcu|hmkw|hmci).*|spm|spm_id_from|scm|scene|isappinstalled|wfr|for|chksm"
    r"|nsukey|vd_source|bd_vid|ivk_sa|igshid|_ga|_gl|mc_[ce]id|(?:fb|g|d|y|ms|tt)clid|[gw]braid",
    re.I | re.A,
)
_FROM_TRACKS = re.compile(
    r"(?:.+\.)?(?:(?:qq|weibo|163|sohu|ifeng|toutiao|baidu|bilibili|zhihu|jianshu|36kr|douyin|xiaohongshu|douban)\.com"
    r"|(?:sina|sina\.com|weibo|thepaper)\.cn|csdn\.net)(?::\d+)?"
)
_WECHAT = ("__biz", "mid", "idx", "sn")
_DATE = re.compile(r"(?<!\d)(?=((?:19|20)\d\d(?:([/-]?)\d\d\2\d\d|/\d{4}|\d\d/\d\d))(?!\d))", re.A)


def canonical(url: str) -> str | None:
    """The key under which all spellings of an address meet; None unless it is `clickable`."""
    plain = _PLAIN.fullmatch(url) if len(url) < MAX_KEY else None
    if plain and "/." not in plain[2] and _place(plain[1]):
        return f"https://{plain[1]}{plain[2]}"
    parts = _parts(url)
    if not parts or _HASHED.fullmatch(url):
        return url if parts else None
    (authority, _publisher), path, query, fragment = parts
    path = _without_dots(_recoded(path)) or "/"
    query = _identifying(authority, path, _recoded(query))
    kept = f"#{_recoded(fragment)}" if fragment.startswith(("!", "/")) else ""
    key = f"https://{authority}{path}{query}{kept}"
    return key if len(key) <= MAX_KEY else f"{key[:300]}#sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def host(url: str) -> str | None:
    """The publisher's host, readable, without `www.` and port; None unless the address is `clickable`."""
    parts = _parts(url)
    return parts[0][1] if parts else None


def clickable(url: str) -> bool:
    """Whether a reader may be led there: http or https, a public host, nothing hidden, no credentials."""
    return _parts(url) is not None


def date_in(url: str) -> date | None:
    """The first date in the path of an address: /20240318/, /2024/03/18/, /2024/0318/, t20240318_1.html."""
    path = url.partition("?")[0].partition("#")[0]
    start = path.find("/", path.find("//") + 2)
    for match in _DATE.finditer(path, start) if start >= 0 else ():
        digits = match[1].replace("/", "").replace("-", "")
        try:
            found = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            continue
        if found.year >= 1990:
            return found
    return None


def _parts(url: str) -> tuple[tuple[str, str], str, str, str] | None:
    """Place, path, query and fragment of a clickable address."""
    match = _URL.fullmatch(url)
    if not match or len(match[2]) > MAX_AUTHORITY or _HIDDEN.search(url):
        return None
    place = _place(match[2])
    return (place, match[3], match[4] or "", match[5] or "") if place else None


@functools.lru_cache(maxsize=10_000)
def _place(authority: str) -> tuple[str, str] | None:
    """A public host with its port as they stand in a key, and the host as people read it."""
    match = _AUTHORITY.fullmatch(authority)
    port = int((match and match[2]) or 0)
    try:
        name = unquote(match[1] if match else "", errors="strict").encode("idna").decode().lower()
        name = name.removesuffix(".")
        readable = name.encode().decode("idna")
    except UnicodeError:
        return None
    if port > 65535 or not _is_public(name) or not readable.isprintable():
        return None
    bare = readable.removeprefix("www.")
    return name + (f":{port}" if port not in {0, 80, 443} else ""), bare if "." in bare else readable


def _is_public(name: str) -> bool:
    """Names and plain IPv4 addresses of the public net. Any other form of address only serves to deceive."""
    if _NAME.fullmatch(name):
        return len(name) <= 253 and not name.endswith(_PRIVATE)
    try:
        address = ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def _recoded(text: str) -> str:
    """One spelling of what may stand percent-encoded or raw; a sign that would change the meaning stays as it is."""
    return _RECODED.sub(_one_form, text)


def _one_form(match: re.Match) -> str:
    found = match[0]
    if len(found) < 3:
        return "".join(f"%{byte:02X}" for byte in found.encode())
    char = chr(int(found[1:], 16))
    return char if char.isascii() and (char.isalnum() or char in "-._~!'()*") else found.upper()


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    parts = path.split("/")[1:]
    kept: list[str] = []
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    ending = [""] if kept and parts[-1] in {".", ".."} else []
    return "/" + "/".join(kept + ending)


def _identifying(authority: str, path: str, query: str) -> str:
    """The query without what only tracks; of an article on WeChat, what identifies it."""
    pairs = [(pair.partition("=")[0], pair) for pair in query.split("&") if pair]
    if authority == "mp.weixin.qq.com" and path.startswith("/s/"):
        pairs = []
    elif authority == "mp.weixin.qq.com" and path == "/s" and "__biz" in dict(pairs):
        pairs = sorted(((n, p) for n, p in pairs if n in _WECHAT), key=lambda pair: _WECHAT.index(pair[0]))
    from_tracks = bool(_FROM_TRACKS.fullmatch(authority))
    kept = [p for n, p in pairs if not _TRACKING.fullmatch(n) and not (from_tracks and n.lower() == "from")]
    return "?" + "&".join(kept) if kept else ""


# --- reading --------------------------------------------------------------------------------------

_DOMAINS = (
    "com|cn|net|org|gov|edu|info|io|ai|cc|tv|me|co|app|dev|news|top|xyz|vip|hk|tw|mo|jp|kr|sg|uk|us|eu|de|fr"
)
_LINK = re.compile(
    rf"""(?:
      (?<![a-z0-9+.-]) https? \s{{0,3}} [:：] \s{{0,3}} [/／]{{1,3}} \s{{0,3}} (?=[\w\[%])
    | (?<![a-z0-9+.-]) [a-z][a-z0-9+.-]{{1,20}} :// (?=\w)  # another scheme: never clickable
    | (?<![a-z0-9_@.:/-]) // (?=[\w-]+\.)
    | (?<![a-z0-9_@.:/-]) www \s? \. (?=\s?\w)
    | (?<![a-z0-9_@.:/-]) (?:[a-z0-9-]{{1,63}}\.){{1,8}} (?:{_DOMAINS}) (?![\w.-])
    )
    (?:
      (?! [;,]{{1,8}} (?:https?[:：]|www\.) )  # the next link of a list
      (?: [^\s<>"“”‘’「」『』《》〈〉【】（），。；：、！？…|｜] | ？(?=[a-z0-9_]) )
    )*""",
    re.I | re.X,
)
_HTTP = re.compile(r"(https?)[:：]/*", re.I | re.A)
_UNSAFE = re.compile(r"(?:javascript|vbscript|data|file|ftps?|blob|about|view-source)[:：]", re.I | re.A)
_SECOND_HALF = re.compile(r"\s{1,8}((?=[!-~]*[a-z0-9])[!#-;=?-{}~]+)", re.I | re.A)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"))
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_UNMISTAKABLE = {code: sign for code, sign in _FULLWIDTH.items() if chr(code) not in "！＂＇（），：；？｜"}


@dataclass(slots=True)
class Link:
    """What stood in a link field: the address, further ones, the text around them, codes of what was noticed."""

    url: str
    also_at: list[str] = field(default_factory=list)
    rest: str = ""
    problems: list[str] = field(default_factory=list)


def read(text: str) -> Link:
    """Read a link field as suppliers fill it; what is no address at all stays as it is."""
    if _PLAIN.fullmatch(text) and text[-1] != "." and clickable(text):
        return Link(text)
    bare = text.translate(_INVISIBLE).strip()
    if _UNSAFE.match("".join(bare[:100].split())):
        return Link(bare, problems=["unsafe-link"])
    spans = list(_spans(bare))
    if not spans:
        return Link(bare, problems=["link-not-a-url"] if bare else [])
    written = [bare[start:end] for start, end in spans]
    cleaned = [_cleaned(url) for url in written]
    urls = list(dict.fromkeys(cleaned))
    outside = _outside(bare, spans)
    rest = _without_marks(outside)
    noticed = {
        "link-normalised": cleaned != written or bare != text or (len(spans) == 1 and rest != outside),
        "several-links": len(urls) > 1,
        "text-around-link": bool(rest),
        "unsafe-link": not all(map(clickable, urls)),
    }
    return Link(urls[0], urls[1:], rest, [code for code, true in noticed.items() if true])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand, with the white space that got into them, without what only ends the sentence."""
    text = text.translate(_UNMISTAKABLE)
    end = 0
    while match := _LINK.search(text, end):
        end = match.end()
        while (half := _SECOND_HALF.match(text, end)) and _goes_on(text[end - 1], half[1]):
            end = half.end()
        yield match.start(), match.start() + len(_without_end(text[match.start() : end]))


def _goes_on(last: str, half: str) -> bool:
    """Whether what follows white space is the second half of the address before it."""
    if last in "/.?=&_-%" or half[0] in "/.?=&_-%":
        return any(char in "/.=&0123456789" for char in half) and "://" not in half
    return any(char in "/=&?" for char in half) and not _LINK.match(half)


def _without_end(address: str) -> str:
    for _time in range(3):
        address = address.rstrip(".,;:!?'*`")
        for opening, closing in ("()", "[]"):
            surplus = address.count(closing) - address.count(opening)
            ends = len(address) - len(address.rstrip(closing))
            address = address[: len(address) - max(0, min(surplus, ends))]
    return address


def _cleaned(address: str) -> str:
    url = "".join(address.split()).translate(_FULLWIDTH)
    if match := _HTTP.match(url):
        return f"{match[1]}://{url[match.end() :]}"
    return url if "://" in url else f"https://{url.removeprefix('//')}"


def _outside(text: str, spans: list[tuple[int, int]]) -> str:
    ends = [0, *(end for _start, end in spans)]
    starts = [*(start for start, _end in spans), len(text)]
    return " ".join(text[end:start].strip() for end, start in zip(ends, starts, strict=True)).strip()


def _without_marks(outside: str) -> str:
    """The text beside the addresses, without what was only put around them."""
    text = re.sub(r"\[([^\[\]]*)\]\(\s*\)", r"\1", outside).replace("< >", " ")
    return " ".join(text.split()) if any(map(str.isalnum, text)) else ""
