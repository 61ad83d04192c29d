"""What every row has that waits for the worker; what becomes of it stands in `articles.turns`."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Turn(models.Model):
    """Its `state` is one of its own kind's."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    error = models.TextField(default="", blank=True)
    held_up = models.BooleanField(default=False, help_text="Another import is running.")
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
