"""What carries terms, whatever it is: found by walking the schema, counted and re-pointed set-based.

A carrier is known by its key: of a through table the other columns of the unique key that holds the term, so that
“carries both” can be told; of any other table its primary key.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

from django.db import connection
from django.db.models import Count, Field, ForeignKey, Model

from newsroom.sql import fetch, run
from taxonomy.models import POINTERS, Alias, Term

Key = tuple  # of a carrier
Values = tuple  # of a row: its other columns


@dataclass(frozen=True)
class Relation:
    """A foreign key to a vocabulary, in whatever model."""

    field: ForeignKey

    @property
    def model(self) -> type[Model]:
        return self.field.model

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field.name}"

    @cached_property
    def unique(self) -> list[Field]:
        """The columns that may stand but once with each term; empty if a term may be carried twice."""
        meta = self.model._meta
        keys = [meta.pk_fields, *([meta.get_field(name) for name in names] for names in meta.unique_together)]
        keys += [[meta.get_field(name) for name in rule.fields] for rule in meta.total_unique_constraints]
        found = (key for key in keys if self.field in key and len(key) > 1)
        return [field for field in next(found, []) if field is not self.field]

    @cached_property
    def key(self) -> list[Field]:
        return self.unique or list(self.model._meta.pk_fields)

    @cached_property
    def values(self) -> list[Field]:
        """All other columns, in the order of Values."""
        known = {self.field, *self.key}
        return [
            field
            for field in self.model._meta.concrete_fields
            if field not in known and field.column and not field.generated
        ]

    @cached_property
    def place(self) -> int | None:
        """Which of the values is the row's place in a list."""
        return next((i for i, field in enumerate(self.values) if field.name == "position"), None)

    @property
    def carrier(self) -> type[Model]:
        """What carries the term, in the eyes of a person: behind a through table, what it leads to."""
        only = self.key[0] if len(self.key) == 1 else None
        return only.related_model if only is not None and only.related_model else self.model

    # -- in SQL

    @cached_property
    def sql(self) -> SimpleNamespace:
        """The quoted names that statements are made of; `t` and `o` are two rows of the table, `n` new values."""
        key, values, row = ([_quoted(field) for field in fields] for fields in self._columns)
        return SimpleNamespace(
            table=connection.ops.quote_name(self.model._meta.db_table),
            term=_quoted(self.field),
            key=", ".join(key),
            t_key=", ".join(f"t.{name}" for name in key),
            row=", ".join(row),
            t_row=", ".join(f"t.{name}" for name in row),
            same=" AND ".join(f"o.{name} = t.{name}" for name in key),
            as_new=" AND ".join(f"o.{name} = n.{name}" for name in key),
            values_as_new=", ".join(f"{name} = n.{name}" for name in values),
            keys=f"unnest({', '.join(map(_array, self.key))})",
            rows=f"unnest({', '.join(map(_array, [*self.key, *self.values]))})",
        )

    @property
    def _columns(self) -> tuple[list[Field], list[Field], list[Field]]:
        return self.key, self.values, [*self.key, *self.values]

    def count(self, losers: Sequence[int], survivor: int | None) -> tuple[int, int]:
        """How many rows the losers have, and how many of them are left over where their carrier has one already."""
        q = self.sql
        if not self.unique:
            return fetch(f"SELECT count(*), 0 FROM {q.table} t WHERE t.{q.term} = ANY(%s)", losers)[0]
        [(rows, stay)] = fetch(
            f"SELECT count(*), count(DISTINCT ({q.t_key})) FILTER (WHERE NOT EXISTS (SELECT FROM {q.table} o"
            f" WHERE {q.same} AND o.{q.term} = %s)) FROM {q.table} t WHERE t.{q.term} = ANY(%s)",
            survivor,
            losers,
        )
        return rows, rows - stay

    def states(self, losers: Sequence[int]) -> list[tuple[str, int]]:
        """How many of what carries these terms is in which state, if it has states."""
        known = {field.name: field for field in self.carrier._meta.concrete_fields}
        choices = dict(known["status"].flatchoices) if "status" in known else {}
        if not choices:
            return []
        path = "status" if self.carrier is self.model else f"{self.key[0].name}__status"
        carriers = self.model.objects.filter(**{f"{self.field.name}__in": losers}).order_by()
        counts = dict(carriers.values_list(path).annotate(number=Count(self.key[0].name, distinct=True)))
        return [(str(label), counts[state]) for state, label in choices.items() if state in counts]

    def count_across(self, other: "Relation", pairs: Mapping[int, int]) -> int:
        """How many rows of these terms have a row of the paired term at the same carrier in the other relation."""
        q, there = self.sql, other.sql
        [(both,)] = fetch(
            f"SELECT count(*) FROM {q.table} t JOIN unnest(%s::bigint[], %s::bigint[]) AS m (a, b) ON t.{q.term} = m.a"
            f" JOIN {there.table} o ON o.{there.term} = m.b AND {q.same}",
            list(pairs),
            list(pairs.values()),
        )
        return both

    def drop_doubles(self, losers: list[int], survivor: int) -> list[tuple[int, Key, Values]]:
        """Remove rows of losers where the survivor, or an earlier loser, is carried too."""
        q = self.sql
        if not self.unique:
            return []
        rows = fetch(
            f"DELETE FROM {q.table} t WHERE t.{q.term} = ANY(%s) AND EXISTS (SELECT FROM {q.table} o WHERE {q.same}"
            f" AND (o.{q.term} = %s OR o.{q.term} = ANY(%s)"
            f" AND array_position(%s::bigint[], o.{q.term}) < array_position(%s::bigint[], t.{q.term})))"
            f" RETURNING t.{q.term}, {q.t_row}",
            *(losers, survivor, losers, losers, losers),
        )
        return self._split(rows)

    def repoint(self, losers: list[int], survivor: int) -> list[tuple[int, Key]]:
        """Give the survivor all rows of the losers; doubles must be gone."""
        q = self.sql
        rows = fetch(
            f"WITH t AS (SELECT {q.term}, {q.key} FROM {q.table} WHERE {q.term} = ANY(%s) FOR UPDATE)"
            f" UPDATE {q.table} o SET {q.term} = %s FROM t WHERE o.{q.term} = t.{q.term} AND {q.same}"
            f" RETURNING t.{q.term}, {q.t_key}",
            losers,
            survivor,
        )
        return [(row[0], row[1:]) for row in rows]

    def rows_of(self, term: int, keys: Iterable[Key]) -> dict[Key, Values]:
        """The term's rows at these carriers."""
        q = self.sql
        keys = list(keys)
        if not keys:
            return {}
        rows = fetch(
            f"SELECT t.{q.term}, {q.t_row} FROM {q.table} t WHERE t.{q.term} = %s AND ({q.t_key}) IN (SELECT * FROM {q.keys})",
            term,
            *_arrays(keys),
        )
        return {key: values for _term, key, values in self._split(rows)}

    def take_all(self, terms: list[int]) -> list[tuple[int, Key, Values]]:
        """Remove all rows of these terms."""
        q = self.sql
        return self._split(
            fetch(
                f"DELETE FROM {q.table} t WHERE t.{q.term} = ANY(%s) RETURNING t.{q.term}, {q.t_row}", terms
            )
        )

    def give(self, keys: Iterable[Key], *, before: int, after: int) -> None:
        """At these carriers the row of one term becomes that of another."""
        q = self.sql
        if keys := list(keys):
            run(
                f"UPDATE {q.table} t SET {q.term} = %s WHERE t.{q.term} = %s AND ({q.t_key}) IN (SELECT * FROM {q.keys})",
                after,
                before,
                *_arrays(keys),
            )

    def remove(self, term: int, keys: Iterable[Key]) -> None:
        q = self.sql
        if keys := list(keys):
            run(
                f"DELETE FROM {q.table} t WHERE t.{q.term} = %s AND ({q.t_key}) IN (SELECT * FROM {q.keys})",
                term,
                *_arrays(keys),
            )

    def insert(self, term: int, rows: Mapping[Key, Values]) -> set[Key]:
        """Rows for this term; which of them were not there yet."""
        q = self.sql
        if not rows:
            return set()
        added = fetch(
            f"INSERT INTO {q.table} ({q.term}, {q.row}) SELECT %s, n.* FROM {q.rows} AS n ON CONFLICT DO NOTHING"
            f" RETURNING {q.key}",
            term,
            *_arrays([(*key, *values) for key, values in rows.items()]),
        )
        return set(added)

    def revalue(self, term: int, rows: Mapping[Key, Values]) -> None:
        """Set the other columns of the term's rows."""
        q = self.sql
        if rows and self.values:
            run(
                f"UPDATE {q.table} o SET {q.values_as_new} FROM {q.rows} AS n ({q.row}) WHERE o.{q.term} = %s AND {q.as_new}",
                *_arrays([(*key, *values) for key, values in rows.items()]),
                term,
            )

    def last_places(self, keys: Iterable[Key]) -> dict[Key, int]:
        """The highest place in the list of each of these carriers."""
        q = self.sql
        keys = list(keys)
        if self.place is None or not keys:
            return {}
        place = connection.ops.quote_name(self.values[self.place].column)
        rows = fetch(
            f"SELECT {q.t_key}, max(t.{place}) FROM {q.table} t WHERE ({q.t_key}) IN (SELECT * FROM {q.keys})"
            f" GROUP BY {q.t_key}",
            *_arrays(keys),
        )
        return {row[:-1]: row[-1] for row in rows}

    def _split(self, rows: Iterable[tuple]) -> list[tuple[int, Key, Values]]:
        end = 1 + len(self.key)
        return [(row[0], row[1:end], row[end:]) for row in rows]


