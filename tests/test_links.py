"""Addresses of originals: reading them, their keys, hosts and dates, and what must never be clickable."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.links import Link, canonical, clickable, date_in, host, read

PIECES = """
    http https :// ： ／／ // www. . ． a.com 例子.com xn--fsqu00a.com 127.0.0.1 [::1] / ? # & = % : @ [ ] ( ) < > ; , ! \\
    %2f %41 %E4%BD .. 2024 03 18 utm_x=1 #! #/ mp.weixin.qq.com/s?__biz=1 from=a javascript: ， 。 ß é 例 ﬁ Ａ
"""
address_like = st.lists(
    st.sampled_from([*PIECES.split(), " ", "\n", "\u200b", "a" * 300])
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
).map("".join)
thorough = settings(deadline=None, derandomize=True, max_examples=300)


# --- canonical ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "https://www.news.example/",
            "https://www.news.example",
            "Https://WWW.News.Example:443/",
            "http://www.news.example:80",
            "http://www.news.example./?#top",
        ),
        (
            "https://news.example/a/b%7E1.html",
            "https://news.example/a/b~1.html#part",
            "https://news.example/x/../a/./b~1.html",
            "https://news.example/a/%2e%2E/a/%62~1.html?utm_source=x&UTM_medium=y&spm=1.2&share_token=z",
            "https://news.example/a/b~1.html?&fbclid=1&gclid=2&scm=3&wfr=spider&for=pc&isappinstalled=0",
        ),
        (
            "https://例子.com/新闻?标题=风",
            "https://xn--fsqu00a.com/%E6%96%B0%E9%97%BB?%E6%A0%87%E9%A2%98=%E9%A3%8E",
            "http://例子。COM/%e6%96%b0%e9%97%bb?标题=%e9%a3%8e",
        ),
        (
            "https://mp.weixin.qq.com/s?__biz=Mz==&mid=26&idx=1&sn=ab",
            "http://mp.weixin.qq.com/s?__biz=Mz==&mid=26&idx=1&sn=ab&chksm=c&scene=21#wechat_redirect",
            "https://mp.weixin.qq.com/s?scene=1&sn=ab&idx=1&mid=26&__biz=Mz==&from=timeline&key=k",
        ),
        ("https://mp.weixin.qq.com/s/Ab-c", "https://mp.weixin.qq.com/s/Ab-c?scene=334&poc_token=x"),
        ("https://m.weibo.cn/1?id=2", "https://m.weibo.cn/1?from=page&id=2"),
        ("https://news.example/#!/story/1", "http://news.example/#!/story/1"),
    ],
)
def test_spellings_of_one_address_have_one_key(spellings: tuple[str, ...]) -> None:  # L1, L2, L9
    assert {canonical(spelling) for spelling in spellings} == {canonical(spellings[0])} != {None}


def test_what_may_be_another_page_keeps_another_key() -> None:
    addresses = [
        "https://news.example/a",
        "https://news.example/A",
        "https://news.example/a/",
        "https://news.example//a",
        "https://www.news.example/a",
        "https://news.example:8080/a",
        "https://news.example/a?id=1",
        "https://news.example/a?id=1&page=2",
        "https://news.example/a?page=2&id=1",
        "https://news.example/a?id=1%262",
        "https://news.example/a?id=1&2",
        "https://news.example/a?from=shanghai",
        "https://news.example/a%2Fb",
        "https://news.example/a/b",
        "https://news.example/#/story/1",
        "https://news.example/#/story/2",
        "https://mp.weixin.qq.com/s?__biz=Mz==&mid=26&idx=1&sn=ab",
        "https://mp.weixin.qq.com/s?__biz=Mz==&mid=26&idx=2&sn=ab",
        "https://mp.weixin.qq.com/s?src=11&signature=x",
        "https://mp.weixin.qq.com/mp/appmsgalbum?__biz=Mz==&album_id=1",
    ]
    assert len({canonical(url) for url in addresses} - {None}) == len(addresses)


def test_a_key_is_a_plain_https_address() -> None:
    assert canonical("http://News.Example/新 闻".replace(" ", "%20") + "?q=a b".replace(" ", "+")) == (
        "https://news.example/%E6%96%B0%20%E9%97%BB?q=a+b"
    )


def test_a_long_key_is_cut_and_hashed_and_stays_its_own() -> None:
    keys = [canonical("https://news.example/" + "长" * 300 + end) for end in "ab"]
    assert keys[0] != keys[1]
    assert [len(key) for key in keys] == [372, 372]
    assert [canonical(key) for key in keys] == keys
    assert len(canonical("https://news.example/" + "a" * 479)) == 500


@thorough
@given(address_like)
def test_the_key_of_a_key_is_that_key(url: str) -> None:
    for text in (
        url,
        f"https://{url}",
        f"https://a.com/{url}",
        f"https://a.com/?{url}",
        f"https://a.com/#/{url}",
    ):
        key = canonical(text)
        assert key is None or canonical(key) == key
        assert (key is None) == (host(text) is None) == (not clickable(text))


# --- clickable ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://news.example/a",
            "//news.example/",
        ),
        *(
            "https://editor:secret@news.example/",
            "https://editor@news.example/",
            "https://news.example\\@x.example/",
        ),
        *(
            "http://localhost/",
            "http://intranet/",
            "http://printer.local/",
            "http://db.internal:80/",
            "http://a..b/",
        ),
        *(
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://192.168.0.1/",
            "http://172.16.0.1/",
            "http://169.254.1.1/",
        ),
        *(
            "http://0.0.0.0/",
            "http://224.0.0.1/",
            "http://240.0.0.1/",
            "http://100.64.0.1/",
            "http://255.255.255.255/",
        ),
        *(
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
        ),
        *(
            "http://127.0.0.1./",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://%31%32%37.0.0.1/",
            "http://8.8.8/",
        ),
        *(
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[::1",
        ),
        *(
            "https://news.example/a b",
            "https://news.example/\n",
            "https://news.example/\u202eabc",
            "https://\x00.com/",
        ),
        *(
            "https://news.example:99999/",
            "https://news.example:8x/",
            "https://-a.example/",
            "https:///a",
            "https://",
        ),
        *(
            "httpſ://news.example/",
            "https:news.example",
            "news.example/a",
            "",
            "https://" + "a" * 64 + ".example/",
        ),
    ],
)
def test_what_is_not_safe_is_never_clickable(url: str) -> None:  # L10
    assert (clickable(url), canonical(url), host(url)) == (False, None, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/a?b#c",
        "HTTP://NEWS.EXAMPLE",
        "https://例子.中国/",
        "http://8.8.8.8:8080/",
        "https://a-b.c1.io/x",
    ],
)
def test_public_addresses_are_clickable(url: str) -> None:
    assert clickable(url)


def test_the_host_is_the_publishers() -> None:
    urls = [
        "https://WWW.News.Example:8080/a",
        "https://m.news.example",
        "http://xn--fsqu00a.com/",
        "https://例子.com./x",
    ]
    assert [host(url) for url in urls] == ["news.example", "m.news.example", "例子.com", "例子.com"]
    assert host("https://www.com/") == "www.com"


# --- dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/20240318/1.html",
            "/2024/03/18/a",
            "/2024-03-18/a",
            "/a/2024-03-18.html",
            "/2024/0318/1.html",
            "/202403/18/1",
        ),
        *(
            "/t20240318_1.html",
            "/20240318",
            "/20240318A01B/",
            "/99999999/20240318/",
            "/2024/1318/2024/0318/",
            "/1989/01/01/20240318",
        ),
    ],
)
def test_the_date_in_a_path_is_found(path: str) -> None:
    assert date_in(f"https://news.example{path}") == date(2024, 3, 18)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://news.example/120240318/",
            "https://news.example/202403181/",
            "https://news.example/20240318123000",
        ),
        *(
            "https://news.example/20241318/",
            "https://news.example/20240230/",
            "https://news.example/19891231/",
        ),
        *(
            "https://news.example/21000101/",
            "https://news.example/2024/03/181",
            "https://news.example/2024/3/",
        ),
        *(
            "https://20240318.example/",
            "https://news.example/?d=20240318",
            "https://news.example/#20240318",
            "20240318",
            "",
        ),
        "https://news.example/２０２４０３１８/",
    ],
)
def test_other_digits_are_no_date(url: str) -> None:
    assert date_in(url) is None


# --- read -----------------------------------------------------------------------------------------

URL = "https://www.news.example/20240318/1.shtml"


@pytest.mark.parametrize(
    "text", [URL, "http://news.example/?a=1&b=2", "https://例子.com/新闻_(一)", "https://news.example/a;b,c"]
)
def test_a_plain_address_is_taken_as_it_is(text: str) -> None:
    assert read(text) == Link(text)


@pytest.mark.parametrize(
    "text",
    [
        *("www.news.example/20240318/1.shtml", "//www.news.example/20240318/1.shtml"),  # L4
        *(
            "https：／／www．news．example／20240318／1．shtml",
            "ｈｔｔｐｓ：//ｗｗｗ.news.example/２０２４0318/1.shtml",
        ),  # L5
        *("https:// www.news.example/20240318/1.shtml", "https://www.news.example/ 20240318/1.shtml"),
        *("https://www.news.example/2024\n0318/1.shtml", "https://www.news.example/20240318/1 .shtml"),
        *("https://www.news.\u200bexample/20240318/1.shtml\ufeff", f" {URL}\n"),
        *(
            f"<{URL}>",
            f"{URL}。",
            f"（{URL}）",
            f"({URL})",
            f"“{URL}”",
            f"**{URL}**",
            f"[]({URL})",
            f"{URL}.",
            f"【{URL}】",
        ),  # L6
    ],
)
def test_an_address_is_put_in_order(text: str) -> None:
    assert read(text) == Link(URL, problems=["link-normalised"])


@pytest.mark.parametrize(
    ("text", "rest", "problems"),
    [
        (f"[题目]({URL})", "题目", ["link-normalised", "text-around-link"]),
        (f"原文：{URL}", "原文：", ["text-around-link"]),
        (f"{URL} 转载", "转载", ["text-around-link"]),
        (f"{URL} see the original", "see the original", ["text-around-link"]),
        (f"风（{URL}）雨", "风（ ）雨", ["text-around-link"]),
    ],
)
def test_text_around_an_address_is_kept(text: str, rest: str, problems: list[str]) -> None:  # L6
    assert read(text) == Link(URL, [], rest, problems)


@pytest.mark.parametrize("between", ["；", ";", " ", "\n", "，", ", ", "、", " | "])
def test_the_first_of_several_addresses_counts(between: str) -> None:  # L7
    found = read(between.join([URL, "https://b.example/2", "http://c.example/?u=https://d.example/"]))
    assert found == Link(
        URL, ["https://b.example/2", "http://c.example/?u=https://d.example/"], "", ["several-links"]
    )


def test_the_same_address_twice_is_one() -> None:
    assert read(f"{URL}\n{URL}") == Link(URL)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "javascript:alert('https://news.example/')",
            "JavaScript：alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
        ),
        *(
            "file:///etc/passwd",
            "ftp://news.example/a",
            "http://user:pw@news.example/",
            "http://127.0.0.1/a",
            "http://[::1]/",
        ),
    ],
)
def test_an_unsafe_address_is_kept_with_a_warning(text: str) -> None:  # L10
    assert read(text) == Link(text, problems=["unsafe-link"])


@pytest.mark.parametrize(
    "text",
    [
        "见原文",
        "10.1000/182",
        "doi:10.1000/182",
        "公众号：风声",
        "a@news.com",
        "https://",
        "Node.js",
        "TCP/IP",
        "3.5/4.0",
    ],
)
def test_what_is_no_address_is_kept_as_text(text: str) -> None:  # L11
    assert read(text) == Link(text, problems=["link-not-a-url"])


def test_nothing_is_nothing() -> None:
    assert read(" \n") == Link("")


def test_a_long_address_is_kept_whole() -> None:  # L12
    text = "https://news.example/?q=" + "x" * 3000
    assert read(text) == Link(text)


@thorough
@given(address_like)
def test_no_text_is_too_strange_to_read(text: str) -> None:
    link = read(text)
    assert (
        link.url or not text.strip("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad \n\t") or not text.strip()
    )
    for url in (text, link.url, *link.also_at):
        canonical(url), host(url), clickable(url), date_in(url)


@thorough
@given(address_like)
def test_reading_loses_no_letter(text: str) -> None:
    link = read(text)
    kept = "".join([link.url, *link.also_at, link.rest])
    assert {char for char in text if char.isalpha()} <= set(kept) | FOLDED


FOLDED = set(map(chr, range(0xFF01, 0xFF5F)))  # full-width letters, which become plain ones in an address


@pytest.mark.parametrize(
    "piece",
    ["https://a.com/ ", "(", "a.", "//a.", "https://a.com/)", "[](", "https:", "a\n", ").", "？", "％"],
)
def test_a_very_long_text_takes_time_in_proportion(piece: str) -> None:  # C12
    text = "https://a.com/" + piece * (1_000_000 // len(piece))
    assert read(text).url  # with quadratic work anywhere this would not end
    canonical(text), date_in(text)
