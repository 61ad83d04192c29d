from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.search.drain import Lag, lag

register = template.Library()


@register.simple_tag
def search_index_state() -> str:
    """One line for the desk: whether search finds what was changed a moment ago."""
    now = lag()
    if now.index == "missing":
        return _("There is no search index: start the worker (manage.py worker), it builds one.")
    if now.index == "rebuilding":
        return _(
            "The search index is being rebuilt. Until then search answers from the old one, if there is one."
        )
    return _waiting(now) if now.waiting else _("The search index is up to date.")


def _waiting(now: Lag) -> str:
    if now.more:
        line = _("More than %(count)d articles wait to be indexed, the first for %(seconds)d s.")
    else:
        line = ngettext(
            "%(count)d article waits to be indexed, for %(seconds)d s.",
            "%(count)d articles wait to be indexed, the first for %(seconds)d s.",
            now.waiting,
        )
    return line % {"count": now.waiting, "seconds": now.oldest}
