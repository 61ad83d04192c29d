"""The records of a batch, or of a preview of one: a tab for each outcome, and each record beside what it became."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from articles import rereading, revisions
from articles.admin import changes
from articles.admin.panels import remarks
from articles.ledger import content_of
from articles.models import Article, Outcome, PreviewRow
from articles.revisions import label
from newsroom.ids import is_id
from newsroom.permissions import may_see

PAGE = 25
CLIPPED = 2_000  # characters of a value
RECORD_FIELDS = (
    "title", "url", "also_at", "source_date", "summary", "keywords", "technologies", "industries", "intro", "points",
    "conclusion", "extra",
)  # fmt: skip


def sees_articles(request: HttpRequest) -> bool:
    return may_see(request.user, Article)


# --- tabs -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tab:
    outcome: str
    label: Any
    number: int
    current: bool


def tabs(request: HttpRequest, counts: dict[str, int]) -> list[Tab]:
    """A tab for each outcome that came about; the one that is asked for, or the first, is the current one."""
    there = [outcome for outcome in Outcome if counts.get(outcome)]
    asked = request.GET.get("tab")
    current = asked if asked in there else (there[0] if there else None)
    return [Tab(outcome.value, outcome.label, counts[outcome], outcome == current) for outcome in there]


def page_of(request: HttpRequest, rows: QuerySet, found: list[Tab]) -> dict[str, Any]:
    """The rows of the current tab, so many from where the address says, by their ids: in a constant time."""
    current = next((tab for tab in found if tab.current), None)
    if not current:
        return {"tabs": [], "rows": []}
    rows = rows.filter(outcome=current.outcome)
    before, after = (request.GET.get(name, "") for name in ("before", "after"))
    if is_id(before):
        some = list(rows.filter(pk__lt=before).order_by("-pk")[: PAGE + 1])
        more, shown = len(some) > PAGE, some[:PAGE][::-1]
        back, on = more, True
    else:
        some = list(rows.filter(pk__gt=after if is_id(after) else 0).order_by("pk")[: PAGE + 1])
        shown = some[:PAGE]
        back, on = is_id(after), len(some) > PAGE
    return {
        "tabs": found,
        "tab": current,
        "rows": _entries(shown, sees_articles(request)),
        "before": shown[0].pk if shown and back else None,
        "after": shown[-1].pk if shown and on else None,
    }


def _entries(rows: list[Any], sees: bool) -> list[dict[str, Any]]:
    """What the list tells of each record. The title is the article's, and so is what its findings may name."""
    found = remarks(rows) if sees else [[] for _row in rows]
    return [
        {
            "row": row,
            "place": place(row),
            "title": _title(row) if sees else "",
            "address": address(row),
            "findings": list({remark["code"]: remark for remark in told}.values()),
            "conflicts": [label(name) for name in row.conflicts] if sees else [],
        }
        for row, told in zip(rows, found, strict=True)
    ]


def _title(row: Any) -> str:
    if isinstance(row, PreviewRow):
        return row.title
    return str(row.article) if row.article_id else ""


def place(row: Any) -> str:
    name = row.file.name if isinstance(row, PreviewRow) else row.file_name
    return f"{name}:{row.first_line}–{row.last_line}"


def address(row: Any) -> str:
    if isinstance(row, PreviewRow):
        return reverse("admin:articles_importbatch_upload_record", args=[row.upload_id, row.pk])
    return reverse("admin:articles_importrow_change", args=[row.pk])


# --- one record -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A field: what was understood, what the database holds now."""

    label: Any
    understood: str
    now: str
    differs: bool


def beside(row: Any, *, sees: bool) -> dict[str, Any]:
    """The original with the numbers of its lines, what was understood of it, and what the article says now."""
    told = {"remarks": remarks([row])[0] if sees else []}
    if row.file.size > rereading.LARGEST:
        return told | {"unshown": _("The file is too large for a page. Download it.")}
    content, lines = content_of(row.file), (row.first_line, row.last_line)
    text = rereading.delivered(content, *lines, row.findings)
    record, too_long = None, False
    try:
        record = rereading.understood(content, *lines)
    except rereading.TooLong:
        too_long = True
    article = Article.objects.whole().filter(pk=row.article_id).first() if sees and row.article_id else None
    return told | {
        "delivered": rereading.original(
            text, row.first_line, row.findings, rereading.line_count(content, *lines, row.findings)
        ),
        "too_long": too_long,
        "fields": compared(record.content if record else None, article),
        "understood": record is not None,
        "article": article,
    }


def compared(content: dict[str, Any] | None, article: Article | None) -> list[Line]:
    now = revisions.snapshot(article) if article else {}
    sides = [(name, content[name] if content else None, now.get(name)) for name in RECORD_FIELDS]
    return [
        # Two long texts may begin alike.
        Line(
            label(name), _said(name, theirs), _said(name, ours), bool(content and article and theirs != ours)
        )
        for name, theirs, ours in sides
        if theirs or ours
    ]


def _said(name: str, value: Any) -> str:
    return changes.as_text(name, value, CLIPPED)


def three_sides(conflicts: dict[str, Any]) -> list[dict[str, Any]]:
    """Conflicts with an import, field by field, with the decision once it is made."""
    choices = {
        "keep": _("the desk’s was kept"),
        "take": _("the seed’s was taken"),
        "edit": _("written anew"),
        "each": _("decided one by one"),
    }
    return [
        {
            "label": label(name),
            "sides": [_said(name, sides.get(side)) for side in ("base", "desk", "seed")],
            "decision": choices.get((sides.get("decision") or {}).get("choice"), ""),
            "at": (sides.get("decision") or {}).get("at", "")[:16].replace("T", " "),
        }
        for name, sides in conflicts.items()
    ]
