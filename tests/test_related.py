import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils.translation import override
from pyroaring import BitMap

from articles import workflow
from articles.listing import ListedTerm
from articles.related import Related, nearest, related
from tests.factories import make_article, make_source, make_term

RARE, COMMON, OTHER, ALONE = (("technology", pk) for pk in (1, 2, 3, 4))


class FewSets:
    """As much of `Sets` as is asked here."""

    def __init__(self, carrying: dict[tuple[str, int], set[int]]):
        self.carrying = carrying
        self.all = BitMap(set().union(*carrying.values()))

    def of(self, kind: str, pk: int) -> BitMap:
        return BitMap(self.carrying.get((kind, pk), ()))


def test_two_shared_terms_count_more_than_one_and_a_rare_one_more_than_a_common_one():
    sets = FewSets({RARE: {1, 2, 3}, COMMON: {1, 2, 4, *range(10, 90)}, OTHER: {1, 5}, ALONE: {1}})
    found = nearest(1, [COMMON, RARE, OTHER, ALONE], sets, limit=4)
    assert list(found.items())[:3] == [(2, [RARE, COMMON]), (5, [OTHER]), (3, [RARE])]
    assert 1 not in found and len(found) == 4


def test_an_article_without_terms_or_alone_with_them_has_none():
    sets = FewSets({ALONE: {1}, COMMON: {2, 3}})
    assert nearest(1, [], sets) == {}
    assert nearest(1, [ALONE, RARE], sets) == {}


@pytest.mark.django_db
def test_readers_see_public_ones_and_why(indexed):
    terms = {"technologies": ["Sora", "视频生成"], "industries": ["电影"]}
    article = make_article("一", publish=True, **terms)
    make_article("二", publish=True, **terms)
    withdrawn = make_article("三", publish=True, **terms)
    make_article("四", **terms)
    make_article("五", publish=True, technologies=["别的"])
    make_term("没有")
    indexed()
    workflow.withdraw(withdrawn, by=None, reason="错了")
    page = Client().get(article.get_absolute_url()).content.decode()
    related = re.search(r'<aside class="related".*?</aside>', page, re.S)[0]
    assert re.findall(r'<li><a href="[^"]*">(.*?)</a>', related) == ["二"]
    assert "电影" in related and "Sora" in related


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_related_articles_come_with_publisher_and_day_in_one_statement(
    indexed, django_assert_num_queries, number: int
):
    hosts = {"b.example.com": "", "c.example.com": "早报", "d.example.com": "晚报"}
    article = make_article("一", publish=True, technologies=["Sora"])
    others = [
        make_article(
            f"相关{host}",
            publish=True,
            published_at=datetime(2026, 11, 1, 17, tzinfo=UTC),
            technologies=["Sora"],
            source=make_source(host, name=name),
        )
        for host, name in list(hosts.items())[:number]
    ]
    sets, technology = indexed().sets, article.technologies.get()
    terms = [ListedTerm("technology", technology.pk, "Sora", "sora")]
    with django_assert_num_queries(1), override("zh-hans"):
        found = related(article.pk, terms, sets)
    assert found == [
        Related(
            row_title=other.title,
            address=other.get_absolute_url(),
            source=other.source.name or other.source.host,
            published="2026年11月2日",
            reasons=["Sora"],
        )
        for other in reversed(others)
    ]
