"""The desk's day in real browsers: from the import to what is withdrawn, by everybody who has a part in it."""

import shutil
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles import corrections, editing, previews, teamwork, workflow
from articles.models import Article, ImportBatch, ImportRow, SeedFile
from tests.browser.looking import Enter, fits, look, look_at
from tests.factories import make_article, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("people")]

SEEDS = ("2022-09-02-midjourney-state-fair", "2022-11-30-chatgpt", "2023-03-14-gpt-4", "2024-02-15-sora")
PEOPLE = {"editor": "Editors", "second": "Editors", "reviewer": "Reviewers", "chief": "Chief editors"}
POINTS = [("发布", "公司在北京发布新模型。"), ("价格", "每月二十元。"), ("反响", "用户称赞速度。")]


@pytest.fixture
def people() -> None:
    """Everybody in the group that a migration makes; a test that empties the tables takes those away."""
    rights = import_module("articles.migrations.0004_groups").GROUPS
    ours = Permission.objects.filter(content_type__app_label__in=["articles", "taxonomy"])
    for name, codenames in rights.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set(ours.filter(codename__in=codenames))
    for name, group in PEOPLE.items():
        make_user(name, groups=[group], is_staff=True)


@pytest.fixture
def batch(tmp_path: Path) -> None:
    """The morning's delivery."""
    for name in SEEDS:
        shutil.copy(settings.BASE_DIR / "seeds" / f"{name}.txt", tmp_path)
    call_command("import_seeds", str(tmp_path), jobs=1)


# --- what people do -------------------------------------------------------------------------------


def done(page: Page) -> None:
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(page.locator(".messagelist .error, .messagelist .warning")).to_have_count(0)
    fits(page)


def save(page: Page) -> None:
    page.click("[name=_continue]")
    done(page)


def act(page: Page, verb: str, button: str = "[type=submit]", **fields: str) -> None:
    """From the article's page through the page that asks."""
    page.click(f"a.desk-verb-{verb}")
    fits(page)
    for name, text in fields.items():
        page.fill(f"[name={name}]", text)
    page.click(f".desk-answer {button}")
    done(page)


def go_to(page: Page, number: str) -> int:
    """Follow a number of the workbench; what it says."""
    page.goto("/admin/")
    fits(page)
    link = page.locator(f".bench-numbers a[href*='{number}']")
    said = int(link.locator("b").inner_text())
    link.click()
    fits(page)
    return said


def open_listed(page: Page, title: str) -> str:
    page.click(f"#result_list tbody th a:has-text('{title}')")
    fits(page)
    return page.url


def add_term(page: Page, field: str, name: str) -> None:
    page.locator(f"#id_{field} + .select2 .select2-search__field").press_sequentially(name)
    expect(page.locator(".select2-results__option").first).to_contain_text(name)
    page.keyboard.press("Enter")


def terms(page: Page, field: str) -> list[str]:
    return page.locator(f"#id_{field}").evaluate("box => Array.from(box.selectedOptions, (o) => o.value)")


def point(page: Page, number: int, part: str = "body"):
    return page.locator(f".points-list > .point:nth-child({number}) [data-part={part}]")


def points(page: Page) -> list[str]:
    return page.locator(".points-list [data-part=body]").evaluate_all("all => all.map((one) => one.value)")


def text_of(reader: Page, address: str) -> str:
    """What a reader sees there."""
    reader.goto(address)
    fits(reader)
    return reader.locator("main").inner_text()


# --- the day --------------------------------------------------------------------------------------


def test_from_the_import_to_published_scheduled_sent_back_corrected_and_withdrawn(
    enter: Enter, batch, width: int
):
    editor, reader = enter("editor", width), enter(width=width)
    address = triage(editor)
    edit_points(editor)
    act(editor, "submit")

    reviewer = enter("reviewer", width)
    assert go_to(reviewer, "in_review") == 1
    title = reviewer.locator("#result_list tbody th a").inner_text()
    open_listed(reviewer, title)
    act(reviewer, "send_back", note="第 2 点的数字请核对。", point="2")

    put_right(editor)
    publish_now_and_later(editor, reviewer, reader, address)
    public = change_what_readers_see(editor, reviewer, reader, address)
    correct(reviewer, reader, address, public)

    chief = enter("chief", width)
    chief.goto(address)
    act(chief, "withdraw", "[value=now]", note="来源撤回了原文。")
    gone = reader.request.get(public)
    assert (gone.status, "来源撤回了原文。" in gone.text()) == (410, True)


def triage(page: Page) -> str:
    """Take one on, edit its terms, decline the next; the first one's page."""
    assert go_to(page, "/triage/") == len(SEEDS)
    if page.viewport_size["width"] < 500:
        page.locator(".triage-list li a").first.click()
        page.locator("#triage-title").wait_for()
        page.wait_for_load_state()  # the keys are the script's
    page.keyboard.press("t")
    done(page)
    expect(page.locator(".triage-entry .triage-chips")).to_contain_text("editor")
    add_term(page, "keywords", "年度事件")
    page.click(".triage-terms [type=submit]")
    done(page)
    first = page.locator("#triage-title").inner_text()
    page.keyboard.press("j")
    expect(page.locator("#triage-title")).not_to_have_text(first)
    fits(page)
    page.keyboard.press("d")
    page.keyboard.type("离题")
    page.keyboard.press("Enter")
    done(page)
    page.goto("/admin/")
    page.click("section[aria-labelledby=bench-mine] li a")
    expect(page.locator("#id_title")).to_have_value(first)
    assert terms(page, "keywords")[-1] == "年度事件"
    fits(page)
    return page.url


