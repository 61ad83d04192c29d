"""Merging terms, and undoing it days later."""

from collections.abc import Iterator
from threading import Thread

import pytest
from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from psycopg.errors import DeadlockDetected

from articles.models import Article, ArticleTechnology, SearchQueue
from taxonomy import merge as merging
from taxonomy.legs import Leg
from taxonomy.merge import Refused, merge, move
from taxonomy.models import Keyword, Merge, Technology
from taxonomy.relations import counterpart, relations
from taxonomy.undo import foresee, undo
from tests.factories import make_article, make_term, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def technologies(article) -> list[tuple[str, str, int]]:
    links = ArticleTechnology.objects.filter(content_object=article).order_by("position")
    return list(links.values_list("tag__name", "raw", "position"))


# --- merge


def test_a_merge_gives_the_survivor_all_that_the_losers_had():
    article = make_article(technologies=["Sora", "LLM", "MJ"])
    llm, survivor = Technology.objects.get(name="LLM"), make_term("大语言模型")
    record = merge([llm], into=survivor, by=None, note="同义")
    assert technologies(article) == [("Sora", "Sora", 0), ("大语言模型", "LLM", 1), ("MJ", "MJ", 2)]
    assert (record.rows, record.doubles, record.note) == (1, 0, "同义")
    assert record.terms == [{"id": llm.pk, "name": "LLM", "into": survivor.pk, "into_name": "大语言模型"}]


def test_an_article_that_carries_both_keeps_one_and_undoing_brings_back_the_other_as_it_was():
    article = make_article(technologies=["LLM", "大语言模型"])
    llm, survivor = Technology.objects.get(name="LLM"), Technology.objects.get(name="大语言模型")
    before = technologies(article)
    record = merge([llm], into=survivor, by=None)
    assert technologies(article) == [("大语言模型", "大语言模型", 1)]
    undo(record, by=None)
    assert technologies(article) == before


def test_of_several_losers_an_article_keeps_the_first_in_the_order_given():
    article = make_article(technologies=["C", "B"])
    b, c = Technology.objects.get(name="B"), Technology.objects.get(name="C")
    record = merge([b, c], into=make_term("A"), by=None)
    assert technologies(article) == [("A", "B", 1)]
    undo(record, by=None)
    assert technologies(article) == [("C", "C", 0), ("B", "B", 1)]


def test_names_aliases_and_addresses_of_the_loser_lead_to_the_survivor():
    llm, survivor = make_term("LLM", aliases=["大模型"]), make_term("大语言模型")
    merge([llm], into=survivor, by=None)
    spellings = ["llm", "大模型", "大语言模型"]
    assert Technology.objects.resolve(spellings, create=True) == dict.fromkeys(spellings, survivor)
    assert Technology.objects.by_slug(["llm", "大模型"]) == {"llm": survivor, "大模型": survivor}


@pytest.mark.parametrize("first", [0, 1])
def test_merges_on_top_of_merges_are_undone_in_any_order(first):
    only_a, a_and_c = make_article(technologies=["A"]), make_article(technologies=["A", "C"])
    a, c = Technology.objects.get(name="A"), Technology.objects.get(name="C")
    b = make_term("B")
    records = [merge([a], into=b, by=None), merge([b], into=c, by=None)]
    undo(records[first], by=None)
    expected = [("A", "A", 0)] if first == 0 else [("B", "A", 0)]
    assert technologies(only_a) == expected
    undo(records[1 - first], by=None)
    assert technologies(only_a) == [("A", "A", 0)]
    assert technologies(a_and_c) == [("A", "A", 0), ("C", "C", 1)]


def test_what_two_merges_brought_stays_when_one_of_them_is_undone():
    article = make_article(technologies=["A", "B"])
    a, b = Technology.objects.get(name="A"), Technology.objects.get(name="B")
    survivor = make_term("S")
    first = merge([a], into=survivor, by=None)
    second = merge([b], into=survivor, by=None)
    undo(first, by=None)
    assert technologies(article) == [("A", "A", 0), ("S", "B", 1)]
    undo(second, by=None)
    assert technologies(article) == [("A", "A", 0), ("B", "B", 1)]


def test_undoing_leaves_alone_what_editors_did_since():
    removed, kept, by_hand = (
        make_article(technologies=["LLM"]),
        make_article(technologies=["LLM"]),
        make_article(),
    )
    llm, survivor = Technology.objects.get(name="LLM"), make_term("大语言模型")
    record = merge([llm], into=survivor, by=None)
    ArticleTechnology.objects.filter(content_object=removed).delete()
    ArticleTechnology.objects.create(content_object=by_hand, tag=survivor, raw="大语言模型")
    undone = undo(record, by=None)
    assert [technologies(article) for article in (removed, kept, by_hand)] == [
        [],
        [("LLM", "LLM", 0)],
        [("大语言模型", "大语言模型", 0)],
    ]
    assert undone.restored.total() == 1
    assert undone.kept == ["1 assignment was removed since, and stays removed."]


def test_undoing_is_recorded_and_refused_a_second_time():
    person = make_user()
    record = merge([make_term("A")], into=make_term("B"), by=person)
    undo(record, by=person)
    record.refresh_from_db()
    assert (record.by, record.undone_by, record.changed) == (person, person, [])
    with pytest.raises(Refused, match="undone already"):
        undo(record, by=person)


