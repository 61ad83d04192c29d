"""The desk in a browser: terms pasted and picked, points moved, and the way to the public page."""

import pytest
from playwright.sync_api import Page, expect

from articles.models import Article, ImportBatch
from taxonomy.models import VOCABULARIES
from tests.browser.looking import Enter, look_at
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def article() -> Article:
    return make_article(
        "《深海蛟龙》导演谈人工智能",
        url="https://www.1905.com/news/1.shtml",
        source="1905.com",
        intro="导语",
        points=[("第一", "甲"), ("第二", "乙")],
        keywords=["版权"],
    )


def search_box(page: Page, field: str):
    return page.locator(f"#id_{field} + .select2 .select2-search__field")


def chips(page: Page, field: str):
    return page.locator(f"#id_{field} + .select2 .select2-selection__choice")


def paste(page: Page, field: str, text: str) -> None:
    box = search_box(page, field)
    box.click()
    box.evaluate(
        """(box, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            box.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def names(page: Page, field: str) -> list[str]:
    return page.locator(f"#id_{field}").evaluate("box => Array.from(box.selectedOptions, (o) => o.value)")


def test_from_a_pasted_list_to_the_public_page(desk: Page, article: Article, settings):
    settings.FOUR_EYES = False
    make_term("Midjourney", aliases=["MJ"])
    desk.goto(f"/admin/articles/article/{article.pk}/change/")

    paste(desk, "keywords", "郭帆，AI，电影\n《甲，乙》")
    expect(chips(desk, "keywords")).to_have_count(5)
    assert names(desk, "keywords") == ["版权", "郭帆", "AI", "电影", "《甲，乙》"]

    search_box(desk, "technologies").press_sequentially("mj")
    first = desk.locator(".select2-results__option").first
    expect(first).to_contain_text("Midjourney ← MJ")
    search_box(desk, "technologies").press("Enter")
    assert names(desk, "technologies") == ["Midjourney"]

    search_box(desk, "industries").press_sequentially("影视、")
    expect(chips(desk, "industries")).to_have_count(1)
    desk.keyboard.press("Escape")

    desk.click("[data-act=add]")
    desk.keyboard.type("新的开头")
    desk.fill("#id_points-2-place", "1")
    desk.locator("#id_points-2-place").press("Enter")
    desk.click("[name=_continue]")
    expect(desk.locator(".success")).to_be_visible()
    headings = desk.locator(".points-list [data-part=heading]").evaluate_all(
        "all => all.map((one) => one.value)"
    )
    assert headings == ["新的开头", "第一", "第二"]

    desk.click(".desk-verb-publish")
    desk.fill("#id_note", "核对过")
    desk.click(".desk-answer [value=now]")
    expect(desk.locator(".success")).to_be_visible()
    for vocabulary in VOCABULARIES.values():
        vocabulary.objects.update(confirmed=True)
    desk.goto(Article.objects.get(pk=article.pk).get_absolute_url())
    expect(desk.locator("h1")).to_have_text(article.title)
    expect(desk.locator("#p1 h2")).to_have_text("新的开头")
    for name in ("郭帆", "AI", "电影", "《甲，乙》", "Midjourney", "影视"):
        expect(desk.get_by_role("link", name=name, exact=True).first).to_be_visible()


def test_a_typed_name_that_nobody_knows_becomes_a_new_term(desk: Page, article: Article):
    desk.goto(f"/admin/articles/article/{article.pk}/change/")
    search_box(desk, "technologies").press_sequentially("12")
    expect(desk.locator(".select2-results__option").first).to_contain_text("12")
    search_box(desk, "technologies").press("Enter")
    desk.click("[name=_continue]")
    expect(chips(desk, "technologies")).to_have_text(["×12"])


def test_what_is_taken_off_and_chosen_again_stands_last(desk: Page, article: Article):
    desk.goto(f"/admin/articles/article/{article.pk}/change/")
    paste(desk, "keywords", "甲，乙")
    chips(desk, "keywords").first.locator(".select2-selection__choice__remove").click()
    paste(desk, "keywords", "版权，丙")
    assert names(desk, "keywords") == ["甲", "乙", "版权", "丙"]


def test_no_page_of_the_desk_breaks_the_policy(desk: Page, article: Article):
    """The page fixture fails on any complaint in the console: inline styles and scripts among them."""
    batch = ImportBatch.objects.create(paths=["seeds"])
    term = make_term("Midjourney", aliases=["MJ"])
    for address in (
        "",
        "articles/article/",
        "articles/article/add/",
        f"articles/article/{article.pk}/history/",
        f"articles/article/{article.pk}/preview/",
        f"articles/importbatch/{batch.pk}/change/",
        "articles/importrow/",
        "articles/source/",
        "taxonomy/technology/",
        f"taxonomy/technology/{term.pk}/change/",
        f"taxonomy/technology/{term.pk}/delete/",
        "password_change/",
    ):
        assert desk.goto(f"/admin/{address}").ok, address
    desk.goto(f"/admin/articles/article/{article.pk}/change/")
    desk.locator(".datetimeshortcuts a").last.click()
    expect(desk.locator(".calendarbox").first).to_be_visible()
    desk.keyboard.press("Escape")
    desk.locator("#id_source + .select2").click()
    expect(desk.locator(".select2-results__option").first).to_be_visible()
    desk.keyboard.press("Escape")
    for _theme in ("light", "dark", "auto"):
        desk.locator("#user-tools .theme-toggle, #header .theme-toggle").first.click()
    desk.goto(f"/admin/taxonomy/technology/{term.pk}/change/")
    desk.click(".add-row a")
    expect(desk.locator("#id_aliases-1-name")).to_be_visible()


@pytest.mark.parametrize("width", [390])
def test_a_narrow_page_does_not_scroll_sideways(window: Enter, chief: str, article: Article):
    start = "/admin/articles/article/"
    look_at(window(chief), start, f"{start}{article.pk}/change/", f"{start}{article.pk}/do/publish/")


def test_a_term_that_was_typed_and_left_is_taken_and_escape_takes_it_back(desk: Page, article: Article):
    midjourney = make_term("Midjourney", aliases=["MJ"])
    desk.goto(f"/admin/articles/article/{article.pk}/change/")
    search_box(desk, "industries").press_sequentially("版权业")
    desk.keyboard.press("Escape")
    search_box(desk, "technologies").press_sequentially("mj")
    desk.click("[name=_save]")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    article = Article.objects.get()
    assert list(article.technologies.all()) == [midjourney]
    assert not article.industries.exists()


def test_a_verb_asks_before_it_leaves_unsaved_edits_behind(desk: Page, article: Article):
    address = f"/admin/articles/article/{article.pk}/change/"
    asked: list[str] = []
    answers = iter([False, True])
    desk.on(
        "dialog",
        lambda dialog: (asked.append(dialog.message), dialog.accept() if next(answers) else dialog.dismiss()),
    )
    desk.goto(address)
    desk.click(".desk-verb-publish")
    desk.wait_for_url("**/do/publish/")
    assert asked == []
    desk.goto(address)
    desk.fill("#id_title", "改了")
    desk.click(".desk-verb-publish")
    assert len(asked) == 1
    assert desk.input_value("#id_title") == "改了"
    desk.click(".desk-verb-publish")
    desk.wait_for_url("**/do/publish/")
    assert len(asked) == 2
