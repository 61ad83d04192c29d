"""Bring back what `undo_import` took away: `manage.py redo_import BATCH`."""

from django.utils.translation import gettext_lazy as _

from articles import undoing
from articles.management.undoing import UndoingCommand


class Command(UndoingCommand):
    help = "Bring back what undo_import took away, where nothing has come in its place."
    work = staticmethod(undoing.redo)
    back = True
    title = _("Brought back")
    lines = {
        "articles": _("articles there again: %(number)d"),
        "changes": _("articles changed again: %(number)d"),
        "terms": _("terms there again: %(number)d"),
        "sources": _("sources there again: %(number)d"),
        "left": _("articles not brought back: %(number)d"),
    }
