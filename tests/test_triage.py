"""The queue of what is to do: why each entry needs attention, and what is done with it from there."""

from itertools import count

import pytest
from django.urls import reverse

from articles import triage, workflow
from articles.models import Article, ImportBatch, ImportRow, Outcome, Reuse, SeedFile, Status
from taxonomy.models import Industry, Technology
from tests.factories import desk, make_article, make_source, make_term, make_user, set_terms, staff

pytestmark = pytest.mark.django_db


TRIAGE = "/admin/articles/article/triage/"
ACT = f"{TRIAGE}act/"
STATEMENTS = 14  # of the page: who asks, the queue, the list, and all that a decision about one needs
_lines = count(1)


def complete(title: str, **fields) -> Article:
    """An entry that nothing speaks against."""
    defaults = {
        "source_date": "2025-01-01",
        "source_date_origin": "given",
        "points": [("第一", "甲")],
        "technologies": ["大模型"],
        "industries": ["教育"],
    }
    article = make_article(title, **defaults | fields)
    Technology.objects.update(confirmed=True)
    Industry.objects.update(confirmed=True)
    return article


def came_in(article: Article, *codes: str, outcome: Outcome = Outcome.CREATED, **fields) -> ImportRow:
    """The record of an import that told these findings."""
    batch = ImportBatch.objects.first() or ImportBatch.objects.create(paths=["seeds"])
    file = SeedFile.objects.first() or SeedFile.objects.create(
        sha256="0" * 64, name="a.txt", content=b"", size=0
    )
    line = next(_lines)
    findings = [{"code": code, "line": 7, "text": "甲"} for code in codes]
    return ImportRow.objects.create(
        batch=batch,
        file=file,
        file_name="a.txt",
        first_line=line,
        last_line=line,
        outcome=outcome,
        article=article,
        findings=findings,
        **fields,
    )


def reasons(**asked) -> dict[str, list[str]]:
    """Titles in the order of the queue, each with its reasons."""
    queue = triage.queue(0, **asked)
    titles = dict(Article.objects.values_list("pk", "title"))
    return {titles[entry.pk]: [reason.code for reason in entry.reasons] for entry in queue.chosen}


# --- why ------------------------------------------------------------------------------------------


def test_an_entry_that_lacks_nothing_is_there_for_no_reason():
    complete("齐全")
    assert reasons() == {"齐全": []}
    assert reasons(reason="ready") == {"齐全": []}


def test_what_is_no_longer_to_do_is_not_in_the_queue():
    for status in (Status.IN_REVIEW, Status.PUBLISHED, Status.DECLINED, Status.WITHDRAWN):
        make_article(status.value, status=status)
    assert reasons() == {}


@pytest.mark.parametrize(
    ("lack", "reason"),
    [
        ({"url": "", "url_key": None}, "link"),
        ({"source": None}, "source"),
        ({"technologies": []}, "technologies"),
        ({"industries": []}, "industries"),
        ({"source_date": None, "source_date_origin": ""}, "date"),
        ({"points": []}, "points"),
        ({"keywords": ["新词"]}, "unconfirmed"),
    ],
)
def test_what_it_lacks_is_a_reason(lack, reason):
    make_term("新词", "keyword", confirmed=False)
    complete("甲", **lack)
    assert reasons() == {"甲": [reason]}


def test_a_declined_term_is_nothing_to_confirm():
    article = complete("甲")
    make_term("不要的", "keyword", confirmed=False, declined=True)
    set_terms(article, keywords=["不要的"])
    assert reasons() == {"甲": []}
    assert desk().get(TRIAGE).context["unconfirmed"] == []


def test_findings_of_its_latest_record_are_a_reason_by_their_severity():
    came_in(complete("提醒"), "long-text")
    came_in(complete("错误"), "duplicate-in-batch")
    came_in(complete("只是说明"), "line-ends")
    again = complete("改好了重来的")
    came_in(again, "long-text")
    came_in(again, outcome=Outcome.UPDATED)
    same = complete("一字不差重来的")
    came_in(same, "long-text")
    came_in(same, outcome=Outcome.UNCHANGED)
    assert reasons() == {
        "错误": ["error"],
        "一字不差重来的": ["warning"],
        "提醒": ["warning"],
        "改好了重来的": [],
        "只是说明": [],
    }


def test_a_finding_about_what_has_been_put_right_since_is_no_reason():
    came_in(complete("已补齐"), "missing-link", "missing-terms", "missing-events", "no-points")
    assert reasons() == {"已补齐": []}


def test_a_reprint_notice_is_a_reason_where_the_source_allows_all_until_somebody_decides():
    generous, careful = make_source("full.com", reuse=Reuse.FULL), make_source("excerpt.com")
    came_in(complete("来源许全文", source=generous), "reprint-notice")
    came_in(complete("来源只许摘录", source=careful), "reprint-notice")
    came_in(complete("已决定", source=generous, reuse=Reuse.LINK), "reprint-notice")
    complete("没有声明", source=generous)
    assert reasons(reason="rights") == {"来源许全文": ["rights"]}


