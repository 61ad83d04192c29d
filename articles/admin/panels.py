"""What an article's page and a row's page tell and do not edit: where it came from, what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.findings import FINDINGS, WARNING
from articles.models import Article, ImportRow, Revision

SHOWN_ROWS = 10
SHOWN_REVISIONS = 20


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding in words."""

    line: int | None
    severity: str
    code: str
    message: str
    remedy: str
    text: str


def remarks(findings: Iterable[dict[str, Any]]) -> list[Remark]:
    return [_remark(finding) for finding in findings]


def _remark(finding: dict[str, Any]) -> Remark:
    code = finding.get("code", "")
    severity, message, remedy = FINDINGS.get(code, (WARNING, code, ""))
    return Remark(
        line=finding.get("line"),
        severity=severity,
        code=code,
        message=_(message),
        remedy=_(remedy) if remedy else "",
        text=finding.get("text", ""),
    )


def provenance(article: Article) -> list[ImportRow]:
    """The latest records that this article came from, each with its findings in words as `remarks`."""
    rows = article.import_rows.select_related("batch", "file").defer("file__content", "conflicts")
    rows = list(rows.order_by("-id")[:SHOWN_ROWS])
    for row in rows:
        row.remarks = remarks(row.findings)
    return rows


def latest_revisions(article: Article) -> list[Revision]:
    return list(article.revisions.select_related("by").defer("snapshot")[:SHOWN_REVISIONS])


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> SafeString:
    """A plain table for a read-only field."""
    return format_html(
        '<div class="desk-scroll"><table class="desk-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        format_html_join("", '<th scope="col">{}</th>', ((cell,) for cell in head)),
        format_html_join(
            "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((c,) for c in row)),) for row in rows)
        ),
    )


def remark_table(findings: Iterable[dict[str, Any]]) -> SafeString | str:
    found = remarks(findings)
    if not found:
        return _("None.")
    head = [_("Line"), _("Finding"), _("What to do"), _("Passage")]
    return table(head, ((r.line or "", r.message, r.remedy, r.text) for r in found))
