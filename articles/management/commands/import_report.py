"""What a batch brought, and what changed since an earlier one: `manage.py import_report BATCH [--since BATCH]`."""

from argparse import ArgumentParser
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles import deliveries
from articles.management.reporting import speak_plainly
from articles.management.undoing import found
from articles.models import ImportBatch, Outcome
from taxonomy.models import VOCABULARIES


class Command(BaseCommand):
    help = (
        "What a batch brought; with --since, what changed since an earlier batch, told from the stored bytes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", type=int, metavar="BATCH")
        parser.add_argument("--since", type=int, metavar="BATCH", help="the earlier batch to compare with")

    def handle(self, *, batch: int, since: int | None, **options: Any) -> None:
        speak_plainly(self.stdout)
        now = found(batch)
        then = found(since) if since is not None else None
        self._print(str(now), _outcomes(now))
        for kind, names in deliveries.new_terms(now).items():
            if names:
                title = _("New: %(what)s") % {"what": VOCABULARIES[kind]._meta.verbose_name_plural}
                self._print(f"{title} · {len(names)}", names)
        if sources := deliveries.new_sources(now):
            self._print(_("New: %(what)s") % {"what": _("sources")} + f" · {len(sources)}", sources)
        self._print(_("Sources with faults"), map(fault_line, deliveries.faults(now)))
        if then:
            self._compare(now, then)

    def _compare(self, now: ImportBatch, then: ImportBatch) -> None:
        with tqdm(unit=" " + _("files"), disable=None, leave=False) as bar:
            difference = deliveries.compare(now, then, progress=partial(_show_progress, bar))
        self.stdout.write(
            self.style.MIGRATE_HEADING(_("Compared with batch #%(number)d") % {"number": then.pk})
        )
        self._print(_("New records") + f" · {len(difference.new)}", map(_place, difference.new))
        self._print(_("Changed records") + f" · {difference.changed_count}", _changes(difference.changed))
        self._print(
            _("No longer delivered") + f" · {len(difference.vanished)}", map(_place, difference.vanished)
        )

    def _print(self, title: str, lines: Iterable[str]) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        for line in lines:
            self.stdout.write(f"  {line}")


def _outcomes(batch: ImportBatch) -> list[str]:
    return [f"{Outcome(outcome).label} {count:,}" for outcome, count in batch.counts.items() if count]


def fault_line(source: deliveries.Faults) -> str:
    line = _("%(source)s: %(faulty)d of %(records)d records") % {
        "source": source.host or _("without a source"),
        "faulty": source.faulty,
        "records": source.records,
    }
    if source.usual is None:
        return line
    usual = _("usually %(share)s") % {"share": f"{source.usual:.0%}"}
    return f"{line} ({usual}{' · ' + _('more than usual') if source.unusual else ''})"


def _place(entry: deliveries.Entry) -> str:
    return f"{entry.name}:{entry.line} {' '.join(entry.title.split())}"


def _changes(changed: Iterable[deliveries.Changed]) -> Iterable[str]:
    for record in changed:
        yield _place(record.now)
        for name, sides in record.fields.items():
            then, now = deliveries.in_short(*sides)
            yield f"    {deliveries.label(name)}: “{then}” → “{now}”"


def _show_progress(bar: tqdm, total: int, done: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