def test_a_conflict_is_a_reason_until_every_part_of_it_is_decided():
    open_, decided = {"base": "a", "desk": "b", "seed": "c"}, {"decision": {"choice": "keep"}}
    came_in(complete("未定"), conflicts={"title": open_, "url": open_ | decided})
    came_in(complete("已定"), conflicts={"title": open_ | decided})
    assert reasons() == {"未定": ["conflict"], "已定": []}


def test_what_a_reviewer_sent_back_stays_marked_until_it_is_submitted_again():
    editor, reviewer = staff("submit_article"), staff("publish_article")
    article = complete("退回")
    workflow.submit(article, by=editor)
    workflow.send_back(article, by=reviewer, note="缺出处", point=1)
    assert reasons() == {"退回": ["sent_back"]}
    workflow.submit(article, by=editor)
    workflow.decline(article, by=make_user(is_superuser=True), reason="不用")
    workflow.reopen(article, by=make_user(is_superuser=True), note="还是用")
    assert reasons() == {"退回": []}


def test_the_worst_comes_first_and_then_the_newest():
    old = complete("旧")
    new = complete("新")
    complete("缺日期", source_date=None, source_date_origin="")
    complete("缺日期和词条", source_date=None, source_date_origin="", technologies=[])
    came_in(old, conflicts={"title": {"base": "a", "desk": "b", "seed": "c"}})
    came_in(new, "line-ends")
    complete("缺链接", url="", url_key=None)
    assert list(reasons()) == ["旧", "缺链接", "缺日期和词条", "缺日期", "新"]


def test_the_queue_is_read_in_one_statement_however_long_it_is(django_assert_num_queries):
    complete("一")
    with django_assert_num_queries(1):
        reasons_of_one = triage.queue(0).entries
    for title in ("二", "三"):
        came_in(complete(title), "long-text", conflicts={"title": {"base": 1, "desk": 2, "seed": 3}})
    with django_assert_num_queries(1):
        assert len(triage.queue(0).entries) == len(reasons_of_one) + 2


def test_of_very_many_the_newest_are_looked_at_and_all_of_ones_own(monkeypatch):
    monkeypatch.setattr(triage, "NEWEST", 2)
    me = make_user()
    complete("我的旧条目", assigned_to=me)
    for title in ("别人的旧条目", "新", "更新"):
        complete(title)
    queue = triage.queue(me.pk)
    assert [Article.objects.get(pk=entry.pk).title for entry in queue.chosen] == ["更新", "新", "我的旧条目"]
    assert queue.more


# --- whose, and how many --------------------------------------------------------------------------


def test_the_queue_is_narrowed_by_reason_and_by_person_with_true_counts():
    me = make_user()
    complete("我的", assigned_to=me, technologies=[])
    complete("别人的", assigned_to=make_user(), technologies=[])
    complete("无人的", technologies=[], industries=[])
    complete("无人的齐全")

    def titles(**asked) -> list[str]:
        return [Article.objects.get(pk=entry.pk).title for entry in triage.queue(me.pk, **asked).chosen]

    assert titles(who="me") == ["我的"]
    assert titles(who="nobody") == ["无人的", "无人的齐全"]
    assert titles(reason="technologies") == ["无人的", "别人的", "我的"]
    assert titles(reason="technologies", who="nobody") == ["无人的"]
    queue = triage.queue(me.pk, who="nobody")
    assert queue.by_reason == {"": 2, "ready": 1, "technologies": 1, "industries": 1}
    assert triage.queue(me.pk, reason="technologies").by_who == {"": 3, "me": 1, "nobody": 1}


# --- the page -------------------------------------------------------------------------------------


def test_the_page_shows_the_list_and_the_first_entry_as_readers_will_see_it():
    article = complete(
        "禁止转载的一条",
        source=make_source("full.com", name="全文网", reuse=Reuse.FULL),
        summary="正文。" * 200 + "未经授权不得转载。",
        intro="导语在此",
        points=[("第一点", "要点正文")],
        keywords=["新词"],
    )
    row = came_in(article, "reprint-notice", "long-text")
    page = desk().get(TRIAGE).content.decode()
    assert "a.txt:7" in page
    for said in ("reprint forbidden, source allows all", "The text is longer than 200,000 characters."):
        assert said in page
    assert reverse("admin:articles_importrow_change", args=[row.pk]) in page
    for shown in ("导语在此", "第一点", "要点正文", "全文网", "full text", "新词"):
        assert shown in page
    assert "正文。" * 20 in page
    assert "正文。" * 100 not in page  # a notice: readers get an excerpt at most
    assert page.count("reprint-notice") == 0


