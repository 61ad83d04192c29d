"""Write articles back as seed files: `manage.py export_seeds [--output PATH]`. Importing them changes nothing."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from articles.exporter import NotExact, seed_text
from articles.models import Article, Status

CARE, TROUBLE = 1, 3
CHUNK = 500


class Command(BaseCommand):
    help = "Write articles as seed files. Importing them again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help="a .txt file for all, or a folder for one file an article",
        )
        parser.add_argument("--status", choices=Status.values, help="only articles in this state")

    def handle(self, *, output: Path | None, status: str | None, **options: Any) -> None:
        articles = Article.objects.whole().order_by("pk")
        if status:
            articles = articles.filter(status=status)
        self.left_out = 0
        texts = self._texts(articles.iterator(chunk_size=CHUNK))
        try:
            if output and output.suffix != ".txt":
                written = _write_folder(output, texts)
            else:
                with output.open("w", encoding="utf-8") if output else nullcontext(self.stdout._out) as file:
                    written = _write_file(file, texts)
        except OSError as error:
            raise CommandError(_("Cannot write: %s") % error, returncode=TROUBLE) from error
        self.stderr.write(_("%(count)d articles written") % {"count": written})
        if self.left_out:
            raise SystemExit(CARE)

    def _texts(self, articles: Iterator[Article]) -> Iterator[tuple[int, str]]:
        for article in articles:
            try:
                yield article.pk, seed_text(article)
            except NotExact as error:
                self.left_out += 1
                self.stderr.write(
                    self.style.WARNING(
                        _(
                            "#%(id)d “%(title)s” was left out: the seed format cannot carry its %(fields)s exactly."
                        )
                        % {"id": article.pk, "title": article.title[:40], "fields": error}
                    )
                )


def _write_folder(folder: Path, texts: Iterator[tuple[int, str]]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for pk, text in texts:
        (folder / f"{pk:08d}.txt").write_text(text, encoding="utf-8")
        written += 1
    return written


def _write_file(file: IO[str], texts: Iterator[tuple[int, str]]) -> int:
    written = 0
    for _pk, text in texts:
        file.write(f"\n---\n\n{text}" if written else text)
        written += 1
    return written
