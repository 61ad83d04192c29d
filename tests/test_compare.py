"""Two snapshots of an article, compared as an editor reads them; a point is moved, not deleted and added."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.compare import (
    SNAPSHOT_FIELDS,
    LabelsChange,
    ListChange,
    PointsChange,
    TextChange,
    ValueChange,
    compare,
    compare_points,
)
from articles.marks import ADDED, REMOVED, SAME, Run

WHOLE = {
    "title": "甲", "url": "https://example.com/a", "also_at": [], "summary": "正文", "source_date": "2024-03-01",
    "source_date_origin": "given", "extra": {"作者": "张三"}, "excerpt": "", "reuse": "", "status": "draft",
    "published_at": None, "withdraw_at": None, "source": "example.com", "keywords": ["电影", "版权"],
    "technologies": ["Midjourney"], "industries": [], "intro": "导语",
    "points": [{"heading": "一", "body": "甲"}], "conclusion": "", "origin": "machine",
}  # fmt: skip


def points(*texts: str) -> list[dict[str, str]]:
    return [{"heading": heading, "body": body} for heading, body in (text.split("|") for text in texts)]


def told(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[tuple]:
    return [(point.kind, point.old, point.new) for point in compare_points(old, new)]


def test_a_snapshot_compared_with_itself_has_no_changes():
    assert compare(WHOLE, dict(WHOLE)) == []


def test_changes_come_in_the_order_of_reading():
    other = {
        "title": "乙", "url": "https://example.com/b", "also_at": ["x"], "summary": "正", "source_date": None,
        "source_date_origin": "", "extra": {}, "excerpt": "e", "reuse": "full", "status": "published",
        "published_at": "2024-03-01T00:00:00+00:00", "withdraw_at": "2024-04-01T00:00:00+00:00", "source": None,
        "keywords": [], "technologies": [], "industries": ["影视"], "intro": "", "points": [], "conclusion": "结",
        "origin": "edited",
    }  # fmt: skip
    assert [change.field for change in compare(WHOLE, other)] == list(SNAPSHOT_FIELDS)


def test_what_one_side_does_not_know_is_no_change():
    old = {name: value for name, value in WHOLE.items() if name not in {"source", "withdraw_at"}}
    assert compare(old, WHOLE | {"withdraw_at": "2024-04-01T00:00:00+00:00"}) == []
    assert compare(WHOLE, old | {"title": "乙"}) == [
        TextChange("title", [Run(REMOVED, "甲"), Run(ADDED, "乙")])
    ]
    assert compare({}, WHOLE) == compare(WHOLE, {}) == []


def test_no_value_and_an_empty_one_are_the_same():
    assert compare(WHOLE | {"source": None, "reuse": None}, WHOLE | {"source": "", "reuse": ""}) == []


def test_values_are_told_with_what_was_and_what_is():
    assert compare(WHOLE, WHOLE | {"status": "in_review", "source_date": None}) == [
        ValueChange("status", "draft", "in_review"),
        ValueChange("source_date", "2024-03-01", ""),
    ]


def test_terms_are_added_and_removed():
    [change] = compare(WHOLE, WHOLE | {"keywords": ["版权", "导演"]})
    assert (change.removed, change.added, change.renamed, change.reordered) == (["电影"], ["导演"], [], False)


def test_terms_that_only_changed_places_are_reordered():
    [change] = compare(WHOLE, WHOLE | {"keywords": ["版权", "电影"]})
    assert (change.removed, change.added, change.reordered) == ([], [], True)
    assert (change.old, change.new) == (["电影", "版权"], ["版权", "电影"])


def test_a_term_that_was_renamed_is_the_same_term():
    [change] = compare(
        WHOLE, WHOLE | {"keywords": ["影片", "版权"]}, lambda field, name: {"影片": "电影"}.get(name, name)
    )
    assert change == ListChange(
        "keywords", ["电影", "版权"], ["影片", "版权"], [], [], [("电影", "影片")], reordered=False
    )
    assert change.only_in_name


def test_a_name_that_stands_twice_under_two_spellings_is_no_change():
    assert (
        compare(WHOLE | {"keywords": ["AI", "ai"]}, WHOLE | {"keywords": ["AI"]}, lambda f, n: n.lower())
        == []
    )


def test_other_labels_are_compared_one_by_one():
    other = WHOLE | {"extra": {"作者": "张四", "版面": "A1"}}
    assert compare(WHOLE, other) == [
        LabelsChange(
            "extra",
            [("作者", [Run(SAME, "张"), Run(REMOVED, "三"), Run(ADDED, "四")]), ("版面", [Run(ADDED, "A1")])],
        )
    ]


# --- points


def test_a_point_that_changed_places_is_moved():
    old = points("一|甲", "二|乙", "三|丙", "四|丁")
    assert told(old, [old[3], *old[:3]]) == [
        ("moved", 4, 1),
        ("same", 1, 2),
        ("same", 2, 3),
        ("same", 3, 4),
    ]


def test_a_point_before_which_one_was_added_has_not_moved():
    old = points("一|甲", "二|乙")
    assert told(old, points("零|子", "一|甲", "二|乙")) == [
        ("added", None, 1),
        ("same", 1, 2),
        ("same", 2, 3),
    ]


def test_a_moved_point_may_have_changed_too():
    old = points("发布会|公司在北京发布新模型。", "价格|每月二十元。", "反响|用户称赞速度。")
    new = points("价格|每月二十元。", "反响|用户称赞速度。", "发布会|公司在上海发布新模型。")
    found = compare_points(old, new)
    assert [(point.kind, point.moved, point.changed) for point in found] == [
        ("same", False, False),
        ("same", False, False),
        ("moved", True, True),
    ]
    assert found[2].body == [
        Run(SAME, "公司在"), Run(REMOVED, "北京"), Run(ADDED, "上海"), Run(SAME, "发布新模型。")
    ]  # fmt: skip


def test_a_removed_point_is_told_where_it_stood():
    old = points("一|甲", "二|乙", "三|丙")
    assert told(old, [old[0], old[2]]) == [("same", 1, 1), ("removed", 2, None), ("same", 3, 2)]
    assert told(old, old[1:]) == [("removed", 1, None), ("same", 2, 1), ("same", 3, 2)]


def test_a_point_of_other_words_is_another_point():
    assert told(points("价格|每月二十元。"), points("反响|用户称赞速度。")) == [
        ("removed", 1, None),
        ("added", None, 1),
    ]


def test_two_points_on_one_topic_are_two_points():
    old = points("发布会|公司在北京的发布会上展示了新一代大语言模型。")
    new = points("价格|新一代大语言模型的接口价格比上一代低一半。")
    assert told(old, new) == [("removed", 1, None), ("added", None, 1)]


@pytest.mark.parametrize(
    "other",
    ["发布会|每月二十元，用户称赞速度，对手跟着降价。", "价格|公司在北京发布新模型，参数比上一代翻倍。"],
)
def test_a_point_that_kept_its_heading_or_its_body_is_the_same_point(other):
    assert told(points("发布会|公司在北京发布新模型，参数比上一代翻倍。"), points(other)) == [
        ("changed", 1, 1)
    ]


def test_each_point_goes_to_the_one_it_resembles_most():
    old = points("|公司发布新模型，参数翻倍。", "|公司发布新模型，价格减半。")
    new = points("|公司发布新模型，价格减半了。", "|公司发布新模型，参数翻倍了。")
    assert told(old, new) == [("moved", 2, 1), ("changed", 1, 2)] or told(old, new) == [
        ("changed", 2, 1),
        ("moved", 1, 2),
    ]


def test_points_that_say_the_same_are_counted_each():
    assert told(points("一|甲", "一|甲", "一|甲"), points("一|甲", "一|甲")) == [
        ("same", 1, 1),
        ("same", 2, 2),
        ("removed", 3, None),
    ]


many = st.lists(
    st.builds(
        lambda heading, body: {"heading": heading, "body": body},
        st.text("甲乙丙丁", max_size=4),
        st.text("子丑寅卯，", max_size=12),
    ),
    max_size=8,
)


@given(many, many)
def test_the_points_of_both_sides_can_be_read_back(old, new):
    found = compare_points(old, new)
    for hidden, place, side in ((ADDED, "old", old), (REMOVED, "new", new)):
        there = sorted(
            (point for point in found if getattr(point, place)), key=lambda point: getattr(point, place)
        )
        assert [getattr(point, place) for point in there] == list(range(1, len(side) + 1))
        assert [
            {
                part: "".join(run.text for run in getattr(point, part) if run.kind != hidden)
                for part in ("heading", "body")
            }
            for point in there
        ] == side
    assert [point.new for point in found if point.new] == list(range(1, len(new) + 1))


@given(st.permutations([f"第{number}点|第{number}点的正文是{number * 7}" for number in range(7)]))
def test_a_reordering_is_only_moves(order):
    found = compare_points(points(*[f"第{n}点|第{n}点的正文是{n * 7}" for n in range(7)]), points(*order))
    assert {point.kind for point in found} <= {"same", "moved"}


def _text(chance: random.Random, length: int) -> str:
    return "".join(chr(0x4E00 + chance.randrange(1500)) for _ in range(length))


@pytest.mark.parametrize("kind", ["edited", "other", "alike"])
def test_two_thousand_points_are_compared(kind):
    """In seconds; each with each it would take minutes."""
    chance = random.Random(3)
    if kind == "alike":
        old, new = (
            points(*[f"一|{'甲' * 400}{n}" for n in range(start, start + 2000)]) for start in (0, 5000)
        )
    else:
        old = points(*[f"{_text(chance, 10)}|{_text(chance, 200)}" for _ in range(2000)])
        new = [{"heading": p["heading"], "body": p["body"][:100] + "改" + p["body"][110:]} for p in old]
    if kind == "other":
        new = points(*[f"{_text(chance, 10)}|{_text(chance, 200)}" for _ in range(2000)])
    [change] = compare({"points": old}, {"points": new})
    assert isinstance(change, PointsChange)
    kinds = {"edited": {"changed"}, "alike": {"changed"}, "other": {"removed", "added"}}
    assert {point.kind for point in change.points} == kinds[kind]
