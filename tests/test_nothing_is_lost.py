"""Whatever a seed file says is in what is read from it: in random files, and in mutated ones."""

import html
import random
import re
import unicodedata
from collections import Counter

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from articles import labels, points, seeds
from tests.test_seeds import DATA, FIXTURES, SEED

# Written without the parser's own means: spans of text on one side, the fields of the records on the other.

TAGS = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|</?(?:b|br|p|div|i|span)\b[^<>]*>", re.DOTALL)
ENTITIES = re.compile(r"&(?:amp|nbsp|lt|gt|#20013|#x6587);")
LABEL_MARKS = re.compile(r"[\s#>*_•·●\"“”‘’【】\[\]「」:：﹕∶-]")
POINT_MARKS = set("*_#\\：:—–-；;")
NOTHING = {"无", "暂无", "n/a", "na", "null", "none", "-", "—", "——", "未提及", "未知", "不涉及", "空"}
ADDRESS_TAG = re.compile(r"<a\b[^<>]*>")


def visible(text: str) -> str:
    """What a person sees of a text, without the spaces."""
    return "".join(
        char for char in text if unicodedata.category(char)[0] not in "ZC" or char == "\n"
    ).replace("\n", "")


def meant(text: str) -> str:
    """What a value means, cleaned: tags gone, entities decoded once, invisible characters gone (C1, C2, C7, C8)."""
    return visible(ENTITIES.sub(lambda entity: html.unescape(entity[0]), TAGS.sub("", text)))


def check_nothing_is_lost(parsed: seeds.Parsed) -> None:
    spans = list(parsed.spans())
    assert "".join(parsed.text[start:end] for start, end, _kind in spans) == parsed.text
    assert [start for start, _end, _kind in spans[1:]] == [end for _start, end, _kind in spans[:-1]]
    if not parsed.records:
        assert any(finding.severity == "error" for finding in parsed.findings)
        return
    values = [value for record in parsed.records for value in record.values]
    written = [(kind, parsed.text[start:end]) for start, end, kind in spans]
    check_labels([text for kind, text in written if kind == "label"], values)
    assert set("".join(text for kind, text in written if kind == "separator")) <= set("-=* \t\n\u3000\xa0")
    contents = "".join(text for kind, text in written if kind not in {"label", "separator"})
    kept = "".join("".join(value.lines) for value in values)
    kept += "".join(record.unparsed for record in parsed.records)
    assert Counter(visible(contents)) == Counter(visible(kept))
    for record in parsed.records:
        for value in record.values:
            assert has_a_home("\n".join(value.lines), value, record), (value, record)


def check_labels(written: list[str], values: list[seeds.Value]) -> None:
    """A label's span holds the label and marks around it, nothing else."""
    assert len(written) == len(values)
    for text, value in zip(written, values, strict=True):
        assert folded(text) == folded(value.label), (text, value)


def folded(label: str) -> str:
    return unicodedata.normalize("NFKC", visible(LABEL_MARKS.sub("", label))).casefold()


def has_a_home(text: str, value: seeds.Value, record: seeds.Record) -> bool:
    expected = meant(text)
    if value.quoted:
        expected = expected.strip('",;}]')
    if expected.casefold().strip("。（）()") in NOTHING | {""}:
        return True
    fields = [record.title, record.summary, *record.extra.values()]
    if any(expected in visible(field) for field in fields):
        return True
    if record.source_date and value.name in {"extra", "unknown"}:
        return [int(number) for number in re.findall(r"\d+", expected)] == list(
            record.source_date.timetuple()[:3]
        )
    if value.name == "link":
        return is_in_link(expected, record)
    if value.name == "events":
        return is_in_events(expected, record)
    return value.name in labels.TERM_LABELS and is_in_terms(expected, value, record)


def is_in_link(expected: str, record: seeds.Record) -> bool:
    """Every letter and digit of the link is in an address or beside it."""
    letters = alphanumeric(expected)
    parts = map(alphanumeric, [record.url, *record.also_at, *record.extra.get("链接附注", "").split()])
    told = Counter(char for part in parts for char in part * max(1, letters.count(part)))
    return Counter(letters) <= told


