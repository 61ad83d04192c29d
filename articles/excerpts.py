"""Why an article was found: passages around the words, which are marked, as far as rights allow to quote them."""

from collections.abc import Collection, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.models import Article
from articles.rights import searchable
from articles.search import text

LENGTH = 110  # characters of a passage
PASSAGES = 2  # of an article


def excerpts(ids: Collection[int], words: Collection[str]) -> dict[int, SafeString]:
    """HTML for each of the public articles in which a passage can be shown. Two statements."""
    articles = Article.objects.published().filter(pk__in=ids).defer("base", "extra", "event_summary__raw")
    articles = articles.select_related("source", "event_summary").prefetch_related("points")
    found = ((article.pk, _excerpt(article, words)) for article in articles)
    return {pk: html for pk, html in found if html}


def _excerpt(article: Article, words: Collection[str]) -> SafeString | None:
    """None where the brief of the list says as much: the words stand in the title or are names of terms."""
    missing = set(words)
    shown = []
    for passage in _passages(article):
        if cut := text.excerpt(passage, missing, LENGTH):
            shown.append(cut)
            missing = {word for word in missing if word not in text.normalise(cut)}
        if len(shown) == PASSAGES or not missing:
            break
    if shown:
        return format_html_join(
            "", '<p class="brief hit" lang="zh-Hans">{}</p>', ((_marked(cut, words),) for cut in shown)
        )
    if any(word in text.normalise(article.summary) for word in words):
        return format_html(
            '<p class="brief hint">{}</p>', _("The words stand in the full text, which is at the original.")
        )
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


def _marked(passage: str, words: Collection[str]) -> SafeString:
    pieces = text.marked(" ".join(passage.split()), words)
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", piece) if hit else piece,) for piece, hit in pieces)
    )
