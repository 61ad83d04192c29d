from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from articles.points import parse, write

exploring = settings(deadline=None, derandomize=True, max_examples=200)
NOT_KEPT = set("#*_\\：:—–-；;")  # Markdown and separators; a number is kept as the number of its point


def pairs(events):
    return [(point.heading, point.body) for point in events.points]


def codes(events):
    return [code for code, _, _ in events.problems]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1. ", "2. "), ("1.", "2."), ("1．", "2．"), ("1、", "2、"), ("1) ", "2) "), ("1）", "2）"), ("(1) ", "(2) "),
        ("（1）", "（2）"), ("１．", "２．"), ("01. ", "02. "), ("①", "②"), ("一、", "二、"), ("（一）", "（二）"),
        ("(一) ", "(二) "), ("第一，", "第二，"), ("第1、", "第2、"), ("0. ", "1. "), ("1.", "2、"),
    ],
)  # fmt: skip
def test_e1_every_style_of_number_begins_a_point(first, second):
    events = parse(f"引言。\n{first}甲：子\n{second}乙：丑")
    assert (events.intro, pairs(events), events.problems) == ("引言。", [("甲", "子"), ("乙", "丑")], [])
    assert [point.number for point in events.points] == [first.strip(), second.strip()]


def test_e1_han_numbers_go_on_beyond_ten():
    numbers = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"]
    events = parse("\n".join(f"{number}、某事" for number in numbers))
    assert [point.number for point in events.points] == [f"{number}、" for number in numbers]
    assert codes(events) == ["repeated-point"] * 10


@pytest.mark.parametrize(
    "line",
    [
        "**1. 甲**：子", "1. **甲**：子", "1. **甲：** 子", "1. **甲：**子", "### 1. 甲\n子", "### 1. 甲\n\n子",
        "1. __甲__ - 子", r"1\. 甲：子", r"**1\. 甲**：子", "**1.** 甲：子", "**1.** **甲**：子", "### **1. 甲**\n子",
        "### 1. **甲**\n子", "**1. 甲**\n\n子", "***1. 甲***：子", "## 一、甲\n子", "**一、甲**：子",
    ],
)  # fmt: skip
def test_e2_markdown_around_a_point_is_no_part_of_it(line):
    assert pairs(parse(line + "\n" + line)) == [("甲", "子"), ("甲", "子")]


def test_e2_text_under_a_heading_belongs_to_the_last_point_too():
    events = parse("**1. 甲**\n\n子。\n\n**2. 乙**\n\n丑。\n\n总之，寅。")
    assert (pairs(events), events.conclusion) == ([("甲", "子。"), ("乙", "丑。")], "总之，寅。")


@pytest.mark.parametrize(
    "separator", ["：", ":", "——", "—", " - ", " – ", ": ", " ：", "\n", "\n   ", " ", ""]
)
def test_e4_every_separator_divides_heading_and_body(separator):
    assert pairs(parse(f"1. **甲**{separator}子")) == [("甲", "子")]


def test_e4_only_one_separator_is_taken_away():
    assert pairs(parse("1. **甲**：——子\n2. **乙：**：丑")) == [("甲", "——子"), ("乙：", "丑")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("发布会：新品亮相", ("发布会", "新品亮相")),
        ("发布会: 新品亮相", ("发布会", "新品亮相")),
        ("公司称，新品已亮相：共三款", ("", "公司称，新品已亮相：共三款")),
        ("甲" * 30 + "：子", ("甲" * 30, "子")),
        ("甲" * 31 + "：子", ("", "甲" * 31 + "：子")),
        ("会议于10:30开始", ("", "会议于10:30开始")),
        ("见https://example.com/a", ("", "见https://example.com/a")),
        ("甲——子", ("", "甲——子")),
        ("短标题\n下一行是正文", ("短标题", "下一行是正文")),
    ],
)
def test_e5_without_bold_a_short_start_before_the_colon_is_the_heading(line, expected):
    assert pairs(parse(f"1. {line}")) == [expected]


def test_e6_a_point_may_have_a_heading_only_or_a_body_only():
    events = parse("1. **甲**\n2. 子发生了。\n3. **乙**：\n4.\n丑。")
    assert pairs(events) == [("甲", ""), ("", "子发生了。"), ("乙", ""), ("", "丑。")]


def test_e6_headings_alone_do_not_swallow_the_conclusion():
    events = parse("1. **甲**\n\n2. **乙**\n\n总之，寅。")
    assert (pairs(events), events.conclusion) == ([("甲", ""), ("乙", "")], "总之，寅。")


