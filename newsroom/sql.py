"""SQL of our own, run as it stands: statements, and rows by COPY under ids from the table's own sequence."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def run(statement: str, *values: Any, **named: Any) -> int:
    """How many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or named)
        return cursor.rowcount


def fetch(statement: str, *values: Any, **named: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or named)
        return cursor.fetchall()


def new_ids(model: type[Model], count: int) -> list[int]:
    """So many fresh primary keys of the model's table."""
    statement = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    return [pk for (pk,) in fetch(statement, model._meta.db_table, count)]


def copy_rows(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    types: Sequence[str] = (),
) -> None:
    """COPY rows into the model's table; what is not among the columns gets the database's default.

    With the PostgreSQL `types` of the columns the rows go in binary: for bytes, which as text take twice the room.
    """
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    copy_into(f"{connection.ops.quote_name(model._meta.db_table)} ({names})", rows, types)


def copy_into(place: str, rows: Iterable[Sequence[Any]], types: Sequence[str] = ()) -> None:
    """The same, into what SQL calls this place: a table, perhaps with columns."""
    statement = f"COPY {place} FROM STDIN" + (" (FORMAT BINARY)" if types else "")
    with (
        connection.wrap_database_errors,  # Django wraps execute(), not copy()
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        if types:
            copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def as_json(value: Any) -> str:
    """For a column of JSON, or a parameter that is cast to it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
