"""All corrections of what was published, newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from articles import corrections as notices
from articles.listing import short
from newsroom.ids import is_id


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    page = notices.page(*(_asked(request, name) for name in ("before", "after")))
    entries = [
        (correction, short(correction.article.title), correction.article.get_absolute_url())
        for correction in page.rows
    ]
    context = {"section": "corrections", "page": page, "entries": entries}
    return render(request, "corrections.html", context)


def _asked(request: HttpRequest, name: str) -> int:
    """An id to go on from; 0 for none, and for what cannot be one."""
    text = request.GET.get(name, "")
    return int(text) if is_id(text) else 0
