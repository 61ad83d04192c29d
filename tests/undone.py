"""What the desk sees before a batch is undone and after it, and why something stayed."""

import pytest

from articles import importer, undoing
from articles.models import Article, EventPoint, EventSummary, ImportBatch, ImportRow, Revision, Source
from taxonomy.models import Industry, Keyword, Technology
from tests.delivering import TEXT, outcomes, seed
from tests.processes import Killed

LINKS = (Article.keywords.through, Article.technologies.through, Article.industries.through)


def tables() -> list:
    """All that the desk and readers see. A version only counts up, so that a stale save is refused; times are times."""
    articles = Article.objects.order_by("pk").values()
    rows = ImportRow.objects.order_by("pk").values(
        "pk", "outcome", "article", "conflicts", "undecided", "undone"
    )
    models = (EventSummary, EventPoint, Source, Keyword, Technology, Industry, Revision, *LINKS)
    return [
        [{**article, "version": None, "updated_at": None} for article in articles],
        list(rows),
        *(list(model.objects.order_by("pk").values()) for model in models),
    ]


def without_rows(found: list) -> list:
    """As before a batch that is undone: only its rows tell of it."""
    return [found[0], *found[2:]]


def reasons(done: undoing.Done) -> dict[int, str]:
    return {kept.article: kept.reason for kept in done.kept}


def two(**changes: str) -> list[str]:
    return [
        seed(**changes),
        seed(链接="https://www.example.com/2.html", 标题="第二条", 总结=f"另一段。{TEXT}", **changes),
    ]


def interrupted(folder, monkeypatch, publish=None) -> ImportBatch:
    """Of one file with four records, of which two are in."""
    monkeypatch.setattr(importer, "CHUNK_RECORDS", 2)
    for old in folder.iterdir():
        old.unlink()
    links = (f"https://e.example/{number}" for number in range(4))
    (folder / "1.txt").write_text("\n".join(seed(链接=link, 总结=f"{link}{TEXT}") for link in links))

    def killed(*how_far: object) -> None:
        if ImportRow.objects.filter(batch__finished_at=None).exists():
            raise Killed

    with pytest.raises(Killed):
        importer.run([folder], publish=publish, progress=killed)
    batch = ImportBatch.objects.first()
    assert outcomes(batch) == ["created"] * 2
    return batch
