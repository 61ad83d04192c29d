"""The queue of what is to do: why each entry needs attention, the worst first."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from articles.findings import ERROR, FINDINGS, WARNING
from articles.models import LINKS, ImportBatch, Outcome, Status, TermLink
from newsroom.sql import fetch

NEWEST = 5_000  # of the entries to do are looked at,
MINE = 1_000  # and of those assigned to oneself
OF_BATCH = 10_000  # of the records of a batch, for each outcome, those that came last
# Of records: these have nothing new to say of the entry, or a person has dealt with what they said.
SETTLED = (Outcome.UNCHANGED, Outcome.REPAIRED, Outcome.LEFT_OUT)
BROUGHT = (Outcome.CREATED, Outcome.UPDATED, Outcome.CONFLICT, Outcome.DUPLICATE)
READY = "ready"  # the filter for entries that nothing speaks against


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    label: Any
    severity: str  # of its chip
    sql: str  # of todo, the entry; source; found, the findings' codes of its latest record


def _terms(vocabulary: str, link: type[TermLink]) -> str:
    """Joins whether some of the entry's terms are unconfirmed; null if it has none."""
    return f"""
    LEFT JOIN (
        SELECT link.content_object_id AS id, bool_or(term.id IS NOT NULL) AS unconfirmed
        FROM todo JOIN {link._meta.db_table} link ON link.content_object_id = todo.id
        LEFT JOIN (SELECT id FROM {link.tag_model()._meta.db_table} WHERE NOT confirmed AND NOT declined) term ON term.id = link.tag_id
        GROUP BY 1
    ) {vocabulary} ON {vocabulary}.id = todo.id"""


# Back from review and not submitted again. Version 1 has never moved.
_SENT_BACK = """todo.version > 1 AND 'send_back' = (
    SELECT verb FROM articles_revision WHERE article_id = todo.id AND kind = 'workflow' ORDER BY number DESC LIMIT 1
)"""

# The worst first. One counts for more than all that follow it together.
REASONS = (
    Reason(
        "conflict",
        _("conflict to decide"),
        ERROR,
        "EXISTS (SELECT FROM articles_importrow WHERE article_id = todo.id AND undecided)",
    ),
    Reason("error", _("error in the record"), ERROR, "coalesce(found.codes ?| %(errors)s, false)"),
    Reason(
        "rights",
        _("reprint forbidden, source allows all"),
        ERROR,
        "todo.reuse = '' AND source.reuse = 'full' AND coalesce(found.codes ? 'reprint-notice', false)",
    ),
    Reason("sent_back", _("sent back"), ERROR, _SENT_BACK),
    Reason("link", _("no usable link"), ERROR, "todo.url_key IS NULL"),
    Reason("source", _("no source"), ERROR, "todo.source_id IS NULL"),
    Reason("warning", _("warnings of the import"), WARNING, "coalesce(found.codes ?| %(warnings)s, false)"),
    Reason("technologies", _("no AI technology"), WARNING, "technology.unconfirmed IS NULL"),
    Reason("industries", _("no industry"), WARNING, "industry.unconfirmed IS NULL"),
    Reason("date", _("no date"), WARNING, "todo.source_date IS NULL"),
    Reason(
        "points",
        _("no event points"),
        WARNING,
        "point.has IS NULL",
    ),
    Reason(
        "unconfirmed",
        _("new terms"),
        "note",
        "technology.unconfirmed OR industry.unconfirmed OR keyword.unconfirmed",
    ),
)
CODES = {reason.code for reason in REASONS} | {READY}
_WEIGHTS = {reason.code: 1 << place for place, reason in enumerate(reversed(REASONS))}