def test_foreseeing_tells_what_undoing_will_do_and_does_nothing():
    article = make_article(technologies=["LLM"])
    record = merge([Technology.objects.get()], into=make_term("大语言模型"), by=None)
    assert foresee(record).restored.total() == 1
    assert technologies(article) == [("大语言模型", "LLM", 0)]
    record.refresh_from_db()
    assert record.undone_at is None


def test_what_cannot_be_merged_is_refused_and_nothing_changes():
    a, b = make_term("A"), make_term("B")
    gone = make_term("C", merged_into=b)
    for losers, into in ([[gone], a], [[a], gone], [[a], a], [[], a], [[make_term("K", "keyword")], a]):
        with pytest.raises(Refused):
            merge(losers, into=into, by=None)
    assert Merge.objects.count() == 0


def test_a_term_deleted_in_the_same_moment_is_refused_in_words():
    a, b = make_term("A"), make_term("B")
    Technology.objects.filter(pk=a.pk).delete()
    with pytest.raises(Refused, match="no longer there"):
        merge([a], into=b, by=None)


def test_the_search_index_hears_of_every_article_whose_terms_changed():
    changed = [make_article(technologies=["LLM"]).pk for _number in range(3)]
    make_article(technologies=["Sora"])
    llm, survivor = Technology.objects.get(name="LLM"), make_term("大语言模型")
    SearchQueue.objects.all().delete()
    record = merge([llm], into=survivor, by=None)
    assert sorted(SearchQueue.objects.values_list("article_id", flat=True)) == changed
    SearchQueue.objects.all().delete()
    undo(record, by=None)
    assert sorted(set(SearchQueue.objects.values_list("article_id", flat=True))) == changed


def test_a_merge_takes_as_many_statements_for_many_articles_as_for_one(django_assert_num_queries):
    def statements(number: int) -> None:
        for _number in range(number):
            make_article(technologies=[f"L{number}"])
        loser, survivor = Technology.objects.get(name=f"L{number}"), make_term(f"S{number}")
        with django_assert_num_queries(9):
            record = merge([loser], into=survivor, by=None)
        with django_assert_num_queries(13):
            undo(record, by=None)

    statements(1)
    statements(3)


def test_the_victim_of_a_deadlock_is_served_at_the_second_try(monkeypatch):
    checked, tries = merging.checked, []

    def fail_first(*args):
        tries.append(args)
        if len(tries) == 1:
            raise OperationalError from DeadlockDetected("deadlock detected")
        return checked(*args)

    monkeypatch.setattr("taxonomy.merge.checked", fail_first)
    merge([make_term("A")], into=make_term("B"), by=None)
    assert len(tries) == 2 and Merge.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_merge_waits_for_whoever_is_writing_terms_and_takes_those_rows_along():
    article, survivor, loser = make_article(), make_term("大语言模型"), make_term("LLM")

    def merge_meanwhile() -> None:
        merge([loser], into=survivor, by=None)
        connection.close()

    thread = Thread(target=merge_meanwhile)
    with transaction.atomic():
        found = Technology.objects.resolve(["LLM"], create=True)["LLM"]
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        ArticleTechnology.objects.create(content_object=article, tag=found, raw="LLM")
    thread.join(10)
    assert technologies(article) == [("大语言模型", "LLM", 0)]


# --- whatever carries terms


@pytest.fixture
def note_model() -> Iterator[type[models.Model]]:
    """Something nobody thought of, by a key without a way back."""

    class Note(models.Model):
        about = models.ForeignKey(Keyword, models.PROTECT, related_name="+")

        class Meta:
            app_label = "taxonomy"

        def __str__(self) -> str:
            return str(self.pk)

    with connection.schema_editor() as editor:
        editor.create_model(Note)
    yield Note
    del apps.all_models["taxonomy"]["note"]
    apps.clear_cache()


def test_hidden_relations_are_found_and_repointed_too(note_model):
    a, b = make_term("A", "keyword"), make_term("B", "keyword")
    note = note_model.objects.create(about=a)
    record = merge([a], into=b, by=None)
    assert note_model.objects.get(pk=note.pk).about == b
    undo(record, by=None)
    assert note_model.objects.get(pk=note.pk).about == a


def test_a_term_is_not_moved_away_from_what_cannot_carry_it_there(note_model):
    note_model.objects.create(about=make_term("A", "keyword"))
    with pytest.raises(Refused, match="cannot carry terms of the other vocabulary"):
        move([Keyword.objects.get()], to=Technology, by=None)


def test_the_relations_of_a_vocabulary_and_their_counterparts():
    [found] = relations(Technology)
    assert found.label == "articles.articletechnology.tag"
    assert counterpart(found, Keyword).label == "articles.articlekeyword.tag"
    assert found.carrier is Article


def test_a_leg_is_the_same_after_it_was_stored():
    leg = Leg("a", "b", 1, 2, {(1,): 0, (2,): None}, {(3,): ("x", 4), (5,): ("", 0)})
    again = Leg.from_json(leg.as_json())
    assert (again.repointed, again.dropped) == (leg.repointed, leg.dropped)
    assert Leg.from_json(Leg("a", "b", 1, 2).as_json()).repointed == {}
