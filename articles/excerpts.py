"""Why an article was found: passages around the words, which are marked, as far as rights allow to quote them."""

from collections.abc import Collection, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.listing import Row, short
from articles.models import Article
from articles.rights import searchable
from articles.search import text

LENGTH = 110  # characters of a passage
PASSAGES = 2  # of an article


def found(rows: Collection[Row], words: Collection[str]) -> list[SafeString]:
    """The entries of search hits, in their order. Two statements."""
    articles = Article.objects.published().filter(pk__in=[row.pk for row in rows])
    articles = articles.select_related("source", "event_summary").prefetch_related("points")
    articles = articles.defer("base", "extra", "event_summary__raw").in_bulk()
    return [
        row.html_with(
            marked(short(row.title), words),
            _excerpt(articles[row.pk], row, words) if row.pk in articles else None,
        )
        for row in rows
    ]


def _excerpt(article: Article, row: Row, words: Collection[str]) -> SafeString | None:
    """None where the entry of every list says as much: the words stand in the title or are names of terms."""
    missing = set(words)
    shown = []
    for passage in _passages(article):
        if cut := text.excerpt(passage, missing, LENGTH):
            shown.append(cut)
            missing = {word for word in missing if word not in text.normalise(cut)}
        if len(shown) == PASSAGES or not missing:
            break
    if shown:
        lines = ((marked(cut, words),) for cut in shown)
        return format_html_join("", '<p class="brief hit" lang="zh-Hans">{}</p>', lines)
    seen = text.normalise(text.BORDER.join([row.title, *(name for _vocabulary, _pk, name, _slug in row.terms)]))
    if any(word not in seen and word in text.normalise(article.summary) for word in words):
        hint = _("The words stand in the full text, which is at the original.")
        return format_html('<p class="brief hint">{}</p>', hint)
    return None


def _passages(article: Article) -> Iterator[str]:
    """What of the article may be quoted, the desk's own words first."""
    summary = getattr(article, "event_summary", None)
    if summary:
        yield summary.intro
    for point in article.points.all():
        yield (
            f"{point.heading}：{point.body}" if point.heading and point.body else point.heading or point.body
        )
    if summary:
        yield summary.conclusion
    yield searchable(article)


def marked(passage: str, words: Collection[str]) -> SafeString:
    pieces = text.marked(" ".join(passage.split()), words)
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", piece) if hit else piece,) for piece, hit in pieces)
    )
