"""What changed within a text: marked by the character, read by people, found in bounded time."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.marks import ADDED, FOLDED, REMOVED, SAME, STEPS_AT_ONCE, Budget, Run, align, fold, rising, runs

SIGNS = {SAME: "{}", REMOVED: "[-{}-]", ADDED: "[+{}+]", FOLDED: "<{}>"}


def marked(found: list[Run]) -> str:
    return "".join(SIGNS[run.kind].format(run.text) for run in found)


def sides(found: list[Run]) -> tuple[str, str]:
    old, new = ("".join(run.text for run in found if run.kind != kind) for kind in (ADDED, REMOVED))
    return old, new


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("甲", "甲", "甲"),
        ("", "新", "[+新+]"),
        ("旧", "", "[-旧-]"),
        ("采用Midjourney生成", "使用Midjourney创作", "[-采-][+使+]用Midjourney[-生成-][+创作+]"),
        ("参数3.5亿，1,200元", "参数3.6亿，1,300元", "参数[-3.5-][+3.6+]亿，[-1,200-][+1,300+]元"),
        ("发布GPT-4", "发布GPT-4o", "发布GPT-[-4-][+4o+]"),
        ("The film", "The films", "The [-film-][+films+]"),
        ("甲说。乙说。", "甲说。丙说。乙说。", "甲说。[+丙说。+]乙说。"),
        ("一，二，三", "一，三", "一，[-二，-]三"),
        ("一段\n二段", "一段\n二段\n三段", "一段\n二段[+\n三段+]"),
        (
            "导演在上海电影节上说，人工智能将改变电影。",
            "导演在北京电影节上说，人工智能会改变电影业。",
            "导演在[-上海-][+北京+]电影节上说，人工智能[-将-][+会+]改变电影[+业+]。",
        ),
    ],
)
def test_changes_are_marked_by_the_character_in_chinese_and_by_the_word_in_latin(old, new, expected):
    assert marked(runs(old, new)) == expected


def test_a_character_that_stayed_by_chance_is_no_island():
    assert marked(runs("他今去", "她今到")) == "[-他今去-][+她今到+]"
    assert marked(runs("2023年3月5日", "2024年4月6日")) == "[-2023年3月5-][+2024年4月6+]日"


def test_a_word_between_two_long_changes_goes_with_them_and_between_two_short_ones_stays():
    assert (
        marked(runs("甲乙丙丁同样戊己庚辛", "子丑寅卯同样辰巳午未"))
        == "[-甲乙丙丁同样戊己庚辛-][+子丑寅卯同样辰巳午未+]"
    )
    assert marked(runs("甲乙同样戊己", "子丑同样辰巳")) == "[-甲乙-][+子丑+]同样[-戊己-][+辰巳+]"


def test_lines_are_never_melted_into_one_change():
    assert marked(runs("甲\n乙", "丙\n丁")) == "[-甲-][+丙+]\n[-乙-][+丁+]"


def test_a_sign_with_its_marks_is_not_cut():
    assert marked(runs("👩‍💻", "👩‍🎨")) == "[-👩‍💻-][+👩‍🎨+]"
    assert marked(runs("cafe\u0301s", "cafes")) == "[-cafe\u0301s-][+cafes+]"


texts = st.text(alphabet="甲乙丙，。\n a1.é\u0301", max_size=60) | st.text(max_size=40)


@given(texts, texts)
def test_the_runs_give_back_both_texts(old, new):
    found = runs(old, new)
    assert sides(found) == (old, new)
    assert all(run.text for run in found)
    kinds = [run.kind for run in found]
    assert all(a != b for a, b in zip(kinds, kinds[1:], strict=False))
    assert all(pair != (ADDED, REMOVED) for pair in zip(kinds, kinds[1:], strict=False))


@given(texts, texts)
def test_no_latin_word_or_number_is_cut(old, new):
    found = runs(old, new)
    for shown, text in zip((ADDED, REMOVED), sides(found), strict=True):
        place = 0
        for run in found:
            if run.kind == shown:
                continue
            place += len(run.text)
            assert not re.fullmatch(r"[a-z]{2}|\d{2}", text[place - 1 : place + 1], re.ASCII)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_an_alignment_has_the_fewest_edits(old, new):
    lengths = [[0] * (len(new) + 1) for _row in range(len(old) + 1)]  # of the longest common subsequences
    for i, a in enumerate(old):
        for j, b in enumerate(new):
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if a == b else max(lengths[i][j + 1], lengths[i + 1][j])
    edits = sum(b - a + d - c for a, b, c, d in align(old, new, Budget()))
    assert edits == len(old) + len(new) - 2 * lengths[-1][-1]


@given(st.lists(st.integers(0, 50), unique=True, max_size=12))
def test_a_longest_rising_subsequence_is_found(numbers):
    places = rising(numbers)
    assert [numbers[place] for place in places] == sorted(numbers[place] for place in places)
    best = [0] * len(numbers)
    for i, number in enumerate(numbers):
        best[i] = 1 + max((best[j] for j in range(i) if numbers[j] < number), default=0)
    assert len(places) == max(best, default=0)


@given(texts, st.integers(0, 200), texts)
def test_folding_leaves_nothing_out(old, length, new):
    found = runs(f"{old}{'同' * length}{new}", f"{new}{'同' * length}{old}")
    folded = fold(found)
    assert sides(folded) == sides(found)
    assert all(run.text for run in folded)


def test_a_long_unchanged_stretch_is_folded_between_some_context():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    found = fold(runs(f"旧{text}旧{text}", f"新{text}新{text}"))
    assert [(run.kind, len(run.text)) for run in found] == [
        (REMOVED, 1), (ADDED, 1), (SAME, 40), (FOLDED, 220), (SAME, 40), (REMOVED, 1), (ADDED, 1), (SAME, 40),
        (FOLDED, 260),
    ]  # fmt: skip


def test_a_fold_cuts_no_latin_word():
    found = fold(
        runs("旧" + "同" * 35 + "Midjourney" + "同" * 200, "新" + "同" * 35 + "Midjourney" + "同" * 200)
    )
    assert found[2] == Run(SAME, "同" * 35 + "Midjourney")


def test_a_long_text_with_many_changes_is_still_aligned():
    chance = random.Random(1)
    text = "".join(
        chr(0x4E00 + chance.randrange(2000)) if chance.random() > 0.07 else "，" for _ in range(200_000)
    )
    found = runs(text, text.replace("，", ","))
    assert sides(found) == (text, text.replace("，", ","))
    assert sum(len(run.text) for run in found if run.kind == REMOVED) < 2 * text.count("，")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("甲" * 1_000_000, "乙" * 1_000_000),
        ("甲乙" * 50_000, "乙甲丙" * 30_000),
        ("甲\n" * 50_000, "乙\n" * 50_000),
        ("a" * 1_000_000, "b"),
        ("甲", "乙甲丙" * 30_000),
    ],
)
def test_a_million_characters_are_compared_in_bounded_time(old, new):
    budget = Budget()
    assert sides(runs(old, new, budget)) == (old, new)
    assert budget.steps > -STEPS_AT_ONCE


def test_once_the_time_is_used_up_a_text_is_replaced_as_a_whole():
    found = runs("甲子乙丑", "甲寅乙卯", Budget(steps=0))
    assert found == [Run(SAME, "甲"), Run(REMOVED, "子乙丑"), Run(ADDED, "寅乙卯")]
