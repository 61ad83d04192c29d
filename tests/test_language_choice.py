import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def language(client: Client, **headers: str) -> tuple[str, str]:
    response = client.get("/", headers=headers)
    page = response.content.decode()
    return response["Content-Language"], page.split('<html lang="')[1].split('"')[0]


def test_readers_get_chinese_whatever_their_browser_prefers(client: Client):
    assert language(client, **{"accept-language": "en"}) == ("zh-hans", "zh-hans")


def test_english_is_a_choice_that_lasts_and_can_be_taken_back(client: Client):
    client.get("/language/en/")
    assert language(client) == ("en", "en")
    client.get("/language/zh-hans/")
    assert language(client) == ("zh-hans", "zh-hans")


def test_an_unknown_language_changes_nothing(client: Client):
    client.get("/language/tlh/")
    assert language(client) == ("zh-hans", "zh-hans")


def test_the_choice_leads_back_to_where_the_reader_was(client: Client):
    page = client.get("/articles/", {"q": "a&b"}).content.decode()
    assert 'href="/language/en/?next=%2Farticles%2F%3Fq%3Da%2526b"' in page
    response = client.get("/language/en/?next=%2Farticles%2F%3Fq%3Da%2526b")
    assert (response.status_code, response["Location"]) == (302, "/articles/?q=a%26b")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_choice_leads_nowhere_else(client: Client, elsewhere):
    response = client.get("/language/en/", {"next": elsewhere})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_cache_keeps_the_languages_apart(client: Client):
    assert "Cookie" in client.get("/")["Vary"]