@pytest.mark.parametrize("bullet", ["- ", "* ", "• ", "· ", "● ", "•", "●"])
def test_e7_bullets_stand_for_numbers(bullet):
    events = parse(f"引言。\n{bullet}**甲**：子\n{bullet}乙：丑")
    assert (events.intro, pairs(events), events.problems) == ("引言。", [("甲", "子"), ("乙", "丑")], [])


def test_e8_paragraphs_and_lists_inside_a_point_stay_in_its_body():
    events = parse(
        "1. 甲：子。\n\n次段。\na. 丙\n- 丁\n（1）戊\n2. 乙：\n   1. 己\n   2. 庚\n     续\n\n   末段。"
    )
    assert pairs(events) == [
        ("甲", "子。\n\n次段。\na. 丙\n- 丁\n（1）戊"),
        ("乙", "1. 己\n2. 庚\n  续\n\n末段。"),
    ]
    assert events.problems == []


def test_e8_a_ragged_list_is_no_list_inside_a_list():
    assert pairs(parse("1. 甲：子\n   2. 乙：丑\n  3. 丙：寅")) == [("甲", "子"), ("乙", "丑"), ("丙", "寅")]


@pytest.mark.parametrize(
    "line",
    [
        "1. 甲：子；2. 乙：丑；3. 丙：寅",
        "要点如下：1、甲：子；2、乙：丑；3、丙：寅",
        "①甲：子 ②乙：丑 ③丙：寅",
    ],
)
def test_e9_a_complete_list_on_one_line_is_divided(line):
    events = parse(f"引言。\n{line}\n\n总之，卯。")
    assert (pairs(events), events.conclusion) == ([("甲", "子"), ("乙", "丑"), ("丙", "寅")], "总之，卯。")
    assert events.problems == [("points-on-one-line", 1, line)]


def test_e9_problems_behind_the_divided_line_keep_their_lines():
    events = parse("1. 子；2. 子；3. 丑\n\n据悉，寅。")
    assert [(code, line) for code, line, _ in events.problems] == [
        ("points-on-one-line", 0),
        ("repeated-point", 0),
        ("text-after-last-point", 2),
    ]


@pytest.mark.parametrize("line", ["1. 子；3. 丑", "1. 子用2. 丑", "1. 子共2.5亿"])
def test_e9_an_incomplete_list_on_one_line_is_one_point(line):
    assert pairs(parse(line)) == [("", line.removeprefix("1. "))]


@pytest.mark.parametrize(
    ("numbers", "line"),
    [((1, 2, 2, 4), 2), ((1, 3), 1), ((1, 2, 1, 2), 2), ((1, 1, 1), 1), ((1, 2, 3), None)],
)
def test_e10_points_out_of_order_stay_in_their_order_and_are_reported_once(numbers, line):
    events = parse("\n".join(f"{number}. 第{at}件" for at, number in enumerate(numbers)))
    assert [point.number for point in events.points] == [f"{number}." for number in numbers]
    assert [at for code, at, _ in events.problems if code == "numbers-out-of-order"] == (
        [] if line is None else [line]
    )


@pytest.mark.parametrize(
    "line",
    [
        "1.5亿元融资",
        "2024. 3月发布",
        "3D打印",
        "4、5月",
        "1、2月",
        "一、二线城市",
        "一方面",
        "-5度",
        "——子",
    ],
)
def test_e11_numbers_that_begin_a_sentence_begin_no_point(line):
    assert parse(f"{line}增长").points == []
    assert pairs(parse(f"1. 甲：子\n{line}")) == [("甲", f"子\n{line}")]


def test_e12_a_text_without_points_is_all_intro():
    events = parse("\n只有一段。\n\n以下是要点：")
    assert (events.intro, events.points, events.conclusion, events.boilerplate) == (
        "只有一段。\n\n以下是要点：",
        [],
        "",
        "",
    )
    assert events.problems == [("no-points", 1, "只有一段。")]
    assert parse(" \n ").problems == []


def test_e13_intro_and_conclusion_may_be_missing():
    events = parse("\n1. 甲：子\n")
    assert (events.intro, pairs(events), events.conclusion, events.problems) == ("", [("甲", "子")], "", [])


@pytest.mark.parametrize(
    "words",
    [
        "这篇文章", "本文", "总之", "综上", "总体而言", "总的来说", "整体来看", "这些", "以上", "总结", "**总结**", "### 总结",
    ],
)  # fmt: skip
def test_e14_a_line_that_says_it_closes_ends_the_last_point(words):
    for gap in ("\n", "\n\n"):
        events = parse(f"1. 甲：子\n2. 乙：丑{gap}{words}寅。\n\n卯。")
        assert (pairs(events), events.conclusion) == ([("甲", "子"), ("乙", "丑")], f"{words}寅。\n\n卯。")
        assert events.problems == []


