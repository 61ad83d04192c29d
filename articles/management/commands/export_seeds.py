"""Write articles back: `manage.py export_seeds [--output PATH]`. Importing the seed files again changes nothing.

With --originals: every file that was ever imported, byte for byte. What the exit codes mean stands in
docs/operators.md.
"""

from argparse import ArgumentParser
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from articles import exporter, ledger
from articles.exporter import NotExact
from articles.filters import ArticleFilter
from articles.management.reporting import CARE, USAGE, batch_numbered, piped, trouble
from articles.models import Article, ImportRow, Status
from articles.placing import placed

ROWS = {"jsonl": exporter.json_lines, "csv": exporter.csv_lines}
FOLDER, ZIP = "folder", "zip"
FILES = ("txt", ZIP, *ROWS)


class Command(BaseCommand):
    help = "Write articles as seed files, JSON Lines or CSV; or, with --originals, the files they came from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help="a .txt, .zip, .jsonl or .csv file for all, or a folder for one seed file an article",
        )
        parser.add_argument("--format", choices=["txt", *ROWS], help="where no output tells it")
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
        with trouble(_("Cannot write: %(error)s")):
            if originals:
                self._write_originals(output)
            else:
                self._write_articles(_selected(selection), output, _form(output, format))
        if self.left_out:
            raise SystemExit(CARE)

    # -- articles

    def _write_articles(self, articles: QuerySet[Article], output: Path | None, form: str) -> None:
        number = articles.count()
        if form == ZIP:
            with placed(output) as part, part.open("wb") as file:
                file.writelines(exporter.seed_zip(articles, self._leave_out))
        elif form in ROWS:
            with self._text_file(output) as file:
                file.writelines(ROWS[form](articles))
        else:
            found = exporter.seeds(exporter.whole(articles), self._leave_out)
            if form == FOLDER:
                _write_folder(output, found)
            else:
                with self._text_file(output) as file:
                    file.writelines(_joined(exporter.seed_files(found)))
        self.stderr.write(_("%(count)d articles written") % {"count": number - self.left_out})

    @contextmanager
    def _text_file(self, output: Path | None) -> Iterator[IO[str]]:
        if output is None:
            with piped(self.stdout._out) as file:
                yield file
            return
        # Lines end as they are written, on every system.
        with placed(output) as part, part.open("w", encoding="utf-8", newline="") as file:
            yield file

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
            zipped = _form(output, None, files=(ZIP,)) == ZIP
            result = ledger.write_zip(output) if zipped else ledger.write_folder(output)
        except ledger.TooMany:
            text = _("These are too many files for a zip file. Give a folder.")
            raise CommandError(text, returncode=USAGE) from None
        self.left_out = len(result.damaged)
        for file in result.damaged:
            text = _("%(name)s was left out: its bytes are not what its hash says. Look for it in a backup.")
            self.stderr.write(self.style.ERROR(text % {"name": file.name}))
        self.stderr.write(_("%(count)d files written") % {"count": result.written})


def _form(output: Path | None, format: str | None, files: Collection[str] = FILES) -> str:
    """What is written: a file of one of these forms, or a folder. Raises CommandError if the name is of neither."""
    if output is None:
        return format or "txt"
    suffix = output.suffix.removeprefix(".").lower()
    if output.is_dir():
        told = FOLDER
    elif suffix in files:
        told = suffix
    elif format and suffix:
        return format
    elif suffix[:1].isalpha():
        known = ", ".join(f".{form}" for form in files)
        text = _(
            "“%(name)s” is no file that can be written (%(known)s). If it shall be a folder, make it first."
        )
        raise CommandError(text % {"name": output.name, "known": known}, returncode=USAGE)
    else:
        told = FOLDER
    if format and format != told:
        text = _("--format %(form)s does not go with --output %(name)s.")
        raise CommandError(text % {"form": format, "name": output.name}, returncode=USAGE)
    return told


def _selected(selection: dict[str, Any]) -> QuerySet[Article]:
    articles = Article.objects.all()
    if selection["status"]:
        articles = articles.filter(status=selection["status"])
    if selection["batch"] is not None:
        rows = ImportRow.objects.filter(article=OuterRef("pk"), batch=batch_numbered(selection["batch"]))
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
        with placed(folder / f"{one.article:08d}.txt") as part:
            part.write_text(one.text, encoding="utf-8", newline="")


def _joined(files: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(files):
        yield exporter.BETWEEN + text if number else text
