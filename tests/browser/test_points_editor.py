"""The event points in a browser: moved, split, joined, deleted, pasted, and compared with the text beside them."""

import pytest
from playwright.sync_api import Locator, Page, expect

from articles.models import Article, EventPoint
from tests.browser.looking import Enter, look
from tests.factories import make_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "屿光公司3月18日发布灯塔二号芯片。芯片集成420亿个晶体管，功耗350瓦。创始人说：“我们才走了两年半。”"
POINTS = [
    ("发布", "屿光于3月18日发布芯片。"),
    ("规格", "集成240亿个晶体管，功耗350W。"),
    ("评价", "创始人称“我们才走了两年半”。"),
]
SUMMARY = "新导语。\n\n1. **新点一**：正文一。\n2. **新点二**：正文二。\n\n总之，就是这样。"


@pytest.fixture
def article() -> Article:
    return make_article("芯片发布", summary=TEXT, intro="旧导语", points=POINTS, conclusion="旧结语")


@pytest.fixture
def editor(enter: Enter, chief: str, article: Article) -> Page:
    page = enter(chief, english=True)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    expect(page.locator(".point-support").first).to_be_visible()
    return page


def headings(page: Page) -> list[str]:
    return page.locator(".points-list [data-part=heading]").evaluate_all("all => all.map((one) => one.value)")


def bodies(page: Page) -> list[str]:
    return page.locator(".points-list [data-part=body]").evaluate_all("all => all.map((one) => one.value)")


def act(page: Page, row: int, name: str) -> Locator:
    return page.locator(".points-list > .point").nth(row).locator(f"[data-act={name}]")


def said(page: Page, text: str) -> None:
    expect(page.locator(".points-said")).to_have_text(text)


def stored() -> list[tuple[str, str]]:
    return list(EventPoint.objects.values_list("heading", "body"))


def save(page: Page) -> None:
    page.click("[name=_continue]")
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_keys_move_the_point_one_is_in_and_the_cursor_stays(editor: Page):
    body = editor.locator("#id_points-2-body")
    body.focus()
    editor.keyboard.press("Alt+ArrowUp")
    said(editor, "Point 3 is now point 2.")
    editor.keyboard.press("Alt+ArrowUp")
    assert headings(editor) == ["评价", "发布", "规格"]
    expect(editor.locator("#id_points-0-body")).to_be_focused()
    editor.keyboard.press("Alt+ArrowDown")
    said(editor, "Point 1 is now point 2.")
    save(editor)
    assert stored() == [POINTS[0], POINTS[2], POINTS[1]]


def test_a_point_is_dragged_to_its_place_and_escape_takes_it_back(editor: Page):
    def drag_first_below_the_last() -> None:
        handle, last = act(editor, 0, "drag").bounding_box(), editor.locator(".point").last.bounding_box()
        editor.mouse.move(handle["x"] + 5, handle["y"] + 5)
        editor.mouse.down()
        editor.mouse.move(handle["x"] + 5, last["y"] + last["height"] - 5, steps=8)

    editor.set_viewport_size({"width": 1280, "height": 3000})
    drag_first_below_the_last()
    editor.mouse.up()
    said(editor, "Point 1 is now point 3.")
    assert headings(editor) == ["规格", "评价", "发布"]
    drag_first_below_the_last()
    editor.keyboard.press("Escape")
    assert headings(editor) == ["规格", "评价", "发布"]
    editor.mouse.up()
    save(editor)
    assert stored() == [POINTS[1], POINTS[2], POINTS[0]]


def test_a_typed_number_moves_the_point_at_once(editor: Page):
    editor.fill("#id_points-0-place", "3")
    editor.locator("#id_points-0-place").press("Enter")
    assert headings(editor) == ["规格", "评价", "发布"]
    numbers = editor.locator(".points-list [type=number]").evaluate_all("all => all.map((one) => one.value)")
    assert numbers == ["1", "2", "3"]


