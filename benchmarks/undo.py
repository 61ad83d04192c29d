"""How long undo and redo of a batch take: `python -m benchmarks.undo 10000`.

A batch of new records, then one that changes them all. Works in a database of its own on the configured server.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.db import connection  # noqa: E402

from articles import importer, undoing  # noqa: E402
from articles.models import Article  # noqa: E402
from benchmarks.generate import write_seeds  # noqa: E402


def main(count: int) -> None:
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(folder: Path, count: int) -> None:
    write_seeds(folder, count)
    print(f"{count:,} records of about 2,000 characters, PostgreSQL {connection.pg_version // 10000}")
    print(f"{'what':<44}{'seconds':>9}{'records/s':>11}")
    created = tell("import of new records", count, lambda: importer.run([folder]))
    change(folder)
    changed = tell("import that changes them all", count, lambda: importer.run([folder]))
    tell("what undoing the changes would do (the page)", count, lambda: undoing.foresee(changed))
    tell("undo of the changes", count, lambda: undo(changed, changes=count))
    tell("redo of the changes", count, lambda: undoing.redo(changed))
    undo(changed, changes=count)
    tell("undo of the new records", count, lambda: undo(created, articles=count))
    assert not Article.objects.exists()
    tell("redo of the new records", count, lambda: undoing.redo(created))
    assert Article.objects.count() == count


def undo(batch: object, **expected: int) -> None:
    done = undoing.undo(batch)
    assert not done.kept and all(getattr(done, name) == number for name, number in expected.items())


def change(folder: Path) -> None:
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace("标题: ", "标题: 新", 1).replace("关键词: ", "关键词: 新词, ", 1), encoding="utf-8"
        )


def tell(what: str, count: int, work: Callable[[], object]) -> object:
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    print(f"{what:<44}{seconds:>9.2f}{count / seconds:>11,.0f}", flush=True)
    return result


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
