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

# Parameters that say how a reader came to a page, never which page it is. `from` does so on these sites only.
_TRACKING = re.compile(
    r"(?:utm_|share_|sharer_|spm|hmsr|hmpl|hmcu|hmkw|hmci|mc_)[^=]*"
    r"|scm|scene|isappinstalled|wfr|for|chksm|nsukey|vd_source|bd_vid|ivk_sa|igshid|_ga|_gl"
    r"|(?:fb|g|d|y|ms|tt)clid|[gw]braid",
    re.I | re.A,
)
_FROM_IS_TRACKING = {
    *("weixin.qq.com", "qq.com", "weibo.com", "weibo.cn", "sina.com.cn", "sina.cn", "163.com", "sohu.com"),
    *("ifeng.com", "toutiao.com", "baidu.com", "bilibili.com", "zhihu.com", "jianshu.com", "36kr.com"),
    *("thepaper.cn", "douyin.com", "xiaohongshu.com", "douban.com", "csdn.net"),
}
_WECHAT_IDENTITY = ("__biz", "mid", "idx", "sn")
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.I | re.A | re.S)
# Nearly every address is like this: nothing to fold, and nothing that needs a closer look.
_PLAIN = re.compile(r"https?://((?:[a-z0-9-]+\.)+[a-z]{2,})(/[\w~./-]*)", re.A)
_HIDDEN = re.compile(
    "[\x00-\x20\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ud800-\udfff]"
)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])", re.A)
_HASHED = re.compile(r"https://.{292}#sha256:[0-9a-f]{64}", re.S)


# --- identity -------------------------------------------------------------------------------------


def canonical(url: str) -> str | None:
    """The key under which all spellings of an address meet; None for what no reader should open."""
    plain = _PLAIN.fullmatch(url) if len(url) < MAX_KEY else None
    if plain and "/." not in plain[2] and _place(plain[1]):
        return f"https://{plain[1]}{plain[2]}"
    parts = _parts(url)
    if not parts:
        return None
    if _HASHED.fullmatch(url):
        return url
    place, path, query, fragment = parts
    path = _without_dots(_encoded(path)) or "/"
    key = f"https://{place.authority}{path}"
    if query := _without_tracking(place.authority, path, _encoded(query)):
        key += f"?{query}"
    if fragment.startswith(("!", "/")):
        key += f"#{_encoded(fragment)}"
    if len(key) > MAX_KEY:
        return f"{key[:300]}#sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return key


def host(url: str) -> str | None:
    """The publisher's host, readable and without `www.`; None where `canonical` is None."""
    parts = _parts(url)
    return parts[0].publisher if parts else None