# What the entry itself tells as it is today; the finding only tells how it came in.
_SEEN_ON_THE_ENTRY = {
    *("missing-link", "link-not-a-url", "unsafe-link", "missing-terms", "missing-events", "no-points"),
    "notice-against-policy",
}
_COLUMNS = "a.id, a.url_key, a.source_id, a.reuse, a.source_date, a.version, a.assigned_to_id"
_NEWEST_AND_MINE = f"""
    (SELECT {_COLUMNS} FROM articles_article a WHERE status = %(status)s ORDER BY id DESC LIMIT %(newest)s)
    UNION
    (SELECT {_COLUMNS} FROM articles_article a
     WHERE status = %(status)s AND assigned_to_id = %(user)s ORDER BY id DESC LIMIT %(mine)s)
"""
# What the batch brought or changed; `unchanged` only says that a record came again.
_OF_BATCH = f"""
    SELECT {_COLUMNS} FROM articles_article a
    WHERE status = %(status)s AND id IN (
        SELECT r.article_id FROM unnest(%(outcomes)s::text[]) AS wanted (outcome) CROSS JOIN LATERAL (
            SELECT article_id FROM articles_importrow
            WHERE batch_id = %(batch)s AND outcome = wanted.outcome AND outcome <> 'unchanged'
            ORDER BY id DESC LIMIT %(of_batch)s
        ) r
    )
    ORDER BY id DESC LIMIT %(newest)s
"""
_SQL = f"""
    WITH todo AS MATERIALIZED ({{todo}})
    SELECT todo.id, todo.assigned_to_id,
        {" + ".join(f"CASE WHEN {reason.sql} THEN {_WEIGHTS[reason.code]} ELSE 0 END" for reason in REASONS)}
    FROM todo
    LEFT JOIN articles_source source ON source.id = todo.source_id
    LEFT JOIN LATERAL (
        SELECT jsonb_path_query_array(findings, '$[*].code') AS codes FROM articles_importrow
        WHERE article_id = todo.id AND outcome <> ALL(%(settled)s) ORDER BY id DESC LIMIT 1
    ) found ON true
    LEFT JOIN LATERAL (
        SELECT true AS has FROM articles_eventpoint WHERE article_id = todo.id LIMIT 1
    ) point ON true
    {" ".join(_terms(vocabulary, link) for vocabulary, link in LINKS.items())}
    ORDER BY 3 DESC, 1 DESC
"""


class Entry(NamedTuple):
    pk: int
    assigned_to: int | None
    weight: int

    @property
    def reasons(self) -> list[Reason]:
        return [reason for reason in REASONS if self.weight & _WEIGHTS[reason.code]]

    def has(self, code: str) -> bool:
        return self.weight & _WEIGHTS[code] > 0 if code in _WEIGHTS else code == READY and not self.weight


@dataclass(frozen=True)
class Queue:
    """What is to do, the worst first, as one person asked for it."""

    entries: list[Entry]
    user: int
    reason: str = ""  # one of CODES
    who: str = ""  # me, nobody, or empty: all
    more: bool = False  # there may be older entries, which nobody has looked at here

    @cached_property
    def chosen(self) -> list[Entry]:
        return [entry for entry in self._of(self.who) if not self.reason or entry.has(self.reason)]

    @cached_property
    def places(self) -> dict[int, int]:
        return {entry.pk: place for place, entry in enumerate(self.chosen)}

    @cached_property
    def by_reason(self) -> Counter[str]:
        """How many of each reason there are among those of the chosen people; `""` is all."""
        weights = Counter(entry.weight for entry in self._of(self.who))
        counts = Counter({"": weights.total(), READY: weights[0]})
        for weight, number in weights.items():
            counts.update({code: number for code, bit in _WEIGHTS.items() if weight & bit})
        return counts

    @cached_property
    def by_who(self) -> dict[str, int]:
        return {
            who: sum(1 for entry in self._of(who) if not self.reason or entry.has(self.reason))
            for who in ("", "me", "nobody")
        }

    def neighbours(self, pk: int) -> tuple[int | None, int | None]:
        """The entries before and after this one."""
        place = self.places[pk]
        before = self.chosen[place - 1].pk if place else None
        return before, self.chosen[place + 1].pk if place + 1 < len(self.chosen) else None

    def _of(self, who: str) -> Iterable[Entry]:
        wanted = {"me": self.user, "nobody": None}
        return [e for e in self.entries if e.assigned_to == wanted[who]] if who in wanted else self.entries


def queue(user: int, *, reason: str = "", who: str = "", batch: ImportBatch | None = None) -> Queue:
    """What is to do for this person, or of this batch, in one statement."""
    told = {
        code: severity for code, (severity, *_words) in FINDINGS.items() if code not in _SEEN_ON_THE_ENTRY
    }
    rows = fetch(
        _SQL.format(todo=_OF_BATCH if batch else _NEWEST_AND_MINE),
        batch=batch and batch.pk,
        of_batch=OF_BATCH,
        outcomes=[outcome.value for outcome in BROUGHT],
        status=Status.DRAFT.value,
        newest=NEWEST,
        mine=MINE,
        user=user,
        settled=[outcome.value for outcome in SETTLED],
        errors=[code for code, severity in told.items() if severity == ERROR],
        warnings=[code for code, severity in told.items() if severity == WARNING],
    )
    entries = [Entry(*row) for row in rows]
    large = batch and any(batch.counts.get(outcome, 0) > OF_BATCH for outcome in BROUGHT)
    return Queue(entries, user, reason, who, more=bool(large) or len(entries) >= NEWEST)
