"""An article locked in the version that a person has seen: nobody's work is overwritten unseen."""

from django.utils.translation import gettext as _

from articles.models import Article
from newsroom.refusal import Refused


class Stale(Refused):
    """Somebody has changed the article since it was read."""

    def __init__(self) -> None:
        super().__init__(_("Somebody has changed this article since you opened it. Look at it again first."))


def locked(seen: Article) -> Article:
    """The row as it is stored, for the rest of the transaction. Raises Stale."""
    current = Article.objects.select_for_update().get(pk=seen.pk)
    if current.version != seen.version:
        raise Stale
    return current
