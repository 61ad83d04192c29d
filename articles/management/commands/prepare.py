import hashlib
import os
from collections.abc import Iterable

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast

from articles.files import list_files
from articles.management.reporting import CARE
from articles.models import ImportBatch, ImportRow, Imprint
from taxonomy.models import VOCABULARIES


class Command(BaseCommand):
    help = "What `make run` needs before it serves: the tables, the sample seeds, an administrator."

    def handle(self, **options: object) -> None:
        call_command("migrate", verbosity=0)
        sample = os.path.relpath(settings.BASE_DIR / "seeds")
        files = hashes(sample)
        if not are_in(files):
            import_sample(sample)
        confirm_terms(batches_of(files))
        call_command("first_admin")


def hashes(folder: str) -> set[str]:
    return {hashlib.sha256(file.read()).hexdigest() for file in list_files([folder])[0]}


def are_in(files: set[str]) -> bool:
    """Whether all of them were published from anywhere, whatever the desk has done with it since."""
    rows = ImportRow.objects.filter(
        file__sha256__in=files, batch__publish=True, batch__finished_at__isnull=False, batch__cut_short=False
    )
    return files <= set(rows.values_list("file__sha256", flat=True))


def batches_of(files: set[str]) -> list[ImportBatch]:
    """The batches that published some of these files and no others, and stand."""
    rows = ImportRow.objects.filter(file__sha256__in=files, batch__publish=True, batch__undone_at=None)
    batches = ImportBatch.objects.filter(pk__in=rows.values("batch"))
    return [
        batch
        for batch in batches
        if not batch.narrow(ImportRow.objects).exclude(file__sha256__in=files).exists()
    ]


def import_sample(folder: str) -> None:
    try:
        call_command("import_seeds", folder, publish=True)
    except SystemExit as ended:
        # In a shell this could not be told from a crash, which exits with 1 as well.
        if ended.code != CARE:
            raise


def confirm_terms(batches: Iterable[ImportBatch]) -> None:
    """Confirm the terms that these batches made and nobody has touched: readers of the sample shall see its terms."""
    for vocabulary, model in VOCABULARIES.items():
        made = Imprint.objects.filter(batch__in=batches, kind=vocabulary)
        touched = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id=Cast(OuterRef("pk"), TextField())
        )
        new = model.objects.waiting().filter(pk__in=made.values("object_id"))
        new.exclude(Exists(touched)).update(confirmed=True)
