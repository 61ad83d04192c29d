"""What stands against publishing: what blocks, what warns, and where it is put right."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.checklist import checks
from articles.models import Article, Reuse
from tests.factories import make_article, make_source, make_term

pytestmark = pytest.mark.django_db

COMPLETE = {
    "technologies": ["Sora"],
    "industries": ["电影"],
    "keywords": ["导演"],
    "points": [("一", "甲")],
    "intro": "导语",
    "origin": "edited",
}


@pytest.fixture(autouse=True)
def terms():
    for vocabulary, name in (("technology", "Sora"), ("industry", "电影"), ("keyword", "导演")):
        make_term(name, vocabulary)
    make_term("新词", confirmed=False)


def codes(**fields) -> list[tuple[str, bool]]:
    article = make_article(**COMPLETE | fields)
    return [(check.code, check.blocks) for check in checks(Article.objects.get(pk=article.pk))]


def test_a_complete_article_has_nothing_against_it():
    assert codes() == []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"url": "见原文", "url_key": None}, [("link", True)]),
        ({"source": None}, [("source", True)]),
        ({"technologies": []}, [("technologies", False)]),
        ({"industries": []}, [("industries", False)]),
        ({"keywords": []}, []),
        ({"points": []}, [("points", False)]),
        ({"origin": "machine"}, [("origin", False)]),
        ({"technologies": ["新词"]}, [("unconfirmed", False)]),
        ({"summary": "未经授权不得转载。正文", "reuse": Reuse.FULL}, [("rights", False)]),
        ({"summary": "未经授权不得转载。正文"}, []),
    ],
)
def test_each_gap_is_named_and_says_whether_it_blocks(fields, found):
    assert codes(**fields) == found


def test_a_source_that_allows_all_does_not_outweigh_a_notice():
    source = make_source("full.example", reuse=Reuse.FULL)
    assert codes(source=source, summary="未经授权不得转载。正文") == []


def test_every_check_leads_to_a_field_of_the_form():
    article = make_article(
        "甲", url="", url_key=None, source=None, summary="未经授权不得转载", reuse=Reuse.FULL
    )
    fields = {check.field for check in checks(Article.objects.get(pk=article.pk))}
    assert fields <= {
        "url",
        "source",
        "technologies",
        "industries",
        "keywords",
        "points",
        "verified",
        "reuse",
    }


def test_the_number_of_statements_does_not_depend_on_the_number_of_terms():
    counts = []
    for number in (1, 12):
        article = make_article(**COMPLETE | {"keywords": [f"词{n}" for n in range(number)]})
        whole = Article.objects.get(pk=article.pk)
        with CaptureQueriesContext(connection) as queries:
            checks(whole)
        counts.append(len(queries))
    assert counts[0] == counts[1]
