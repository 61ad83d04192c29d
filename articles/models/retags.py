"""Terms changed on many articles at once: what was chosen, how far it is, and per article what it did."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class RetagKind(models.TextChoices):
    ADD = "add", _("add a term")
    REMOVE = "remove", _("remove a term")
    REPLACE = "replace", _("replace a term")


class RetagOutcome(models.TextChoices):
    """What became of one article; of the undoing too."""

    CHANGED = "changed", _("terms changed")
    SAME = "same", _("nothing to change")
    STALE = "stale", _("changed by somebody since it was chosen")
    RIGHT = "right", _("approved: to change it needs the right to publish")
    TERM = "term", _("the term no longer stands for itself")
    GONE = "gone", _("no longer there")
    UNDONE = "undone", _("as before")
    PARTLY = "partly", _("one of the terms was touched since: only the other went back")
    TOUCHED = "touched", _("the term was touched since")


class RetagQuerySet(models.QuerySet):
    def prepared(self) -> Self:
        """Articles are chosen, terms not yet: nobody but who chose them knows of it."""
        return self.filter(started_at=None)

    def started(self) -> Self:
        return self.filter(started_at__isnull=False)

    def under_way(self) -> Self:
        """With a chunk still to do, or to undo."""
        return self.started().filter(Q(finished_at=None) | Q(undo_started_at__isnull=False, undone_at=None))


class Retag(models.Model):
    """One change of terms on chosen articles: prepared, then done chunk by chunk, then perhaps undone in the same way."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    kind = models.CharField(
        _("kind"), max_length=10, choices=RetagKind, blank=True, default="", db_default=""
    )
    vocabulary = models.CharField(_("vocabulary"), max_length=20, blank=True, default="", db_default="")
    # {removed: [id, name], added: [id, name]}: no foreign keys, a merge would re-point what tells of the past.
    terms = models.JSONField(_("terms"), default=dict)
    note = models.TextField(_("note"), blank=True, default="", db_default="")
    selection = models.TextField(
        _("chosen from"), blank=True, default="", db_default="", help_text="The list's query string."
    )
    todo = models.PositiveIntegerField(_("articles"), default=0, db_default=0)
    # Of the doing, or once that has begun, of the undoing: how many are done, and the last one's id.
    done = models.PositiveIntegerField(default=0, db_default=0)
    place = models.BigIntegerField(default=0, db_default=0)
    counts = models.JSONField(_("outcomes"), default=dict)
    undo_counts = models.JSONField(default=dict)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    undo_started_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )

    objects = RetagQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("bulk change of terms")
        verbose_name_plural = _("bulk changes of terms")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["", *RetagKind.values]), name="retag_kind_known"),
            models.CheckConstraint(condition=Q(started_at=None) | ~Q(kind=""), name="retag_started_has_kind"),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(started_at__isnull=False), name="retag_finished_was_started"
            ),
            models.CheckConstraint(
                condition=Q(undo_started_at=None) | Q(finished_at__isnull=False),
                name="retag_undone_was_finished",
            ),
        ]
        indexes = [
            # What the worker looks for every few seconds: hardly ever any.
            models.Index(
                fields=["id"],
                name="retag_under_way",
                condition=Q(started_at__isnull=False, undone_at=None)
                & (Q(finished_at=None) | Q(undo_started_at__isnull=False)),
            )
        ]

    def __str__(self) -> str:
        removed, added = self.name("removed"), self.name("added")
        if removed and added:
            return f"{removed} → {added}"
        return f"− {removed}" if removed else f"＋ {added}"

    @property
    def subject(self) -> str:
        """In what a rule was learned."""
        return f"{self._meta.label_lower}:{self.pk}"

    def name(self, side: str) -> str:
        return self.terms[side][1] if side in self.terms else ""

    @property
    def is_under_way(self) -> bool:
        return bool(self.started_at) and (not self.finished_at or self.is_undoing)

    @property
    def is_undoing(self) -> bool:
        return self.undo_started_at is not None and self.undone_at is None

    @property
    def of(self) -> int:
        """How many articles there are to do, or to undo."""
        return self.counts.get(RetagOutcome.CHANGED, 0) if self.undo_started_at else self.todo


class RetagRow(models.Model):
    """One article of it. Its number is no foreign key: undoing an import may take the article away and bring it back."""

    pk = models.CompositePrimaryKey("retag", "article_id")
    retag = models.ForeignKey(Retag, models.CASCADE, related_name="rows", db_index=False)
    article_id = models.BigIntegerField()
    version = models.PositiveIntegerField(help_text="In which it was chosen.")
    outcome = models.CharField(max_length=10, blank=True, default="", db_default="")
    change = models.JSONField(null=True, help_text="See articles.swapping.")
    undone = models.CharField(max_length=10, blank=True, default="", db_default="")

    class Meta:
        default_permissions = ()
        indexes = [
            # What the page lists: few among many.
            models.Index(
                fields=["retag", "article_id"],
                name="retagrow_left",
                condition=~Q(outcome__in=["", RetagOutcome.CHANGED, RetagOutcome.SAME]),
            ),
            models.Index(
                fields=["retag", "article_id"],
                name="retagrow_kept",
                condition=~Q(undone__in=["", RetagOutcome.UNDONE]),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.retag_id}: {self.article_id}"
