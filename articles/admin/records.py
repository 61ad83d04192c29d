"""The records of a batch, or of a preview of one: a tab for each outcome, and each record beside what it became."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from articles import places, rereading, revisions, seeds
from articles.admin import changes
from articles.admin.panels import remarks, worth_marking
from articles.conflicts import EACH, EDIT, KEEP, LATER, TAKE
from articles.ledger import content_of
from articles.marks import Budget, runs
from articles.models import Article, ImportRow, Outcome, PreviewRow
from articles.revisions import label
from newsroom.ids import is_id
from newsroom.permissions import may_see

PAGE = 25
CLIPPED = 2_000  # characters of a value
TITLED = 50_000  # bytes of a file that a list reads for the title of a record that is no article
MERGED = {Outcome.UPDATED, Outcome.UNCHANGED, Outcome.CONFLICT}  # what meets an article of its own
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
        "rows": _entries(shown, request),
        "before": shown[0].pk if shown and back else None,
        "after": shown[-1].pk if shown and on else None,
    }


def neighbours(rows: QuerySet, row: Any) -> dict[str, str]:
    """The addresses of the records before and after this one among those of its outcome."""
    same = rows.filter(outcome=row.outcome).order_by("pk").defer("findings", "conflicts")
    before, after = same.filter(pk__lt=row.pk).last(), same.filter(pk__gt=row.pk).first()
    return {name: address(one) for name, one in (("previous", before), ("next", after)) if one}


def _entries(rows: list[Any], request: HttpRequest) -> list[dict[str, Any]]:
    """What the list tells of each record. The title is the article's, and so is what its findings may name."""
    sees = sees_articles(request)
    found = remarks(rows) if sees else [[] for _row in rows]
    titles = _delivered_titles(rows) if sees and request.user.has_perm("articles.view_seedfile") else {}
    return [
        {
            "row": row,
            "place": place(row),
            "title": (_title(row) if sees else "") or titles.get(row.pk, ""),
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


def _delivered_titles(rows: list[Any]) -> dict[int, str]:
    """As their files say, of those that are no articles: quarantined, undone, or only foreseen."""
    nameless = [row for row in rows if not _title(row)]
    if not nameless:
        return {}
    model = nameless[0]._meta.get_field("file").related_model
    files = model.objects.filter(pk__in={row.file_id for row in nameless}, size__lte=TITLED)
    titles = {
        (pk, record.first_line): record.title
        for pk, content in files.values_list("pk", "content")
        for record in seeds.parse(bytes(content)).records
    }
    return {row.pk: titles.get((row.file_id, row.first_line), "") for row in nameless}


def place(row: Any) -> str:
    file = row.file.name if isinstance(row, PreviewRow) else row.file_name
    return places.place(file, row.first_line, row.last_line)


def file_name(row: ImportRow) -> str:
    return places.name(row.file.name)


def address(row: Any) -> str:
    if isinstance(row, PreviewRow):
        return reverse("admin:articles_importbatch_upload_record", args=[row.upload_id, row.pk])
    return reverse("admin:articles_importrow_change", args=[row.pk])


# --- one record -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A field: what was understood, what the database holds now, and what it will hold."""

    label: Any
    understood: str
    now: str
    differs: bool
    after: str = ""


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
            text,
            row.first_line,
            worth_marking(row.findings),
            rereading.line_count(content, *lines, row.findings),
        ),
        "too_long": too_long,
        "fields": compared(record.content if record else None, article, _foreseen_conflicts(row)),
        "understood": record is not None,
        "article": article,
    }


def _foreseen_conflicts(row: Any) -> Collection[str] | None:
    """Of a preview, the fields that would wait for a decision; None where nothing is merged any more, or ever."""
    return row.conflicts if isinstance(row, PreviewRow) and row.outcome in MERGED else None


def compared(
    content: dict[str, Any] | None, article: Article | None, conflicts: Collection[str] | None = None
) -> list[Line]:
    """`conflicts`: the fields that the import would leave in conflict, where it is still to come."""
    now = revisions.snapshot(article) if article else {}
    sides = [(name, content[name] if content else None, now.get(name)) for name in RECORD_FIELDS]
    found = []
    for name, theirs, ours in sides:
        if theirs or ours:
            differs = bool(content and article and theirs != ours)  # two long texts may begin alike
            after = (
                _after(name, theirs, ours, article, conflicts) if differs and conflicts is not None else ""
            )
            found.append(Line(label(name), _said(name, theirs), _said(name, ours), differs, after))
    return found


def _after(name: str, theirs: Any, ours: Any, article: Article, conflicts: Collection[str]) -> str:
    """What the import makes of the two, in words: `articles.threeway` has the rule."""
    base = (article.base or {}).get(name)
    if name in conflicts:
        return _("as it is now, until somebody decides")
    if theirs == base:
        return _("as it is now: only the desk has changed it")
    if article.approved:
        return _("for readers as it is now; the seed’s change waits as a draft")
    if isinstance(ours, list) and ours != base:
        return _("what the desk and the seed have each changed, together")
    return _("as in the seed")


def _said(name: str, value: Any) -> str:
    return changes.as_text(name, value, CLIPPED)


def three_sides(conflicts: dict[str, Any]) -> list[dict[str, Any]]:
    """Conflicts with an import, field by field, with the decision once it is made."""
    choices = {
        KEEP: _("the desk’s was kept"),
        TAKE: _("the seed’s was taken"),
        EDIT: _("written anew"),
        EACH: _("decided one by one"),
        LATER: _("settled together with a later conflict"),
    }
    return [
        {
            "label": label(name),
            "sides": [_said(name, sides.get(side)) for side in ("base", "desk", "seed")],
            "decision": choices.get((sides.get("decision") or {}).get("choice"), ""),
            "at": changes.moment((sides.get("decision") or {}).get("at", "")),
        }
        for name, sides in conflicts.items()
    ]


# --- two deliveries of one record -----------------------------------------------------------------


def marked(was: str, now: str, budget: Budget) -> list[changes.Piece]:
    """What a later delivery says otherwise, character by character."""
    return changes.pieces(runs(was, now, budget), changes.Room())
