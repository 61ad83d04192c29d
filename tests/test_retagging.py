"""Terms of many articles changed at once: what changes, what is left and why, in chunks."""

import pytest
from django.contrib.auth.models import User

from articles import editing, retagging, revisions, workflow
from articles.models import (
    TERM_FIELDS,
    Article,
    ArticleTechnology,
    Retag,
    RetagKind,
    Revision,
    Status,
)
from newsroom.refusal import Refused
from taxonomy.models import Rule, Technology
from tests.factories import make_article, make_term, make_user, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def chief():
    return staff("change_article", "publish_article", "add_technology")


@pytest.fixture
def editor():
    return staff("change_article")


def author() -> User:
    return staff("change_article", "add_technology")


def term(name: str) -> Technology:
    return Technology.objects.resolve([name], create=True)[name]


def started(by, *, remove: str = "", add: str = "", of=None, note: str = "") -> Retag:
    terms = {"remove": term(remove) if remove else None, "add": term(add) if add else None}
    articles = Article.objects.all() if of is None else Article.objects.filter(pk__in=[one.pk for one in of])
    return retagging.start(retagging.prepare(articles, by=by), **terms, by=by, note=note)


def retag(by, **asked) -> Retag:
    return retagging.run_now(started(by, **asked))


def taken_back(done: Retag, by) -> Retag:
    return retagging.run_now(retagging.undo(done, by=by))


def links(article: Article, field: str = "technologies") -> list[tuple[str, str, int]]:
    rows = TERM_FIELDS[field].objects.filter(content_object=article).order_by("position", "tag")
    return list(rows.values_list("tag__name", "raw", "position"))


def names(article: Article) -> list[str]:
    return [name for name, _raw, _position in links(article)]


def draft_of(article: Article) -> list[str]:
    return revisions.pending(article.pk).snapshot["technologies"]


def outcomes(done: Retag) -> dict[int, str]:
    return dict(done.rows.values_list("article_id", "outcome"))


# --- add, remove, replace -------------------------------------------------------------------------


def test_a_term_is_added_at_the_end_of_the_list(chief):
    article = make_article(technologies=["甲", "乙"])
    done = retag(chief, add="丙")
    assert links(article) == [("甲", "甲", 0), ("乙", "乙", 1), ("丙", "丙", 2)]
    assert (done.kind, done.vocabulary, str(done)) == (RetagKind.ADD, "technology", "＋ 丙")
    assert (done.todo, done.done, done.counts, bool(done.finished_at)) == (1, 1, {"changed": 1}, True)


def test_the_first_term_of_an_article_stands_where_an_import_would_put_it(chief):
    article = make_article()
    retag(chief, add="丙")
    assert links(article) == [("丙", "丙", 1)]


def test_a_term_is_removed_and_the_others_keep_their_places(chief):
    article = make_article(technologies=["甲", "乙", "丙"])
    done = retag(chief, remove="乙")
    assert links(article) == [("甲", "甲", 0), ("丙", "丙", 2)]
    assert (done.kind, str(done)) == (RetagKind.REMOVE, "− 乙")


def test_a_term_is_replaced_in_its_place_and_only_where_it_is_carried(chief):
    both, one, none = (make_article(technologies=terms) for terms in (["甲", "乙", "丙"], ["甲"], ["丁"]))
    done = retag(chief, remove="甲", add="丙")
    assert [names(article) for article in (both, one, none)] == [["乙", "丙"], ["丙"], ["丁"]]
    assert links(one) == [("丙", "丙", 0)]
    assert outcomes(done) == {both.pk: "changed", one.pk: "changed", none.pk: "same"}
    assert str(done) == "甲 → 丙"


def test_only_the_chosen_articles_change_and_those_that_lack_it(chief):
    chosen, carries, other = make_article(), make_article(technologies=["甲"]), make_article()
    done = retag(chief, add="甲", of=[chosen, carries])
    assert [names(article) for article in (chosen, carries, other)] == [["甲"], ["甲"], []]
    assert done.counts == {"changed": 1, "same": 1}
    assert not carries.revisions.exists()


@pytest.mark.parametrize("status", Status)
def test_an_article_in_whatever_state_changes_at_once(chief, status):
    article = make_article(status=status, technologies=["甲"])
    retag(chief, remove="甲", add="乙")
    assert names(article) == ["乙"]
    article.refresh_from_db()
    assert (article.status, article.version) == (status, 2)


