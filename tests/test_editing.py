"""What a person says of an article: at once while nobody approved its text, else as a draft; and what a form must not lose."""

import pytest

from articles import editing, revisions, rewriting, workflow
from articles.locking import Stale
from articles.models import Article, EventPoint, Origin, RevisionKind
from taxonomy.models import Technology
from tests.factories import make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db

POINTS = [{"heading": "一", "body": "甲"}, {"heading": "二", "body": "乙"}]


def stored(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


def test_a_change_is_written_with_who_and_why_and_raises_the_version():
    article, editor = make_article("旧", technologies=["AI"]), make_user(groups=["Editors"])
    changes = {"title": "新", "technologies": ["Sora", "AI"], "points": POINTS, "source": "1905.com"}
    editing.save(article, changes, by=editor, note="核对")
    now = editing.live(article)
    assert {name: now[name] for name in changes} == changes
    last = article.revisions.first()
    assert (last.kind, last.by, last.note, last.snapshot) == (RevisionKind.EDIT, editor, "核对", now)
    assert (stored(article).version, article.version, stored(article).editor) == (2, 2, editor)


def test_what_says_the_same_is_no_change():
    article = make_article("甲", technologies=["AI"])
    assert editing.save(article, {"title": "甲", "technologies": ["ａｉ"]}, by=None) is None
    assert (stored(article).version, article.revisions.count()) == (1, 0)


def test_who_read_an_older_version_changes_nothing():
    article = make_article("甲")
    Article.objects.update(version=2)
    with pytest.raises(Stale):
        editing.save(article, {"title": "乙"}, by=None)
    assert stored(article).title == "甲"


def test_a_point_that_stays_at_its_place_keeps_its_row():
    article = make_article(points=[("一", "甲"), ("二", "乙"), ("三", "丙")])
    first, second, _third = EventPoint.objects.filter(article=article).values_list("pk", flat=True)
    editing.save(article, {"points": [POINTS[0], {"heading": "二", "body": "改"}]}, by=None)
    rows = EventPoint.objects.filter(article=article).values_list("pk", "position", "body")
    assert list(rows) == [(first, 1, "甲"), (second, 2, "改")]


def test_an_approved_article_keeps_its_text_and_its_date_of_change():
    article = make_article("甲", publish=True)
    before = stored(article).updated_at
    editing.save(article, {"title": "乙"}, by=make_user(groups=["Editors"]))
    now = stored(article)
    assert (now.title, now.updated_at, now.version, now.editor) == ("甲", before, 2, None)
    assert revisions.pending(article.pk).snapshot["title"] == "乙"


def test_drafts_of_drafts_go_on_from_the_last():
    article = make_article("甲", publish=True)
    editing.save(article, {"title": "乙"}, by=None)
    editing.save(article, {"intro": "导语"}, by=None)
    assert {name: editing.text(article)[name] for name in ("title", "intro")} == {
        "title": "乙",
        "intro": "导语",
    }


def test_an_imports_base_stays_with_its_draft_through_an_edit():
    article = make_article("甲", publish=True, base={"title": "甲"})
    snapshot = editing.live(article) | {"title": "乙", "base": {"title": "乙"}}
    revisions.record_snapshots({article.pk: snapshot}, kind=RevisionKind.DRAFT, pending=True)
    editing.save(article, {"title": "丙"}, by=make_user(groups=["Editors"]))
    workflow.approve(article, by=None)
    assert (stored(article).title, stored(article).base) == ("丙", {"title": "乙"})


def test_to_take_an_imports_change_back_by_hand_is_a_decision_too():
    article = make_article("甲", publish=True, base={"title": "甲"})
    snapshot = editing.live(article) | {"title": "乙", "base": {"title": "乙"}}
    revisions.record_snapshots({article.pk: snapshot}, kind=RevisionKind.DRAFT, pending=True)
    editing.save(article, {"title": "甲"}, by=make_user(groups=["Editors"]))
    assert (revisions.pending(article.pk), stored(article).base) == (None, {"title": "乙"})


def test_a_link_that_another_article_has_is_refused_by_its_name():
    make_article("另一条", url="https://example.com/taken", url_key="https://example.com/taken")
    article = make_article("甲")
    with pytest.raises(workflow.Refused, match="另一条"):
        editing.save(article, {"url": "https://example.com/taken"}, by=None)
    assert stored(article).version == 1


def test_a_restored_version_says_what_it_said_and_leaves_the_state_alone():
    article = make_article("甲", technologies=["AI"], points=[("一", "甲")], intro="导语")
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    first = article.revisions.first()
    editing.save(article, {"title": "乙", "technologies": [], "points": [], "intro": ""}, by=None)
    workflow.submit(article, by=None)
    editing.restore(article, first, by=None)
    assert editing.live(article) == first.snapshot | {"status": "in_review"}
    assert "1" in article.revisions.first().note


def test_a_term_renamed_since_is_restored_under_its_new_name():
    term = make_term("大模型", "technology")
    article = make_article(technologies=["大模型"])
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    first = article.revisions.first()
    editing.save(article, {"technologies": []}, by=None)
    term.name = "大语言模型"
    term.save()
    term.aliases.create(name="大模型")
    editing.restore(article, first, by=None)
    assert editing.live(article)["technologies"] == ["大语言模型"]


def test_restoring_a_published_article_makes_a_draft():
    article = make_article("甲", publish=True)
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    editing.save(article, {"title": "乙"}, by=None)
    workflow.approve(article, by=None)
    editing.restore(article, article.revisions.last(), by=None)
    assert (stored(article).title, editing.text(article)["title"]) == ("乙", "甲")


@pytest.mark.parametrize(
    ("was", "changes", "verified", "becomes"),
    [
        (Origin.MACHINE, {"intro": "改"}, False, Origin.EDITED),
        (Origin.MACHINE, {"title": "改"}, False, Origin.MACHINE),
        (Origin.MACHINE, {}, True, Origin.VERIFIED),
        (Origin.VERIFIED, {"points": POINTS}, False, Origin.EDITED),
        (Origin.VERIFIED, {"points": POINTS}, True, Origin.VERIFIED),
        (Origin.VERIFIED, {"title": "改"}, False, Origin.VERIFIED),
        (Origin.EDITED, {"conclusion": "改"}, False, Origin.EDITED),
    ],
)
def test_who_stands_behind_the_summary_follows_from_what_was_done(was, changes, verified, becomes):
    before = {"title": "", "intro": "", "points": [], "conclusion": "", "origin": was.value}
    assert rewriting.origin(before, before | changes, verified=verified) == becomes


def test_points_alone_are_saved_beside_an_event_summary_that_is_there():
    article = make_article(intro="导语", points=[("一", "甲")])
    editing.save(article, {"points": POINTS}, by=None)
    assert {name: editing.live(article)[name] for name in ("intro", "points")} == {
        "intro": "导语",
        "points": POINTS,
    }


def test_a_version_whose_term_is_gone_is_restored_by_those_only_who_may_add_terms():
    article = make_article(technologies=["大模型", "AI"])
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    first = article.revisions.first()
    editing.save(article, {"technologies": ["AI"]}, by=None)
    Technology.objects.filter(name="大模型").delete()
    editor = staff("change_article")
    with pytest.raises(workflow.Refused, match="“大模型”"):
        editing.restore(article, first, by=editor)
    assert not Technology.objects.filter(name="大模型").exists()
    assert editing.live(article)["technologies"] == ["AI"]
    editing.restore(article, first, by=staff("change_article", "add_technology"))
    assert editing.live(article)["technologies"] == ["大模型", "AI"]