def test_the_page_costs_the_same_whatever_the_list_holds(django_assert_num_queries):
    client = desk()
    came_in(complete("一", keywords=["新词"]), "long-text")
    client.get(TRIAGE)
    with django_assert_num_queries(STATEMENTS):
        client.get(TRIAGE)
    for title in ("二", "三"):
        article = complete(title, source=f"{title}.com", keywords=[f"新词{title}"], assigned_to=make_user())
        came_in(article, "long-text", "many-terms")
    with django_assert_num_queries(STATEMENTS):
        client.get(TRIAGE)


def test_every_number_on_the_page_is_a_link_to_what_it_counts():
    me = make_user(is_staff=True, is_superuser=True)
    complete("我的", assigned_to=me, technologies=[])
    complete("无人的")
    page = desk(me).get(TRIAGE, {"reason": "technologies"})
    assert [(c.label, c.number, c.address, c.chosen) for c in page.context["filters"]["who"]] == [
        ("everybody's", 1, f"{TRIAGE}?reason=technologies", True),
        ("mine", 1, f"{TRIAGE}?reason=technologies&who=me", False),
        ("nobody's", 0, f"{TRIAGE}?reason=technologies&who=nobody", False),
    ]
    assert [(c.number, c.address, c.chosen) for c in page.context["filters"]["reasons"]] == [
        (2, TRIAGE, False),
        (1, f"{TRIAGE}?reason=technologies", True),
        (1, f"{TRIAGE}?reason=ready", False),
    ]


def test_the_way_leads_from_entry_to_entry_across_pages():
    articles = [complete(f"第{n}条") for n in range(27)][::-1]
    client = desk()
    page = client.get(TRIAGE, {"id": articles[24].pk}).context
    assert (page["number"], page["place"], len(page["rows"])) == (1, 25, 25)
    assert page["next"] == f"{TRIAGE}?id={articles[25].pk}"
    page = client.get(page["next"]).context
    assert (page["number"], page["place"]) == (2, 26)
    assert page["previous"] == f"{TRIAGE}?id={articles[24].pk}"
    assert [row.pk for row, *_more in page["rows"]] == [article.pk for article in articles[25:]]
    assert client.get(TRIAGE, {"id": articles[26].pk}).context["next"] == ""
    assert client.get(TRIAGE, {"page": 2}).context["article"] == articles[25]


@pytest.mark.parametrize(
    "query",
    [
        "id=99999999999999999999&page=99999999999999999999",
        "id=0&page=0",
        "id=%01&reason=%01&who=%01",
        "id=abc&reason=nonsense&who=somebody&page=-1",
        "id=９",
        "page=999999&then=7",
        "reason=" + "x" * 5000,
    ],
)
def test_nonsense_in_the_address_gives_the_whole_queue(query):
    complete("甲")
    page = desk().get(f"{TRIAGE}?{query}")
    assert page.status_code == 200
    assert [row.title for row, *_more in page.context["rows"]] == ["甲"]


def test_an_empty_queue_says_so():
    assert "All done." in desk().get(TRIAGE).content.decode()


def test_hostile_text_is_shown_as_text():
    complete("<script>alert(1)</script>", keywords=["<b>词</b>"], summary="<img src=x onerror=alert(1)>")
    page = desk().get(TRIAGE).content.decode()
    assert "<script>alert(1)" not in page
    assert "<b>词" not in page
    assert "<img" not in page


# --- rights ---------------------------------------------------------------------------------------


def test_who_may_not_see_articles_sees_no_queue():
    assert desk(staff("view_source")).get(TRIAGE).status_code == 403
    assert desk(staff("view_source")).post(ACT, {"act": "take"}).status_code == 403


def test_who_may_only_look_gets_no_buttons_and_changes_nothing():
    article = complete("甲")
    client = desk(staff("view_article"))
    page = client.get(TRIAGE).content.decode()
    assert "triage/act/" in page  # the list is a form without controls
    assert 'name="act"' not in page
    assert 'name="pick"' not in page
    for act in ("take", "decline", "submit", "assign"):
        client.post(ACT, {"act": act, "pick": f"{article.pk}:1", "note": "不用"})
    assert client.post(f"{TRIAGE}{article.pk}/terms/", {"version": 1}).status_code == 403
    article.refresh_from_db()
    assert (article.status, article.assigned_to, article.version) == (Status.DRAFT, None, 1)


def test_each_act_asks_for_its_own_right():
    article = complete("甲")
    page = desk(staff("view_article", "decline_article")).get(TRIAGE).content.decode()
    assert 'value="decline"' in page
    assert 'value="submit"' not in page
    assert 'value="take"' not in page
    desk(staff("view_article", "decline_article")).post(ACT, {"act": "submit", "pick": f"{article.pk}:1"})
    assert Article.objects.get().status == Status.DRAFT
