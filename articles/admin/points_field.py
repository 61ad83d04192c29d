"""The form field for event points: rows of heading and body, in the order of their numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

MAX_POINTS = 2_000
EMPTY = 3  # rows at the end, for those without scripts
FAR = 10**9  # behind any other point

Row = dict[str, Any]
Point = dict[str, str]

# As the other texts of the form: a browser's line ends change nothing, a body is not trimmed.
_PARTS = {
    "heading": forms.CharField(required=False, strip=True),
    "body": forms.CharField(required=False, strip=False),
}


class PointsWidget(forms.Widget):
    """Works without scripts: numbers move rows, boxes delete them, empty rows take new points.

    With `article_id` scripts have the points compared with the article's text while they are typed.
    """

    template_name = "admin/articles/article/_points.html"
    article_id: int | None = None

    class Media:
        css = {"all": ["admin_points.css"]}
        js = [forms.Script("admin_points.js", defer=True), forms.Script("admin_points_text.js", defer=True)]

    def id_for_label(self, id_: str) -> str:
        return ""  # a label for all of it would be one for none of its fields

    def get_context(self, name: str, value: Sequence[Row] | None, attrs: dict | None) -> dict[str, Any]:
        rows = [{"place": number} | row for number, row in enumerate(value or [], start=1)]
        empty = {"heading": "", "body": "", "place": ""}
        return {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "rows": [*rows, *[empty] * EMPTY],
            "empty": empty,
            "parse_address": reverse("admin:articles_article_parse_points"),
            "evidence_address": self._evidence_address(),
        }

    def _evidence_address(self) -> str:
        return reverse("admin:articles_article_evidence", args=[self.article_id]) if self.article_id else ""

    def render(
        self, name: str, value: Sequence[Row] | None, attrs: dict | None = None, renderer: Any = None
    ) -> SafeString:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def value_from_datadict(self, data: Mapping, files: Any, name: str) -> list[Row] | None:
        """The rows as they were typed; None if the form does not say how many there are."""
        total = _whole(data.get(f"{name}-total", ""))
        if total is None or total < 0:
            return None
        return [
            {part: data.get(f"{name}-{n}-{part}", "") for part in ("heading", "body", "place")}
            | {"delete": bool(data.get(f"{name}-{n}-delete"))}
            for n in range(min(max(total, 0), MAX_POINTS + 1))
        ]

    def value_omitted_from_data(self, data: Mapping, files: Any, name: str) -> bool:
        return f"{name}-total" not in data


class PointsField(forms.Field):
    """Rows in, points out as snapshots have them: in order, the empty and the deleted ones left out."""

    widget = PointsWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False} | kwargs)

    def clean(self, value: list[Row] | None) -> list[Point]:
        if value is None:
            raise ValidationError(_("The form is incomplete: open it again."), code="incomplete")
        if len(value) > MAX_POINTS:
            raise ValidationError(
                _("At most %(number)d points."), params={"number": MAX_POINTS}, code="too-many"
            )
        placed = [(_place(number, row), _point(row)) for number, row in enumerate(value, start=1)]
        kept = [
            (place, point)
            for (place, point), row in zip(placed, value, strict=True)
            if not row.get("delete") and any(map(str.strip, point.values()))
        ]
        return [point for _place, point in sorted(kept, key=lambda pair: pair[0])]

    def bound_data(self, data: list[Row] | None, initial: Sequence[Point] | None) -> Sequence[Row] | None:
        return initial if data is None else data  # an incomplete form shows what is stored

    def has_changed(self, initial: Sequence[Point] | None, data: list[Row] | None) -> bool:
        try:
            return not self.disabled and list(initial or []) != self.clean(data)
        except ValidationError:
            return True


def _whole(text: str) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        return None
    return int(text) if len(text) < 10 else FAR


def _place(number: int, row: Row) -> tuple[int, int]:
    """Where the editor wants this row; one moved up goes before the row it meets, one moved down behind it."""
    typed = str(row.get("place") or "")
    if not typed.strip():
        return FAR, 0
    wanted = _whole(typed)
    if wanted is None:
        raise ValidationError(
            _("The number of point %(number)d is not a whole number."), params={"number": number}
        )
    return wanted, (wanted > number) - (wanted < number)


def _point(row: Row) -> Point:
    return {
        part: field.clean(str(row.get(part) or "").replace("\r\n", "\n").replace("\r", "\n"))
        for part, field in _PARTS.items()
    }
