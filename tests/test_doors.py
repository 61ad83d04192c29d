"""Role × state × door: who gets in where on the desk, what a post does there, and that nothing is told beside."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles import corrections, revisions
from articles.models import (
    Article,
    DuplicatePair,
    ImportBatch,
    ImportRow,
    OpenArticle,
    Retag,
    RetagRow,
    RevisionKind,
    SeedFile,
    Status,
)
from taxonomy.models import Rule, Technology
from tests.factories import desk, english_reader, make_article, make_term, make_user, staff
from tests.test_workflow import DRAFTED, SCHEDULED, in_state

pytestmark = pytest.mark.django_db

TITLE, TEXT = "没有权利的人看不到的标题", "没有权利的人看不到的正文"
# Nobody is signed in; staff without any right; then the groups.
ROLES = ["nobody", "staff", "Importers", "Editors", "Reviewers", "Chief editors"]
STATES = [
    Status.DRAFT, Status.IN_REVIEW, Status.PUBLISHED, SCHEDULED, DRAFTED, Status.WITHDRAWN, Status.DECLINED,
]  # fmt: skip

SEE = "302 403 200 200 200 200"
EDIT = "302 403 403 200 200 200"
POST_ONLY = "302 405 405 405 405 405"
# What each role is answered, in the order of ROLES: to GET, and to POST with what the page's own form would send.
DOORS = {
    "changelist": (SEE, SEE),
    "add": (EDIT, "302 403 403 302 302 302"),
    "change": (SEE, "302 403 403 302 302 302"),
    "delete": ("302 403 403 403 403 403", "302 403 403 403 403 403"),
    "history": ("302 403 302 302 302 302", "302 403 302 302 302 302"),
    "versions": (SEE, SEE),
    "version": (SEE, SEE),
    "compare": (SEE, SEE),
    "restore": ("302 403 302 302 302 302", "302 403 403 302 302 302"),
    "preview": (SEE, POST_ONLY),
    "preview_link": (EDIT, POST_ONLY),
    "evidence": (SEE, SEE),
    "parse_points": (POST_ONLY, EDIT),
    "conflicts": (SEE, EDIT),
    "correct": ("302 403 403 403 200 200", "302 403 403 403 302 302"),
    "download": (SEE, POST_ONLY),
    "triage": (SEE, POST_ONLY),
    "triage_act": (POST_ONLY, "302 403 302 302 302 302"),
    "triage_terms": (POST_ONLY, "302 403 403 302 302 302"),
    "retag": (POST_ONLY, "302 403 403 302 302 302"),
    "assign": (POST_ONLY, "302 403 302 302 302 302"),
    "notes": (POST_ONLY, "302 403 302 302 302 302"),
    "open": (POST_ONLY, SEE),
    # An address without a page name leads to the form, which asks for the right.
    None: ("302 302 302 302 302 302", "302 302 302 302 302 302"),
}
# Where the state decides: what readers do not see needs no correction, and the page says so.
UNSEEN = "302 403 403 403 200 200"
BY_STATE = {("correct", state): UNSEEN for state in STATES if state not in {Status.PUBLISHED, DRAFTED}}
# Whose post changes something: of the article, its notes, its history, or who has it open. To the others it does nothing.
CHANGES = {
    **dict.fromkeys(
        ["add", "change", "restore", "triage_act", "triage_terms", "assign", "notes", "open"], ROLES[3:]
    ),
    "correct": ROLES[4:],
}
ELSEWHERE = {"do"}  # the verbs: tests/test_groups.py

OTHERS = {
    "admin:index": "302 200 200 200 200 200",
    "admin:articles_seedfile_download": SEE,
    "admin:articles_seedfile_changelist": SEE,
    "admin:articles_seedfile_change": SEE,
    "admin:articles_importbatch_changelist": SEE,
    "admin:articles_importbatch_change": SEE,
    "admin:articles_importbatch_new": "302 403 200 403 403 200",
    "admin:articles_importbatch_rows": SEE,
    "admin:articles_importbatch_undo": "302 403 200 403 403 200",
    "admin:articles_importrow_changelist": SEE,
    "admin:articles_importrow_repair": "302 403 200 403 403 200",
    "admin:articles_importrow_change": SEE,
    "admin:articles_duplicatepair_changelist": SEE,
    "admin:articles_duplicatepair_change": SEE,
    "admin:articles_correction_changelist": SEE,
    "admin:articles_correction_change": SEE,
    "admin:articles_retag_changelist": SEE,
    "admin:articles_retag_change": SEE,
    "admin:articles_retag_undo": EDIT,
    "admin:articles_retag_choose": "302 403 403 404 404 404",  # only who chose the articles
    "admin:articles_source_changelist": SEE,
    "admin:articles_source_change": SEE,
    "admin:taxonomy_technology_suggest": SEE,
    "admin:taxonomy_technology_changelist": SEE,
    "admin:taxonomy_technology_change": SEE,
    "admin:taxonomy_rule_changelist": "302 403 403 403 200 200",
    "admin:taxonomy_rule_change": "302 403 403 403 200 200",
    "admin:autocomplete": SEE,
    "new_terms": SEE,
    "housekeeping": SEE,
}
# Who may only look at what is imported is told nothing by a post.
READ_ONLY = {"importbatch", "importrow", "seedfile", "correction", "retag"}


def person(role: str) -> Client:
    if role == "nobody":
        return english_reader()
    return desk(staff() if role == "staff" else make_user(is_staff=True, groups=[role]))


def article_in(state: str) -> Article:
    """With an earlier version, which can be restored."""
    article = in_state(state)
    revisions.record([article.pk], kind=RevisionKind.EDIT)
    Article.objects.filter(pk=article.pk).update(title=TITLE, summary=TEXT)
    article.refresh_from_db()
    return article


def address(name: str | None, article: Article) -> str:
    if name is None:
        return f"/admin/articles/article/{article.pk}/"
    if name == "download":
        return reverse("admin:articles_article_download", args=["csv"])
    more = [article.revisions.first().number] if name in {"version", "restore"} else []
    if name in {"changelist", "add", "triage", "triage_act", "parse_points", "retag"}:
        return reverse(f"admin:articles_article_{name}")
    return reverse(f"admin:articles_article_{name}", args=[article.pk, *more])


def query(name: str | None) -> dict[str, str]:
    return {"from": "1", "to": "live"} if name == "compare" else {}


def sent(name: str | None, article: Article) -> dict[str, Any]:
    """What the page's own form sends, to change something."""
    form = {
        "title": f"{TITLE}改", "url": article.url, "summary": TEXT, "version": article.version,
        "points-total": "0", "reuse": "", "source": article.source_id,
    }  # fmt: skip
    return {
        "change": form,
        "add": form | {"url": "https://example.com/new"},
        "restore": {"version": article.version},
        "evidence": {"heading": "甲", "body": "乙"},
        "parse_points": {"text": "1. **甲**：乙"},
        "conflicts": {"version": article.version},
        "correct": {"version": article.version, "wrong": "甲", "right": "乙"},
        "triage_act": {"act": "take", "pick": f"{article.pk}:{article.version}"},
        "triage_terms": {"version": article.version, "keywords": ["新"]},
        "assign": {"to": User.objects.filter(is_staff=True).values_list("pk", flat=True).first() or ""},
        "notes": {"text": "请看"},
        "delete": {"post": "yes"},
    }.get(name, {})


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def stored(article: Article) -> dict[str, Any]:
    """All that a post may change."""
    article = Article.objects.get(pk=article.pk)
    fields = model_to_dict(article) | {"version": article.version}
    for related in ("notes", "revisions", "corrections"):
        fields[related] = getattr(article, related).count()
    return fields | {"open": OpenArticle.objects.count(), "articles": Article.objects.count()}


