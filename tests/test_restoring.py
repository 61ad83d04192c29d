"""An old version is shown whole and restored, as far as one may change things; at the end of long histories too."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from articles import editing, importer, links, revisions, rewriting, workflow
from articles.models import Article, RevisionKind, Status
from taxonomy.models import Technology
from tests.factories import desk, make_article, make_term, make_user, staff
from tests.test_history import edited, now, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> User:
    return make_user("主编", is_staff=True, is_superuser=True)


# --- one version, and restoring it


def restore(client: Client, article: Article, number: int, **fields: Any) -> Any:
    version = Article.objects.get(pk=article.pk).version
    return client.post(page_of(article, "versions", number, "restore"), {"version": version} | fields)


def test_the_page_of_a_version_shows_it_whole_and_what_restoring_would_change(chief):
    article = make_article("一", keywords=["电影"], points=[("甲", "乙")])
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二", points=[])
    response = desk(chief).get(page_of(article, "versions", 1))
    assert [change["label"] for change in response.context["changes"]] == ["title", "event points"]
    text = response.content.decode()
    for words in ("一", "电影", "甲", "乙", "结", "Restore this version"):
        assert words in text


def test_restoring_brings_the_words_back_and_keeps_the_state_and_the_history(chief):
    article = make_article("一", summary="旧", technologies=["Midjourney"])
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二", summary="新", technologies=[])
    workflow.submit(Article.objects.get(), by=chief)
    response = restore(desk(chief), article, 1, note="还是旧的好")
    assert (response.status_code, response.url) == (302, page_of(article, "change"))
    after = now(article)
    assert (after["title"], after["summary"], after["technologies"]) == ("一", "旧", ["Midjourney"])
    assert after["status"] == Status.IN_REVIEW
    last = article.revisions.first()
    assert (last.number, last.kind, last.by) == (4, RevisionKind.EDIT, chief)
    assert "还是旧的好" in last.note


def test_restoring_gives_a_term_under_the_name_it_has_today(chief):
    term = make_term("MJ")
    article = make_article("一", technologies=["MJ"])
    edited(article, chief, conclusion="结")
    edited(article, chief, technologies=[])
    term.name = "Midjourney"
    term.save()
    term.aliases.create(name="MJ")
    restore(desk(chief), article, 1)
    assert now(article)["technologies"] == ["Midjourney"]
    assert Technology.objects.count() == 1


def test_a_term_that_was_only_renamed_leaves_nothing_to_restore(chief):
    term = make_term("MJ")
    article = make_article("一", technologies=["MJ"])
    edited(article, chief, conclusion="结")
    term.name = "Midjourney"
    term.save()
    term.aliases.create(name="MJ")
    response = desk(chief).get(page_of(article, "versions", 1))
    assert response.context["changes"] == []
    assert "Restore this version" not in response.content.decode()


def test_what_readers_see_is_restored_as_a_draft(chief):
    article = make_article("一")
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二")
    workflow.publish(Article.objects.get(), by=None)
    restore(desk(chief), article, 1)
    assert (now(article)["title"], revisions.pending(article.pk).snapshot["title"]) == ("二", "一")


def test_what_restoring_would_change_is_told_against_the_draft_that_waits(chief):
    article = make_article("一", publish=True)
    edited(article, chief, title="二")
    edited(article, chief, title="三", conclusion="结")
    for number, labels in ((1, ["title", "conclusion"]), (2, [])):
        response = desk(chief).get(page_of(article, "versions", number))
        assert [change["label"] for change in response.context["changes"]] == labels


def test_a_stale_page_restores_nothing_and_says_why(chief):
    article = make_article("一")
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二")
    response = restore(desk(chief), article, 1, version=1)
    assert response.status_code == 200
    assert "Somebody has changed this article" in response.content.decode()
    assert now(article)["title"] == "二"


@pytest.mark.parametrize("version", ["", "x", "9" * 20, "-1", "\0"])
def test_a_page_that_does_not_know_the_version_restores_nothing(chief, version):
    article = make_article("一")
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二")
    response = restore(desk(chief), article, 1, version=version)
    assert (response.status_code, now(article)["title"]) == (200, "二")
    assert 'role="alert"' in response.content.decode()


def test_a_link_that_another_article_has_by_now_is_refused_in_words(chief):
    article = make_article(
        "一", url="https://example.com/a", url_key=links.canonical("https://example.com/a")
    )
    edited(article, chief, conclusion="结")
    edited(article, chief, url="https://example.com/b")
    make_article("占着", url="https://example.com/a", url_key=links.canonical("https://example.com/a"))
    response = restore(desk(chief), article, 1)
    assert "占着" in response.content.decode()
    assert now(article)["url"] == "https://example.com/b"


@pytest.mark.parametrize(
    ("rights", "status"), [(["view_article"], 403), (["change_article"], 302), ([], 403)]
)
def test_restoring_is_for_those_who_may_change_the_article(chief, rights, status):
    article = make_article("一")
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二")
    client = desk(staff(*rights))
    assert restore(client, article, 1).status_code == status
    assert now(article)["title"] == ("一" if status == 302 else "二")
    if rights == ["view_article"]:
        assert "Restore this version" not in client.get(page_of(article, "versions", 1)).content.decode()


def test_to_look_at_the_address_of_restoring_restores_nothing(chief):
    article = make_article("一")
    edited(article, chief, conclusion="结")
    edited(article, chief, title="二")
    response = desk(chief).get(page_of(article, "versions", 1, "restore"))
    assert response.url == page_of(article, "versions", 1)
    assert now(article)["title"] == "二"


# --- a long history


def _a_text(chance: random.Random) -> str:
    return "".join(chance.choice("甲乙丙丁，。\n Aa1") for _ in range(chance.randrange(40)))


def _an_edit(chance: random.Random, article: Article, by: User) -> None:
    names = ["电影", "AI", "版权", "Sora", "ai", "《甲，乙》", "C++"]
    values: dict[str, Callable[[], Any]] = {
        "title": lambda: _a_text(chance).strip() or "题",
        "url": lambda: chance.choice(["", *(f"https://example.com/{number}" for number in range(9))]),
        "summary": lambda: _a_text(chance),
        "excerpt": lambda: _a_text(chance),
        "reuse": lambda: chance.choice(["", "full", "excerpt", "link"]),
        "source": lambda: chance.choice([None, "example.com", "example.org"]),
        "keywords": lambda: chance.sample(names, 3),
        "technologies": lambda: chance.sample(names, 2),
        "industries": lambda: chance.sample(names, 1),
        "intro": lambda: _a_text(chance),
        "conclusion": lambda: _a_text(chance),
        "origin": lambda: chance.choice(["machine", "edited", "verified"]),
        "points": lambda: [
            {"heading": f"点{chance.randrange(5)}", "body": _a_text(chance)}
            for _ in range(chance.randrange(4))
        ],
    }
    editing.save(article, {name: values[name]() for name in chance.sample(list(values), 3)}, by=by)


def _a_verb(chance: random.Random, article: Article, by: User) -> None:
    verb = chance.choice(workflow.allowed(article, by))
    words = {"withdraw": "reason", "decline": "reason"}
    more = {"at": timezone.now() + timedelta(days=2)} if verb == "reschedule" else {}
    with suppress(workflow.Refused):  # without a link it cannot be published
        getattr(workflow, verb)(article, by=by, **{words.get(verb, "note"): "因为"}, **more)


def _an_import(chance: random.Random, folder: Path) -> None:
    """The seed of the article, changed."""
    points = "\n\n".join(f"{n}. **点{chance.randrange(5)}**：正文{chance.randrange(9)}。" for n in (1, 2))
    (folder / "seed.txt").write_text(
        f"标题: 种子的题{chance.randrange(9)}\n链接: https://example.com/seed\n总结: 种子的正文{chance.randrange(9)}。\n"
        f"关键词: 电影, {chance.choice(['AI', '版权', '新词'])}\n重大事件摘要: 导语{chance.randrange(3)}。\n\n{points}\n",
        encoding="utf-8",
    )
    importer.run([folder])


def test_restoring_any_version_of_a_long_history_gives_back_what_it_said(chief, settings, tmp_path):
    """But for its state and times, which are the workflow's."""
    settings.FOUR_EYES = False
    chance = random.Random(5)
    _an_import(chance, tmp_path)
    for _step in range(100):
        kind = chance.choice(["edit", "edit", "verb", "import"])
        article = Article.objects.get()
        if kind == "import":
            _an_import(chance, tmp_path)
        else:
            (_an_edit if kind == "edit" else _a_verb)(chance, article, chief)
    history = list(article.revisions.order_by("number"))
    assert {revision.kind for revision in history} == set(RevisionKind)
    for revision in history:
        article = Article.objects.get()
        if draft := revisions.pending(article.pk):
            workflow.discard(article, by=chief, note=f"不要第{draft.number}版")
        editing.restore(article, revision, by=chief)
        said = rewriting.content(revision.snapshot)
        after = editing.text(article)
        assert {name: after[name] for name in said} == said
    kept = article.revisions.order_by("number")[: len(history)]
    told = ("number", "kind", "snapshot", "note", "by", "at")
    assert [[getattr(r, name) for name in told] for r in kept] == [
        [getattr(r, name) for name in told] for r in history
    ]
