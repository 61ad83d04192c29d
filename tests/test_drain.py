"""What waits in the queue gets into the index, and leaves the queue only then."""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_django
from django.core.management import CommandError, call_command
from django.utils import timezone

from articles.models import Article, SearchQueue, Status
from articles.search import drain, folder
from articles.search.index import Writer
from articles.search.query import Asked, Word, find
from articles.search.reader import reader
from tests.factories import make_article, make_term

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def index(settings: pytest_django.Settings, tmp_path: Path) -> None:
    """An index of nothing, in a folder of its own."""
    settings.VAR_DIR = tmp_path
    drain.rebuild()


class Watched(Writer):
    """Remembers what it was given; can be told which articles nobody can index, and what to do before."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[list[int]] = []
        self.bad: dict[int, Exception] = {}
        self.before = lambda: None

    def update(self, article_ids: Collection[int]) -> None:
        self.given.append(list(article_ids))
        self.before()
        for pk in article_ids:
            if pk in self.bad:
                raise self.bad[pk]
        super().update(article_ids)


@pytest.fixture
def writer() -> Watched:
    with Watched() as writer:
        yield writer


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

    def test_leaves_out_an_article_that_cannot_be_indexed_and_says_which(self, writer, caplog):
        good, bad, fine = (make_article(f"文章{n}", publish=True).pk for n in range(3))
        writer.bad = {bad: TypeError("what is this?")}
        assert drain.drain(writer) == 3
        assert public() == [good, fine]
        assert not SearchQueue.objects.exists()
        assert caplog.messages == [f"article {bad} cannot be indexed: TypeError('what is this?')"]

    def test_blames_no_article_for_an_index_that_takes_nothing(self, writer):
        for pk in [make_article("甲").pk, make_article("乙").pk, drain.NOBODY]:
            writer.bad[pk] = ValueError("broken")
        with pytest.raises(ValueError, match="broken"):
            drain.drain(writer)
        assert SearchQueue.objects.count() == 2


class TestWhileARebuildRuns:
    def test_changes_are_found_and_stay_in_the_queue(self, writer):
        article, applied = make_article("甲", publish=True), set()
        with folder.locked(folder.REBUILDING):
            drain.catch_up(writer, applied)
            assert found("甲") == [article.pk]
            assert SearchQueue.objects.count() == 1

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

    def test_queues_what_becomes_public_in_the_meantime(self):
        article = make_article("定时", publish=True, published_at=timezone.now() + timedelta(hours=1))

        def time_passes(done: int, of: int) -> None:
            Article.objects.update(published_at=timezone.now())
            SearchQueue.objects.all().delete()  # nobody wrote anything: it was the clock

        drain.rebuild(time_passes)
        assert list(SearchQueue.objects.values_list("article_id", flat=True)) == [article.pk]

    def test_is_refused_while_another_one_runs(self):
        with folder.locked(folder.REBUILDING), pytest.raises(CommandError) as refused:
            call_command("rebuild_search")
        assert refused.value.returncode == 4

    def test_the_command_drains_the_rest_where_no_worker_runs_and_tells_what_it_made(
        self, monkeypatch, capsys
    ):
        make_article("旧标题", publish=True)
        monkeypatch.setattr(
            "articles.management.commands.rebuild_search._show_progress",
            lambda *_progress: Article.objects.update(title="新标题"),
        )
        call_command("rebuild_search")
        assert len(found("新标题")) == 1
        assert capsys.readouterr().out.startswith("1 ")

    def test_the_command_leaves_the_rest_to_a_worker_that_runs(self, writer):
        make_article("标题", publish=True)
        call_command("rebuild_search")
        assert len(found("标题")) == 1


class TestTheClock:
    def test_makes_an_article_public_at_its_time(self, writer):
        soon = timezone.now() + timedelta(hours=1)
        article = make_article("定时", publish=True, published_at=soon)
        drain.catch_up(writer, set())
        since = drain.queue_due(timezone.now())
        assert (public(), drain.next_due()) == ([], soon)
        Article.objects.update(published_at=timezone.now())
        SearchQueue.objects.all().delete()  # nobody wrote anything: it was the clock
        drain.queue_due(since)
        drain.catch_up(writer, set())
        assert (public(), drain.next_due()) == ([article.pk], None)

    def test_is_asked_once_for_each_article(self):
        make_article("甲", publish=True)
        SearchQueue.objects.all().delete()
        since = drain.queue_due(timezone.now() - timedelta(minutes=1))
        drain.queue_due(since)
        assert SearchQueue.objects.count() == 1

    def test_goes_on_from_when_the_index_was_written_last(self, writer):
        moment = drain.written_at(writer)
        assert timedelta(minutes=1) <= timezone.now() - moment < timedelta(minutes=2)


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
