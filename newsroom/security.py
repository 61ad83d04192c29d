"""The Content-Security-Policy of every answer (nothing but our own files, no inline script or style), and a guard."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

POLICY = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response


class NoNullMiddleware:
    """Refuse NUL in the admin's query strings: PostgreSQL cannot compare with it, and stock filters pass it on.

    The public pages explain it to the reader like any other unknown value.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", "") and request.path.startswith(reverse("admin:index")):
            raise BadRequest("NUL in a query string")
        return self.get_response(request)
