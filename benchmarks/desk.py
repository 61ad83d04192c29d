"""Server time of the desk's pages, beside Django's own admin of the same tables: `python -m benchmarks.desk`.

Reads the configured database (NEWSROOM_VAR), filled by `benchmarks.library` and indexed by `manage.py rebuild_search`. What the
library lacks for a day at the desk is added in a transaction that is rolled back: articles to do, in review, with drafts
and conflicts, the rows of an import, 100,000 keywords. In this process: view, index, SQL and template.
"""

import argparse
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import path, reverse  # noqa: E402
from django.utils.http import urlencode  # noqa: E402

from articles.models import Article, ImportBatch, SeedFile, Source, Status  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.addresses import EACH  # noqa: E402
from benchmarks.growth import HOST, live_index, measure, report  # noqa: E402
from newsroom.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: E402, F401
from taxonomy.models import Keyword, Technology  # noqa: E402

KEYWORDS = 100_000
LIMIT = 300  # milliseconds that a page may take


def main(rounds: int) -> None:
    live_index()
    with desk() as client:
        print(
            f"{Article.objects.count():,} articles, {Article.objects.filter(status=Status.DRAFT).count():,} to do,"
            f" {Keyword.objects.count():,} keywords; {rounds} requests of each kind by turns\n"
        )
        figures.head("page", *figures.TIMES, "SQL", "kB")
        found = measure(client, pages(), rounds)
        report(found, {})
        slow = [kind for kind, one in found.items() if float(figures.summary(one.times)[1]) > LIMIT]
        print(f"\nOver {LIMIT} ms at p95: {', '.join(slow) or 'none'}\n")
        figures.head("Django's own admin", *figures.TIMES, "SQL", "kB")
        with override_settings(ROOT_URLCONF=__name__):
            report(measure(client, stock_pages(), min(rounds, 5)), {})


# --- what a day at the desk looks like ------------------------------------------------------------


@contextmanager
def desk() -> Iterator[Client]:
    """An administrator at her desk: she, her session and all that waits for her are gone afterwards."""
    with transaction.atomic():
        try:
            client = Client(headers={"host": HOST})
            user = User.objects.create_superuser("benchmark-of-the-desk")
            client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            fill(user)
            yield client
        finally:
            transaction.set_rollback(True)


def fill(user: User) -> None:
    batch = ImportBatch.objects.create(paths=["library"], counts={"created": 100_000, "conflict": 500})
    file = SeedFile.objects.create(sha256="0" * 64, name="library.txt", content=b"", size=0)
    with connection.cursor() as cursor:
        # The worker is not asked to index what never was.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(TO_DO)
        cursor.execute(IN_REVIEW)
        cursor.execute(ASSIGNED, [user.pk])
        cursor.execute(ROWS, [batch.pk, file.pk])
        cursor.execute(DRAFTS, [user.pk])
        cursor.execute(TERMS, [KEYWORDS - Keyword.objects.count()])
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE articles_article, articles_importrow, articles_revision, taxonomy_keyword")


TO_DO = "UPDATE articles_article SET status = 'draft', published_at = NULL WHERE id % 33 = 0 AND status = 'published'"
IN_REVIEW = """
UPDATE articles_article SET status = 'in_review', published_at = NULL WHERE id % 500 = 1 AND status = 'published'
"""
ASSIGNED = "UPDATE articles_article SET assigned_to_id = %s WHERE id % 3300 = 0"
ROWS = """
INSERT INTO articles_importrow
    (batch_id, file_id, file_name, first_line, last_line, outcome, article_id, findings, needs_care, conflicts)
SELECT %s, %s, 'library.txt', 20 * n, 20 * n + 19,
    CASE WHEN id %% 2000 = 0 THEN 'conflict' WHEN id %% 777 = 0 THEN 'quarantined' ELSE 'created' END, id,
    CASE WHEN id %% 33 = 0 THEN '[{"code": "missing-date", "line": 3, "text": ""}]'::jsonb ELSE '[]' END,
    id %% 66 = 0,
    CASE WHEN id %% 2000 = 0 THEN '{"title": {"base": "a", "desk": "b", "seed": "c"}}'::jsonb ELSE '{}' END
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM articles_article ORDER BY id DESC LIMIT 100000) AS newest
"""
DRAFTS = """
INSERT INTO articles_revision (article_id, number, kind, snapshot, pending, note, by_id)
SELECT id, 1, 'draft', jsonb_build_object('title', title), true, '', %s
FROM (SELECT id, title FROM articles_article WHERE status = 'published' ORDER BY id DESC LIMIT 200) AS newest
"""
TERMS = """
INSERT INTO taxonomy_keyword (name, key, slug, sort_key, description, confirmed)
SELECT '新词' || n, '新词' || n, '新词' || n, 'xinci' || n, '', n % 3 = 0 FROM generate_series(1, %s) AS n
"""
ASSIGNED, TERMS = (statement.replace(" % ", " %% ") for statement in (ASSIGNED, TERMS))


# --- pages ----------------------------------------------------------------------------------------