def test_e14_another_line_belongs_to_the_last_point_but_another_paragraph_closes_and_is_reported():
    events = parse("1. 甲：子\n2. 乙：丑\n续行。\n\n据悉，寅。\n\n卯。")
    assert (pairs(events), events.conclusion) == ([("甲", "子"), ("乙", "丑\n续行。")], "据悉，寅。\n\n卯。")
    assert events.problems == [("text-after-last-point", 4, "据悉，寅。")]


def test_e14_indented_paragraphs_and_lists_behind_the_last_point_belong_to_it():
    events = parse("1. 甲：子\n2. 乙：丑\n\n   续段。\n\n- 丙\n\n（1）丁\n\n   这些续段。")
    assert pairs(events)[1] == ("乙", "丑\n\n   续段。\n\n- 丙\n\n（1）丁\n\n   这些续段。")
    assert (events.conclusion, events.problems) == ("", [])


def test_e14_only_the_last_point_can_be_closed():
    assert pairs(parse("1. 甲：子\n总之，丑\n2. 乙：寅")) == [("甲", "子\n总之，丑"), ("乙", "寅")]


@pytest.mark.parametrize(
    ("start", "intro", "boilerplate"),
    [
        ("引言。以下是文章的重大事件总结：\n\n", "引言。", "以下是文章的重大事件总结："),
        ("引言。\n主要内容如下:\n", "引言。", "主要内容如下:"),
        ("引言“甲。”以下是要点：\n", "引言“甲。”", "以下是要点："),
        ("**以下是要点：**\n", "", "**以下是要点：**"),
        ("引言。他说：\n", "引言。他说：", ""),
        ("引言，以下是要点。\n", "引言，以下是要点。", ""),
        ("子" * 60 + "如下：\n", "子" * 60 + "如下：", ""),
    ],
)
def test_e16_a_sentence_that_only_announces_the_list_is_set_aside(start, intro, boilerplate):
    events = parse(f"{start}1. 甲：子")
    assert (events.intro, events.boilerplate, pairs(events)) == (intro, boilerplate, [("甲", "子")])


@pytest.mark.parametrize("heading", ["结语", "总结", "展望", "背景"])
def test_e17_a_point_may_be_called_like_a_part_of_the_text(heading):
    assert pairs(parse(f"1. 甲：子\n2. **{heading}**：丑")) == [("甲", "子"), (heading, "丑")]


def test_e19_a_point_that_comes_twice_is_kept_and_reported():
    events = parse("1. 甲：子\n2. 乙：丑\n3. **甲**：子")
    assert (len(events.points), events.problems) == (3, [("repeated-point", 2, "3. **甲**：子")])


def test_e20_many_points_and_long_points_are_kept_and_reported():
    events = parse("\n".join(f"{number}. 第{number}件" for number in range(1, 52)))
    assert (len(events.points), events.problems) == (51, [("many-points", 50, "51. 第51件")])
    events = parse("1. " + "子" * 3_001)
    assert (len(events.points[0].body), events.problems) == (3_001, [("long-point", 0, "1. " + "子" * 77)])


def test_a_list_begins_with_0_or_1():
    events = parse("2. 甲：子\n3. 乙：丑\n\n1. 丙：寅")
    assert (events.intro, pairs(events)) == ("2. 甲：子\n3. 乙：丑", [("丙", "寅")])


def test_a_number_without_text_is_no_point_and_stays_where_it_stands():
    events = parse("1. 甲：子\n2.\n3. 乙：丑\n4.\n\n总之，寅。")
    assert pairs(events) == [("甲", "子\n2."), ("乙", "丑\n4.")]
    assert (events.conclusion, codes(events)) == ("总之，寅。", ["numbers-out-of-order"])
    assert parse("1. **\u2028\n2.\n").points == []


def test_a_number_alone_on_its_line_takes_the_lines_below():
    assert pairs(parse("1.\n甲：子\n2.\n- 丑\n- 寅")) == [("", "甲：子"), ("", "- 丑\n- 寅")]


def test_lines_numbered_otherwise_than_the_first_point_belong_to_the_point_above():
    events = parse("一、甲：子\n1. 丙\n2. 丁\n二、乙：丑\n1. 戊")
    assert pairs(events) == [("甲", "子\n1. 丙\n2. 丁"), ("乙", "丑\n1. 戊")]


