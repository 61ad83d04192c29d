"""What a source text says of a point: numbers, dates, quotations and names in every writing, and who supports them."""

import json
import time
from pathlib import Path

import pytest

from articles.evidence import Evidence, Missing, evidence
from articles.numerals import read

DATA = Path(__file__).parent / "data" / "evidence"
TEXT = (
    "云岭智能9月12日发布朱槿3.0，参数720亿。公司完成3.2亿元融资，由滇池资本领投。"
    "系统接入四十七家医院，成本下降六成。何若川说：“我们不追求榜单第一。”海外版基于GPT-4o和MID journey。"
)


def lacks(body: str, text: str = TEXT) -> list[tuple[str, str]]:
    [found] = evidence(text, [("", body)])
    return [(one.kind, one.text) for one in found.missing]


def labelled(name: str) -> list[dict]:
    """The points of a labelled file: text, true point, the same with one planted change, where, and what supports it."""
    cases = []
    for entry in json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")):
        for point in entry["points"]:
            whole = f"{point['heading']}\n{point['body']}"
            assert whole.count(point["true"]), point
            planted = whole.replace(point["true"], point["false"], 1)
            cases.append(
                {
                    "text": entry["text"],
                    "point": tuple(whole.split("\n")),
                    "planted": tuple(planted.split("\n")),
                    "from": whole.index(point["true"]),
                    "to": whole.index(point["true"]) + len(point["false"]),
                    "said": point["said"],
                }
            )
    return cases


def is_found(case: dict) -> bool:
    """Whether a flag stands where the change was planted."""
    [found] = evidence(case["text"], [case["planted"]])
    body = len(case["planted"][0]) + 1
    places = [
        (one.start + body * (one.part == "body"), one.end + body * (one.part == "body"))
        for one in found.missing
    ]
    return any(start < case["to"] and end > case["from"] for start, end in places)


@pytest.mark.parametrize(
    ("name", "number", "false", "found"), [("labelled", 100, 5, 95), ("second", 60, 3, 57)]
)
def test_few_true_points_are_flagged_and_nearly_every_planted_change_is(name, number, false, found):
    cases = labelled(name)
    assert len(cases) == number
    flags = [one for case in cases for one in evidence(case["text"], [case["point"]])[0].missing]
    assert len(flags) <= false, flags
    missed = [case["planted"] for case in cases if not is_found(case)]
    assert len(missed) <= number - found, missed


def test_the_sentence_that_says_it_is_among_those_that_support_a_point():
    cases = labelled("labelled") + labelled("second")
    without = []
    for case in cases:
        [found] = evidence(case["text"], [case["point"]])
        assert len(found.sentences) <= 3
        if not any(case["said"] in one.text for one in found.sentences):
            without.append(case["point"])
    assert len(without) <= len(cases) // 50, without


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("１２００人", "1,200人"),
        ("1.2万台", "12000台"),
        ("一万二千台", "１.２万台"),
        ("三十亿元", "30亿元"),
        ("3亿5000万元", "3.5亿元"),
        ("一点五万亿次", "1.5万亿次"),
        ("百分之三十", "三成"),
        ("30%", "百分之三十"),
        ("三分之一", "1/3"),
        ("两位研究员", "2名研究员"),
        ("七个半小时", "7.5小时"),
        ("1.5小时", "90分钟"),
        ("十八个月", "一年半"),
        ("8亿至10亿元", "8—10亿元"),
        ("4.3亿到4.5亿元", "4.3至4.5亿元"),
        ("200K词元", "20万词元"),
        ("百分之六和千分之四", "6%和0.4%"),
        ("夜间22时", "晚10点"),
        ("1187万元", "近1200万元"),
        ("37.6%", "超三成"),
        ("18.64亿元", "18.6亿元"),
        ("47位", "四十余位"),
        ("5纳米", "5nm"),
        ("萬二三千", "“萬二三千”"),
    ],
)
def test_a_number_is_the_same_in_every_writing_and_rounded_where_it_says_so(said, true):
    assert lacks(f"共有{true}。", f"据悉共有{said}。") == []


