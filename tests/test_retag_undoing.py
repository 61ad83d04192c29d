"""What was changed on many articles at once is taken back, also after merges and moves of its terms."""

import pytest

from articles import editing, retagging
from articles.models import Article, ArticleKeyword, Status
from newsroom.refusal import Refused
from taxonomy.merge import merge, move
from taxonomy.models import Keyword
from taxonomy.undo import undo as undo_merge
from tests.factories import make_article, make_user, set_terms, staff
from tests.test_retagging import links, names, outcomes, retag, started, taken_back, term

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def chief():
    return staff("change_article", "publish_article", "add_technology")


@pytest.fixture
def editor():
    return staff("change_article")


# --- undoing --------------------------------------------------------------------------------------


def test_undoing_brings_the_rows_back_as_they_were(chief):
    articles = [make_article(technologies=terms) for terms in (["甲", "乙", "丙"], ["丙"], ["甲", "丁"], [])]
    before = [links(article) for article in articles]
    for asked in (
        {"add": "丙"},
        {"remove": "甲"},
        {"remove": "丙", "add": "戊"},
        {"remove": "甲", "add": "丙"},
    ):
        done = retag(chief, **asked)
        back = taken_back(done, chief)
        assert [links(article) for article in articles] == before
        assert back.undo_counts == {"undone": done.counts["changed"]}
        assert (back.undone_by, bool(back.undone_at)) == (chief, True)


def test_undoing_is_history_too(chief):
    article = make_article(technologies=["甲"])
    done = retag(chief, remove="甲", note="误标")
    taken_back(done, chief)
    first = article.revisions.first()
    assert (first.verb, first.by, first.note) == ("retag", chief, f"Undone: {retagging.what(done)}")
    assert first.snapshot["technologies"] == ["甲"]
    article.refresh_from_db()
    assert article.version == 3


def test_what_was_touched_since_is_left_term_by_term(chief):
    untouched, regretted, reworked = (make_article(technologies=["甲"]) for _time in range(3))
    done = retag(chief, remove="甲", add="乙")
    for article, terms in ((regretted, ["甲", "乙"]), (reworked, ["丁"])):
        article.refresh_from_db()
        editing.save(article, {"technologies": terms}, by=chief)
    back = taken_back(done, chief)
    assert [names(article) for article in (untouched, regretted, reworked)] == [["甲"], ["甲"], ["甲", "丁"]]
    assert back.undo_counts == {"undone": 2, "partly": 1}


def test_an_edit_of_anything_else_is_in_nobodys_way(chief):
    article = make_article(technologies=["甲"])
    done = retag(chief, add="乙")
    article.refresh_from_db()
    editing.save(article, {"title": "新的", "technologies": ["乙", "甲", "丙"]}, by=chief)
    assert taken_back(done, chief).undo_counts == {"undone": 1}
    assert names(article) == ["甲", "丙"]


def test_undoing_needs_the_right_to_publish_what_was_published_since(chief, editor):
    article = make_article()
    done = retag(editor, add="甲")
    Article.objects.filter(pk=article.pk).update(status=Status.PUBLISHED, published_at=article.created_at)
    assert taken_back(done, editor).undo_counts == {"right": 1}
    assert names(article) == ["甲"]


def test_nothing_is_undone_twice_or_before_its_end_or_without_the_right(chief):
    article = make_article()
    begun = started(chief, add="甲")
    with pytest.raises(Refused, match="still being done"):
        retagging.undo(begun, by=chief)
    done = retagging.run_now(begun)
    with pytest.raises(Refused, match="no right"):
        retagging.undo(done, by=make_user())
    taken_back(done, chief)
    with pytest.raises(Refused, match="undone already"):
        retagging.undo(done, by=chief)
    set_terms(article, technologies=["甲"])
    with pytest.raises(Refused, match="changed nothing"):
        retagging.undo(retag(chief, add="甲"), by=chief)


def test_what_undoing_would_do_is_told_without_doing_it(chief, monkeypatch):
    kept, touched = make_article(), make_article()
    done = retag(chief, add="甲")
    set_terms(touched, technologies=[])
    assert retagging.foresee_undo(done, by=chief) == {"undone": 1, "touched": 1}
    assert names(kept) == ["甲"]
    monkeypatch.setattr(retagging, "AT_ONCE", 1)
    assert retagging.foresee_undo(done, by=chief) is None


# --- merges and moves -----------------------------------------------------------------------------


def test_a_term_that_is_merged_meanwhile_is_added_as_the_one_it_is_today(chief):
    article = make_article()
    begun = started(chief, add="甲")
    merge([term("甲")], into=term("乙"), by=None)
    retagging.run_now(begun)
    assert links(article) == [("乙", "乙", 1)]


def test_a_term_that_is_merged_meanwhile_is_not_removed_from_those_that_carry_the_other(chief):
    article = make_article(technologies=["乙"])
    begun = started(chief, remove="甲")
    merge([term("甲")], into=term("乙"), by=None)
    assert outcomes(retagging.run_now(begun)) == {article.pk: "term"}
    assert names(article) == ["乙"]


def test_undoing_follows_the_merges_that_came_after(chief):
    article = make_article(technologies=["甲"])
    done = retag(chief, remove="甲", add="乙")
    merge([term("甲")], into=term("大甲"), by=None)
    merge([term("乙")], into=term("大乙"), by=None)
    assert taken_back(done, chief).undo_counts == {"undone": 1}
    assert links(article) == [("大甲", "甲", 0)]


def test_undoing_takes_nothing_that_an_article_had_of_its_own_under_the_survivors_name(chief):
    article = make_article(technologies=["大乙"])
    done = retag(chief, add="乙")
    record = merge([term("乙")], into=term("大乙"), by=None)
    assert taken_back(done, chief).undo_counts == {"touched": 1}
    assert names(article) == ["大乙"]
    undo_merge(record, by=None)
    assert names(article) == ["大乙", "乙"]


def test_undoing_after_the_terms_became_one_loses_no_assignment(chief):
    article = make_article(technologies=["甲"])
    done = retag(chief, remove="甲", add="乙")
    merge([term("甲")], into=term("乙"), by=None)
    taken_back(done, chief)
    assert links(article) == [("乙", "甲", 0)]


def test_undoing_brings_a_term_back_where_it_was_moved_and_leaves_a_moved_one_that_it_added(chief):
    removed, added = make_article(technologies=["甲"]), make_article()
    first, second = retag(chief, remove="甲", of=[removed]), retag(chief, add="乙", of=[added])
    move([term("甲"), term("乙")], to=Keyword, by=None)
    assert taken_back(first, chief).undo_counts == {"undone": 1}
    assert taken_back(second, chief).undo_counts == {"touched": 1}
    assert ArticleKeyword.objects.filter(content_object=removed, tag__name="甲").exists()
    assert ArticleKeyword.objects.filter(content_object=added, tag__name="乙").exists()
