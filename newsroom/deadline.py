"""No request may keep the database busy: a reader's statement ends after seconds, one of the desk after a minute."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg.errors import QueryCanceled
from psycopg.pq import TransactionStatus

from articles.search.query import Unanswered

log = logging.getLogger(__name__)

RETRY_AFTER = 30  # seconds


class Deadline:
    """Wraps the statements of one request: sees to it that the connection has the request's limit.

    The server keeps a limit until it gets another one, so it is told only when the connection is new or last
    served the other kind of request. What it was told is written on the connection itself, and is lost with it.
    (A pooler that lends a server's connection to many would mix the limits up.)
    """

    def __init__(self, seconds: float) -> None:
        self.milliseconds = round(seconds * 1000)

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self._hold(context["connection"])
        return execute(sql, params, many, context)

    def _hold(self, wrapper: BaseDatabaseWrapper) -> None:
        raw = wrapper.connection
        limit, tentative = getattr(raw, "newsroom_limit", (None, False))
        if limit == self.milliseconds and not tentative:
            return
        status = raw.info.transaction_status
        if status == TransactionStatus.INERROR:
            return  # nothing but a rollback can follow
        if limit == self.milliseconds and status == TransactionStatus.INTRANS:
            return
        # A rollback takes back what was set in its transaction. So there it holds until the end of the transaction,
        # and is set again afterwards. A transaction's first statement comes before any savepoint.
        with wrapper.wrap_database_errors:
            raw.execute(f"SET statement_timeout = {self.milliseconds}")
        raw.newsroom_limit = self.milliseconds, wrapper.in_atomic_block


class DeadlineMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.deadline = Deadline(settings.PUBLIC_STATEMENT_TIMEOUT)
        with connection.execute_wrapper(request.deadline):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: Any, kwargs: Any) -> None:
        if request.resolver_match.route.startswith("admin/"):  # some pages of the desk stand beside Django's
            request.deadline.milliseconds = round(settings.ADMIN_STATEMENT_TIMEOUT * 1000)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for a reader whose question took too long, or was too much for the index. Others go on."""
        if isinstance(exception, Unanswered):
            message = "the search index failed (if it keeps failing: manage.py rebuild_search): %s: %s"
            log.error(message, request.get_full_path(), exception)
        elif isinstance(exception, OperationalError) and isinstance(exception.__cause__, QueryCanceled):
            log.warning("took too long: %s: %s", request.get_full_path(), exception)
        else:
            return None
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        response["Cache-Control"] = "no-store"
        return response
