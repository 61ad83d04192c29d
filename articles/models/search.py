"""Which articles the search index must read again."""

from django.db import models
from django.db.models.functions import Now


class SearchQueue(models.Model):
    """One change of something that the index knows of an article. Filled by triggers: see migration 0002.

    Rows are only added, and only `search.drain` takes them away. No foreign key: the article may be gone by then.
    """

    article_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}: {self.article_id}"
