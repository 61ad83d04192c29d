"""Statements that the ORM writes once for good: writing one takes it longer than PostgreSQL needs to answer it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Func, OuterRef, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils import timezone

from articles.models import LINKS

_IDS = [0]  # stands in the statement where the ids go that are asked for


class Statement:
    """Columns of articles, asked for by id; the rows come in no particular order.

    Of what is written only the ids and the clock change: every moment among the parameters is one that
    `published()` compares with now, and is set to now again.
    """

    def __init__(self, articles: Callable[[], QuerySet], columns: Sequence[str | Combinable]) -> None:
        self._articles, self._columns = articles, columns

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...]]:
        ids = Value(_IDS, ArrayField(BigIntegerField()))
        among = Func(
            "pk", ids, arg_joiner=" = ANY(", template="%(expressions)s)", output_field=BooleanField()
        )
        return self._articles().filter(among).order_by().values_list(*self._columns).query.sql_with_params()

    def rows(self, ids: Collection[int]) -> list[tuple[Any, ...]]:
        sql, parameters = self._written
        now = timezone.now()
        asked = [
            list(ids) if value == _IDS else now if isinstance(value, datetime) else value
            for value in parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, asked)
            return cursor.fetchall()


def lines(rows: QuerySet, *columns: str | Combinable) -> ArraySubquery:
    """Rows of another table as an array of arrays of text: a fraction of what JSON costs on either side."""
    line = Func(*columns, template="ARRAY[%(expressions)s]", output_field=ArrayField(TextField()))
    return ArraySubquery(rows.values_list(line))


def terms(vocabulary: str, limit: int) -> ArraySubquery:
    """The vocabulary, and id, name and slug of the first terms of an article in it, in their order."""
    links = LINKS[vocabulary].objects.filter(content_object=OuterRef("pk")).order_by("position", "tag_id")
    return lines(
        links[:limit],
        Value(vocabulary, TextField()),
        Cast("tag_id", TextField()),
        F("tag__name"),
        F("tag__slug"),
    )
