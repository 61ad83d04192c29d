"""A vocabulary as a table for spreadsheets, and back: first what each row would do, then exactly that.

Aliases and names are added by a table, never taken away: an address that was public goes on leading somewhere. An
empty cell leaves a name, a description and a state as they are.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from newsroom.line_ends import lf
from taxonomy import aliasing
from taxonomy.merge import close, rename
from taxonomy.models import Term
from taxonomy.vocabulary_plan import BETWEEN, COLUMNS, Plan, Record, Row, state

MAX_BYTES = 10_000_000
MAX_ROWS = 50_000
CHUNK = 500

# A spreadsheet takes what begins so for a formula.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠﹢﹣﹦﹫\t\r]")
_ESCAPED = re.compile(r"'+\s*[=+\-@＝＋－＠﹢﹣﹦﹫\t\r]")


class Unreadable(Exception):
    """It is no table of terms; the text says why."""


class Outdated(Exception):
    """The rows would do something else than was seen."""


# --- out ------------------------------------------------------------------------------------------


def exported(model: type[Term]) -> Iterator[str]:
    """The lines of the table, a chunk of terms at a time; terms that lead to others are among their names."""
    yield "\ufeff" + _line(COLUMNS)
    last = 0
    while terms := list(
        model.objects.current().filter(pk__gt=last).select_related("parent").order_by("pk")[:CHUNK]
    ):
        last, spelled = terms[-1].pk, _spellings(model, terms)
        for term in terms:
            yield _line(_cells(term, spelled[term.pk]))


def _spellings(model: type[Term], terms: Sequence[Term]) -> dict[int, list[str]]:
    """Of each term the other names that mean it; but those that a cell could not hold."""
    found: dict[int, list[str]] = {term.pk: [] for term in terms}
    root = {term.pk: term.pk for term in terms}
    level = list(root)
    while level:
        aliases = model.alias_model().objects.filter(term__in=level).order_by("key")
        merged = list(model.objects.filter(merged_into__in=level).order_by("pk"))
        root |= {term.pk: root[term.merged_into_id] for term in merged}
        for pk, name in [(alias.term_id, alias.name) for alias in aliases] + [
            (one.pk, one.name) for one in merged
        ]:
            if aliasing.parse(name) == [name]:
                found[root[pk]].append(name)
        level = [term.pk for term in merged]
    return found


def _cells(term: Term, spelled: Iterable[str]) -> list[str]:
    parent = term.parent.name if term.parent else ""
    return [term.key, term.name, BETWEEN.join(spelled), parent, term.description, state(term)]


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    # In quotes, so that no program that parts cells at semicolons finds others within one.
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(
        f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells
    )
    return out.getvalue()


# --- in: reading ----------------------------------------------------------------------------------


def decoded(content: bytes) -> str:
    """Raises Unreadable."""
    if len(content) > MAX_BYTES:
        raise Unreadable(_("The file is larger than %(number)d MB.") % {"number": MAX_BYTES // 1_000_000})
    for encoding in ("utf-8-sig", "gb18030"):  # as spreadsheets in China save
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(_("The file is neither UTF-8 nor GB18030 text."))


def parse(text: str) -> list[Record]:
    """Raises Unreadable."""
    text = lf(text.replace("\0", "")).removeprefix("\ufeff")
    head = text.partition("\n")[0]
    between = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=between)
    try:
        columns = [cell.strip().casefold() for cell in next(reader, [])]
        if "name" not in columns or len(set(columns)) < len(columns):
            raise Unreadable(
                _("The first line must name the columns: %(columns)s.") % {"columns": ", ".join(COLUMNS)}
            )
        found = [_record(reader.line_num, columns, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise Unreadable(_("Line %(line)d cannot be read.") % {"line": reader.line_num}) from error
    if len(found) > MAX_ROWS:
        raise Unreadable(_("The table has more than %(number)d rows.") % {"number": MAX_ROWS})
    return found


def _record(line: int, columns: Sequence[str], row: Sequence[str]) -> Record:
    cells = dict(zip(columns, (_unescaped(cell.strip()) for cell in row), strict=False))
    return Record(line, {name: cells.get(name, "") for name in COLUMNS if name in columns})


def _unescaped(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell


# --- in: doing it ---------------------------------------------------------------------------------


@transaction.atomic
def apply(
    model: type[Term], records: Sequence[Record], *, by: AbstractBaseUser | None, seen: str | None = None
) -> Plan:
    """Do what the rows would do. Raises Outdated if that is something else than what was `seen`."""
    close(model)
    plan = Plan(model, records)
    if seen is not None and plan.digest != seen:
        raise Outdated
    rows = [row for row in plan.rows if row.works]
    new = [row for row in rows if row.new]
    made = model.objects.bulk_create((model(name=row.name, **row.fields) for row in new), batch_size=CHUNK)
    for row, term in zip(new, made, strict=True):
        row.term = term
    for row in rows:
        if row.rename:
            rename(row.term, row.rename, by=by, note=_("from a table, line %(line)d") % {"line": row.line})
    _write_fields(model, [row for row in rows if row.fields and not row.new])
    aliases = model.alias_model()
    aliases.objects.bulk_create(
        (aliases(name=name, term_id=row.term.pk) for row in rows for name in row.aliases), batch_size=CHUNK
    )
    _write_parents(model, rows)
    return plan


def _write_fields(model: type[Term], rows: Sequence[Row]) -> None:
    for row in rows:
        model.objects.filter(pk=row.term.pk).update(**row.fields)


def _write_parents(model: type[Term], rows: Sequence[Row]) -> None:
    """In two steps: on the way from one tree to the other there is never a circle."""
    placed = {row.term.pk: row for row in rows if row.parent is not None}
    model.objects.filter(pk__in=placed).exclude(parent=None).update(parent=None)
    above: dict[str, list[int]] = defaultdict(list)
    for pk, row in placed.items():
        if row.parent:
            above[row.parent].append(pk)
    now = {row.key: row.term.pk for row in rows}
    now |= dict(model.objects.filter(key__in=set(above) - set(now)).values_list("key", "pk"))
    for key, pks in above.items():
        model.objects.filter(pk__in=pks).update(parent=now[key])
