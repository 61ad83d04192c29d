"""The desk's pages of a batch: undo and redo with the numbers first, and the report."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles import deliveries, editing, undo_jobs, undoing
from articles.admin import undoing as pages
from articles.models import Article, ArticleKeyword, ImportBatch, ImportRow, UndoJob
from taxonomy.models import Keyword
from tests.delivering import deliver
from tests.factories import desk, make_user, staff
from tests.test_import_report import record

pytestmark = pytest.mark.django_db


def address(name: str, batch: object, **query: object) -> str:
    return reverse(f"admin:articles_importbatch_{name}", args=[getattr(batch, "pk", batch)], query=query)


def text(response: object) -> str:
    return " ".join(response.content.decode().split())


def importer_of_batches(*more: str) -> object:
    return desk(staff("view_importbatch", "undo_importbatch", *more))


class TestUndo:
    def test_names_the_numbers_and_changes_nothing_until_it_is_confirmed(self, folder):
        batch = deliver(folder, record(1), record(2))
        kept = Article.objects.get(title="第2条")
        editing.save(kept, {"title": "改过<b>"}, by=make_user("ann", is_superuser=True))
        client = desk()
        page = text(client.get(address("undo", batch)))
        assert "<b>1</b> articles that the batch brought are removed" in page
        assert "<b>0</b> articles say again what they said before it" in page
        assert "<b>1</b> articles stay as they are" in page
        link = reverse("admin:articles_article_change", args=[kept.pk])
        assert f'<a href="{link}">#{kept.pk} 改过&lt;b&gt;</a> <span>It was changed by ann.</span>' in page
        assert Article.objects.count() == 2

    def test_names_what_would_go_and_what_would_be_as_before(self, folder):
        first = deliver(folder, record(1), record(2), record(3))
        page = desk().get(address("undo", first))
        assert [article.title for article in page.context["gone"]] == ["第1条", "第2条", "第3条"]
        assert not page.context["as_before"]
        second = deliver(folder, record(1, 标题="新标题"), record(4), record(2))
        editing.save(Article.objects.get(title="第4条"), {"title": "改过"}, by=None)
        page = desk().get(address("undo", second))
        assert [article.title for article in page.context["as_before"]] == ["新标题"]
        assert (list(page.context["gone"]), page.context["changes"]) == ([], 1)
        page = desk().get(address("undo", first))
        assert [article.title for article in page.context["gone"]] == ["第2条", "第3条"]
        assert page.context["articles"] == 2

    def test_names_as_many_as_fit_and_counts_the_others(self, folder, monkeypatch):
        batch = deliver(folder, record(1), record(2), record(3))
        monkeypatch.setattr(pages, "NAMED", 2)
        page = text(desk().get(address("undo", batch)))
        assert "第1条" in page and "第3条" not in page and "and 1 more" in page

    def test_names_none_where_not_all_are_known_that_stay(self, folder, monkeypatch):
        batch = deliver(folder, record(1), record(2), record(3))
        for article in Article.objects.order_by("pk")[:2]:
            editing.save(article, {"intro": "改过"}, by=None)
        judged = undoing.foresee(batch)
        judged.kept = judged.kept[:1]
        monkeypatch.setattr(pages.undoing, "foresee", lambda *args, **options: judged)
        page = desk().get(address("undo", batch))
        assert page.status_code == 200 and "gone" not in page.context

    def test_says_that_what_is_published_stays_and_where_to_withdraw_it(self, folder):
        batch = deliver(folder, record(1))
        published = reverse(
            "admin:articles_article_changelist",
            query={"import_rows__batch": batch.pk, "status__exact": "published"},
        ).replace("&", "&amp;")
        assert published not in text(desk().get(address("undo", batch)))
        Article.objects.update(status="published", published_at=timezone.now())
        page = text(desk().get(address("undo", batch)))
        assert published in page and "There is nothing that can be taken back." in page

    def test_is_done_by_the_worker_and_then_told_with_what_stayed(self, folder):
        batch = deliver(folder, record(1), record(2))
        kept = Article.objects.get(title="第2条")
        editing.save(kept, {"title": "改过"}, by=make_user("ann", is_superuser=True))
        client = desk()
        response = client.post(address("undo", batch), follow=True)
        assert response.redirect_chain == [(address("change", batch), 302)]
        page = text(response)
        assert (
            "Being undone" in page
            and "waits for its turn" in page
            and f'"{address("undo", batch)}"' not in page
        )
        assert Article.objects.count() == 2
        undo_jobs.run_next()
        page = text(client.get(address("change", batch)))
        assert "1 article removed." in page and "1 article was left as it is." in page
        link = reverse("admin:articles_article_change", args=[kept.pk])
        assert f'<a href="{link}">#{kept.pk} 改过</a> <span>It was changed by ann.</span>' in page
        assert "Undo the rest …" in page and "Bring back …" in page
        assert [article.title for article in Article.objects.all()] == ["改过"]
        assert "<b>1</b> articles come back" in text(client.get(address("redo", batch)))
        client.post(address("redo", batch))
        undo_jobs.run_next()
        page = text(client.get(address("change", batch)))
        assert "1 article is there again." in page and "1 article removed." in page
        assert "Undo …" in page and "Bring back …" not in page
        assert Article.objects.count() == 2

    def test_is_not_offered_where_nothing_is_left(self, folder):
        first, second = deliver(folder, record(1)), deliver(folder, record(1))
        client = desk()
        assert address("undo", second) not in text(client.get(address("change", second)))
        client.post(address("undo", first))
        undo_jobs.run_next()
        page = text(client.get(address("change", first)))
        assert f'"{address("undo", first)}"' not in page and address("redo", first) in page
        assert "There is nothing that can be taken back." in text(client.get(address("undo", first)))
        for name, batch in (("undo", first), ("undo", second), ("redo", second)):
            assert client.post(address(name, batch)).status_code == 200
        assert UndoJob.objects.count() == 1

    def test_is_written_down_under_the_persons_name(self, folder):
        batch = deliver(folder, record(1))
        ann = make_user("ann", is_staff=True, is_superuser=True)
        client = desk(ann)
        client.post(address("undo", batch))
        undo_jobs.run_next()
        batch.refresh_from_db()
        assert batch.undone_by == ann
        page = text(client.get(address("change", batch)))
        assert "· ann" in page and address("redo", batch) in page
        rows = text(client.get(reverse("admin:articles_importrow_changelist")))
        assert '<span class="batch-undone">undone</span>' in rows
        client.post(address("redo", batch))
        undo_jobs.run_next()
        told = LogEntry.objects.filter(object_id=batch.pk, user=ann).values_list("change_message", flat=True)
        assert list(told) == ["Let the batch be brought back.", "Let the batch be undone."]

    def test_is_not_asked_for_twice_and_can_be_called_off_before_it_begins(self, folder):
        batch, client = deliver(folder, record(1)), desk()
        client.post(address("undo", batch))
        assert "already" in text(client.post(address("undo", batch), follow=True))
        client.post(address("undo_cancel", batch))
        assert not UndoJob.objects.exists()
        client.post(address("undo", batch))
        undo_jobs.run_next()
        page = text(client.post(address("undo_cancel", batch), follow=True))
        assert "It has begun already, or has ended." in page
        assert UndoJob.objects.count() == 1

    def test_says_how_far_the_worker_is(self, folder):
        batch, client = deliver(folder, record(1)), desk()
        assert client.get(address("undo_state", batch)).status_code == 404
        client.post(address("undo", batch))
        UndoJob.objects.update(state="running", total=7, looked=3)
        assert client.get(address("undo_state", batch)).json() == {
            "state": "running", "held_up": False, "read": 3, "of": 7, "text": "3 of 7 articles looked at",
        }  # fmt: skip
        UndoJob.objects.update(held_up=True)
        page = text(client.get(address("change", batch)))
        assert "An import is running." in page and "Do not do it after all" in page

    def test_that_failed_says_why_and_can_be_tried_again(self, folder):
        batch, client = deliver(folder, record(1)), desk()
        client.post(address("undo", batch))
        UndoJob.objects.update(state="failed", error="<Platte voll>", ended_at=timezone.now())
        page = text(client.get(address("change", batch)))
        assert "It failed: &lt;Platte voll&gt;" in page and "Try again" in page
        client.post(address("undo", batch))
        undo_jobs.run_next()
        assert not Article.objects.exists()
        assert "It failed" not in text(client.get(address("change", batch)))

    def test_is_for_those_who_may(self, folder):
        batch = deliver(folder, record(1))
        for client in (desk(staff("view_importbatch")), desk(staff("undo_importbatch"))):
            for name in ("undo", "redo"):
                assert client.get(address(name, batch)).status_code == 403
                assert client.post(address(name, batch)).status_code == 403
            assert client.post(address("undo_cancel", batch)).status_code == 403
        assert not UndoJob.objects.exists()
        for group in ("Importers", "Chief editors"):
            client = desk(make_user(is_staff=True, groups=[group]))
            assert client.get(address("undo", batch)).status_code == 200
            assert address("undo", batch) in text(client.get(address("change", batch)))
        for group in ("Editors", "Reviewers"):
            client = desk(make_user(is_staff=True, groups=[group]))
            assert client.get(address("undo", batch)).status_code == 403
            assert address("undo", batch) not in text(client.get(address("change", batch)))
        assert Article.objects.count() == 1

    def test_tells_no_title_to_those_who_may_not_see_articles(self, folder):
        batch = deliver(folder, record(1))
        editing.save(Article.objects.get(), {"title": "秘密"}, by=make_user("ann", is_superuser=True))
        page = text(importer_of_batches().get(address("undo", batch)))
        assert "秘密" not in page and "It was changed by ann." in page
        assert "秘密" in text(importer_of_batches("view_article").get(address("undo", batch)))

    def test_tells_no_title_on_the_page_of_the_batch_either(self, folder):
        batch = deliver(folder, record(1), record(2))
        editing.save(Article.objects.first(), {"title": "秘密"}, by=make_user("ann", is_superuser=True))
        undo_jobs.ask(batch, by=None, back=False)
        undo_jobs.run_next()
        page = text(importer_of_batches().get(address("change", batch)))
        assert "秘密" not in page and "It was changed by ann." in page
        assert "秘密" in text(importer_of_batches("view_article").get(address("change", batch)))

    def test_of_a_batch_that_has_not_ended_says_what_that_means(self, folder):
        batch = deliver(folder, record(1))
        ImportBatch.objects.update(finished_at=None, counts={})
        client = desk()
        assert address("undo", batch) in text(client.get(address("change", batch)))
        page = text(client.get(address("undo", batch)))
        assert "was interrupted" in page and "<b>1</b> articles that the batch brought are removed" in page
        client.post(address("undo", batch))
        undo_jobs.run_next()
        assert not Article.objects.exists()

    def test_of_one_that_was_interrupted_before_its_first_record_ends_it(self):
        batch, client = ImportBatch.objects.create(paths=["weg"]), desk()
        assert "Undo it" in text(client.get(address("undo", batch)))
        client.post(address("undo", batch))
        undo_jobs.run_next()
        batch.refresh_from_db()
        assert batch.finished_at and not batch.undone_at

    def test_of_very_many_tells_how_many_there_are_at_most(self, folder, monkeypatch):
        batch = deliver(folder, record(1), record(2))
        monkeypatch.setattr(pages, "MOST_ON_PAGE", 1)
        client = desk()
        page = text(client.get(address("undo", batch)))
        assert "too many to look at each" in page and "<b>2</b> articles that the batch brought" in page
        client.post(address("undo", batch))
        undo_jobs.run_next()
        assert not Article.objects.exists()
        assert "<b>2</b> articles come back" in text(client.get(address("redo", batch)))

    def test_lists_no_more_than_fit(self, folder, monkeypatch):
        batch = deliver(folder, record(1), record(2), record(3))
        for article in Article.objects.all():
            editing.save(article, {"intro": "改过"}, by=None)
        monkeypatch.setattr(pages, "SHOWN", 2)
        page = text(desk().get(address("undo", batch)))
        assert page.count("It was changed by a command.") == 2 and "and 1 more" in page


@pytest.mark.parametrize("name", ["undo", "redo", "undo_state", "report"])
@pytest.mark.parametrize("number", [0, 987_654_321, 10**25])
def test_a_batch_that_is_not_there_is_not_found(name, number):
    assert desk().get(address(name, number)).status_code == 404


class TestTheReport:
    def test_names_the_first_new_terms_and_counts_all(self, folder):
        batch = deliver(folder, record(1, 关键词="丙,甲,乙,丁"))
        ArticleKeyword.objects.filter(tag__name="丁").delete()
        Keyword.objects.filter(name="丁").delete()  # nobody knows its name any more
        assert deliveries.some_new_terms(batch, 2) == {
            "keyword": (["丙", "乙"], 4),
            **{
                kind: (names, len(names))
                for kind, names in deliveries.new_terms(batch).items()
                if kind != "keyword"
            },
        }
        assert deliveries.new_terms(batch)["keyword"] == ["丙", "乙", "甲"]

    def test_shows_what_changed_since_the_other_batch(self, folder):
        then = deliver(folder, record(1), record(2))
        now = deliver(folder, record(1, 标题="新标题"), record(3, AI技术="Sora"))
        client = desk()
        page = text(client.get(address("report", now)))
        assert "New: AI technologies" in page and "Sora" in page and "Changed records" not in page
        page = text(client.get(address("report", now, since=then.pk)))
        assert (
            "Changed records · 1" in page
            and "removed: </span>第1条</del>" in page
            and "added: </span>新标题</ins>" in page
        )
        assert "New records · 1" in page and "No longer delivered · 1" in page
        assert "第3条" in page and "第2条" in page

    def test_leaves_large_comparisons_to_the_command(self, folder, monkeypatch):
        then = deliver(folder, record(1))
        now = deliver(folder, record(2))
        monkeypatch.setattr(pages, "MOST_FILES", 1)
        page = text(desk().get(address("report", now, since=then.pk)))
        assert f"manage.py import_report {now.pk} --since {then.pk}" in page

    @pytest.mark.parametrize("since", ["x", "0", "-1", "9" * 30, "²", "987654321"])
    def test_says_so_where_there_is_no_other_batch(self, folder, since):
        batch = deliver(folder, record(1))
        page = desk().get(address("report", batch), {"since": since})
        assert page.status_code == 200 and "There is no such batch that has ended." in text(page)

    def test_is_for_those_who_may_see_what_was_delivered(self, folder):
        batch = deliver(folder, record(1))
        assert desk(staff("view_importbatch")).get(address("report", batch)).status_code == 403
        assert desk(staff("view_seedfile")).get(address("report", batch)).status_code == 403
        client = desk(staff("view_importbatch", "view_seedfile"))
        assert client.get(address("report", batch)).status_code == 200
        assert client.post(address("report", batch)).status_code == 405


def test_the_pages_take_as_many_statements_for_three_as_for_one(folder):
    client = desk()

    def statements(number: int) -> list[int]:
        then = deliver(folder, *(record(10 * number + n) for n in range(number)))
        now = deliver(folder, *(record(10 * number + n, 标题=f"新{n}") for n in range(number)))
        assert ImportRow.objects.filter(batch=now, outcome="updated").count() == number
        counts = []
        undo_jobs.ask(then, by=None, back=False)
        undo_jobs.run_next()
        assert then.undo_jobs.get().left == number
        pages = ("undo", now), ("change", now), ("undo", then), ("change", then)
        for one in (address("report", now, since=then.pk), *(address(*page) for page in pages)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(one).status_code == 200
            counts.append(len(queries))
        return counts

    statements(2)  # what is looked up once in the life of a process
    assert statements(1) == statements(3)
