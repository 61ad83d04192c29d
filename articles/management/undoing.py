"""What the commands `undo_import` and `redo_import` share: the call, the report, the exit codes."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles import undoing
from articles.importer import Busy
from articles.management.reporting import BUSY, CARE, Lines, batch_numbered, printed, show_progress, trouble
from articles.models import ImportBatch


class UndoingCommand(BaseCommand):
    """Exit codes as of `import_seeds`: 1 if something was kept."""

    work: Callable[..., undoing.Done]
    back: bool
    title: Any
    lines: Mapping[str, Any]  # what was done: its name, and how that is told

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", type=int, metavar="BATCH")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, tell what would happen")

    def handle(self, *, batch: int, dry_run: bool, **options: Any) -> None:
        with trouble():
            done = self._done(batch_numbered(batch), dry_run)
        with trouble(_("Not all of the output is here: %(error)s")):
            with printed(self.stdout) as lines:
                self._tell(done, dry_run, lines)
            lines.check()
        if done.left:
            raise SystemExit(CARE)

    def _tell(self, done: undoing.Foreseen, dry_run: bool, lines: Lines) -> None:
        for kept in done.kept:
            lines.write(self.style.WARNING(f"#{kept.article} {kept.title}: {kept.reason}"))
        title = _("Dry run: nothing was written") if dry_run else str(self.title)
        lines.write(self.style.MIGRATE_HEADING(title))
        for name, line in self.lines.items():
            if hasattr(done, name):  # of terms and sources nothing is foreseen
                lines.write(f"  {line % {'number': getattr(done, name)}}")

    def _done(self, batch: ImportBatch, dry_run: bool) -> undoing.Foreseen:
        with tqdm(unit=" " + _("articles"), disable=None, leave=False) as bar:
            progress = partial(_show_progress, bar)
            if dry_run:
                return undoing.foresee(batch, back=self.back, progress=progress)
            try:
                return type(self).work(batch, progress=progress)
            except Busy:
                text = _("An import is running. Wait until it has ended.")
                raise CommandError(text, returncode=BUSY) from None


def _show_progress(bar: tqdm, total: int, looked: int, _done: undoing.Foreseen) -> None:
    show_progress(bar, total, looked)
