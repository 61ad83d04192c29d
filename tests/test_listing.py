import re
from datetime import timedelta

import pytest
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from articles import listing, paging
from articles.listing import MAX_TERMS, days, rows
from articles.models import Article, EventSummary, Source, Status
from articles.paging import cursor, load, page
from taxonomy.models import Technology
from tests.factories import make_article, make_source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

EVIL = "<script>alert(1)</script>&\"'"


def row_of(article: Article) -> listing.Row:
    (row,) = rows([article.pk])
    return row


def full(title: str = "一篇", **fields) -> Article:
    values = {"intro": "导语。", "points": [("点", "文")], "technologies": ["Sora"], "source": "a.example"}
    return make_article(title, publish=True, **values | fields)


# --- reading ----------------------------------------------------------------------------------------


def test_rows_come_in_the_order_asked_for_and_only_public_ones(django_assert_num_queries):
    one, two = full("一"), full("二")
    tomorrow = timezone.now() + timedelta(days=1)
    hidden = [make_article(status=state) for state in Status if state != Status.PUBLISHED]
    hidden.append(make_article(publish=True, published_at=tomorrow))
    asked = [two.pk, *(article.pk for article in hidden), 999_999, one.pk]
    with django_assert_num_queries(1):
        assert [row.title for row in load(asked)] == ["二", "一"]
    with django_assert_num_queries(0):
        assert load([]) == []


def test_what_is_asked_now_is_compared_with_now(monkeypatch):
    article = make_article(publish=True, published_at=timezone.now() + timedelta(hours=1))
    assert rows([article.pk]) == []
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert row_of(article).pk == article.pk


def test_a_row_has_the_first_points_and_some_terms_of_each_vocabulary_in_order():
    article = full(
        points=[(f"点{number}", f"文{number}") for number in range(5)],
        technologies=[f"技{number}" for number in range(6)],
        industries=[f"业{number}" for number in range(6)],
        keywords=[f"词{number}" for number in range(6)],
    )
    row = row_of(article)
    assert row.points == (("点0", "文0"), ("点1", "文1"), ("点2", "文2"))
    names = [name for _vocabulary, _id, name, _slug in row.terms]
    assert names == ["技0", "技1", "技2", "技3", "业0", "业1", "词0"]
    assert len(names) == MAX_TERMS


def test_no_long_text_travels():
    huge = "长" * 100_000
    article = full(huge, summary=huge, intro="", points=[(huge, huge)])
    row = row_of(article)
    assert max(map(len, [row.title, row.opening, *row.points[0]])) <= 600
    assert row_of(full(summary=huge)).opening == ""  # the intro is shown


def test_a_page_takes_two_statements_wherever_it_is(django_assert_num_queries):
    articles = [full(str(number)) for number in range(7)]
    middle, top = (cursor((articles[place].published_at, articles[place].pk)) for place in (3, 6))
    for parameters in [{}, {"before": middle}, {"after": middle}, {"before": "x"}]:
        for size in (1, 2):
            with django_assert_num_queries(2):
                found = page(Article.objects.published(), parameters, size)
            assert len(found.rows) == size
    with django_assert_num_queries(3):  # back at the top: the newest page, whatever has come in meanwhile
        assert len(page(Article.objects.published(), {"after": top}, 2).rows) == 2


def test_an_article_withdrawn_between_the_two_statements_is_left_out(monkeypatch):
    one, two = full("一"), full("二")
    both = paging.listing.rows

    def withdrawn_meanwhile(ids):
        Article.objects.filter(pk=two.pk).update(status=Status.WITHDRAWN)
        return both(ids)

    monkeypatch.setattr(paging.listing, "rows", withdrawn_meanwhile)
    assert [row.pk for row in page(Article.objects.published(), {}).rows] == [one.pk]


# --- rendering --------------------------------------------------------------------------------------


def rendered() -> int:
    return listing._kept.cache_info().misses


