"""A quarantined record is settled by a person: mended, parsed again and imported into the same batch, or left out.

What was delivered stays as it is: the mended text is a file of its own, whose rows name the row that they repair.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Manager, QuerySet
from django.utils.translation import gettext as _

from articles import importer, rereading, waiting
from articles.importer import only_import, taken_back
from articles.ledger import content_of
from articles.models import Article, ImportBatch, ImportRow, Outcome
from articles.places import MENDED
from newsroom.refusal import Refused

MOST = 1_000_000  # characters that a page takes
MOST_LEFT_OUT = 5_000  # records at once
NO_TEXT = {"not-seed-text", "too-large"}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of one record of the mended text."""

    outcome: Outcome
    first_line: int
    findings: list[dict[str, Any]]
    article_id: int | None  # one that is there already
    conflicts: dict[str, Any]


def closed(row: ImportRow) -> str:
    """Why there is nothing to decide of the record at this row; empty if there is."""
    return _closed(row) or (_settled_elsewhere() if not row.waits and waiting.elsewhere(row) else "")


def _closed(row: ImportRow) -> str:
    """As far as the row itself tells."""
    if row.outcome == Outcome.REPAIRED:
        return _("This record has been repaired already.")
    if row.outcome == Outcome.LEFT_OUT:
        return _("A person has left this record out.")
    if row.outcome != Outcome.QUARANTINED:
        return _("Only quarantined records are repaired; all others are articles, to be edited there.")
    if not row.batch.finished_at:
        return _("The batch has not ended. Let the same import run to its end, or undo the batch.")
    if row.batch.undone_at and not row.waits:
        return _("The batch is undone. Bring it back first.")
    return ""


def _settled_elsewhere() -> str:
    return _("The same record is in another batch too, and is settled there.")


def why_not(row: ImportRow) -> str:
    """Why the record cannot be repaired; empty if it can."""
    if refusal := closed(row):
        return refusal
    if any(finding.get("code") in NO_TEXT for finding in row.findings):
        return _("This cannot be edited here. What was found says what to do.")
    return ""


def text_of(row: ImportRow) -> str:
    """The record as delivered, to be edited. Raises Refused if it is too long for that."""
    if row.file.size > rereading.LARGEST:
        raise Refused(too_long())
    text = rereading.delivered(content_of(row.file), row.first_line, row.last_line, row.findings)
    if len(text) > MOST:
        raise Refused(too_long())
    return text.replace("\0", "")


def too_long() -> str:
    return _("This text is too long for a page. Mend the file and import it again.")


def foresee(row: ImportRow, text: str) -> list[Foreseen]:
    """What importing the mended text would do, told without doing it. Raises Refused, and importer.Busy."""
    made: list[ImportRow] = []
    with only_import(), taken_back():
        _batch, made = _apply(row, text)
    there = set(Article.objects.filter(pk__in=[one.article_id for one in made]).values_list("pk", flat=True))
    return [
        Foreseen(
            Outcome(one.outcome),
            one.first_line,
            one.findings,
            one.article_id if one.article_id in there else None,
            one.conflicts,
        )
        for one in made
    ]


def is_out(outcome: Outcome | str) -> bool:
    """Whether such a record is still no article."""
    return outcome in {Outcome.QUARANTINED, Outcome.LEFT_OUT}


def repair(row: ImportRow, text: str) -> list[ImportRow]:
    """Import the mended text into the batch of the row; the rows it has become. Raises Refused, and importer.Busy."""
    with only_import(), transaction.atomic():
        batch, made = _apply(row, text)
        if any(is_out(one.outcome) for one in made):
            raise Refused(_("It still has an error. Mend it first; until then nothing is imported."))
        _count(batch, made)
    return made


def leave_out(row: ImportRow) -> None:
    """It is no article, and not to be asked again, wherever it comes. Raises Refused, and importer.Busy."""
    with only_import(), transaction.atomic():
        row = _locked(row)
        if refusal := closed(row):
            raise Refused(refusal)
        waiting.leave_out([row])


def leave_out_all(rows: QuerySet[ImportRow]) -> tuple[list[ImportRow], list[tuple[ImportRow, str]]]:
    """Leave out each of these that may be: which they are, and the others with the reason. Raises importer.Busy."""
    with only_import(), transaction.atomic():
        chosen = ImportRow.objects.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)))
        chosen = chosen.annotate(is_elsewhere=waiting.is_elsewhere()).defer("conflicts", "findings")
        found = list(_for_update(chosen).order_by("pk"))
        refusals = {row.pk: refusal for row in found if (refusal := _refusal(row))}
        left_out = [row for row in found if row.pk not in refusals]
        waiting.leave_out(left_out)
    # That holds for the same record in another batch, too.
    decided = {waiting.place_of(row) for row in left_out}
    refused = [row for row in found if waiting.place_of(row) not in decided]
    return left_out, [(row, refusals[row.pk]) for row in refused]


def _refusal(row: ImportRow) -> str:
    """What `closed` says of a row that knows whether the record is settled at another one."""
    return _closed(row) or (_settled_elsewhere() if not row.waits and row.is_elsewhere else "")


def take_back(row: ImportRow) -> None:
    """It waits for a person again. Raises Refused, and importer.Busy."""
    with only_import(), transaction.atomic():
        row = _locked(row)
        if row.outcome != Outcome.LEFT_OUT:
            raise Refused(_("This record is not left out."))
        if row.batch.undone_at:
            raise Refused(_("The batch is undone. Bring it back first."))
        waiting.take_back(row)


def _locked(row: ImportRow) -> ImportRow:
    """As it stands now: somebody else may have settled it, or undone the batch."""
    return _for_update(ImportRow.objects).get(pk=row.pk)


def _for_update(rows: Manager | QuerySet) -> QuerySet[ImportRow]:
    return rows.select_for_update(of=("self",)).select_related("batch").defer("batch__skipped")


def _count(batch: ImportBatch, made: list[ImportRow]) -> None:
    """One that was quarantined is repaired, and there are these."""
    counts = Counter(batch.counts)
    counts.update(one.outcome for one in made)
    counts.update({Outcome.QUARANTINED.value: -1, Outcome.REPAIRED.value: 1})
    batch.counts = dict(counts)
    batch.needs_care = max(0, batch.needs_care - 1 + sum(one.needs_care for one in made))
    batch.last_row = max(one.pk for one in made)
    batch.save(update_fields=["counts", "needs_care", "last_row"])


def _apply(row: ImportRow, text: str) -> tuple[ImportBatch, list[ImportRow]]:
    """The caller takes it back if it is not wanted."""
    batch = ImportBatch.objects.select_for_update().defer("skipped").get(pk=row.batch_id)
    row = _locked(row)
    if refusal := why_not(row):
        raise Refused(refusal)
    if len(text) > MOST:
        raise Refused(too_long())
    content = text.encode()
    if ImportRow.objects.filter(batch=batch, file__sha256=hashlib.sha256(content).hexdigest()).exists():
        raise Refused(_("Exactly this text is in the batch already. Change what is wrong with it."))
    ImportRow.objects.filter(pk=row.pk).update(outcome=Outcome.REPAIRED, needs_care=False, waits=False)
    made = importer.add(batch, name_of(row), content)
    ImportRow.objects.filter(pk__in=[one.pk for one in made]).update(repairs=row)
    return batch, made


def name_of(row: ImportRow) -> str:
    """Another name than the file's: under its own the importer would take the record for a newer state of it."""
    return f"{row.file_name}:{row.first_line}{MENDED}"