PIECES = [
    "1. ", "2. ", "3、", "9. ", "1.", "（1）", "（二）", "一、", "二、", "①", "第一，", "- ", "* ", "•", "## ", "**", "__", "***",
    "\\", "：", ":", "——", " - ", "。", "；", "，", "\n", "\n\n", "\n   ", "　　", "\t", " ", "总之", "以下是要点：", "甲乙", "A1",
    "2024. ", "1.5亿", "\u2028", "\x0b",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
parts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join).map(str.strip)


def visible(text):
    return Counter("".join(text.split()))


@exploring
@given(texts | st.text(max_size=40))
@example("1. ****\n2. 甲")
def test_e23_every_character_is_in_a_part_or_is_a_mark(text):
    events = parse(text)
    points = [part for point in events.points for part in (point.number, point.heading, point.body)]
    kept = visible("".join([events.intro, events.boilerplate, *points, events.conclusion]))
    assert not kept - visible(text)
    assert set(visible(text) - kept) <= NOT_KEPT


@exploring
@given(texts)
def test_every_problem_names_a_line_and_quotes_it(text):
    lines = text.split("\n")
    for _, line, quoted in parse(text).problems:
        assert len(quoted) <= 80
        assert quoted in lines[line]


@exploring
@given(parts, st.lists(st.tuples(parts, parts), max_size=5), parts)
@example("引言。", [("甲", "子"), ("", "丑：寅"), ("乙", "")], "总之，卯。")
def test_what_is_written_is_read_back_as_it_was_or_not_written(intro, points, conclusion):
    try:
        text = write(intro, points, conclusion)
    except ValueError:
        return
    events = parse(text)
    assert (events.intro, pairs(events), events.conclusion) == (intro, points, conclusion)


words = st.text("甲乙丙丁AI0123。，；：:、“”*_# -\n", max_size=12).map(str.strip)


@exploring
@given(
    words.map(lambda part: f"引{part}言"),
    st.lists(st.tuples(words.map(lambda part: part.replace("\n", "")), words.map(lambda part: f"子{part}丑")), min_size=1, max_size=4),
    words.map(lambda part: f"总{part}结"),
)  # fmt: skip
def test_ordinary_texts_can_always_be_written(intro, points, conclusion):
    text = write(intro, points, conclusion)
    assert pairs(parse(text)) == points


def test_points_are_written_as_suppliers_write_them():
    text = write("引言。", [("甲", "子。"), ("", "丑。"), ("乙", "")], "总之，寅。")
    assert text == "引言。\n\n1. **甲**：子。\n\n2. 丑。\n\n3. **乙**\n\n总之，寅。"


@pytest.mark.parametrize(
    ("intro", "points", "conclusion"),
    [
        ("引言。以下是要点：", [("甲", "子")], "寅"),
        ("", [("甲", "子\n\n丑")], "寅"),
        ("", [("甲", "子\n\n  丑\n 卯")], ""),
        ("", [("甲", "- 子\n  - 丑"), ("", "丙：丁")], "寅"),
        ("", [("", "子\n丑"), ("", "短句\n2. 丑")], "寅"),
        ("", [("甲**乙**", "子"), ("丙：", "")], "寅"),
        ("", [("甲", "1. 子\n2. 丑")], "寅\n2. 寅"),
        ("", [("", "子；2. 丑")], ""),
        ("", [("**甲", "子"), ("1. 甲", "子")], "寅\n第二，寅"),
        ("只有引言。", [], ""),
        ("", [], ""),
        ("", [("甲", f"第{at}件") for at in range(120)], ""),
    ],
)
def test_another_form_is_found_where_the_usual_one_is_ambiguous(intro, points, conclusion):
    events = parse(write(intro, points, conclusion))
    assert (events.intro, pairs(events), events.conclusion) == (intro, points, conclusion)


@pytest.mark.parametrize(
    ("intro", "points", "conclusion"),
    [
        ("引言。", [], "寅"), ("1. 子", [("甲", "丑")], ""), ("", [("甲", "子")], "- 寅"), ("", [("甲", "子")], "9. 寅"), (" 引言", [("甲", "子")], ""),
        ("", [("甲\n乙", "子")], ""), ("", [("", "")], ""), ("", [("甲", "子 ")], ""),
    ],
)  # fmt: skip
def test_what_has_no_form_is_refused(intro, points, conclusion):
    with pytest.raises(ValueError, match="no written form"):
        write(intro, points, conclusion)
