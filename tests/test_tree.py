"""Broader and narrower terms: no cycles, what readers see of them, and what merging, moving and undoing do to them."""

from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction

from taxonomy.merge import Refused, merge, move
from taxonomy.models import Keyword, Technology, Term
from taxonomy.preview import preview, preview_move
from taxonomy.tree import MAX_DEPTH, trees
from taxonomy.undo import undo
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def chain(*names: str) -> list[Term]:
    """Each term below the one before it."""
    found: list[Term] = []
    for name in names:
        found.append(make_term(name, parent=found[-1] if found else None))
    return found


def lines() -> dict[str, str]:
    """The broader term of every term that has one, by name."""
    return dict(Technology.objects.exclude(parent=None).values_list("name", "parent__name"))


# --- no cycles


def test_no_term_stands_below_itself():
    a, _b, c = chain("A", "B", "C")
    with pytest.raises(IntegrityError, match="below itself"), transaction.atomic():
        Technology.objects.filter(pk=a.pk).update(parent=c)
    with pytest.raises(IntegrityError), transaction.atomic():
        Technology.objects.filter(pk=a.pk).update(parent=a)
    assert lines() == {"B": "A", "C": "B"}


def test_a_tree_has_eight_levels_at_most_whichever_end_grows():
    names = [f"T{number}" for number in range(MAX_DEPTH)]
    terms = chain(*names)
    with pytest.raises(IntegrityError, match="at most 8 levels"), transaction.atomic():
        make_term("T8", parent=terms[-1])
    with pytest.raises(IntegrityError, match="at most 8 levels"), transaction.atomic():
        Technology.objects.filter(pk=terms[0].pk).update(parent=make_term("上"))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_put_each_below_the_other_at_once_one_is_refused():
    a, b = make_term("A"), make_term("B")
    barrier, outcomes = Barrier(2), []

    def put(term: Term, under: Term) -> None:
        try:
            with transaction.atomic():
                barrier.wait(10)
                Technology.objects.filter(pk=term.pk).update(parent=under)
            outcomes.append("done")
        except IntegrityError:
            outcomes.append("refused")
        connection.close()

    threads = [Thread(target=put, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["done", "refused"]


# --- what readers see


def test_readers_see_each_term_below_the_nearest_public_one():
    a, b, c, d = chain("A", "B", "C", "D")
    Technology.objects.filter(pk=b.pk).update(confirmed=False)
    Technology.objects.filter(pk=d.pk).update(confirmed=False, declined=True)
    tree = trees()["technology"]
    assert [tree.shows(term.pk) for term in (a, b, c, d)] == [True, False, True, False]
    assert (tree.above(c.pk), tree.below(a.pk), tree.children) == ([a.pk], [a.pk, c.pk], {a.pk: [c.pk]})


def test_the_trees_are_read_once_until_something_changes(django_assert_num_queries):
    [a] = chain("A")
    first = trees()
    with django_assert_num_queries(1):
        assert trees() is first
    Technology.objects.filter(pk=a.pk).update(description="说明")
    Technology.objects.resolve(["新"], create=True)
    assert trees() is first
    Technology.objects.filter(pk=a.pk).update(confirmed=False)
    assert not trees()["technology"].shows(a.pk)


def test_where_unconfirmed_terms_are_public_a_new_one_is_at_once(settings):
    settings.UNCONFIRMED_TERMS_PUBLIC = True
    before = trees()["technology"]
    [new, no] = Technology.objects.resolve(["新", "不要"], create=True).values()
    assert before.shows(new.pk) and new.is_public and list(Technology.objects.public()) == [no, new]
    Technology.objects.filter(pk=no.pk).update(declined=True)
    assert not trees()["technology"].shows(no.pk) and list(Technology.objects.public()) == [new]


# --- what merging does


def test_what_stood_below_a_loser_stands_below_the_survivor_and_goes_back():
    a, _child = chain("A", "Sora")
    survivor = make_term("B")
    record = merge([a], into=survivor, by=None)
    assert lines() == {"Sora": "B"}
    undo(record, by=None)
    assert lines() == {"Sora": "A"}


def test_a_survivor_that_stood_below_a_loser_takes_its_place():
    _top, a, x, b, s, _under = chain("上", "A", "X", "B", "S", "下")
    record = merge([b, a], into=s, by=None)
    assert Technology.objects.get(name="S").parent.name == "上"
    assert {name: lines()[name] for name in ("X", "下")} == {"X": "S", "下": "S"}
    undo(record, by=None)
    assert lines() == {"A": "上", "X": "A", "B": "X", "S": "B", "下": "S"}
    assert x.parent_id == a.pk


def test_undoing_leaves_alone_what_was_put_elsewhere_since():
    a, _one, _two = chain("A", "一", "甲")
    two = make_term("二", parent=a)
    record = merge([a], into=make_term("B"), by=None)
    Technology.objects.filter(pk=two.pk).update(parent=make_term("C"))
    undo(record, by=None)
    assert lines() == {"一": "A", "甲": "一", "二": "C"}


def test_what_would_stand_below_itself_again_stays_and_undoing_says_so():
    p, loser, c = chain("P", "L", "C")
    record = merge([loser], into=make_term("S"), by=None)
    assert lines() == {"L": "P", "C": "S"}
    Technology.objects.filter(pk=p.pk).update(parent=c)
    undone = undo(record, by=None)
    assert undone.kept == ["“C” stays where it is in the tree: it would stand below itself, or too deep."]
    assert lines() == {"L": "P", "C": "S", "P": "C"}


def test_a_merge_that_makes_the_tree_too_deep_is_refused():
    short = chain("A", "B", "C")
    long = chain(*(f"T{number}" for number in range(MAX_DEPTH - 1)))
    with pytest.raises(Refused, match="more than 8 levels"):
        merge([short[0]], into=long[-1], by=None)
    assert Technology.objects.current().count() == 10


@pytest.mark.parametrize("first", [0, 1])
def test_merges_on_top_of_each_other_give_back_what_stood_below_in_any_order(first):
    a, _x = chain("A", "X")
    b, _y = chain("B", "Y")
    records = [merge([a], into=b, by=None)]
    records.append(merge([b], into=make_term("C"), by=None))
    assert lines() == {"X": "C", "Y": "C"}
    undo(records[first], by=None)
    undo(records[1 - first], by=None)
    assert lines() == {"X": "A", "Y": "B"}


def test_addresses_that_readers_have_met_go_on_leading_somewhere():
    known, new = make_term("A"), make_term("B", confirmed=False)
    assert (known.shown, new.shown) == (True, False)
    merge([known], into=new, by=None)
    new.refresh_from_db()
    assert new.shown and not new.is_public


# --- what moving does


def test_what_stood_below_a_moved_term_stays_with_its_broader_term():
    _a, b, _c = chain("A", "B", "C")
    record = move([b], to=Keyword, by=None)
    assert {name: lines()[name] for name in ("C",)} == {"C": "A"}
    assert Keyword.objects.get().parent is None
    undo(record, by=None)
    assert lines() == {"B": "A", "C": "B"}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_whole_branch_that_is_moved_leaves_the_rest_in_place(order):
    terms = chain("A", "B", "C", "D")
    record = move([terms[place] for place in order], to=Keyword, by=None)
    assert lines()["D"] == "A"
    undo(record, by=None)
    assert lines() == {"B": "A", "C": "B", "D": "C"}


# --- previews


def test_previews_say_how_much_stands_below_and_what_is_in_which_state():
    a, _b, c = chain("A", "B", "C")
    make_article(technologies=["A"])
    make_article(technologies=["A"], publish=True)
    make_article(technologies=["A"], publish=True)
    found = preview([a], c)
    assert (found.narrower, found.uses[0].states) == (1, [("to do", 1), ("published", 2)])
    assert preview([a], Technology.objects.get(name="B")).narrower == 0
    _ways, found = preview_move([a], Keyword)
    assert (found.narrower, found.uses[0].states) == (1, [("to do", 1), ("published", 2)])
