"""Bring a vocabulary from a table: `manage.py import_terms technology FILE [--dry-run]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from taxonomy.models import VOCABULARIES
from taxonomy.vocabulary_csv import Unreadable, apply, decoded, parse
from taxonomy.vocabulary_plan import Plan, Row

CARE, USAGE = 1, 2


class Command(BaseCommand):
    help = "Bring terms from a CSV table as export_terms writes it. Exit code 1: some rows were left out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("vocabulary", choices=list(VOCABULARIES))
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="write nothing, tell what would happen")

    def handle(self, *, vocabulary: str, file: Path, dry_run: bool, **options: Any) -> None:
        model = VOCABULARIES[vocabulary]
        try:
            records = parse(decoded(file.read_bytes()))
        except (OSError, Unreadable) as error:
            raise CommandError(str(error), returncode=USAGE) from error
        plan = Plan(model, records) if dry_run else apply(model, records, by=None)
        for row in plan.rows:
            if row.verdict != "unchanged":
                self.stdout.write(_line(row))
        counts = plan.counts
        self.stdout.write(", ".join(f"{verdict}: {number}" for verdict, number in counts.items()))
        if counts["clash"] + counts["impossible"]:
            raise SystemExit(CARE)


def _line(row: Row) -> str:
    changes = "; ".join(f"{column}: {before} → {after}" for column, before, after in row.changes)
    told = row.clash or row.impossible or changes
    return f"{row.line}: {row.verdict} {row.name} {told}".rstrip()