def told(response: HttpResponse) -> str:
    return f"{response.getvalue().decode(errors='replace')} {dict(response.headers)}"


def expected(name: str | None, state: str, role: str) -> tuple[int, int]:
    get, post = DOORS[name]
    post = BY_STATE.get((name, state), post)
    return tuple(int(row.split()[ROLES.index(role)]) for row in (get, post))


def test_every_page_of_an_article_stands_in_the_table():
    names = [url.name for url in admin.site._registry[Article].get_urls()]
    doors = {name and name.removeprefix("articles_article_") for name in names}
    assert doors == DOORS.keys() | ELSEWHERE


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_answered_what_the_table_says(role, state):
    article, client = article_in(state), person(role)
    answers, effects = {}, {}
    for name in DOORS:
        with undone():
            seen = client.get(address(name, article), query(name))
        with undone():
            before = stored(article)
            post = client.post(address(name, article), sent(name, article), query_params=query(name))
            effects[name] = stored(article) != before
        answers[name] = (seen.status_code, post.status_code)
        if role in {"nobody", "staff"}:
            assert TITLE not in told(seen) + told(post), name
            assert TEXT not in told(seen) + told(post), name
    assert answers == {name: expected(name, state, role) for name in DOORS}
    assert {name for name, changed in effects.items() if changed} == may_change(role, state)


