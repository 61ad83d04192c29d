"""What an article's page and a row's page tell and do not edit: where it came from, what became of it."""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.findings import NOTE
from articles.models import Article, DuplicatePair, ImportRow, Outcome, PreviewRow, Revision
from articles.wording import explained

SHOWN_ROWS = 10
SHOWN_REVISIONS = 20
SHOWN_POINTS = 500
NAMING = {"link-taken", "possible-duplicate"}  # findings whose text may name another article
NUMBER = re.compile(r"#(\d{1,18})")


def remarks(rows: Iterable[ImportRow | PreviewRow]) -> list[list[dict[str, Any]]]:
    """The findings of each row in words.

    One that names another article has it as `article`, while there is one, and as `compare` the page of the two.
    """
    rows = list(rows)
    found = [[explained(finding) for finding in row.findings] for row in rows]
    twins = _same_texts(row.article_id for row in rows if any(map(_names_record, row.findings)))
    named = [
        [_named(remark) or (twins.get(row.article_id) if _names_record(remark) else None) for remark in told]
        for row, told in zip(rows, found, strict=True)
    ]
    others = Article.objects.only("title").in_bulk({number for each in named for number in each if number})
    pairs = _pairs(
        {(row.article_id, number) for row, each in zip(rows, named, strict=True) for number in each}
    )
    return [
        [
            remark | {"article": others.get(number), "compare": pairs.get((row.article_id, number), "")}
            for remark, number in zip(told, each, strict=True)
        ]
        for row, told, each in zip(rows, found, named, strict=True)
    ]


def _named(remark: dict[str, Any]) -> int | None:
    found = NUMBER.fullmatch(remark["text"]) if remark["code"] in NAMING else None
    return int(found[1]) if found else None


def _names_record(finding: dict[str, Any]) -> bool:
    """The other article came with the same batch: when the finding was made it had no number yet."""
    return finding.get("code") == "possible-duplicate" and not NUMBER.fullmatch(finding.get("text", ""))


def _same_texts(articles: Iterable[int | None]) -> dict[int, int]:
    """Of each article the first other one with the same text."""
    ids = {pk for pk in articles if pk}
    if not ids:
        return {}
    same = Article.objects.filter(text_hash=OuterRef("text_hash")).exclude(pk=OuterRef("pk")).order_by("pk")
    found = Article.objects.filter(pk__in=ids).annotate(other=Subquery(same.values("pk")[:1]))
    return dict(found.order_by().values_list("pk", "other"))


def _pairs(both: Iterable[tuple[int | None, int | None]]) -> dict[tuple[int, int], str]:
    """The address of the page that compares these two articles."""
    wanted = [sorted(two) for two in both if all(two)]
    if not wanted:
        return {}
    low, high = zip(*wanted, strict=True)
    found = DuplicatePair.objects.filter(low__in=low, high__in=high).values_list("pk", "low_id", "high_id")
    addresses: dict[tuple[int, int], str] = {}
    for pk, one, other in found.order_by():
        address = reverse("admin:articles_duplicatepair_change", args=[pk])
        addresses |= {(one, other): address, (other, one): address}
    return addresses


def worth_marking(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A mere note is no fault of its line."""
    return [finding for finding in findings if explained(finding)["severity"] != NOTE]


def in_words(row: ImportRow) -> str:
    """The findings that need care, or else the notes, each once, without the text concerned: it may name an article."""
    found = [explained(finding) for finding in worth_marking(row.findings) or row.findings]
    return _("; ").join(dict.fromkeys(one["message"].rstrip(":：.。 ") for one in found))


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
    return table(head, ((r["line"] or "", r["message"], _remedy(r), _passage(r)) for r in found))


def _remedy(remark: dict[str, Any]) -> SafeString | str:
    if not remark["compare"]:
        return remark["remedy"]
    return format_html('<a href="{}">{}</a>', remark["compare"], remark["remedy"])


def _passage(remark: dict[str, Any]) -> SafeString | str:
    if not (other := remark["article"]):
        return remark["text"]
    address = reverse("admin:articles_article_change", args=[other.pk])
    return format_html('<a href="{}">#{} {}</a>', address, other.pk, other)
