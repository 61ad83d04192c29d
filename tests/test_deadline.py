"""No request may keep the database busy for long, and none pays for that with a round trip."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from newsroom.urls import urlpatterns as site
from tests.factories import desk, english_reader

pytestmark = pytest.mark.django_db(transaction=True)


def ask(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


def limit(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ask("SHOW statement_timeout"))


def sleep(request: HttpRequest, seconds: str) -> HttpResponse:
    return HttpResponse(ask(f"SELECT pg_sleep({float(seconds)})"))


def sleep_within(request: HttpRequest, seconds: str) -> HttpResponse:
    with transaction.atomic():
        ask("SELECT 1")
        with transaction.atomic():
            return sleep(request, seconds)


def roll_back(request: HttpRequest) -> HttpResponse:
    try:
        with transaction.atomic(), transaction.atomic():
            inside = ask("SHOW statement_timeout")
            raise ZeroDivisionError
    except ZeroDivisionError:
        return HttpResponse(f"{inside}, {ask('SHOW statement_timeout')}")


def commit(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        return limit(request)


def carry_on(request: HttpRequest) -> HttpResponse:
    """Catches an error of the database and goes on in the same transaction."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                ask("SELECT 1 / 0")
        except Exception:
            return limit(request)


everywhere = [path("limit/", limit), path("commit/", commit), path("roll-back/", roll_back)]
urlpatterns = [
    *everywhere,
    path("sleep/<str:seconds>/", sleep),
    path("sleep-within/<str:seconds>/", sleep_within),
    path("carry-on/", carry_on),
    path("admin/desk/", include(everywhere)),  # counts as the desk's, whoever asks
    *site,
]


@pytest.fixture(autouse=True)
def addresses(settings) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.PUBLIC_STATEMENT_TIMEOUT = 0.4
    connection.close()
    yield
    connection.close()  # the next test's connection has no limit


@pytest.fixture
def client() -> Client:
    return english_reader()


def told(client: Client, addresses: list[str]) -> list[int]:
    """How often the connection was told a limit for each of the requests."""
    counts = []
    real = connection.connection.execute
    for address in addresses:
        said = []
        connection.connection.execute = lambda sql, said=said: said.append(sql) or real(sql)
        assert client.get(address).status_code == 200
        counts.append(len(said))
    del connection.connection.execute
    return counts


@pytest.mark.parametrize("address", ["/sleep/5/", "/sleep-within/5/"])
def test_what_takes_too_long_ends_with_a_page_that_says_what_to_do(client: Client, caplog, address):
    answer = client.get(address)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert answer["Cache-Control"] == "no-store"
    for piece in ["This took too long", "Narrow the selection", "site.css"]:
        assert piece in answer.text
    assert f"took too long: {address}" in caplog.text
    physical = connection.connection
    assert client.get("/articles/").status_code == 200
    assert client.get("/limit/").text == "400ms"
    assert connection.connection is physical


def test_what_ends_in_time_is_not_disturbed(client: Client):
    assert client.get("/sleep/0.05/").status_code == 200


def test_readers_and_the_desk_have_limits_of_their_own(client: Client):
    for address, expected in [("/limit/", "400ms"), ("/admin/desk/limit/", "1min")] * 2:
        assert client.get(address).text == expected
    assert desk().get("/admin/").status_code == 200
    assert ask("SHOW statement_timeout") == "1min"


def test_the_server_is_told_only_when_the_limit_changes(client: Client):
    client.get("/limit/")
    asked = ["/limit/", "/articles/", "/admin/desk/limit/", "/admin/desk/limit/", "/limit/", "/healthz"]
    assert told(client, asked) == [0, 0, 1, 0, 1, 0]


def test_a_new_connection_is_told_again(client: Client):
    assert client.get("/limit/").text == "400ms"
    connection.close()
    assert ask("SHOW statement_timeout") == "0"
    assert client.get("/limit/").text == "400ms"


@pytest.mark.parametrize("first", ["roll-back/", "commit/", "limit/"])
def test_a_limit_that_was_set_in_a_transaction_is_not_taken_for_granted_after_it(client: Client, first):
    def limits(place: str) -> list[str]:
        return client.get(f"{place}{first}").text.split(", ")

    for _time in range(2):
        assert set(limits("/")) == {"400ms"}
        assert client.get("/limit/").text == "400ms"
        assert set(limits("/admin/desk/")) == {"1min"}
        assert client.get("/limit/").text == "400ms"


def test_a_transaction_is_told_once(client: Client):
    client.get("/admin/desk/limit/")
    assert told(client, ["/commit/", "/limit/", "/commit/"]) == [1, 1, 0]


def test_a_failed_transaction_is_left_to_its_rollback(client: Client):
    assert client.get("/carry-on/").text == "400ms"
    assert client.get("/limit/").text == "400ms"


def test_health_asks_nothing_of_the_database(client: Client):
    assert client.get("/healthz").status_code == 200
    assert connection.connection is None


def test_the_limit_is_not_among_the_statements_that_are_counted(client: Client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/limit/")
