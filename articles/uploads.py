"""A delivery by hand becomes a batch: stored as it came, looked at without writing, then run. The worker does the work.

An upload goes from state to state; whoever finds one in the worker's states may take it up, since a worker that was
killed leaves it there: a preview begins anew, an import goes on where it was.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from articles import importer, turns, workflow
from articles.files import NamedBytes, SkippedFile
from articles.models import Article, ImportBatch, ImportRow, PreviewRow, Upload, UploadFile, UploadState
from articles.models.uploads import ENDED, WORK
from articles.wording import and_more
from newsroom.refusal import Refused
from newsroom.sql import as_json, copy_rows

LOCK = 0x75706C64  # "upld": the advisory lock on an upload, with its number
EVERY = 0.5  # seconds between two notes on how far it is
NAMES = 20  # files that a batch's paths name, and uploads that are listed
MOST_GIVEN = 200  # paths that a page names: a command may be given any number
SAME_BYTES = "same-bytes"
UPLOADED = re.compile(r"upload #(\d+)")


# --- what a person does ---------------------------------------------------------------------------


@transaction.atomic
def store(
    delivered: Iterable[NamedBytes | SkippedFile], *, by: AbstractBaseUser | None, publish: bool = False
) -> Upload:
    """Keep what was delivered, for the worker to look at. Raises Refused if it is too much, or nothing to read."""
    upload = Upload.objects.create(by=by, publish=publish)
    skipped: list[dict[str, str]] = []
    copy_rows(
        UploadFile,
        ("upload_id", "name", "content", "size"),
        ((upload.pk, name, content, len(content)) for name, content in _bounded(delivered, skipped)),
        types=("int8", "text", "bytea", "int4"),
    )
    if not upload.files.exists():
        listed = "".join(f"\n{item['name']}: {item['text']}" for item in skipped[:NAMES])
        raise Refused(_("There is no seed file in it that can be read.") + listed)
    upload.skipped = skipped
    upload.save(update_fields=["skipped"])
    return upload


def _bounded(
    delivered: Iterable[NamedBytes | SkippedFile], skipped: list[dict[str, str]]
) -> Iterator[tuple[str, bytes]]:
    """Names, each only once, and bytes; what is left out goes to `skipped`."""
    names: dict[str, int] = {}
    size = 0
    for number, item in enumerate(delivered):
        if number >= settings.UPLOAD_MAX_UNPACKED_FILES:
            most = settings.UPLOAD_MAX_UNPACKED_FILES
            raise Refused(
                _("There are more than %(most)d files in it. Deliver it in parts.") % {"most": most}
            )
        if isinstance(item, SkippedFile):
            skipped.append({"name": item.name, "code": item.code, "text": item.text})
            continue
        content = item.read()
        size += len(content)
        if size > settings.UPLOAD_MAX_UNPACKED_BYTES:
            most = settings.UPLOAD_MAX_UNPACKED_BYTES // 1_000_000
            raise Refused(_("Unpacked, it is more than %(most)d MB. Deliver it in parts.") % {"most": most})
        yield _unique(item.name, names), content


def _unique(name: str, names: dict[str, int]) -> str:
    """The importer takes a record that comes again under the same file name for a changed file.

    `names`: how often each came; from there the numbering goes on, however many are called the same.
    """
    unique = name
    while unique in names:
        names[name] += 1
        unique = f"{name} ({names[name]})"
    names[unique] = 1
    return unique


def queue(upload: Upload, *, by: AbstractBaseUser | None) -> None:
    """Let the worker import what was looked at."""
    _move(upload, {UploadState.PREVIEWED}, UploadState.QUEUED, run_by=by, queued_at=timezone.now())


def retry(upload: Upload) -> None:
    """After a failure, from the step that failed."""
    to = UploadState.QUEUED if upload.queued_at else UploadState.WAITING
    _move(upload, {UploadState.FAILED}, to, error="", attempts=0)


@transaction.atomic
def discard(upload: Upload) -> None:
    """What was delivered goes, unless an import of it has begun: that is taken back by undoing its batch."""
    waiting = {UploadState.WAITING, UploadState.PREVIEWED, UploadState.QUEUED, UploadState.FAILED}
    if batch_of(upload).exists():
        raise Refused(_("A part of it is imported. Undo its batch: then this upload is done with too."))
    _move(upload, waiting, UploadState.DISCARDED)
    _forget(upload)


def _move(upload: Upload, states: set[UploadState], to: UploadState, **fields: Any) -> None:
    moved = Upload.objects.filter(pk=upload.pk, state__in=states).update(state=to, held_up=False, **fields)
    if not moved:
        raise Refused(_("This upload has moved on meanwhile. Look at how it stands now."))


def _forget(upload: Upload) -> None:
    PreviewRow.objects.filter(upload=upload).delete()
    UploadFile.objects.filter(upload=upload).only("pk").delete()  # their bytes need not be loaded for that


def close(batch: ImportBatch) -> None:
    """The batch ends as it stands: what is left of the upload that it came from goes."""
    begun = Upload.objects.filter(queued_at__isnull=False).exclude(state__in=ENDED)
    for upload in begun:
        if batch_of(upload).filter(pk=batch.pk).exists():
            # In whatever state a worker has put it meanwhile.
            begun.filter(pk=upload.pk).update(state=UploadState.DONE, batch=batch, error="", held_up=False)
            _forget(upload)


def waiting() -> list[Upload]:
    """What has not ended, the newest first."""
    return _newest(Upload.objects.exclude(state__in=ENDED))


def to_decide() -> list[Upload]:
    """What waits for a person, not for the worker."""
    return _newest(Upload.objects.exclude(state__in=[*ENDED, *WORK]))


def _newest(uploads: QuerySet[Upload]) -> list[Upload]:
    return list(uploads.select_related("by").defer("skipped", "counts")[:NAMES])


def size(upload: Upload) -> tuple[int, int]:
    """Files, and bytes."""
    return upload.files.count(), upload.files.aggregate(sum=Sum("size"))["sum"] or 0


# --- what the worker does -------------------------------------------------------------------------


def run_next(goes_on: Callable[[], bool] = lambda: True) -> bool:
    """Look at, or import, the next upload. Whether there may be more to do at once."""
    _expire()
    for pk in Upload.objects.filter(state__in=WORK).order_by("queued_at", "id").values_list("pk", flat=True):
        with turns.claimed(LOCK, pk) as notes:
            upload = notes and Upload.objects.filter(pk=pk, state__in=WORK).select_related("by").first()
            if upload:
                return _work(upload, Progress(upload, notes, goes_on))
    return False


class Progress:
    """Tells on the upload how far it is, beside the importer's transaction; ends it when the worker is to end."""

    def __init__(self, upload: Upload, notes: psycopg.Connection, goes_on: Callable[[], bool]) -> None:
        self.upload, self.notes, self.goes_on = upload, notes, goes_on
        self.told = 0.0
        self.got_on = False

    def __call__(self, files: int, files_read: int, records: int, share: float) -> None:
        if not self.goes_on():
            raise turns.Stopped
        got_on = records > 0 and bool(self.upload.queued_at)  # of a preview nothing stays
        if monotonic() - self.told < EVERY and got_on == self.got_on:
            return
        self.told, self.got_on = monotonic(), got_on
        with connection.wrap_database_errors:
            self.notes.execute(
                "UPDATE articles_upload SET files_read = %s, records = %s, percent = %s,"
                " attempts = CASE WHEN %s THEN 0 ELSE attempts END WHERE id = %s",
                [files_read, records, int(100 * share), got_on, self.upload.pk],
            )