def test_the_same_content_is_rendered_once():
    article = full()
    html = row_of(article).html
    before = rendered()
    Article.objects.update(version=7, extra={"a": "b"}, updated_at=timezone.now())
    assert row_of(article).html == html
    assert rendered() == before


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda: Article.objects.update(title="另一篇"), "另一篇"),
        (
            lambda: Article.objects.update(source_date="2026-03-01", source_date_origin="given"),
            "March 1, 2026",
        ),
        (lambda: EventSummary.objects.update(intro="改过的导语。"), "改过的导语。"),
        (lambda: EventSummary.objects.update(origin="verified"), "verified by an editor"),
        (lambda: Technology.objects.update(name="Sora 2"), "Sora 2"),
        (lambda: Source.objects.update(name="甲报"), "甲报"),
    ],
)
def test_whatever_changes_about_an_article_is_shown_at_once(change, shown):
    article = full()
    assert shown not in row_of(article).html
    change()
    assert shown in row_of(article).html


def test_a_policy_that_changes_applies_at_once():
    article = full(intro="", summary="原文的第一句。")
    assert "原文的第一句。" in row_of(article).html
    Source.objects.update(reuse="link")
    assert "原文的第一句。" not in row_of(article).html


def test_each_language_has_an_entry_of_its_own():
    row = row_of(full())
    assert "machine summary" in row.html
    with translation.override("zh-hans"):
        assert "machine summary" not in row.html
    assert "machine summary" in row.html


def test_the_three_kinds_of_entry():
    row = row_of(full())
    moment, day = f"{row.published_at:%H:%M}</time>", f"{row.published_at:%Y}</time>"
    assert day in row.html and moment not in row.html
    assert moment in row.html_with_clock and day not in row.html_with_clock
    assert moment in row.html_lead and 'class="entry lead"' in row.html_lead


def test_a_search_hit_shows_what_was_found_instead_of_brief_and_points():
    row = row_of(full())
    before = rendered()
    html = row.html_with(mark_safe("<mark>一</mark>篇"), mark_safe("<p>前<mark>词</mark>后</p>"))
    assert "><mark>一</mark>篇</a></h3>" in html
    assert "<p>前<mark>词</mark>后</p>" in html
    assert "导语" not in html and "文</li>" not in html
    assert "Sora" in html
    assert "导语" in row.html_with(mark_safe("<mark>一</mark>篇"), None)
    assert rendered() == before
    assert "导语" in row.html


def test_hostile_texts_are_text():
    source = make_source("e.example", name=EVIL)
    article = full(EVIL, intro=EVIL, source=source, points=[(EVIL, EVIL)], technologies=[EVIL[:40]])
    row = row_of(article)
    for html in [row.html, row.html_with_clock, row.html_lead, row.html_with(EVIL, mark_safe("x"))]:
        assert "<script" not in html
        assert "&lt;script" in html


def test_what_is_kept_is_bounded():
    assert listing._kept.cache_info().maxsize == 2_000
    assert listing._term.cache_info().maxsize == 10_000


def test_days_are_those_of_the_desk():
    noon = timezone.make_aware(timezone.datetime(2026, 3, 2, 12))
    hours = {"晚": 0, "早": -11, "前": -13}
    ids = [full(title, published_at=noon + timedelta(hours=by)).pk for title, by in hours.items()]
    found = [(str(day.date), [row.title for row in day.rows]) for day in days(rows(ids))]
    assert found == [("2026-03-02", ["晚", "早"]), ("2026-03-01", ["前"])]


def test_the_address_of_a_row_is_the_articles():
    for title in ["郭帆：面对 AI", EVIL, "长" * 1000, "？？？"]:
        article = full(title)
        assert row_of(article).get_absolute_url() == article.get_absolute_url()
        assert re.search(r'<h3[^>]*><a href="([^"]+)"', row_of(article).html)[1] == article.get_absolute_url()
