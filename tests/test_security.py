"""What every answer carries, and what the door refuses."""

import pytest
from django.test import Client

from newsroom.security import client_address
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/articles/", "/admin/login/", "/nowhere/", "/healthz"])
def test_every_answer_has_the_strict_policy(client, address):
    policy = client.get(address)["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy


def test_the_same_origin_may_not_frame_the_site(client):
    answer = client.get("/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("query", ["status__exact=%00", "q=%00", "source__id__exact=%00", "p=%00", "o=%00"])
def test_nul_in_a_filter_of_the_admin_is_refused(client, query):
    client.force_login(
        make_user(is_staff=True, is_superuser=True), "django.contrib.auth.backends.ModelBackend"
    )
    assert client.get(f"/admin/articles/article/?{query}").status_code == 400


def test_five_wrong_passwords_close_the_door(client):
    make_user("someone", is_staff=True)
    for _attempt in range(5):
        client.post("/admin/login/", {"username": "someone", "password": "wrong"})
    answer = client.post("/admin/login/", {"username": "someone", "password": "password"})
    assert answer.status_code == 429


def try_login(client: Client, password: str, **headers: str) -> int:
    return client.post("/admin/login/", {"username": "someone", "password": password}, **headers).status_code


def test_the_door_closes_for_one_name_at_one_address():
    make_user("someone", is_staff=True)
    make_user("other", is_staff=True)
    client = Client()
    for _attempt in range(5):
        try_login(client, "wrong", REMOTE_ADDR="192.0.2.1")
    assert try_login(client, "password", REMOTE_ADDR="192.0.2.1") == 429
    assert try_login(Client(), "password", REMOTE_ADDR="192.0.2.2") == 302
    answer = client.post(
        "/admin/login/", {"username": "other", "password": "password"}, REMOTE_ADDR="192.0.2.1"
    )
    assert answer.status_code == 302


def test_behind_the_proxy_the_door_closes_for_the_address_that_the_proxy_saw(settings):
    settings.BEHIND_PROXY = True
    make_user("someone", is_staff=True)
    for number in range(5):  # what comes before the last entry is the visitor's own word
        try_login(Client(), "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}, 192.0.2.1")
    assert try_login(Client(), "password", HTTP_X_FORWARDED_FOR="192.0.2.1") == 429
    assert try_login(Client(), "password", HTTP_X_FORWARDED_FOR="192.0.2.1, 192.0.2.2") == 302


def test_without_a_proxy_the_header_is_anybodys_word_and_counts_for_nothing():
    make_user("someone", is_staff=True)
    for number in range(5):
        try_login(Client(), "wrong", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert try_login(Client(), "password", HTTP_X_FORWARDED_FOR="192.0.2.77") == 429


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.1,192.0.2.2", "192.0.2.2"),
        *(
            (text, "127.0.0.1")
            for text in ("", "unknown", "unix:", "192.0.2.1:80", "fe80::1%eth0", "192.0.2.1,")
        ),
    ],
)
def test_what_is_no_address_in_the_header_is_not_taken_for_one(rf, settings, header, address):
    settings.BEHIND_PROXY = True
    assert client_address(rf.get("/", HTTP_X_FORWARDED_FOR=header)) == address


def test_a_forged_form_gets_the_sites_own_page(django_user_model):
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "site.css" in answer.text


def test_a_name_of_any_length_is_merely_wrong(client):
    answer = client.post("/admin/login/", {"username": "n" * 1000, "password": "wrong"})
    assert answer.status_code == 200
