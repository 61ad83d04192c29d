"""Whatever changes what the index knows of an article queues it, by every path; nothing else does."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from articles import workflow
from articles.models import (
    Article,
    ArticleKeyword,
    ArticleTechnology,
    EventPoint,
    EventSummary,
    SearchQueue,
    Status,
)
from articles.storing import copy_links
from newsroom.sql import copy_rows, new_ids
from taxonomy.models import Keyword
from tests.factories import desk, make_article, make_source, make_term, set_terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def article() -> Article:
    """An article with all that belongs to it, and an empty queue."""
    article = make_article(
        "标题",
        summary="正文",
        intro="引言",
        points=[("一", "甲"), ("二", "乙")],
        keywords=["电影", "导演"],
        technologies=["Sora"],
        industries=["影视"],
    )
    SearchQueue.objects.all().delete()
    return article


def queued(change: Callable[[], object]) -> list[int]:
    """The articles that the change queues, each row of the queue for itself."""
    SearchQueue.objects.all().delete()
    change()
    return list(SearchQueue.objects.order_by("article_id").values_list("article_id", flat=True))


def execute(statement: str, parameters: Iterable = ()) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    return run


class TestArticles:
    def test_are_queued_when_one_is_saved_for_the_first_time(self):
        assert queued(lambda: Article(title="新").save()) == [Article.objects.get().pk]

    def test_are_queued_by_bulk_create(self):
        made = []
        rows = queued(
            lambda: made.extend(Article.objects.bulk_create(Article(title=f"第{n}条") for n in range(3)))
        )
        assert rows == [article.pk for article in made]

    def test_are_queued_by_copy(self):
        ids = new_ids(Article, 3)
        assert queued(lambda: copy_rows(Article, ("id", "title"), ((pk, "新") for pk in ids))) == ids

    def test_are_queued_by_save(self, article):
        article.title = "改过"
        assert queued(article.save) == [article.pk]

    @pytest.mark.parametrize(
        "values",
        [
            {"title": "改过"},
            {"summary": "改过"},
            {"excerpt": "改过"},
            {"source": None},
            {"published_at": timezone.now()},
            {"status": Status.PUBLISHED, "published_at": timezone.now()},
        ],
        ids=lambda values: "-".join(values),
    )
    def test_are_queued_by_an_update_of_what_the_index_knows(self, article, values):
        assert queued(lambda: Article.objects.update(**values)) == [article.pk]

    @pytest.mark.parametrize(
        "values",
        [
            {"version": F("version") + 1, "updated_at": timezone.now()},
            {"base": {"title": "新"}, "extra": {"来源": "甲"}},
            {"title": "标题", "summary": "正文"},
            {"reuse": "full"},
        ],
        ids=lambda values: "-".join(values),
    )
    def test_are_not_queued_by_an_update_of_anything_else(self, article, values):
        assert queued(lambda: Article.objects.update(**values)) == []

    def test_are_queued_only_where_something_changed(self, article):
        other = make_article("别的")
        change = execute(
            "UPDATE articles_article SET title = CASE id WHEN %s THEN '改过' ELSE title END", [other.pk]
        )
        assert queued(change) == [other.pk]

    def test_are_queued_by_the_verbs_of_the_desk(self, article):
        assert queued(lambda: workflow.publish(article, by=None)) == [article.pk]
        assert queued(lambda: workflow.withdraw(article, by=None, reason="撤")) == [article.pk]

    def test_are_queued_when_they_are_deleted_with_all_their_parts(self, article):
        pk = article.pk
        assert set(queued(article.delete)) == {pk}

    def test_are_queued_when_sql_gives_them_another_number(self, article):
        EventPoint.objects.all().delete()
        EventSummary.objects.all().delete()
        set_terms(article, keywords=[], technologies=[], industries=[])
        change = execute("UPDATE articles_article SET id = 900001")
        assert queued(change) == [article.pk, 900001]

    def test_are_queued_by_an_insert_that_becomes_an_update(self, article):
        statement = (
            "INSERT INTO articles_article (title, url, url_key, record_key) VALUES ('改过', '', %s, gen_random_uuid())"
            " ON CONFLICT (url_key) DO UPDATE SET title = EXCLUDED.title"
        )
        assert queued(execute(statement, [article.url_key])) == [article.pk]

    def test_are_not_queued_by_a_statement_that_finds_none(self, article):
        assert queued(lambda: Article.objects.filter(pk=0).update(title="改过")) == []

    def test_are_not_queued_by_what_is_taken_back(self, article):
        def change() -> None:
            with transaction.atomic():
                Article.objects.update(title="改过")
                transaction.set_rollback(True)

        assert queued(change) == []

    def test_are_queued_once_a_statement_for_many_rows(self, article):
        EventPoint.objects.all().delete()
        points = [EventPoint(article=article, position=n, heading=f"第{n}点") for n in range(1, 20)]
        assert queued(lambda: EventPoint.objects.bulk_create(points)) == [article.pk]

    def test_are_queued_by_the_desk(self, article):
        page = desk().get(f"/admin/articles/article/{article.pk}/change/")
        form = page.context["adminform"].form
        data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        data |= {"title": "改过", "points-total": "2", "points-0-heading": "一", "points-0-body": "甲"}
        data |= {"points-1-heading": "二", "points-1-body": "乙"}
        data = {name: value for name, value in data.items() if value is not None}
        answers = []
        rows = queued(
            lambda: answers.append(desk().post(f"/admin/articles/article/{article.pk}/change/", data))
        )
        assert (answers[0].status_code, rows) == (302, [article.pk])


class TestEventSummaries:
    @pytest.mark.parametrize("field", ["intro", "conclusion"])
    def test_queue_their_article_when_their_text_changes(self, article, field):
        assert queued(lambda: EventSummary.objects.update(**{field: "改过"})) == [article.pk]

    def test_queue_nothing_when_only_their_origin_changes(self, article):
        assert queued(lambda: EventSummary.objects.update(origin="verified", raw="原样")) == []

    def test_queue_their_article_when_they_come_and_go(self, article):
        assert queued(EventSummary.objects.get().delete) == [article.pk]
        assert queued(lambda: EventSummary.objects.create(article=article, intro="新")) == [article.pk]


class TestEventPoints:
    @pytest.mark.parametrize("field", ["heading", "body"])
    def test_queue_their_article_when_their_text_changes(self, article, field):
        change = EventPoint.objects.filter(position=1)
        assert queued(lambda: change.update(**{field: "改过"})) == [article.pk]

    def test_queue_nothing_when_they_only_change_places(self, article):
        assert queued(lambda: EventPoint.objects.update(position=3 - F("position"))) == []

    def test_queue_their_article_when_they_come_and_go(self, article):
        assert queued(EventPoint.objects.first().delete) == [article.pk]
        new = EventPoint(article=article, position=9, body="新")
        assert queued(new.save) == [article.pk]

    def test_queue_both_articles_when_they_move_to_another(self, article):
        other = make_article("别的")
        change = EventPoint.objects.filter(position=1)
        assert queued(lambda: change.update(article=other, position=7)) == [article.pk, other.pk]


class TestTerms:
    def test_queue_the_article_that_gets_or_loses_one(self, article):
        link = ArticleTechnology(tag=make_term("CLIP"), content_object=article)
        assert queued(link.save) == [article.pk]
        assert queued(link.delete) == [article.pk]

    def test_queue_the_article_that_gets_one_by_copy(self, article):
        pk = make_term("CLIP").pk
        spellings = {"technologies": [(article.pk, {pk: "CLIP"})], "keywords": [], "industries": []}
        assert queued(lambda: copy_links(spellings)) == [article.pk]

    def test_queue_the_article_whose_link_leads_to_another_one(self, article):
        other = make_term("CLIP")
        assert queued(lambda: ArticleTechnology.objects.update(tag=other)) == [article.pk]

    def test_queue_nothing_when_the_links_only_change_places(self, article):
        assert queued(lambda: ArticleKeyword.objects.update(position=9, raw="电 影")) == []

    def test_queue_all_that_carry_a_renamed_one(self, article):
        second = make_article("别的", keywords=["电影"])
        make_article("不相干", keywords=["音乐"])
        change = Keyword.objects.filter(name="电影")
        assert queued(lambda: change.update(name="影片")) == [article.pk, second.pk]

    def test_queue_nothing_when_anything_else_of_them_changes(self, article):
        other = make_term("影片", "keyword")
        terms = Keyword.objects.filter(name="电影")
        change = {"description": "说明", "confirmed": True, "merged_into": other}
        assert queued(lambda: terms.update(**change)) == []

    def test_queue_nothing_when_they_are_new_or_get_an_alias(self, article):
        assert queued(lambda: make_term("新词", "keyword", aliases=["新詞語"])) == []


def test_nothing_else_that_an_article_refers_to_queues_it(article: Article) -> None:
    source = make_source()
    source.name = "改过"
    assert queued(source.save) == []


def test_every_index_belongs_to_one_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('articles_searchqueue'::regclass, 'pg_class')")
        assert len(cursor.fetchone()[0]) == 36


@pytest.mark.django_db(transaction=True)
def test_whoever_listens_is_told_once_a_transaction() -> None:
    listener = connection.get_new_connection(connection.get_connection_params())
    listener.autocommit = True
    with listener:
        listener.execute("LISTEN search_queue")
        with transaction.atomic():
            article = make_article("标题", intro="引言", keywords=["电影"])
            Article.objects.update(title="改过")
        told = [(note.channel, note.payload) for note in listener.notifies(timeout=1, stop_after=1)]
        assert told == [("search_queue", "")]
        Article.objects.filter(pk=article.pk).update(version=7, updated_at=timezone.now() + timedelta(1))
        assert list(listener.notifies(timeout=0.2)) == []
    assert listener.info.status == psycopg.pq.ConnStatus.BAD
