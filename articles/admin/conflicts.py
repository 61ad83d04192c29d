"""Conflicts with an import in the admin: what base, desk and seed say side by side, and the decision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from articles import conflicts, workflow
from articles.admin import changes
from articles.admin.changes import Room, pieces
from articles.admin.forms import PlainText, VersionForm
from articles.conflicts import EDIT, KEEP, TAKE, Conflict, Decision, Piece
from articles.marks import SAME, Budget, Run, runs
from articles.models import Article
from newsroom.ids import is_id

ONE_BY_ONE = 100  # parts of a field that are asked one by one; more are decided together
EMPTY = {"heading": "", "body": ""}


class ConflictsMixin:
    """For the admin of articles: who may see the article sees its conflicts, who may change it decides them."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.conflicts))
        return [path("<int:pk>/conflicts/", view, name="articles_article_conflicts"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: Any, obj: Article | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            context["undecided"] = [str(changes.label(field)) for field in conflicts.undecided(obj)]
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def conflicts(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._visible(request, pk)
        may_decide = self.has_change_permission(request, article)
        if request.method == "POST" and not may_decide:
            raise PermissionDenied
        found = conflicts.waiting(article)
        initial = {"version": article.version}
        form = ConflictsForm(found, request.POST if request.method == "POST" else None, initial=initial)
        refusal = ""
        if form.is_bound and form.is_valid():
            refusal = self._decided(request, article, form)
            if not refusal:
                return HttpResponseRedirect(self._next(article))
        context = self.admin_site.each_context(request) | {
            "title": _("Conflicts with an import"),
            "opts": self.opts,
            "article": article,
            "form": form,
            "questions": _questions(found, form),
            "may_decide": may_decide,
            "refusal": refusal,
        }
        return TemplateResponse(request, "admin/articles/article/conflicts.html", context)

    def _decided(self, request: HttpRequest, article: Article, form: "ConflictsForm") -> str:
        """Decide; empty, or why it was refused."""
        decisions = form.decisions()
        if not decisions:
            return _("Nothing is decided yet: choose for at least one field.")
        article.version = form.cleaned_data["version"]
        try:
            changed = conflicts.decide(article, decisions, by=request.user, seen=form.seen())
        except workflow.Refused as refusal:
            return str(refusal)
        decided = _("Decided: %(fields)s.") % {"fields": _labels(decisions)}
        if not changed:
            said = _("The text stays as the desk has it.")
        elif article.approved:
            said = _("It is a draft now: readers see it once somebody approves it.")
        else:
            said = _("Changed: %(fields)s.") % {"fields": _labels(changed)}
        self.log_change(request, article, decided)
        self.message_user(request, f"{decided} {said}", messages.SUCCESS)
        return ""

    def _next(self, article: Article) -> str:
        page = "conflicts" if conflicts.undecided(article) else "change"
        return reverse(f"admin:articles_article_{page}", args=[article.pk])


def _labels(fields: Iterable[str]) -> str:
    return _(", ").join(str(changes.label(field)) for field in fields)


# --- the form -------------------------------------------------------------------------------------


class ConflictsForm(VersionForm):
    """A choice for each part that is asked; what is left open stays undecided."""

    def __init__(self, found: list[Conflict], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        for conflict in found:
            self.fields[f"{conflict.field}-row"] = forms.CharField(
                widget=forms.HiddenInput, initial=conflict.row, required=False
            )
            for name, piece in asked(conflict):
                self.fields[name] = _choice(conflict, piece)
                self.fields |= {f"{name}-{part}": field for part, field in _texts(conflict, piece).items()}

    def clean(self) -> dict[str, Any]:
        super().clean()
        if "all" in self.data:
            # What was typed and not asked for cannot be wrong.
            for name in [name for name in self.errors if name != "version"]:
                del self.errors[name]
            return self.cleaned_data
        for conflict in self.found:
            names = [name for name, _piece in asked(conflict)]
            open_ = [name for name in names if not self._chosen(name)]
            if 0 < len(open_) < len(names):
                for name in open_:
                    self.add_error(name, _("Decide on every part of this field, or on none of it."))
        return self.cleaned_data

    def _chosen(self, name: str) -> str:
        """The choice made; who only typed another text meant that one."""
        parts = (f"{name}-{part}" for part in ("text", "heading", "body"))
        typed = any(part in self.data and part in self.changed_data for part in parts)
        return self.cleaned_data.get(name) or (EDIT if typed else "")

    def seen(self) -> dict[str, int]:
        """The records whose conflicts were shown; 0 for what is no number."""
        rows = {
            conflict.field: self.cleaned_data.get(f"{conflict.field}-row") or "" for conflict in self.found
        }
        return {field: int(row) if is_id(row) else 0 for field, row in rows.items()}

    def decisions(self) -> dict[str, Decision]:
        """What is decided; by one of the two large buttons all of it alike."""
        if (alike := self.data.get("all")) in {KEEP, TAKE}:
            return {conflict.field: (alike, None) for conflict in self.found}
        return {conflict.field: decision for conflict in self.found if (decision := self._decision(conflict))}

    def _decision(self, conflict: Conflict) -> Decision | None:
        made = [
            (self._chosen(name), self._edited(name) if self._chosen(name) == EDIT else None)
            for name, _piece in asked(conflict)
        ]
        if not all(choice for choice, _value in made):
            return None
        return made if _one_by_one(conflict) else made[0]

    def _edited(self, name: str) -> Any:
        if f"{name}-heading" in self.fields:
            return {part: self.cleaned_data.get(f"{name}-{part}") or "" for part in ("heading", "body")}
        value = self.cleaned_data.get(f"{name}-text")
        return value.isoformat() if hasattr(value, "isoformat") else value


def _one_by_one(conflict: Conflict) -> bool:
    return 0 < len(conflict.asked) <= ONE_BY_ONE


def asked(conflict: Conflict) -> list[tuple[str, Piece | None]]:
    """The questions of the form by name; one without a piece is about the whole field."""
    if not _one_by_one(conflict):
        return [(f"{conflict.field}-0", None)]
    return [(f"{conflict.field}-{number}", piece) for number, piece in enumerate(conflict.asked)]


def _choice(conflict: Conflict, piece: Piece | None) -> forms.ChoiceField:
    if piece is None and not conflict.asked:
        choices = [(KEEP, _("Settle it: the desk and the seed agree now"))]
    else:
        keep, take = _words(piece, whole=conflict.kind in {"text", "value"})
        choices = [(KEEP, keep), (TAKE, take)]
        choices += [(EDIT, _("Write it anew"))] if _texts(conflict, piece) else []
    return forms.ChoiceField(choices=choices, required=False, widget=forms.RadioSelect)


def _words(piece: Piece | None, *, whole: bool) -> tuple[str, str]:
    """What keeping and taking amount to."""
    if piece and piece.is_order:
        return _("Keep the desk’s order"), _("Take the seed’s order")
    if piece and not whole and piece.desk is None:
        return _("Leave it out"), _("Add it")
    if piece and not whole and piece.seed is None:
        return _("Keep it"), _("Remove it")
    return _("Keep the desk’s"), _("Take the seed’s")


def _texts(conflict: Conflict, piece: Piece | None) -> dict[str, forms.Field]:
    """The fields for writing it anew; none where there is only yes or no."""
    if piece is None or piece.is_order or conflict.kind == "list":
        return {}
    if conflict.kind == "points":
        point = piece.desk or piece.seed or EMPTY
        return {
            "heading": _plain(_("Heading"), point["heading"], 2),
            "body": _plain(_("Body"), point["body"], 5),
        }
    text = changes.label(conflict.field)
    if conflict.field == "source_date":
        day = date.fromisoformat(piece.desk) if piece.desk else None
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        return {"text": forms.DateField(label=text, initial=day, required=False, widget=widget)}
    return {"text": _plain(text, piece.desk or "", 3 if conflict.field in {"title", "url"} else 8)}


def _plain(label: str, initial: str, rows: int) -> PlainText:
    return PlainText(label=label, initial=initial, widget=forms.Textarea(attrs={"rows": rows}))


# --- what the page shows --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """One part of a field: what each side says, and the choice."""

    state: str
    sides: list[tuple[str, Any]]
    choice: forms.BoundField
    texts: list[forms.BoundField]


def _questions(found: list[Conflict], form: ConflictsForm) -> list[dict[str, Any]]:
    budget = Budget()
    return [
        {
            "label": changes.label(conflict.field),
            "row": form[f"{conflict.field}-row"],
            "record": conflict.row,
            "questions": _of(conflict, form, budget),
            "settled": len(conflict.pieces) - len(conflict.asked),
            "many": len(conflict.asked) if len(conflict.asked) > ONE_BY_ONE else 0,
            "kind": conflict.kind,
        }
        for conflict in found
    ]


def _of(conflict: Conflict, form: ConflictsForm, budget: Budget) -> list[Question]:
    room = Room()
    return [
        Question(
            state=_state(conflict, piece),
            sides=_sides(conflict, piece, budget, room) if piece else [],
            choice=form[name],
            texts=[form[f"{name}-{part}"] for part in _texts(conflict, piece)],
        )
        for name, piece in asked(conflict)
    ]


def _state(conflict: Conflict, piece: Piece | None) -> str:
    if piece is None or conflict.kind in {"text", "value"}:
        return str(changes.label(conflict.field))
    if piece.is_order:
        return _("The order of the points")
    if conflict.kind == "points":
        return _point_state(piece)
    return piece.name or str(piece.desk or piece.seed)


def _point_state(piece: Piece) -> str:
    places = {"desk": piece.desk_place, "seed": piece.seed_place}
    if piece.desk is None:
        return _("The seed’s point %(seed)d: the desk does not have it") % places
    if piece.seed is None:
        return _("Point %(desk)d: the seed no longer has it") % places
    if piece.desk_place == piece.seed_place:
        return _("Point %(desk)d") % places
    return _("Point %(desk)d (in the seed: %(seed)d)") % places


def _sides(conflict: Conflict, piece: Piece, budget: Budget, room: Room) -> list[tuple[str, Any]]:
    """Base, desk and seed, the latter two with what differs from the base."""
    titles = (_("As imported before"), _("On the desk"), _("In the seed"))
    values = (piece.base, piece.desk, piece.seed)
    was = _lines(conflict, piece, piece.base)
    shown = [_marked(was, _lines(conflict, piece, value), budget, room) for value in values]
    return list(zip(titles, shown, strict=True))


def _lines(conflict: Conflict, piece: Piece, value: Any) -> list[str]:
    """One side in words: a point has a heading and a body."""
    if value is None:
        return []
    if piece.is_order:
        return ["\n".join(f"{number}. {_beginning(point)}" for number, point in enumerate(value, start=1))]
    if conflict.kind == "points":
        return [value["heading"], value["body"]]
    return [changes.value(conflict.field, value) if conflict.kind == "value" else str(value)]


def _beginning(point: Mapping[str, str]) -> str:
    text = point["heading"] or point["body"]
    return text if len(text) <= changes.MOST_HEADING else f"{text[: changes.MOST_HEADING]}…"


def _marked(was: list[str], now: list[str], budget: Budget, room: Room) -> list[list[changes.Piece]]:
    if not was or was == now:
        return [pieces([Run(SAME, text)] if text else [], room) for text in now]
    return [pieces(runs(old, new, budget), room) for old, new in zip(was, now, strict=False)]
