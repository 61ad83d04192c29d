"""Where an old address leads."""

from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import redirect


def moved(to: Model) -> HttpResponse:
    """For good, as search engines see it. But a title or name may change back: no cache may keep it for good."""
    response = redirect(to, permanent=True)
    response["Cache-Control"] = "no-cache"
    return response
