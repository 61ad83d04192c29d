"""/healthz asks nothing of the database; /readyz says what is missing and never fails itself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_django
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client, RequestFactory
from django.utils import timezone

from articles.models import SearchQueue
from articles.search import drain, folder
from newsroom import health
from tests.factories import desk, make_article

pytestmark = pytest.mark.usefixtures("no_index")


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
    search = {"index": "missing", "waiting": 0, "oldest_seconds": None}
    assert answer.json() == {"status": "ready", "database": "ok", "migrations": "ok", "search": search}


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "ok", "migrations": "1 missing"}


@pytest.mark.django_db
def test_it_tells_how_far_search_lags_and_is_ready_all_the_same(client: Client) -> None:
    article = make_article("标题", intro="引言", keywords=["电影"])
    make_article("第二条")
    SearchQueue.objects.filter(article_id=article.pk).update(at=timezone.now() - timedelta(hours=1))
    answer = client.get("/readyz")
    search = answer.json()["search"]
    assert answer.status_code == 200
    assert (search["index"], search["waiting"]) == ("missing", 2)
    assert 3600 <= search["oldest_seconds"] < 3660


@pytest.mark.django_db
def test_it_tells_that_the_index_is_there_or_being_rebuilt(client: Client) -> None:
    make_article("标题")
    drain.rebuild()
    assert client.get("/readyz").json()["search"] == {"index": "ok", "waiting": 0, "oldest_seconds": None}
    with folder.locked(folder.REBUILDING):
        assert client.get("/readyz").json()["search"]["index"] == "rebuilding"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("waiting", "line"),
    [(0, "The search index is up to date."), (2, "2 articles wait to be indexed, the first for 90 s.")],
)
def test_the_desk_sees_how_far_search_lags(waiting: int, line: str) -> None:
    drain.rebuild()
    for _article in range(waiting):
        make_article()
    SearchQueue.objects.update(at=timezone.now() - timedelta(seconds=90))
    assert line in desk().get("/admin/").content.decode()


@pytest.mark.django_db
def test_the_desk_sees_that_the_index_is_missing_or_being_rebuilt() -> None:
    assert "There is no search index" in desk().get("/admin/").content.decode()
    with folder.locked(folder.REBUILDING):
        assert "The search index is being rebuilt" in desk().get("/admin/").content.decode()


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
