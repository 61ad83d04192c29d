"""What an article's page and a row's page tell and do not edit: where it came from, what became of it."""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, Subquery
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.models import Article, ImportRow, Outcome, Revision
from articles.wording import explained

SHOWN_ROWS = 10
SHOWN_REVISIONS = 20
SHOWN_POINTS = 500
NAMING = {"link-taken", "possible-duplicate"}  # findings whose text may name another article
NUMBER = re.compile(r"#(\d{1,18})")


def remarks(rows: Iterable[ImportRow]) -> list[list[dict[str, Any]]]:
    """The findings of each row in words; one that names another article has it as `article`, while there is one."""
    found = [[explained(finding) for finding in row.findings] for row in rows]
    named = {number for remarks in found for remark in remarks if (number := _named(remark))}
    others = Article.objects.only("title").in_bulk(named)
    return [[remark | {"article": others.get(_named(remark))} for remark in remarks] for remarks in found]


def _named(remark: dict[str, Any]) -> int | None:
    found = NUMBER.fullmatch(remark["text"]) if remark["code"] in NAMING else None
    return int(found[1]) if found else None


def provenance(article: Article) -> list[ImportRow]:
    """The latest records that this article came from, each with its findings in words as `remarks`.

    Of those that brought nothing new, one for each night, only the last one tells something: that it still comes.
    """
    last = ImportRow.objects.filter(article=article).order_by("-id").values("pk")[:1]
    rows = article.import_rows.filter(~Q(outcome=Outcome.UNCHANGED) | Q(pk=Subquery(last)))
    rows = rows.select_related("batch", "file").defer("file__content", "conflicts", "batch__skipped")
    rows = list(rows.order_by("-id")[:SHOWN_ROWS])
    for row, found in zip(rows, remarks(rows), strict=True):
        row.remarks = found
    return rows


def latest_revisions(article: Article) -> list[Revision]:
    return list(article.revisions.select_related("by").defer("snapshot")[:SHOWN_REVISIONS])


def event_text(article: Article) -> SafeString:
    """The event summary to read, for those who may not change it."""
    summary = getattr(article, "event_summary", None)
    points = article.points.all()[:SHOWN_POINTS]
    return format_html(
        '<div class="desk-event-text"><p>{}</p><ol>{}</ol><p>{}</p></div>',
        summary.intro if summary else "",
        format_html_join("", "<li><b>{}</b> {}</li>", ((point.heading, point.body) for point in points)),
        summary.conclusion if summary else "",
    )


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> SafeString:
    """A plain table for a read-only field."""
    return format_html(
        '<div class="desk-scroll"><table class="desk-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        format_html_join("", '<th scope="col">{}</th>', ((cell,) for cell in head)),
        format_html_join(
            "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((c,) for c in row)),) for row in rows)
        ),
    )


def remark_table(row: ImportRow) -> SafeString | str:
    [found] = remarks([row])
    if not found:
        return _("None.")
    head = [_("Line"), _("Finding"), _("What to do"), _("Passage")]
    return table(head, ((r["line"] or "", r["message"], r["remedy"], _passage(r)) for r in found))


def _passage(remark: dict[str, Any]) -> SafeString | str:
    if not (other := remark["article"]):
        return remark["text"]
    address = reverse("admin:articles_article_change", args=[other.pk])
    return format_html('<a href="{}">#{} {}</a>', address, other.pk, other)
