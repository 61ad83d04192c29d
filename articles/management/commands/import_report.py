"""What a batch brought, and what changed since an earlier one: `manage.py import_report BATCH [--since BATCH]`."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles import deliveries, revisions
from articles.differences import Changed, Entry, differences
from articles.management import reporting
from articles.models import ImportBatch, Outcome
from articles.wording import and_more
from taxonomy.models import VOCABULARIES

MOST_NAMED = 20  # files, or paths
PREVIOUS = -1  # no batch has this number


class Command(BaseCommand):
    help = (
        "What a batch brought; with --since, what changed since an earlier batch, told from the stored bytes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", type=int, metavar="BATCH")
        parser.add_argument(
            "--since",
            type=int,
            nargs="?",
            const=PREVIOUS,
            metavar="BATCH",
            help="the earlier batch to compare with; without a number, the one before that read the same paths",
        )

    def handle(self, *, batch: int, since: int | None, **options: Any) -> None:
        with reporting.trouble(_("Stopped: %(error)s")):
            with reporting.printed(self.stdout) as self.lines:
                now = _ended(batch)
                then = _earlier(now, since) if since is not None else None
                self._tell(now)
                if then:
                    self._compare(now, then)
            self.lines.check()

    def _tell(self, batch: ImportBatch) -> None:
        undone = f" · {_('undone')}" if batch.undone_at else ""
        self._print(f"{batch} · {_when(batch)}{undone}", _outcomes(batch))
        if missed := [item for item in batch.skipped if _is_missed(item["code"])]:
            lines = [f"{item['name']}: {item['code']} {item['text']}".rstrip() for item in missed]
            self._print(_("Files that were not read") + f" · {len(missed):,}", _first(lines))
        for kind, names in deliveries.new_terms(batch).items():
            if names:
                title = _("New: %(what)s") % {"what": VOCABULARIES[kind]._meta.verbose_name_plural}
                self._print(f"{title} · {len(names):,}", names)
        if sources := deliveries.new_sources(batch):
            self._print(_("New: %(what)s") % {"what": _("sources")} + f" · {len(sources):,}", sources)
        faults = deliveries.faults(batch)
        self._print(_("Sources with faults") + f" · {len(faults):,}", map(fault_line, faults))

    def _compare(self, now: ImportBatch, then: ImportBatch) -> None:
        with (
            tqdm(unit=" " + _("files"), disable=None, leave=False) as bar,
            differences(now, then, progress=partial(reporting.show_progress, bar)) as found,
        ):
            bar.close()
            title = _("Compared with batch #%(number)d") % {"number": then.pk}
            self._print(f"{title} · {_when(then)}", _other_paths(now, then))
            self._print(_("New records") + f" · {found.new_count:,}", map(_place, found.new))
            self._print(_("Changed records") + f" · {found.changed_count:,}", _changes(found.changed))
            vanished = _("No longer delivered") + f" · {found.vanished_count:,}"
            self._print(vanished, map(_place, found.vanished))

    def _print(self, title: str, lines: Iterable[str]) -> None:
        self.lines.write(self.style.MIGRATE_HEADING(title))
        for line in lines:
            self.lines.write(f"  {line}")


def _ended(number: int) -> ImportBatch:
    """Raises CommandError."""
    batch = reporting.batch_numbered(number)
    if not batch.finished_at or batch.cut_short:
        text = _("Batch #%(number)d has not ended: it runs, or was interrupted.")
        raise CommandError(text % {"number": number}, returncode=reporting.USAGE)
    return batch


def _earlier(now: ImportBatch, since: int) -> ImportBatch:
    """Raises CommandError."""
    if since == PREVIOUS:
        then = deliveries.previous(now)
        text = _("No earlier batch has read the same paths. Name one: --since BATCH")
    else:
        then = _ended(since)
        text = _("Batch #%(number)d is not earlier. Give the later batch first.") % {"number": then.pk}
    if then is None or then.pk >= now.pk:
        raise CommandError(text, returncode=reporting.USAGE)
    return then


def _other_paths(now: ImportBatch, then: ImportBatch) -> Iterator[str]:
    if now.paths != then.paths:
        yield _(
            "The two have read different paths: what is no longer delivered may lie where only one has looked."
        )
        yield from (f"{batch}: {'、'.join(_first(batch.paths))}" for batch in (then, now))


def _when(batch: ImportBatch) -> str:
    return f"{timezone.localtime(batch.started_at):%Y-%m-%d %H:%M}"


def _outcomes(batch: ImportBatch) -> Iterator[str]:
    for outcome, count in batch.counts.items():
        if count:
            yield f"{Outcome(outcome).label} {count:,}"
    yield f"{_('records in all')} {sum(batch.counts.values()):,}"


def _is_missed(code: str) -> bool:
    """Whether records may be missing because the file was left out."""
    return reporting.is_trouble(code) or code == "unsettled"


def _first(names: Sequence[str]) -> list[str]:
    return [*names[:MOST_NAMED], *and_more(len(names) - MOST_NAMED)]


def fault_line(source: deliveries.Faults) -> str:
    if not source.host:
        return _("without a source: %(faulty)d") % {"faulty": source.faulty}
    parts = [
        _("%(source)s: %(faulty)d of %(records)d records")
        % {"source": source.host, "faulty": source.faulty, "records": source.records}
    ]
    if source.usual is not None:
        parts.append(_("usually %(share)s") % {"share": f"{source.usual:.0%}"})
    return " · ".join([*parts, _("more than usual")] if source.unusual else parts)


def _place(entry: Entry) -> str:
    return f"{entry.name}:{entry.line} {' '.join(entry.title.split())}"


def _changes(changed: Iterable[Changed]) -> Iterator[str]:
    for record in changed:
        yield _place(record.now)
        for name, sides in record.fields.items():
            then, now = deliveries.in_short(*sides)
            yield f"    {revisions.label(name)}: “{then}” → “{now}”"
