"""What the commands `undo_import` and `redo_import` share: the call, the report, the exit codes."""

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles.importer import Busy
from articles.management.reporting import USAGE, speak_plainly
from articles.models import ImportBatch
from articles.undoing import Done, Refused

CARE, TROUBLE, BUSY = 1, 3, 4
MAX_ID = 2**63


class UndoingCommand(BaseCommand):
    """Exit codes as of `import_seeds`: 1 if something was kept."""

    work: Callable[..., Done]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", type=int, metavar="BATCH")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, tell what would happen")

    def handle(self, *, batch: int, dry_run: bool, **options: Any) -> None:
        speak_plainly(self.stdout)
        done = self._done(found(batch), dry_run)
        for kept in done.kept:
            self.stdout.write(self.style.WARNING(f"#{kept.article} {kept.title}: {kept.reason}"))
        self.stdout.write(
            self.style.MIGRATE_HEADING(_("Dry run: nothing was written") if dry_run else self.title)
        )
        for line in self.lines(done):
            self.stdout.write(f"  {line}")
        if done.kept:
            raise SystemExit(CARE)

    def _done(self, batch: ImportBatch, dry_run: bool) -> Done:
        try:
            with tqdm(unit=" " + _("articles"), disable=None, leave=False) as bar:
                return type(self).work(batch, dry_run=dry_run, progress=partial(_show_progress, bar))
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=USAGE) from None
        except Busy:
            raise CommandError(_("An import is running. Wait until it has ended."), returncode=BUSY) from None
        except (Error, OSError, KeyboardInterrupt) as error:
            raise CommandError(
                _("Stopped: %(error)s\nNothing is half-written. Run the same command again to go on.")
                % {"error": str(error) or "Ctrl-C"},
                returncode=TROUBLE,
            ) from error

    def lines(self, done: Done) -> list[str]:
        raise NotImplementedError


def found(number: int) -> ImportBatch:
    """The batch of this number. Raises CommandError."""
    batch = ImportBatch.objects.filter(pk=number).first() if 0 < number < MAX_ID else None
    if batch is None:
        raise CommandError(_("There is no batch #%(number)d.") % {"number": number}, returncode=USAGE)
    return batch


def _show_progress(bar: tqdm, total: int, done: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
