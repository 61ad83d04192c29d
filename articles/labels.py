"""The labels of a seed: one table, and how one is recognised at the beginning of a line. Pure; section 3 of the format."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from taxonomy import names

LABELS = {
    "title": "标题 题目 题名 文章标题 新闻标题 原标题 title headline",
    "link": "链接 原文链接 文章链接 新闻链接 来源链接 网址 地址 原文 url link sourceurl",
    "summary": "总结 摘要 内容摘要 正文 内容 全文 文章内容 原文内容 概要 summary content text",
    "keywords": "关键词 关键字 关键词语 标签 主题词 keywords tags",
    "technologies": "AI技术 人工智能技术 AI相关技术 涉及技术 涉及的AI技术 相关技术 技术 aitechnologies technology",
    "industries": "行业 所属行业 涉及行业 相关行业 应用行业 产业 领域 应用领域 industry industries",
    "events": "重大事件摘要 重大事件 重大事件总结 事件摘要 事件总结 重要事件 大事摘要 要点 关键事件 majorevents eventsummary",
    "extra": "来源 媒体 出处 作者 记者 编辑 日期 时间 发布时间 发布日期 抓取时间 图片 语言 id 编号"
    " 链接附注 关键词附注 AI技术附注 行业附注 标签外文字",
}
TERM_LABELS = {"keywords": "关键词", "technologies": "AI技术", "industries": "行业"}
DATE_LABELS = ("发布日期", "发布时间", "日期", "时间")

_EXACT = {label: (name, label) for name, labels in LABELS.items() for label in labels.split()}
_FOLDED = {names.key(label): found for label, found in _EXACT.items()}
_LONGEST = 14  # characters of a known label
_SHORT = re.compile(r"[^\W\d_][\w /（）()]{0,11}")
_TELLING = 3  # characters of a known label: of fewer, a name that differs in one is mostly another word
_BRACKETS = ("【", "[", "「")
_REACH = 80  # characters of a line within which its label must end

_UNSEEN = r"\s\u200b-\u200f\u2060\ufeff\xad"
_COLONS = ":：﹕∶"
_SIGN = re.compile("[:：﹕∶】\\]」#]")
_LABEL = re.compile(
    rf"""
    (?P<lead>[{_UNSEEN}>\#*•·●_-]*?)
    (?P<bold>(?:\*{{1,3}}|_{{1,2}})(?!\s))?
    (?P<open>[【\[「"“‘])?
    [{_UNSEEN}]*+
    (?P<name>[^{_UNSEEN}:：﹕∶【】\[\]「」"“”‘’*\#>•●_\d-][^\n:：﹕∶【】\[\]「」"“”‘’*]{{0,29}}?)
    [{_UNSEEN}]*+
    (?P<shut>(?(bold)[*_]*+)(?(open)[】\]」"”’])(?(bold)[*_]*+))
    [{_UNSEEN}]*+
    (?:(?P<colon>[:：﹕∶])|(?P<end>$)|(?(open)(?!\()|(?!)))  # no [原文](https://…)
    """,
    re.VERBOSE,
)


class Label(NamedTuple):
    field: str  # a key of LABELS; empty if the label is none that is known
    name: str  # as written; one of "extra" as in the table
    column: int  # where the value begins
    quoted: bool  # "标题": "…", as in JSON


def read(line: str) -> Label | None:
    """The label that the line begins with, known or not."""
    sign = _SIGN.search(line, 0, _REACH)
    if not sign:
        return None
    if sign[0] in _COLONS and (found := _EXACT.get(line[: sign.start()])):  # nearly every label is so plain
        return Label(found[0], found[1], sign.end(), False)
    match = _LABEL.match(line[:_REACH])
    if not match:
        return None
    name, opening = match["name"], match["open"] or ""
    field, usual = _EXACT.get(name) or _folded(name)
    if match["colon"]:
        told = field or not line.startswith("//", match.end())  # https://…
    elif match["end"] is not None:
        told = field and (opening in _BRACKETS or "#" in match["lead"]) and len(line) <= _REACH
    else:
        told = field and opening in _BRACKETS
    if not told:
        return None
    column = match.end()
    if match["bold"] and match["bold"] not in match["shut"] and line.startswith(match["bold"], column):
        column += len(match["bold"])  # **标题：** …
    return Label(field, usual if field == "extra" else name, column, opening == '"')


def is_short(name: str) -> bool:
    """Whether an unknown label is short enough to have been meant as one."""
    return bool(_SHORT.fullmatch(name))


def with_likely(name: str) -> str:
    """The unknown label, and in brackets the known one from which one character parts it."""
    likely = next((_NEARLY[form] for form in _one_open(names.key(name)) if form in _NEARLY), "")
    return f"{name}（{likely}？）" if likely else name


def _one_open(key: str) -> Iterator[str]:
    """The key with one character left open, or one more. Two keys that share a form are one character apart."""
    for i in range(len(key) + 1):
        yield f"{key[:i]}\0{key[i + 1 :]}"
        yield f"{key[:i]}\0{key[i:]}"


# Of two labels that share a form, the first of the table.
_NEARLY = {
    form: label
    for key, (_field, label) in reversed(_FOLDED.items())
    if len(key) >= _TELLING
    for form in _one_open(key)
}


def _folded(name: str) -> tuple[str, str]:
    """As the table says, whatever the case, the width, the spaces and the script."""
    if len("".join(name.split())) > _LONGEST:
        return "", name
    return _FOLDED.get(names.key(name), ("", name))
