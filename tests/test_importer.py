"""What an import does to the desk's articles, and what it never does."""

import json
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import importer, intake, revisions, workflow
from articles.files import list_files
from articles.models import Article, EventPoint, ImportBatch, Outcome, RevisionKind, SeedFile, Source, Status
from taxonomy.models import Technology
from tests.delivering import TEXT, codes, deliver, everything, outcomes, seed
from tests.factories import make_article, make_term, set_terms

pytestmark = pytest.mark.django_db

REAL = settings.BASE_DIR.parent / "shared" / "seeds"


def edit(**fields: str) -> None:
    """What an editor's save does to the only article."""
    article = Article.objects.get()
    Article.objects.filter(pk=article.pk).update(**fields, version=article.version + 1)
    revisions.record([article.pk], kind=RevisionKind.EDIT)


class TestANewRecord:
    def test_becomes_an_article_with_terms_points_source_and_date(self, folder):
        assert outcomes(deliver(folder, seed())) == ["created"]
        article = Article.objects.whole().get()
        assert article.title == "示例医院试用语言模型写病历"
        assert article.summary == TEXT
        assert article.source.host == "example.com"
        assert (str(article.source_date), article.source_date_origin) == ("2024-05-06", "url")
        assert [term.name for term in article.technologies.all()] == ["大语言模型", "MID journey"]
        assert [(p.position, p.heading, p.body) for p in article.points.all()] == [
            (1, "试用", "六个科室参加。"),
            (2, "结果", "文书时间减少。"),
        ]
        assert article.event_summary.intro == "本文介绍一次试用。"
        assert article.event_summary.conclusion == "这篇文章说明了做法。"
        assert article.status == Status.DRAFT
        assert not article.revisions.exists()

    def test_keeps_the_delivered_bytes(self, folder):
        (folder / "gb.txt").write_bytes(seed().encode("gb18030"))
        importer.run([folder])
        assert bytes(SeedFile.objects.get().content).decode("gb18030") == seed()
        assert Article.objects.get().summary == TEXT

    def test_uses_the_term_that_an_alias_means_and_keeps_the_spelling(self, folder):
        midjourney = make_term("Midjourney", aliases=["MJ"])
        deliver(folder, seed(AI技术="ＭＪ"))
        link = Article.technologies.through.objects.get()
        assert (link.tag, link.raw) == (midjourney, "ＭＪ")

    def test_uses_the_survivor_of_a_merged_term(self, folder):
        survivor = make_term("大语言模型")
        make_term("大模型", merged_into=survivor)
        deliver(folder, seed(AI技术="大模型"))
        assert list(Article.objects.get().technologies.all()) == [survivor]

    def test_makes_new_terms_unconfirmed(self, folder):
        deliver(folder, seed())
        assert not Technology.objects.get(name="MID journey").confirmed

    def test_carries_a_term_once_however_often_it_is_spelled(self, folder):
        deliver(folder, seed(AI技术="MID journey, Midjourney, ＭＩＤ　Ｊourney"))
        assert [term.name for term in Article.objects.get().technologies.all()] == ["MID journey"]

    def test_with_the_text_of_another_article_is_kept_as_a_possible_duplicate(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(链接="https://other.example.org/a"))
        assert outcomes(batch) == ["duplicate"]
        assert Article.objects.count() == 2
        assert codes(batch.rows.get())[-1] == "possible-duplicate"


