"""The form field for event points: rows of heading and body, in the order of their numbers.

An article may have tens of thousands of points. A form shows and takes a part of them; the others stay as they are stored.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.admin.carrying import Part
from newsroom.line_ends import lf

ON_A_PAGE = 200  # stored points that a form shows
MAX_POINTS = 2_000  # rows that a form takes
EMPTY = 3  # rows at the end, for those without scripts
FAR = 10**9  # behind any other point
ASKED = "points"  # of the address: the number of a point that the part to be shown has

Row = dict[str, Any]
Point = dict[str, str]

# As the other texts of the form: a browser's line ends change nothing, a body is not trimmed.
_PARTS = {
    "heading": forms.CharField(required=False, strip=True),
    "body": forms.CharField(required=False, strip=False),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a form as they were typed, and the part of the stored points that they stand for."""

    rows: list[Row]
    part: Part | None = None  # None: all of them
    uncounted: bool = False  # there are more of them than the form says


def part_of(points: Sequence[Point], query: Mapping[str, str]) -> Part:
    """The part that an address asks for: the first one if it asks for nothing that there is."""
    number = _whole(query.get(ASKED, "")) or 1
    start = (number - 1) // ON_A_PAGE * ON_A_PAGE if 1 <= number <= len(points) else 0
    return Part(start, min(ON_A_PAGE, len(points) - start))


def ways(count: int, part: Part, query: QueryDict) -> list[dict[str, Any]]:
    """The parts of so many points, as links; those in between left out. None where one page has all."""
    if count <= ON_A_PAGE:
        return []
    pages = Paginator(range(count), ON_A_PAGE)
    present = part.start // ON_A_PAGE + 1
    query = query.copy()
    found = []
    for page in pages.get_elided_page_range(present):
        if isinstance(page, int):
            start = (page - 1) * ON_A_PAGE + 1
            query[ASKED] = start
            last = min(start + ON_A_PAGE - 1, count)
            found.append(
                {"words": f"{start}–{last}", "here": page == present, "address": f"?{query.urlencode()}"}
            )
        else:
            found.append({"words": page})
    return found


class PointsWidget(forms.Widget):
    """Works without scripts: numbers move rows, boxes delete them, empty rows take new points.

    With `article_id` scripts have the points compared with the article's text while they are typed.
    """

    template_name = "admin/articles/article/_points.html"
    article_id: int | None = None
    query = QueryDict()
    count = 0  # of all that are stored

    class Media:
        css = {"all": ["admin_points.css"]}
        js = [forms.Script("admin_points.js", defer=True), forms.Script("admin_points_text.js", defer=True)]

    def id_for_label(self, id_: str) -> str:
        return ""  # a label for all of it would be one for none of its fields

    def get_context(
        self, name: str, value: Sequence[Row] | Rows | None, attrs: dict | None
    ) -> dict[str, Any]:
        rows, part = self._shown(value)
        numbered = [{"place": number} | row for number, row in enumerate(rows, start=part.start + 1)]
        empty = {"heading": "", "body": "", "place": ""}
        return {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "rows": [*numbered, *[empty] * EMPTY],
            "empty": empty,
            "part": part,
            "count": self.count,
            "ways": ways(self.count, part, self.query),
            "parse_address": reverse("admin:articles_article_parse_points"),
            "evidence_address": self._evidence_address(),
        }

    def _shown(self, value: Sequence[Row] | Rows | None) -> tuple[Sequence[Row], Part]:
        """The rows of a form that comes back as they were typed, else those of the part that is asked for."""
        if isinstance(value, Rows):
            return value.rows, value.part or Part(0, self.count)
        part = part_of(value or [], self.query)
        return part.of(value or []), part

    def _evidence_address(self) -> str:
        return reverse("admin:articles_article_evidence", args=[self.article_id]) if self.article_id else ""

    def render(
        self,
        name: str,
        value: Sequence[Row] | Rows | None,
        attrs: dict | None = None,
        renderer: Any = None,
    ) -> SafeString:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def value_from_datadict(self, data: Mapping, files: Any, name: str) -> Rows | None:
        """The rows as they were typed; None if the form does not say how many there are, or which."""
        total = _whole(data.get(f"{name}-total", ""))
        part = [_whole(data.get(f"{name}-{side}", "0")) for side in ("start", "shown")]
        if total is None or total < 0 or not all(number is not None and number >= 0 for number in part):
            return None
        last = max(_numbers(data, name), default=-1) + 1
        rows = [
            {part: data.get(f"{name}-{n}-{part}", "") for part in ("heading", "body", "place")}
            | {"delete": bool(data.get(f"{name}-{n}-delete"))}
            for n in range(min(max(total, last), MAX_POINTS + 1))
        ]
        whole = f"{name}-shown" not in data
        return Rows(rows, None if whole else Part(*part), uncounted=last > total)

    def value_omitted_from_data(self, data: Mapping, files: Any, name: str) -> bool:
        return f"{name}-total" not in data


