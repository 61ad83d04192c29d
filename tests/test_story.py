"""The page of one article: one statement, rendered once, bounded."""

import pytest
from django.test import Client
from django.utils import translation

from articles import story
from articles.models import Article, ArticleKeyword, EventPoint, EventSummary, Source
from taxonomy.models import Keyword, Technology
from tests.factories import make_article

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def full(**fields) -> Article:
    values = {
        "intro": "导语。",
        "conclusion": "结语。",
        "summary": "原文。",
        "points": [("点", "文")],
        "technologies": ["Sora", "Midjourney"],
        "also_at": ["https://b.example/1"],
    }
    return make_article("一篇", publish=True, **values | fields)


def html(article: Article) -> str:
    return story.page(story.public(article.pk)).html


def test_one_statement_reads_all_of_it(django_assert_num_queries):
    article = full()
    with django_assert_num_queries(1):
        found = story.public(article.pk)
        page = story.page(found)
    assert found.also_at == ("https://b.example/1",)
    assert [term.name for term in found.technologies] == ["Sora", "Midjourney"]
    assert found.get_absolute_url() == article.get_absolute_url()
    for piece in ["一篇", "导语。", 'id="p1"', "结语。", "原文。", "Sora", "b.example"]:
        assert piece in page.html


def test_only_the_desk_reads_what_is_not_public():
    draft = make_article("草稿", summary="原文。")
    assert story.public(draft.pk) is None
    assert story.public(10**30) is None
    assert story.whatever_its_state(draft.pk).title == "草稿"


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda: Article.objects.update(title="另一篇"), "另一篇"),
        (lambda: Article.objects.update(also_at=["https://c.example/"]), "c.example"),
        (lambda: EventSummary.objects.update(conclusion="改过的结语。"), "改过的结语。"),
        (lambda: EventPoint.objects.update(body="改过的文"), "改过的文"),
        (lambda: Technology.objects.filter(name="Sora").update(name="Sora 2"), "Sora 2"),
        (lambda: Source.objects.update(name="甲报"), "甲报"),
        (lambda: Source.objects.update(reuse="link"), "Only the link may be given here"),
    ],
)
def test_whatever_changes_is_shown_at_once(change, shown):
    article = full()
    assert shown not in html(article)
    change()
    assert shown in html(article)


def test_the_same_content_is_judged_and_rendered_once_in_each_language():
    article = full()
    first, before = html(article), story._kept.cache_info().misses
    assert html(article) == first
    assert story._kept.cache_info().misses == before
    with translation.override("zh-hans"):
        assert html(article) != first


def test_the_page_of_a_huge_text_is_not_kept():
    article = full(summary="长" * story.MAX_KEPT)
    before = story._kept.cache_info()
    assert "一篇" in html(article)
    assert story._kept.cache_info() == before


def test_a_page_shows_so_many_points_and_terms_and_says_how_many_more_there_are(client: Client):
    article = full(points=[("", f"文{number}") for number in range(600)])
    words = Keyword.objects.bulk_create(Keyword(name=f"词{number}", confirmed=True) for number in range(230))
    ArticleKeyword.objects.bulk_create(
        ArticleKeyword(tag=word, content_object=article, position=place) for place, word in enumerate(words)
    )
    client.cookies["django_language"] = "en"
    page = client.get(article.get_absolute_url()).text
    assert page.count('<li id="p') == 500
    assert page.count('<li class="keyword">') == 200
    assert "100 further points are not shown." in page
    assert "30 more" in page
    exact = full(url_key=None, points=[("", f"文{number}") for number in range(500)])
    assert "not shown" not in client.get(exact.get_absolute_url()).text


def test_hostile_texts_are_text():
    evil = "<script>alert(1)</script>"
    article = full(intro=evil, conclusion=evil, summary=evil, points=[(evil, evil)], keywords=[evil])
    Article.objects.update(title=evil, url=evil, also_at=[evil])
    Source.objects.update(name=evil)
    assert "<script" not in html(article)
