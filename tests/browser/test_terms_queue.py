"""The journey of the terms desk in a browser: 300 seeds bring 60 new terms, and all of them are settled."""

from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from articles.models import Article, ArticleIndustry, ArticleTechnology
from taxonomy import newterms
from taxonomy.models import Industry, Merge, Technology
from tests.browser.looking import Enter, look
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/admin/taxonomy/new/"
PLACES = "长江黄河泰山华山昆仑天山洞庭鄱阳太湖西湖敦煌大理丽江苏州扬州绍兴泉州厦门青岛大连".strip()
WORDS = [PLACES[at : at + 2] for at in range(0, 40, 2)]
KNOWN = [f"{word}问答" for word in WORDS]
ALIKE = [f"{name}技术" for name in KNOWN]  # of each a known term is proposed
REALLY_NEW = [f"{word}{what}" for word in WORDS for what in ("推演",)] + [f"{w}寻址" for w in WORDS[:5]]
TYPOS = {"Midjourny X": "Midjourney X", "Kubernets": "Kubernetes", "Perplxity": "Perplexity",
         "Grafana Cluod": "Grafana Cloud", "Postgers": "Postgres"}  # fmt: skip
INDUSTRIES = [f"{word}渔业" for word in WORDS[:5]]
NO_TERMS = [f"{word}如下" for word in WORDS[:5]]
NEW = [*ALIKE, *REALLY_NEW, *TYPOS, *INDUSTRIES, *NO_TERMS]
SEEDS = 300


def spellings(number: int) -> list[str]:
    """What the seed says: a known term and a new one; of every fifth, both the known term and its new spelling."""
    new = NEW[number % len(NEW)]
    known = new.removesuffix("技术") if new in ALIKE and number % 5 == 0 else KNOWN[number % 7]
    return [known, new]


@pytest.fixture
def delivered(tmp_path: Path) -> None:
    for name in KNOWN:
        make_term(name)
    records = (
        f"标题：第{number}条新闻\n链接：https://example.com/journey/{number}\n总结：第{number}条的正文。\n"
        f"AI技术：{'，'.join(spellings(number))}\n"
        for number in range(SEEDS)
    )
    (tmp_path / "seeds.txt").write_text("\n---\n".join(records), encoding="utf-8")
    with pytest.raises(SystemExit):  # it warns of all that these seeds lack
        call_command("import_seeds", str(tmp_path), jobs=1, stdout=StringIO(), stderr=StringIO())


def lost() -> list[tuple[int, str]]:
    """What a seed said and its article does not carry, under whatever name and vocabulary that is known by now."""
    here = Technology.objects.resolve({name for number in range(SEEDS) for name in spellings(number)})
    moved = Technology.objects.moved({name for number in range(SEEDS) for name in spellings(number)})
    carried = {
        model: set(link.objects.values_list("content_object__url", "tag"))
        for model, link in ((Technology, ArticleTechnology), (Industry, ArticleIndustry))
    }
    return [
        (number, name)
        for number in range(SEEDS)
        for name in spellings(number)
        for term in [here.get(name) or moved[name]]
        if (f"https://example.com/journey/{number}", term.pk) not in carried[type(term)]
    ]


