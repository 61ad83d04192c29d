"""What is exported and imported again changes nothing."""

import random

import pytest
from django.conf import settings
from django.core.management import call_command

from articles import importer, revisions
from articles.exporter import NotExact, seed_text
from articles.models import Article, EventPoint, EventSummary, ImportRow, Outcome, RevisionKind, SeedFile
from tests.factories import make_article, set_terms

pytestmark = pytest.mark.django_db

SEEDS = settings.BASE_DIR / "seeds"
BROKEN = settings.BASE_DIR / "docs" / "examples" / "broken"


def contents() -> dict[int, dict]:
    return {article.pk: revisions.snapshot(article) for article in Article.objects.whole()}


def versions() -> dict[int, tuple]:
    return {
        article.pk: (article.version, article.base, article.updated_at) for article in Article.objects.all()
    }


def export_and_import(tmp_path, *options: str) -> list[str]:
    """The outcomes of importing what was exported."""
    before, stamps = contents(), versions()
    call_command("export_seeds", "--output", str(tmp_path / options[0]))
    batch = importer.run([tmp_path / options[0]])
    assert contents() == before
    assert versions() == stamps
    return sorted(set(batch.rows.values_list("outcome", flat=True)))


@pytest.mark.parametrize("target", ["folder", "all.txt"])
def test_the_sample_seeds_come_back_unchanged(tmp_path, target):
    importer.run([SEEDS, BROKEN])
    assert export_and_import(tmp_path, target) == ["unchanged"]


def test_what_editors_changed_comes_back_unchanged(tmp_path):
    importer.run([SEEDS])
    rng = random.Random(1)
    for article in Article.objects.whole():
        edit(article, rng)
    assert export_and_import(tmp_path, "folder") == ["unchanged"]


def edit(article: Article, rng: random.Random) -> None:
    """Some of what an editor may do to an article."""
    changes = {
        "title": f"改过的标题 {article.pk}：副题",
        "url": f"https://moved.example/{article.pk}",
        "url_key": f"https://moved.example/{article.pk}",
        "summary": "改过的正文。\n\n关键词：不是标签\n链接：也不是\n---\n结尾。",
        "source_date": "2001-02-03",
        "source_date_origin": "given",
    }
    fields = dict(rng.sample(list(changes.items()), 3))
    if "url" in fields or "url_key" in fields:
        fields |= {"url": changes["url"], "url_key": changes["url_key"]}
    if "source_date" in fields or "source_date_origin" in fields:
        fields |= {"source_date": changes["source_date"], "source_date_origin": "given"}
    Article.objects.filter(pk=article.pk).update(**fields)
    set_terms(article, keywords=["新的", "C++", "你好（世界，再见）"])
    points = list(article.points.all())
    rng.shuffle(points)
    EventPoint.objects.filter(article=article).delete()
    EventPoint.objects.bulk_create(
        EventPoint(article=article, position=i, heading=rng.choice([p.heading, ""]), body=p.body)
        for i, p in enumerate(points, start=1)
    )
    EventSummary.objects.filter(article=article).update(intro=rng.choice(["新的引言。", ""]), conclusion="")


def test_a_date_that_an_editor_changed_comes_back_beside_the_time_that_came_in(tmp_path):
    (tmp_path / "in.txt").write_text(
        "标题: 甲\n链接: https://a.example/1\n发布时间: 2024-05-06 08:00\n总结: 正文。\n"
    )
    importer.run([tmp_path / "in.txt"])
    Article.objects.update(source_date="2024-05-05", version=2)
    assert export_and_import(tmp_path, "folder") == ["unchanged"]


def test_an_article_made_by_hand_comes_back_unchanged(tmp_path):
    make_article(
        "手写",
        url="",
        source=None,
        summary="没有链接的文章。",
        points=[("一", "甲"), ("", "乙")],
        keywords=["词"],
    )
    make_article("有链接", intro="引言。", points=[("", "一点。")], conclusion="这些就是全部。")
    assert export_and_import(tmp_path, "folder") == ["unchanged"]


def test_what_the_format_cannot_carry_is_left_out_and_said(tmp_path, capsys):
    article = make_article("无")
    with pytest.raises(NotExact, match="title"):
        seed_text(article)
    with pytest.raises(SystemExit):
        call_command("export_seeds", "--output", str(tmp_path / "all.txt"))
    assert "title" in capsys.readouterr().err


def test_only_articles_of_one_status_are_exported_if_asked(tmp_path):
    make_article("草稿")
    make_article("公开", publish=True)
    call_command("export_seeds", "--status", "published", "--output", str(tmp_path / "all.txt"))
    text = (tmp_path / "all.txt").read_text(encoding="utf-8")
    assert "公开" in text
    assert "草稿" not in text


def test_the_broken_example_shows_what_the_readme_says():
    batch = importer.run([BROKEN])
    assert list(batch.rows.values_list("outcome", flat=True)) == [
        "created",
        "created",
        "quarantined",
        "created",
    ]
    assert batch.needs_care == 3
    assert SeedFile.objects.count() == 1
    assert ImportRow.objects.get(outcome=Outcome.QUARANTINED).findings[0]["code"] == "only-title"
    assert RevisionKind.IMPORT not in list(Article.objects.values_list("revisions__kind", flat=True))
