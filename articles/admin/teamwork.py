"""Assignment, notes, and who has it open: on the pages of an article."""

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from articles import teamwork
from articles.models import Article, Note
from newsroom.ids import is_id
from newsroom.refusal import Refused

SHOWN_NOTES = 100  # of the latest
_POINT = re.compile(r"#p([1-9]\d{0,5})(?!\d)", re.ASCII)


class TeamworkMixin:
    def get_urls(self) -> list[URLPattern]:
        pages = {"assign": self.assign_view, "notes": self.note_view, "open": self.open_view}
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"articles_article_{name}",
            )
            for name, view in pages.items()
        ] + super().get_urls()

    def assign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._visible(request, pk)
        try:
            to = person(request.POST.get("to", ""))
            teamwork.assign([article], to=to, by=request.user)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            text = (
                _("Assigned to %(name)s.") % {"name": teamwork.name(to)} if to else _("Assigned to nobody.")
            )
            self.message_user(request, text, messages.SUCCESS)
        return _back(article)

    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._visible(request, pk)
        text = request.POST.get("text", "")
        try:
            teamwork.add_note(article, by=request.user, text=text, point=_first_point(text))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return _back(article)

    def open_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A sign of life from a browser that has the article open: who else has, and which version there is."""
        article = self._visible(request, pk)
        last = article.revisions.select_related("by").defer("snapshot").first()
        return JsonResponse(
            {
                "others": self._present(request, article),
                "version": article.version,
                "by": teamwork.name(last.by) if last else "–",
            }
        )

    def _present(self, request: HttpRequest, article: Article) -> list[str]:
        """Who may only look keeps nobody from anything: others are not told."""
        changes = self.has_change_permission(request, article)
        return (teamwork.opened if changes else teamwork.others)(article, request.user)

    def teamwork_context(self, request: HttpRequest, article: Article) -> dict[str, Any]:
        """What `_teamwork.html` and `_presence.html` need; a constant number of statements."""
        may_assign = self.has_change_permission(request, article)
        saving = request.method == "POST"  # a form with errors: its transaction must not write here
        present = teamwork.others(article, request.user) if saving else self._present(request, article)
        notes = list(article.notes.select_related("by").order_by("-id")[: SHOWN_NOTES + 1])
        return {
            "present": present,
            "may_assign": may_assign,
            "people": choices(article.assigned_to) if may_assign else [],
            "assigned": teamwork.name(article.assigned_to) if article.assigned_to_id else "",
            "thread": [(note, teamwork.name(note.by), in_html(note)) for note in notes[:SHOWN_NOTES][::-1]],
            "older_notes": len(notes) > SHOWN_NOTES,
            "max_note": teamwork.MAX_NOTE,
        }


def choices(present: AbstractBaseUser | None = None) -> list[tuple[int, str]]:
    """Who may be chosen, by name; who sees to it already is among them."""
    found = {user.pk: teamwork.name(user) for user in teamwork.people()}
    return list((found | ({present.pk: teamwork.name(present)} if present else {})).items())


def person(text: str) -> AbstractBaseUser | None:
    """Whom a form names by id; None where it says nobody. Raises Refused."""
    if not text:
        return None
    user = get_user_model().objects.filter(pk=text).first() if is_id(text) else None
    if user is None:
        raise Refused(_("There is no such person."))
    return user


def in_html(note: Note) -> SafeString:
    """The text of a note; what points at an event point leads to it."""
    preview = reverse("admin:articles_article_preview", args=[note.article_id])
    pieces = _POINT.split(note.text)  # text and numbers in turn
    texts, numbers = pieces[::2], pieces[1::2]
    linked = format_html_join(
        "",
        '{}<a href="{}#p{}">#p{}</a>',
        ((text, preview, number, number) for text, number in zip(texts, numbers, strict=False)),
    )
    lead = ""
    if note.point and str(note.point) not in numbers:
        lead = format_html('<a href="{}#p{}">#p{}</a> ', preview, note.point, note.point)
    return format_html("{}{}{}", lead, linked, texts[-1])


def _first_point(text: str) -> int | None:
    found = _POINT.search(text)
    return int(found[1]) if found and int(found[1]) <= teamwork.MAX_POINT else None


def _back(article: Article) -> HttpResponseRedirect:
    address = reverse("admin:articles_article_change", args=[article.pk])
    return HttpResponseRedirect(f"{address}#desk-team")
