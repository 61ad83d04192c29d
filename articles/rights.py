"""What of an article may leave the server. Every page, feed and export for the public asks here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from articles.models import MAX_EXCERPT, OPENING, Article, Reuse
from articles.records import reprint_notice

_SENTENCE_END = re.compile(r"[。！？!?…]+[”’」』）)]*")


class Point(NamedTuple):
    position: int
    heading: str
    body: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What readers get: the level that applies, and the text at that level (empty for link only).

    For an article's own page also what could repeat the text: title and event summary. In brief these are
    empty: a list cuts each of them to an excerpt or less.
    """

    level: Reuse
    text: str
    title: str = ""
    intro: str = ""
    points: Sequence[Point] = ()
    conclusion: str = ""


def shown(article: Article, *, brief: bool = False) -> Shown:
    """What of the article may be shown; `brief`, for lists and descriptions, never more than an excerpt.

    The editor's decision counts first; without one the source's policy, lowered to an excerpt where the text
    carries a reprint notice. What is only an article's opening must be asked `brief`.
    """
    applies = level(article, brief)
    text = _text(article, applies)
    if brief:
        return Shown(applies, text)
    protected = "" if applies == Reuse.FULL else _squeezed(article.summary)
    summary = getattr(article, "event_summary", None)
    return Shown(
        applies,
        text,
        title=_quoting_briefly(article.title, protected),
        intro=_quoting_briefly(summary.intro, protected) if summary else "",
        points=[
            Point(
                point.position,
                _quoting_briefly(point.heading, protected),
                _quoting_briefly(point.body, protected),
            )
            for point in article.points.all()
        ],
        conclusion=_quoting_briefly(summary.conclusion, protected) if summary else "",
    )


def level(article: Article, brief: bool = False) -> Reuse:
    """How much of the text readers get."""
    wanted = Reuse(article.reuse or (article.source.reuse if article.source else Reuse.EXCERPT))
    if wanted == Reuse.FULL and (brief or (not article.reuse and reprint_notice(article.summary))):
        return Reuse.EXCERPT
    return wanted


def _text(article: Article, level: Reuse) -> str:
    if level == Reuse.LINK:
        return ""
    if level == Reuse.FULL:
        return article.summary
    opening = article.opening if hasattr(article, "opening") else article.summary[:OPENING]
    return article.excerpt or cut(opening)


def _quoting_briefly(passage: str, protected: str) -> str:
    """The passage; if it repeats more of the protected text than an excerpt, only so much of its beginning."""
    if not _quotes_at_length(_squeezed(passage), protected):
        return passage
    return cut(passage, MAX_EXCERPT - 2).removesuffix("……") + "……"


def repeats(passage: str, text: str) -> bool:
    """Whether the passage repeats more of the text than an excerpt."""
    return _quotes_at_length(_squeezed(passage), _squeezed(text))


def _quotes_at_length(passage: str, protected: str) -> bool:
    """Whether the two, both squeezed, share a run of more than MAX_EXCERPT characters.

    Wherever in the passage such a run begins, it holds a whole one of the blocks that the passage falls into:
    only where a block is found, the runs around it are looked up.
    """
    run, block = MAX_EXCERPT + 1, MAX_EXCERPT // 2
    last = len(passage) - run
    return any(
        passage[begin : begin + block] in protected
        and any(
            passage[start : start + run] in protected
            for start in range(max(0, begin + block - run), min(begin, last) + 1)
        )
        for begin in range(0, len(passage) - block + 1, block)
    )


def _squeezed(text: str) -> str:
    return "".join(text.split())


def cut(text: str, limit: int = MAX_EXCERPT) -> str:
    """The whole sentences at the start of the text that fit the limit; else its first characters and `……`."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit) if match.end() <= limit]
    return text[: ends[-1]] if ends else text[: limit - 2] + "……"
