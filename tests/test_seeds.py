"""Seed text becomes records: one tiny file in tests/data for each row of the format.

A fixture `R7-label-twice.txt` has its expected result beside it, `R7-label-twice.json`: all that is not empty.
"""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from articles import records, seeds
from articles.findings import FINDINGS, UNREADABLE
from articles.wording import explained

DATA = Path(__file__).parent / "data"
FIXTURES = sorted(path.stem for path in DATA.glob("*.txt"))

SEED = """\
标题: 书店试用选书助手
链接: https://www.example.com/a/1.html
总结: 一家书店试用助手一个月。读者说找书更快。
关键词: 书店, 选书
AI技术: 推荐算法
行业: 零售
重大事件摘要: 书店试用助手。

1. **试用**：为期一个月。

2. **结果**：找书更快。

本文只作示例。
"""


def read(text: str) -> seeds.Record:
    """The one record of a text."""
    (record,) = seeds.parse(text.encode()).records
    return record


def codes(findings: list[seeds.Finding]) -> list[str]:
    return [f"{finding.line} {finding.code}" for finding in findings]


def shown(record: seeds.Record) -> dict[str, Any]:
    """All of a record that is not empty, as the fixtures write it."""
    texts = {
        "title": record.title,
        "title_inferred": record.title_inferred,
        "url": record.url,
        "also_at": record.also_at,
        "summary": record.summary,
        "keywords": record.keywords,
        "technologies": record.technologies,
        "industries": record.industries,
        "intro": record.intro,
        "points": [[point.number, point.heading, point.body] for point in record.points],
        "conclusion": record.conclusion,
        "source_date": record.source_date and record.source_date.isoformat(),
        "source_date_origin": record.source_date_origin,
        "extra": record.extra,
        "reprint_notice": record.reprint_notice,
        "unparsed": record.unparsed,
    }
    return {
        "lines": [record.first_line, record.last_line],
        **{name: value for name, value in texts.items() if value},
        "findings": codes(record.findings),
    }


@pytest.mark.parametrize("name", FIXTURES)
def test_each_row_of_the_format_is_read_as_its_fixture_says(name):
    parsed = seeds.parse((DATA / f"{name}.txt").read_bytes())
    assert {
        "encoding": parsed.encoding,
        "findings": codes(parsed.findings),
        "records": [shown(record) for record in parsed.records],
    } == json.loads((DATA / f"{name}.json").read_text("utf-8"))


def test_every_fixture_has_its_expected_result():
    assert sorted(path.stem for path in DATA.glob("*.json")) == FIXTURES
    assert len(FIXTURES) > 100


def test_the_sample_seeds_have_no_warnings():
    parsed = [seeds.parse(path.read_bytes()) for path in sorted((settings.BASE_DIR / "seeds").glob("*.txt"))]
    records = [record for file in parsed for record in file.records]
    findings = [finding for part in (*parsed, *records) for finding in part.findings]
    assert len(records) == 57
    assert [finding for finding in findings if finding.severity != "note"] == []


def test_the_broken_example_shows_each_of_its_faults():
    path = settings.BASE_DIR / "docs/examples/broken/broken-example.txt"
    assert [codes(record.findings) for record in seeds.parse(path.read_bytes()).records] == [
        [],
        ["20 missing-link"],
        ["36 only-title"],
        ["41 unsafe-link", "47 conflicting-label"],
    ]


def test_a_line_between_them_parts_what_may_be_two_records():
    content = (DATA / "R12-second-record-without-title.txt").read_text("utf-8")
    one, two = seeds.parse(
        content.replace(
            "\n链接: https://www.example.com/a/2", "\n---\n链接: https://www.example.com/a/2"
        ).encode()
    ).records
    assert (codes(one.findings), codes(two.findings)) == ([], ["15 missing-title"])
    assert two.url == "https://www.example.com/a/2.html"


# --- variants of a row ------------------------------------------------------------------------------

