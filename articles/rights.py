"""What of an article may leave the server. Every page, feed and export for the public asks here."""

import re
from dataclasses import dataclass

from articles.models import MAX_EXCERPT, OPENING, Article, Reuse
from articles.records import reprint_notice

_SENTENCE_END = re.compile(r"[。！？!?…]+[”’」』）)]*")


@dataclass(frozen=True, slots=True)
class Shown:
    """What readers get: the level that applies, and the text at that level (empty for link only)."""

    level: Reuse
    text: str


def shown(article: Article, *, brief: bool = False) -> Shown:
    """What of the article's text may be shown; `brief`, for lists and descriptions, never more than an excerpt.

    The editor's decision counts first; without one the source's policy, lowered to an excerpt where the text
    carries a reprint notice. An article from `ArticleQuerySet.for_lists()` must be asked `brief`.
    """
    level = Reuse(article.reuse or (article.source.reuse if article.source else Reuse.EXCERPT))
    if level == Reuse.LINK:
        return Shown(level, "")
    if brief:
        opening = article.opening if hasattr(article, "opening") else article.summary[:OPENING]
        return Shown(Reuse.EXCERPT, article.excerpt or cut(opening))
    if level == Reuse.FULL and not article.reuse and reprint_notice(article.summary):
        level = Reuse.EXCERPT
    if level == Reuse.FULL:
        return Shown(level, article.summary)
    return Shown(Reuse.EXCERPT, article.excerpt or cut(article.summary[:OPENING]))


def cut(text: str, limit: int = MAX_EXCERPT) -> str:
    """The whole sentences at the start of the text that fit the limit; else its first characters and `……`."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit) if match.end() <= limit]
    return text[: ends[-1]] if ends else text[: limit - 2] + "……"
