"""What became of terms, and what the desk has learned about them: who decided, when, and how to take it back."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from taxonomy import names
from taxonomy.models.terms import KeyField


class MergeKind(models.TextChoices):
    MERGE = "merge", _("merge")
    MOVE = "move", _("move to another vocabulary")
    RENAME = "rename", _("rename")


class Merge(models.Model):
    """What became of terms: merged, moved to another vocabulary, renamed; who, when, why, and what it changed."""

    kind = models.CharField(_("kind"), max_length=10, choices=MergeKind)
    vocabulary = models.CharField(_("vocabulary"), max_length=20)
    # Of a move, where it went; otherwise the same.
    into_vocabulary = models.CharField(_("into vocabulary"), max_length=20)
    # [{id, name, into, into_name}]: each term, and the one that stands for it since; of a rename, the two names.
    terms = models.JSONField(_("terms"))
    # What undoing needs, see taxonomy.legs; emptied when it is undone.
    changed = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    # [[id of a term, of the broader one before, of the one since]], see taxonomy.tree.
    parents = models.JSONField(default=list, db_default=[])
    rows = models.PositiveIntegerField(_("assignments"), default=0, db_default=0)
    doubles = models.PositiveIntegerField(_("carried both"), default=0, db_default=0)
    note = models.TextField(_("note"), blank=True, default="", db_default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("change of terms")
        verbose_name_plural = _("changes of terms")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MergeKind.values), name="merge_kind_known"),
        ]

    def __str__(self) -> str:
        into = list(dict.fromkeys(term["into_name"] for term in self.terms))
        return f"{'、'.join(term['name'] for term in self.terms)} → {'、'.join(into)}"


class RuleDecision(models.TextChoices):
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")


class Rule(models.Model):
    """“This is an alias of that”: what editors corrected, how often, and what was decided. See taxonomy.learning."""

    vocabulary = models.CharField(_("vocabulary"), max_length=20)
    # By name: what the names mean may be merged, moved or deleted before anybody decides.
    name = models.CharField(_("spelling"), max_length=names.MAX_NAME)
    key = KeyField(max_length=names.MAX_KEY, editable=False)
    target = models.CharField(_("term"), max_length=names.MAX_NAME)
    target_key = models.CharField(max_length=names.MAX_KEY, editable=False)
    # In what it was corrected, each once: `articles.article:12`. Of many, the first.
    seen_in = models.JSONField(default=list)
    times = models.GeneratedField(
        expression=models.Func("seen_in", function="jsonb_array_length"),
        output_field=models.PositiveIntegerField(_("corrected")),
        db_persist=True,
        verbose_name=_("corrected"),
    )
    decision = models.CharField(_("decision"), max_length=10, choices=RuleDecision, blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    # What accepting it did, if the spelling was a term of its own.
    merge = models.ForeignKey(Merge, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        verbose_name = _("learned rule")
        verbose_name_plural = _("learned rules")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["vocabulary", "key", "target_key"], name="rule_once"),
            models.CheckConstraint(
                condition=Q(decision__in=["", *RuleDecision.values]), name="rule_decision_known"
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], name="rule_proposed", condition=Q(decision="", times__gte=2)),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.target}"
