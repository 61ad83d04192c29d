"""New records become articles, with their sources, events and terms: a chunk at a time, by COPY."""

from articles import imprints
from articles.intake import Row
from articles.models import TERM_FIELDS, Article, EventPoint, EventSummary, ImportBatch, Reuse, Source
from articles.spellings import Terms
from articles.storing import POINT_COLUMNS, copy_links, point_rows, spelled_terms
from newsroom.sql import as_json, copy_rows, new_ids

ARTICLE_COLUMNS = (
    "id",
    "title",
    "url",
    "url_key",
    "also_at",
    "source_id",
    "summary",
    "source_date",
    "source_date_origin",
    "extra",
    "base",
    "record_key",
    "record_hash",
    "text_hash",
)


def create(batch: ImportBatch, rows: list[Row], terms: Terms) -> None:
    if not rows:
        return
    for row, pk in zip(rows, new_ids(Article, len(rows)), strict=True):
        row.article_id = pk
    sources = imprints.sources(batch, {row.record.host for row in rows if row.record.host})
    for row in rows:
        _check_policy(row, sources)
    copy_rows(Article, ARTICLE_COLUMNS, (_article_values(row, sources) for row in rows))
    with_events = [row for row in rows if row.record.events_raw]
    copy_rows(EventSummary, ("article_id", "intro", "conclusion", "raw"), map(_event_values, with_events))
    copy_rows(
        EventPoint,
        POINT_COLUMNS,
        (
            values
            for row in with_events
            for values in point_rows(row.article_id, row.record.content["points"])
        ),
    )
    copy_links(
        {
            name: [(row.article_id, spelled_terms(row.record.content[name], terms[name])) for row in rows]
            for name in TERM_FIELDS
        }
    )


def _check_policy(row: Row, sources: dict[str, Source]) -> None:
    """A text that forbids reprinting, from a source that the desk may quote in full: a person must decide (R16)."""
    forbids = any(finding["code"] == "reprint-notice" for finding in row.record.findings)
    if forbids and row.record.host and sources[row.record.host].reuse == Reuse.FULL:
        row.find("notice-against-policy", row.record.host)


def _article_values(row: Row, sources: dict[str, Source]) -> tuple:
    record, content = row.record, row.record.content
    return (
        row.article_id,
        content["title"],
        content["url"],
        record.url_key,
        as_json(content["also_at"]),
        sources[record.host].pk if record.host else None,
        content["summary"],
        content["source_date"],
        content["source_date_origin"],
        as_json(content["extra"]),
        as_json(content),
        record.key,
        record.hash,
        record.text_hash,
    )


def _event_values(row: Row) -> tuple:
    content = row.record.content
    return row.article_id, content["intro"], content["conclusion"], row.record.events_raw
