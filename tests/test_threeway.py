"""Who changed something since last time is right; if both did, the desk's stays and it is a conflict."""

from itertools import permutations, product

import pytest

from articles.threeway import MAX_ALIGNED, merge_sequence, merge_set, merge_value


@pytest.mark.parametrize(
    ("base", "desk", "seed", "value", "conflict"),
    [
        ("a", "a", "a", "a", False),
        ("a", "a", "b", "b", False),
        ("a", "b", "a", "b", False),
        ("a", "b", "b", "b", False),
        ("a", "b", "c", "b", True),
    ],
)
def test_a_value_follows_whoever_changed_it(base, desk, seed, value, conflict):
    merged = merge_value(base, desk, seed)
    assert (merged.value, merged.conflict) == (value, conflict)


def test_the_base_stays_where_desk_and_seed_agree():
    assert merge_value("a", "b", "b").base == "a"
    assert merge_value("a", "b", "c").base == "c"
    assert merge_value("a", "a", "c").base == "c"


def test_a_set_takes_the_additions_and_removals_of_both():
    merged = merge_set("abc", "acx", "bcy")
    assert merged.value == ["c", "x", "y"]
    assert not merged.conflict


def test_sets_of_any_size_are_merged_without_comparing_each_item_with_each():
    compared = 0

    class Item(int):
        __hash__ = int.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return int(self) == other

    base, desk, seed = ([Item(number) for number in range(start, start + 1000)] for start in (0, 100, 200))
    merged = merge_set(base, desk, seed)
    assert merged.value == [*range(200, 1200)]
    assert merged.base == [*range(200, 1000), *range(1100, 1200), *range(100)]
    assert compared < 30_000


def test_what_the_desk_added_to_a_set_is_never_taken_for_the_seeds():
    agreed = merge_set("a", "ax", "ax")
    assert agreed.base == ["a"]
    assert merge_set(agreed.base, agreed.value, "a").value == ["a", "x"]


def test_what_the_desk_removed_from_a_set_does_not_come_back():
    agreed = merge_set("ab", "a", "a")
    assert merge_set(agreed.base, agreed.value, "ab").value == ["a"]


@pytest.mark.parametrize(
    ("base", "desk", "seed", "value", "conflict"),
    [
        ("abc", "Abc", "abC", "AbC", False),
        ("ab", "Ab", "aB", "AB", False),
        ("abc", "ac", "abcd", "acd", False),
        ("abc", "abxc", "abc", "abxc", False),
        ("abc", "cab", "abc", "cab", False),
        ("abc", "aXc", "aYc", "aXc", True),
        ("ab", "abx", "aby", "abx", True),
    ],
)
def test_a_sequence_takes_changes_at_different_places(base, desk, seed, value, conflict):
    merged = merge_sequence(base, desk, seed)
    assert ("".join(merged.value), merged.conflict) == (value, conflict)


def test_a_very_long_sequence_merges_as_a_whole():
    long = ["x"] * (MAX_ALIGNED + 1)
    assert merge_sequence(long, [*long, "desk"], [*long, "seed"]).conflict


def test_no_item_of_a_sequence_is_doubled_or_comes_back():
    kinds = ["", *("".join(items) for size in (1, 2, 3) for items in permutations("abc", size))]
    for base, desk, seed in product(["abc", "ab"], kinds, [*kinds, "abcx", "xab", "bacx"]):
        merged = merge_sequence(base, desk, seed).value
        assert len(set(merged)) == len(merged), (base, desk, seed, merged)
        removed = {item for item in base if item not in desk}
        assert not removed & set(merged), (base, desk, seed, merged)