def _quoted(field: Field) -> str:
    return connection.ops.quote_name(field.column)


def _array(field: Field) -> str:
    return f"%s::{field.db_type(connection)}[]"


def _arrays(rows: Sequence[tuple]) -> list[list]:
    """Column by column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


# --- which there are ------------------------------------------------------------------------------


def relations(model: type[Term]) -> list[Relation]:
    """All that carries terms of this vocabulary, hidden relations too; not what the vocabulary itself is made of."""
    return [
        Relation(found.field)
        for found in model._meta.get_fields(include_hidden=True)
        if found.one_to_many and not _of_the_vocabulary(found.field)
    ]


def use_counts(model: type[Term], ids: Iterable[int]) -> Counter[int]:
    """How often each of these terms is carried, by id."""
    ids = list(ids)
    total: Counter[int] = Counter()
    for relation in relations(model):
        rows = relation.model.objects.filter(**{f"{relation.field.name}__in": ids}).order_by()
        total.update(dict(rows.values_list(relation.field.name).annotate(number=Count("*"))))
    return total


def _of_the_vocabulary(field: ForeignKey) -> bool:
    return issubclass(field.model, Alias) or (
        issubclass(field.model, Term) and field.name in {*POINTERS, "parent"}
    )


def counterpart(relation: Relation, vocabulary: type[Term]) -> Relation | None:
    """What carries the other vocabulary's terms in the same way.

    Two through tables are counterparts if their models have the same bases and the same fields, and lead to the same.
    """
    for other in relations(vocabulary):
        if _shape(other) == _shape(relation):
            return other
    return None


def _shape(relation: Relation) -> tuple:
    fields = [
        (field.name, None if field is relation.field else field.related_model)
        for field in relation.model._meta.concrete_fields
    ]
    return relation.model.__bases__, relation.field.name, fields
