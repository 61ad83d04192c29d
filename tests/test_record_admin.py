"""The page of a record, its repair, and the lists it stands in: where it is, what it says, what can be done."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import conflicts, duplicates, editing, places, repair, undoing
from articles.admin import panels, records
from articles.conflicts import KEEP, TAKE
from articles.models import Article, DuplicatePair, ImportRow, Outcome, PreviewRow
from tests.factories import desk, make_article, staff
from tests.test_admin_batches import make_batch, make_row, page_of
from tests.test_admin_uploads import address
from tests.test_duplicates import text
from tests.test_importer import TEXT, deliver, seed
from tests.test_repair import BROKEN, MENDED, quarantined
from tests.test_uploads import other, previewed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def outcome_rows(outcome: str) -> list[ImportRow]:
    return list(ImportRow.objects.filter(outcome=outcome).order_by("pk"))


class TestWhereARecordStands:
    @pytest.mark.parametrize(("first", "last", "shown"), [(1, 1, "1"), (34, 34, "34"), (1, 7, "1–7")])
    def test_is_one_line_or_from_one_to_another(self, first, last, shown):
        assert places.lines(first, last) == shown
        assert places.place("一.txt", first, last) == f"一.txt:{shown}"

    def test_is_said_alike_by_page_list_and_article(self, folder):
        [row] = deliver(folder, "标题: 只有标题").rows.all()
        client = desk()
        assert f"<h1>{row.file_name}:1</h1>" in client.get(page_of(row)).text
        article = make_article()
        ImportRow.objects.update(article=article)
        assert "<span>line 1</span>" in client.get(page_of(article)).text

    def test_of_a_mended_text_says_that_it_is_mended(self, folder):
        deliver(folder, BROKEN)
        row = quarantined()
        [made] = repair.repair(row, MENDED)
        assert records.place(made) == f"{row.file_name}:1 (mended):1–3"
        page = desk().get(page_of(made)).text
        assert f"<h1>{row.file_name}:1 (mended):1–3</h1>" in page
        assert "1 *" not in page


class TestThePage:
    def test_stands_under_its_batch_and_outcome_and_leads_to_its_neighbours(self, folder):
        batch = deliver(folder, other(1), BROKEN, other(2), other(3))
        first, second, third = outcome_rows("created")
        client = desk()
        page = client.get(page_of(second))
        assert page.context["neighbours"] == {"previous": page_of(first), "next": page_of(third)}
        assert client.get(page_of(first)).context["neighbours"] == {"next": page_of(second)}
        assert client.get(page_of(quarantined())).context["neighbours"] == {}
        back = f"{page_of(batch)}?tab=created&after={second.pk - 1}"
        assert f'<a href="{back.replace("&", "&amp;")}#records">created</a>' in page.text
        assert client.get(back).context["records"]["rows"][0]["row"] == second

    def test_of_a_conflict_leads_to_the_decision_while_there_is_one_to_make(self, folder):
        deliver(folder, seed())
        article = Article.objects.get()
        editing.save(article, {"title": "编辑的标题"}, by=None)
        deliver(folder, seed(标题="种子的新标题"))
        [row] = outcome_rows("conflict")
        link = f"/admin/articles/article/{article.pk}/conflicts/"
        assert f'href="{link}">Compare and decide</a>' in desk().get(page_of(row)).text
        looking = desk(staff("view_importrow", "view_article", "view_seedfile"))
        assert f'href="{link}">Compare</a>' in looking.get(page_of(row)).text
        assert link not in desk(staff("view_importrow", "view_seedfile")).get(page_of(row)).text
        conflicts.decide(Article.objects.get(), {"title": (KEEP, None)}, by=None)
        assert link not in desk().get(page_of(row)).text

    def test_offers_to_leave_out_beside_the_repair(self, folder):
        deliver(folder, BROKEN)
        page = desk().get(page_of(quarantined())).text
        assert "Repair …" in page and "Leave the record out …" in page
        looking = desk(staff("view_importrow", "view_seedfile"))
        assert "Leave the record out" not in looking.get(page_of(quarantined())).text

    def test_marks_no_line_for_a_mere_note(self, folder):
        deliver(folder, seed(AI技术=""))
        [row] = ImportRow.objects.all()
        lines = {finding["code"]: finding["line"] for finding in row.findings}
        assert {"date-from-link", "missing-terms"} <= lines.keys()
        shown = desk().get(page_of(row)).context["delivered"].lines
        marked = {line.number for line in shown if line.marked}
        assert lines["date-from-link"] not in marked and marked

    def test_takes_as_many_statements_for_a_batch_of_three_as_for_one(self, folder):
        client, asked = desk(), []
        for number in (1, 3):
            deliver(folder, *(other(10 * number + at) for at in range(number)))
            row = ImportRow.objects.last()
            client.get(page_of(row))
            with CaptureQueriesContext(connection) as queries:
                client.get(page_of(row))
            asked.append(len(queries))
        assert asked[0] == asked[1]


def test_repair_shows_the_result_in_place_of_the_old_finding_and_above_the_text(folder):
    deliver(folder, BROKEN)
    client, row = desk(), quarantined()
    repair_page = page_of(row).replace("change", "repair")
    assert "There is a title and nothing else." in client.get(repair_page).text
    page = client.post(repair_page, {"text": MENDED, "check": "1"}).text
    assert "There is a title and nothing else." not in page
    assert page.index("It would be:") < page.index('name="import"') < page.index("<textarea")
    still = client.post(repair_page, {"text": "标题: 还是只有标题\n", "check": "1"}).text
    assert "There is a title and nothing else." in still and 'name="import"' not in still


# --- decisions on conflicts -----------------------------------------------------------------------


def test_an_older_conflict_is_settled_with_the_later_one_and_says_so(folder):
    deliver(folder, seed())
    editing.save(Article.objects.get(), {"title": "编辑的标题"}, by=None)
    for title in ("改一次的标题", "再改一次的标题"):
        deliver(folder, seed(标题=title))
    conflicts.decide(Article.objects.get(), {"title": (TAKE, None)}, by=None)
    older, newest = outcome_rows("conflict")
    assert Article.objects.get().title == "再改一次的标题"
    decided = [records.three_sides(row.conflicts)[0]["decision"] for row in (older, newest)]
    assert decided == ["settled together with a later conflict", "the seed’s was taken"]
    assert older.conflicts["title"]["decision"]["at"] == newest.conflicts["title"]["decision"]["at"]


def test_the_time_of_a_decision_is_that_of_the_desk():
    decision = {"choice": "keep", "at": "2026-11-23T08:02:59.1+00:00"}
    [told] = records.three_sides({"title": {"base": "", "desk": "", "seed": "", "decision": decision}})
    assert told["at"] == "2026-11-23 16:02"
    [undecided] = records.three_sides({"title": {"base": "", "desk": "", "seed": ""}})
    assert (undecided["decision"], undecided["at"]) == ("", "")


# --- a preview says what will be ------------------------------------------------------------------


class TestAPreview:
    def after(self, text: str) -> dict[str, str]:
        [row] = PreviewRow.objects.filter(upload=previewed(text)).select_related("file")
        return {line.label: line.after for line in records.beside(row, sees=True)["fields"] if line.differs}

    def test_says_of_each_field_that_differs_what_the_import_makes_of_it(self, folder):
        deliver(folder, seed())
        changes = {"title": "编辑的标题", "summary": f"{TEXT}编辑补充。", "keywords": ["病历", "编辑加的"]}
        editing.save(Article.objects.get(), changes, by=None)
        delivered = seed(标题="种子的标题", 关键词="病历, 医院, 种子加的", 作者="新来的标签")
        told = self.after(delivered)
        assert told == {
            "title": "as it is now, until somebody decides",
            "text": "as it is now: only the desk has changed it",
            "keywords": "what the desk and the seed have each changed, together",
            "other labels": "as in the seed",
        }
        deliver(folder, delivered)
        article = Article.objects.get()
        assert (article.title, article.summary) == (changes["title"], changes["summary"])
        assert set(article.keywords.names()) == {"病历", "编辑加的", "种子加的"}
        assert article.extra == {"作者": "新来的标签"}

    def test_says_that_readers_see_nothing_of_it_where_the_article_is_published(self, folder):
        deliver(folder, seed())
        Article.objects.update(status="published", published_at="2026-01-01T00:00:00Z")
        assert self.after(seed(标题="种子的标题")) == {
            "title": "for readers as it is now; the seed’s change waits as a draft"
        }

    def test_says_nothing_of_the_kind_where_nothing_is_merged(self, folder):
        deliver(folder, seed())
        [row] = ImportRow.objects.select_related("file")
        Article.objects.update(title="后来改的标题")
        assert {line.after for line in records.beside(row, sees=True)["fields"]} == {""}


# --- lists ----------------------------------------------------------------------------------------


class TestTheListOfABatch:
    def titles(self, batch, client=None, **query: str) -> list[str]:
        page = (client or desk()).get(page_of(batch), query)
        return [entry["title"] for entry in page.context["records"]["rows"]]

    def test_names_what_is_no_article_by_the_title_it_was_delivered_with(self, folder):
        batch = deliver(folder, other(1), BROKEN, f"{other(2)}---\n{BROKEN.replace('只有', '也只有')}")
        assert self.titles(batch, tab="quarantined") == ["只有标题", "也只有标题"]
        looking = desk(staff("view_importbatch", "view_importrow", "view_article"))
        assert self.titles(batch, looking, tab="quarantined") == ["", ""]
        undoing.undo(batch)
        assert self.titles(batch, tab="created") == ["第1条", "第2条"]

    def test_does_not_read_large_files_for_that(self, folder, monkeypatch):
        monkeypatch.setattr(records, "TITLED", len(BROKEN.encode()) - 1)
        batch = deliver(folder, BROKEN)
        with CaptureQueriesContext(connection) as queries:
            assert self.titles(batch) == [""]
        [asked] = [query["sql"] for query in queries if '"articles_seedfile"."content"' in query["sql"]]
        assert '"articles_seedfile"."size" <= ' in asked

    def test_takes_as_many_statements_for_three_as_for_one(self, folder):
        client, asked = desk(), []
        for number in (1, 3):
            broken = [BROKEN.replace("只有", f"{number}-{at}") for at in range(number)]
            batch = deliver(folder, *broken)
            client.get(page_of(batch))
            with CaptureQueriesContext(connection) as queries:
                assert len(self.titles(batch, client)) == number
            asked.append(len(queries))
        assert asked[0] == asked[1]


# --- findings that name another article -----------------------------------------------------------


class TestAFindingThatNamesAnother:
    @pytest.fixture
    def twins(self, folder) -> list[ImportRow]:
        """Two records of one batch with the same text, looked at for duplicates."""
        both = [seed(链接=f"https://{host}.example/1", 总结=text(1)) for host in "ab"]
        deliver(folder, *both)
        duplicates.find_all()
        return list(ImportRow.objects.order_by("pk"))

    def test_of_the_same_batch_leads_to_its_article_and_to_the_comparison(self, twins):
        first, second = twins
        assert second.outcome == Outcome.DUPLICATE
        [told] = [one for one in panels.remarks([second])[0] if one["code"] == "possible-duplicate"]
        assert told["text"].endswith("1.txt:1")
        assert told["article"] == first.article
        address_of_pair = page_of(DuplicatePair.objects.get())
        assert told["compare"] == address_of_pair
        assert f'<a href="{address_of_pair}">Compare the two.</a>' in desk().get(page_of(second)).text

    def test_says_it_in_words_where_nothing_is_there_to_compare(self, twins):
        DuplicatePair.objects.all().delete()
        twins[0].article.delete()
        [told] = [one for one in panels.remarks([twins[1]])[0] if one["code"] == "possible-duplicate"]
        assert (told["article"], told["compare"]) == (None, "")

    def test_is_found_in_a_constant_number_of_statements(self, twins, django_assert_num_queries):
        for rows in (twins[1:], twins[1:] * 3):
            with django_assert_num_queries(3):
                panels.remarks(rows)


def test_the_findings_in_words_are_those_that_need_care_or_else_the_notes():
    note, warning = ({"code": code, "line": 1, "text": ""} for code in ("date-from-link", "missing-link"))
    unknown = {"code": "of-a-newer-version", "line": 1, "text": ""}
    batch = make_batch()
    told = [
        panels.in_words(make_row(batch, findings=findings))
        for findings in ([], [note], [note, warning, warning], [unknown])
    ]
    assert told == [
        "",
        "The date was inferred from the address",
        "The link is missing",
        "of-a-newer-version",
    ]


def test_what_a_later_delivery_says_otherwise_is_marked_by_characters():
    budget = records.Budget()
    shown = records.marked("六个科室参加了对照", "八个科室参加了对照", budget)
    assert [(piece.kind, piece.text) for piece in shown] == [
        ("removed", "六"),
        ("added", "八"),
        ("same", "个科室参加了对照"),
    ]
    assert [piece.kind for piece in records.marked("", "新的", budget)] == ["added"]


def test_a_decision_is_stored_as_the_contract_has_it(folder):
    deliver(folder, seed())
    editing.save(Article.objects.get(), {"title": "编辑的标题"}, by=None)
    deliver(folder, seed(标题="新标题"))
    conflicts.decide(Article.objects.get(), {"title": (KEEP, None)}, by=None)
    [row] = outcome_rows("conflict")
    assert sorted(json.loads(json.dumps(row.conflicts["title"]["decision"]))) == ["at", "by", "choice"]
    assert not row.undecided


def test_a_preview_s_records_lead_to_their_neighbours(folder):
    upload = previewed(other(1), other(2), other(3))
    rows = list(PreviewRow.objects.filter(upload=upload).order_by("pk"))
    first, second, third = rows
    assert records.neighbours(PreviewRow.objects.filter(upload=upload), second) == {
        "previous": address("upload_record", upload, first.pk),
        "next": address("upload_record", upload, third.pk),
    }
