"""/healthz asks nothing of the database; /readyz says what is missing and never fails itself."""

import json
from pathlib import Path

import pytest
import pytest_django
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client, RequestFactory

from newsroom import health


def test_healthz_needs_no_database(client: Client) -> None:
    # Without the mark `django_db` any query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_both_only_answer_questions(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_ready_when_the_database_has_every_migration(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "ok", "migrations": "ok"}


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "ok", "migrations": "1 missing"}


def test_not_ready_while_the_database_is_away(
    rf: RequestFactory,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: pytest_django.DjangoDbBlocker,
    tmp_path: Path,
) -> None:
    nowhere = settings.DATABASES["default"] | {"HOST": str(tmp_path), "NAME": "newsroom"}
    monkeypatch.setattr(health, "connection", DatabaseWrapper(nowhere, "default"))
    with django_db_blocker.unblock():
        answer = health.readyz(rf.get("/readyz"))
    assert answer.status_code == 503
    assert json.loads(answer.content) == {
        "status": "not ready",
        "database": "unreachable",
        "migrations": "unknown",
    }
