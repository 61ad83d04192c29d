"""The Content-Security-Policy of every answer (nothing but our own files, no inline script or style), and guards."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

POLICY = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

MAX_USERNAME = 150
MAX_PARAMETERS = 1000


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response


class QueryGuardMiddleware:
    """Refuse what no page and no form of ours ever asks: a thousand parameters, or NUL in the admin.

    PostgreSQL cannot compare with NUL, and stock filters pass it on. The public pages explain it to the reader like
    any other unknown value.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if query.count("&") >= MAX_PARAMETERS:
            raise BadRequest("too many parameters")
        if "%00" in query and request.path.startswith(reverse("admin:index")):
            raise BadRequest("NUL in a query string")
        return self.get_response(request)


def client_address(request: HttpRequest) -> str | None:
    """Where a person signs in from, for the lock on wrong passwords.

    Behind the one proxy that is documented, the last entry of X-Forwarded-For: the proxy wrote it, the others are
    anybody's word. Without a proxy the whole header is.
    """
    if settings.BEHIND_PROXY:
        last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if _is_address(last):
            return last
    return request.META.get("REMOTE_ADDR") or None


def _is_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    # PostgreSQL stores no zone such as in fe80::1%eth0.
    return not (isinstance(address, IPv6Address) and address.scope_id)


def client_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """The name somebody tries to log in with, no longer than a name can be: it is written down."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    return name and name[:MAX_USERNAME]
