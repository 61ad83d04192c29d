"""What somebody has brought to the desk to be imported: kept as it came, looked at first, then run by the worker."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from articles.models.imports import ImportBatch, Outcome
from articles.models.turns import Turn


class UploadState(models.TextChoices):
    WAITING = "waiting", _("waits to be looked at")
    PREVIEWING = "previewing", _("being looked at")
    PREVIEWED = "previewed", _("to be decided")
    QUEUED = "queued", _("waits to be imported")
    RUNNING = "running", _("being imported")
    DONE = "done", _("imported")
    FAILED = "failed", _("failed")
    DISCARDED = "discarded", _("discarded")


# What is the worker's turn, whatever became of the one that had begun it.
WORK = [UploadState.WAITING, UploadState.PREVIEWING, UploadState.QUEUED, UploadState.RUNNING]
ENDED = [UploadState.DONE, UploadState.DISCARDED]


class Upload(Turn):
    """A delivery by hand, on its way to become a batch."""

    publish = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.WAITING)
    # Whoever let it run; only then it is imported.
    run_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    queued_at = models.DateTimeField(null=True)
    files_read = models.PositiveIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0, help_text="Of its bytes: their records are in.")
    skipped = models.JSONField(default=list, help_text="Files that were left out: name, code, text.")
    counts = models.JSONField(default=dict, help_text="Of the preview: records by outcome.")
    cut = models.BooleanField(default=False, help_text="The preview ends before the records do.")
    batch = models.OneToOneField(ImportBatch, models.SET_NULL, null=True, related_name="upload")

    class Meta:
        ordering = ["-id"]
        default_permissions = ()  # whoever may add a batch may upload
        indexes = [models.Index(fields=["id"], name="upload_open", condition=~Q(state__in=ENDED))]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=UploadState.values), name="upload_state_known")
        ]

    def __str__(self) -> str:
        return _("Upload %(number)s") % {"number": self.pk}

    @property
    def at_work(self) -> bool:
        return self.state in WORK


class UploadFile(models.Model):
    """One seed file of an upload, taken out of its zip; here until the upload is imported or discarded."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="files")
    name = models.TextField()
    content = models.BinaryField()
    size = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class PreviewRow(models.Model):
    """What would come of one record."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rows", db_index=False)
    file = models.ForeignKey(UploadFile, models.CASCADE, related_name="+", db_index=False)
    first_line = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    # No foreign key: an article that is gone by then is not kept, and none is kept by a preview.
    article_id = models.BigIntegerField(null=True)
    title = models.TextField(default="")
    findings = models.JSONField(default=list)
    conflicts = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["upload", "outcome", "id"], name="previewrow_tab"),
            models.Index(fields=["file"], name="previewrow_file"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.first_line}"
