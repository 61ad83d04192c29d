"""The index follows the database: take from the queue, update the index, delete from the queue what was taken.

A row may leave the queue only when the live index holds what it stands for. While a rebuild runs, a second index is
made from rows of the database that were read earlier: so the queue's rows stay, and are done again after the swap.
The worker looks after its update whether a rebuild runs and whether its folder is still the live one. A rebuild that
begins later than that reads what the row stood for from the database itself.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from articles.models import SearchQueue
from articles.search import folder, index
from newsroom.sql import fetch, run

log = logging.getLogger(__name__)

CHUNK = 1_000  # articles a commit
WINDOW = 10_000  # rows of the queue looked at together: an article is queued by each table that it came into
EDIT = (
    100  # rows at most that one transaction of the desk queues; an import or a renamed term queues thousands
)
LATEST = 50_000  # rows looked through for edits: more than an import queues while a chunk is done
TROUBLE = (OperationalError, InterfaceError, OSError, index.Missing)  # of database or disk, not of an article


# --- the queue ------------------------------------------------------------------------------------


def drain(writer: index.Writer, applied: set[int] | None = None) -> int:
    """Bring a chunk of the changes in the queue into the index; how many articles that were, 0 if none waits.

    `applied` is the caller's set of rows that stay in the queue while a rebuild runs: so they are not done at once
    again. After the swap the writer is out of date: open a new one, with a new set.
    """
    applied = set() if applied is None else applied
    if applied and not folder.rebuilding():
        applied.clear()  # it has ended: either the folder was swapped or these rows may go after all
    taken = _take(applied)
    if not taken:
        return 0
    _update(writer, list(taken))
    rows = [row for rows in taken.values() for row in rows]
    # In this order: a rebuild that ended between the two questions has swapped.
    if folder.rebuilding():
        applied.update(rows)
    elif folder.current() == writer.folder:
        SearchQueue.objects.filter(pk__in=rows).delete()
    return len(taken)


def catch_up(writer: index.Writer, applied: set[int], going: Callable[[], bool] = lambda: True) -> None:
    """Drain until nothing waits, or the writer's folder is not the live one any more."""
    while going() and folder.current() == writer.folder:
        queue_due(writer)
        if not drain(writer, applied):
            break


def _take(applied: Collection[int]) -> dict[int, list[int]]:
    """A chunk of articles, each with its rows of the queue: those that have waited longest.

    If many wait, up to half of them are what people have just edited: they look whether it is found.
    """
    taken: dict[int, list[int]] = {}
    edited = 0
    for rows in _windows():
        if len(rows) == WINDOW and not taken:
            _add(taken, _latest_edits(), applied, CHUNK // 2)
            edited = len(taken)
        _add(taken, rows, applied, CHUNK)
        if len(taken) > edited:
            break
    return taken


def _add(
    taken: dict[int, list[int]], rows: list[tuple[int, int]], applied: Collection[int], most: int
) -> None:
    for row, article in rows:
        if row not in applied and (article in taken or len(taken) < most):
            taken.setdefault(article, []).append(row)


def _windows() -> Iterator[list[tuple[int, int]]]:
    """Rows and their articles, the oldest first."""
    last = 0
    while True:
        window = SearchQueue.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "article_id")
        rows = list(window[:WINDOW])
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _latest_edits() -> list[tuple[int, int]]:
    """Rows of small transactions and their articles, the newest first. All rows of one transaction have one time."""
    return fetch(
        "SELECT id, article_id FROM (SELECT id, article_id, count(*) OVER (PARTITION BY at) AS size"
        " FROM (SELECT * FROM articles_searchqueue ORDER BY id DESC LIMIT %s) AS latest) AS sized"
        " WHERE size <= %s ORDER BY id DESC LIMIT %s",
        LATEST,
        EDIT,
        WINDOW,
    )