@pytest.mark.parametrize(
    ("said", "false", "flag"),
    [
        ("共1200人", "共1300人", "1300人"),
        ("共3亿美元", "共3亿元", "3亿元"),
        ("共三家公司", "共五家公司", "五家"),
        ("降了30%", "降了30倍", "30倍"),
        ("共1187万元", "超1200万元", "1200万元"),
        ("第三届", "第五届", "五届"),
        ("用了3天和五个人", "用了5天", "5天"),
    ],
)
def test_another_number_another_unit_or_the_wrong_side_of_it_is_flagged(said, false, flag):
    assert lacks(false, said) == [("number", flag)]


@pytest.mark.parametrize(
    "body",
    [
        "1. 首先，公司发布新品。2. 其次是融资。",
        "第一，发布；第二，融资；一是快，二是省，其三是稳。",
        "这是一个十分重要的APP，用到AI和App，来自四川，一方面很好。",
        "数十家、几百人、上千次的反馈，三四百也罢。",
        "去年以来，周三与星期五都有。",
    ],
)
def test_ordinals_of_lists_and_words_that_are_no_figures_raise_no_flag(body):
    assert lacks(body) == []


def test_who_counts_what_the_text_lists_is_right_and_so_are_sums_of_the_points_own_figures():
    text = "芬兰、德国和希腊入选。死亡率由18.9%降到14.6%。收入4亿元，支出3.5亿元。"
    assert lacks("三国入选。", text) == []
    assert lacks("死亡率由18.9%降到14.6%，下降4.3个百分点，约23%。", text) == []
    assert lacks("收入4亿元，支出3.5亿元，结余0.5亿元。", text) == [("number", "0.5亿元")]
    assert lacks("收入4亿元，支出3.5亿元，合计7.5亿元。", text) == []
    assert lacks("三地占30%、20%和10%，合计六成。", "三地占30%、20%和10%。") == []
    assert lacks("五国入选，死亡率下降8.8个百分点。", text) == [("number", "五国"), ("number", "8.8个百分点")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "2024年3月18日发布",
            [
                "2024-03-18",
                "2024/3/18",
                "3月18日",
                "18日",
                "2024年3月",
                "3月",
                "2024年",
                "二〇二四年三月十八日",
            ],
        ),
        ("2024年发布，3月18日上市", ["2024年3月18日"]),
        ("二零二三年第三季度", ["2023年", "Q3", "三季度", "第3季度"]),
        ("2015—2022年", ["2015年至2022年"]),
        ("前三季度", ["1—9月", "1月至9月", "前3季度"]),
        ("7—9月", ["7—9月"]),
    ],
)
def test_the_fuller_date_says_the_shorter_one_in_any_writing(text, said):
    assert {date: lacks(date, text) for date in said} == dict.fromkeys(said, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3月18日发布", ["2024年3月18日", "3月19日", "4月18日", "19日", "3月20日"]),
        ("2024年3月18日发布", ["2023年3月18日", "2024年4月", "2023年", "下半年", "Q2", "2024年13月45日"]),
    ],
)
def test_a_date_that_the_text_has_not_or_not_so_fully_is_flagged(text, said):
    assert {date: lacks(date, text) for date in said} == {date: [("date", date)] for date in said}


@pytest.mark.parametrize("marks", ["“{}”", "「{}」", "『{}』", "《{}》", '"{}"', "‘{}’"])
def test_a_quotation_is_a_run_of_the_text_whatever_its_width_spaces_and_punctuation(marks):
    text = "他说，ＡＩ 時代，「我們 不怕」慢。"
    assert lacks(marks.format("AI时代我们不怕慢"), text) == []
    assert lacks(marks.format("AI时代……不怕慢"), text) == []
    assert lacks(marks.format("我们不怕快"), text) == [("quote", marks.format("我们不怕快"))]


