"""What the desk can learn from a save: which term a person gave in place of which."""

from collections.abc import Sequence

from articles.models import TERM_FIELDS, Article
from articles.revisions import Snapshot
from taxonomy import learning

MAX_AT_ONCE = 10  # terms replaced in one save; more are not corrections of spellings


def learn(article: Article, before: Snapshot, after: Snapshot) -> None:
    """Tell of each term that a person put in another one's place. Only what can mean nothing else is told."""
    for field, link in TERM_FIELDS.items():
        removed, added = replaced(before.get(field) or (), after.get(field) or ())
        if 0 < len(removed) <= MAX_AT_ONCE:
            subject = f"{article._meta.label_lower}:{article.pk}"
            learning.observe(link.tag_model().vocabulary, removed, added, subject=subject)


def replaced(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names that went, and for each the one that came in its place; none of both if that is a guess."""
    removed = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    if len(removed) == len(added) == 1:
        return removed, added
    pairs = [pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]]
    if len(before) == len(after) and [list(names) for names in zip(*pairs, strict=True)] == [removed, added]:
        return removed, added
    return [], []
