"""What was delivered, and what came of it: seed files, batches, one row a record."""

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from articles.models.articles import Article


class SeedFile(models.Model):
    """Bytes somebody delivered, kept as they came. The same bytes are stored once."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.TextField(_("name"))
    content = models.BinaryField(_("content"))
    size = models.PositiveIntegerField(_("bytes"))
    stored_at = models.DateTimeField(_("stored"), db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("seed file")
        verbose_name_plural = _("seed files")

    def __str__(self) -> str:
        return self.name


class Batches(models.Manager):
    """What a run left out may be a list of 100,000 files: it is loaded where it is asked for, its length always."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().defer("skipped")


class ImportBatch(models.Model):
    """One run of the importer. While `finished_at` is null it runs, or was interrupted and can go on."""

    started_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    paths = models.JSONField(
        _("paths"),
        default=list,
        help_text="As given: the same command after a crash goes on with its own batch.",
    )
    publish = models.BooleanField(_("publish"), default=False)
    scheduled = models.BooleanField(
        _("by the timer"),
        default=False,
        db_default=False,
        help_text="The command says so: it is the run that is expected, no trial by hand.",
    )
    cut_short = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It was interrupted, and ended as it stood: its files may hold more records than its rows tell.",
    )
    skipped = models.JSONField(
        _("skipped"), default=list, help_text="Files that were listed, not read: name, code, text."
    )
    skipped_count = models.GeneratedField(
        verbose_name=_("skipped"),
        expression=Func(F("skipped"), function="jsonb_array_length"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    # The ids between which its rows lie: written one after another, but for those of mended records.
    first_row = models.BigIntegerField(null=True)
    last_row = models.BigIntegerField(null=True)
    counts = models.JSONField(_("outcomes"), default=dict, help_text="Rows by outcome, once finished.")
    needs_care = models.PositiveIntegerField(_("need care"), default=0)
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )
    forgotten_at = models.DateTimeField(
        _("changes no longer undoable since"),
        null=True,
        help_text="What it created can be undone at any time.",
    )
    undo_left = models.PositiveIntegerField(
        null=True, help_text="Articles that the last undo left as they were; null: none came to its end."
    )

    objects = Batches()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        permissions = [("undo_importbatch", _("Can undo and redo imports"))]

    def __str__(self) -> str:
        return _("Batch %(number)s") % {"number": self.pk}

    def narrow(self, rows: models.QuerySet) -> models.QuerySet:
        """Its rows, found by their ids: no index has those that are unchanged, and most of a night's are."""
        between = {"pk__gte": self.first_row, "pk__lte": self.last_row}
        return rows.filter(batch=self, **{name: pk for name, pk in between.items() if pk is not None})


class Outcome(models.TextChoices):
    CREATED = "created", _("created")
    UPDATED = "updated", _("updated")
    UNCHANGED = "unchanged", _("unchanged")
    CONFLICT = "conflict", _("conflict")
    DUPLICATE = "duplicate", _("possible duplicate")
    QUARANTINED = "quarantined", _("quarantined")
    REPAIRED = "repaired", _("repaired")  # it was quarantined; what came of it is in rows of their own
    LEFT_OUT = "left_out", _("left out by the desk")  # it was quarantined, and a person decided so


BROKEN = (Outcome.QUARANTINED, Outcome.REPAIRED, Outcome.LEFT_OUT)


class ImportRow(models.Model):
    """What came of one record of a batch."""

    batch = models.ForeignKey(
        ImportBatch, models.CASCADE, related_name="rows", db_index=False, verbose_name=_("batch")
    )
    file = models.ForeignKey(SeedFile, models.PROTECT, related_name="rows", verbose_name=_("seed file"))
    file_name = models.TextField(_("file"))
    first_line = models.PositiveIntegerField(_("first line"))
    last_line = models.PositiveIntegerField(_("last line"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    article = models.ForeignKey(
        Article, models.SET_NULL, null=True, related_name="import_rows", verbose_name=_("article")
    )
    record_hash = models.UUIDField(null=True)
    findings = models.JSONField(_("findings"), default=list, help_text="Each: code, line, text.")
    needs_care = models.BooleanField(
        _("needs care"), default=False, help_text="Some finding is no mere note."
    )
    conflicts = models.JSONField(
        _("conflicts"),
        default=dict,
        help_text="By field: what base, the desk and the seed say, and once made the decision.",
    )
    undecided = models.GeneratedField(
        expression=Func(F("conflicts"), Value("$.* ? (!exists(@.decision))"), function="jsonb_path_exists"),
        output_field=models.BooleanField(_("conflict to decide")),
        db_persist=True,
    )
    repairs = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        related_name="repaired_by",
        db_index=False,
        verbose_name=_("repaired record"),
        help_text="The quarantined record of the same batch that a person has mended to this one.",
    )
    # Its article is null then, as if the record had never come in; an imprint knows which one it was.
    undone = models.BooleanField(_("undone"), default=False, db_default=False)
    waits = models.BooleanField(
        _("waits for a person"),
        default=False,
        db_default=False,
        help_text="Of the rows of a record that comes again and again, one does. See `articles.waiting`.",
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("imported record")
        verbose_name_plural = _("imported records")
        indexes = [
            models.Index(fields=["article"], name="importrow_undecided", condition=Q(undecided=True)),
            models.Index(
                fields=["outcome", "-id"],
                name="importrow_quarantined",
                condition=Q(outcome="quarantined"),
            ),
            models.Index(fields=["repairs"], name="importrow_repairs", condition=Q(repairs__isnull=False)),
            # Most rows of a night's batch are unchanged: they are found in the order of their ids.
            models.Index(
                fields=["batch", "outcome", "id"], name="importrow_tab", condition=~Q(outcome="unchanged")
            ),
            models.Index(fields=["-id"], name="importrow_waiting", condition=Q(waits=True)),
            models.Index(
                fields=["file", "first_line"], name="importrow_broken", condition=Q(outcome__in=BROKEN)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["batch", "file", "first_line"], name="importrow_once_a_batch"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="importrow_outcome_known"),
            models.CheckConstraint(
                condition=Q(waits=False) | Q(outcome="quarantined"), name="importrow_waits_quarantined"
            ),
            models.UniqueConstraint(
                fields=["file", "first_line"], name="importrow_waits_once", condition=Q(waits=True)
            ),
            models.CheckConstraint(
                condition=Q(last_line__gte=F("first_line")), name="importrow_lines_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name}:{self.first_line}"


class ImprintKind(models.TextChoices):
    """What a batch leaves its mark on; terms by their vocabulary."""

    ARTICLE = "article", _("article")
    KEYWORD = "keyword", _("keyword")
    TECHNOLOGY = "technology", _("AI technology")
    INDUSTRY = "industry", _("industry")
    SOURCE = "source", _("source")


class Imprint(models.Model):
    """What a batch did to one article, term or source: what undoing and redoing it need. See `articles.images`.

    Articles that a batch only created get theirs when it is undone: until then the rows tell.
    """

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="imprints", db_index=False)
    kind = models.CharField(max_length=10, choices=ImprintKind)
    object_id = models.BigIntegerField()
    before = models.JSONField(null=True, help_text="Before the batch wrote it; null: it was not there.")
    after = models.JSONField(null=True, help_text="What undoing took away; null: it is not undone.")
    # What nobody has touched since is in the state the batch found, or left.
    found_state = models.UUIDField(null=True)
    left_state = models.UUIDField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["batch", "kind", "object_id"], name="imprint_once_a_batch"),
            models.CheckConstraint(condition=Q(kind__in=ImprintKind.values), name="imprint_kind_known"),
        ]
        indexes = [models.Index(fields=["object_id", "kind"], name="imprint_object")]

    def __str__(self) -> str:
        return f"#{self.batch_id}: {self.kind} {self.object_id}"
