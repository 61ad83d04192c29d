"""Names of terms: one key for all spellings, one slug for each key, lists taken apart."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxonomy import names
from taxonomy.names import Split, key, slug, split

# What people write names with; marks that combine with the letter before them are not among these.
written = st.text(
    st.sampled_from(
        "aAzZ09 ＡＺ０９－．＋+-–—#./&_()（）·、\u3000\u200b\xa0éÜßİſ①ⅣΣΩЖ㈱㎏电電腦剧劇創作影业業機器臺灣龍後"
    )
)
any_text = st.text(st.characters(exclude_categories=["Cs"]))
term_list = st.text(
    st.sampled_from(
        list('甲乙等和的，、,;；|｜/·#-*•●`“”"「」（）()《》【】[]。.1２2AbC+ \t\n\u3000\u200b👍')
    )
    | st.characters(exclude_categories=["Cs"])
)
# Separators, and marks that may be taken off around a name.
MARKS = set('，、,;；|｜/·#-*•●`“”"「」『』【】[]()（）。.．等') | {"\ufeff"}

thorough = settings(deadline=None, derandomize=True, max_examples=200)


# --- key and slug ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        ("MID journey", "midjourney", "ＭＩＤ　Ｊourney", "Mid\u200bJourney", "MIDJOURNEY "),
        ("人工智能", "人工 智能", "人工智慧".replace("慧", "能")),
        ("電影創作", "电影创作"),
        ("GPT‑4o", "GPT-4o", "gpt–4O", "ＧＰＴ－4o"),
    ],
)
def test_spellings_of_one_name_have_one_key_and_one_slug(spellings: tuple[str, ...]) -> None:
    assert len({key(spelling) for spelling in spellings}) == 1
    assert len({slug(spelling) for spelling in spellings}) == 1


def test_names_that_differ_in_a_sign_stay_apart() -> None:
    signs = ["C", "C++", "C#", "C&", "C.", "C/", "C_", "C__", "C_plus", "C-"]
    assert len({key(name) for name in signs}) == len(signs)
    assert len({slug(name) for name in signs}) == len(signs)


def test_a_slug_is_readable_and_never_too_long() -> None:
    assert [slug(name) for name in ("C++", "C#", "TCP/IP", "文生 视频")] == [
        "c_plus_plus",
        "c_sharp",
        "tcp_slaship",
        "文生视频",
    ]
    long = [slug("长" * 90 + end) for end in ("+" * 10, "#" * 10)]
    assert long[0] != long[1]
    assert all(len(text) <= names.MAX_SLUG for text in long)


def test_a_name_is_neither_empty_nor_too_long() -> None:
    candidates = ["AI", "", " \u200b", "长" * 100, "长" * 101, "\ufdfa" * 50]
    assert [names.is_name(text) for text in candidates] == [True, False, False, True, False, False]


@thorough
@given(written)
def test_the_key_of_a_key_is_that_key(name: str) -> None:
    assert key(key(name)) == key(name)


@thorough
@given(any_text, any_text)
def test_two_names_share_a_slug_only_if_they_share_the_key(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (key(one) == key(other))


# --- split ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("郭帆, AI, 电影创作", ["郭帆", "AI", "电影创作"]),
        ("甲，乙、丙;丁；戊|己｜庚\t辛\n壬", list("甲乙丙丁戊己庚辛壬")),
        ("音乐 / 舞蹈 · 戏剧", ["音乐", "舞蹈", "戏剧"]),
        ("TCP/IP、文/图、图像和声音、买卖及出租", ["TCP/IP", "文/图", "图像和声音", "买卖及出租"]),
        ("阿兰·图灵, Mid journey", ["阿兰·图灵", "Mid journey"]),
    ],
)
def test_separators_part_names(text: str, expected: list[str]) -> None:  # T1, T4
    assert split(text) == Split(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("大模型（文本、图像，语音）、机器人", ["大模型（文本、图像，语音）", "机器人"]),
        ("《风，花，雪》、(a, b) 接口", ["《风，花，雪》", "(a, b) 接口"]),
        ("《诗（一、二）》；词", ["《诗（一、二）》", "词"]),
        ("“红、白”, 蓝", ["红、白", "蓝"]),
        ('"红, 白", 「黑、灰」，【青、绿】', ["红, 白", "黑、灰", "青、绿"]),
        ("大模型（文本)、语音", ["大模型（文本)", "语音"]),
    ],
)
def test_separators_in_brackets_and_quotes_part_nothing(text: str, expected: list[str]) -> None:  # T3
    assert split(text).names == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("大模型（文本、图像、语音", ["大模型（文本", "图像", "语音"]),
        ("大模型）、图像、（语音", ["大模型）", "图像", "（语音"]),
        ("甲（乙\n丙）丁、戊", ["甲（乙", "丙）丁", "戊"]),
        ("《甲（乙、丙》、丁", ["《甲（乙、丙》", "丁"]),
    ],
)
def test_a_bracket_without_its_other_half_swallows_nothing(text: str, expected: list[str]) -> None:
    assert split(text).names == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#算法 #芯片", ["算法", "芯片"]),
        ("# 算法 #, #芯片#", ["算法", "芯片"]),
        ("[算法] [芯片]", ["[算法] [芯片]"]),
        ("[算法]、【芯片】", ["算法", "芯片"]),
        ('["算法", "芯片"]', ["算法", "芯片"]),
        ("- 甲\n* 乙\n• 丙\n·丁\n● 戊\n-己", list("甲乙丙丁戊己")),
        ("1. 甲\n2、乙\n3．丙\n（4）丁\n5) 戊", list("甲乙丙丁戊")),
        ("算法、芯片等", ["算法", "芯片"]),
        ("算法、芯片等等。", ["算法", "芯片"]),
        ("算法，芯片。", ["算法", "芯片"]),
        ("Node.js.", ["Node.js"]),
        ("**算法**、`芯片`、*网络*、“数据”", ["算法", "芯片", "网络", "数据"]),
        ("1. **“算法”**。", ["算法"]),
    ],
)
def test_marks_around_names_are_taken_off(text: str, expected: list[str]) -> None:  # T4, T5
    found = split(text)
    assert found.names == expected
    assert found.normalised == (expected != ["[算法] [芯片]"])


def test_what_only_looks_like_a_mark_stays() -> None:
    text = "C#、C++、.NET、A*算法、3.5代、3D打印、男女平等、“甲”和“乙”、-1度、GPT-4"
    assert split(text) == Split(text.split("、"))


def test_a_name_is_kept_once() -> None:  # T8
    assert split("AI、ＡＩ、芯片、ai、晶片、芯片") == Split(
        ["AI", "芯片", "晶片"], repeated=["ＡＩ", "ai", "芯片"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "这条消息谈到了一家公司怎样用自己的模型来写很长的剧本",
        "文章未提及具体技术",
        "文章没有提到技术，但谈到了电影，还谈到了音乐",
        "不涉及具体行业",
        "本文只谈电影",
        "他先画图。然后配音",
        "“先画图，再配音”",
        "word " * 21,
        "\ufdfa" * 50,
    ],
)
def test_a_sentence_is_no_name(text: str) -> None:  # T10, T11
    assert split(text) == Split(sentences=[text.strip()])


def test_names_beside_a_sentence_are_found() -> None:
    assert split("芯片、文章未提及其他技术，也没有数字；网络") == Split(
        ["芯片", "网络"], sentences=["文章未提及其他技术，也没有数字"]
    )


def test_a_word_that_only_contains_the_signs_of_a_sentence_is_a_name() -> None:
    text = "日本文化、文章生成、脚本文件"
    assert split(text) == Split(text.split("、"))


def test_punctuation_numbers_and_emoji_are_dropped() -> None:  # T14
    assert split("2024、——、👍🏽、3.14、①、…、AI、等") == Split(
        ["AI"], dropped=["2024", "——", "👍🏽", "3.14", "①", "…", "等"]
    )


def test_nothing_comes_of_nothing() -> None:
    assert split("") == split(" \n\u3000、，") == Split()


@thorough
@given(term_list)
def test_splitting_loses_no_character(text: str) -> None:
    found = split(text)
    kept = "".join(found.names + found.sentences + found.dropped + found.repeated)
    assert _counted(kept) == _counted(text)


def _counted(text: str) -> Counter:
    return Counter(char for char in text if not char.isspace() and not char.isdigit() and char not in MARKS)


@thorough
@given(term_list)
def test_what_comes_out_are_names_that_differ(text: str) -> None:
    found = split(text)
    assert all(map(names.is_name, found.names))
    assert len({key(name) for name in found.names}) == len(found.names)


@pytest.mark.parametrize(
    "piece", ["（", "，", '"', "a，", "《a、", "）（", "文章未提及，", "# ", "1.", " / ", "甲" * 30 + "，"]
)
def test_a_very_long_list_takes_time_in_proportion(piece: str) -> None:  # C12
    text = piece * (1_000_000 // len(piece))
    split(text)  # with quadratic work anywhere this would not end