def _work(upload: Upload, progress: Progress) -> bool:
    state, act = (UploadState.RUNNING, _run) if upload.queued_at else (UploadState.PREVIEWING, _preview)
    none = {"files_read": 0, "records": 0, "percent": 0}
    return turns.attempt(upload, state, partial(act, upload, progress), partial(_fail, upload), **none)


def _fail(upload: Upload, error: str) -> None:
    turns.note(upload, state=UploadState.FAILED, error=error, held_up=False)


def _expire() -> None:
    since = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    undecided = [UploadState.PREVIEWED, UploadState.FAILED]
    for upload in Upload.objects.filter(state__in=undecided, at__lt=since):
        with suppress(Refused):
            discard(upload)


def _delivered(upload: Upload) -> tuple[list[NamedBytes], list[SkippedFile]]:
    files = upload.files.order_by("id").values_list("name", "pk", "size")
    left_out = [SkippedFile(**item) for item in upload.skipped if item["code"] != SAME_BYTES]
    return [NamedBytes(name, partial(_content, pk), size) for name, pk, size in files], left_out


def _content(pk: int) -> bytes:
    return bytes(UploadFile.objects.values_list("content", flat=True).get(pk=pk))


def paths(upload: Upload) -> list[str]:
    """What its batch is called: by this an interrupted one is found again."""
    return [name(upload), *upload.files.order_by("id").values_list("name", flat=True)[:NAMES]]