LABEL_FORMS = [
    *("标题:{}", "标题：{}", "标题﹕{}", "标题∶{}", "标题 :{}", "标题　： {}", "标题：\n{}", "标题:\n\n{}"),
    *("**标题**：{}", "**标题：**{}", "**标题：** {}", "__标题__: {}", "*标题*：{}", "- **标题**：{}"),
    *(
        "【标题】{}",
        "【标题】：{}",
        "【 标题 】 {}",
        "**【标题】**{}",
        "**【标题】**：{}",
        "[标题]{}",
        "「标题」{}",
    ),
    *("## 标题\n{}", "##标题\n\n{}", "# 标题：{}", "## **标题**\n{}", "### 标题：\n{}"),
    *('"标题":"{}"', '  "标题": "{}",', '"标题" : "{}" }}', "“标题”：{}"),
    *(
        "\ufeff标题：{}",
        "\u200b标题：{}",
        "　　标题：{}",
        "\t标题：{}",
        "- 标题：{}",
        "* 标题：{}",
        "• 标题：{}",
        "> 标题：{}",
    ),
    *("标 题：{}", "標題：{}", "TITLE: {}", "Ｔｉｔｌｅ：{}", "Head line: {}", "题目：{}", "新闻标题：{}"),
]


@pytest.mark.parametrize("form", LABEL_FORMS)
def test_a_label_is_recognised_in_every_form(form):
    record = read(SEED.replace("标题: 书店试用选书助手", form.format("书店**试用**选书助手")))
    assert (record.title, record.findings) == ("书店**试用**选书助手", [])


@pytest.mark.parametrize("value", ["**书店**", "*书店*", "__书店__", "】书店", "*", "//书店"])
@pytest.mark.parametrize(
    "form", ["标题：{}", "- 标题：{}", "* 标题：{}", "**标题**：{}", "【标题】：{}", "标题:{}"]
)
def test_the_value_keeps_the_marks_it_begins_with(form, value):
    assert read(SEED.replace("标题: 书店试用选书助手", form.format(value))).title == value


@pytest.mark.parametrize(
    "line",
    [
        *(
            "标题党：不可取",
            "1. 标题：甲",
            "“技术：很好”",
            "【来源：示例社】",
            "[原文](https://www.example.com)",
        ),
        *(
            "标题",
            "**标题**",
            "# 标题 甲",
            "https://www.example.com",
            "重大事件总结没有冒号",
            "文中的标题：甲",
        ),
    ],
)
def test_what_only_looks_like_a_label_is_text(line):
    record = read(SEED.replace("找书更快。\n关键词", f"找书更快。\n{line}\n完。\n关键词"))
    assert record.summary == f"一家书店试用助手一个月。读者说找书更快。\n{line}\n完。"
    assert record.findings == []


@pytest.mark.parametrize(
    ("field", "label"),
    [(field, label) for field, written in seeds.labels.LABELS.items() for label in written.split()],
)
def test_every_label_of_the_table_stands_for_its_field(field, label):
    for written in (label, label.upper(), " ".join(label)):
        assert seeds.labels.read(f"{written}：值").field == field


@pytest.mark.parametrize(
    "nothing",
    [
        "",
        " ",
        "无",
        "暂无",
        "N/A",
        "n/a",
        "null",
        "NULL",
        "None",
        "-",
        "—",
        "未提及",
        "未知",
        "不涉及",
        "空",
        "无。",
        "（无）",
    ],
)
def test_a_value_that_says_there_is_none_is_empty(nothing):
    record = read(SEED.replace("零售", nothing))
    assert record.industries == []
    assert codes(record.findings) == ["1 missing-terms", "6 empty-value"][: 1 + bool(nothing.strip())]


@pytest.mark.parametrize(
    "notice",
    [
        *(
            "未经授权不得转载",
            "未经许可，禁止转载、摘编",
            "未经本报许可，任何单位不得使用",
            "转载请注明出处",
            "谢绝转载",
            "禁止转载",
        ),
        *("独家原创稿件", "版权所有，侵权必究", "版权归作者所有", "All Rights Reserved.", "请勿转载"),
    ],
)
def test_a_reprint_notice_is_noticed(notice):
    assert records.reprint_notice(f"{'书店试用助手。' * 50}[示例网]{notice}{'。' * 50}")


