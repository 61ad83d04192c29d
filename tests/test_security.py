"""What every answer carries, and what the door refuses."""

import pytest
from django.test import Client

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


def test_a_forged_form_gets_the_sites_own_page(django_user_model):
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "site.css" in answer.text