def test_each_change_is_a_revision_that_names_it(chief):
    article = make_article(technologies=["甲"])
    done = retag(chief, add="乙", note="补标")
    revision = article.revisions.get()
    assert (revision.kind, revision.verb, revision.by) == ("edit", "retag", chief)
    assert revision.note == retagging.what(done)
    assert "补标" in revision.note and f" {done.pk}" in revision.note
    assert revision.snapshot["technologies"] == ["甲", "乙"]


def test_an_imported_article_keeps_what_came_in_as_its_first_revision(chief):
    article = make_article(technologies=["甲"], base={"title": "原", "technologies": ["甲"], "url": ""})
    retag(chief, add="乙")
    kinds = list(article.revisions.order_by("number").values_list("kind", "snapshot__technologies"))
    assert kinds == [("import", ["甲"]), ("edit", ["甲", "乙"])]


# --- what is left ---------------------------------------------------------------------------------


def test_what_somebody_changed_since_it_was_chosen_is_left_and_what_is_gone_is_told(chief):
    changed, gone, same = make_article(), make_article(), make_article()
    prepared = retagging.prepare(Article.objects.all(), by=chief)
    editing.save(changed, {"title": "新的"}, by=chief)
    gone_pk = gone.pk
    gone.delete()
    done = retagging.run_now(retagging.start(prepared, add=term("甲"), by=chief))
    assert outcomes(done) == {changed.pk: "stale", gone_pk: "gone", same.pk: "changed"}
    assert names(changed) == []


def test_what_was_seen_in_another_version_is_left(chief):
    seen, unseen = make_article(), make_article(version=4)
    prepared = retagging.prepare_seen({seen.pk: 1, unseen.pk: 3}, by=chief)
    done = retagging.run_now(retagging.start(prepared, add=term("甲"), by=chief))
    assert outcomes(done) == {seen.pk: "changed", unseen.pk: "stale"}


def test_what_is_approved_needs_the_right_to_publish(editor):
    live, waiting = make_article(publish=True), make_article(status=Status.IN_REVIEW)
    done = retag(editor, add="甲")
    assert outcomes(done) == {live.pk: "right", waiting.pk: "changed"}
    assert names(live) == []


def test_the_rights_are_those_of_the_moment_in_which_it_is_done(chief):
    article = make_article()
    begun = started(chief, add="甲")
    chief.user_permissions.clear()
    assert outcomes(retagging.run_now(begun)) == {article.pk: "right"}
    again = started(staff("change_article"), add="甲")
    again.by.delete()
    assert outcomes(retagging.run_now(again)) == {article.pk: "right"}


def test_nothing_can_be_started_without_the_right_or_twice(chief):
    make_article()
    with pytest.raises(Refused, match="no right"):
        started(make_user(), add="甲")
    begun = started(chief, add="甲")
    with pytest.raises(Refused, match="started already"):
        retagging.start(begun, add=term("甲"), by=chief)


@pytest.mark.parametrize(
    ("remove", "add", "why"),
    [
        ("", "", "Name the term"),
        ("甲", "甲", "same term"),
        ("合并了", "", "no longer stands for itself"),
        ("", "不要的", "declined"),
    ],
)
def test_terms_that_cannot_change_places_are_refused(chief, remove, add, why):
    make_article(technologies=["甲"])
    make_term("合并了", merged_into=make_term("归处"))
    make_term("不要的", confirmed=False, declined=True)
    find = {one.name: one for one in Technology.objects.all()}
    with pytest.raises(Refused, match=why):
        retagging.check(find.get(remove), find.get(add))


def test_terms_of_two_vocabularies_are_refused():
    with pytest.raises(Refused, match="same vocabulary"):
        retagging.check(make_term("甲"), make_term("乙", "keyword"))


def test_nothing_chosen_is_refused_and_so_are_too_many(chief, monkeypatch):
    make_article()
    make_article()
    for nothing in (Article.objects.none(), Article.objects.filter(title="没有")):
        with pytest.raises(Refused, match="at least one"):
            retagging.prepare(nothing, by=chief)
    monkeypatch.setattr(retagging, "MOST", 1)
    with pytest.raises(Refused, match="At most 1"):
        retagging.prepare(Article.objects.all(), by=chief)
    assert not Retag.objects.exists()


