"""What is exported and imported again changes nothing."""

import csv
import io
import json
import os
import random
import zipfile

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from articles import exporter, importer, revisions
from articles.exporter import NotExact, plain, seed
from articles.models import Article, EventPoint, EventSummary, ImportRow, Outcome, RevisionKind, SeedFile
from articles.placing import part_of
from tests.factories import make_article, set_terms
from tests.test_nothing_is_lost import mutated

pytestmark = pytest.mark.django_db

SEEDS = settings.BASE_DIR / "seeds"
FIXTURES = settings.BASE_DIR / "tests" / "data"
RANDOM = int(os.environ.get("EXPORTED_ARTICLES", "40"))
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
        EventPoint(
            article=article,
            position=i,
            heading=rng.choice([p.heading, ""]) if p.body else p.heading,
            body=p.body,
        )
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
        seed(article)
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


# --- the whole of it ------------------------------------------------------------------------------


def test_every_fixture_comes_back_unchanged(tmp_path):
    """Each for itself: most of them have the same link."""
    left_out = {}
    for path in sorted(FIXTURES.glob("*.txt")):
        with transaction.atomic():
            importer.run([path])
            before, stamps = contents(), versions()
            target = tmp_path / path.stem
            export(target)
            there = len(list(target.glob("*.txt")))
            if there < len(before):
                left_out[path.stem] = len(before) - there
            if there:
                batch = importer.run([target])
                assert set(batch.rows.values_list("outcome", flat=True)) == {Outcome.UNCHANGED}, path
            assert (contents(), versions()) == (before, stamps), path
            transaction.set_rollback(True)
    assert left_out == {}


def export(target) -> None:
    """As far as the format can carry the articles: the rest is left out and said."""
    try:
        call_command("export_seeds", "--output", str(target))
    except SystemExit as end:
        assert end.code == 1


def test_random_articles_come_back_unchanged(tmp_path):
    """EXPORTED_ARTICLES says how many."""
    rng = random.Random(7)
    number = 0
    while Article.objects.count() < RANDOM:
        (tmp_path / "in").mkdir(exist_ok=True)
        for _time in range(min(RANDOM, 200)):
            number += 1
            text = mutated(rng).replace("http", f"https://s{number}.example/{number}?http", 1)
            (tmp_path / "in" / f"{number}.txt").write_text(text, encoding="utf-8")
        importer.run([tmp_path / "in"])
    for article in Article.objects.whole():
        if rng.random() < 0.5:
            edit(article, rng)
    before, stamps = contents(), versions()
    for target in ("folder", "all.txt", "all.zip"):
        export(tmp_path / target)
        batch = importer.run([tmp_path / target])
        outcomes = list(batch.rows.values_list("outcome", flat=True))
        assert set(outcomes) == {Outcome.UNCHANGED}
        assert len(outcomes) > 0.95 * len(before)
        assert (contents(), versions()) == (before, stamps)


def test_records_that_would_be_read_otherwise_together_go_into_files_of_their_own():
    first, second = (exporter.seed(make_article(title, summary="正文。")) for title in ("甲", "乙"))
    strange = exporter.Seed(second.article, "没有标签的文字\n" + second.text, second.read)
    assert list(exporter.seed_files([first, second])) == [first.text + exporter.BETWEEN + second.text]
    assert list(exporter.seed_files([first, strange])) == [first.text, strange.text]


def test_a_selection_takes_a_constant_number_of_statements_a_chunk(django_assert_num_queries):
    for title in ("甲", "乙", "丙"):
        make_article(title, keywords=["词"], points=[("一", "甲")])
    for number in (1, 3):
        some = Article.objects.filter(pk__in=Article.objects.order_by("pk").values("pk")[:number])
        with django_assert_num_queries(7):
            assert len(list(exporter.json_lines(some))) == number


def test_a_selection_of_any_size_is_read_in_chunks(monkeypatch):
    monkeypatch.setattr(exporter, "CHUNK", 2)
    made = [make_article().pk for _number in range(5)]
    assert [article.pk for article in exporter.whole(Article.objects.order_by("-title"))] == made


# --- which articles, and how ----------------------------------------------------------------------


def output(capsys, *options: str) -> str:
    capsys.readouterr()
    call_command("export_seeds", *options)
    return capsys.readouterr().out


def test_only_articles_of_one_batch_are_exported_if_asked(capsys):
    make_article("手写")
    batch = importer.run([next(SEEDS.glob("*.txt"))])
    text = output(capsys, "--batch", str(batch.pk))
    assert text.count("标题: ") == 1
    assert "手写" not in text


def test_only_what_a_list_of_readers_shows_is_exported_if_asked(capsys):
    make_article("有词", publish=True, technologies=["Sora"])
    make_article("没有词", publish=True)
    make_article("草稿", technologies=["Sora"])
    text = output(capsys, "--list", "?technology=sora")
    assert [title in text for title in ("有词", "没有词", "草稿")] == [True, False, False]


@pytest.mark.parametrize("query", ["technlogy=sora", "since=gestern", "q=电影", "technology=nothing-like-it"])
def test_a_list_that_is_not_understood_is_not_exported(query):
    make_article(publish=True)
    with pytest.raises(CommandError) as error:
        call_command("export_seeds", "--list", query)
    assert error.value.returncode == 2


