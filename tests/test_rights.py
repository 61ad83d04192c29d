import html
import re
import time

import pytest
from django.test import Client

from articles import listing
from articles.models import MAX_EXCERPT, Article, Reuse
from articles.rights import cut, shown
from tests.factories import make_article, make_source, make_term

pytestmark = pytest.mark.django_db

NOTICE = "独家原创稿件，未经授权不得转载，违者将追究其相关法律责任"
PROTECTED = "".join(chr(0x4E00 + number) for number in range(3000))


def level(article: Article, **options: bool) -> tuple[str, int]:
    seen = shown(article, **options)
    return seen.level.value, len(seen.text)


@pytest.mark.parametrize(
    ("source", "decided", "expected"),
    [
        (None, "", ("excerpt", MAX_EXCERPT)),
        (Reuse.FULL, "", ("full", 3000)),
        (Reuse.EXCERPT, "", ("excerpt", MAX_EXCERPT)),
        (Reuse.LINK, "", ("link", 0)),
        (Reuse.LINK, Reuse.FULL, ("full", 3000)),
        (Reuse.LINK, Reuse.EXCERPT, ("excerpt", MAX_EXCERPT)),
        (Reuse.FULL, Reuse.LINK, ("link", 0)),
    ],
)
def test_the_desk_decides_before_the_source_does(source, decided, expected):
    source = make_source("s.example", reuse=source) if source else None
    assert level(make_article(source=source, summary=PROTECTED, reuse=decided)) == expected


def test_a_reprint_notice_lowers_full_text_to_an_excerpt_unless_the_desk_decided():
    source = make_source("s.example", reuse=Reuse.FULL)
    text = PROTECTED + NOTICE
    assert level(make_article(source=source, summary=text)) == ("excerpt", MAX_EXCERPT)
    assert level(make_article(source=source, summary=text, reuse=Reuse.FULL)) == ("full", len(text))


def test_in_brief_never_more_than_an_excerpt_and_for_a_link_nothing():
    full, link = make_source("f.example", reuse=Reuse.FULL), make_source("l.example", reuse=Reuse.LINK)
    assert level(make_article(source=full, summary=PROTECTED), brief=True) == ("excerpt", MAX_EXCERPT)
    assert level(make_article(source=link, summary=PROTECTED), brief=True) == ("link", 0)


def test_a_list_that_never_loads_the_text_cuts_the_same_excerpt():
    article = make_article(summary=PROTECTED, publish=True)
    (listed,) = listing.rows([article.pk])
    assert not hasattr(listed, "summary")
    assert shown(listed, brief=True) == shown(article, brief=True)


def test_the_excerpt_of_an_editor_is_taken_as_it_is():
    assert shown(make_article(summary=PROTECTED, excerpt="编辑写的摘录。")).text == "编辑写的摘录。"


def test_an_excerpt_ends_with_a_sentence_if_it_can():
    assert cut("一句。" + "长" * 300) == "一句。"
    assert cut("“真的？”他问。" + "长" * 300) == "“真的？”他问。"
    assert cut("长" * 300) == "长" * (MAX_EXCERPT - 2) + "……"
    assert cut("短短一句") == "短短一句"


@pytest.mark.parametrize("reuse", [Reuse.EXCERPT, Reuse.LINK, Reuse.FULL])
def test_no_long_run_of_a_protected_text_leaves_the_server(client: Client, reuse):
    source = make_source("p.example", reuse=reuse)
    text = PROTECTED + (NOTICE if reuse == Reuse.FULL else "")
    make_term("Sora", description="一种模型")
    article = make_article(
        "受保护", publish=True, source=source, summary=text, technologies=["Sora"], points=[("点", "文")]
    )
    addresses = ["/", "/articles/", "/technologies/", "/technologies/sora/", article.get_absolute_url()]
    pages = [html.unescape(client.get(address).content.decode()) for address in addresses]
    assert ["受保护" in page for page in pages] == [True, True, False, True, True]
    limit = 0 if reuse == Reuse.LINK else MAX_EXCERPT
    for page in pages:
        assert longest_run(text, page) <= limit


OWN = "编辑自己的话。" * 60
QUOTE = PROTECTED[150:700]
SPACED = "\n\n".join(QUOTE[start : start + 50] for start in range(0, len(QUOTE), 50))


@pytest.mark.parametrize(
    "quote", [QUOTE, OWN[:137] + QUOTE + OWN, SPACED, PROTECTED[:201], f"{PROTECTED[-201:]}。"]
)
@pytest.mark.parametrize("place", ["title", "intro", "heading", "body", "conclusion"])
def test_a_passage_that_quotes_the_text_at_length_is_cut(client: Client, place, quote):
    point = {"heading": "点", "body": "文"}
    passages = (
        {place: quote} if place not in point else {"points": [tuple((point | {place: quote}).values())]}
    )
    article = make_article(publish=True, summary=PROTECTED, **{"title": "题"} | passages)
    assert longest_run(PROTECTED, page_of(client, article)) <= MAX_EXCERPT
    assert "……" in page_of(client, article)
    listed = squeezed(client.get("/articles/").content.decode())
    assert longest_run(PROTECTED, listed) <= MAX_EXCERPT


@pytest.mark.parametrize("quote", [PROTECTED[7:207], OWN, OWN + PROTECTED[7:207] + OWN])
def test_an_event_summary_may_quote_in_brief_and_say_much_in_its_own_words(quote):
    article = make_article("题", summary=PROTECTED, intro=quote, conclusion=quote, points=[(quote, quote)])
    seen = shown(article)
    assert (seen.title, seen.intro, seen.conclusion) == ("题", quote, quote)
    assert seen.points == [(1, quote, quote)]


def test_an_event_summary_is_judged_unless_the_full_text_is_shown(client: Client):
    for reuse in Reuse:
        article = make_article("题", publish=True, summary=PROTECTED, intro=PROTECTED, reuse=reuse)
        page = page_of(client, article)
        assert (longest_run(PROTECTED, page) > MAX_EXCERPT) == (reuse == Reuse.FULL)
        assert "…………" not in page


def test_judging_huge_texts_takes_no_time():
    # Every second block of the event summary stands in the text, and no run of it is long.
    intro = "".join(PROTECTED[start : start + 150] + OWN[:50] for start in range(0, 2800, 100)) * 10
    article = make_article(summary=PROTECTED * 30, intro=intro)
    started = time.perf_counter()
    assert shown(article).intro == intro
    assert time.perf_counter() - started < 2


def page_of(client: Client, article: Article) -> str:
    return squeezed(client.get(article.get_absolute_url()).content.decode())


def squeezed(page: str) -> str:
    """The page without white space, and without the markup of paragraphs."""
    return "".join(html.unescape(re.sub(r"</?p>|<br>", "", page)).split())


def longest_run(text: str, page: str) -> int:
    """The length of the longest piece of the text, from 10 characters on, that the page contains."""
    longest = 0
    for start in range(len(text)):
        while start + longest < len(text) and text[start : start + longest + 1] in page:
            longest += 1
    return longest if longest >= 10 else 0
