"""Build the search index anew: `manage.py rebuild_search`. The worker may run, and readers go on with the old one."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles.management.reporting import BUSY, TROUBLE, show_progress
from articles.search import drain, folder
from articles.search.index import Missing, Writer


class Command(BaseCommand):
    help = "Build the search index anew beside the old one, then swap."

    def handle(self, **options: Any) -> None:
        started = time.monotonic()
        try:
            with tqdm(unit=" " + _("articles"), disable=None, leave=False) as bar:
                articles = drain.rebuild(lambda done, of: show_progress(bar, of, done))
            _drain_the_rest()
        except folder.Busy:
            raise CommandError(
                _("The search index is being rebuilt already. Wait until that has ended."), returncode=BUSY
            ) from None
        except (Error, OSError, ValueError, KeyboardInterrupt) as error:
            raise CommandError(
                _("Stopped: %(error)s\nThe old index is still in use. Run the same command again.")
                % {"error": str(error) or "Ctrl-C"},
                returncode=TROUBLE,
            ) from error
        self.stdout.write(
            _("%(articles)s articles, %(seconds).1f s, %(size).1f MB")
            % {"articles": f"{articles:,}", "seconds": time.monotonic() - started, "size": _size() / 1e6}
        )


def _drain_the_rest() -> None:
    """What changed in the meantime; a worker that runs does it."""
    try:
        with Writer() as writer:
            drain.catch_up(writer, set())
    except (folder.Busy, Missing):
        pass


def _size() -> int:
    live = folder.current()
    return sum(path.stat().st_size for path in live.iterdir()) if live else 0
