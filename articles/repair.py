"""A quarantined record is mended by a person: the text is edited, parsed again, and imported into the same batch.

What was delivered stays as it is: the mended text is a file of its own, whose rows name the row that they repair.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from articles import importer, rereading
from articles.importer import only_import, taken_back
from articles.models import Article, ImportBatch, ImportRow, Outcome

MOST = 1_000_000  # characters that a page takes
NO_TEXT = {"not-seed-text", "too-large"}


class Refused(Exception):
    """It cannot be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of one record of the mended text."""

    outcome: Outcome
    first_line: int
    findings: list[dict[str, Any]]
    article_id: int | None  # one that is there already
    conflicts: dict[str, Any]


def why_not(row: ImportRow) -> str:
    """Why the record cannot be repaired; empty if it can."""
    if row.outcome == Outcome.REPAIRED:
        return _("This record has been repaired already.")
    if row.outcome != Outcome.QUARANTINED:
        return _("Only quarantined records are repaired; all others are articles, to be edited there.")
    if not row.batch.finished_at:
        return _("The batch has not ended. Wait until it has.")
    if row.batch.undone_at:
        return _("The batch is undone. Bring it back first.")
    if any(finding.get("code") in NO_TEXT for finding in row.findings):
        return _("This is no text that could be edited here. Ask the supplier for it again.")
    return ""


def text_of(row: ImportRow) -> str:
    """The record as delivered, to be edited. Raises Refused if it is too long for that."""
    if row.file.size > rereading.LARGEST:
        raise Refused(too_long())
    text = rereading.delivered(bytes(row.file.content), row.first_line, row.last_line, row.findings)
    if len(text) > MOST:
        raise Refused(too_long())
    return text.replace("\0", "")


def too_long() -> str:
    return _("This text is too long for a page. Mend the file and import it again.")


def foresee(row: ImportRow, text: str) -> list[Foreseen]:
    """What importing the mended text would do, told without doing it. Raises Refused, and importer.Busy."""
    made: list[ImportRow] = []
    with only_import(), taken_back():
        made = _apply(row, text)
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


def repair(row: ImportRow, text: str) -> list[ImportRow]:
    """Import the mended text into the batch of the row; the rows it has become. Raises Refused, and importer.Busy."""
    with only_import(), transaction.atomic():
        made = _apply(row, text)
        if any(one.outcome == Outcome.QUARANTINED for one in made):
            raise Refused(_("It still has an error. Mend it first; until then nothing is imported."))
    return made


def _apply(row: ImportRow, text: str) -> list[ImportRow]:
    """The caller takes it back if it is not wanted."""
    batch = ImportBatch.objects.select_for_update().get(pk=row.batch_id)
    # As it stands now: somebody else may have repaired it, or undone the batch.
    row = ImportRow.objects.select_for_update(of=("self",)).select_related("batch").get(pk=row.pk)
    if refusal := why_not(row):
        raise Refused(refusal)
    if len(text) > MOST:
        raise Refused(too_long())
    content = text.encode()
    if ImportRow.objects.filter(batch=batch, file__sha256=hashlib.sha256(content).hexdigest()).exists():
        raise Refused(_("Exactly this text is in the batch already. Change what is wrong with it."))
    ImportRow.objects.filter(pk=row.pk).update(outcome=Outcome.REPAIRED, needs_care=False)
    made = importer.add(batch, name_of(row), content)
    ImportRow.objects.filter(pk__in=[one.pk for one in made]).update(repairs=row)
    return made


def name_of(row: ImportRow) -> str:
    """Another name than the file's: under its own the importer would take the record for a newer state of it."""
    return f"{row.file_name}:{row.first_line} *"
