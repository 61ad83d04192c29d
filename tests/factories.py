"""Rows for tests: plain functions, nothing hidden. An article is a draft unless `publish=True` asks for more."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from articles.models import (
    TERM_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    Reuse,
    Source,
    Status,
)
from taxonomy.models import VOCABULARIES, Term

_numbers = itertools.count(1)


def make_user(name: str = "", *, groups: Iterable[str] = (), **fields: Any) -> User:
    """Somebody with the password `password`, in groups that a migration made."""
    user = User.objects.create_user(name or f"user{next(_numbers)}", password="password", **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def staff(*permissions: str) -> User:
    """Somebody on the desk with these rights and no others."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def desk(user: User | None = None) -> Client:
    """A browser on the desk, in English; without a user somebody who may do everything."""
    client = english_reader()
    client.force_login(user or make_user(is_staff=True, is_superuser=True))
    return client


def told(response: Any) -> list[str]:
    """The messages above this page."""
    return [str(message) for message in response.context["messages"]]


def english_reader() -> Client:
    """A reader who chose English: its texts are the message ids, whatever the Chinese catalogue says."""
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def make_source(host: str = "example.com", *, name: str = "", reuse: Reuse = Reuse.EXCERPT) -> Source:
    return Source.objects.get_or_create(host=host, defaults={"name": name, "reuse": reuse})[0]


def make_term(
    name: str,
    vocabulary: str = "technology",
    *,
    aliases: Iterable[str] = (),
    merged_into: Term | None = None,
    **fields: Any,
) -> Term:
    model = VOCABULARIES[vocabulary]
    term = model.objects.create(name=name, merged_into=merged_into, **{"confirmed": True} | fields)
    for alias in aliases:
        term.aliases.create(name=alias)
    return term


def make_article(
    title: str = "",
    *,
    publish: bool = False,
    published_at: datetime | None = None,
    source: Source | str | None = "example.com",
    points: Iterable[tuple[str, str]] = (),
    intro: str = "",
    conclusion: str = "",
    origin: str | None = None,
    keywords: Iterable[str] = (),
    technologies: Iterable[str] = (),
    industries: Iterable[str] = (),
    **fields: Any,
) -> Article:
    """An article with all that belongs to it; terms by name, made when there are none."""
    number = next(_numbers)
    if publish:
        fields["status"] = Status.PUBLISHED
    if fields.get("status") == Status.PUBLISHED:
        published_at = published_at or timezone.now()
    url = fields.setdefault("url", f"https://example.com/{number}")
    fields.setdefault("url_key", url or None)
    article = Article.objects.create(
        title=title or f"第{number}条",
        source=make_source(source) if isinstance(source, str) else source,
        published_at=published_at,
        **fields,
    )
    if intro or conclusion or origin:
        summary = {"intro": intro, "conclusion": conclusion} | ({"origin": origin} if origin else {})
        EventSummary.objects.create(article=article, **summary)
    EventPoint.objects.bulk_create(
        EventPoint(article=article, position=position, heading=heading, body=body)
        for position, (heading, body) in enumerate(points, 1)
    )
    set_terms(article, keywords=keywords, technologies=technologies, industries=industries)
    return article


def set_terms(article: Article, **names: Iterable[str]) -> None:
    """The article carries these terms in each named field, in this order, and no others; new ones are confirmed."""
    for field, spellings in names.items():
        link = TERM_FIELDS[field]
        spellings = list(spellings)
        objects = link._meta.get_field("tag").related_model.objects
        known = {term.pk for term in objects.resolve(spellings).values()}
        terms = objects.resolve(spellings, create=True)
        objects.filter(pk__in={term.pk for term in terms.values()} - known).update(confirmed=True)
        link.objects.filter(content_object=article).delete()
        link.objects.bulk_create(
            link(tag=terms[raw], content_object=article, raw=raw, position=place)
            for place, raw in enumerate(spellings)
        )
