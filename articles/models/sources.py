"""The publishers of originals, and how much of theirs readers may get."""

from collections.abc import Collection

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Reuse(models.TextChoices):
    """How much of the original text readers may get."""

    FULL = "full", _("full text")
    EXCERPT = "excerpt", _("excerpt")
    LINK = "link", _("link only")


class SourceQuerySet(models.QuerySet):
    def for_hosts(self, hosts: Collection[str]) -> dict[str, "Source"]:
        """The source of each host; a host that none has yet gets one, with the default policy."""
        known = self.in_bulk(hosts, field_name="host")
        missing = [host for host in hosts if host not in known]
        if missing:
            self.bulk_create((Source(host=host) for host in missing), ignore_conflicts=True)
            known |= self.in_bulk(missing, field_name="host")
        return known


class Source(models.Model):
    """The publisher of originals: one per host."""

    host = models.CharField(_("host"), max_length=255, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    reuse = models.CharField(
        _("reuse"),
        max_length=10,
        choices=Reuse,
        default=Reuse.EXCERPT,
        db_default=Reuse.EXCERPT,
        help_text=_("How much of this source's texts readers may get."),
    )

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["host"]
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.CheckConstraint(condition=~Q(host=""), name="source_host_not_empty"),
            models.CheckConstraint(condition=Q(reuse__in=Reuse.values), name="source_reuse_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.host
