"""The desk's front page: numbers that lead to what they count, one's own entries, what happened last."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from articles import editing, workbench, workflow
from articles.models import Article, ImportBatch, ImportRow, Outcome, SeedFile, Status
from articles.workbench import Import, Number
from newsroom import counting
from tests.factories import desk, make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db

HOME = "/admin/"
LIST = "/admin/articles/article/"
STATEMENTS = 20


def chief(name: str = ""):
    return make_user(name, is_staff=True, is_superuser=True)


def bench(client=None) -> workbench.Workbench:
    return (client or desk()).get(HOME).context["desk"]


def make_row(outcome: Outcome, article: Article | None = None, **fields) -> ImportRow:
    batch = ImportBatch.objects.first() or ImportBatch.objects.create(
        paths=["seeds"], finished_at=timezone.now(), counts={"created": 12_345, "quarantined": 1}
    )
    file = SeedFile.objects.first() or SeedFile.objects.create(
        sha256="0" * 64, name="a.txt", content=b"", size=0
    )
    line = ImportRow.objects.count() + 1
    place = {"file_name": "a.txt", "first_line": line, "last_line": line}
    return ImportRow.objects.create(
        batch=batch, file=file, outcome=outcome, article=article, **place, **fields
    )


@pytest.fixture
def desk_at_work() -> None:
    """One of everything that waits, and beside it what waits for nothing."""
    make_article("待处理")
    make_article("待审", status=Status.IN_REVIEW)
    make_article("待审二", status=Status.IN_REVIEW)
    make_article("已发布", publish=True)
    make_article("不采用", status=Status.DECLINED)
    make_article("定时", publish=True, published_at=timezone.now() + timedelta(days=1))
    with_draft = make_article("有修订稿", publish=True)
    editing.save(with_draft, {"title": "改过"}, by=None)
    part = {"base": "a", "desk": "b", "seed": "c"}
    make_row(Outcome.CONFLICT, with_draft, conflicts={"title": part})
    make_row(Outcome.CONFLICT, with_draft, conflicts={"url": part})
    make_row(
        Outcome.CONFLICT,
        make_article(publish=True),
        conflicts={"url": part | {"decision": {"choice": "keep"}}},
    )
    make_row(Outcome.QUARANTINED, waits=True)
    make_row(Outcome.QUARANTINED)  # the same record came again
    for number in range(3):
        make_term(f"新词{number}", "keyword", confirmed=False)
    make_term("旧词", "keyword")
    make_term("并入的词", "keyword", confirmed=False, merged_into=make_term("旧技术词", "keyword"))


def test_each_number_leads_to_the_list_that_shows_exactly_these(desk_at_work):
    client = desk()
    found = bench(client)
    counted = {item.label: item.number for item in found.numbers + found.terms}
    assert counted == {
        "to do": 1,
        "in review": 2,
        "scheduled": 1,
        "drafts to approve": 1,
        "conflicts to decide": 1,
        "possible duplicates": 0,
        "quarantined records": 1,
        "rules to decide": 0,
        "keywords": 3,
        "AI technologies": 0,
        "industries": 0,
    }
    for item in found.numbers + found.terms:
        page = client.get(item.address)
        rows = page.context["rows"] if "rows" in page.context else page.context["cl"].result_list
        assert len(rows) == item.number, item.label
    assert [address_of(found, label) for label in ("to do", "scheduled", "drafts to approve")] == [
        "/admin/articles/article/triage/",
        f"{LIST}?desk=scheduled",
        f"{LIST}?desk=drafts",
    ]


def address_of(found: workbench.Workbench, label: str) -> str:
    return next(item.address for item in found.numbers if item.label == label)


def test_of_very_many_no_more_are_counted_than_need_be(monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 2)
    for _ in range(4):
        make_article()
    client = desk()
    assert bench(client).numbers[0] == Number("to do", 2, True, "/admin/articles/article/triage/")
    assert "<b>2+</b>" in client.get(HOME).content.decode()


def test_the_last_import_shows_its_outcomes_each_leading_to_its_rows():
    ImportBatch.objects.create(paths=["older"])
    batch = ImportBatch.objects.create(
        paths=["seeds"],
        finished_at=timezone.now(),
        counts={"created": 12_345, "quarantined": 2, "updated": 0},
    )
    found = bench()
    rows = f"/admin/articles/importrow/?batch__id__exact={batch.pk}&outcome__exact="
    outcomes = [
        Number("created", 12_345, False, f"{rows}created"),
        Number("quarantined", 2, False, f"{rows}quarantined"),
    ]
    assert found.imports == [Import("Last import", batch, "", outcomes)]
    assert "created 12,345" in desk().get(HOME).content.decode()


def test_what_a_person_imports_does_not_hide_the_night():
    night = ImportBatch.objects.create(finished_at=timezone.now(), scheduled=True, counts={"created": 3})
    day = ImportBatch.objects.create(by=make_user("李四"), finished_at=timezone.now(), counts={"updated": 1})
    found = bench().imports
    assert [(one.label, one.batch, one.by) for one in found] == [
        ("Last import", day, "李四"),
        ("Last by the timer", night, ""),
    ]
    assert [[(item.label, item.number) for item in one.outcomes] for one in found] == [
        [("updated", 1)],
        [("created", 3)],
    ]
    trial = ImportBatch.objects.create(finished_at=timezone.now())
    assert [one.batch for one in bench().imports] == [trial, night]
    last = ImportBatch.objects.create(finished_at=timezone.now(), scheduled=True)
    assert [one.batch for one in bench().imports] == [last]


def test_an_import_that_was_cut_short_is_not_the_one_that_is_expected(settings):
    settings.IMPORT_EXPECTED_HOURS = 26
    batch = ImportBatch.objects.create(finished_at=timezone.now(), scheduled=True, cut_short=True)
    assert bench().overdue == 26
    ImportBatch.objects.filter(pk=batch.pk).update(cut_short=False)
    assert bench().overdue == 0


def test_an_import_that_is_overdue_says_when_the_last_one_by_the_timer_began(settings):
    settings.IMPORT_EXPECTED_HOURS = 26
    ImportBatch.objects.create(finished_at=timezone.now())
    assert "Import overdue" in desk().get(HOME).text and "The last one began" not in desk().get(HOME).text
    at = datetime(2026, 11, 21, 18, 2, tzinfo=UTC)
    ImportBatch.objects.create(started_at=at, finished_at=at, scheduled=True)
    ImportBatch.objects.create(finished_at=timezone.now())
    assert "The last one began at 2026-11-22 02:02." in desk().get(HOME).text


def test_an_import_that_brought_nothing_or_was_undone_says_so():
    batch = ImportBatch.objects.create(finished_at=timezone.now(), counts={"created": 0})
    page = desk().get(HOME).text
    assert "nothing new" in page and "undone" not in page
    ImportBatch.objects.filter(pk=batch.pk).update(counts={"created": 1}, undone_at=timezone.now())
    page = desk().get(HOME).text
    assert "nothing new" not in page and "undone" in page


def test_an_import_that_has_not_finished_says_so():
    ImportBatch.objects.create(paths=["seeds"])
    assert "running or interrupted" in desk().get(HOME).content.decode()


def test_what_is_assigned_to_me_is_there_while_it_is_not_done():
    me = chief()
    for title, status in (("一", "draft"), ("二", "in_review"), ("三", "declined"), ("四", "draft")):
        make_article(title, status=status, assigned_to=me)
    make_article("别人的", assigned_to=make_user())
    make_article("无人的")
    client = desk(me)
    assert [article.title for article in bench(client).mine] == ["四", "二", "一"]
    shown = client.get(LIST, {"assigned": "me"}).context["cl"].result_list
    assert [article.title for article in shown] == ["四", "三", "二", "一"]
    nobodys = client.get(LIST, {"assigned": "nobody"}).context["cl"].result_list
    assert [article.title for article in nobodys] == ["无人的"]


@pytest.mark.parametrize("right", ["change_article", "view_article"])
def test_whoever_cannot_take_an_article_on_is_not_asked_to(right):
    page = desk(staff(right)).get(HOME).content.decode()
    assert ("Take something on" in page) == (right == "change_article")


def test_what_was_sent_back_to_me_is_there_with_the_note_until_i_submit_it_again():
    me, reviewer = chief("我"), chief("审稿")
    article = make_article("退回的")
    others = make_article("别人提交的")
    workflow.submit(others, by=make_user(is_superuser=True))
    workflow.send_back(others, by=reviewer, note="不是我的")
    workflow.submit(article, by=me)
    assert bench(desk(me)).sent_back == []
    workflow.send_back(article, by=reviewer, note="缺出处")
    assert [(found, found.act_note) for found in bench(desk(me)).sent_back] == [(article, "缺出处")]
    assert bench(desk(reviewer)).sent_back == []
    editing.save(article, {"title": "补了出处"}, by=me)
    assert bench(desk(me)).sent_back == [article]
    workflow.submit(article, by=me)
    assert bench(desk(me)).sent_back == []


def test_what_i_declined_and_somebody_took_up_again_was_not_sent_back():
    me, other = chief(), chief()
    article = make_article()
    workflow.decline(article, by=me, reason="不用")
    workflow.reopen(article, by=other, note="还是用")
    assert bench(desk(me)).sent_back == []


def test_what_happened_last_says_who_did_what_to_which_article():
    li = make_user("李四", is_superuser=True)
    article = make_article("一条")
    editing.save(article, {"summary": "正文"}, by=li, note="补正文")
    workflow.submit(article, by=li)
    workflow.decline(article, by=li, reason="不用")
    activity = bench().activity
    assert [(act.by, act.what, act.revision.note, act.revision.article) for act in activity] == [
        ("李四", "Decline", "不用", article),
        ("李四", "Submit for review", "", article),
        ("李四", "edit", "补正文", article),
    ]
    assert "<script>" not in desk().get(HOME).content.decode().split("bench-activity")[1]


def test_what_nobody_may_see_is_not_on_the_page(desk_at_work):
    me = staff("view_source")
    found = bench(desk(me))
    assert (found.numbers, found.terms, found.imports) == ([], [], [])
    assert (found.mine, found.sent_back, found.activity) == ([], [], [])
    page = desk(me).get(HOME).content.decode()
    for said in ("待审", "有修订稿", "新词", "Recent activity", "Last import"):
        assert said not in page


def test_each_right_brings_its_own_numbers(desk_at_work):
    found = bench(desk(staff("view_importrow")))
    assert [item.label for item in found.numbers] == ["quarantined records"]
    found = bench(desk(staff("change_technology")))
    assert [item.label for item in found.terms] == ["AI technologies"]
    found = bench(desk(staff("view_importbatch")))
    assert [one.outcomes for one in found.imports] == [[]]  # they lead to rows


def test_the_front_page_costs_the_same_however_much_there_is(django_assert_num_queries, desk_at_work):
    me, other = chief(), chief()
    client = desk(me)
    client.get(HOME)
    for number in (1, 3):
        for _ in range(number):
            article = make_article(assigned_to=me)
            workflow.submit(article, by=me)
            workflow.send_back(article, by=other, note="再看")
        with django_assert_num_queries(STATEMENTS):
            client.get(HOME)


@pytest.mark.parametrize("query", ["desk=nonsense", "assigned=nonsense", "desk=%01&assigned=%01"])
def test_a_filter_that_does_not_exist_narrows_nothing(query):
    make_article("甲")
    page = desk().get(f"{LIST}?{query}")
    assert [article.title for article in page.context["cl"].result_list] == ["甲"]


def test_the_desk_s_own_lists_come_first_and_the_accounts_last():
    apps = desk().get("/admin/").context["app_list"]
    names = [app["app_label"] for app in workbench.in_order(apps)]
    assert names[:3] == ["articles", "taxonomy", "auth"]
    lists = [model["object_name"] for model in workbench.in_order(apps)[0]["models"]]
    assert lists[:2] == ["Article", "Source"]
    page = desk().get("/admin/").content.decode()
    assert page.index("/admin/articles/article/add/") < page.index("/admin/auth/user/add/")


def test_whoever_may_import_begins_a_batch_from_here():
    new = '<a href="/admin/articles/importbatch/new/" class="button bench-import">'
    assert new in desk(staff("add_importbatch")).get("/admin/").text
    assert new not in desk(staff("view_article")).get("/admin/").text