def edit_points(page: Page) -> None:
    """One more, moved up, split and joined again: saved, the page says the same."""
    before = points(page)
    assert len(before) > 2
    page.click("[data-act=add]")
    page.keyboard.type("补充")
    last = len(before) + 1
    point(page, last).fill("编辑补充的一点。后来又有一句。")
    point(page, last).press("Alt+ArrowUp")
    moved = point(page, last - 1)
    moved.evaluate("field => field.setSelectionRange(8, 8)")
    moved.press("Control+Enter")
    assert points(page) == [*before[:-1], "编辑补充的一点。", "后来又有一句。", before[-1]]
    page.locator(".points-list > .point").nth(last - 2).locator("[data-act=join]").click()
    now = [*before[:-1], "编辑补充的一点。\n后来又有一句。", before[-1]]
    assert points(page) == now
    save(page)
    assert points(page) == now


def put_right(page: Page) -> None:
    """The editor finds what came back and why, puts it right, and submits it again."""
    page.goto("/admin/")
    page.click("section[aria-labelledby=bench-back] li a")
    fits(page)
    expect(page.locator(".desk-said")).to_contain_text("#p2 第 2 点的数字请核对。")
    point(page, 2).fill("核对过的第二点。")
    page.check("#id_verified")
    save(page)
    act(page, "submit")


def publish_now_and_later(editor: Page, reviewer: Page, reader: Page, address: str) -> None:
    assert go_to(editor, "/triage/") == 2
    if editor.viewport_size["width"] < 500:
        editor.locator(".triage-list li a").first.click()
    second = editor.locator("#triage-title").inner_text()
    editor.keyboard.press("s")
    done(editor)

    reviewer.goto(address)
    act(reviewer, "publish", "[value=now]", note="可以发。")
    assert go_to(reviewer, "in_review") == 1
    scheduled = open_listed(reviewer, second)
    tomorrow = timezone.localtime() + timedelta(days=1)
    reviewer.click("a.desk-verb-publish")
    reviewer.fill("[name=at]", f"{tomorrow:%Y-%m-%dT%H:%M}")
    expect(reviewer.locator("[value=later]")).to_contain_text(f"{tomorrow:%Y-%m-%d %H:%M}")
    reviewer.click("[value=later]")
    done(reviewer)
    assert go_to(reviewer, "desk=scheduled") == 1
    number = scheduled.split("/")[-3]
    assert reader.request.get(f"/articles/{number}/").status == 404


def change_what_readers_see(editor: Page, reviewer: Page, reader: Page, address: str) -> str:
    """Readers see the old text until a reviewer has looked at the new one and approved it; the public address."""
    editor.goto(address)
    public = editor.locator("#content-main a[href^='/articles/']").first.get_attribute("href")
    old = editor.input_value("#id_title")
    editor.fill("#id_title", "改过的标题")
    point(editor, 1).fill("改过的第一点。")
    editor.click("[name=_continue]")
    expect(editor.locator("section.desk-draft")).to_contain_text("editor")
    fits(editor)
    seen = text_of(reader, public)
    assert (old in seen, "核对过的第二点。" in seen, "改过的第一点。" in seen) == (True, True, False)

    assert go_to(reviewer, "desk=drafts") == 1
    reviewer.click("#result_list tbody th a")
    with reviewer.context.expect_page() as opened:
        reviewer.locator("section.desk-draft a[href$='/preview/']").click()
    preview = opened.value
    expect(preview.locator("h1")).to_have_text("改过的标题")
    fits(preview)
    preview.close()
    reviewer.locator("section.desk-draft a[href*='/compare/']").click()
    expect(reviewer.locator(".desk-text ins").first).to_contain_text("改过的")
    fits(reviewer)
    reviewer.go_back()
    act(reviewer, "approve")
    seen = text_of(reader, public)
    assert ("改过的标题" in seen, "改过的第一点。" in seen) == (True, True)
    return public


def correct(reviewer: Page, reader: Page, address: str, public: str) -> None:
    reviewer.goto(address)
    reviewer.click(".object-tools a[href$='/correct/']")
    fits(reviewer)
    reviewer.fill("[name=wrong]", "参赛者有三百人")
    reviewer.fill("[name=right]", "参赛者有三十人")
    reviewer.click(".desk-answer [type=submit]")
    done(reviewer)
    assert "参赛者有三十人" in text_of(reader, public)
    assert "参赛者有三十人" in text_of(reader, "/corrections/")
    reader.click(".corrections h2 a")
    expect(reader.locator("h1")).to_have_text("改过的标题")


