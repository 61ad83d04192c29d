"""Look at seed files without importing them: `manage.py check_seeds PATH…`. Needs no database.

Ends with 0 if nothing is above a note, 1 for warnings and errors, 2 for a wrong call or nothing to read, 3 for
trouble of the disk.
"""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from articles import seeds
from articles.files import WHY, FoundFile, SkippedFile, list_files
from articles.findings import ERROR, NOTE, WARNING
from articles.management import reporting
from articles.management.reporting import CARE
from articles.wording import explained


class Command(BaseCommand):
    help = "Look at seed files (files, folders, .zip) and tell what is found. Nothing is written, no database is needed."
    requires_system_checks: list[str] = []  # some of them ask the database for its version

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--report", metavar="FILE", help="write every finding as JSON Lines")

    def handle(self, *, paths: list[str], report: str | None, **options: Any) -> None:
        counts: Counter[str] = Counter()
        with reporting.trouble(_("Stopped: %(error)s")):
            with reporting.printed(self.stdout) as self.lines:
                self._check_all(paths, report, counts)
            self.lines.check()
        if counts[ERROR] or counts[WARNING]:
            raise SystemExit(CARE)

    def _check_all(self, paths: list[str], report: str | None, counts: Counter[str]) -> None:
        found, skipped = list_files(paths)
        with ExitStack() as stack:
            file = stack.enter_context(reporting.written(report, paths))
            for item in skipped:
                self._tell_skipped(item, file, counts)
            for seed_file in found:
                self._check(seed_file, file, counts)
        if not counts["files"]:
            raise CommandError(
                _("There is no seed file to read under these paths."), returncode=reporting.USAGE
            )
        self._tell_counts(counts)

    def _check(self, seed_file: FoundFile, file: reporting.Report | None, counts: Counter[str]) -> None:
        try:
            content = seed_file.read()
        except OSError as error:
            why = f"{WHY['unreadable']} {error.strerror or error}"
            self._tell_skipped(SkippedFile(seed_file.name, "unreadable", why), file, counts)
            return
        parsed = seeds.parse(content)
        counts["files"] += 1
        counts["records"] += len(parsed.records)
        for finding in _findings(parsed):
            words = explained(asdict(finding))
            counts[finding.severity] += 1
            self.lines.write(reporting.finding_line(seed_file.name, words, self.style))
            if file:
                reporting.write_json(file, {"file": seed_file.name, **words})

    def _tell_skipped(self, item: SkippedFile, file: reporting.Report | None, counts: Counter[str]) -> None:
        counts[reporting.severity(item.code)] += 1
        self.lines.write(reporting.skipped_line(asdict(item), self.style))
        if file:
            reporting.write_skipped(file, asdict(item))

    def _tell_counts(self, counts: Counter[str]) -> None:
        self.lines.write(
            _(
                "Files: %(files)d, records: %(records)d, errors: %(errors)d, warnings: %(warnings)d, notes: %(notes)d"
            )
            % {
                "files": counts["files"],
                "records": counts["records"],
                "errors": counts[ERROR],
                "warnings": counts[WARNING],
                "notes": counts[NOTE],
            }
        )


def _findings(parsed: seeds.Parsed) -> Iterator[seeds.Finding]:
    yield from parsed.findings
    for record in parsed.records:
        yield from record.findings
