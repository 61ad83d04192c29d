"""Two questions of whoever watches over the processes: are you alive, and can you do your work?"""

import logging
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from articles.search.drain import lag

log = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Asks nothing of the database: restarting this process would not mend that."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready for readers, or 503 and what is missing. Details go to the log: anybody may ask.

    How far search lags is told, and no reason to be unready: all but search works without the index.
    """
    state = {"database": "ok", "migrations": "ok"}
    try:
        missing = unapplied_migrations()
    except Error as error:
        log.error("the database cannot be reached: %s", error)
        state = {"database": "unreachable", "migrations": "unknown"}
    else:
        if missing:
            log.error("migrations are missing: %s", ", ".join(missing))
            state["migrations"] = f"{len(missing)} missing"
    ready = set(state.values()) == {"ok"}
    return JsonResponse(
        {"status": "ready" if ready else "not ready", **state} | ({"search": search()} if ready else {}),
        status=200 if ready else 503,
    )


def search() -> dict[str, Any]:
    now = lag()
    oldest = None if now.oldest is None else round(now.oldest, 1)
    return {"index": now.index, "waiting": now.waiting, "oldest_seconds": oldest}


def unapplied_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
