"""Take back a batch: `manage.py undo_import BATCH`. What the exit codes mean stands in docs/operators.md."""

from django.utils.translation import gettext_lazy as _

from articles import undoing
from articles.management.undoing import UndoingCommand


class Command(UndoingCommand):
    help = "Take back what a batch wrote and nobody has touched since. The rest is kept and listed, with the reason."
    work = staticmethod(undoing.undo)
    back = False
    title = _("Undone")
    lines = {
        "articles": _("articles removed: %(number)d"),
        "changes": _("articles as they were before: %(number)d"),
        "terms": _("terms removed: %(number)d"),
        "sources": _("sources removed: %(number)d"),
        "left": _("articles kept: %(number)d"),
    }