def test_what_nobody_went_on_with_is_forgotten(chief):
    make_article()
    begun = started(chief, add="甲")
    prepared = [retagging.prepare(Article.objects.all(), by=chief) for _time in range(7)]
    other = retagging.prepare(Article.objects.all(), by=author())
    kept = [other.pk, *(one.pk for one in reversed(prepared[-retagging.KEPT_PREPARED :])), begun.pk]
    assert list(Retag.objects.values_list("pk", flat=True)) == kept


# --- drafts of what is live -----------------------------------------------------------------------


def drafted(chief, live: list[str], draft: list[str]) -> Article:
    article = make_article(publish=True, technologies=live)
    editing.save(article, {"technologies": draft, "title": "草稿"}, by=author())
    return article


def test_a_waiting_draft_changes_too_and_stays_its_authors(chief):
    article = drafted(chief, ["甲", "乙"], ["丙", "甲"])
    author = revisions.pending(article.pk).by
    done = retag(chief, remove="甲", add="丁")
    assert (names(article), draft_of(article)) == (["丁", "乙"], ["丙", "丁"])
    assert revisions.pending(article.pk).by == author
    article.refresh_from_db()
    workflow.approve(article, by=None)
    assert names(article) == ["丙", "丁"]
    assert done.counts == {"changed": 1}


def test_a_draft_that_alone_has_something_to_change_changes(chief):
    article = drafted(chief, ["甲"], ["甲", "乙"])
    done = retag(chief, remove="乙")
    assert (names(article), draft_of(article)) == (["甲"], ["甲"])
    assert outcomes(done) == {article.pk: "changed"}
    assert article.revisions.filter(verb="retag").count() == 1
    taken_back(done, chief)
    assert (names(article), draft_of(article)) == (["甲"], ["甲", "乙"])


def test_a_draft_that_says_what_readers_see_by_now_waits_no_more(chief):
    article = make_article(publish=True, technologies=["甲"])
    editing.save(article, {"technologies": ["甲", "乙"]}, by=author())
    retag(chief, add="乙")
    assert names(article) == ["甲", "乙"]
    assert revisions.pending(article.pk) is None


def test_undoing_gives_the_draft_back_what_was_done_to_it(chief):
    article = drafted(chief, ["甲", "乙"], ["丙", "甲"])
    done = retag(chief, remove="甲", add="丁")
    taken_back(done, chief)
    assert (names(article), draft_of(article)) == (["甲", "乙"], ["丙", "甲"])


def test_undoing_leaves_a_draft_what_it_had_of_its_own(chief):
    article = drafted(chief, ["甲"], ["甲", "丁"])
    done = retag(chief, add="丁")
    assert names(article) == ["甲", "丁"]
    taken_back(done, chief)
    assert (names(article), draft_of(article)) == (["甲"], ["甲", "丁"])


def test_a_draft_made_since_follows_the_undoing(chief):
    article = make_article(publish=True, technologies=["甲", "乙"])
    done = retag(chief, remove="甲", add="丁")
    article.refresh_from_db()
    editing.save(article, {"title": "草稿"}, by=author())
    assert draft_of(article) == ["丁", "乙"]
    taken_back(done, chief)
    assert (names(article), draft_of(article)) == (["甲", "乙"], ["甲", "乙"])


def test_what_a_draft_of_somebodys_had_too_and_was_approved_stays(chief):
    article = drafted(chief, ["甲"], ["甲", "丁"])
    done = retag(chief, add="丁")
    article.refresh_from_db()
    workflow.approve(article, by=None)
    assert taken_back(done, chief).undo_counts == {"touched": 1}
    assert names(article) == ["甲", "丁"]


# --- learning -------------------------------------------------------------------------------------


def test_to_replace_a_term_is_one_correction_in_however_many_articles(chief):
    for _time in range(3):
        make_article(technologies=["LLM"])
    make_term("大模型")
    done = retag(chief, remove="LLM", add="大模型")
    assert list(Rule.objects.values_list("seen_in", flat=True)) == [[f"articles.retag:{done.pk}"]]
    retagging.undo(done, by=done.by)
    assert list(Rule.objects.values_list("seen_in", flat=True)) == [[]]


# --- chunks ---------------------------------------------------------------------------------------


@pytest.fixture
def chunks_of_two(monkeypatch):
    monkeypatch.setattr(retagging, "CHUNK", 2)