@pytest.mark.parametrize(
    "text", ["", "转载自示例社。", "他谈到版权问题。", "未经训练的模型不得分很高。", "独家报道"]
)
def test_what_only_speaks_of_reprints_is_no_notice(text):
    assert not records.reprint_notice(text)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
def test_every_encoding_gives_the_same_record(encoding):
    parsed = seeds.parse(SEED.encode(encoding))
    assert [shown(record) for record in parsed.records] == [shown(read(SEED))]


@pytest.mark.parametrize(
    "separator", ["---", "===", "***", "  -----  ", "==========", "\n---\n", "---\n\n---"]
)
def test_a_line_of_marks_parts_two_records(separator):
    one, two = seeds.parse(f"{SEED}{separator}\n{SEED}".encode()).records
    assert shown(one) == shown(read(SEED))
    assert shown(two) | {"lines": [1, 13]} == shown(one)


def test_many_records_and_large_files_are_read_with_a_warning():
    many = seeds.parse("标题: 甲\n链接: https://www.example.com/\n".encode() * 501)
    assert (len(many.records), codes(many.findings)) == (501, ["1 large-file"])
    large = seeds.parse(f"标题: 甲\n总结: {'长' * 1_700_000}\n".encode())
    assert (len(large.records[0].summary), codes(large.findings)) == (1_700_000, ["1 large-file"])


