"""That a batch is to be undone, or brought back: asked for on the desk, done by the worker."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from articles.models.imports import ImportBatch
from articles.models.turns import Turn


class UndoState(models.TextChoices):
    WAITING = "waiting", _("waits for its turn")
    RUNNING = "running", _("being done")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


UNDER_WAY = [UndoState.WAITING, UndoState.RUNNING]


class UndoJob(Turn):
    """One undo, or redo, of a batch, and what it has done so far."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="undo_jobs")
    back = models.BooleanField(default=False, help_text="What undoing took away is brought back.")
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=UndoState, default=UndoState.WAITING)
    # Articles: so many are to be looked at, since it was last taken up, and were.
    total = models.PositiveIntegerField(default=0)
    looked = models.PositiveIntegerField(default=0)
    articles = models.PositiveIntegerField(default=0, help_text="Removed, or there again.")
    changes = models.PositiveIntegerField(
        default=0, help_text="Articles whose change was taken back, or made again."
    )
    terms = models.PositiveIntegerField(default=0)
    sources = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0, help_text="Articles that stayed as they were.")
    some_left = models.JSONField(default=list, help_text="The first of them, by their numbers.")

    class Meta:
        ordering = ["-id"]
        default_permissions = ()  # whoever may undo a batch
        constraints = [
            models.UniqueConstraint(
                fields=["batch"], condition=Q(state__in=UNDER_WAY), name="undojob_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=UndoState.values), name="undojob_state_known"),
        ]

    def __str__(self) -> str:
        return f"#{self.batch_id}"

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY
