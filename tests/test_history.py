"""The history of an article on the desk: every version told, any two compared."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import editing, revisions, workflow
from articles.models import Article, ImportBatch, Revision, RevisionKind
from tests.factories import desk, make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db

BASE = {
    "title": "种子的题", "url": "https://example.com/seed", "also_at": [], "summary": "正文", "source_date": None,
    "source_date_origin": "", "extra": {}, "keywords": ["电影"], "technologies": [], "industries": [],
    "intro": "", "points": [], "conclusion": "",
}  # fmt: skip


@pytest.fixture
def chief() -> User:
    return make_user("主编", is_staff=True, is_superuser=True)


def page_of(article: Article, *more: Any) -> str:
    return "/".join(["/admin/articles/article", str(article.pk), *map(str, more), ""])


def edited(article: Article, by: User | None = None, note: str = "", **changes: Any) -> Article:
    """The article after a save of the form."""
    article = Article.objects.get(pk=article.pk)
    assert editing.save(article, changes, by=by, note=note)
    return article


def now(article: Article) -> revisions.Snapshot:
    return editing.live(article)


def listed(client: Client, article: Article, query: str = "") -> list[tuple[int, list[str]]]:
    response = client.get(page_of(article, "versions") + query)
    assert response.status_code == 200
    return [(row["revision"].number, row["changed"]) for row in response.context["rows"]]


def compared(client: Client, article: Article, old: Any, new: Any) -> list[str]:
    response = client.get(page_of(article, "compare"), {"from": old, "to": new})
    assert response.status_code == 200
    return [change["label"] for change in response.context["changes"]]


# --- the list


def test_the_list_tells_who_changed_what_newest_first(chief):
    article = make_article("一", summary="正文")
    edited(article, chief, title="二")
    edited(article, chief, "听说", title="三", points=[{"heading": "甲", "body": "乙"}])
    workflow.submit(Article.objects.get(), by=chief, note="请看")
    client = desk(chief)
    assert listed(client, article) == [(3, ["status"]), (2, ["title", "event points"]), (1, [])]
    text = client.get(page_of(article, "versions")).content.decode()
    for words in ("主编", "听说", "请看", "the first version"):
        assert words in text


def test_an_article_that_nobody_changed_has_its_live_version_and_its_seed():
    article = make_article(base=BASE)
    response = desk().get(page_of(article, "versions"))
    assert (response.context["rows"], response.context["has_seed"]) == ([], True)
    assert compared(desk(), article, "seed", "live") == ["title", "link", "keywords", "text"]


def test_a_draft_is_told_against_what_it_changes_and_not_taken_for_the_article(chief):
    article = make_article("一", publish=True)
    workflow.withdraw(article, by=chief, reason="甲")
    workflow.reopen(article, by=chief)
    workflow.publish(article, by=None)
    edited(article, chief, title="二")
    edited(article, chief, conclusion="结")
    workflow.withdraw(Article.objects.get(), by=chief, reason="乙", at=timezone.now() + timedelta(days=1))
    assert listed(desk(), article)[:3] == [
        (6, ["withdrawn at"]),
        (5, ["conclusion"]),
        (4, ["title"]),
    ]


def test_the_list_proposes_the_last_change_or_what_a_draft_would_change(chief):
    article = make_article("一", base=BASE)
    client = desk(chief)

    def proposed() -> tuple:
        response = client.get(page_of(article, "versions"))
        checked = re.findall(r'name="(from|to)" value="(\w+)"[^>]* checked', response.content.decode())
        return tuple(value for _name, value in sorted(checked))

    assert proposed() == ("seed", "live")
    edited(article, chief, title="二")
    assert proposed() == ("1", "live")
    workflow.publish(Article.objects.get(), by=None)
    edited(article, chief, title="三")
    assert proposed() == ("live", "4")


def test_a_term_that_was_renamed_meanwhile_is_no_change_of_the_article(chief):
    term = make_term("MJ")
    article = make_article("一", technologies=["MJ"])
    edited(article, chief, title="二")
    term.name = "Midjourney"
    term.save()
    term.aliases.create(name="MJ")
    edited(article, chief, title="三")
    assert listed(desk(), article) == [(2, ["title"]), (1, [])]
    response = desk().get(page_of(article, "compare"), {"from": 1, "to": 2})
    renamed = [change["list"].renamed for change in response.context["changes"] if "list" in change]
    assert renamed == [[("MJ", "Midjourney")]]


def test_an_import_is_told_with_its_batch_which_only_those_may_open_who_may_see_it(chief):
    article, batch = make_article("一"), ImportBatch.objects.create()
    revisions.record([article.pk], kind=RevisionKind.IMPORT, note=f"#{batch.pk}")
    link = f'href="/admin/articles/importbatch/{batch.pk}/change/"'
    for client, opens in ((desk(), True), (desk(staff("view_article")), False)):
        text = client.get(page_of(article, "versions")).content.decode()
        assert f"Batch {batch.pk}" in text
        assert (link in text) == opens
        text = client.get(page_of(article, "compare"), {"from": 1, "to": "live"}).content.decode()
        assert f"Batch {batch.pk}" in text
        assert (link in text) == opens


@pytest.mark.parametrize("note", ["#1", "#99999999999999999999", "#٣", "# 7", "#-1", "<b>#7</b>"])
def test_a_note_that_names_no_batch_is_only_a_note(note):
    article = make_article("一")
    revisions.record([article.pk], kind=RevisionKind.IMPORT, note=note)
    response = desk().get(page_of(article, "versions"))
    assert [row["batch"] for row in response.context["rows"]] == [None]


def test_what_a_person_writes_is_never_taken_for_a_batch(chief):
    article, batch = make_article("一"), ImportBatch.objects.create()
    edited(article, chief, f"#{batch.pk}", title="二")
    [row] = desk().get(page_of(article, "versions")).context["rows"]
    assert (row["batch"], row["revision"].by) == (None, chief)


def test_fifty_versions_stand_on_a_page(chief):
    article = make_article("零")
    for number in range(52):
        revisions.record_snapshots({article.pk: {"title": str(number)}}, kind=RevisionKind.EDIT, by=chief)
    client = desk(chief)
    assert [number for number, _changed in listed(client, article)] == list(range(52, 2, -1))
    assert listed(client, article, "?page=2") == [(2, ["title"]), (1, [])]


def test_a_page_of_the_list_takes_as_many_statements_for_fifty_versions_as_for_one(chief):
    client = desk(chief)
    batch = ImportBatch.objects.create()
    counts = []
    for size in (1, 3, 50):
        article = make_article("零", keywords=["甲"])
        for number in range(size + 1):
            snapshot = now(article) | {"title": str(number), "keywords": [f"词{number}"]}
            note = f"#{batch.pk}"
            revisions.record_snapshots({article.pk: snapshot}, kind=RevisionKind.IMPORT, note=note)
        client.get(page_of(article, "versions"))
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(article, "versions"))
        counts.append(len(queries))
        assert not any('"articles_revision"."snapshot"' in query["sql"] for query in queries)
    assert counts[0] == counts[1] == counts[2]


# --- two versions


def test_any_two_versions_are_compared_and_the_text_is_marked(chief):
    article = make_article("一", summary="导演在上海说。", base=BASE)
    edited(article, chief, summary="导演在北京说。", title="二")
    client = desk(chief)
    text = client.get(page_of(article, "compare"), {"from": 1, "to": 2}).content.decode()
    assert "<del>" in text and "<ins>" in text
    assert compared(client, article, 1, "live") == compared(client, article, 1, 2)
    assert compared(client, article, 2, "live") == compared(client, article, "live", "live") == []
    assert compared(client, article, "live", "seed") == ["title", "link", "keywords", "text"]


def test_the_seed_is_compared_in_what_a_seed_can_say(chief):
    article = make_article(
        **{name: BASE[name] for name in ("title", "url", "summary", "keywords")}, base=BASE
    )
    edited(article, chief, excerpt="摘", reuse="full")
    workflow.submit(Article.objects.get(), by=chief)
    assert compared(desk(), article, "seed", "live") == []
    assert compared(desk(), article, 1, "live") == ["status", "excerpt", "reuse, decided"]


def test_the_waiting_draft_is_compared_with_what_readers_see(chief):
    article = make_article("一", publish=True)
    edited(article, chief, title="二")
    assert compared(desk(), article, "live", "draft") == ["title"]
    assert desk().get(page_of(article, "compare"), {"from": "before", "to": "draft"}).status_code == 302


def test_from_a_comparison_the_way_leads_to_the_change_before_and_after(chief):
    article = make_article("零")
    for title in "一二三":
        edited(article, chief, title=title)
    client = desk(chief)
    steps = {
        number: client.get(page_of(article, "compare"), {"from": 1, "to": number}).context["steps"]
        for number in (1, 2, 3)
    }
    assert steps == {1: {"next": (1, 2)}, 2: {"next": (2, 3)}, 3: {"previous": (1, 2)}}


def test_the_version_before_has_a_word_and_the_first_version_is_shown_whole(chief):
    article = make_article("零")
    edited(article, chief, title="一")
    edited(article, chief, title="二", conclusion="结")
    assert compared(desk(), article, "before", 2) == ["title", "conclusion"]
    response = desk().get(page_of(article, "compare"), {"from": "before", "to": 1})
    assert response.url == page_of(article, "versions", 1)


def test_texts_can_stand_side_by_side(chief):
    article = make_article("一")
    edited(article, chief, title="二")
    response = desk().get(page_of(article, "compare"), {"from": "before", "to": 1})
    edited(article, chief, title="三")
    response = desk().get(page_of(article, "compare"), {"from": 1, "to": 2, "view": "side"})
    assert response.content.decode().count('class="desk-columns"') == 1


def test_without_two_versions_the_page_asks_for_them():
    article = make_article()
    for query in ({}, {"from": "live"}, {"to": ""}):
        response = desk().get(page_of(article, "compare"), query)
        assert (response.status_code, response.url) == (302, page_of(article, "versions"))


HOSTILE = [
    "0", "-1", "1 ", "1.0", "9" * 9, "9" * 20, "9" * 5000, "٣", "x", "live\n", "LIVE", "draft", "seed", "before", "<b>",
    "' OR 1=1", "..", "true",
]  # fmt: skip


@pytest.mark.parametrize("word", HOSTILE)
def test_a_version_that_is_not_there_is_not_found(chief, word):
    article = make_article("一")
    edited(article, chief, title="二")
    client = desk(chief)
    if word != "before":
        assert client.get(page_of(article, "compare"), {"from": word, "to": "live"}).status_code == 404
    assert client.get(page_of(article, "compare"), {"from": "live", "to": word}).status_code == 404


@pytest.mark.parametrize("number", ["0", "2", "9" * 10, "9" * 20])
def test_the_page_of_a_version_that_is_not_there_is_not_found(chief, number):
    article = make_article("一")
    edited(article, chief, title="二")
    for more in ((), ("restore",)):
        assert desk(chief).get(page_of(article, "versions", number, *more)).status_code == 404
    assert desk(chief).post(page_of(article, "versions", number, "restore")).status_code == 404


@pytest.mark.parametrize("pk", ["0", "9" * 10, "9" * 20])
def test_an_article_that_is_not_there_has_no_history(pk):
    for more in ("versions/", "compare/?from=1&to=2", "versions/1/", "history/"):
        assert desk().get(f"/admin/articles/article/{pk}/{more}").status_code == 404


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?page=99999999999999999999", "?page="])
def test_a_page_that_is_not_there_is_the_nearest_one(chief, query):
    article = make_article("一")
    edited(article, chief, title="二")
    assert listed(desk(chief), article, query) == [(1, [])]


def test_a_snapshot_of_other_times_is_told_as_far_as_it_is_understood(chief):
    article = make_article("一")
    old = {
        "title": "旧",
        "points": None,
        "keywords": None,
        "later": {"a": 1},
        "status": "gone",
        "extra": None,
    }
    for snapshot in (old, {}, old | {"published_at": "never", "source_date": "2024"}):
        revisions.record_snapshots({article.pk: snapshot}, kind=RevisionKind.EDIT, by=chief)
    client = desk(chief)
    for number in (1, 2, 3):
        assert client.get(page_of(article, "versions", number)).status_code == 200
        assert compared(client, article, number, "live") is not None
    assert [number for number, _changed in listed(client, article)] == [3, 2, 1]


def test_a_label_may_have_any_name(chief):
    article = make_article("一", extra={"items": "甲乙", "0": "丙", "": "丁"})
    edited(article, chief, title="二")
    edited(article, chief, extra={"items": "甲丙", "keys": "戊"})
    client = desk(chief)
    assert client.get(page_of(article, "versions", 1)).status_code == 200
    assert compared(client, article, 1, 2) == ["other labels"]


def test_huge_texts_are_told_in_a_page_of_bounded_size(chief):
    article = make_article("一", summary="甲" * 1_000_000)
    edited(
        article, chief, summary="乙" * 1_000_000, points=[{"heading": "点", "body": "\x01\u200b" * 50_000}]
    )
    edited(article, chief, summary="丙" * 1_000_000, points=[{"heading": "点", "body": "字"}])
    response = desk(chief).get(page_of(article, "compare"), {"from": 1, "to": 2})
    assert response.status_code == 200
    assert len(response.content) < 3_000_000
    [text] = [change["pieces"] for change in response.context["changes"] if change["label"] == "text"]
    shown = len(text[0].text)
    assert [(piece.kind, piece.size) for piece in text] == [
        ("removed", 1_000_000),
        ("rest", 2_000_000 - shown),
    ]


def test_what_is_changed_and_cannot_be_seen_has_a_sign(chief):
    article = make_article("一", summary="甲乙")
    edited(article, chief, summary="甲乙丙")
    edited(article, chief, summary="甲\u200b乙丙\n")
    text = desk(chief).get(page_of(article, "compare"), {"from": 1, "to": 2}).content.decode()
    assert "[U+200B]" in text and "↵" in text


# --- rights


def pages(article: Article) -> list[str]:
    return [
        page_of(article, "versions"),
        page_of(article, "versions", 1),
        page_of(article, "compare") + "?from=1&to=live",
    ]


@pytest.mark.parametrize(
    ("rights", "status"),
    [(["view_article"], 200), (["change_article"], 200), (["submit_article"], 403), ([], 403)],
)
def test_the_history_is_for_those_who_may_see_the_article(chief, rights, status):
    article = make_article("一")
    edited(article, chief, title="二")
    client = desk(staff(*rights))
    assert [client.get(page).status_code for page in pages(article)] == [status] * 3


def test_the_history_is_not_for_readers(chief):
    article = make_article("一", publish=True)
    edited(article, chief, title="二")
    for client in (Client(), desk(make_user())):
        answers = [client.get(page) for page in pages(article)]
        assert [response.status_code for response in answers] == [302] * 3
        assert all(response.url.startswith("/admin/login/") for response in answers)


def test_django_s_own_history_leads_here():
    article = make_article()
    assert desk().get(page_of(article, "history")).url == page_of(article, "versions")


def test_nothing_of_the_history_can_be_changed(chief):
    article = make_article("一")
    edited(article, chief, title="二")
    before = list(Revision.objects.values())
    for page in pages(article):
        for method in ("post", "put", "patch", "delete"):
            getattr(desk(chief), method)(page)
    assert list(Revision.objects.values()) == before
    assert now(article)["title"] == "二"
