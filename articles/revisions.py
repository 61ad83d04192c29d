"""Snapshots of whole articles: what a revision holds, and how one is written."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Field, Max
from django.db.models.fields.json import KeyTextTransform

from articles import links
from articles.models import (
    TERM_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    Origin,
    Revision,
    RevisionKind,
    Status,
)
from newsroom.sql import as_json, copy_rows, run

# What a seed says about an article. `Article.base` has these, the terms (as spelled) and the event summary.
SEED_FIELDS = ("title", "url", "also_at", "summary", "source_date", "source_date_origin", "extra")
DESK_FIELDS = ("excerpt", "reuse", "status", "published_at", "withdraw_at")

Snapshot = dict[str, Any]


def column(field: str) -> Field:
    """The model field behind a field of a snapshot; the points have none."""
    model = EventSummary if field in {"intro", "conclusion", "origin"} else Article
    return model._meta.get_field(field)


def label(field: str) -> str:
    """What the desk calls a field of a snapshot."""
    if field == "points":
        return str(EventPoint._meta.verbose_name_plural)
    return str(column(field).verbose_name)


def snapshot(article: Article) -> Snapshot:
    """The whole article as JSON: fields, terms by name, points in order.

    Costs no query if the article comes from `Article.objects.whole()`.
    """
    summary = getattr(article, "event_summary", None)
    return {
        **{field: _plain(getattr(article, field)) for field in (*SEED_FIELDS, *DESK_FIELDS)},
        "source": article.source.host if article.source else None,
        **{field: [term.name for term in getattr(article, field).all()] for field in TERM_FIELDS},
        "intro": summary.intro if summary else "",
        "points": [{"heading": point.heading, "body": point.body} for point in article.points.all()],
        "conclusion": summary.conclusion if summary else "",
        "origin": summary.origin if summary else Origin.MACHINE.value,
    }


def record(
    article_ids: Iterable[int],
    *,
    kind: RevisionKind,
    by: AbstractBaseUser | None = None,
    note: str = "",
    verb: str = "",
) -> None:
    """Write one revision of each article as it now stands. The caller has these rows locked and changed."""
    articles = Article.objects.whole().in_bulk(article_ids)
    snapshots = {pk: snapshot(article) for pk, article in articles.items()}
    record_snapshots(snapshots, kind=kind, by=by, note=note, verb=verb)


def record_snapshots(
    snapshots: Mapping[int, Snapshot],
    *,
    kind: RevisionKind,
    by: AbstractBaseUser | None = None,
    note: str = "",
    verb: str = "",
    pending: bool = False,
) -> None:
    """Write one revision of each article id, in a constant number of statements.

    An imported article that has none yet first gets number 1: what came in, from its `base`. A pending draft
    takes the place of an earlier pending one, which stays in the history.
    """
    record_imports(snapshots)
    if pending:
        Revision.objects.filter(article__in=snapshots, pending=True).update(pending=False)
    last = _last_numbers(snapshots)
    copy_rows(
        Revision,
        ("article_id", "number", "kind", "verb", "snapshot", "pending", "by_id", "note"),
        (
            (pk, last.get(pk, 0) + 1, kind.value, verb, as_json(data), pending, by.pk if by else None, note)
            for pk, data in snapshots.items()
        ),
    )


def _last_numbers(article_ids: Iterable[int]) -> dict[int, int]:
    numbers = Revision.objects.filter(article__in=list(article_ids)).order_by().values("article")
    return dict(numbers.annotate(last=Max("number")).values_list("article", "last"))


def pending(article_id: int) -> Revision | None:
    """The draft of a live article that waits for a decision."""
    return Revision.objects.filter(article=article_id, pending=True).select_related("by").first()


def draft(article: Article) -> Revision | None:
    """The draft that waits while readers see, or will see, something else."""
    return pending(article.pk) if article.approved else None


# As `imported_snapshot`; long texts stay where they are.
RECORD_IMPORTS = """
INSERT INTO articles_revision (article_id, number, kind, snapshot, at)
SELECT a.id, 1, 'import', a.base || own.value, a.created_at
FROM articles_article a JOIN jsonb_each(%s) AS own ON own.key::bigint = a.id
"""


def record_imports(article_ids: Iterable[int]) -> None:
    """Give each imported article that has no revision number 1: what came in, from its `base`."""
    bases = Article.objects.filter(pk__in=list(article_ids), revisions=None, base__isnull=False)
    own = {
        pk: _not_from_seed(url or "") for pk, url in bases.values_list("pk", KeyTextTransform("url", "base"))
    }
    if own:
        run(RECORD_IMPORTS, as_json(own))


def imported_snapshot(base: Snapshot) -> Snapshot:
    """The snapshot of an article as it was when it came in and nobody had touched it."""
    return base | _not_from_seed(base.get("url", ""))


def _not_from_seed(url: str) -> Snapshot:
    untouched = {"excerpt": "", "reuse": "", "status": Status.DRAFT.value, "published_at": None}
    derived = {"source": links.host(url), "origin": Origin.MACHINE.value}
    return untouched | {"withdraw_at": None} | derived


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
