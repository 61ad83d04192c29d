"""An import that is killed, or meets an editor at work: nothing is lost, nothing is half-written.

`IMPORT_KILLS=50` kills it at that many random moments.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

from articles import importer, revisions
from articles.models import (
    Article,
    EventPoint,
    EventSummary,
    ImportBatch,
    ImportRow,
    Revision,
    SeedFile,
)
from taxonomy.models import Keyword
from tests.delivering import TEXT, codes, deliver, seed
from tests.processes import environment

KILLS = int(os.environ.get("IMPORT_KILLS", "1"))
# In the middle of the second chunk.
TROUBLE = """
CREATE SEQUENCE written;
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('written') > 600 THEN
        %(trouble)s;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trouble AFTER INSERT ON %(table)s FOR EACH ROW EXECUTE FUNCTION trouble()
"""
FULL, LOST = "RAISE EXCEPTION USING ERRCODE = 'disk_full'", "PERFORM pg_terminate_backend(pg_backend_pid())"
TROUBLES = [(FULL, "articles_article"), (LOST, "articles_importrow")]


@pytest.mark.django_db(transaction=True)
class TestInterruption:
    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_seeds", *arguments]

    def test_by_kills_is_made_good_by_the_same_command(self, folder):
        self.write(folder, 1500)
        command = self.command(str(folder), "--publish")
        subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL)
        undisturbed = self.state()
        call_command("flush", interactive=False, verbosity=0)
        for wanted in (1, 600):
            process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
            deadline = time.monotonic() + 60
            while (
                ImportRow.objects.count() < wanted and process.poll() is None and time.monotonic() < deadline
            ):
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert wanted <= ImportRow.objects.count() < 1500
            self.wait_for_the_lock()
        subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL)
        assert self.state() == undisturbed

    def test_at_random_moments_leaves_what_an_undisturbed_run_leaves(self, folder):
        self.write(folder, 800)
        command = self.command(str(folder), "--publish")
        started = time.monotonic()
        subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL)
        seconds, undisturbed = time.monotonic() - started, self.state()
        call_command("flush", interactive=False, verbosity=0)
        moments, kills = random.Random(6), 0
        while kills < KILLS:
            process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
            try:
                process.wait(moments.uniform(0.2, 1) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                self.wait_for_the_lock()
            if ImportBatch.objects.exclude(finished_at=None).exists():
                assert self.state() == undisturbed
                call_command("flush", interactive=False, verbosity=0)
        subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL)
        assert self.state() == undisturbed

    def test_by_trouble_in_a_chunk_answers_3_and_the_next_run_goes_on(self, folder):
        self.write(folder, 700)
        self.import_here(folder)
        undisturbed = self.state()
        for trouble, table in TROUBLES:
            call_command("flush", interactive=False, verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute(TROUBLE % {"trouble": trouble, "table": table})
            command = self.command(str(folder), "--publish")
            done = subprocess.run(command, env=environment(), capture_output=True, text=True)
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DROP TRIGGER trouble ON {table}; DROP FUNCTION trouble; DROP SEQUENCE written"
                )
            assert done.returncode == 3, done.stderr
            assert "Traceback" not in done.stderr
            # Whole chunks only; files may be read ahead of the records.
            assert ImportRow.objects.count() == Article.objects.count() + self.without_article() in {0, 500}
            assert SeedFile.objects.count() in {500, 700}
            self.import_here(folder)
            assert self.state() == undisturbed

    @pytest.mark.parametrize("failing", [False, True])
    def test_of_the_machine_costs_chunks_but_nothing_that_came_after_them(self, folder, durable, failing):
        """Commits of chunks are left to the next one that waits for the disk; all others wait."""
        self.write(folder, 3)
        during = []

        def publish(_article_ids: list[int]) -> None:
            during.append(self.waits_for_the_disk())
            if failing:
                raise RuntimeError

        with pytest.raises(RuntimeError) if failing else nullcontext():
            importer.run([folder], publish=publish)
        assert during == ["off"]
        assert self.waits_for_the_disk() == "on"

    @pytest.fixture
    def durable(self, monkeypatch) -> Iterator[None]:
        """A connection as the desk's is; the server of the tests is otherwise."""
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c synchronous_commit=on")
        connection.close()
        yield
        connection.close()

    def waits_for_the_disk(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return cursor.fetchone()[0]

    def without_article(self) -> int:
        return ImportRow.objects.filter(outcome="quarantined").count()

    def import_here(self, folder: Path) -> None:
        with pytest.raises(SystemExit, match="1"):
            call_command("import_seeds", str(folder), "--publish", stdout=StringIO())

    def write(self, folder: Path, count: int) -> None:
        for n in range(count):
            (folder / f"{n:04}.txt").write_text(self.delivery(n), encoding="utf-8")

    def delivery(self, n: int) -> str:
        """Mostly good records; some with a warning, a text or a link that came before, or nothing but a title."""
        if n % 97 == 0:
            return f"标题: 只有标题\n来源: {n}\n"
        return seed(
            链接=f"https://e.example/{n % 1450}",
            标题=f"第{n}条",
            总结=f"{n % 1400}。{TEXT}",
            关键词=f"词{n % 50}, 医院",
        )

    def state(self) -> list:
        """Everything that the desk sees, by what does not depend on the order of keys that a crash used up."""
        rows = ImportRow.objects.select_related("article").order_by("file_name", "first_line")
        return [
            [
                (
                    row.file_name,
                    row.last_line,
                    row.outcome,
                    row.article and row.article.url,
                    [*map(str, codes(row))],
                )
                for row in rows
            ],
            [
                revisions.snapshot(article)
                | {"published_at": None, "version": article.version, "base": article.base}
                for article in Article.objects.whole().order_by("record_key")
            ],
            list(Revision.objects.order_by("article__record_key", "number").values_list("number", "kind")),
            list(ImportBatch.objects.values_list("counts", "needs_care")),
            list(Keyword.objects.order_by("key").values_list("key", "name", "slug", "confirmed")),
            SeedFile.objects.count(),
        ]

    def wait_for_the_lock(self) -> None:
        """The server notices a moment later that the killed command is gone."""
        for _attempt in range(200):
            try:
                with importer.only_import():
                    return
            except importer.Busy:
                time.sleep(0.02)

    def test_is_refused_to_a_second_import_while_one_runs(self, folder):
        (folder / "a.txt").write_text(seed(), encoding="utf-8")
        with importer.only_import():
            done = subprocess.run(self.command(str(folder)), env=environment(), capture_output=True)
        assert done.returncode == 4
        assert not Article.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestAnEditorAtTheSameMoment:
    def run_beside(self, folder: Path, save: Callable[[Article], None]) -> list[BaseException]:
        """Import while an editor's save holds the article; what went wrong in the import."""
        errors: list[BaseException] = []

        def run() -> None:
            try:
                importer.run([folder])
            except Exception as error:  # noqa: BLE001 - handed to the test
                errors.append(error)
            finally:
                connections.close_all()

        with transaction.atomic():
            article = Article.objects.select_for_update().get()
            thread = threading.Thread(target=run)
            thread.start()
            wait_until_somebody_waits()
            save(article)
        thread.join()
        return errors

    def change(self, folder: Path, text: str) -> None:
        deliver(folder, seed())
        (folder / "1.txt").write_text(text, encoding="utf-8")

    def test_loses_nothing_of_what_they_typed(self, folder):
        self.change(folder, seed().replace("六个科室参加", "七个科室参加"))

        def save(article: Article) -> None:
            EventSummary.objects.filter(article=article).update(intro="编辑改过的引言。")
            Article.objects.filter(pk=article.pk).update(version=2)

        assert self.run_beside(folder, save) == []
        assert EventSummary.objects.get().intro == "编辑改过的引言。"
        assert EventPoint.objects.first().body == "七个科室参加。"

    def test_may_make_a_new_term(self, folder):
        self.change(folder, seed(标题="新标题", 关键词="种子的新词"))
        assert (
            self.run_beside(folder, lambda _article: Keyword.objects.resolve(["编辑的新词"], create=True))
            == []
        )
        assert Keyword.objects.filter(name__in=["编辑的新词", "种子的新词"]).count() == 2


def wait_until_somebody_waits() -> None:
    """Until another connection waits for a lock of this one."""
    for _attempt in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
