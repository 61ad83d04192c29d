"""Set-based writes: rows go in by COPY, under ids taken from the table's own sequence. No rules here."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, models

from articles.models import TERM_FIELDS
from taxonomy.models import Term


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """So many fresh primary keys of the model's table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor]


def copy_rows(
    model: type[models.Model],
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
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_line(content: Mapping[str, Any]) -> str:
    """A line of a file."""
    return json.dumps(content, ensure_ascii=False) + "\n"


LINK_COLUMNS = ("content_object_id", "tag_id", "raw", "position")
POINT_COLUMNS = ("article_id", "position", "heading", "body")


def link_rows(article_id: int, spellings: Mapping[int, str]) -> Iterator[tuple[int, int, str, int]]:
    """Rows of a through table: the article's terms, by id, in order, as they were spelled."""
    for position, (term_id, raw) in enumerate(spellings.items(), start=1):
        yield article_id, term_id, raw, position


def spelled_terms(spellings: Iterable[str], terms: Mapping[str, Term]) -> dict[int, str]:
    """The terms that spellings mean, by id, each with its first spelling."""
    spelled: dict[int, str] = {}
    for spelling in spellings:
        if spelling in terms:
            spelled.setdefault(terms[spelling].pk, spelling)
    return spelled


def point_rows(article_id: int, points: Iterable[Mapping[str, str]]) -> Iterator[tuple[int, int, str, str]]:
    for position, point in enumerate(points, start=1):
        yield article_id, position, point["heading"], point["body"]


def copy_links(spellings: Mapping[str, Iterable[tuple[int, Mapping[int, str]]]]) -> None:
    """COPY the terms of articles, given by vocabulary field as (article id, spelling by term id)."""
    for name, model in TERM_FIELDS.items():
        copy_rows(
            model,
            LINK_COLUMNS,
            (row for article_id, terms in spellings[name] for row in link_rows(article_id, terms)),
        )