def name(upload: Upload) -> str:
    return f"upload #{upload.pk}"


def given(paths: list[str]) -> list[str]:
    """What a batch was given, in words: by the name of an upload it is only found again."""
    number = UPLOADED.fullmatch(paths[0]) if len(paths) > 1 else None
    if not number:
        return [*paths[:MOST_GIVEN], *and_more(len(paths) - MOST_GIVEN)]
    more = [_("(No more than %(number)d files are named.)") % {"number": NAMES}] if len(paths) > NAMES else []
    return [_("Upload %(number)s") % {"number": number[1]}, *paths[1:], *more]


def left_out(skipped: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Files that were not read, each with the cause in words; one that an older version wrote may have a code only."""
    same = _("It holds the same bytes as: %(name)s")
    return [
        item
        | {
            "cause": same % {"name": item["text"]}
            if item["code"] == SAME_BYTES
            else item["text"] or item["code"]
        }
        for item in ({"name": "", "code": "", "text": ""} | item for item in skipped)
    ]


def batch_of(upload: Upload) -> QuerySet[ImportBatch]:
    """Its files are named behind it: a folder of that name, imported by a command, stands alone."""
    return ImportBatch.objects.filter(paths__0=name(upload), paths__1__isnull=False)


# --- the preview ----------------------------------------------------------------------------------


def _preview(upload: Upload, progress: Progress) -> None:
    planned: list[dict[str, Any]] = []
    most = settings.UPLOAD_PREVIEW_RECORDS
    batch = importer.run(
        paths(upload),
        delivered=_delivered(upload),
        by=upload.by,
        dry_run=True,
        most=most + 1,
        progress=progress,
        report=lambda batch: planned.extend(_planned(batch)[: most + 1]),
    )
    cut = len(planned) > most
    del planned[most:]
    _put_right(planned)
    with transaction.atomic():
        PreviewRow.objects.filter(upload=upload).delete()
        files = dict(upload.files.values_list("name", "pk"))
        copy_rows(PreviewRow, ROW_COLUMNS, (_row(upload, files, row) for row in planned))
        turns.note(
            upload,
            state=UploadState.PREVIEWED,
            attempts=0,
            error="",
            skipped=batch.skipped,
            counts=Counter(row["outcome"] for row in planned),
            cut=cut,
        )


PLANNED = (
    "file_name", "first_line", "last_line", "outcome", "article_id", "article__title", "findings", "conflicts",
)  # fmt: skip
ROW_COLUMNS = (
    "upload_id", "file_id", "first_line", "last_line", "outcome", "article_id", "title", "findings", "conflicts",
)  # fmt: skip


def _planned(batch: ImportBatch) -> QuerySet:
    """The rows of the batch while they exist."""
    return batch.narrow(ImportRow.objects).order_by("id").values(*PLANNED)


def _put_right(planned: list[dict[str, Any]]) -> None:
    """Articles that only the dry run had are named by the place of their record."""
    ids = {row["article_id"] for row in planned if row["article_id"]}
    there = set(Article.objects.filter(pk__in=ids).values_list("pk", flat=True))
    places: dict[str, str] = {}
    for row in planned:
        if row["article_id"] and row["article_id"] not in there:
            places.setdefault(f"#{row['article_id']}", f"{row['file_name']}:{row['first_line']}")
            row["article_id"] = None
    for row in planned:
        for finding in row["findings"]:
            finding["text"] = places.get(finding["text"], finding["text"])


def _row(upload: Upload, files: dict[str, int], row: dict[str, Any]) -> tuple:
    return (
        upload.pk,
        files[row["file_name"]],
        row["first_line"],
        row["last_line"],
        row["outcome"],
        row["article_id"],
        row["article__title"] or "",
        as_json(row["findings"]),
        as_json(row["conflicts"]),
    )


# --- the import -----------------------------------------------------------------------------------


def _run(upload: Upload, progress: Progress) -> None:
    publish = partial(workflow.publish_untouched, note=_("published on import")) if upload.publish else None
    # A worker that was killed right after its end has finished the batch, and not said so.
    batch = batch_of(upload).filter(finished_at__isnull=False).first() or importer.run(
        paths(upload),
        delivered=_delivered(upload),
        by=upload.run_by,
        publish=publish,
        progress=progress,
    )
    with transaction.atomic():
        turns.note(upload, state=UploadState.DONE, batch=batch, attempts=0, error="")
        _forget(upload)
