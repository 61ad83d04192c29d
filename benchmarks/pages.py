"""Server time of every public page and admin list: `python -m benchmarks.pages 10000`.

Works in a database of its own on the configured server, in this process: what is measured is view, SQL and template.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_test_environment  # noqa: E402

from articles import importer, workflow  # noqa: E402
from articles.models import Article  # noqa: E402
from benchmarks.generate import write_seeds  # noqa: E402

ROUNDS = 20


def publish(article_ids) -> None:
    workflow.publish_untouched(article_ids, note="")


def addresses() -> dict[str, str]:
    middle = Article.objects.order_by("pk")[Article.objects.count() // 2]
    cursor = f"{int(middle.published_at.timestamp() * 1_000_000)}-{middle.pk}"
    return {
        "front page": "/",
        "list": "/articles/",
        "list, half way down": f"/articles/?before={cursor}",
        "list, common technology": "/articles/?technology=tech1",
        "list, common technology and industry": "/articles/?technology=tech1&industry=行业1",
        "list, rare keyword": "/articles/?keyword=词4999",
        "list, source and days": "/articles/?source=news1.example.com&since=2020-01-01&until=2030-01-01",
        "article": middle.get_absolute_url(),
        "technology": "/technologies/tech1/",
        "technologies": "/technologies/",
        "industries": "/industries/",
        "keywords": "/keywords/",
        "admin: articles": "/admin/articles/article/",
        "admin: articles to do": "/admin/articles/article/?status__exact=draft",
        "admin: article": f"/admin/articles/article/{middle.pk}/change/",
        "admin: keywords": "/admin/taxonomy/keyword/",
        "admin: records": "/admin/articles/importrow/",
        "admin: batches": "/admin/articles/importbatch/",
    }


def measure(client: Client, address: str) -> tuple[list[float], int, int]:
    """Milliseconds of each round, SQL statements and bytes of one answer."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    statements = len(queries)
    assert answer.status_code == 200, (address, answer.status_code)
    times = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - started) * 1000)
    return times, statements, len(answer.content)


def main(count: int) -> None:
    setup_test_environment()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            write_seeds(Path(folder), count)
            importer.run([folder], publish=publish)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        client = Client()
        client.force_login(
            User.objects.create_superuser("admin"), "django.contrib.auth.backends.ModelBackend"
        )
        print(f"{count:,} articles, PostgreSQL {connection.pg_version // 10000}, {ROUNDS} rounds")
        print(f"{'page':<40}{'median ms':>10}{'p95 ms':>8}{'SQL':>5}{'kB':>6}")
        for page, address in addresses().items():
            times, statements, size = measure(client, address)
            p95 = statistics.quantiles(times, n=20)[-1]
            print(f"{page:<40}{statistics.median(times):>10.1f}{p95:>8.1f}{statements:>5}{size / 1000:>6.0f}")
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