# --- two at the same entry ------------------------------------------------------------------------


def test_of_two_who_save_the_same_entry_the_second_chooses_and_loses_nothing_she_typed(enter: Enter):
    article = make_article("旧标题", points=POINTS, keywords=["电影"], intro="导语")
    address = f"/admin/articles/article/{article.pk}/change/"
    first, second = enter("editor"), enter("second")
    first.goto(address)
    second.goto(address)
    expect(second.locator(".desk-presence")).to_contain_text("editor")

    first.fill("#id_title", "第一个人的标题")
    point(first, 1).fill("第一个人的第一点。")
    save(first)

    type_all(second)
    second.click("[name=_continue]")
    expect(second.locator(".errornote").first).to_be_visible()
    fits(second)
    panel = second.locator(".desk-stale")
    expect(panel).to_contain_text("第一个人的标题")
    expect(panel).to_contain_text("第一个人的第一点。")
    expect(second.locator("#content > h1")).to_have_text("第一个人的标题")
    assert typed(second) == TYPED
    assert Article.objects.get().title == "第一个人的标题"

    second.check("[name=carry-title][value=mine]")
    second.click("[name=onto]")
    expect(second.locator(".messagelist .success")).to_be_visible()
    assert typed(second) == TYPED | {"points": ["第一个人的第一点。", *TYPED["points"][1:]]}


TYPED = {
    "title": "第二个人的标题",
    "keywords": ["电影", "版权"],
    "points": ["公司在北京发布新模型。", "第二个人的第二点。", "用户称赞速度。", "第二个人加的一点。"],
}


def type_all(page: Page) -> None:
    page.fill("#id_title", TYPED["title"])
    add_term(page, "keywords", "版权")
    point(page, 2).fill(TYPED["points"][1])
    page.click("[data-act=add]")
    point(page, 4).fill(TYPED["points"][3])


def typed(page: Page) -> dict[str, object]:
    return {
        "title": page.input_value("#id_title"),
        "keywords": terms(page, "keywords"),
        "points": points(page),
    }


# --- the eyes of those who cannot see it ----------------------------------------------------------


@pytest.fixture
def waiting(people) -> dict[str, Article]:
    """An article to do, sent back; one in review; a published one with a draft, a conflict and a correction."""
    editor, reviewer = User.objects.get(username="editor"), User.objects.get(username="reviewer")
    terms = {"technologies": ["大语言模型"], "industries": ["医疗"], "keywords": ["病历"]}
    todo = make_article("医院试用模型", summary="六个科室参加。", points=POINTS, **terms)
    workflow.submit(todo, by=editor)
    workflow.send_back(todo, by=reviewer, note="第 2 点的数字请核对。", point=2)
    review = make_article("芯片发布", points=POINTS, intro="导语")
    workflow.submit(review, by=editor)
    live = make_article(
        "已发布的文章", publish=True, summary="公司在北京发布新模型。", points=POINTS, **terms
    )
    teamwork.assign([todo, live], to=reviewer, by=editor)
    corrections.publish(live, wrong="三百人", right="三十人", by=reviewer)
    editing.save(Article.objects.get(pk=live.pk), {"title": "草稿的标题", "points": []}, by=editor)
    conflict(live)
    return {"todo": todo, "review": review, "live": live}


def conflict(article: Article) -> None:
    file = SeedFile.objects.create(sha256="0" * 64, name="a.txt", content=b"x", size=1)
    said = {"title": {"base": "旧标题", "desk": "草稿的标题", "seed": "种子的标题"}}
    place = {"file_name": "a.txt", "first_line": 1, "last_line": 9}
    batch = ImportBatch.objects.create()
    ImportRow.objects.create(
        batch=batch, file=file, outcome="conflict", article=article, conflicts=said, **place
    )


def pages(waiting: dict[str, Article]) -> list[str]:
    todo, review, live = (f"/admin/articles/article/{article.pk}/" for article in waiting.values())
    return [
        "/admin/",
        "/admin/articles/article/",
        "/admin/articles/article/triage/",
        "/admin/articles/article/add/",
        "/admin/articles/correction/",
        *(f"{todo}{page}/" for page in ("change", "do/submit", "evidence")),
        *(f"{review}{page}/" for page in ("do/publish", "do/send_back")),
        *(f"{live}{page}/" for page in ("change", "do/approve", "versions", "versions/1", "conflicts")),
        *(f"{live}{page}/" for page in ("correct", "preview", "preview-link")),
        f"{live}compare/?from=live&to=draft",
        f"{live}compare/?from=live&to=draft&view=side",
        previews.link(waiting["live"]),
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_on_any_page_of_the_desk(enter: Enter, waiting, width: int, scheme: str):
    page = enter("reviewer", width)
    look_at(page, *pages(waiting), schemes=[scheme])
    page.goto(pages(waiting)[5])
    page.fill("#id_title", "没有保存")
    page.evaluate("document.querySelector('[name=version]').value = 1")
    page.click("[name=_continue]")
    expect(page.locator(".desk-stale")).to_be_visible()
    look(page, "a stale form", [scheme])
