"""What the editor of event points asks: what a pasted summary says, and what of the points the source text says."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from articles import cleaning, editing
from articles import points as summaries
from articles.admin.points_field import MAX_POINTS, Point, part_of, ways
from articles.evidence import Evidence, Missing
from articles.evidence import evidence as judge
from articles.models import Article
from articles.revisions import Snapshot
from articles.wording import explained
from newsroom.line_ends import lf

MAX_SUMMARY = 200_000  # characters of a pasted summary
# Characters of the text times points: about 0.1 s of work each time an article is opened, and half a second on demand.
MAX_UNASKED, MAX_ASKED = 500_000, 2_500_000
KINDS = {
    "number": gettext_lazy("figure"),
    "date": gettext_lazy("date"),
    "quote": gettext_lazy("quotation"),
    "name": gettext_lazy("name"),
}


@require_POST
def parse_points(request: HttpRequest) -> JsonResponse:
    """A whole summary as the importer would read it."""
    if not any(request.user.has_perm(f"articles.{what}_article") for what in ("add", "change")):
        raise PermissionDenied
    text = request.POST.get("text", "")
    if len(text) > MAX_SUMMARY:
        return JsonResponse({"error": _("This is too long for a summary.")}, status=400)
    cleaned, done = cleaning.clean(lf(text))
    events = summaries.parse(cleaned)
    if len(events.points) > MAX_POINTS:
        text = _("At most %(number)d points at a time.") % {"number": MAX_POINTS}
        return JsonResponse({"error": text}, status=400)
    found = {
        "intro": events.intro,
        "points": [{"heading": point.heading, "body": point.body} for point in events.points],
        "conclusion": events.conclusion,
        "findings": [
            *(_finding_text(code) for code in sorted(done)),
            *(_finding_text(*one) for one in events.problems),
        ],
    }
    return JsonResponse(found)


def _finding_text(code: str, line: int | None = None, text: str = "") -> str:
    words = explained({"code": code, "text": text})
    where = "" if line is None else _("line %(line)s") % {"line": line + 1}
    return " ".join(filter(None, [where, words["message"], text, words["remedy"]]))


def evidence(request: HttpRequest, article: Article) -> HttpResponse:
    """POST: the points as they are being typed, judged. GET: those that are stored, on a page of their own."""
    text = editing.text(article)
    if request.method != "POST":
        context = admin.site.each_context(request) | {"title": article.title, "article": article}
        context |= evidence_of(text, request.GET, at_once=True)
        return TemplateResponse(request, "admin/articles/article/evidence.html", context)
    headings, bodies = (request.POST.getlist(part)[: MAX_POINTS + 1] for part in ("heading", "body"))
    if len(headings) != len(bodies) or len(bodies) > MAX_POINTS:
        return JsonResponse({"error": _("The form is incomplete: open it again.")}, status=400)
    points = [tuple(map(lf, point)) for point in zip(headings, bodies, strict=True)]
    return JsonResponse({"points": [_as_json(found) for found in _judged(text["summary"], points)]})


def _judged(text: str, points: Sequence[tuple[str, ...]]) -> list[Evidence]:
    """The first points, as far as time allows; the others are not compared."""
    most = MAX_ASKED // max(len(text), 1)
    rest = [Evidence(sentences=[], missing=[], judged=False)] * max(len(points) - most, 0)
    return [*judge(text, points[:most]), *rest]


def _as_json(found: Evidence) -> dict[str, Any]:
    return {
        "judged": found.judged,
        "says": _support(found),
        "sentences": [{"number": one.number, "text": one.text} for one in found.sentences],
        "missing": [
            {
                "kind": str(KINDS[one.kind]),
                "text": one.text,
                "part": one.part,
                "start": one.start,
                "end": one.end,
            }
            for one in found.missing
        ],
    }


def _support(found: Evidence) -> str:
    if not found.judged:
        return _("Not compared: there is too much text.")
    number = len(found.sentences)
    if not number:
        return _("No sentence of the text supports this point.")
    return ngettext("Supported by %(number)d sentence", "Supported by %(number)d sentences", number) % {
        "number": number
    }


def evidence_panel(
    text: str, points: Sequence[Point], *, first: int = 1, at_once: bool = False
) -> dict[str, Any]:
    """Context of `_evidence.html`: each point with its flagged passages and the sentences that support it.

    A very long text is compared only when somebody asks for it.
    """
    if not points or (len(text) * len(points) > MAX_UNASKED and not at_once):
        return {"evidence": [], "too_long": bool(points)}
    found = _judged(text, [(point["heading"], point["body"]) for point in points])
    rows = [
        {
            "number": number,
            "heading": list(_marked(point["heading"], _of(one, "heading"))),
            "body": list(_marked(point["body"], _of(one, "body"))),
            "missing": [{"kind": KINDS[lack.kind], "text": lack.text} for lack in one.missing],
            "sentences": one.sentences,
            "says": _support(one),
        }
        for number, (point, one) in enumerate(zip(points, found, strict=True), start=first)
    ]
    return {"evidence": rows, "flagged": sum(bool(row["missing"]) for row in rows), "too_long": False}


def evidence_of(text: Snapshot, query: QueryDict, *, at_once: bool = False) -> dict[str, Any]:
    """The same for the part of an article's points that the address asks for."""
    part = part_of(text["points"], query)
    panel = evidence_panel(text["summary"], part.of(text["points"]), first=part.start + 1, at_once=at_once)
    return panel | {"ways": ways(len(text["points"]), part, query), "first": part.start + 1}


def _of(found: Evidence, part: str) -> list[Missing]:
    return [one for one in found.missing if one.part == part]


def _marked(text: str, missing: Sequence[Missing]) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is flagged."""
    at = 0
    for one in missing:
        yield text[at : one.start], False
        yield text[one.start : one.end], True
        at = one.end
    yield text[at:], False
