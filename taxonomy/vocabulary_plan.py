"""What each row of a table would do to a vocabulary, before anything is done."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from taxonomy import aliasing, names, prose
from taxonomy.models import Term, followed
from taxonomy.tree import MAX_DEPTH

COLUMNS = ("key", "name", "aliases", "parent", "description", "confirmed")
BETWEEN = "、"  # of aliases in a cell

_STATES = {
    **dict.fromkeys(["yes", "true", "1", "是"], {"confirmed": True, "declined": False}),
    **dict.fromkeys(["no", "false", "0", "否"], {"confirmed": False, "declined": False}),
    **dict.fromkeys(["declined", "不采用"], {"confirmed": False, "declined": True}),
}


@dataclass(frozen=True, slots=True)
class Record:
    line: int
    cells: Mapping[str, str]  # by column; only those that the table has


def state(term: Term) -> str:
    return "declined" if term.declined else "yes" if term.confirmed else "no"


@dataclass(slots=True)
class Row:
    """What one row would do."""

    line: int
    name: str
    term: Term | None = None
    new: bool = False  # it is made
    changes: list[tuple[str, str, str]] = field(default_factory=list)  # column, before, after
    fields: dict[str, Any] = field(default_factory=dict)  # to be set
    rename: str = ""
    aliases: list[str] = field(default_factory=list)
    parent: str | None = None  # the key of the broader term, empty for none; None: as it is
    clash: str = ""  # why nothing is done: it contradicts something else,
    impossible: str = ""  # or cannot be

    @property
    def verdict(self) -> str:
        if self.impossible:
            return "impossible"
        if self.clash:
            return "clash"
        if self.new:
            return "new"
        return "changed" if self.changes else "unchanged"

    @property
    def works(self) -> bool:
        return self.verdict in {"new", "changed"}

    @property
    def key(self) -> str:
        return self.term.key if self.term else names.key(self.name)


class Plan:
    """What a table would do, row by row; a constant number of statements for any number of rows."""

    def __init__(self, model: type[Term], records: Sequence[Record]) -> None:
        self.model = model
        self.known = self._known(records)
        self.claimed: dict[str, int] = {}  # by key: the line that makes it a name or alias
        self.rows = [self._row(record) for record in records]
        for row, record in zip(self.rows, records, strict=True):
            self._claim(row, record.cells)
        self._check_parents()

    @property
    def digest(self) -> str:
        seen = [(row.line, row.verdict, row.changes, row.clash, row.impossible) for row in self.rows]
        return sha256(repr(seen).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(["new", "changed", "unchanged", "clash", "impossible"], 0)
        for row in self.rows:
            found[row.verdict] += 1
        return found

    def _known(self, records: Sequence[Record]) -> dict[str, tuple[Term, Term]]:
        """By key: the term whose name or alias it is, and the one that stands for it."""
        keys: set[str] = set()
        for record in records:
            cells = record.cells
            spelled = [cells.get(name, "") for name in ("key", "name", "parent")]
            keys |= {names.key(name) for name in [*spelled, *aliasing.parse(cells.get("aliases", ""))]}
        keys = [key for key in keys if 0 < len(key) <= names.MAX_KEY]
        holders = {
            term.key: term for term in self.model.objects.filter(key__in=keys).select_related("parent")
        }
        aliases = self.model.alias_model().objects.filter(key__in=keys)
        holders |= {alias.key: alias.term for alias in aliases.select_related("term")}
        roots = followed(holders)
        prefetch_related_objects([term for term in roots.values() if isinstance(term, self.model)], "parent")
        return {key: (term, roots[key]) for key, term in holders.items()}

    def _row(self, record: Record) -> Row:
        """The term that the row means; and that a row's names can be names."""
        cells = record.cells
        row = Row(record.line, cells.get("name", ""))
        held, root = self.known.get(names.key(cells.get("key", "")) or names.key(row.name), (None, None))
        if held is None and cells.get("key"):
            held, root = self.known.get(names.key(row.name), (None, None))
        row.term = root if isinstance(root, self.model) else None
        row.new = row.term is None
        if root is not None and row.term is None:
            row.clash = _("“%(name)s” was moved to another vocabulary.") % {"name": held.name}
        elif not row.name and row.term:
            row.name = row.term.name
        elif not names.is_name(row.name):
            row.impossible = _("“%(name)s” cannot be the name of a term.") % {"name": row.name[:100]}
        elif row.term and cells.get("key") and held == row.term and row.name != row.term.name:
            row.rename = row.name
        return row

    def _claim(self, row: Row, cells: Mapping[str, str]) -> None:
        if row.clash or row.impossible:
            return
        if (earlier := self.claimed.setdefault(f"term {row.key}", row.line)) != row.line:
            row.clash = _("Line %(line)d is about the same term.") % {"line": earlier}
            return
        if row.rename:
            self._name(row, names.key(row.rename), row.rename)
            row.changes.append(("name", row.term.name, row.rename))
        elif row.term is None:
            self._name(row, row.key, row.name)
        self._add_aliases(row, cells)
        self._set_state(row, cells)
        self._set_description(row, cells)
        if "parent" in cells:
            self._set_parent(row, cells["parent"])

    def _name(self, row: Row, key: str, name: str) -> bool:
        """Whether the row may use the name; it may mean the row's own term already."""
        held, root = self.known.get(key, (None, None))
        if root is not None and root != row.term:
            row.clash = _("“%(name)s” means the term “%(term)s”.") % {"name": name, "term": root.name}
        elif held is not None and held != row.term:
            if row.rename == name:
                row.clash = _(
                    "“%(name)s” is the name of a term that was merged or moved. Undo that first."
                ) % {"name": name}
        elif (earlier := self.claimed.setdefault(key, row.line)) != row.line:
            row.clash = _("Line %(line)d uses “%(name)s” too.") % {"line": earlier, "name": name}
        return not row.clash and held is None

    def _add_aliases(self, row: Row, cells: Mapping[str, str]) -> None:
        own = {row.key, names.key(row.rename or row.name)}
        for alias in aliasing.parse(cells.get("aliases", "")):
            if names.key(alias) in own:
                continue
            if not names.is_name(alias):
                row.impossible = _("“%(name)s” cannot be the name of a term.") % {"name": alias[:100]}
            elif self._name(row, names.key(alias), alias):
                row.aliases.append(alias)
        if row.aliases:
            row.changes.append(("aliases", "", BETWEEN.join(row.aliases)))

    def _set_state(self, row: Row, cells: Mapping[str, str]) -> None:
        text = cells.get("confirmed", "")
        wanted = _STATES.get(text.casefold())
        if text and wanted is None:
            row.impossible = _("“%(text)s” is neither yes nor no nor declined.") % {"text": text[:40]}
        elif wanted and (row.term is None or any(getattr(row.term, name) != wanted[name] for name in wanted)):
            row.fields |= wanted
            before = state(row.term) if row.term else ""
            row.changes.append(("confirmed", before, state(self.model(**wanted))))

    def _set_description(self, row: Row, cells: Mapping[str, str]) -> None:
        text = cells.get("description", "")
        before = row.term.description.replace("\r\n", "\n").strip() if row.term else ""
        if len(text) > prose.MAX_DESCRIPTION:
            row.impossible = _("The description is longer than %(number)d characters.") % {
                "number": prose.MAX_DESCRIPTION
            }
        elif text and text != before:
            row.fields["description"] = text
            row.changes.append(("description", before, text))

    # -- broader terms

    def _set_parent(self, row: Row, name: str) -> None:
        before = row.term.parent if row.term else None
        if (names.key(name) if name else "") == (before.key if before else ""):
            return
        held, root = self.known.get(names.key(name), (None, None))
        if root is not None and before == root:
            return
        row.parent = root.key if isinstance(root, self.model) else names.key(name)
        row.changes.append(("parent", before.name if before else "", name))

    def _check_parents(self) -> None:
        """A row whose broader term does not come to be, or would come to be in a circle, does not work either."""
        moving = [row for row in self.rows if row.parent is not None]
        if not moving:
            return
        self.made = {row.key: row for row in self.rows if row.works}
        renamed = {names.key(row.rename): row.key for row in self.rows if row.rename}
        self.below: dict[str, list[Row]] = defaultdict(list)
        for row in moving:
            row.parent = renamed.get(row.parent, row.parent)
            self.below[row.parent].append(row)
        self._refuse([row for row in moving if row.works and not self._can_stand_above(row.parent)])
        before = dict(self.model.objects.exclude(parent=None).order_by().values_list("key", "parent__key"))
        while astray := self._astray(before):
            text = _("The tree would run in a circle, or be more than %(number)d levels deep.")
            self._refuse(astray, text % {"number": MAX_DEPTH})

    def _refuse(self, rows: list[Row], why: str = "") -> None:
        """These do not work, and so nothing that stands below what they would have made."""
        asked = len(rows)
        for place, row in enumerate(rows):
            below = _("Its broader term is not there, or not confirmed.")
            row.impossible = row.impossible or (place < asked and why) or below
            rows += [
                other for other in self.below[row.key] if other.works and not self._can_stand_above(row.key)
            ]

    def _can_stand_above(self, key: str) -> bool:
        row, (_held, root) = self.made.get(key), self.known.get(key, (None, None))
        if not key:
            return True
        if row is not None and row.works and "confirmed" in row.fields:
            return row.fields["confirmed"]
        return isinstance(root, self.model) and root.is_public

    def _astray(self, before: Mapping[str, str]) -> list[Row]:
        """The rows that make a circle; if there are none, those by which a line would be too long."""
        placed = {row.key: row for row in self.rows if row.works and row.parent is not None}
        parents = dict(before) | {key: row.parent for key, row in placed.items()}
        circle: dict[str, Row] = {}
        deep: dict[str, Row] = {}
        for key in parents:
            line = [key]
            while (up := parents.get(line[-1])) and up not in line and len(line) <= MAX_DEPTH:
                line.append(up)
            if up and up in line:
                circle |= {one: placed[one] for one in line[line.index(up) :] if one in placed}
            elif len(line) > MAX_DEPTH:
                deep |= {one: placed[one] for one in line if one in placed}
        return list((circle or deep).values())