def clickable(url: str) -> bool:
    """Whether a reader may be led there: http or https, a public host, nothing hidden, no credentials."""
    return _parts(url) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: as it stands in a key (lower case, ASCII, with port), and for people."""

    authority: str
    publisher: str


def _parts(url: str) -> tuple[Place, str, str, str] | None:
    """Place, path, query and fragment of a clickable address."""
    match = _URL.fullmatch(url)
    if not match or _HIDDEN.search(url) or len(match[2]) > MAX_AUTHORITY:
        return None
    place = _place(match[2])
    return (place, match[3], match[4] or "", match[5] or "") if place else None


@functools.lru_cache(maxsize=10_000)
def _place(authority: str) -> Place | None:
    name, _colon, port = authority.partition(":")
    if port and not (port.isascii() and port.isdecimal() and int(port) < 65536):
        return None
    ascii_name = _ascii(unquote(name, errors="strict") if "%" in name else name)
    if not ascii_name or not _is_public(ascii_name):
        return None
    kept_port = "" if not port or int(port) in {80, 443} else f":{int(port)}"
    readable = _readable(ascii_name)
    bare = readable.removeprefix("www.")
    return Place(ascii_name + kept_port, bare if "." in bare else readable)


def _ascii(name: str) -> str | None:
    """The name as the domain name system knows it."""
    try:
        return name.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        return None


def _readable(name: str) -> str:
    try:
        readable = name.encode("ascii").decode("idna")
    except UnicodeError:
        return name
    return readable if all(char.isprintable() for char in readable) else name


def _is_public(name: str) -> bool:
    """A domain name or a plain IPv4 address of the public net. All other forms of address only serve to deceive."""
    if name.endswith(_PRIVATE_NAMES) or len(name) > 253:
        return False
    if _NAME.fullmatch(name):
        return True
    try:
        address = ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def _encoded(text: str) -> str:
    """One spelling of what may stand percent-encoded or raw; encoded signs with a meaning stay encoded."""
    return _ESCAPED.sub(_one_form, text)


_ESCAPED = re.compile(r"%[0-9a-fA-F]{2}|[^!#-;=?-\[\]_a-z~]|%", re.A)


def _one_form(match: re.Match) -> str:
    found = match[0]
    if len(found) == 3:
        char = chr(int(found[1:], 16))
        return char if char.isascii() and (char.isalnum() or char in "-._~!'()*") else found.upper()
    return "".join(f"%{byte:02X}" for byte in found.encode())


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    for part in (parts := path.split("/")[1:]):
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    end = "/" if parts[-1] in {".", ".."} and kept else ""
    return "/" + "/".join(kept) + end


def _without_tracking(authority: str, path: str, query: str) -> str:
    if not query:
        return ""
    pairs = [(pair.partition("=")[0], pair) for pair in query.split("&") if pair]
    if authority == "mp.weixin.qq.com" and path.startswith("/s/"):
        return ""
    if authority == "mp.weixin.qq.com" and path == "/s" and "__biz" in dict(pairs):
        found = dict(reversed(pairs))
        return "&".join(found[name] for name in _WECHAT_IDENTITY if name in found)
    from_too = _is_listed(authority)
    return "&".join(
        pair
        for name, pair in pairs
        if not _TRACKING.fullmatch(name) and not (from_too and name.lower() == "from")
    )


def _is_listed(authority: str) -> bool:
    labels = authority.partition(":")[0].split(".")
    return any(".".join(labels[-count:]) in _FROM_IS_TRACKING for count in (2, 3))


# --- dates ----------------------------------------------------------------------------------------

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d(?:([/-]?)\d\d\2\d\d|/\d{4}|\d\d/\d\d))(?!\d)", re.A)


def date_in(url: str) -> date | None:
    """The first date in the path of an address: /20240318/, /2024/03/18/, /2024/0318/, t20240318_1.html."""
    path = url.partition("?")[0].partition("#")[0]
    start = path.find("/", path.find("//") + 2)
    while start >= 0 and (match := _DATE.search(path, start)):
        digits = match[1].replace("/", "").replace("-", "")
        try:
            found = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            start = match.start() + 1
            continue
        if found.year >= 1990:
            return found
        start = match.start() + 1
    return None


# --- reading --------------------------------------------------------------------------------------

_DOMAINS = "com|cn|net|org|gov|edu|info|io|ai|cc|tv|me|co|app|dev|news|top|xyz|vip|tech|hk|tw|mo|jp|kr|sg|uk|us|eu|de|fr"
_LINK = re.compile(
    rf"""(?:
      (?<![a-z0-9+.-]) https? \s{{0,3}} [:：] \s{{0,3}} [/／]{{1,3}} \s{{0,3}}
    | (?<![a-z0-9+.-]) [a-z][a-z0-9+.-]{{1,20}} :// # another scheme: never clickable
    | (?<![a-z0-9_@.:/／-]) [/／]{{2}} (?=[\w-]+\.)
    | (?<![a-z0-9_@.:/／-]) www \s? \.
    | (?<![a-z0-9_@.:/／-]) (?:[a-z0-9-]{{1,63}}\.){{1,8}} (?:{_DOMAINS}) (?![\w.-])
    )
    (?:
      (?! [;,]+ (?:https?[:：]|www\.) )  # the next link of a list
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
    urls = list({canonical(url) or url: url for url in reversed(cleaned)}.values())[::-1]
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
        address = _without_end(text[match.start() : end])
        yield match.start(), match.start() + len(address)


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
    if url.startswith("//"):
        return f"https:{url}"
    return url if "://" in url else f"https://{url}"


def _outside(text: str, spans: list[tuple[int, int]]) -> str:
    ends = [0, *(end for _start, end in spans)]
    starts = [*(start for start, _end in spans), len(text)]
    return " ".join(text[end:start].strip() for end, start in zip(ends, starts, strict=True)).strip()


def _without_marks(outside: str) -> str:
    """The text beside the addresses, without what was only put around them."""
    text = re.sub(r"\[([^\[\]]*)\]\(\s*\)", r"\1", outside).replace("< >", " ")
    return " ".join(text.split()) if any(map(str.isalnum, text)) else ""
