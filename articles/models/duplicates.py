"""Articles whose texts are nearly the same, and what the desk has decided about each two of them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from articles.models.articles import Article, Status

ASKED_ABOUT = [Status.DRAFT, Status.IN_REVIEW, Status.PUBLISHED]


class Likeness(models.Model):
    """One band of an article's text: see `articles.similarity`. Bands of a former text only cost a look.

    No foreign key, here and in the queue: the article may be gone by then.
    """

    pk = models.CompositePrimaryKey("band", "article_id")
    band = models.IntegerField()
    article_id = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.band}: {self.article_id}"


class LikenessQueue(models.Model):
    """An article whose text is new or another one, filled by triggers: see migration 0009."""

    article_id = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}: {self.article_id}"


class Decision(models.TextChoices):
    JOINED = "joined", _("joined")
    DISMISSED = "dismissed", _("not duplicates")


class DuplicatePairQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """Nobody has decided, and neither article is out of use."""
        return self.filter(decision="", low__status__in=ASKED_ABOUT, high__status__in=ASKED_ABOUT)

    def decided(self) -> Self:
        return self.filter(decision__in=Decision.values)

    def of(self, *articles: int) -> Self:
        return self.filter(Q(low__in=articles) | Q(high__in=articles))


class DuplicatePair(models.Model):
    """Two articles that a machine takes for duplicates, and what a person has decided, which stays decided.

    The database holds no key to the articles: undoing an import takes them away, redoing it brings them back under
    the same numbers, and the decision is still there.
    """

    low = models.ForeignKey(Article, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    high = models.ForeignKey(Article, models.DO_NOTHING, db_constraint=False, related_name="+")
    similarity = models.FloatField(_("similarity"))
    found_at = models.DateTimeField(_("found"), db_default=Now())
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision, blank=True, default="", db_default=""
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("decided"), null=True)
    kept = models.BigIntegerField(null=True, help_text="Of a joined pair: the article that stays.")
    brought = models.JSONField(default=dict, db_default={}, help_text="What joining has added to it.")

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        default_permissions = ()  # whoever sees or changes articles does so here
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="duplicatepair_once"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="duplicatepair_in_order"),
            models.CheckConstraint(
                condition=Q(decision__in=["", *Decision.values]), name="duplicatepair_decision_known"
            ),
            models.CheckConstraint(
                condition=Q(decision=Decision.JOINED, kept__in=[F("low"), F("high")])
                | Q(~Q(decision=Decision.JOINED), kept__isnull=True),
                name="duplicatepair_joined_keeps_one",
            ),
        ]
        indexes = [models.Index(fields=["decision", "-id"], name="duplicatepair_waiting")]

    def __str__(self) -> str:
        return f"#{self.low_id} · #{self.high_id}"

    @property
    def percent(self) -> int:
        """Never a hundred for texts that differ."""
        return int(self.similarity * 100)

    @property
    def gone(self) -> int | None:
        """Of a joined pair: the article that went."""
        if self.decision != Decision.JOINED:
            return None
        return self.high_id if self.kept == self.low_id else self.low_id