class TestABadRecord:
    def test_is_quarantined_while_its_neighbours_go_in(self, folder):
        batch = deliver(
            folder,
            seed() + "\n---\n\n标题: 只有标题\n\n---\n\n" + seed(链接="https://b.example/2", 总结="别的"),
        )
        assert outcomes(batch) == ["created", "quarantined", "created"]
        row = batch.rows.get(outcome=Outcome.QUARANTINED)
        assert (row.article, codes(row)) == (None, ["only-title"])
        assert row.file.content

    def test_file_that_cannot_be_read_is_one_quarantined_row_with_its_bytes(self, folder):
        (folder / "x.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
        batch = importer.run([folder])
        assert outcomes(batch) == ["quarantined"]
        assert bytes(SeedFile.objects.get().content) == b"\x89PNG\r\n\x1a\n"

    def test_of_the_same_key_and_other_content_in_one_batch_waits_for_a_person(self, folder):
        batch = deliver(folder, seed(), seed(标题="另一个标题"), seed(标题="又一个标题"))
        assert outcomes(batch) == ["created", "quarantined", "quarantined"]
        assert codes(batch.rows.last())[-1] == "duplicate-in-batch"


class TestTheSameAgain:
    def test_changes_nothing(self, folder):
        deliver(folder, seed(), seed(链接="https://b.example/2", 总结="别的"))
        before = everything()
        batch = importer.run([folder])
        assert outcomes(batch) == ["unchanged", "unchanged"]
        assert everything() == before

    def test_in_other_bytes_changes_nothing_but_stores_them(self, folder):
        deliver(folder, seed())
        before = [list(Article.objects.values()), list(EventPoint.objects.values())]
        assert outcomes(deliver(folder, seed().replace("\n", "\r\n") + "\r\n")) == ["unchanged"]
        assert [list(Article.objects.values()), list(EventPoint.objects.values())] == before
        assert SeedFile.objects.count() == 2

    def test_twice_in_one_batch_makes_one_article(self, folder):
        batch = deliver(folder, seed(), seed() + "\n\n")
        assert outcomes(batch) == ["created", "unchanged"]
        assert {row.article_id for row in batch.rows.all()} == {Article.objects.get().pk}

    def test_file_under_two_names_is_listed_once(self, folder):
        batch = deliver(folder, seed(), seed())
        assert outcomes(batch) == ["created"]
        assert [item["code"] for item in batch.skipped] == ["same-bytes"]

    def test_file_under_two_names_is_listed_once_wherever_it_comes_in_the_run(self, folder, monkeypatch):
        monkeypatch.setattr(intake, "CHUNK_FILES", 2)
        others = [seed(链接=f"https://e{n}.example/", 总结=f"{n}{TEXT}") for n in range(4)]
        batch = deliver(folder, seed(), *others, seed())
        assert outcomes(batch) == ["created"] * 5
        assert [(item["code"], Path(item["text"]).name) for item in batch.skipped] == [
            ("same-bytes", "1.txt")
        ]

    def test_after_a_newer_edition_is_an_update_and_not_unchanged(self, folder):
        deliver(folder, seed())
        deliver(folder, seed(标题="新标题"))
        assert outcomes(deliver(folder, seed())) == ["updated"]
        assert Article.objects.get().title == "示例医院试用语言模型写病历"


class TestAChangedSeed:
    def test_changes_what_no_editor_has_touched(self, folder):
        deliver(folder, seed())
        changed = seed(标题="新标题", 关键词="医院, 文书", AI技术="大语言模型").replace(
            "六个科室参加", "七个科室参加"
        )
        assert outcomes(deliver(folder, changed)) == ["updated"]
        article = Article.objects.whole().get()
        assert article.title == "新标题"
        assert [term.name for term in article.keywords.all()] == ["医院", "文书"]
        assert [term.name for term in article.technologies.all()] == ["大语言模型"]
        assert article.points.first().body == "七个科室参加。"
        assert article.version == 2

    def test_leaves_two_revisions_what_came_in_and_what_it_became(self, folder):
        deliver(folder, seed())
        deliver(folder, seed(标题="新标题"))
        article = Article.objects.get()
        first, second = article.revisions.order_by("number")
        assert (first.kind, first.snapshot["title"]) == (RevisionKind.IMPORT, "示例医院试用语言模型写病历")
        assert (second.kind, second.snapshot["title"]) == (RevisionKind.IMPORT, "新标题")

    def test_does_not_undo_an_edit_of_another_field(self, folder):
        deliver(folder, seed())
        edit(title="编辑的标题")
        assert outcomes(deliver(folder, seed(总结=TEXT + "补充一句。"))) == ["updated"]
        article = Article.objects.get()
        assert (article.title, article.summary) == ("编辑的标题", TEXT + "补充一句。")

    def test_of_a_field_that_was_edited_is_a_conflict_kept_as_the_editor_has_it(self, folder):
        deliver(folder, seed())
        edit(title="编辑的标题")
        batch = deliver(folder, seed(标题="种子的标题"))
        assert outcomes(batch) == ["conflict"]
        assert Article.objects.get().title == "编辑的标题"
        assert batch.rows.get().conflicts == {
            "title": {"base": "示例医院试用语言模型写病历", "desk": "编辑的标题", "seed": "种子的标题"}
        }

    def test_that_the_desk_kept_out_once_is_not_told_again(self, folder):
        deliver(folder, seed())
        edit(title="编辑的标题")
        deliver(folder, seed(标题="种子的标题"))
        assert outcomes(deliver(folder, seed(标题="种子的标题") + "\n")) == ["unchanged"]

    def test_never_takes_back_an_edit_that_seed_and_desk_had_agreed_on(self, folder):
        deliver(folder, seed())
        edit(title="更好的标题")
        deliver(folder, seed(标题="更好的标题", 总结=TEXT + "补充。"))
        deliver(folder, seed())
        assert Article.objects.get().title == "更好的标题"

    def test_merges_terms_one_by_one(self, folder):
        deliver(folder, seed(关键词="甲, 乙, 丙"))
        set_terms(Article.objects.get(), keywords=["甲", "丙", "编辑加的"])
        assert outcomes(deliver(folder, seed(关键词="乙, 丙, 种子加的"))) == ["updated"]
        assert [term.name for term in Article.objects.get().keywords.all()] == ["丙", "编辑加的", "种子加的"]

    def test_merges_points_that_were_changed_at_different_places(self, folder):
        deliver(folder, seed())
        EventPoint.objects.filter(position=1).update(body="编辑改过的第一点。")
        assert outcomes(deliver(folder, seed().replace("文书时间减少", "文书时间大减"))) == ["updated"]
        assert [point.body for point in EventPoint.objects.all()] == ["编辑改过的第一点。", "文书时间大减。"]

    def test_of_a_point_that_was_edited_is_a_conflict(self, folder):
        deliver(folder, seed())
        EventPoint.objects.filter(position=1).update(body="编辑改过的第一点。")
        batch = deliver(folder, seed().replace("六个科室参加", "七个科室参加"))
        assert outcomes(batch) == ["conflict"]
        assert [point.body for point in EventPoint.objects.all()] == ["编辑改过的第一点。", "文书时间减少。"]
        assert list(batch.rows.get().conflicts) == ["points"]

    def test_finds_its_article_after_an_editor_has_changed_the_link(self, folder):
        deliver(folder, seed())
        edit(url="https://www.example.com/moved", url_key="https://www.example.com/moved")
        assert outcomes(deliver(folder, seed(标题="新标题"))) == ["updated"]
        article = Article.objects.get()
        assert (article.title, article.url) == ("新标题", "https://www.example.com/moved")

    def test_whose_link_an_editor_gave_to_another_article_stays_out_of_its_way(self, folder):
        deliver(folder, seed())
        edit(url="https://c.example/3", url_key="https://c.example/3")
        batch = deliver(folder, seed(链接="https://c.example/3", 总结="完全不同的内容。" * 10))
        assert outcomes(batch) == ["duplicate"]
        assert Article.objects.get().summary == TEXT

    def test_whose_link_is_taken_does_not_stand_in_the_way_of_the_articles_own_record(
        self, folder, monkeypatch
    ):
        monkeypatch.setattr(importer, "CHUNK_RECORDS", 1)
        deliver(folder, seed())
        edit(url="https://c.example/3", url_key="https://c.example/3")
        batch = deliver(
            folder, seed(链接="https://c.example/3", 总结="完全不同的内容。" * 10), seed(标题="新标题")
        )
        assert outcomes(batch) == ["duplicate", "updated"]

    def test_with_one_articles_number_and_anothers_link_stays_out_of_both(self, folder):
        deliver(folder, seed(), seed(链接="https://b.example/2", 总结="别的"))
        before = everything()[:3]
        number = f"urn:uuid:{Article.objects.get(url_key='https://b.example/2').record_key}"
        batch = deliver(folder, seed(编号=number, 标题="新"), seed(链接="https://d.example/4", 总结="邻居"))
        assert outcomes(batch) == ["duplicate", "created"]
        assert everything()[0][:2] == before[0]

    def test_is_not_lost_beside_another_for_the_same_article(self, folder):
        link = "https://www.example.com/news/20240506/1.html"
        made = make_article("手写", url=link, url_key=link)
        made.refresh_from_db()
        batch = deliver(folder, seed(编号=f"urn:uuid:{made.record_key}"), seed(标题="别的", 总结="别的"))
        assert outcomes(batch) == ["conflict", "duplicate"]
        assert codes(batch.rows.last())[-1] == "link-taken"

    def test_with_the_link_of_another_new_record_is_left_out(self, folder):
        number = "urn:uuid:00000000-0000-4000-8000-000000000001"
        batch = deliver(folder, seed(), seed(编号=number, 标题="别的"))
        assert outcomes(batch) == ["created", "duplicate"]
        assert Article.objects.count() == 1

    def test_leaves_the_source_that_an_editor_chose(self, folder):
        deliver(folder, seed())
        chosen = Source.objects.create(host="chosen.example")
        edit(source=chosen)
        deliver(folder, seed(链接="https://www.example.com/news/20240506/1.html?utm_source=x", 标题="新"))
        article = Article.objects.get()
        assert (article.title, article.source) == ("新", chosen)

    def test_makes_no_source_for_a_link_whose_source_an_editor_chose(self, folder):
        deliver(folder, seed())
        edit(source=Source.objects.create(host="chosen.example"))
        number = f"urn:uuid:{Article.objects.get().record_key}"
        assert outcomes(deliver(folder, seed(编号=number, 链接="https://elsewhere.example/2"))) == ["updated"]
        assert Article.objects.get().source.host == "chosen.example"
        assert not Source.objects.filter(host="elsewhere.example").exists()

    def test_joins_an_article_that_was_made_by_hand_with_the_same_link(self, folder):
        made = make_article(
            "手写的标题", url="https://www.example.com/news/20240506/1.html",
            url_key="https://www.example.com/news/20240506/1.html",
        )  # fmt: skip
        assert outcomes(deliver(folder, seed())) == ["conflict"]
        made.refresh_from_db()
        assert (made.title, made.summary) == ("手写的标题", TEXT)


class TestTheCommand:
    def test_tells_each_finding_by_file_and_line_and_ends_in_a_table(self, folder, capsys):
        (folder / "a.txt").write_text("\n" + seed(行业=None), encoding="utf-8")
        with pytest.raises(SystemExit) as exit_:
            call_command("import_seeds", str(folder))
        assert exit_.value.code == 1
        printed = capsys.readouterr().out
        assert f"{folder}/a.txt:2: missing-terms 警告" in printed
        assert printed.splitlines()[-1].endswith(
            f"/admin/articles/importbatch/{ImportBatch.objects.get().pk}/change/"
        )

    def test_answers_0_when_all_is_well(self, folder, capsys):
        (folder / "a.txt").write_text(seed(), encoding="utf-8")
        call_command("import_seeds", str(folder))
        assert Article.objects.count() == 1

    def test_answers_2_when_there_is_nothing_to_read(self, folder):
        with pytest.raises(CommandError) as error:
            call_command("import_seeds", str(folder))
        assert error.value.returncode == 2

    def test_answers_3_when_the_servers_disk_is_full(self, folder):
        (folder / "a.txt").write_text(seed(), encoding="utf-8")
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER full_disk BEFORE INSERT ON articles_eventpoint EXECUTE FUNCTION full_disk()"
            )
        with pytest.raises(CommandError, match="no space left") as error:
            call_command("import_seeds", str(folder))
        assert error.value.returncode == 3
        assert not Article.objects.exists()

    def test_answers_1_when_a_file_was_still_being_written(self, folder, monkeypatch):
        (folder / "a.txt").write_text(seed(), encoding="utf-8")
        found, skipped = list_files([str(folder)])
        monkeypatch.setattr(importer, "list_files", lambda _paths: (found, skipped))
        (folder / "a.txt").write_text(seed() + "还在写", encoding="utf-8")
        with pytest.raises(SystemExit) as exit_:
            call_command("import_seeds", str(folder))
        assert exit_.value.code == 1
        assert not Article.objects.exists()

    def test_reads_paths_that_are_no_utf_8(self, folder):
        (folder / os.fsdecode(b"\xd7\xd3")).mkdir()
        (folder / os.fsdecode(b"\xd7\xd3") / "a.txt").write_text(seed(), encoding="utf-8")
        call_command("import_seeds", str(folder / os.fsdecode(b"\xd7\xd3")))
        assert Article.objects.count() == 1

    def test_writes_each_record_to_the_report(self, folder, tmp_path):
        (folder / "a.txt").write_text(seed(), encoding="utf-8")
        call_command("import_seeds", str(folder), "--report", str(tmp_path / "r.jsonl"))
        (record,) = [
            json.loads(line) for line in (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        assert (record["outcome"], record["first_line"], record["article"]) == (
            "created",
            1,
            Article.objects.get().pk,
        )

    @pytest.mark.parametrize("name", ["a.txt", "report.txt"])
    def test_never_writes_the_report_among_the_seed_files(self, folder, name):
        (folder / "a.txt").write_text(seed(), encoding="utf-8")
        with pytest.raises(CommandError) as error:
            call_command("import_seeds", str(folder), "--report", str(folder / name))
        assert error.value.returncode == 2
        assert (folder / "a.txt").read_text(encoding="utf-8") == seed()

    def test_dry_run_writes_nothing_and_tells_what_would_happen(self, folder, tmp_path, capsys):
        deliver(folder, seed())
        (folder / "2.txt").write_text(
            seed(链接="https://b.example/2", 总结="别的", 关键词="新词"), encoding="utf-8"
        )
        before, batches = everything(), ImportBatch.objects.count()
        call_command("import_seeds", str(folder), "--dry-run", "--report", str(tmp_path / "r.jsonl"))
        assert everything() == before
        assert ImportBatch.objects.count() == batches
        told = [
            json.loads(line)["outcome"] for line in (tmp_path / "r.jsonl").read_text("utf-8").splitlines()
        ]
        assert told == ["unchanged", "created"]


def test_the_number_of_statements_does_not_grow_with_the_chunk(folder):
    def statements(count: int, run: str, **changes: str) -> int:
        for old in folder.iterdir():
            old.unlink()
        for n in range(count):
            link = f"https://{run}{n}.example/"
            text = seed(链接=link, 总结=f"{link}{TEXT}", 关键词=f"{run}{n}, 医院", **changes)
            (folder / f"{n}.txt").write_text(text, encoding="utf-8")
        with CaptureQueriesContext(connection) as queries:
            importer.run([folder])
        return len(queries)

    statements(1, "warm-up")
    assert statements(2, "few") == statements(40, "many"), "new records"
    changes = {"标题": "新", "AI技术": "大语言模型", "重大事件摘要": "换了"}
    assert statements(2, "few", **changes) == statements(40, "many", **changes), "changed records"
    assert statements(2, "few", **changes) == statements(40, "many", **changes), "unchanged records"


@pytest.mark.skipif(
    not REAL.is_dir(), reason="the desk's own seed files lie beside the repository, if anywhere"
)
def test_the_real_seed_comes_in_without_loss():
    batch = importer.run([REAL])
    assert outcomes(batch) == ["created"]
    article = Article.objects.whole().get()
    summary = article.event_summary
    counts = (
        article.points.count(),
        article.keywords.count(),
        article.technologies.count(),
        article.industries.count(),
    )
    assert counts == (8, 3, 3, 3)
    assert summary.intro
    assert summary.conclusion
    assert summary.intro != summary.conclusion
    assert Technology.objects.resolve(["Midjourney"]) == {
        "Midjourney": article.technologies.get(key="midjourney")
    }
    assert article.source.host == "1905.com"
    assert (str(article.source_date), article.source_date_origin) == ("2024-03-18", "url")
    assert "reprint-notice" in codes(batch.rows.get())


@pytest.mark.skipif(
    not REAL.is_dir(), reason="the desk's own seed files lie beside the repository, if anywhere"
)
def test_no_page_quotes_more_than_200_characters_of_the_real_seed(client):
    importer.run([REAL])
    article = Article.objects.get()
    workflow.publish(article, by=None)
    term = article.technologies.first()
    for address in ("/", "/articles/", article.get_absolute_url(), term.get_absolute_url()):
        page = client.get(address).text
        assert article.title in page or address.startswith("/technologies/")
        assert not any(article.summary[i : i + 201] in page for i in range(len(article.summary) - 200)), (
            address
        )
