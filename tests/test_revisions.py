"""Snapshots of whole articles: what they hold, how they are numbered, where the first comes from."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from articles import revisions
from articles.models import Article, Origin, Revision, RevisionKind, Status
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db

BASE = {
    "title": "甲",
    "url": "https://example.com/a",
    "also_at": [],
    "summary": "正文",
    "source_date": "2024-03-01",
    "source_date_origin": "given",
    "extra": {"作者": "张三"},
    "keywords": ["电影"],
    "technologies": ["MID journey"],
    "industries": [],
    "intro": "导语",
    "points": [{"heading": "一", "body": "甲"}],
    "conclusion": "",
}


def numbers(article: Article) -> list[tuple[int, str]]:
    return list(article.revisions.order_by("number").values_list("number", "kind"))


def test_a_snapshot_holds_fields_terms_in_order_and_points_in_order():
    article = make_article(
        "甲",
        url="https://example.com/a",
        summary="正文",
        source_date="2024-03-01",
        source_date_origin="given",
        extra={"作者": "张三"},
        keywords=["电影", "AI"],
        technologies=["Midjourney"],
        intro="导语",
        points=[("一", "甲"), ("二", "乙")],
    )
    assert revisions.snapshot(Article.objects.whole().get(pk=article.pk)) == BASE | {
        "excerpt": "",
        "reuse": "",
        "status": Status.DRAFT,
        "published_at": None,
        "withdraw_at": None,
        "source": "example.com",
        "keywords": ["电影", "AI"],
        "technologies": ["Midjourney"],
        "points": [{"heading": "一", "body": "甲"}, {"heading": "二", "body": "乙"}],
        "origin": Origin.MACHINE,
    }


def test_a_snapshot_of_an_article_without_event_summary_has_empty_texts():
    found = revisions.snapshot(make_article())
    assert (found["intro"], found["points"], found["conclusion"]) == ("", [], "")


def test_a_whole_article_is_snapshot_without_further_statements():
    make_article(keywords=["电影"], points=[("一", "甲")], intro="导语")
    make_article(technologies=["AI"])
    articles = list(Article.objects.whole())
    with CaptureQueriesContext(connection) as queries:
        list(map(revisions.snapshot, articles))
    assert len(queries) == 0


def test_terms_of_several_articles_keep_the_order_of_each():
    first = make_article(keywords=["丙", "甲", "乙"])
    second = make_article(keywords=["乙", "丙", "甲"])
    found = Article.objects.whole().in_bulk([first.pk, second.pk])
    assert [term.name for term in found[first.pk].keywords.all()] == ["丙", "甲", "乙"]
    assert [term.name for term in found[second.pk].keywords.all()] == ["乙", "丙", "甲"]


def test_the_first_revision_of_an_imported_article_is_what_came_in():
    article = make_article("甲，改过", base=BASE)
    revisions.record([article.pk], kind=RevisionKind.EDIT, by=make_user())
    assert numbers(article) == [(1, "import"), (2, "edit")]
    first, second = article.revisions.order_by("number")
    assert (first.snapshot["title"], first.snapshot["technologies"], first.by) == (
        "甲",
        ["MID journey"],
        None,
    )
    assert first.snapshot.keys() == second.snapshot.keys()
    assert (first.at, second.snapshot["title"]) == (article.created_at, "甲，改过")


def test_an_article_made_by_hand_begins_with_the_edit():
    article = make_article()
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    assert numbers(article) == [(1, "edit")]


def test_what_came_in_is_written_once():
    article = make_article(base=BASE)
    for _round in range(3):
        revisions.record([article.pk], kind=RevisionKind.EDIT)
    assert numbers(article) == [(1, "import"), (2, "edit"), (3, "edit"), (4, "edit")]


def test_many_articles_are_recorded_in_as_many_statements_as_one():
    few = [make_article(base=BASE | {"title": "甲"}).pk]
    many = [make_article(base=BASE, keywords=["电影", str(n)]).pk for n in range(10)]
    counts = []
    for ids in (few, many):
        with CaptureQueriesContext(connection) as queries:
            revisions.record(ids, kind=RevisionKind.WORKFLOW)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1  # the one article has no keywords to look up
    assert Revision.objects.count() == 22


def test_a_new_draft_takes_the_place_of_the_pending_one_which_stays_in_the_history():
    article = make_article(publish=True)
    for title in ("第一稿", "第二稿"):
        snapshot = revisions.snapshot(article) | {"title": title}
        revisions.record_snapshots({article.pk: snapshot}, kind=RevisionKind.DRAFT, pending=True)
    assert list(article.revisions.order_by("number").values_list("snapshot__title", "pending")) == [
        ("第一稿", False),
        ("第二稿", True),
    ]


def test_the_database_allows_one_pending_draft_and_nothing_else_pending():
    article = make_article()
    revisions.record_snapshots({article.pk: {}}, kind=RevisionKind.DRAFT, pending=True)
    for kind in (RevisionKind.DRAFT, RevisionKind.EDIT):
        with pytest.raises(IntegrityError), transaction.atomic():
            Revision.objects.create(article=article, number=9, kind=kind, snapshot={}, pending=True)


def test_a_number_is_given_once():
    article = make_article()
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(article=article, number=1, kind=RevisionKind.EDIT, snapshot={})