def may_change(role: str, state: str) -> set[str]:
    doors = {name for name, roles in CHANGES.items() if role in roles}
    return doors - {name for name, elsewhere in BY_STATE if elsewhere == state}


# --- the other doors ------------------------------------------------------------------------------


@pytest.fixture
def delivered() -> dict[str, Any]:
    """An article with all that stands around it, by the part of the address that names it."""
    article = make_article(TITLE, publish=True, summary=TEXT)
    file = SeedFile.objects.create(sha256="0" * 64, name="a.txt", content=TEXT.encode(), size=1)
    batch = ImportBatch.objects.create()
    row = ImportRow.objects.create(
        batch=batch, file=file, file_name="a.txt", first_line=1, last_line=2, outcome="conflict", article=article,
        conflicts={"title": {"base": TEXT, "desk": TITLE, "seed": TEXT}},
        findings=[{"code": "possible-duplicate", "line": 1, "text": f"#{article.pk}", "severity": "warning"}],
    )  # fmt: skip
    correction = corrections.publish(article, wrong="甲", right="乙", by=None)
    other = make_article(f"{TITLE}二", summary=TEXT)
    pair = DuplicatePair.objects.create(low=article, high=other, similarity=1)
    now = timezone.now()
    retag = Retag.objects.create(
        kind="add", vocabulary="technology", terms={"added": [1, "Sora"]}, todo=2, done=2, started_at=now, finished_at=now,
        counts={"changed": 1, "right": 1},
    )  # fmt: skip
    RetagRow.objects.create(retag=retag, article_id=article.pk, version=1, outcome="right")
    return {
        "retag": retag, "rule": Rule.objects.create(vocabulary="technology", name="MJ", target="Midjourney"),
        "seedfile": file, "importbatch": batch, "importrow": row, "correction": correction,
        "duplicatepair": pair, "source": article.source, "technology": make_term("Midjourney"), "article": article,
    }  # fmt: skip


def other_address(name: str, delivered: dict[str, Any]) -> str:
    if name == "admin:autocomplete":
        return f"{reverse(name)}?app_label=articles&model_name=article&field_name=source&term=example"
    if name.endswith("_rows"):
        return reverse(name, args=[delivered["importbatch"].pk, "csv"])
    if name.endswith(("_change", "_download", "_undo", "_choose", "_repair")):
        return reverse(name, args=[delivered[name.split("_")[1]].pk])
    return reverse(name)


@pytest.mark.parametrize("role", ROLES)
def test_the_other_doors_open_to_those_who_may_look(role, delivered):
    client = person(role)
    answers = {name: client.get(other_address(name, delivered)).status_code for name in OTHERS}
    assert answers == {name: int(row.split()[ROLES.index(role)]) for name, row in OTHERS.items()}


@pytest.mark.parametrize("role", ROLES[1:])
def test_what_was_imported_and_corrected_is_not_changed_by_a_post(role, delivered):
    client = person(role)
    for name in (name for name in OTHERS if name.endswith("_change") and name.split("_")[1] in READ_ONLY):
        assert client.post(other_address(name, delivered), {}).status_code == 403, name
    assert client.post(other_address("admin:articles_seedfile_download", delivered)).status_code == 405
    assert client.post(other_address("admin:taxonomy_technology_suggest", delivered)).status_code == 405
    assert Technology.objects.count() == 1


def test_nobody_without_the_right_to_see_articles_reads_one_beside_its_own_pages(delivered):
    """All other rights to look. A file holds what was delivered, and a correction was told to all readers."""
    rights = Permission.objects.filter(codename__startswith="view_")
    rights = rights.exclude(codename__in=["view_article", "view_seedfile", "view_eventsummary"])
    client = desk(staff(*rights.values_list("codename", flat=True)))
    article = delivered["article"].pk
    addresses = [
        *(other_address(name, delivered) for name in OTHERS if "seedfile" not in name),
        *(address(name, delivered["article"]) for name in DOORS),
        f"/admin/articles/importrow/?article__id__exact={article}",
        f"/admin/articles/importrow/?q={TITLE}",
    ]
    told_there = {
        one: told(client.get(one)).replace(f'value="{TITLE}"', "") for one in addresses
    }  # the search box
    assert [one for one, text in told_there.items() if TITLE in text or TEXT in text] == []