def _numbers(data: Mapping, name: str) -> Iterator[int]:
    """Of the rows that have a text."""
    row = re.compile(rf"{re.escape(name)}-(\d{{1,9}})-(?:heading|body)", re.ASCII)
    return (int(found[1]) for key in data if (found := row.fullmatch(key)) and data.get(key).strip())


class PointsField(forms.Field):
    """Rows in, points out as snapshots have them: in order, the empty and the deleted ones left out.

    `stored` are the points that the form was made from: those that it does not show stay as they are.
    """

    widget = PointsWidget
    stored: Sequence[Point] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False} | kwargs)

    def clean(self, value: Rows | None) -> list[Point]:
        if value is None:
            raise ValidationError(_("The form is incomplete: open it again."), code="incomplete")
        if len(value.rows) > MAX_POINTS:
            raise ValidationError(
                _("At most %(number)d points at a time."), params={"number": MAX_POINTS}, code="too-many"
            )
        if value.uncounted:
            text = _(
                "More points arrived than the form had counted, so nothing was saved. They are all here: save again."
            )
            raise ValidationError(text, code="uncounted")
        part = value.part or Part(0, len(self.stored))
        return [*self.stored[: part.start], *typed_points(value), *self.stored[part.start + part.shown :]]

    def bound_data(self, data: Rows | None, initial: Sequence[Point] | None) -> Sequence[Row] | Rows | None:
        return initial if data is None else data  # an incomplete form shows what is stored

    def has_changed(self, initial: Sequence[Point] | None, data: Rows | None) -> bool:
        try:
            return not self.disabled and list(initial or []) != self.clean(data)
        except ValidationError:
            return True


def typed_points(value: Rows) -> list[Point]:
    """The points that these rows are, in the order of their numbers. Raises ValidationError."""
    start = value.part.start if value.part else 0
    placed = [(_place(number, row), _point(row)) for number, row in enumerate(value.rows, start=start + 1)]
    kept = [
        (place, point)
        for (place, point), row in zip(placed, value.rows, strict=True)
        if not row.get("delete") and any(map(str.strip, point.values()))
    ]
    return [point for _place, point in sorted(kept, key=lambda pair: pair[0])]


def _whole(text: str) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        return None
    return int(text) if len(text) < 10 else FAR


def _place(number: int, row: Row) -> tuple[int, int]:
    """Where the editor wants this row; one moved up goes before the row it meets, one moved down behind it."""
    given = str(row.get("place") or "")
    if not given.strip():
        return FAR, 0
    wanted = _whole(given)
    if wanted is None:
        raise ValidationError(
            _("The number of point %(number)d is not a whole number."), params={"number": number}
        )
    return wanted, (wanted > number) - (wanted < number)


def _point(row: Row) -> Point:
    return {part: field.clean(lf(str(row.get(part) or ""))) for part, field in _PARTS.items()}
