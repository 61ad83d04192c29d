"""Articles with their terms and event summary."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from taggit.models import ItemBase

from articles.models.sources import Reuse, Source
from taxonomy.models import Industry, Keyword, Technology

MAX_EXCERPT = 200  # characters of a 总结 that leave the server when the full text may not
OPENING = 400  # characters of it that a list loads to cut an excerpt from


class Status(models.TextChoices):
    DRAFT = "draft", _("to do")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")
    DECLINED = "declined", _("declined")


OUT_OF_USE = frozenset({Status.DECLINED, Status.WITHDRAWN})


class DateOrigin(models.TextChoices):
    """Where the source date comes from; an inferred one is never shown as given."""

    GIVEN = "given", _("given")
    URL = "url", _("inferred from the address")
    TEXT = "text", _("inferred from the text")


class ArticleQuerySet(models.QuerySet):
    def published(self) -> Self:
        """What the public may see: the only definition. It asks the clock, so scheduling needs no worker."""
        now = timezone.now()
        stays = Q(withdraw_at=None) | Q(withdraw_at__gt=now)
        return self.filter(stays, status=Status.PUBLISHED, published_at__lte=now)

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-id")

    def whole(self) -> Self:
        """Articles with all that belongs to them, in a constant number of statements."""
        return self.select_related("source", "event_summary").prefetch_related("points", *TERM_FIELDS)


class Article(models.Model):
    """The entry that editors curate and readers see."""

    title = models.TextField(_("title"))
    url = models.TextField(
        _("link"), blank=True, default="", db_default="", help_text=_("The original's address, as delivered.")
    )
    # Null, not empty, where there is none: the constraint makes all others unique.
    url_key = models.TextField(_("canonical link"), null=True, blank=True, editable=False)  # noqa: DJ001
    also_at = models.JSONField(_("also at"), default=list, blank=True, db_default=[], editable=False)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="articles", verbose_name=_("source")
    )
    summary = models.TextField(
        _("text"), blank=True, default="", db_default="", help_text=_("总结, as delivered, any length.")
    )
    excerpt = models.TextField(
        _("excerpt"),
        blank=True,
        default="",
        db_default="",
        help_text=_("What readers get when the full text may not be shown. Empty: its first sentences."),
    )
    reuse = models.CharField(
        _("reuse, decided"),
        max_length=10,
        choices=Reuse,
        blank=True,
        default="",
        db_default="",
        help_text=_("The editor's decision for this article; empty follows the source and its notices."),
    )
    source_date = models.DateField(_("date of the original"), null=True, blank=True)
    source_date_origin = models.CharField(
        _("origin of the date"),
        max_length=10,
        choices=DateOrigin,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        db_default=Status.DRAFT,
        editable=False,
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    withdraw_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("author"),
    )
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("editor"),
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("assigned to"),
    )
    keywords = TaggableManager(
        _("keywords"), through="articles.ArticleKeyword", blank=True, ordering=["articlekeyword__position"]
    )
    technologies = TaggableManager(
        _("AI technologies"),
        through="articles.ArticleTechnology",
        blank=True,
        ordering=["articletechnology__position"],
    )
    industries = TaggableManager(
        _("industries"),
        through="articles.ArticleIndustry",
        blank=True,
        ordering=["articleindustry__position"],
    )
    extra = models.JSONField(_("other labels"), default=dict, blank=True, db_default={}, editable=False)
    base = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="What the seed said when last imported; null if by hand.",
    )
    # A record finds its article again by this key even after an editor has changed the link. Imported: from the
    # canonical link or the text (seed_format section 10); made by hand: random, and exported as 编号.
    record_key = models.UUIDField(db_default=RandomUUID(), editable=False)
    record_hash = models.UUIDField(null=True, blank=True, editable=False)
    text_hash = models.UUIDField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        permissions = [
            ("submit_article", _("Can submit articles for review")),
            ("publish_article", _("Can publish articles and send them back")),
            ("decline_article", _("Can decline articles and take them up again")),
            ("withdraw_article", _("Can withdraw articles")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["url_key"], name="article_url_key"),
            models.UniqueConstraint(fields=["record_key"], name="article_record_key"),
            models.CheckConstraint(condition=~Q(title=""), name="article_title_not_empty"),
            models.CheckConstraint(condition=~Q(url_key=""), name="article_url_key_null_or_set"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="article_status_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.PUBLISHED) | Q(published_at__isnull=False),
                name="article_published_has_time",
            ),
            models.CheckConstraint(
                condition=Q(withdraw_at=None) | Q(status=Status.PUBLISHED, withdraw_at__gt=F("published_at")),
                name="article_withdrawn_after_published",
            ),
            models.CheckConstraint(condition=Q(reuse__in=["", *Reuse.values]), name="article_reuse_known"),
            models.CheckConstraint(
                condition=Q(source_date__isnull=True, source_date_origin="")
                | Q(source_date__isnull=False, source_date_origin__in=DateOrigin.values),
                name="article_source_date_has_origin",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("excerpt"), MAX_EXCERPT), name="article_excerpt_short"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="article_version_positive"),
        ]
        indexes = [
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="article_public",
                condition=Q(status=Status.PUBLISHED),
            ),
            models.Index(fields=["status", "-id"], name="article_status"),
            models.Index(
                fields=["withdraw_at"], name="article_withdraw_at", condition=Q(withdraw_at__isnull=False)
            ),
            models.Index(
                fields=["assigned_to", "-id"],
                name="article_assigned_to",
                condition=Q(assigned_to__isnull=False),
            ),
            models.Index(
                fields=["text_hash"], name="article_text_hash", condition=Q(text_hash__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.pk, self.slug])

    @property
    def slug(self) -> str:
        """The readable end of the address; the number before it is what counts."""
        return slugify(self.title, allow_unicode=True)[:60].strip("-_") or "-"

    @property
    def state(self) -> str:
        """The status in words; one that is published at a time to come is scheduled."""
        if self.is_leaving(timezone.now()):
            return str(Status.WITHDRAWN.label)
        return gettext("scheduled") if self.is_scheduled else self.get_status_display()

    @property
    def approved(self) -> bool:
        """Readers see this text, or will: what changes it becomes a draft first."""
        return self.status == Status.PUBLISHED

    @property
    def is_scheduled(self) -> bool:
        return self.status == Status.PUBLISHED and self.published_at > timezone.now()

    @property
    def is_public(self) -> bool:
        """The same rule as `published()`, for one article at hand."""
        now = timezone.now()
        return self.status == Status.PUBLISHED and self.published_at <= now and not self.is_leaving(now)

    def is_leaving(self, by: datetime) -> bool:
        """Whether its time to be withdrawn comes before that moment."""
        return self.withdraw_at is not None and self.withdraw_at <= by


class TermLink(ItemBase):
    """An article carries a term: in which spelling it came, and at which place of its list."""

    pk = models.CompositePrimaryKey("tag", "content_object")
    content_object = models.ForeignKey(Article, models.CASCADE, related_name="+", db_index=False)
    raw = models.CharField(max_length=100, blank=True, default="", db_default="")
    position = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["content_object", "tag"], name="%(class)s_article")]

    def __str__(self) -> str:
        return self.raw or str(self.tag)


class ArticleKeyword(TermLink):
    tag = models.ForeignKey(Keyword, models.PROTECT, related_name="articlekeyword", db_index=False)


class ArticleTechnology(TermLink):
    tag = models.ForeignKey(Technology, models.PROTECT, related_name="articletechnology", db_index=False)


class ArticleIndustry(TermLink):
    tag = models.ForeignKey(Industry, models.PROTECT, related_name="articleindustry", db_index=False)


# The field of Article that holds the terms of each vocabulary, with the model of its links.
TERM_FIELDS: dict[str, type[TermLink]] = {
    "keywords": ArticleKeyword,
    "technologies": ArticleTechnology,
    "industries": ArticleIndustry,
}
# The same by vocabulary, in the order of the pages: the field, and the model of its links.
VOCABULARY_FIELDS = {"technology": "technologies", "industry": "industries", "keyword": "keywords"}
LINKS: dict[str, type[TermLink]] = {
    vocabulary: TERM_FIELDS[field] for vocabulary, field in VOCABULARY_FIELDS.items()
}


class Origin(models.TextChoices):
    """Who stands behind an event summary; shown to readers as a label."""

    MACHINE = "machine", _("machine summary")
    EDITED = "edited", _("edited")
    VERIFIED = "verified", _("verified by an editor")


class EventSummary(models.Model):
    """重大事件摘要: an intro, then the article's points, then a conclusion."""

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="event_summary")
    intro = models.TextField(_("intro"), blank=True, default="", db_default="")
    conclusion = models.TextField(_("conclusion"), blank=True, default="", db_default="")
    raw = models.TextField(_("as delivered"), blank=True, default="", db_default="", editable=False)
    origin = models.CharField(
        _("origin"), max_length=10, choices=Origin, default=Origin.MACHINE, db_default=Origin.MACHINE
    )

    class Meta:
        verbose_name = _("event summary")
        verbose_name_plural = _("event summaries")
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="eventsummary_origin_known")
        ]

    def __str__(self) -> str:
        return self.intro[:60]


class EventPoint(models.Model):
    """One point of an event summary; its position, from 1, is its anchor on the page."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="points", db_index=False)
    position = models.PositiveIntegerField(_("position"))
    heading = models.TextField(_("heading"), blank=True, default="", db_default="")
    body = models.TextField(_("body"), blank=True, default="", db_default="")

    class Meta:
        ordering = ["position"]
        verbose_name = _("event point")
        verbose_name_plural = _("event points")
        constraints = [
            # Deferred, so that a reordering may pass through a moment with two points at one place.
            models.UniqueConstraint(
                fields=["article", "position"],
                name="eventpoint_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(position__gte=1), name="eventpoint_position_from_one"),
            models.CheckConstraint(condition=~Q(heading="", body=""), name="eventpoint_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.heading or self.body[:40]}"