def test_a_point_is_split_at_the_cursor_and_joined_again(editor: Page):
    body = editor.locator("#id_points-1-body")
    body.focus()
    body.evaluate("field => field.setSelectionRange(11, 11)")
    editor.keyboard.press("Control+Enter")
    said(editor, "Point 2 is split in two.")
    assert bodies(editor) == [POINTS[0][1], "集成240亿个晶体管，", "功耗350W。", POINTS[2][1]]
    expect(editor.locator("#id_points-2-body")).to_be_focused()
    act(editor, 1, "join").click()
    said(editor, "Points 2 and 3 are one.")
    assert bodies(editor) == [POINTS[0][1], "集成240亿个晶体管，\n功耗350W。", POINTS[2][1]]
    editor.click("[data-act=undo]")
    editor.click("[data-act=undo]")
    assert bodies(editor) == [body for _heading, body in POINTS]
    save(editor)
    assert stored() == POINTS


def test_a_deleted_point_comes_back_with_undo(editor: Page):
    act(editor, 1, "remove").click()
    said(editor, "Point 2 is deleted.")
    assert headings(editor) == ["发布", "评价"]
    editor.click("[data-act=undo]")
    said(editor, "Undone.")
    assert headings(editor) == ["发布", "规格", "评价"]
    act(editor, 0, "remove").click()
    editor.click("[data-act=add]")
    editor.keyboard.type("最后")
    save(editor)
    assert stored() == [POINTS[1], POINTS[2], ("最后", "")]


def test_a_whole_summary_is_read_shown_and_then_taken_over(editor: Page):
    editor.click(".points-paste summary")
    editor.fill("#id_points-paste", SUMMARY)
    editor.click("[data-act=parse]")
    expect(editor.locator(".points-preview li")).to_have_text(["新点一 正文一。", "新点二 正文二。"])
    assert headings(editor) == ["发布", "规格", "评价"]
    editor.click("[data-act=replace]")
    said(editor, "The event summary is replaced: 2 points.")
    assert editor.input_value("#id_intro") == "新导语。"
    editor.click("[data-act=undo]")
    assert (headings(editor), editor.input_value("#id_intro")) == (["发布", "规格", "评价"], "旧导语")
    editor.click(".points-paste summary")
    editor.fill("#id_points-paste", SUMMARY)
    editor.click("[data-act=parse]")
    editor.click("[data-act=append]")
    said(editor, "2 points are appended.")
    save(editor)
    assert stored() == [*POINTS, ("新点一", "正文一。"), ("新点二", "正文二。")]
    assert editor.input_value("#id_conclusion") == "旧结语"


def test_what_the_text_does_not_say_is_flagged_while_one_types(editor: Page):
    flags = editor.locator(".points-list .point-missing li")
    expect(flags).to_have_text(["figure 240亿个"])
    expect(editor.locator("#points-evidence")).to_be_hidden()
    flags.locator("button").click()
    selected = editor.evaluate("getSelection().toString()")
    assert selected == "240亿个"
    editor.keyboard.type("420亿个")
    expect(flags).to_have_count(0)
    editor.fill("#id_points-0-heading", "😀 GPT-9发布")
    expect(flags).to_have_text(["name GPT-9"])
    flags.locator("button").click()
    assert editor.evaluate("getSelection().toString()") == "GPT-9"
    support = editor.locator(".points-list .point-support").nth(2)
    support.locator("summary").click()
    expect(support.locator("q").first).to_contain_text("我们才走了两年半")


def test_without_scripts_numbers_boxes_and_empty_rows_do_it(enter: Enter, chief: str, article: Article):
    page = enter(chief, english=True, java_script_enabled=False)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    assert headings(page) == ["发布", "规格", "评价", "", "", ""]
    expect(page.locator(".points button:visible")).to_have_count(0)
    expect(page.locator("#points-evidence .point-missing")).to_have_text(["figure 240亿个"])
    page.fill("#id_points-0-place", "3")
    page.check("#id_points-1-delete")
    page.fill("#id_points-3-heading", "新")
    page.fill("#id_points-3-place", "1")
    save(page)
    assert stored() == [("新", ""), POINTS[2], POINTS[0]]


def test_axe_finds_nothing_and_nothing_scrolls_sideways(window: Enter, chief: str, article: Article):
    page = window(chief, english=True)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.click(".points-paste summary")
    page.fill("#id_points-paste", SUMMARY)
    page.click("[data-act=parse]")
    expect(page.locator(".points-preview")).to_be_visible()
    page.locator(".points-list .point-support summary").first.click()
    expect(page.locator(".points-list .point-missing")).to_be_visible()
    look(page, "points")
    page.goto(f"/admin/articles/article/{article.pk}/evidence/")
    expect(page.locator(".points-judged mark").first).to_have_text("240亿个")
    look(page, "evidence")