def test_a_name_is_the_same_in_any_case_width_spacing_and_plural():
    assert lacks("用了gpt 4O、ＧＰＴ－４ｏ、Midjourney、mid-journeys。") == []
    text = "Google发布Gemini 1.5和Llama 3.1 70B，谷歌CEO出席，英伟达提供H100与iPhone 15、16。"
    assert lacks("Gemini-1.5、Llama3.1、70B、NVIDIA的H100、首席执行官、iPhone 16。", text) == []


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        ("基于GPT-4。", ["4"]),
        ("基于GPT-5o。", ["5o"]),
        ("基于Claude。", ["Claude"]),
        ("基于Foo-9 Bar。", ["Foo-9 Bar"]),
        ("基于GPTs-4oX。", ["4oX"]),
    ],
)
def test_another_name_or_another_version_is_flagged_where_it_stands(body, flags):
    assert lacks(body) == [("name", flag) for flag in flags]


def test_flags_say_where_they_stand_in_heading_and_body():
    [found] = evidence(TEXT, [("融资 5亿元", "😀由Tidal领投，10月1日到账，“一分不少”。")])
    assert found.missing == [
        Missing("number", "5亿元", "heading", 3, 6),
        Missing("name", "Tidal", "body", 2, 7),
        Missing("date", "10月1日", "body", 10, 15),
        Missing("quote", "“一分不少”", "body", 18, 24),
    ]


def test_sentences_come_best_first_with_number_and_place():
    [found] = evidence(TEXT, [("融资", "滇池资本领投3.2亿元。")])
    best = found.sentences[0]
    assert (best.number, best.text) == (2, "公司完成3.2亿元融资，由滇池资本领投。")
    assert TEXT[best.start : best.end] == best.text
    assert evidence(TEXT, [("", "毫无关系")]) == [Evidence()]
    assert evidence("", [("标题", "正文42")])[0].sentences == []


def test_numerals_are_read_and_what_is_none_is_left_alone():
    values = {
        "二十": 20,
        "一百二": 120,
        "一百二十五": 125,
        "两万零五十": 20_050,
        "1.5万亿": 1.5e12,
        "三点二亿": 3.2e8,
    }
    values |= {"二〇二四": 2024, "1,200": 1200, "三万五": 35_000, "十四五": None, "三四百": None, "亿": 1e8}
    assert {written: read(written) for written in values} == values


HOSTILE = [
    "1" * 5_000,
    "1," * 2_500,
    "一二" * 2_500,
    "十百千万亿" * 1_000,
    "“" * 5_000,
    "a-" * 2_500,
    "ab 1 " * 1_000,
]
HOSTILE += [
    "甲、" * 2_500,
    "\0" * 5_000,
    "…" * 5_000,
    "“（" * 2_500,
    "2024年3月18日" * 450,
    "٣٤٥²①½" * 500,
    "1/0" * 900,
    "%" * 5_000,
]
HOSTILE += [
    "0/0分之零",
    "零分之一",
    "0%",
    "1.2.3.4.5",
    "é́" * 2_000,
    "\ud800",
    "第" * 5_000,
    "99999999年99月99日",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_breaks_it(text):
    found = evidence(text, [(text, text), ("", ""), ("标题", "1亿元")])
    assert [one.judged for one in found] == [True, True, True]


def test_a_text_of_a_million_characters_and_500_points_take_no_longer_than_they_must():
    cases = labelled("labelled")
    text = ("".join(case["text"] for case in cases[::5]) * 200)[:1_000_000]
    before = time.process_time()
    found = evidence(text, [case["point"] for case in cases] * 5)
    assert len(found) == 500
    assert time.process_time() - before < 10  # takes one; quadratic would be minutes


def test_what_is_beyond_all_measure_is_not_judged_and_says_so():
    found = evidence(TEXT, [("", "9" * 5_000)] * 100)
    assert [one.judged for one in found] == [True] * 80 + [False] * 20
