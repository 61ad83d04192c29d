"""Take back a batch: `manage.py undo_import BATCH`. What the exit codes mean stands in docs/operators.md."""

from django.utils.translation import gettext as _

from articles import undoing
from articles.management.undoing import UndoingCommand


class Command(UndoingCommand):
    help = "Take back what a batch wrote and nobody has touched since. The rest is kept and listed, with the reason."
    work = staticmethod(undoing.undo)

    @property
    def title(self) -> str:
        return _("Undone")

    def lines(self, done: undoing.Done) -> list[str]:
        return [
            _("articles removed: %(number)d") % {"number": done.articles},
            _("articles as they were before: %(number)d") % {"number": done.changes},
            _("terms removed: %(number)d") % {"number": done.terms},
            _("sources removed: %(number)d") % {"number": done.sources},
            _("articles kept: %(number)d") % {"number": len(done.kept)},
        ]
