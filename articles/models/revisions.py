"""The history of articles, for good."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from articles.models.articles import Article


class RevisionKind(models.TextChoices):
    IMPORT = "import", _("import")
    EDIT = "edit", _("edit")
    WORKFLOW = "workflow", _("workflow")
    DRAFT = "draft", _("draft of a published article")


class Revision(models.Model):
    """A snapshot of a whole article: fields, terms by name, points in order; who, when, why."""

    article = models.ForeignKey(
        Article, models.PROTECT, related_name="revisions", db_index=False, verbose_name=_("article")
    )
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=RevisionKind)
    verb = models.CharField(
        _("verb"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="Of the workflow, where one wrote this revision.",
    )
    snapshot = models.JSONField(_("snapshot"))
    pending = models.BooleanField(
        _("pending"),
        default=False,
        db_default=False,
        help_text=_("A draft of a published article, not yet decided."),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    note = models.TextField(_("note"), blank=True, default="", db_default="")

    class Meta:
        ordering = ["-number"]
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="revision_number"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(pending=True), name="revision_one_pending"
            ),
            models.CheckConstraint(condition=Q(kind__in=RevisionKind.values), name="revision_kind_known"),
            models.CheckConstraint(
                condition=Q(pending=False) | Q(kind=RevisionKind.DRAFT), name="revision_pending_is_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} #{self.number}"