def test_a_file_over_the_limit_is_not_read(monkeypatch):
    monkeypatch.setattr(seeds, "MAX_BYTES", 100)
    parsed = seeds.parse(SEED.encode())
    assert (codes(parsed.findings), parsed.records) == (["1 too-large"], [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_of_too_many_lines_is_not_read(end, monkeypatch):
    lines = SEED.count("\n")
    content = SEED.replace("\n", end).encode()
    monkeypatch.setattr(seeds, "MAX_LINES", lines)
    assert len(seeds.parse(content).records) == 1
    monkeypatch.setattr(seeds, "MAX_LINES", lines - 1)
    for written in (content, content.removesuffix(end.encode())):
        parsed = seeds.parse(written)
        assert (parsed.findings, parsed.records) == ([seeds.Finding("too-large", 1, f"{lines} lines")], [])


def test_a_file_of_too_many_points_and_terms_is_not_read(monkeypatch):
    content = (SEED * 3).encode()  # six points and terms a record
    monkeypatch.setattr(seeds, "MAX_ITEMS", 18)
    assert len(seeds.parse(content).records) == 3
    monkeypatch.setattr(seeds, "MAX_ITEMS", 17)
    parsed = seeds.parse(content)
    assert (parsed.findings, parsed.records) == ([seeds.Finding("too-large", 1, "18 items")], [])
    assert parsed.text == content.decode()


def test_that_a_file_is_too_large_is_told_in_bytes_or_lines_or_items():
    sizes = ["50,000,001 B", "500,001 lines", "1,000,001 items"]
    with translation.override("en"):
        told = [explained({"code": "too-large", "text": text}) for text in sizes]
    assert [words["text"] for words in told] == [*sizes[:2], "1,000,001 points and terms"]
    for limit in (f"{seeds.MAX_LINES:,} lines", f"{seeds.MAX_ITEMS:,} points and terms"):
        assert limit in told[0]["message"]


def test_lines_that_are_too_many_take_no_memory_each():
    content = (HEAD + "总结: 甲\n" + "\n" * 4 * seeds.MAX_LINES).encode()
    tracemalloc.start()
    try:
        seeds.parse(content)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(content)


@pytest.mark.parametrize(("length", "expected"), [(100_000, []), (200_000, []), (200_001, ["3 long-text"])])
def test_a_very_long_text_is_never_cut(length, expected):
    record = read(SEED.replace("一家书店试用助手一个月。读者说找书更快。", "长" * length))
    assert (len(record.summary), codes(record.findings)) == (length, expected)


@pytest.mark.parametrize(("label", "item"), [("重大事件摘要", "<br>- 甲"), ("关键词", "甲<br>")])
def test_a_list_too_long_to_be_taken_apart_quarantines_the_record(label, item, monkeypatch):
    text = HEAD + f"总结: {'长' * 100}\n{label}: " + item * 10
    assert not read(text).quarantined
    monkeypatch.setattr(records, "MAX_LIST", 10)
    record = read(text)
    assert (record.quarantined, record.points, record.keywords) == (True, [], [])
    assert "4 list-too-long" in codes(record.findings)
    with translation.override("en"):
        told = explained({"code": "list-too-long", "text": ""})
    monkeypatch.undo()
    assert f"{records.MAX_LIST:,} characters" in told["message"]


@pytest.mark.parametrize(
    ("label", "value", "expected", "kept"),
    [
        ("发布日期", "2024-05-06", ("2024-05-06", "given"), {}),
        ("日期", "2024年5月6日", ("2024-05-06", "given"), {}),
        ("时间", "2024/05/06 10:20", ("2024-05-06", "given"), {"时间": "2024/05/06 10:20"}),
        ("发布时间", "2024.5.6", ("2024-05-06", "given"), {}),
        ("发布时间", "2024-13-06", ("", ""), {"发布时间": "2024-13-06"}),
        ("发布时间", "五月", ("", ""), {"发布时间": "五月"}),
    ],
)
def test_a_given_date_is_read_and_what_else_it_says_is_kept(label, value, expected, kept):
    record = read(SEED.replace("总结:", f"{label}: {value}\n总结:"))
    found = record.source_date.isoformat() if record.source_date else ""
    assert ((found, record.source_date_origin), record.extra) == (expected, kept)


def test_an_inferred_date_says_where_it_comes_from():
    from_link = read(SEED.replace("a/1.html", "2024/05/06/1.html"))
    from_text = read(SEED.replace("一家书店", "示例社某地2024年5月6日电 一家书店"))
    assert codes(from_link.findings) == ["2 date-from-link"]
    assert codes(from_text.findings) == ["3 date-from-text"]
    assert from_link.source_date == from_text.source_date
    assert [from_link.source_date_origin, from_text.source_date_origin] == ["url", "text"]


def test_extras_never_overwrite_each_other():
    record = read(
        "标题: 甲\n来源: 一\n来源 (2): 二\n来源: 三\n链接附注: 四\n链接: 五 https://www.example.com/ 六\n总结: 七\n"
    )
    assert record.extra == {"来源": "一", "来源 (2)": "二", "来源 (3)": "三", "链接附注": "四\n五 六"}


def test_text_before_separate_records_stays_with_each():
    parsed = seeds.parse(f"第一篇\n{SEED}---\n---\n第二篇\n{SEED}".encode())
    assert [record.unparsed for record in parsed.records] == ["第一篇", "---\n第二篇"]


def test_findings_can_be_shown_and_stored():
    """No line break and no character that a database or a terminal cannot take."""
    text = "开\x00头\n二\n" + SEED.replace("零售", "零\x00售\n\n1\x1b").replace(
        "关键词", "关\x00键词：\n关键词"
    )
    parsed = seeds.parse((text + "---\n\x00\n").encode())
    findings = [*parsed.findings, *(finding for record in parsed.records for finding in record.findings)]
    assert findings
    assert [finding for finding in findings if not finding.text.isprintable()] == []


def test_every_finding_has_words():
    for code, (severity, message, remedy) in FINDINGS.items():
        assert severity in {"note", "warning", "error"}, code
        assert message, code
        assert remedy or severity == "note", code
    assert all(message and remedy for message, remedy in UNREADABLE.values())


def test_what_is_told_is_asked_only_of_findings_that_are_kept():
    record, asked = seeds.Record(1), []
    for line in range(2 * records.MANY_FINDINGS):
        record.find("unknown-label", line, "责编", lambda name: asked.append(name) or f"{name}？")
    assert len(asked) == records.MANY_FINDINGS - 1
    assert {finding.text for finding in record.findings} == {"责编？", "……"}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("AI技木：推荐算法", "AI技木（AI技术？）"),
        ("行业类别：医疗", "行业类别：医疗"),
        ("乙<br>AI技术：推荐算法", "AI技术：推荐算法"),
    ],
)
def test_a_label_among_terms_is_told_with_the_one_that_may_be_meant(line, shown):
    record = read(f"标题: 甲\n关键词:\n{line}\n")
    assert [finding.text for finding in record.findings if finding.code == "label-among-terms"] == [shown]


