"""Import seed files: `manage.py import_seeds PATH…`. What the exit codes mean stands in docs/operators.md."""

import time
import unicodedata
from argparse import ArgumentParser
from collections import Counter
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles import deliveries, importer, revisions, workflow
from articles.findings import ERROR, NOTE, WARNING
from articles.management import reporting
from articles.management.reporting import BUSY, CARE, USAGE, Report
from articles.models import ImportBatch, Outcome

# Records with an error come last; what the desk has left out is not told again.
TOLD_APART = {Outcome.QUARANTINED, Outcome.LEFT_OUT}
BAR = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


class Command(BaseCommand):
    help = "Import seed files (files, folders, .zip) as articles. Running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, tell what would happen")
        parser.add_argument("--publish", action="store_true", help="publish what comes in without a warning")
        parser.add_argument(
            "--settled",
            type=int,
            default=0,
            metavar="SECONDS",
            help="leave files alone that were changed within so many seconds: somebody may still be writing them",
        )
        parser.add_argument(
            "--scheduled",
            action="store_true",
            help="this is the run that is expected at its hour: for the command line of a timer, not for trials by hand",
        )
        parser.add_argument("--report", metavar="FILE", help="write every record's outcome as JSON Lines")
        parser.add_argument(
            "--jobs", type=int, metavar="N", help="processes that parse (default: as many as help)"
        )

    def handle(
        self, *, paths: list[str], dry_run: bool, publish: bool, report: str | None, **options: Any
    ) -> None:
        self.started = time.monotonic()
        self.severities: Counter[str] = Counter()
        note = _("published on import")
        with reporting.printed(self.stdout) as self.lines, ExitStack() as stack:
            report_file = stack.enter_context(reporting.written(report, paths))
            bar = stack.enter_context(tqdm(total=1, bar_format=BAR, smoothing=0, disable=None, leave=False))
            tell = partial(self._tell, bar, report_file, dry_run)
            batch = self._import(
                paths,
                publish=partial(workflow.publish_untouched, note=note) if publish else None,
                dry_run=dry_run,
                jobs=options["jobs"],
                settled=max(0, options["settled"]),
                scheduled=options["scheduled"],
                progress=partial(_show_progress, bar),
                report=tell,
            )
            if not dry_run:
                with _trouble_of_telling(batch):
                    tell(batch)
        # Whatever is printed, the report file is whole.
        with reporting.trouble() if dry_run else _trouble_of_telling(batch):
            self.lines.check()
        if _needs_care(batch):
            raise SystemExit(CARE)

    def _import(self, paths: list[str], **options: Any) -> ImportBatch:
        """Run the import; what stops it becomes a message and an exit code."""
        try:
            with reporting.trouble():
                return importer.run(paths, **options)
        except importer.NothingToRead as nothing:
            self._print_skipped(nothing.skipped)
            raise CommandError(
                _("There is no seed file to read under these paths."), returncode=USAGE
            ) from None
        except importer.Busy:
            raise CommandError(
                _("Another import is running. Wait until it has ended."), returncode=BUSY
            ) from None

    def _tell(self, bar: tqdm, file: Report | None, dry_run: bool, batch: ImportBatch) -> None:
        """What was found, then the numbers: of a dry run, while its rows exist."""
        bar.close()
        self._report(file, batch)
        self._print_table(batch, dry_run)
        self.lines.flush()

    def _report(self, file: Report | None, batch: ImportBatch) -> None:
        """Every finding as one line, errors last, and every record to the report file."""
        self._print_skipped([item for item in batch.skipped if not reporting.is_trouble(item["code"])])
        for record in deliveries.records(batch):
            if self.lines.error and not file:
                return  # nobody reads on
            if record["outcome"] not in TOLD_APART:
                self._print_record(record)
            if file:
                reporting.write_json(file, record)
        for record in deliveries.records(batch, outcome=Outcome.QUARANTINED):
            self._print_record(record)
        self._print_skipped([item for item in batch.skipped if reporting.is_trouble(item["code"])])
        for item in batch.skipped if file else ():
            reporting.write_skipped(file, item)

    def _print_record(self, record: dict[str, Any]) -> None:
        conflicts = [_conflict(record)] if record["conflicts"] else []
        for finding in record["findings"] + conflicts:
            self.severities[finding["severity"]] += 1
            self.lines.write(reporting.finding_line(record["file"], finding, self.style))

    def _print_skipped(self, skipped: list[dict[str, Any]]) -> None:
        for item in skipped:
            self.severities[reporting.severity(item["code"])] += 1
            self.lines.write(reporting.skipped_line(item, self.style))

    def _print_table(self, batch: ImportBatch, dry_run: bool) -> None:
        rows = [(str(Outcome(outcome).label), count) for outcome, count in batch.counts.items()]
        rows.append((_("records in all"), sum(batch.counts.values())))
        rows.append((_("files left out"), len(batch.skipped)))
        wide = max(_width(label) for label, _count in rows)
        title = _("Dry run: nothing was written") if dry_run else str(batch)
        seconds = time.monotonic() - self.started
        self.lines.write("\n" + self.style.MIGRATE_HEADING(f"{title} · {seconds:.1f} s"))
        for label, count in rows:
            self.lines.write(f"  {label}{' ' * (wide - _width(label))}  {count:>9,}")
        self.lines.write(self._findings_told())
        if not dry_run:
            self.lines.write(_("On the desk: %(page)s") % {"page": _page(batch)})

    def _findings_told(self) -> str:
        return _("Errors: %(errors)d, warnings: %(warnings)d, notes: %(notes)d") % {
            "errors": self.severities[ERROR],
            "warnings": self.severities[WARNING],
            "notes": self.severities[NOTE],
        }


def _show_progress(bar: tqdm, files: int, files_read: int, records: int, share: float) -> None:
    """What is in, by bytes: a file may hold one record or all of them."""
    rate = records / max(bar.format_dict["elapsed"], 0.1)
    told = {"read": files_read, "files": files, "records": records, "rate": rate}
    text = _("%(read)d of %(files)d files read, %(records)d records, %(rate)d a second") % told
    bar.set_postfix_str(text, refresh=False)
    bar.update(share - bar.n)


def _conflict(record: dict[str, Any]) -> dict[str, Any]:
    """That a person must decide, as a finding."""
    page = reverse("admin:articles_article_conflicts", args=[record["article"]])
    return {
        "code": "conflict",
        "severity": WARNING,
        "line": record["first_line"],
        "text": "、".join(map(revisions.label, record["conflicts"])),
        "message": _("The desk and the seed have both changed:"),
        "remedy": _("Compare them and decide: %(page)s") % {"page": page},
    }


def _page(batch: ImportBatch) -> str:
    return reverse("admin:articles_importbatch_change", args=[batch.pk])


def _trouble_of_telling(batch: ImportBatch) -> AbstractContextManager[None]:
    """What goes wrong once the import has ended does not stop it."""
    text = _(
        "Not all of the output is here: %(error)s\n"
        "Batch #%(number)d is in. What it found is on the desk: %(page)s"
    )
    return reporting.trouble(text, number=batch.pk, page=_page(batch))


def _needs_care(batch: ImportBatch) -> bool:
    """Whether a person must look at something: records, or files that could not be read."""
    broken = any(reporting.is_trouble(item["code"]) for item in batch.skipped)
    return batch.needs_care > 0 or broken


def _width(text: str) -> int:
    """Columns that the text takes on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
