"""Many quarantined records are left out at once: asked first, with their number; then each by the rule of the button."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from articles import repair
from articles.admin.records import place
from articles.admin.repair import settles
from articles.importer import Busy
from articles.models import ImportRow
from articles.wording import and_more
from newsroom.ids import is_id

ACTION = "leave_out_selected"
SHOWN = 20  # records that the question, or the answer, names


class LeavingOutMixin:
    """For the admin of imported records."""

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        ours = {ACTION: (_leave_out, ACTION, gettext_lazy("Leave the selected records out …"))}
        return super().get_actions(request) | (ours if settles(request) else {})

    def ask_or_leave_out(self, request: HttpRequest, rows: QuerySet[ImportRow]) -> TemplateResponse | None:
        """What has come in since the question is not meant by the answer."""
        newest = request.POST.get("newest", "")
        rows = ImportRow.objects.filter(pk__in=rows.order_by().values("pk"))
        rows = rows.filter(pk__lte=newest) if is_id(newest) else rows
        number = rows.order_by().values("pk")[: repair.MOST_LEFT_OUT + 1].count()
        if number > repair.MOST_LEFT_OUT:
            text = _("Choose at most %(number)s records at a time.") % {"number": f"{repair.MOST_LEFT_OUT:,}"}
            self.message_user(request, text, messages.ERROR)
        elif number and "asked" not in request.POST:
            return self._ask_to_leave_out(request, rows, number)
        elif number:
            self._leave_out(request, rows)
        return None

    def _ask_to_leave_out(
        self, request: HttpRequest, rows: QuerySet[ImportRow], number: int
    ) -> TemplateResponse:
        selected = request.POST.getlist(admin.helpers.ACTION_CHECKBOX_NAME)
        hidden = [
            ("action", ACTION),
            ("asked", "1"),
            ("newest", rows.aggregate(newest=Max("pk"))["newest"]),
            ("select_across", request.POST.get("select_across", "0")),
            *((admin.helpers.ACTION_CHECKBOX_NAME, pk) for pk in selected),
        ]
        question = ngettext("Leave %(number)s record out?", "Leave %(number)s records out?", number)
        page = self.admin_site.each_context(request) | {
            "title": question % {"number": f"{number:,}"},
            "opts": self.opts,
            "rows": rows.order_by("-pk").select_related("batch").defer("batch__skipped")[:SHOWN],
            "rest": max(0, number - SHOWN),
            "hidden": hidden,
            "list_address": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/articles/importrow/leave_out.html", page)

    def _leave_out(self, request: HttpRequest, rows: QuerySet[ImportRow]) -> None:
        try:
            done, refused = repair.leave_out_all(rows)
        except Busy:
            self.message_user(request, _("Another import is running. Try again in a while."), messages.ERROR)
            return
        if done:
            # Each of them has a history of its own.
            LogEntry.objects.log_actions(request.user.pk, done, CHANGE, change_message=_("Left out."))
            told = ngettext(
                "%(number)s record is left out, and so it will be wherever it comes again.",
                "%(number)s records are left out, and so they will be wherever they come again.",
                len(done),
            )
            self.message_user(request, told % {"number": f"{len(done):,}"}, messages.SUCCESS)
        if refused:
            self.message_user(request, _why_not(refused), messages.WARNING)


def _why_not(refused: list[tuple[ImportRow, str]]) -> SafeString:
    lines = [f"{Truncator(place(row)).chars(80)}: {reason}" for row, reason in refused[:SHOWN]]
    lines += and_more(len(refused) - len(lines))
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))


def _leave_out(desk: Any, request: HttpRequest, rows: QuerySet[ImportRow]) -> TemplateResponse | None:
    return desk.ask_or_leave_out(request, rows)