def test_parsing_twice_gives_the_same():
    content = (DATA / "worst.txt").read_bytes()
    assert seeds.parse(content) == seeds.parse(content)


# --- size -------------------------------------------------------------------------------------------
# Each of these would take minutes if the time grew with the square of the length. benchmarks/parse_speed.py measures.

HEAD = "标题: 甲\n链接: https://www.example.com/\n"
HUGE = {
    "one line of two megabytes": HEAD + "总结: " + "长" * 700_000,
    "labels": "".join(f"标题: {n}\n链接: {n}\n" + "来源: 甲\n责编: 乙\n" * 9 for n in range(10_000)),
    "one label with ever new values": HEAD + "".join(f"行业: {n}\n" for n in range(50_000)),
    "blank lines": HEAD + "总结: 甲\n" + "\n" * 100_000 + "乙\n",
    "blank lines before extras": HEAD + "总结:\n" + "\n" * 50_000 + "来源: 甲\n李丹：乙\n" * 20_000,
    "separators": HEAD + "总结: 甲\n" + "---\n" * 100_000,
    "signs of tags": HEAD + "总结: " + "<" * 1_000_000,
    "tags never closed": HEAD + "总结: " + "<p " * 100_000 + "<!--" * 100_000 + "<script>" * 50_000,
    "link tags never closed": "链接: " + "<a href=" * 100_000 + "<a " * 100_000,
    "entities": HEAD + "总结: " + "&" * 500_000 + "&amp;" * 100_000 + "&#1" * 100_000,
    "bold marks": HEAD + "重大事件摘要: " + "**" * 1_000_000,
    "bold marks before labels": "**" * 1_000_000 + "\n#" + "**" * 500_000 + "\n" + HEAD,
    "numbers": HEAD + "重大事件摘要: " + "1. " * 300_000,
    "numbered lines": HEAD + "重大事件摘要: " + "1. 甲\n" * 30_000,
    "numbers on one line": HEAD + "重大事件摘要: " + "".join(f"{n % 99}. 甲；" for n in range(100_000)),
    "indented numbers": HEAD + "重大事件摘要: 1. 甲\n" + "   1. 乙\n" * 50_000,
    "addresses": "链接: " + "https://a.b/" * 100_000,
    "addresses apart": "链接: " + "https://a.b/ " * 50_000,
    "brackets around addresses": "链接: " + "(" * 200_000 + "https://a.b/" + ")" * 200_000 + "](" * 100_000,
    "brackets and marks around terms": HEAD + "关键词: " + "甲," * 100_000 + "（" * 100_000 + " #" * 100_000,
    "labels among terms": f"{HEAD}总结: 甲\n关键词:\n" + "\n" * 100_000 + "责编：甲\n" * 50_000,
    "unknown labels": HEAD + "责任编楫: 甲\n" * 100_000,
    "marks behind what may be a label": HEAD + "总结: 甲\n" + f"***a{'_' * 75}#\n" * 20_000,
    "invisible characters before what may be a label": HEAD + "总结: 甲\n" + ("\xad" * 78 + "]\n") * 20_000,
    "texts between labels": ("来源: 甲\n---\n" + "乙" * 100 + "\n") * 100_000,
    "labels inside a text": HEAD + "总结: 甲\n" + "链接: 乙\n总结: 丙\n" * 50_000,
    "sentences for terms": HEAD + "关键词: " + "没有提及，" * 20_000,
    "words of reprint notices": HEAD + "总结: " + "转载" * 300_000 + "未经" * 300_000,
    "json": '"标题": ' + " " * 500_000 + "x" + '", ' * 200_000 + "x\n",
    "joiners": HEAD + "总结: " + "😀\u200d" * 200_000,
    "line ends of every kind": HEAD + "总结: 甲" + "\r\u2028\x0b" * 100_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_the_time_grows_with_the_length_only(name):
    parsed = seeds.parse(HUGE[name].encode())
    assert parsed.records
    assert sum(end - start for start, end, _kind in parsed.spans()) == len(parsed.text)
