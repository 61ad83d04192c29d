"""Write a vocabulary as a table: `manage.py export_terms technology [--output FILE]`."""

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from taxonomy.models import VOCABULARIES
from taxonomy.vocabulary_csv import exported

TROUBLE = 3


class Command(BaseCommand):
    help = "Write a vocabulary as a CSV table for spreadsheets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("vocabulary", choices=list(VOCABULARIES))
        parser.add_argument("--output", type=Path, metavar="FILE", help="otherwise to standard output")

    def handle(self, *, vocabulary: str, output: Path | None, **options: Any) -> None:
        try:
            with (
                output.open("w", encoding="utf-8", newline="")
                if output
                else nullcontext(self.stdout._out) as file
            ):
                for line in exported(VOCABULARIES[vocabulary]):
                    file.write(line)
        except OSError as error:
            raise CommandError(_("Cannot write: %s") % error, returncode=TROUBLE) from error