def row(page: Page, name: str):
    return page.locator(".queue-row", has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator(".queue-name > a").all_inner_texts()


def press(page: Page, key: str) -> None:
    expect(page.locator(".queue-chosen")).to_be_visible()  # the page is there a moment before its keys are
    page.keyboard.press(key)


def choose(page: Page, wanted: Iterable[str]) -> bool:
    found = [name for name in names(page) if name in set(wanted)]
    for name in found:
        row(page, name).get_by_role("checkbox").check()
    return bool(found)


def several(page: Page, act: str) -> None:
    page.locator(f".queue-several button[value={act}]").click()


def test_three_hundred_seeds_bring_sixty_new_terms_and_all_are_settled(desk, delivered):
    assert (Article.objects.count(), newterms.waiting(Technology).count()) == (SEEDS, len(NEW)) == (300, 60)
    desk.goto("/admin/")
    desk.locator(".bench-small a", has_text="60").click()
    expect(desk.locator(".queue-row")).to_have_count(25)

    # By keys: down and up, confirm, change one's mind, accept what is proposed; one goes on with the row that follows.
    first, second = names(desk)[:2]
    assert {first, second} < {*ALIKE}
    press(desk, "j")
    expect(desk.locator(".queue-chosen .queue-name > a")).to_have_text(second)
    press(desk, "k")
    press(desk, "c")
    expect(desk.locator(".queue-done .desk-published")).to_be_visible()
    assert Technology.objects.get(name=first).confirmed
    press(desk, "u")
    expect(desk.locator(".queue-done .desk-in_review")).to_be_visible()
    assert not Technology.objects.get(name=first).confirmed
    row(desk, first).get_by_role("checkbox").focus()
    press(desk, "a")
    expect(desk.locator(".queue-done")).to_contain_text(first)
    expect(desk.locator(".queue-chosen .queue-name > a")).to_have_text(second)
    assert Technology.objects.get(name=first).merged_into.name == first.removesuffix("技术")

    # By buttons, several at once, page after page; one name after the other by keys.
    for _page in range(8):
        if not desk.locator(".queue-row").count():
            break
        if found := [name for name in names(desk) if name in NO_TERMS]:
            row(desk, found[0]).get_by_role("checkbox").focus()
            press(desk, "d")
            expect(desk.locator(".queue-done .desk-declined")).to_be_visible()
        if choose(desk, NO_TERMS):
            several(desk, "decline")
        if choose(desk, INDUSTRIES):
            desk.locator(".queue-several select[name=to]").select_option("industry")
            several(desk, "move")
        for typo in [name for name in names(desk) if name in TYPOS]:
            row(desk, typo).get_by_role("checkbox").focus()
            press(desk, "r")
            desk.keyboard.type(TYPOS[typo])
            desk.keyboard.press("Enter")
            expect(desk.locator(".queue-done")).to_contain_text(TYPOS[typo])
        if choose(desk, ALIKE):
            several(desk, "accept")
        if choose(desk, REALLY_NEW):
            several(desk, "confirm")
    expect(desk.locator(".queue-all-done")).to_be_visible()

    assert not any(newterms.waiting(model).exists() for model in (Technology, Industry))
    assert Merge.objects.filter(kind="merge").count() == len(ALIKE)
    assert set(newterms.declined(Technology).values_list("name", flat=True)) == set(NO_TERMS)
    assert set(
        Technology.objects.filter(name__in=TYPOS.values(), confirmed=True).values_list("name", flat=True)
    ) == {*TYPOS.values()}
    assert set(Industry.objects.values_list("name", "confirmed")) == {(name, True) for name in INDUSTRIES}
    assert lost() == []

    # One merge was wrong: days later it is undone, and the term waits again with all that carried it.
    merge = Merge.objects.filter(kind="merge").latest("pk")
    again = Technology.objects.get(pk=merge.terms[0]["id"])
    desk.goto(f"/admin/taxonomy/merge/{merge.pk}/undo/")
    desk.click("button.default")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    desk.goto(QUEUE)
    assert names(desk) == [again.name]
    assert ArticleTechnology.objects.filter(tag=again).count() == SEEDS // len(NEW)
    assert lost() == []


def test_with_scripts_off_everything_is_done_by_buttons(enter: Enter, chief: str):
    known = make_term("人脸识别")
    make_article("一篇", technologies=["人脸识别技术", "新词"])
    Technology.objects.exclude(pk=known.pk).update(confirmed=False)
    page = enter(chief, java_script_enabled=False)
    page.goto(QUEUE)
    row(page, "人脸识别技术").locator("[value^='accept@']").click()
    assert Technology.objects.get(name="人脸识别技术").merged_into == known
    row(page, "新词").locator("summary").click()
    # Enter in a field is not taken for the first button of the page.
    row(page, "新词").locator("input[type=text]").fill("新名")
    row(page, "新词").locator("input[type=text]").press("Enter")
    assert Technology.objects.filter(name="新词", confirmed=False).exists()
    row(page, "新词").locator("[value^='rename@']").click()
    assert Technology.objects.get(name="新名").confirmed
    page.locator("[value^='back@']").click()
    assert not Technology.objects.get(name="新名").confirmed


def test_the_name_of_a_term_is_suggested_in_the_queue_and_on_the_page_of_a_merge(desk):
    make_term("大语言模型", aliases=["LLM"])
    term = make_term("大模形", confirmed=False)
    desk.goto(QUEUE)
    press(desk, "m")
    desk.keyboard.type("llm")
    expect(desk.locator("#queue-names-technology option")).to_have_attribute("value", "大语言模型")
    desk.goto(f"/admin/taxonomy/technology/merge/?ids={term.pk}")
    desk.locator("#id_other").press_sequentially("llm")
    expect(desk.locator("#id_other-names option")).to_have_attribute("value", "大语言模型")
    desk.keyboard.press("Escape")
    desk.fill("#id_other", "大语言模型")
    desk.click("[name=look]")
    desk.click("[name=do]")
    expect(desk.locator(".messagelist .success")).to_be_visible()


def test_the_pages_fit_and_are_accessible(window: Enter, chief: str):
    make_term("大语言模型", aliases=["LLM"])
    make_article("一篇文章的标题" * 6, technologies=["大语言模型技术", "LLMs", "W" * 90])
    Technology.objects.exclude(name="大语言模型").update(confirmed=False)
    make_term("没有用的", confirmed=False)
    declined = make_term("不采用的", confirmed=False, declined=True)
    start, page = "/admin/taxonomy/technology", window(chief)
    for address in (
        f"{QUEUE}?done=technology-{declined.pk}",
        f"{start}/new/",
        f"{start}/new/?state=declined",
        f"{QUEUE}?after=industry-1",
        "/admin/taxonomy/housekeeping/",
        f"{start}/housekeeping/?alike=1",
        f"{start}/import/",
    ):
        assert page.goto(address).ok
        for more in page.locator("summary").all():
            more.click()
        look(page, address)
    page.goto(f"{start}/import/")
    rows = [
        "name,aliases,description,confirmed",
        f"新的,{'别' * 90},说明,yes",
        "大语言模型,,新说明,",
        "坏的,,,也许",
    ]
    page.set_input_files(
        "[name=file]", [{"name": "a.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}]
    )
    page.click("button.default")
    expect(page.locator("tbody tr")).to_have_count(3)
    look(page, "the preview of an import")
