"""What came of each record of a batch, as a table for spreadsheets."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import uploads
from articles.exporter import MARK, csv_line
from articles.models import ImportBatch, ImportRow
from articles.revisions import label
from articles.wording import SEVERITIES, explained

COLUMNS = (
    gettext_lazy("File"), gettext_lazy("First line"), gettext_lazy("Last line"), gettext_lazy("Outcome"),
    gettext_lazy("Article"), gettext_lazy("Title"), gettext_lazy("Link"), gettext_lazy("Severity"),
    gettext_lazy("Findings"), gettext_lazy("Codes"), gettext_lazy("Conflicts"),
)  # fmt: skip
READ = (
    "file_name", "first_line", "last_line", "outcome", "findings", "conflicts", "article__title", "article__url",
)  # fmt: skip


def csv_lines(batch: ImportBatch) -> Iterator[str]:
    """The files that were left out, then one line a record."""
    yield MARK + csv_line(COLUMNS)
    for item in uploads.left_out(batch.skipped):
        yield csv_line([item["name"], "", "", _("left out"), *[""] * 4, item["cause"], item["code"], ""])
    rows = batch.narrow(ImportRow.objects).select_related("article").only(*READ).order_by("id")
    for row in rows.iterator(chunk_size=2_000):
        yield csv_line(_cells(row))


def _cells(row: ImportRow) -> list[Any]:
    found = [explained(finding) for finding in row.findings]
    severities = {finding["severity"] for finding in found}
    return [
        row.file_name,
        row.first_line,
        row.last_line,
        row.get_outcome_display(),
        row.article_id or "",
        row.article.title if row.article else "",
        row.article.url if row.article else "",
        next((word for severity, word in SEVERITIES.items() if severity in severities), ""),
        "\n".join(map(_sentence, found)),
        " ".join(dict.fromkeys(finding["code"] for finding in found)),
        "、".join(map(label, row.conflicts)),
    ]


def _sentence(finding: dict[str, Any]) -> str:
    line = f"{finding['line']}:" if finding["line"] else ""
    return " ".join(filter(None, [line, finding["message"], finding["text"], finding["remedy"]]))