@pytest.mark.parametrize("batch", ["0", "-1", "9" * 20, "999"])
def test_a_batch_that_is_not_there_is_said(batch):
    with pytest.raises(CommandError, match=batch) as error:
        call_command("export_seeds", "--batch", batch)
    assert error.value.returncode == 2


@pytest.mark.parametrize("name", ["all.txt", "all.jsonl", "all.csv", "all.zip"])
def test_what_comes_to_no_end_leaves_no_half_file_and_the_older_one(tmp_path, name):
    make_article()
    (tmp_path / name).write_text("old")
    part_of(tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(CommandError) as error:
        call_command("export_seeds", "--output", str(tmp_path / name))
    assert error.value.returncode == 3
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "old"}


def test_a_file_of_a_folder_is_there_when_it_is_whole(tmp_path):
    first, second = make_article("一"), make_article("二")
    part_of(tmp_path / f"{second.pk:08d}.txt").symlink_to("/dev/full")
    with pytest.raises(CommandError):
        call_command("export_seeds", "--output", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [f"{first.pk:08d}.txt"]


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (["all.JSONL"], "file"),
        (["all.json", "--format", "jsonl"], "file"),
        (["all.csv", "--format", "csv"], "file"),
        (["folder"], "folder"),
        (["export-2026.11.23"], "folder"),
        (["there.d"], "folder"),
        (["all.json"], None),
        (["all.txt.gz"], None),
        (["all.txt", "--format", "csv"], None),
        (["folder", "--format", "jsonl"], None),
    ],
)
def test_the_name_says_what_is_written_or_it_is_refused(tmp_path, options, written):
    make_article()
    (tmp_path / "there.d").mkdir()
    target = tmp_path / options[0]
    try:
        call_command("export_seeds", "--output", str(target), *options[1:])
    except CommandError as error:
        assert (error.returncode, target.exists()) == (2, False)
        assert written is None
    else:
        assert written == ("folder" if target.is_dir() else "file")


def test_a_form_that_was_asked_for_is_what_is_in_the_file(tmp_path):
    article = make_article()
    call_command("export_seeds", "--output", str(tmp_path / "all.json"), "--format", "jsonl")
    assert json.loads((tmp_path / "all.json").read_text())["id"] == article.pk


def test_json_lines_hold_all_of_each_article(capsys):
    first = make_article("甲", keywords=["词"], points=[("一", "二")], extra={"作者": "丙"})
    second = make_article("乙", publish=True)
    lines = [json.loads(line) for line in output(capsys, "--format", "jsonl").splitlines()]
    assert lines == [
        {"id": article.pk, "key": str(Article.objects.get(pk=article.pk).record_key)}
        | revisions.snapshot(Article.objects.whole().get(pk=article.pk))
        for article in (first, second)
    ]


def test_a_table_holds_each_article_in_a_row(tmp_path):
    article = make_article(
        "=1+1", keywords=["词", "-2"], points=[("一", "二"), ("", "三")], summary="一行\n=二行"
    )
    call_command("export_seeds", "--output", str(tmp_path / "all.csv"))
    text = (tmp_path / "all.csv").read_bytes().decode("utf-8-sig")
    [heading, row] = csv.reader(io.StringIO(text, newline=""))
    cells = dict(zip(exporter.COLUMNS, row, strict=True))
    assert len(heading) == len(row)
    assert (cells["id"], cells["title"], cells["url"]) == (str(article.pk), "'=1+1", article.url)
    assert cells["status"] == "待处理"
    assert (cells["keywords"], cells["points"]) == ("词\n'-2", "1. 一：二\n2. 三")
    assert cells["summary"] == "一行\n'=二行"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "  '=1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\ttext", "'\ttext"),
        ("\n", "'\n"),
        ("＝1", "'＝1"),
        ("\u200b=1", "\u200b'=1"),
        ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
        ("a;\n =1", "a;\n '=1"),
        ("a\n=1", "a\n'=1"),
        ("1 + 1 = 2", "1 + 1 = 2"),
        ("2024-01-01", "2024-01-01"),
        ("https://a.example/?a=1;b=2", "https://a.example/?a=1;b=2"),
        ("", ""),
    ],
)
def test_nothing_that_a_spreadsheet_would_calculate_stays(text, safe):
    assert plain(text) == safe


@given(st.text(st.sampled_from("=+-@＝;\t\r\n \u200b\"',a字"), max_size=12))
def test_no_part_of_any_text_begins_a_formula(text):
    for part in plain(text).replace("\t", ";").replace("\r", ";").replace("\n", ";").split(";"):
        assert part.strip(" \u200b")[:1] not in exporter.FORMULA
    assert [char for char in plain(text) if char != "'"] == [char for char in text if char != "'"]


def test_a_text_of_nothing_but_gaps_takes_no_time():
    assert plain("\n;" * 200_000) == "'" + "\n;" * 200_000


def test_what_a_zip_cannot_carry_is_listed_in_it(tmp_path):
    make_article("好的")
    article = make_article("无")
    with pytest.raises(SystemExit):
        call_command("export_seeds", "--output", str(tmp_path / "all.zip"))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["articles-000001.txt", "left-out.jsonl"]
        listed = json.loads(archive.read("left-out.jsonl"))
    assert listed == {"id": article.pk, "title": "无", "fields": ["title"]}
