"""A published article is edited, previewed and approved; a conflict decided; a correction told to readers."""

import pytest
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Page, expect

from articles import corrections, editing
from articles.models import Article, ImportBatch, ImportRow, SeedFile
from tests.browser.looking import Enter, look_at
from tests.factories import make_article, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POINTS = [("试用", "六个科室参加。"), ("结果", "每天少写半小时。"), ("费用", "没有公布。")]
SEED_POINTS = [("试用", "六个科室参加了八周。"), ("结果", "每天省下半小时。"), ("下一步", "推广到全院。")]


@pytest.fixture
def article() -> Article:
    return make_article(
        "示例医院试用语言模型写病历",
        publish=True,
        intro="一家医院的试用。",
        points=POINTS,
        technologies=["大语言模型"],
        keywords=["病历"],
        base={"title": "旧标题"},
    )


@pytest.fixture
def editor() -> User:
    editor = make_user("editor", is_staff=True)
    # What the groups of the migration may do is gone once a test of this kind has emptied the tables.
    editor.user_permissions.set(Permission.objects.filter(codename__in=["view_article", "change_article"]))
    return editor


@pytest.fixture
def other(enter: Enter) -> Page:
    """A reader, in a browser of her own, with scripts off."""
    return enter(java_script_enabled=False)


def conflict(article: Article) -> None:
    file = SeedFile.objects.create(sha256="0" * 64, name="a.txt", content=b"x", size=1)
    points = [
        [{"heading": h, "body": b} for h, b in side]
        for side in ([("试用", "六个科室参加。"), ("结果", "少写文书。"), POINTS[2]], SEED_POINTS)
    ]
    ImportRow.objects.create(
        batch=ImportBatch.objects.create(),
        file=file,
        file_name="a.txt",
        first_line=1,
        last_line=9,
        outcome="conflict",
        article=article,
        conflicts={
            "title": {"base": "旧标题", "desk": article.title, "seed": "示例医院八周试用语言模型"},
            "points": {"base": points[0], "desk": [], "seed": points[1]},
        },
    )


def address(article: Article, page: str = "change") -> str:
    return f"/admin/articles/article/{article.pk}/{page}/"


def test_readers_see_the_old_text_until_somebody_else_approves_the_new_one(
    enter: Enter, other: Page, article: Article, editor: User, chief: str
):
    page = enter(editor.username)
    page.goto(address(article))
    page.fill("#id_title", "八周试用的结果")
    page.click("[name=_continue]")
    expect(page.locator(".desk-draft")).to_contain_text("editor")
    expect(page.locator(".desk-draft .desk-verb-approve")).to_have_count(0)

    other.goto(f"/articles/{article.pk}/")
    expect(other.locator("h1")).to_have_text("示例医院试用语言模型写病历")
    page.goto(address(article, "preview"))
    expect(page.locator("h1")).to_have_text("八周试用的结果")
    expect(page.locator(".preview")).to_be_visible()
    page.goto(address(article, "preview-link"))
    link = page.input_value("#preview-link")
    other.goto(link)
    expect(other.locator("h1")).to_have_text("八周试用的结果")

    page = enter(chief)
    page.goto(address(article))
    page.click(".desk-draft .desk-verb-approve")
    page.click(".desk-answer [type=submit]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(page.locator(".desk-draft")).to_have_count(0)
    for seen in (f"/articles/{article.pk}/", link):
        other.goto(seen)
        expect(other.locator("h1")).to_have_text("八周试用的结果")
        expect(other.locator(".preview")).to_have_count(0)

    page.goto(address(article, "correct"))
    page.fill("#id_wrong", "十二周")
    page.fill("#id_right", "八周")
    page.click(".desk-answer [type=submit]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    other.goto(f"/articles/{article.pk}/")
    expect(other.locator(".corrected")).to_contain_text("八周")
    other.locator("body > footer a[href='/corrections/']").click()
    other.locator(".corrections h2 a").click()
    expect(other.locator("h1")).to_have_text("八周试用的结果")


def test_a_conflict_is_decided_with_scripts_off(enter: Enter, article: Article, editor: User):
    conflict(article)
    other = enter(editor.username, java_script_enabled=False)
    other.goto(address(article))
    other.locator(".desk-undecided a").click()
    other.locator("input[name=title-0][value=keep]").check()
    other.locator("input[name=points-0][value=take]").check()
    other.locator("input[name=points-1][value=edit]").check()
    other.locator("details:has([name=points-1-body]) summary").click()
    other.fill("[name=points-1-body]", "每天省下约半小时。")
    other.locator("input[name=points-2][value=take]").check()
    other.locator("input[name=points-3][value=keep]").check()
    other.locator(".desk-answer [type=submit]").first.click()
    expect(other.locator(".messagelist .success")).to_be_visible()
    expect(other.locator(".desk-undecided")).to_have_count(0)
    expect(other.locator(".desk-draft")).to_be_visible()


def test_the_link_is_copied_by_a_button(desk: Page, article: Article):
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.goto(address(article, "preview-link"))
    desk.click("[data-copy]")
    expect(desk.locator(".desk-link [role=status]")).not_to_be_empty()
    assert desk.evaluate("navigator.clipboard.readText()") == desk.input_value("#preview-link")


def test_no_page_has_findings_or_scrolls_sideways(window: Enter, chief: str, article: Article, editor: User):
    correction = corrections.publish(article, wrong="错" * 300, right="W" * 300, by=None)
    corrections.publish(article, wrong="十二周", right="八周", by=None)
    corrections.retract(correction, by=None, reason="原文没有错")
    corrections.publish(Article.objects.get(), wrong="W" * 300, right="对", by=None)
    editing.save(Article.objects.get(), {"title": "草稿"}, by=editor, note="改了标题")
    conflict(article)
    names = ("change", "preview", "preview-link", "conflicts", "correct")
    pages = (*(address(article, name) for name in names), "/corrections/", article.get_absolute_url())
    look_at(window(chief), *pages)
