"""What waits in the queue gets into the index, and leaves the queue only then."""

import os
from collections.abc import Collection
from datetime import timedelta
from time import time

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from articles.models import Article, SearchQueue, Status
from articles.search import drain, folder
from articles.search.index import Writer
from articles.search.query import Asked, Word, find
from articles.search.reader import reader
from tests.factories import make_article, make_term

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def index(no_index: None) -> None:
    """An index of nothing, in a folder of its own."""
    drain.rebuild()


class Watched(Writer):
    """Remembers what it was given; can be told which articles nobody can index, and what to do before."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[list[int]] = []
        self.bad: dict[int, Exception] = {}
        self.broken = False
        self.before = lambda: None

    def update(self, article_ids: Collection[int]) -> None:
        self.given.append(list(article_ids))
        self.before()
        for pk in article_ids:
            if pk in self.bad:
                raise self.bad[pk]
        super().update(article_ids)

    def remove(self, article_ids: Collection[int]) -> None:
        if self.broken:
            raise ValueError("broken")
        super().remove(article_ids)


@pytest.fixture
def writer() -> Watched:
    with Watched() as writer:
        yield writer


def import_articles(number: int) -> list[Article]:
    """In one transaction of its own, as far as the queue can tell."""
    articles = Article.objects.bulk_create(Article(title=f"导入{n}") for n in range(number))
    pks = [article.pk for article in articles]
    moment = timezone.now() + timedelta(hours=pks[0])
    SearchQueue.objects.filter(article_id__in=pks).update(at=moment)
    return articles


def found(text: str) -> list[int]:
    return find(reader(), Asked(words=(Word(text),)), size=100).ids


def public() -> list[int]:
    return list(reader().sets.all)


class TestDraining:
    def test_brings_a_change_into_the_index(self, writer):
        article = make_article("旧标题", publish=True)
        drain.drain(writer)
        assert (found("旧标题"), public()) == ([article.pk], [article.pk])
        Article.objects.update(title="新标题")
        drain.drain(writer)
        assert (found("旧标题"), found("新标题")) == ([], [article.pk])

    def test_takes_what_is_not_public_any_more_out_of_the_sets(self, writer):
        article, other = make_article(publish=True), make_article(publish=True)
        drain.drain(writer)
        Article.objects.filter(pk=article.pk).update(status=Status.WITHDRAWN)
        drain.drain(writer)
        assert public() == [other.pk]

    def test_takes_what_was_deleted_out_of_the_index(self, writer):
        make_article("短命", publish=True)
        drain.drain(writer)
        Article.objects.all().delete()
        drain.drain(writer)
        assert (found("短命"), public()) == ([], [])

    def test_says_how_many_articles_there_were_and_empties_the_queue(self, writer):
        make_article("甲", intro="引言", keywords=["电影"])
        make_article("乙")
        assert SearchQueue.objects.count() == 4
        assert drain.drain(writer) == 2
        assert not SearchQueue.objects.exists()
        assert drain.drain(writer) == 0

    def test_takes_a_chunk_at_a_time_the_oldest_first_with_all_their_rows(self, writer, monkeypatch):
        monkeypatch.setattr(drain, "CHUNK", 2)
        articles = [make_article(f"第{n}条").pk for n in range(5)]
        make_term("电影", "keyword")
        Article.objects.filter(pk__in=articles[:3]).update(title="改过")
        drain.catch_up(writer, set())
        assert writer.given == [articles[:2], articles[2:4], articles[4:]]

    def test_does_what_was_just_edited_although_much_waits(self, writer, monkeypatch):
        monkeypatch.setattr(drain, "CHUNK", 4)
        monkeypatch.setattr(drain, "WINDOW", 6)
        monkeypatch.setattr(drain, "EDIT", 2)
        imported = [article.pk for article in import_articles(10)]
        edited = make_article("改过").pk
        imported += [article.pk for article in import_articles(10)]
        drain.catch_up(writer, set())
        first, *rest = writer.given[0]
        assert first == edited and set(rest) < set(imported[:10])
        assert sorted(pk for chunk in writer.given for pk in chunk) == sorted([edited, *imported])
        assert not SearchQueue.objects.exists()

    def test_is_behind_after_an_import_and_not_after_an_edit(self, writer, monkeypatch):
        monkeypatch.setattr(drain, "WINDOW", 6)
        make_article()
        assert not drain.behind()
        import_articles(10)
        assert drain.behind()
        drain.catch_up(writer, set())
        assert not drain.behind()

    def test_does_the_oldest_although_people_go_on_editing(self, writer, monkeypatch):
        monkeypatch.setattr(drain, "CHUNK", 4)
        monkeypatch.setattr(drain, "WINDOW", 6)
        imported = [article.pk for article in import_articles(8)]
        queue = iter(range(100))
        writer.before = lambda: [make_article(f"第{next(queue)}条") for _edit in range(5)]
        for _chunk in range(4):
            drain.drain(writer)
        assert set(imported) <= {pk for chunk in writer.given for pk in chunk}

    def test_does_an_edit_once_while_a_rebuild_runs_and_much_waits(self, writer, monkeypatch):
        monkeypatch.setattr(drain, "CHUNK", 4)
        monkeypatch.setattr(drain, "WINDOW", 6)
        monkeypatch.setattr(drain, "EDIT", 2)
        import_articles(10)
        make_article("改过")
        with folder.locked(folder.REBUILDING):
            drain.catch_up(writer, set())
        done = [pk for chunk in writer.given for pk in chunk]
        assert len(done) == len(set(done)) == 11

    def test_keeps_what_comes_while_it_works(self, writer):
        article = make_article("甲")
        writer.before = lambda: Article.objects.filter(pk=article.pk).update(summary="改过")
        drain.drain(writer)
        assert list(SearchQueue.objects.values_list("article_id", flat=True)) == [article.pk]

    def test_keeps_everything_when_the_disk_is_full(self, writer):
        article = make_article("甲")
        writer.bad = {article.pk: OSError("No space left on device")}
        with pytest.raises(OSError, match="No space"):
            drain.drain(writer)
        assert SearchQueue.objects.count() == 1

    def test_takes_out_an_article_that_cannot_be_indexed_any_more_and_says_which(self, writer, caplog):
        good, bad, fine = (make_article(f"文章{n}", publish=True, keywords=["电影"]).pk for n in range(3))
        drain.drain(writer)
        Article.objects.update(summary="改过")
        writer.bad = {bad: TypeError("what is this?")}
        assert drain.drain(writer) == 3
        assert public() == sorted(found("文章")) == [good, fine]
        assert [count for _term, count in reader().sets.counts("keyword")] == [2]
        assert not SearchQueue.objects.exists()
        assert caplog.messages == [f"article {bad} cannot be indexed: TypeError('what is this?')"]

    def test_blames_no_article_for_an_index_that_takes_nothing(self, writer):
        writer.bad = {make_article(title).pk: ValueError("broken") for title in ("甲", "乙")}
        writer.broken = True
        with pytest.raises(ValueError, match="broken"):
            drain.drain(writer)
        assert SearchQueue.objects.count() == 2


class TestWhileARebuildRuns:
    def test_changes_are_found_and_stay_in_the_queue(self, writer):
        article, applied = make_article("甲", publish=True), set()
        with folder.locked(folder.REBUILDING):
            drain.catch_up(writer, applied)
            assert found("甲") == [article.pk]
            assert set(SearchQueue.objects.values_list("article_id", flat=True)) == {article.pk}

    def test_changes_are_made_only_once(self, writer):
        first, applied = make_article("甲").pk, set()
        with folder.locked(folder.REBUILDING):
            drain.catch_up(writer, applied)
            second = make_article("乙").pk
            drain.catch_up(writer, applied)
        assert writer.given == [[first], [second]]

    def test_changes_are_made_again_when_it_came_to_nothing(self, writer):
        first, applied = make_article("甲").pk, set()
        with folder.locked(folder.REBUILDING):
            drain.catch_up(writer, applied)
        drain.catch_up(writer, applied)
        assert writer.given == [[first], [first]]
        assert not SearchQueue.objects.exists()

    def test_changes_that_it_did_not_see_are_made_again_in_the_new_index(self):
        article = make_article("旧标题", publish=True)

        def edit(done: int, of: int) -> None:
            Article.objects.update(title="新标题")
            drain.catch_up(old, set())

        with Watched() as old:
            drain.rebuild(edit)
        assert found("新标题") == []
        with Watched() as new:
            drain.catch_up(new, set())
        assert found("新标题") == [article.pk]

    def test_nothing_is_taken_from_the_queue_if_it_swaps_in_the_middle_of_an_update(self, writer):
        make_article("甲")
        writer.before = lambda: folder.write(folder.root() / "current", b"another")
        drain.catch_up(writer, set())
        assert SearchQueue.objects.count() == 1


class TestRebuilding:
    def test_brings_every_article_in_and_empties_the_queue_of_them(self):
        articles = [make_article(f"文章{n}", publish=True).pk for n in range(3)]
        assert drain.rebuild() == 3
        assert sorted(found("文章")) == public() == articles
        assert not SearchQueue.objects.exists()

    def test_leaves_in_the_queue_what_it_may_have_missed(self):
        make_article("甲")
        later = []

        def come_in_between(done: int, of: int) -> None:
            if not later:
                later.append(make_article("乙").pk)

        drain.rebuild(come_in_between)
        assert list(SearchQueue.objects.values_list("article_id", flat=True)) == later

    def test_brings_in_what_becomes_public_in_the_meantime(self):
        article = make_article("定时", publish=True, published_at=timezone.now() + timedelta(hours=1))

        def time_passes(done: int, of: int) -> None:
            Article.objects.update(published_at=timezone.now())
            SearchQueue.objects.all().delete()  # nobody wrote anything: it was the clock

        drain.rebuild(time_passes)
        with Writer() as writer:
            drain.catch_up(writer, set())
        assert public() == [article.pk]

    def test_is_refused_while_another_one_runs(self):
        with folder.locked(folder.REBUILDING), pytest.raises(CommandError) as refused:
            call_command("rebuild_search")
        assert refused.value.returncode == 4

    def test_the_command_drains_the_rest_where_no_worker_runs_and_tells_what_it_made(
        self, monkeypatch, capsys
    ):
        make_article("旧标题", publish=True)
        monkeypatch.setattr(
            "articles.management.commands.rebuild_search.show_progress",
            lambda *_progress: Article.objects.update(title="新标题"),
        )
        call_command("rebuild_search")
        assert len(found("新标题")) == 1
        assert capsys.readouterr().out.startswith("1 ")

    def test_the_command_leaves_the_rest_to_a_worker_that_runs(self, writer):
        make_article("标题", publish=True)
        call_command("rebuild_search")
        assert len(found("标题")) == 1


def fall_due() -> None:
    """Time passes, and nobody writes anything."""
    queued = set(SearchQueue.objects.values_list("pk", flat=True))
    Article.objects.filter(published_at__gt=timezone.now()).update(published_at=timezone.now())
    SearchQueue.objects.exclude(pk__in=queued).delete()


class TestTheClock:
    def test_makes_an_article_public_at_its_time(self, writer):
        soon = timezone.now() + timedelta(hours=1)
        article = make_article("定时", publish=True, published_at=soon)
        drain.catch_up(writer, set())
        assert (public(), drain.next_due(writer)) == ([], soon)
        fall_due()
        assert drain.next_due(writer) <= timezone.now()
        drain.catch_up(writer, set())
        assert (public(), drain.next_due(writer)) == ([article.pk], None)

    def test_is_asked_once_for_each_article(self, writer):
        make_article("甲", publish=True)
        SearchQueue.objects.all().delete()
        drain.queue_due(writer)
        drain.queue_due(writer)
        assert SearchQueue.objects.count() == 1

    def test_is_asked_before_each_chunk(self, writer, monkeypatch):
        monkeypatch.setattr(drain, "CHUNK", 1)
        scheduled = make_article("定时", publish=True, published_at=timezone.now() + timedelta(hours=1))
        make_article("别的")
        make_article("再一条")
        chunks = iter([lambda: None, fall_due])
        writer.before = lambda: next(chunks, lambda: None)()
        drain.catch_up(writer, set())
        assert public() == [scheduled.pk]

    def test_is_remembered_by_a_worker_that_was_killed_in_a_long_drain(self, writer):
        scheduled = make_article("定时", publish=True, published_at=timezone.now() + timedelta(hours=1))
        drain.catch_up(writer, set())
        make_article("别的")
        fall_due()
        writer.update([])  # writes the index once more, long after the article fell due
        os.utime(writer.folder / "sets", (time() + 3600, time() + 3600))
        writer.close()
        with Writer() as after_its_next_start:
            drain.catch_up(after_its_next_start, set())
        assert public() == [scheduled.pk]

    def test_is_asked_again_if_the_queue_did_not_take_what_was_due(self, writer, monkeypatch):
        article = make_article("甲", publish=True)
        SearchQueue.objects.all().delete()

        def fail(rows: object) -> None:
            raise OperationalError("the server has gone")

        with monkeypatch.context() as patch, pytest.raises(OperationalError):
            patch.setattr(SearchQueue.objects, "bulk_create", fail)
            drain.queue_due(writer)
        writer.close()
        with Writer() as after_its_next_start:
            drain.queue_due(after_its_next_start)
        assert SearchQueue.objects.get().article_id == article.pk


class TestTheLag:
    def test_counts_articles_and_knows_the_oldest(self):
        make_article("甲", intro="引言", keywords=["电影"])
        make_article("乙")
        lag = drain.lag()
        assert (lag.index, lag.waiting, lag.more) == ("ok", 2, False)
        assert 0 <= lag.oldest < 10

    def test_is_nothing_when_nothing_waits(self):
        assert drain.lag() == drain.Lag("ok", 0, None)

    def test_counts_no_further_than_it_must(self, monkeypatch):
        monkeypatch.setattr(drain, "WINDOW", 3)
        for _article in range(4):
            make_article()
        assert (drain.lag().waiting, drain.lag().more) == (3, True)


class TestTheWorkerOnce:
    def test_drains_the_queue_and_ends(self):
        article = make_article("标题", publish=True)
        call_command("worker", "--once")
        assert (found("标题"), SearchQueue.objects.count()) == ([article.pk], 0)

    def test_builds_an_index_where_there_is_none(self, capsys):
        (folder.root() / "current").unlink()
        article = make_article("标题", publish=True)
        call_command("worker", "--once")
        assert found("标题") == [article.pk]
        assert len(capsys.readouterr().out.splitlines()) == 2

    def test_is_refused_while_another_one_runs(self, writer):
        with pytest.raises(CommandError) as refused:
            call_command("worker", "--once")
        assert refused.value.returncode == 4