def test_the_worker_does_a_chunk_at_a_time_the_oldest_first(chief, chunks_of_two):
    for _time in range(5):
        make_article()
    first, second = started(chief, add="甲"), started(chief, add="乙", of=Article.objects.all()[:1])
    steps = []
    while retagging.run_next():
        steps.append([Retag.objects.get(pk=one.pk).done for one in (first, second)])
    assert steps == [[2, 0], [4, 0], [5, 0], [5, 1]]
    assert not Retag.objects.under_way().exists()
    assert ArticleTechnology.objects.filter(tag__name="甲").count() == 5
    # Its version has changed in the first one: what was chosen before is left.
    assert Retag.objects.get(pk=second.pk).counts == {"stale": 1}


def test_what_was_interrupted_goes_on_where_it_was(chief, chunks_of_two, monkeypatch):
    articles = [make_article() for _time in range(5)]
    begun = started(chief, add="甲")
    retagging.run_next()
    with monkeypatch.context() as broken:
        broken.setattr(retagging, "_note", lambda rows, column: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            retagging.run_next()
    assert [len(names(article)) for article in articles] == [1, 1, 0, 0, 0]
    done = retagging.run_now(begun)
    assert (done.done, done.counts) == (5, {"changed": 5})
    assert Revision.objects.count() == 5


def test_undoing_goes_chunk_by_chunk_too(chief, chunks_of_two):
    articles = [make_article(technologies=["甲"] if number % 2 else []) for number in range(7)]
    done = retag(chief, add="甲")
    retagging.undo(done, by=chief)
    steps = 0
    while retagging.run_next():
        steps += 1
    assert (steps, Retag.objects.get().undo_counts) == (2, {"undone": 4})
    assert [len(names(article)) for article in articles] == [0, 1, 0, 1, 0, 1, 0]


def test_what_is_stopped_stays_as_far_as_it_came_and_can_be_undone(chief, chunks_of_two):
    articles = [make_article() for _time in range(5)]
    begun = started(chief, add="甲")
    retagging.run_next()
    stopped = retagging.stop(begun)
    assert not retagging.run_next()
    assert [len(names(article)) for article in articles] == [1, 1, 0, 0, 0]
    with pytest.raises(Refused):
        retagging.stop(stopped)
    assert taken_back(stopped, chief).undo_counts == {"undone": 2}
    assert not ArticleTechnology.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_the_statements_of_a_chunk_do_not_depend_on_its_size(chief, number, django_assert_num_queries):
    for _time in range(number):
        article = make_article(publish=True, technologies=["甲", "乙"])
        editing.save(article, {"technologies": ["甲", "丙"]}, by=author())
        make_article(technologies=["甲"])
    begun = started(chief, remove="甲", add="丁")
    with django_assert_num_queries(30):
        retagging.run_next()
    retagging.undo(begun := Retag.objects.get(pk=begun.pk), by=chief)
    with django_assert_num_queries(32):
        retagging.run_next()


# --- what would happen ----------------------------------------------------------------------------


def test_what_will_change_is_told_by_state(chief, editor, django_assert_num_queries):
    make_article(technologies=["甲"])
    make_article(technologies=["甲", "乙"])
    make_article(technologies=["乙"])
    drafted(chief, ["甲"], ["丙"])
    prepared = retagging.prepare(Article.objects.all(), by=chief)
    stale = Article.objects.filter(status=Status.DRAFT).last()
    editing.save(stale, {"title": "新的"}, by=chief)
    swapped = {"remove": term("甲"), "add": term("乙")}
    with django_assert_num_queries(1):
        seen = retagging.foresee(prepared, **swapped, by=chief)
    assert set(seen) == {"draft", "published"}
    todo, live = seen["draft"], seen["published"]
    assert (todo.articles, todo.carry, todo.outcomes) == (
        3, {"removed": 2, "added": 2}, {"stale": 1, "changed": 1, "same": 1}
    )  # fmt: skip
    assert (live.articles, live.drafts, live.outcomes) == (1, 1, {"changed": 1})
    as_editor = retagging.foresee(prepared, add=term("乙"), by=editor)
    assert as_editor["published"].outcomes == {"right": 1}
    done = retagging.run_now(retagging.start(prepared, **swapped, by=chief))
    assert done.counts == {"stale": 1, "changed": 2, "same": 1}
