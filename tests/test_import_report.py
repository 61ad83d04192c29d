"""What an import report tells: what came in, what changed since an earlier batch, what is missing, who delivers faults."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from articles import deliveries, differences, editing, importer, ledger, repair, undoing
from articles.deliveries import Faults, in_short
from articles.management.commands import import_report
from articles.models import Article, ImportBatch, ImportRow
from tests.delivering import TEXT, deliver, seed
from tests.factories import make_term

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def record(number: int, **changes: str) -> str:
    fields = {"标题": f"第{number}条", "链接": f"https://news.example/{number}", "总结": f"{number}。{TEXT}"}
    return seed(**fields | changes)


def head(batch: ImportBatch) -> str:
    return f"Batch {batch.pk} · {timezone.localtime(batch.started_at):%Y-%m-%d %H:%M}"


def cut_off(execute, sql, params, many, context):
    raise OperationalError("the line is cut")


class TestWhatChanged:
    def test_is_new_changed_or_missing_by_record(self, folder):
        then = deliver(folder, record(1), record(2), record(3))
        now = deliver(folder, record(1), record(2, 标题="新标题", 关键词="病历, 新词"), record(4))
        difference = deliveries.compare(now, then)
        assert [entry.title for entry in difference.new] == ["第4条"]
        assert [entry.title for entry in difference.vanished] == ["第3条"]
        [changed] = difference.changed
        assert (changed.now.name[-5:], changed.now.line, changed.then.title) == ("2.txt", 1, "第2条")
        assert changed.fields == {
            "title": ("第2条", "新标题"),
            "keywords": (["病历", "医院"], ["病历", "新词"]),
        }
        assert difference.changed_count == 1

    def test_is_nothing_where_only_the_file_is_another(self, folder):
        then = deliver(folder, record(1), record(2))
        now = deliver(folder, record(2) + "\n" + record(1))
        assert deliveries.compare(now, then) == deliveries.Difference()

    def test_reads_only_files_that_one_of_both_has(self, folder):
        then = deliver(folder, record(1), record(2), record(3))
        now = deliver(folder, record(1), record(2), record(4))
        files, size = deliveries.files_to_read(now, then)
        assert (files, size) == (2, len((record(3) + record(4)).encode()))
        seen = []
        deliveries.compare(now, then, progress=lambda total, read: seen.append((total, read)))
        assert seen == [(2, 1), (2, 2)]

    def test_is_told_whatever_the_desk_did_and_even_of_what_is_undone(self, folder):
        then = deliver(folder, record(1))
        editing.save(Article.objects.get(), {"title": "编辑的"}, by=None)
        now = deliver(folder, record(1, 标题="新标题"), record(2))
        undoing.undo(now)
        difference = deliveries.compare(now, then)
        assert [changed.fields for changed in difference.changed] == [{"title": ("第1条", "新标题")}]
        assert [entry.title for entry in difference.new] == ["第2条"]

    def test_is_given_in_detail_for_no_more_than_asked_for(self, folder, monkeypatch):
        monkeypatch.setattr(differences, "PAGE_OF_TEXTS", 2)
        then = deliver(folder, *(record(n) for n in range(4)))
        now = deliver(folder, *(record(n, 标题=f"新{n}") for n in range(4)))
        difference = deliveries.compare(now, then, most=3)
        assert [changed.fields["title"] for changed in difference.changed] == [
            (f"第{n}条", f"新{n}") for n in range(3)
        ]
        assert difference.changed_count == 4

    def test_leaves_out_what_nobody_can_read(self, folder):
        then = deliver(folder, record(1))
        now = deliver(folder, record(1), "标题: 只有标题\n", "没有标签的文字")
        assert deliveries.compare(now, then) == deliveries.Difference()

    def test_takes_no_more_into_memory_than_a_few_files_and_rows(self, folder, monkeypatch):
        monkeypatch.setattr(differences, "PAGE", 1)
        monkeypatch.setattr(differences, "PAGE_OF_TEXTS", 1)
        monkeypatch.setattr(ledger, "CHUNK_BYTES", 1)
        then = deliver(folder, *(record(n) for n in range(5)))
        now = deliver(folder, *(record(n, 标题=f"新{n}") for n in range(3)), record(7), record(8))
        difference = deliveries.compare(now, then)
        assert [changed.then.title for changed in difference.changed] == ["第0条", "第1条", "第2条"]
        assert [entry.title for entry in difference.new] == ["第7条", "第8条"]
        assert [entry.title for entry in difference.vanished] == ["第3条", "第4条"]
        assert (difference.new_count, difference.changed_count, difference.vanished_count) == (2, 3, 2)

    def test_reads_each_file_twice_at_most_however_its_records_were_put_together(self, folder):
        then = deliver(folder, *("\n".join(record(n) for n in range(at, 9, 3)) for at in range(3)))
        now = deliver(
            folder, *("\n".join(record(n, 标题=f"新{n}") for n in range(at, at + 3)) for at in (0, 3, 6))
        )
        seen = []
        difference = deliveries.compare(now, then, progress=lambda total, read: seen.append((total, read)))
        assert sorted(changed.fields["title"] for changed in difference.changed) == [
            (f"第{n}条", f"新{n}") for n in range(9)
        ]
        assert seen[-1] == (12, 12)

    def test_is_told_again_and_again_on_the_same_connection(self, folder):
        then, now = deliver(folder, record(1)), deliver(folder, record(2))
        with pytest.raises(OSError), differences.differences(now, then):
            raise OSError
        assert deliveries.compare(now, then) == deliveries.compare(now, then)

    def test_counts_the_first_of_two_records_that_are_the_same_one(self, folder):
        then = deliver(folder, record(1))
        now = deliver(folder, record(1, 标题="新标题") + "\n" + record(1, 标题="另一个"))
        [changed] = deliveries.compare(now, then).changed
        assert changed.fields == {"title": ("第1条", "新标题")}

    def test_does_not_take_what_a_person_mended_for_delivered(self, folder):
        then = deliver(folder, record(1), "标题: 只有标题\n")
        repair.repair(ImportRow.objects.get(outcome="quarantined"), record(2))
        now = deliver(folder, record(1, 标题="新标题"), "标题: 只有标题\n")
        difference = deliveries.compare(now, then)
        assert (difference.new_count, difference.changed_count, difference.vanished_count) == (0, 1, 0)


class TestWhatItBrought:
    def test_new_terms_and_sources_by_name_even_if_they_are_gone(self, folder):
        make_term("病历", "keyword")
        batch = deliver(folder, record(1, 关键词="病历, 甲, 乙", AI技术=None))
        terms = {"keyword": ["乙", "甲"], "technology": [], "industry": ["医疗"]}
        assert deliveries.new_terms(batch) == terms
        assert deliveries.new_sources(batch) == ["news.example"]
        undoing.undo(batch)
        assert deliveries.new_terms(batch) == terms
        assert deliveries.new_sources(batch) == ["news.example"]

    def test_sources_with_more_faults_than_usual(self, folder):
        deliver(folder, *(record(n) for n in range(8)), record(8, 关键词=None, AI技术=None, 行业=None))
        batch = deliver(folder, *(record(n, 关键词=None, AI技术=None, 行业=None) for n in range(10, 13)))
        [found] = deliveries.faults(batch)
        assert found == Faults("news.example", 3, 3, 1 / 9)
        assert found.unusual

    def test_no_fault_again_that_was_told_before_and_no_share_of_what_has_no_source(self, folder):
        bad, worse = "标题: 只有标题\n", "标题: 也只有标题\n"
        batch = deliver(folder, record(1), bad)
        assert deliveries.faults(batch) == [Faults("", 1, 1, None)]
        assert deliveries.faults(deliver(folder, record(1), bad)) == []
        batch = deliver(folder, record(2, 关键词=None, AI技术=None, 行业=None), bad, worse)
        assert deliveries.faults(batch) == [Faults("news.example", 1, 1, 0.0), Faults("", 1, 1, None)]

    @pytest.mark.parametrize(
        ("faulty", "records", "usual", "unusual"),
        [
            (3, 10, 0.1, True),
            (3, 10, 0.2, False),
            (2, 2, 0.0, False),
            (3, 100, 0.0, True),
            (9, 9, None, False),
        ],
    )
    def test_more_than_usual_is_three_records_and_twice_the_share(self, faulty, records, usual, unusual):
        assert Faults("a", faulty, records, usual).unusual is unusual


class TestInShort:
    def test_a_long_text_is_shown_near_the_difference(self):
        assert in_short("字" * 100 + "甲乙", "字" * 100 + "丙") == (
            "…" + "字" * 10 + "甲乙",
            "…" + "字" * 10 + "丙",
        )
        assert in_short("短", "短文") == ("短", "短文")
        assert in_short("a" * 61, "b") == ("a" * 60 + "…", "b")

    def test_of_a_list_only_what_differs(self):
        assert in_short(["甲", "乙"], ["乙", "丙"]) == ("甲", "丙")
        assert in_short(["甲", "乙"], ["甲"]) == ("乙", "")
        assert in_short(["甲", "乙"], ["乙", "甲"]) == ("甲、乙", "乙、甲")

    def test_points_and_labels_are_told_as_text(self):
        then, now = {"heading": "一", "body": "甲"}, {"heading": "一", "body": "乙"}
        assert in_short([then], [now]) == ("一 甲", "一 乙")
        assert in_short({}, {"来源": "一报"}) == ("", "一报")
        assert in_short(None, "2024-05-06") == ("", "2024-05-06")


class TestTheCommand:
    def run(self, *arguments: object) -> str:
        out = StringIO()
        call_command("import_report", *map(str, arguments), stdout=out, no_color=True)
        return out.getvalue()

    def test_tells_all_of_it(self, folder):
        then = deliver(folder, record(1), record(2))
        now = deliver(folder, record(1, 标题="新标题"), record(3, AI技术="Sora"))
        assert self.run(now.pk, "--since", then.pk) == (
            f"{head(now)}\n  created 1\n  updated 1\n  records in all 2\n"
            "New: AI technologies · 1\n  Sora\nSources with faults · 0\n"
            f"Compared with batch #{then.pk} · {head(then).split(' · ')[1]}\n"
            f"New records · 1\n  {folder}/2.txt:1 第3条\n"
            f"Changed records · 1\n  {folder}/1.txt:1 新标题\n      title: “第1条” → “新标题”\n"
            f"No longer delivered · 1\n  {folder}/2.txt:1 第2条\n"
        )

    def test_compares_with_the_one_before_that_read_the_same_paths_where_no_number_is_given(self, folder):
        paths = {"paths": [str(folder)], "finished_at": timezone.now()}
        night = ImportBatch.objects.create(**paths, scheduled=True)
        trial = ImportBatch.objects.create(**paths)
        ImportBatch.objects.create(finished_at=timezone.now(), scheduled=True)
        ImportBatch.objects.create(paths=[str(folder)], scheduled=True)
        ImportBatch.objects.create(**paths, scheduled=True, cut_short=True)
        last = ImportBatch.objects.create(**paths, scheduled=True)
        assert f"Compared with batch #{night.pk} · " in self.run(last.pk, "--since")
        by_hand = ImportBatch.objects.create(**paths)
        assert f"Compared with batch #{last.pk} · " in self.run(by_hand.pk, "--since")
        assert f"Compared with batch #{night.pk} · " in self.run(trial.pk, "--since")
        nothing = "No earlier batch has read the same paths. Name one: --since BATCH"
        assert self.code(night.pk, "--since") == (2, nothing)

    def test_says_so_if_the_two_have_read_different_paths(self, folder):
        then = deliver(folder, record(1))
        (folder / "2.txt").write_text(record(2), encoding="utf-8")
        now = importer.run([folder / "2.txt"])
        told = self.run(now.pk, "--since", then.pk).splitlines()
        at = told.index(f"Compared with batch #{then.pk} · {head(then).split(' · ')[1]}")
        assert told[at + 1 : at + 4] == [
            "  The two have read different paths: what is no longer delivered may lie where only one has looked.",
            f"  Batch {then.pk}: {folder}",
            f"  Batch {now.pk}: {folder}/2.txt",
        ]

    def test_names_the_first_of_many_paths_and_how_many_more(self, monkeypatch):
        monkeypatch.setattr(import_report, "MOST_NAMED", 2)
        then, now = (
            ImportBatch.objects.create(paths=paths, finished_at=timezone.now())
            for paths in (["a", "b"], ["a", "b", "c", "d"])
        )
        told = self.run(now.pk, "--since", then.pk).splitlines()
        assert told.count(f"  Batch {then.pk}: a、b") == 1
        assert told.count(f"  Batch {now.pk}: a、b、and 2 more") == 1

    def test_names_a_source_with_its_usual_share_and_without_one_only_the_number(self):
        assert [
            import_report.fault_line(one) for one in (Faults("a", 3, 4, 0.21), Faults("", 2, 3, None))
        ] == [
            "a: 3 of 4 records · usually 21% · more than usual",
            "without a source: 2",
        ]

    def test_tells_of_a_quiet_night(self):
        batch = ImportBatch.objects.create(finished_at=timezone.now())
        assert self.run(batch.pk) == f"{head(batch)}\n  records in all 0\nSources with faults · 0\n"

    def test_names_files_that_could_not_be_read_whose_records_seem_to_be_missing(self, folder, monkeypatch):
        monkeypatch.setattr(import_report, "MOST_NAMED", 2)
        then = deliver(folder, record(1))
        now = deliver(folder, record(2))
        codes = ["unreadable", "same-bytes", "unsettled", "zip-broken"]
        now.skipped = [{"name": f"{code}.txt", "code": code, "text": "Why."} for code in codes]
        now.save()
        told = self.run(now.pk, "--since", then.pk)
        assert told.split("\n")[3:7] == [
            "Files that were not read · 3",
            "  unreadable.txt: unreadable Why.",
            "  unsettled.txt: unsettled Why.",
            "  and 1 more",
        ]

    def test_says_that_the_batch_is_undone(self, folder):
        batch = deliver(folder, record(1))
        undoing.undo(batch)
        batch.refresh_from_db()
        assert self.run(batch.pk).startswith(f"{head(batch)} · undone\n")

    def test_answers_2_where_the_batch_has_not_ended_or_the_other_is_later(self, folder):
        then = deliver(folder, record(1))
        now = deliver(folder, record(2))
        running = ImportBatch.objects.create()
        assert self.code(running.pk) == (
            2,
            f"Batch #{running.pk} has not ended: it runs, or was interrupted.",
        )
        assert self.code(now.pk, "--since", running.pk)[0] == 2
        later = f"Batch #{now.pk} is not earlier. Give the later batch first."
        assert self.code(then.pk, "--since", now.pk) == (2, later)
        assert self.code(now.pk, "--since", now.pk) == (2, later)

    def test_answers_3_where_the_database_does_not(self, folder):
        batch = deliver(folder, record(1))
        with connection.execute_wrapper(cut_off):
            assert self.code(batch.pk) == (3, "Stopped: the line is cut")

    def code(self, *arguments: object) -> tuple[int, str]:
        with pytest.raises(CommandError) as error:
            self.run(*arguments)
        return error.value.returncode, str(error.value)

    def test_answers_2_where_there_is_no_such_batch(self, folder):
        batch = deliver(folder, record(1))
        for arguments in ((0,), (10**20,), (batch.pk, "--since", 10**20)):
            assert self.code(*arguments)[0] == 2
