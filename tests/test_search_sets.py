import os
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from articles.search import sets as module
from articles.search.sets import HEAD, KINDS, BadSets, Row, Sets, SetsWriter

exploring = settings(deadline=None, derandomize=True, max_examples=50)
START = date(2024, 1, 20).toordinal()
LAST = date.fromordinal(START + 99)

terms = st.lists(st.integers(1, 6), max_size=3, unique=True)
articles = st.integers(0, 12)
rows = st.builds(
    Row, articles, st.integers(START, START + 99), st.none() | st.integers(1, 3), terms, terms, terms
)
steps = st.lists(st.tuples(st.lists(articles, max_size=4), st.lists(rows, max_size=4)), max_size=6)


def values(row, kind):
    if kind == "source" and row.source is None:
        return []
    return [getattr(row, kind)] if kind in ("source", "day") else getattr(row, kind)


def carrying(rows, kind, ids):
    return {row.article for row in rows if set(values(row, kind)) & set(ids)}


def counted(rows, kind, within=None, limit=None):
    chosen = (row for row in rows if within is None or row.article in within)
    found = Counter(value for row in chosen for value in values(row, kind))
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]


def counted_months(rows, within):
    days = (date.fromordinal(row.day) for row in rows if row.article in within)
    return sorted(Counter(day.replace(day=1) for day in days).items())


def random_rows(number, seed=1, keywords=60):
    """Many terms of the same size, so that ties decide."""
    random = Random(seed)
    return [
        Row(
            article=article,
            day=START + random.randrange(100),
            source=random.choice([None, 1, 2, 3, 4]),
            technology=random.sample(range(1, 9), random.randrange(3)),
            industry=random.sample(range(1, 5), random.randrange(2)),
            keyword=random.sample(range(1, keywords + 1), random.randrange(6)),
        )
        for article in random.sample(range(1, 500_000), number)
    ]