def _update(writer: index.Writer, articles: list[int]) -> None:
    """Update the index; an article that cannot be indexed is taken out, so that the others do not wait for it."""
    try:
        writer.update(articles)
    except TROUBLE:
        raise
    except Exception as error:  # whatever a text that nobody foresaw can bring about
        if len(articles) > 1:
            middle = len(articles) // 2
            _update(writer, articles[:middle])
            _update(writer, articles[middle:])
        else:
            writer.remove(articles)  # if this fails too, the index is at fault, not the article
            log.error("article %d cannot be indexed: %r", articles[0], error)


# --- the clock ------------------------------------------------------------------------------------


def queue_due(writer: index.Writer) -> None:
    """Queue the articles that the clock has made public, or withdrawn, since this was last done; kept with the index.

    Without any there is nothing to keep: the next time looks from the same moment.
    """
    now = timezone.now()
    due = [pk for (pk,) in fetch(DUE, since=writer.clock, now=now)]
    if due:
        SearchQueue.objects.bulk_create(SearchQueue(article_id=pk) for pk in due)
        writer.set_clock(now)


def next_due(writer: index.Writer) -> datetime | None:
    """When the clock makes the next article public, or withdraws it; that may have come since `queue_due`."""
    [(moment,)] = fetch(NEXT_DUE, since=writer.clock)
    return moment


# Each half has an index of its own, which one condition over both columns would not use.
DUE = """
SELECT id FROM articles_article
WHERE status = 'published' AND published_at > %(since)s AND published_at <= %(now)s
UNION
SELECT id FROM articles_article WHERE withdraw_at > %(since)s AND withdraw_at <= %(now)s
"""
NEXT_DUE = """
SELECT least(
    (SELECT min(published_at) FROM articles_article WHERE status = 'published' AND published_at > %(since)s),
    (SELECT min(withdraw_at) FROM articles_article WHERE withdraw_at > %(since)s)
)
"""


# --- rebuilding -----------------------------------------------------------------------------------


def rebuild(progress: Callable[[int, int], None] | None = None) -> int:
    """Build the index anew; how many articles are in it. Raises folder.Busy.

    What stood in the queue before is in the new index and leaves it. What came later is still to be done, and so is
    what the clock made public: the new index's clock stands at the moment before the first article was read.
    """
    first, last = _waiting_rows()
    articles = index.rebuild(progress)
    run(
        "DELETE FROM articles_searchqueue USING unnest(%s::bigint[], %s::bigint[]) AS span (first, last)"
        " WHERE id BETWEEN first AND last",
        first,
        last,
    )
    return articles


def _waiting_rows() -> tuple[list[int], list[int]]:
    """First and last of each unbroken span of rows. A number that is missing may be somebody's who has not yet
    committed: that change the rebuild would not see."""
    [(first, last)] = fetch(
        "SELECT array_agg(first), array_agg(last) FROM ("
        "SELECT min(id) AS first, max(id) AS last FROM ("
        "SELECT id, id - row_number() OVER (ORDER BY id) AS span FROM articles_searchqueue"
        ") AS row GROUP BY span) AS span"
    )
    return first or [], last or []


# --- how far behind -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lag:
    index: str  # "ok", "missing" or "rebuilding"
    waiting: int  # articles, among the oldest rows of the queue
    oldest: float | None  # seconds since the first of them changed
    more: bool = False  # there are more rows than were looked at


def behind() -> bool:
    """Whether more waits than one look at the queue takes in: after an import, not after an editor's save."""
    return SearchQueue.objects.order_by("pk").values_list("pk", flat=True)[WINDOW:].exists()


def lag() -> Lag:
    [(waiting, oldest, rows)] = fetch(
        "SELECT count(DISTINCT article_id), extract(epoch FROM clock_timestamp() - min(at))::float, count(*)"
        " FROM (SELECT article_id, at FROM articles_searchqueue ORDER BY id LIMIT %s) AS oldest",
        WINDOW,
    )
    state = "rebuilding" if folder.rebuilding() else "ok" if index.usable() else "missing"
    return Lag(state, waiting, oldest, rows == WINDOW)
