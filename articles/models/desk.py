"""What people on the desk say about an article: corrections for readers, notes for each other, who has it open."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from articles.models.articles import Article


class Correction(models.Model):
    """Tells readers of a live article what was wrong and what is right."""

    article = models.ForeignKey(
        Article, models.PROTECT, related_name="corrections", verbose_name=_("article")
    )
    wrong = models.TextField(_("what was wrong"))
    right = models.TextField(_("what is right"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    # A notice that was itself a mistake is taken back, not deleted.
    retracted_at = models.DateTimeField(_("retracted at"), null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=~Q(wrong="") & ~Q(right=""), name="correction_says_both")
        ]
        indexes = [
            models.Index(
                fields=["-at", "-id"], name="correction_standing", condition=Q(retracted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.right[:60]


class Note(models.Model):
    """What somebody on the desk writes about an article for the others; sent back with one, it may name a point."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="notes", verbose_name=_("article"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    text = models.TextField(_("note"))
    point = models.PositiveIntegerField(_("point"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="note_not_empty")]

    def __str__(self) -> str:
        return self.text[:60]


class OpenArticle(models.Model):
    """Somebody has an article open in the form, as of the last sign of life from the browser."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["article", "user"], name="openarticle_once_a_person")]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.user_id}"
