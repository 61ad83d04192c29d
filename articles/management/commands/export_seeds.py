"""Write articles back: `manage.py export_seeds [--output PATH]`. Importing the seed files again changes nothing.

With --originals: every file that was ever imported, byte for byte. What the exit codes mean stands in
docs/operators.md.
"""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from articles import exporter, ledger
from articles.exporter import NotExact
from articles.filters import ArticleFilter
from articles.management.reporting import USAGE
from articles.models import Article, ImportRow, Status

CARE, TROUBLE = 1, 3
MAX_ID = 2**63
ROWS = {"jsonl": exporter.json_lines, "csv": exporter.csv_lines}


class Command(BaseCommand):
    help = "Write articles as seed files, JSON Lines or CSV; or, with --originals, the files they came from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help="a .txt, .zip, .jsonl or .csv file for all, or a folder for one seed file an article",
        )
        parser.add_argument("--format", choices=["txt", *ROWS], help="where there is no output to tell it")
        parser.add_argument("--status", choices=Status.values, help="only articles in this state")
        parser.add_argument("--batch", type=int, help="only articles of this import")
        parser.add_argument(
            "--list",
            metavar="QUERY",
            help="only published articles that this list shows: technology=sora&since=2025-01-01",
        )
        parser.add_argument(
            "--originals", action="store_true", help="all files as they were delivered, to a folder or a .zip"
        )

    def handle(self, *, output: Path | None, format: str | None, originals: bool, **selection: Any) -> None:
        self.left_out = 0
        try:
            if originals:
                self._write_originals(output)
            else:
                self._write_articles(_selected(selection), output, format)
        except (Error, OSError) as error:
            raise CommandError(_("Cannot write: %s") % error, returncode=TROUBLE) from error
        if self.left_out:
            raise SystemExit(CARE)

    # -- articles

    def _write_articles(self, articles: QuerySet[Article], output: Path | None, format: str | None) -> None:
        number = articles.count()
        suffix = output.suffix.removeprefix(".") if output else format or "txt"
        if suffix == "zip":
            with output.open("wb") as file:
                file.writelines(exporter.seed_zip(articles, self._leave_out))
        elif suffix in ROWS:
            with self._text_file(output) as file:
                file.writelines(ROWS[suffix](articles))
        else:
            found = exporter.seeds(exporter.whole(articles), self._leave_out)
            if suffix == "txt":
                with self._text_file(output) as file:
                    file.writelines(_joined(exporter.seed_files(found)))
            else:
                _write_folder(output, found)
        self.stderr.write(_("%(count)d articles written") % {"count": number - self.left_out})

    def _text_file(self, output: Path | None) -> AbstractContextManager[IO[str]]:
        # Lines end as they are written, on every system.
        return output.open("w", encoding="utf-8", newline="") if output else nullcontext(self.stdout._out)

    def _leave_out(self, article: Article, error: NotExact) -> None:
        self.left_out += 1
        text = _("#%(id)d “%(title)s” was left out: the seed format cannot carry its %(fields)s exactly.")
        said = {"id": article.pk, "title": article.title[:40], "fields": error}
        self.stderr.write(self.style.WARNING(text % said))

    # -- files

    def _write_originals(self, output: Path | None) -> None:
        if output is None:
            raise CommandError(_("Say where to: --output with a folder or a .zip."), returncode=USAGE)
        try:
            write = ledger.write_zip if output.suffix == ".zip" else ledger.write_folder
            result = write(output)
        except ledger.TooMany:
            text = _("These are too many files for a zip file. Give a folder.")
            raise CommandError(text, returncode=USAGE) from None
        self.left_out = len(result.damaged)
        for file in result.damaged:
            text = _("%(name)s was left out: its bytes are not what its hash says. Look for it in a backup.")
            self.stderr.write(self.style.ERROR(text % {"name": file.name}))
        self.stderr.write(_("%(count)d files written") % {"count": result.written})


def _selected(selection: dict[str, Any]) -> QuerySet[Article]:
    articles = Article.objects.all()
    if selection["status"]:
        articles = articles.filter(status=selection["status"])
    if selection["batch"] is not None:
        if not 0 < selection["batch"] < MAX_ID:
            raise CommandError(
                _("There is no batch #%(number)d.") % {"number": selection["batch"]}, returncode=USAGE
            )
        rows = ImportRow.objects.filter(article=OuterRef("pk"), batch=selection["batch"])
        articles = articles.filter(Exists(rows))
    if selection["list"]:
        articles = articles.filter(pk__in=_listed(selection["list"]).order_by().values("pk"))
    return articles


def _listed(query: str) -> QuerySet[Article]:
    """What readers see under this address of the list. Raises CommandError if that cannot be understood."""
    asked = QueryDict(query.removeprefix("?"))
    listed = ArticleFilter(asked)
    if not listed.is_valid() or listed.question or asked.keys() - listed.filters.keys():
        text = _("This list cannot be exported: %s") % query
        raise CommandError(text, returncode=USAGE)
    return listed.articles


def _write_folder(folder: Path, found: Iterable[exporter.Seed]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        (folder / f"{one.article:08d}.txt").write_text(one.text, encoding="utf-8", newline="")


def _joined(files: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(files):
        yield exporter.BETWEEN + text if number else text
