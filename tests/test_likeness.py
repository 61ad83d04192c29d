"""Which two names may be one term: judged on 200 labelled pairs, and found among many."""

from pathlib import Path

import pytest

from taxonomy import names, pinyin
from taxonomy.likeness import alike, blocks, keys

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "data/term_pairs.tsv").read_text(encoding="utf-8").splitlines()
]
PAIRS = {half: [tuple(row[1:]) for row in ROWS if row[0] == half] for half in ("tune", "unseen")}
FOUND = [(one, other) for _half, _verdict, one, other in ROWS if alike(one, other) not in {"", "same"}]


def sound(name: str) -> str:
    return pinyin.sort_key(names.key(name))


def test_the_pairs_are_half_and_half_and_none_stands_twice():
    assert [(len(pairs), sum(pair[0] == "same" for pair in pairs)) for pairs in PAIRS.values()] == [
        (100, 50),
        (100, 50),
    ]
    assert len({frozenset(row[2:]) for row in ROWS}) == 200


@pytest.mark.parametrize("half", PAIRS)
def test_hardly_a_proposal_is_wrong_and_most_pairs_are_found(half):
    proposed = [(verdict, one, other) for verdict, one, other in PAIRS[half] if alike(one, other)]
    right = sum(verdict == "same" for verdict, _one, _other in proposed)
    assert right / len(proposed) >= 0.95
    assert right / 50 >= 0.7


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("ＭＩＤ　Ｊourney", "Midjourney", "same"),
        ("GPT-4", "GPT4", "signs"),
        ("医疗AI", "人工智能医疗", "signs"),
        ("大型语言模型", "大语言模型（LLM）", "aside"),
        ("电影产业", "电影行业", "ending"),
        ("Large Language Model", "LLM", "initials"),
        ("Midjuorney", "Midjourney", "slip"),
        ("强化学系", "强化学习", "sound"),
        ("人工智能技术", "人工智能产业", ""),
        ("GPT-4", "GPT-4o", ""),
        ("GPT-4（预览版）", "GPT-4", ""),
        ("大模型（GPT）", "大模型（BERT）", ""),
        ("图像生成", "视频生成", ""),
        ("一", "二", ""),
    ],
)
def test_the_reason_is_the_same_from_both_sides(one, other, reason):
    assert (alike(one, other), alike(other, one)) == (reason, reason)


@pytest.mark.parametrize(("one", "other"), FOUND)
def test_what_is_alike_meets_when_all_are_compared_with_all(one, other):
    assert blocks(one, sound(one)) & blocks(other, sound(other))


@pytest.mark.parametrize(("one", "other"), FOUND)
def test_whichever_of_two_is_the_new_one_the_known_one_is_looked_up(one, other):
    """By its key, its sound, or as the name that goes on with an aside."""
    for new, known in ((one, other), (other, one)):
        by_sound = sound(new) == sound(known)
        goes_on = names.key(known).startswith(f"{names.key(new)}(")
        if names.key(known) in keys(new) or by_sound or goes_on:
            return
    pytest.fail("neither is found from the other")


@pytest.mark.parametrize(
    "name", ["", " ", "(", "((((", "（）", "-", "a" * 5_000, "人" * 5_000, "\0", "()" * 2_000]
)
def test_any_text_is_judged_in_bounded_time(name):
    assert alike(name, "人工智能") == ""
    assert len(keys(name)) < 500
    assert len(blocks(name, sound(name))) < 100