def saved(path, rows):
    writer = SetsWriter()
    writer.replace([], rows)
    writer.save(path)
    return Sets.open(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sets"


@pytest.fixture(scope="module")
def many():
    return random_rows(600)


@pytest.fixture(scope="module")
def sets(many, tmp_path_factory):
    return saved(tmp_path_factory.mktemp("search") / "sets", many)


@exploring
@given(steps)
def test_any_history_of_replacements_ends_as_a_plain_dictionary_of_rows_would(tmp_path_factory, history):
    path = tmp_path_factory.mktemp("history") / "sets"
    writer, model = SetsWriter(), {}
    for gone, added in history:
        writer.replace(gone, added)
        model = {article: row for article, row in model.items() if article not in gone}
        model |= {row.article: row for row in added}
        writer.save(path)
        writer = SetsWriter.load(path)
    writer.save(path)
    sets = Sets.open(path)
    assert set(sets.all) == set(model)
    for kind in KINDS:
        expected = counted(model.values(), kind)
        assert sets.counts(kind) == expected
        for pk, size in expected:
            assert set(sets.of(kind, pk)) == carrying(model.values(), kind, [pk])
            assert sets.size(kind, pk) == size


def test_counts_within_any_selection_equal_a_count_by_hand(sets, many):
    random = Random(2)
    everyone = [row.article for row in many]
    for number in (0, 1, 2, 5, 20, 100, 300, 580, 600) * 4:
        within = BitMap(random.sample(everyone, number))
        for kind in KINDS:
            for limit in (None, 0, 1, 2, 12, 1000):
                assert sets.counts(kind, within, limit) == counted(many, kind, within, limit)
        assert sets.months(within) == counted_months(many, within)


def test_counts_of_everything_equal_a_count_by_hand(sets, many):
    for kind in KINDS:
        for limit in (None, 0, 1, 12, 1000):
            assert sets.counts(kind, None, limit) == counted(many, kind, None, limit)
    assert sets.months() == counted_months(many, {row.article for row in many})


def test_of_equally_frequent_terms_the_smaller_ids_are_kept_however_large_their_sets(path):
    # 1 and 2 have the smallest sets, so they are met last, yet they win the tie for two places.
    members = {9: [1, 2, 3, 4], 5: [1, 2, 3], 2: [1, 2], 1: [1, 2]}
    rows = [Row(a, START, None, [], [], [pk for pk in members if a in members[pk]]) for a in range(1, 6)]
    sets = saved(path, rows)
    assert sets.counts("keyword", BitMap([1, 2]), 2) == [(1, 2), (2, 2)]
    assert sets.counts("keyword", BitMap([1, 2, 3]), 2) == [(5, 3), (9, 3)]


def test_articles_the_file_does_not_know_are_not_counted(sets, many):
    strangers = BitMap([0, 600_000, 4_000_000_000])
    assert sets.counts("technology", strangers) == []
    assert sets.months(strangers) == []
    known = BitMap(row.article for row in many[:50])
    assert sets.counts("technology", known | strangers) == counted(many, "technology", known)


def test_a_selection_carries_any_id_of_a_group_and_holds_all_groups(sets, many):
    random = Random(3)
    for _ in range(100):
        groups = [
            (kind, random.sample(range(1, 12), random.randrange(1, 4)))
            for kind in random.sample(KINDS[:4], 2)
        ]
        since, until = (date.fromordinal(START + random.randrange(-5, 105)) for _ in range(2))
        expected = {row.article for row in many if since.toordinal() <= row.day <= until.toordinal()}
        for kind, ids in groups:
            expected &= carrying(many, kind, ids)
        assert set(sets.select(groups, since, until)) == expected


def test_without_groups_everything_is_selected_and_with_an_empty_one_nothing(sets):
    assert sets.select([]) == sets.all
    assert sets.select([("keyword", [])]) == BitMap()
    assert sets.select([("keyword", [999])]) == BitMap()


def test_between_takes_both_ends_in_and_leaves_them_open_when_not_given(sets, many):
    random = Random(4)
    ends = [
        None,
        date.min,
        LAST,
        date.max,
        *(date.fromordinal(START + random.randrange(-9, 109)) for _ in range(9)),
    ]
    for since in ends:
        for until in ends:
            first = since.toordinal() if since else 0
            last = until.toordinal() if until else 10_000_000
            expected = {row.article for row in many if first <= row.day <= last}
            assert set(sets.between(since, until)) == expected


def test_no_day_lies_between_a_later_and_an_earlier_one(sets):
    assert sets.between(LAST, LAST - timedelta(days=1)) == BitMap()
    assert sets.between(date.max, date.min) == BitMap()


def test_unknown_ids_have_empty_sets(sets):
    for kind in KINDS:
        for pk in (-1, 0, 9_999_999, 2**40):
            assert (sets.of(kind, pk), sets.size(kind, pk)) == (BitMap(), 0)


def test_a_set_handed_out_can_be_changed_without_harm(sets, many):
    for found in (
        sets.all,
        sets.of("technology", 1),
        sets.select([("technology", [1])]),
        sets.between(None, None),
    ):
        found.clear()
    assert set(sets.all) == {row.article for row in many}
    assert set(sets.of("technology", 1)) == carrying(many, "technology", [1])


def test_a_selection_asked_about_is_left_as_it_was(sets, many):
    within = BitMap(row.article for row in many[:100])
    before = within.copy()
    sets.counts("keyword", within, 3)
    sets.months(within)
    assert within == before


def test_sets_beyond_the_kept_ones_are_read_again(path, many, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 3)
    sets = saved(path, many)
    within = BitMap(row.article for row in many[::7])
    for _ in range(2):
        assert sets.counts("keyword", within) == counted(many, "keyword", within)


def test_an_empty_file_of_sets_answers(path):
    sets = saved(path, [])
    assert (sets.all, sets.of("keyword", 1), sets.size("day", START)) == (BitMap(), BitMap(), 0)
    assert [sets.counts(kind) for kind in KINDS] == [[]] * 5
    assert [sets.counts(kind, BitMap([1]), 12) for kind in KINDS] == [[]] * 5
    assert (sets.months(), sets.between(None, None), sets.select([])) == ([], BitMap(), BitMap())


def test_months_of_one_year_follow_those_of_the_year_before(path):
    days = [date(2024, 1, 1), date(2023, 12, 31), date(2023, 12, 1), date(2024, 3, 5)]
    sets = saved(path, [Row(n, day.toordinal(), None, [], [], []) for n, day in enumerate(days)])
    assert sets.months() == [(date(2023, 12, 1), 2), (date(2024, 1, 1), 1), (date(2024, 3, 1), 1)]


def test_the_last_row_of_an_article_counts_and_its_earlier_terms_are_forgotten(path):
    first, second = Row(7, START, 1, [1], [1], [1, 2]), Row(7, START + 1, None, [2], [], [2])
    writer = SetsWriter()
    writer.replace([], [first])
    writer.replace([], [first, second])
    writer.save(path)
    assert [Sets.open(path).counts(kind) for kind in KINDS] == [[(2, 1)], [], [(2, 1)], [], [(START + 1, 1)]]


@pytest.mark.parametrize("number", [1, 30, 250])
def test_few_and_many_are_forgotten_alike(path, many, number):
    writer = SetsWriter()
    writer.replace([], many)
    writer.replace([row.article for row in many[:number]], [])
    writer.save(path)
    sets = Sets.open(path)
    assert [sets.counts(kind) for kind in KINDS] == [counted(many[number:], kind) for kind in KINDS]


def test_an_impossible_article_changes_nothing(path, many):
    writer = SetsWriter()
    writer.replace([], many)
    with pytest.raises(OverflowError):
        writer.replace([many[0].article], [Row(-1, START, None, [], [], [])])
    writer.save(path)
    assert set(Sets.open(path).all) == {row.article for row in many}


def test_an_open_file_stays_readable_after_it_has_been_replaced(path, many):
    before = saved(path, many)
    after = saved(path, many[:10])
    assert before.counts("keyword", before.all) == counted(many, "keyword")
    assert after.counts("keyword", after.all) == counted(many[:10], "keyword")
    path.unlink()
    assert set(before.of("technology", 3)) == carrying(many, "technology", [3])


def test_a_failed_save_leaves_the_old_file_and_the_next_one_heals(path, many, monkeypatch):
    saved(path, many[:10])
    (path.parent / "sets.new").write_bytes(b"left over by a crash, and longer than what comes now" * 1000)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            saved(path, many)
    assert len(Sets.open(path).all) == 10
    assert len(saved(path, many).all) == 600
    assert [file.name for file in path.parent.iterdir()] == ["sets"]


def test_a_missing_file_is_not_a_damaged_one(path):
    with pytest.raises(FileNotFoundError):
        Sets.open(path)


def test_a_file_cut_off_anywhere_is_refused(path, many):
    saved(path, many[:2])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(BadSets):
            Sets.open(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(BadSets):
        Sets.open(path)


def test_a_damaged_head_is_refused(path, many):
    saved(path, many[:5])
    whole = path.read_bytes()
    for at in range(HEAD.size):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(BadSets, match=str(path)):
            Sets.open(path)


@pytest.mark.parametrize("content", [b"", b"\0" * 1000, b"newssets" * 50, "搜索".encode() * 100])
def test_a_foreign_file_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(BadSets):
        SetsWriter.load(path)


def test_a_damaged_file_is_not_opened(path, many):
    saved(path, many)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(BadSets):
        Sets.open(path)


def test_the_order_of_the_file_is_by_size_then_id(sets):
    for kind in KINDS:
        found = sets.counts(kind)
        assert all(
            (-size, pk) < (-next_size, next_pk) for (pk, size), (next_pk, next_size) in pairwise(found)
        )