def pages() -> dict[str, list[str]]:
    articles = reverse("admin:articles_article_changelist")
    last = Article.objects.order_by("-pk").values_list("pk", flat=True)[0]
    some = random.Random(22).sample(range(1, last), min(EACH, last - 1))
    ids = list(Article.objects.filter(pk__in=some).values_list("pk", flat=True))
    drafted = list(Article.objects.filter(revisions__pending=True).values_list("pk", flat=True)[:EACH])
    technology = Technology.objects.order_by("pk").values_list("slug", flat=True)[0]
    keyword = Keyword.objects.order_by("-pk").values_list("slug", flat=True)[0]
    source = Source.objects.order_by("pk").values_list("pk", flat=True)[0]

    def listed(**parameters: object) -> list[str]:
        return [f"{articles}?{urlencode(parameters)}"]

    def found(name: str, *words: str, parameter: str = "q") -> list[str]:
        return [f"{reverse(name)}?{urlencode({parameter: word})}" for word in words]

    search = "admin:articles_article_changelist"
    return {
        "workbench": [reverse("admin:index")],
        "triage": [reverse("admin:articles_article_triage")],
        "articles": [articles],
        "articles, page 100 or the last": listed(p=min(100, max(1, Article.objects.count() // 50))),
        "articles by status": listed(o=2),
        "articles to do": listed(status__exact=Status.DRAFT),
        "articles in review": listed(status__exact=Status.IN_REVIEW),
        "published articles": listed(status__exact=Status.PUBLISHED),
        "articles without points": listed(lacks="points"),
        "articles with warnings": listed(care="yes"),
        "articles of a source": listed(source__id__exact=source),
        "articles, common technology": listed(technologies=technology),
        "articles, rare keyword": listed(keywords=keyword),
        "search, one character": found(search, "影", "车", "光"),
        "search, common word": found(search, "人工智能", "模型", "数据"),
        "search, Latin": found(search, "GPT-4o", "Sora", "H100"),
        "search, two words": found(search, "电影 导演", "芯片 算力", "版权 诉讼"),
        "search, nothing found": found(search, "鼋鼍0815"),
        "article": [reverse("admin:articles_article_change", args=[pk]) for pk in ids],
        "draft of a published article": [
            reverse("admin:articles_article_change", args=[pk]) for pk in drafted
        ],
        "versions": [reverse("admin:articles_article_versions", args=[pk]) for pk in drafted],
        "compare with what readers see": [
            reverse("admin:articles_article_compare", args=[pk]) + "?from=live&to=draft" for pk in drafted
        ],
        "preview": [reverse("admin:articles_article_preview", args=[pk]) for pk in drafted],
        "keywords": [reverse("admin:taxonomy_keyword_changelist")],
        "keywords, unconfirmed": [reverse("admin:taxonomy_keyword_changelist") + "?confirmed__exact=0"],
        "search of keywords": found("admin:taxonomy_keyword_changelist", "模型", "AI"),
        "suggestions of keywords": found(
            "admin:taxonomy_keyword_suggest", "模", "模型", "A", parameter="term"
        ),
        "new terms": [reverse("new_terms")],
        "new keywords": [reverse("new_terms_of", kwargs={"vocabulary": "keyword"})],
        "housekeeping": [reverse("housekeeping")],
        "housekeeping of keywords": [reverse("housekeeping_of", kwargs={"vocabulary": "keyword"})],
        "possible duplicates": [reverse("admin:articles_duplicatepair_changelist")],
        "changes of terms": [reverse("admin:articles_retag_changelist")],
        "sources": [reverse("admin:articles_source_changelist")],
        "suggestions of sources": [
            reverse("admin:autocomplete") + "?app_label=articles&model_name=article&field_name=source&term=e"
        ],
        "records": [reverse("admin:articles_importrow_changelist")],
        "records with conflicts": [
            reverse("admin:articles_importrow_changelist") + "?outcome__exact=conflict"
        ],
        "batches": [reverse("admin:articles_importbatch_changelist")],
    }


# --- Django's own admin ---------------------------------------------------------------------------

stock = admin.AdminSite("stock")


@admin.register(Article, site=stock)
class StockArticleAdmin(admin.ModelAdmin):
    """As one writes it in a minute: what the list shows, what narrows it, what is searched."""

    list_display = ["title", "status", "source", "updated_at"]
    list_filter = ["status", "source"]
    search_fields = ["title", "summary"]
    change_form_template = "admin/change_form.html"  # not the desk's own
    exclude = ["keywords", "technologies", "industries"]  # taggit's field needs its own through tables


urlpatterns = [path("admin/stock/", stock.urls), *urlpatterns]  # with the time limit of the desk


def stock_pages() -> dict[str, list[str]]:
    articles = reverse("stock:articles_article_changelist", urlconf=__name__)
    newest = Article.objects.order_by("-pk").values_list("pk", flat=True)[:3]
    return {
        "articles": [articles],
        "articles, page 100 or the last": [f"{articles}?p=100"],
        "articles to do": [f"{articles}?status__exact=draft"],
        "search, common word": [f"{articles}?{urlencode({'q': '人工智能'})}"],
        "article": [reverse("stock:articles_article_change", args=[pk], urlconf=__name__) for pk in newest],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=EACH, help="requests of each kind of page")
    main(parser.parse_args().rounds)
