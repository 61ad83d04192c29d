"""The worker as a process of its own: changes are found at once, and whatever happens to it heals."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from articles import uploads, workflow
from articles.files import NamedBytes
from articles.models import Article, SearchQueue, Upload, UploadState
from articles.search import drain, folder
from articles.search.query import Asked, Word, find
from articles.search.reader import reader
from tests.delivering import TEXT, seed
from tests.factories import make_article
from tests.processes import PATIENCE, environment, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Worker:
    """`manage.py worker` on the tests' database, with an index of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.process: subprocess.Popen | None = None

    def command(self, *arguments: str) -> dict:
        return {
            "args": [sys.executable, "manage.py", "worker", *arguments],
            "env": environment(self.var),
            "cwd": settings.BASE_DIR,
        }

    def ensure(self) -> None:
        if self.process is None or self.process.poll() is not None:
            with (self.var / "worker.log").open("ab") as log:
                self.process = subprocess.Popen(**self.command(), stdout=log, stderr=log)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    @property
    def log(self) -> str:
        return (self.var / "worker.log").read_text()


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(tmp_path_factory.mktemp("var"))
    yield worker
    if worker.process and worker.process.poll() is None:
        worker.end(signal.SIGKILL)


@pytest.fixture
def worker(one_worker: Worker, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A running worker that has nothing to do."""
    monkeypatch.setattr(settings, "VAR_DIR", one_worker.var)
    wait_until(lambda: is_at_work(one_worker) and not SearchQueue.objects.exists())
    return one_worker


def is_at_work(worker: Worker) -> bool:
    worker.ensure()  # it may have met the lock in the very moment in which it is asked for here
    try:
        with folder.locked(folder.WRITING):
            return False
    except folder.Busy:
        return True


def found(text: str) -> list[int]:
    now = reader()
    return find(now, Asked(words=(Word(text),)), size=100).ids if now else []


def other(number: int, **changes: str) -> str:
    """A record of its own."""
    link = f"https://e.example/{number}"
    return seed(标题=f"第{number}条", 链接=link, 总结=f"{number}。{TEXT}", **changes)


def is_public(article: Article) -> bool:
    now = reader()
    return bool(now) and article.pk in now.sets.all


def test_what_the_desk_does_is_found_or_gone_soon(worker: Worker) -> None:
    article = make_article("尚未发布的文章")
    workflow.publish(article, by=None)
    seconds = [wait_until(lambda: found("尚未发布") == [article.pk])]
    Article.objects.update(title="改过的标题")
    seconds.append(wait_until(lambda: found("改过的标") == [article.pk] and not found("尚未发布")))
    workflow.withdraw(article, by=None, reason="撤")
    seconds.append(wait_until(lambda: not is_public(article)))
    assert max(seconds) < 4


def test_a_scheduled_article_is_public_at_its_time(worker: Worker) -> None:
    article = make_article("定时", publish=True, published_at=timezone.now() + timedelta(seconds=1.5))
    wait_until(lambda: not SearchQueue.objects.exists())
    assert not is_public(article)
    wait_until(lambda: is_public(article))
    assert 0 <= (timezone.now() - article.published_at).total_seconds() < 3


def test_a_killed_worker_goes_on_after_its_next_start(worker: Worker) -> None:
    worker.end(signal.SIGKILL)
    article = make_article("被杀之后", publish=True)
    worker.ensure()
    wait_until(lambda: found("被杀之后") == [article.pk] and not SearchQueue.objects.exists())


def test_a_deleted_index_is_built_again(worker: Worker) -> None:
    article = make_article("删了索引", publish=True)
    wait_until(lambda: is_public(article))
    shutil.rmtree(folder.root())
    other = make_article("之后写的", publish=True)
    wait_until(lambda: found("删了索引") == [article.pk] and is_public(other))
    assert worker.process.poll() is None


def test_a_lost_connection_is_made_again(worker: Worker) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    article = make_article("断线之后", publish=True)
    wait_until(lambda: is_public(article))
    assert worker.process.poll() is None


def test_a_rebuild_beside_the_worker_misses_nothing(worker: Worker) -> None:
    with folder.locked(folder.REBUILDING):
        article = make_article("重建之时", publish=True)
        wait_until(lambda: is_public(article))
        assert SearchQueue.objects.exists()
    wait_until(lambda: not SearchQueue.objects.exists())
    drain.rebuild()
    Article.objects.update(title="重建之后")
    wait_until(lambda: found("重建之后") == [article.pk])


def test_the_index_follows_while_an_upload_is_imported(worker: Worker) -> None:
    upload = uploads.store(
        [NamedBytes("a.txt", lambda: "\n---\n".join(map(other, range(3000))).encode())], by=None
    )
    wait_until(lambda: Upload.objects.get().state == UploadState.PREVIEWED)
    uploads.queue(upload, by=None)
    wait_until(lambda: Article.objects.exists())
    article = make_article("导入当中", publish=True)
    wait_until(lambda: is_public(article))
    assert Upload.objects.get().state == UploadState.RUNNING
    wait_until(lambda: Upload.objects.get().state == UploadState.DONE)
    assert worker.end(signal.SIGTERM) == 0  # with the jobs that the import has left behind


def test_a_second_worker_is_refused(worker: Worker) -> None:
    done = subprocess.run(**worker.command(), capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (4, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_when_it_is_told(worker: Worker, number: int) -> None:
    time.sleep(0.2)  # it waits for notifications
    assert worker.end(number) == 0
    assert "Traceback" not in worker.log
