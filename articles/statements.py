"""Statements that the ORM writes once for good: writing one takes it longer than PostgreSQL needs to answer it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import BigIntegerField, BooleanField, F, Func, OuterRef, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils import timezone

from articles.models import LINKS
from taxonomy.models import is_public

# Stand in the statement where the id goes, or the ids, that are asked for.
_ID, _IDS = -1, [-1]


class Statement:
    """Columns of articles, asked for by id; the rows come in no particular order.

    Of what is written only the ids and the clock change: every moment among the parameters is one that
    `published()` compares with now, and is set to now again. PostgreSQL keeps its plan as long as the connection.
    """

    def __init__(self, articles: Callable[[], QuerySet], columns: Sequence[str | Combinable]) -> None:
        self._articles, self._columns = articles, columns

    def row(self, pk: int) -> tuple[Any, ...] | None:
        """Not asked for as an array of one: PostgreSQL would take no plan for arrays of any length, but plan anew."""
        return next(iter(_answers(*self._for_one, pk)), None)

    def rows(self, pks: Collection[int]) -> list[tuple[Any, ...]]:
        return _answers(*self._for_several, list(pks))

    @cached_property
    def _for_one(self) -> tuple[str, tuple[Any, ...]]:
        return self._written(self._articles().filter(pk=_ID))

    @cached_property
    def _for_several(self) -> tuple[str, tuple[Any, ...]]:
        ids = Value(_IDS, ArrayField(BigIntegerField()))
        among = Func(
            "pk", ids, arg_joiner=" = ANY(", template="%(expressions)s)", output_field=BooleanField()
        )
        return self._written(self._articles().filter(among))

    def _written(self, articles: QuerySet) -> tuple[str, tuple[Any, ...]]:
        return articles.order_by().values_list(*self._columns).query.sql_with_params()


def _answers(sql: str, parameters: tuple[Any, ...], asked: int | list[int]) -> list[tuple[Any, ...]]:
    now = timezone.now()
    values = [
        asked if value in (_ID, _IDS) else now if isinstance(value, datetime) else value
        for value in parameters
    ]
    with _prepared() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


class _PreparedCursor(ServerBindingCursor):
    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> "_PreparedCursor":
        return super().execute(sql, parameters, prepare=True)


def _prepared() -> CursorWrapper:
    """Django's own cursors write the values into the statement, so that none is like the one before."""
    connection.cursor().close()  # sees to it that there is a connection, and a sound one
    connection.connection.prepare_threshold = (
        1  # Django leaves it out; its own cursors prepare nothing all the same
    )
    made = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return made(_PreparedCursor(connection.connection))


def lines(rows: QuerySet, *columns: str | Combinable) -> ArraySubquery:
    """Rows of another table as an array of arrays of text: a fraction of what JSON costs on either side."""
    line = Func(*columns, template="ARRAY[%(expressions)s]", output_field=ArrayField(TextField()))
    return ArraySubquery(rows.values_list(line))


def terms(vocabulary: str, limit: int) -> ArraySubquery:
    """The vocabulary, and id, name and slug of the first public terms of an article in it, in their order."""
    links = LINKS[vocabulary].objects.filter(is_public("tag__"), content_object=OuterRef("pk"))
    return lines(
        links.order_by("position", "tag_id")[:limit],
        Value(vocabulary, TextField()),
        Cast("tag_id", TextField()),
        F("tag__name"),
        F("tag__slug"),
    )