def alphanumeric(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def is_in_terms(expected: str, value: seeds.Value, record: seeds.Record) -> bool:
    """What is left when terms and sentences are taken out has no letters but 等."""
    parts = [
        *getattr(record, value.name),
        *record.extra.get(f"{labels.TERM_LABELS[value.name]}附注", "").split("\n"),
        *(finding.text for finding in record.findings if finding.code == "term-repeated"),
    ]
    expected = expected.replace('"', "")
    for part in sorted((visible(part).replace('"', "") for part in parts), key=len, reverse=True):
        expected = expected.replace(part, " ", 1) if part else expected
    return not any(char.isalpha() and char != "等" for char in expected)


def is_in_events(expected: str, record: seeds.Record) -> bool:
    """Intro, points and conclusion follow each other in the text; only marks stand between them."""
    assert visible(record.events_raw) == expected
    parts = [record.intro, points.parse(record.events_raw).boilerplate]
    parts += [part for point in record.points for part in (point.number, point.heading, point.body)]
    left = iter(expected)
    for char in visible("".join([*parts, record.conclusion])):
        for found in left:
            if found == char:
                break
            if found not in POINT_MARKS:
                return False
        else:
            return False
    return set(left) <= POINT_MARKS


WORST = (DATA / "worst.txt").read_text("utf-8")
STOCK = [
    *SEED.split("\n"),
    *(
        "---",
        "===",
        "***",
        "```",
        "{",
        "}",
        "",
        "",
        "　　一段话。",
        "第二段，很短。",
        "李丹：好看吗？",
        "标题党：不好",
        "责编: 小李",
    ),
    *(
        "标题：邮局试用分拣助手",
        "链接：www.example.com/b",
        "【摘要】邮局试用。",
        "**关键词**：#书店 #邮局",
        "行业：无",
        "要点：两条",
    ),
    *(
        "来源: 示例社",
        "发布时间: 2024-05-06",
        "行业类别：物流",
        "关健词：邮局、分拣",
        "网址: [题](https://b.example.com/x)；https://c.example.com/c",
        "原文：见附件",
    ),
    *(
        "3. **以后**：继续。",
        "- 内\n- 外",
        "1. 一；2. 二；3. 三",
        "第一，试用。",
        "① 试用",
        "以下是要点：",
        "总之，值得。",
        "1.5亿元。",
    ),
    *(
        '"标题": "书店",',
        '"标签": ["甲", "乙"],',
        "AI 技术：文章未提及具体技术，本文只谈书店。",
        "关键词：书店、选书（甲、乙）, 2024等。",
    ),
]
SNIPPETS = [
    "<b>",
    "</b>",
    "<br/>",
    '<p class="x">',
    "<script>x = 1</script>",
    "<!-- x -->",
    "<x-y>",
    "3<5",
    "&amp;",
    "&nbsp;",
]
SNIPPETS += [
    "&#20013;",
    "&amp;amp;",
    "&#0;",
    "AT&T",
    "**",
    "__",
    "`",
    "\u200b",
    "\u2060",
    "\ufeff",
    "\x00",
    "\x1b",
    "\u2028",
]
SNIPPETS += [
    "\x0b",
    "\x85",
    "\u202e",
    "😀",
    "𠮷",
    "👨\u200d👩",
    "　",
    "\xa0",
    "：",
    "；",
    "、",
    "“",
    "）",
    "（",
    "1. ",
    "\ufffd",
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5"]


def mutated(rng: random.Random) -> str:
    lines = (SEED * rng.randint(1, 2) + rng.choice(["", "", WORST])).replace("\r", "").split("\n")
    for _time in range(rng.randint(1, 8)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(8):
            case 0:
                del lines[at : at + rng.randint(0, 3)]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = lines[at][: rng.randint(0, len(lines[at]))]
            case 4:
                lines[at] = re.sub(
                    "[:：]", rng.choice(["", "：", " :", "】", "**：", "﹕", "：\n"]), lines[at], count=1
                )
            case 5:
                lines[at] += lines[other]
            case _:
                lines.insert(at, rng.choice(STOCK))
        lines = lines or [""]
    text = "\n".join(lines)
    for _time in range(rng.randint(0, 4)):  # between two Chinese characters: never inside a tag or an entity
        places = [
            match.start() for match in re.finditer("(?<=[\u4e00-\u9fff：。])(?=[\u4e00-\u9fff\n])", text)
        ]
        if places:
            at = rng.choice(places)
            text = text[:at] + rng.choice(SNIPPETS) + text[at:]
    return text


@pytest.mark.parametrize("part", range(4))
def test_nothing_of_a_mutated_seed_is_lost(part):
    rng = random.Random(part)
    for _time in range(400):
        check_nothing_is_lost(seeds.parse(mutated(rng).encode()))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_mutated_seed_in_any_encoding_cut_anywhere_is_read_or_refused(encoding):
    rng = random.Random(encoding)
    for _time in range(150):
        content = mutated(rng).encode(encoding, "ignore")
        whole = seeds.parse(content)
        if whole.text:
            check_nothing_is_lost(whole)
        start, end = sorted(rng.randrange(len(content) + 1) for _side in range(2))
        for damaged in (content[:end], content[:start] + bytes([rng.randrange(256)]) + content[start:]):
            parsed = seeds.parse(damaged)
            assert parsed.records or parsed.findings
            assert "".join(parsed.text[start:end] for start, end, _kind in parsed.spans()) == parsed.text


@pytest.mark.parametrize("name", FIXTURES)
def test_nothing_of_a_fixture_is_lost(name):
    parsed = seeds.parse((DATA / f"{name}.txt").read_bytes())
    if parsed.text and not ADDRESS_TAG.search(parsed.text):
        check_nothing_is_lost(parsed)


def test_nothing_of_the_sample_seeds_is_lost():
    for path in (settings.BASE_DIR / "seeds").glob("*.txt"):
        check_nothing_is_lost(seeds.parse(path.read_bytes()))


thorough = hypothesis(deadline=None, derandomize=True, max_examples=150)
TEXT = st.text(st.characters(exclude_characters="<&", exclude_categories=["Cs"]), max_size=40)
LINES = st.lists(st.one_of(st.sampled_from(STOCK), TEXT), max_size=25)


@thorough
@given(LINES)
def test_nothing_of_any_lines_is_lost(lines):
    check_nothing_is_lost(seeds.parse("\n".join(lines).encode()))


@thorough
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", *(SEED.encode(encoding, "ignore") for encoding in ENCODINGS)]),
)
def test_any_bytes_are_read_or_refused(content, before):
    parsed = seeds.parse(before + content)
    assert parsed.records or parsed.findings
    assert "".join(parsed.text[start:end] for start, end, _kind in parsed.spans()) == parsed.text
