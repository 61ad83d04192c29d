"""The form of an article as a browser fills it in, for tests of the desk."""

from typing import Any

from django.test import Client

from articles.models import Article, ArticleTechnology
from tests.factories import desk

LIST = "/admin/articles/article/"
POINTS = [("一", "甲"), ("二", "乙"), ("三", "丙")]


def page_of(article: Article, *more: str) -> str:
    return "/".join([f"{LIST}{article.pk}", *(more or ("change",)), ""])


def sent(response: Any) -> dict[str, Any]:
    """What a browser would send back from this page if nothing was changed."""
    data: dict[str, Any] = {}
    for field in response.context["adminform"].form:
        value = field.value()
        if field.name == "points":
            data |= sent_points(field.field.widget.get_context("points", value, None))
        elif value is not None and value is not False:
            value = [str(v) for v in value] if isinstance(value, list | tuple) else str(value)
            data[field.html_name] = value.replace("\n", "\r\n") if isinstance(value, str) else value
    return data


def sent_points(shown: dict[str, Any]) -> dict[str, str]:
    """The rows that the page shows, the empty ones too."""
    part = shown["part"]
    data = {
        "points-total": str(len(shown["rows"])),
        "points-start": str(part.start),
        "points-shown": str(part.shown),
    }
    for number, row in enumerate(shown["rows"]):
        data |= point(
            number, **{name: str(value) for name, value in row.items() if name != "delete" or value}
        )
    return data


def save(article: Article, client: Client | None = None, **fields: Any) -> Any:
    client = client or desk()
    data = sent(client.get(page_of(article))) | fields
    return client.post(page_of(article), {name: value for name, value in data.items() if value is not None})


def saved(article: Article, client: Client | None = None, **fields: Any) -> Article:
    response = save(article, client, **fields)
    assert response.status_code == 302, errors(response)
    return Article.objects.whole().get(pk=article.pk)


def errors(response: Any) -> str:
    assert response.status_code == 200
    return str(response.context["adminform"].form.errors)


def point(number: int, **values: Any) -> dict[str, Any]:
    return {f"points-{number}-{name}": value for name, value in values.items()}


def texts(article: Article) -> list[tuple[int, str, str]]:
    return [(p.position, p.heading, p.body) for p in article.points.all()]


def links(article: Article) -> list[tuple[str, str, int]]:
    rows = ArticleTechnology.objects.filter(content_object=article).order_by("position")
    return [(row.tag.name, row.raw, row.position) for row in rows]


def ask(article: Article, verb: str) -> str:
    return page_of(article, "do", verb)
