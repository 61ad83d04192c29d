"""Bring back what `undo_import` took away: `manage.py redo_import BATCH`."""

from django.utils.translation import gettext as _

from articles import undoing
from articles.management.undoing import UndoingCommand


class Command(UndoingCommand):
    help = "Bring back what undo_import took away, where nothing has come in its place."
    work = staticmethod(undoing.redo)

    @property
    def title(self) -> str:
        return _("Brought back")

    def lines(self, done: undoing.Done) -> list[str]:
        return [
            _("articles there again: %(number)d") % {"number": done.articles},
            _("articles changed again: %(number)d") % {"number": done.changes},
            _("terms there again: %(number)d") % {"number": done.terms},
            _("sources there again: %(number)d") % {"number": done.sources},
            _("articles not brought back: %(number)d") % {"number": len(done.kept)},
        ]
