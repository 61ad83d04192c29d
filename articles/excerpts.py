"""Why an article was found: passages around the words, which are marked, as far as rights allow to quote them."""

from collections.abc import Collection, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles import story
from articles.listing import Row, short
from articles.rights import shown
from articles.search import text
from articles.story import Story

LENGTH = 110  # characters of a passage
PASSAGES = 2  # of an article
LOOKED_THROUGH = 20_000  # characters of each text; a word that stands deeper is found, but not quoted


def entries(rows: Collection[Row], words: Collection[str]) -> list[SafeString]:
    """The entries of search hits, in their order. One statement."""
    stories = story.several([row.pk for row in rows])
    return [
        row.html_with(
            marked(short(row.title), words), _excerpt(stories[row.pk], words) if row.pk in stories else None
        )
        for row in rows
    ]


def _excerpt(hit: Story, words: Collection[str]) -> SafeString | None:
    """None where the entry of every list says as much: the words stand in the title or are names of terms."""
    missing = set(words)
    shown = []
    for passage in _passages(hit):
        if cut := text.excerpt(passage[:LOOKED_THROUGH], missing, LENGTH):
            shown.append(cut)
            missing = {word for word in missing if word not in text.normalise(cut)}
        if len(shown) == PASSAGES or not missing:
            break
    if shown:
        lines = ((marked(cut, words),) for cut in shown)
        return format_html_join("", '<p class="brief hit" lang="zh-Hans">{}</p>', lines)
    names = [term.name for term in (*hit.technologies, *hit.industries, *hit.keywords)]
    seen = text.normalise(text.BORDER.join([hit.title, *names]))
    unseen = [word for word in words if word not in seen]
    if unseen and any(word in text.normalise(hit.summary[:LOOKED_THROUGH]) for word in unseen):
        hint = _("The words stand in the full text, which is at the original.")
        return format_html('<p class="brief hint">{}</p>', hint)
    return None


def _passages(hit: Story) -> Iterator[str]:
    """What readers may see of the article, the desk's own words first."""
    seen = shown(hit)
    yield seen.intro
    for point in seen.points:
        yield "：".join(filter(None, [point.heading, point.body]))
    yield seen.conclusion
    yield seen.text


def marked(passage: str, words: Collection[str]) -> SafeString:
    pieces = text.marked(" ".join(passage.split()), words)
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", piece) if hit else piece,) for piece, hit in pieces)
    )
