"""A form of a new article that is sent twice makes one article."""

import pytest

from articles.models import Article
from tests.desk_form import LIST, errors, point, sent
from tests.factories import desk, make_article

pytestmark = pytest.mark.django_db
ADD = f"{LIST}add/"
TYPED = {"title": "手写", "keywords": ["电影，AI"], "intro": "导语"} | point(0, body="一")


def test_a_double_click_makes_one_article_and_says_so_twice_alike():
    client = desk()
    data = sent(client.get(ADD)) | TYPED
    first, second = client.post(ADD, data), client.post(ADD, data)
    assert (first.status_code, second.status_code, second.url) == (302, 302, first.url)
    article = Article.objects.get()
    assert (article.version, article.revisions.count()) == (1, 1)


def test_the_second_of_two_at_once_finds_the_first(monkeypatch):
    """Both have looked; the database refuses the second, who looks again."""
    client = desk()
    data = sent(client.get(ADD)) | TYPED
    client.post(ADD, data)
    real = Article.objects.filter
    looks = []

    def blind_once(*args, **conditions):
        if "record_key" in conditions:
            looks.append(conditions)
            if len(looks) == 1:
                return Article.objects.none()
        return real(*args, **conditions)

    monkeypatch.setattr(Article.objects, "filter", blind_once)
    assert client.post(ADD, data).status_code == 302
    assert (len(looks), Article.objects.count()) == (2, 1)


def test_what_was_changed_before_it_was_sent_again_is_not_lost():
    client = desk()
    data = sent(client.get(ADD)) | TYPED
    client.post(ADD, data)
    response = client.post(ADD, data | {"title": "改过"})
    assert "has been saved already, with another text" in errors(response)
    assert "改过</textarea>" in response.content.decode()
    assert [article.title for article in Article.objects.all()] == ["手写"]


def test_two_forms_make_two_articles():
    client = desk()
    for _form in range(2):
        client.post(ADD, sent(client.get(ADD)) | TYPED)
    assert Article.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x", "\0", "9" * 5_000])
def test_a_key_that_is_none_is_refused_or_does_without(key):
    client = desk()
    response = client.post(ADD, sent(client.get(ADD)) | TYPED | {"key": key})
    assert response.status_code == (302 if not key else 200)


def test_the_key_of_an_article_that_is_there_is_of_no_use():
    article = make_article("在")
    client = desk()
    client.post(ADD, sent(client.get(ADD)) | TYPED | {"key": str(article.record_key)})
    assert set(Article.objects.values_list("title", flat=True)) == {"在", "手写"}
