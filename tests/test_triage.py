"""The queue of what is to do: why each entry needs attention, and what is done with it from there."""

from itertools import count

import pytest
from django.urls import reverse

from articles import editing, triage, workflow
from articles.models import Article, ImportBatch, ImportRow, Outcome, Reuse, Revision, SeedFile, Status
from taxonomy.models import Industry, Technology
from tests.factories import desk, make_article, make_source, make_term, make_user, set_terms, staff

pytestmark = pytest.mark.django_db

STALE = "Somebody has changed this article since you opened it. Look at it again first."

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


# --- doing ----------------------------------------------------------------------------------------


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_one_takes_an_entry_on_and_gives_it_back():
    me = make_user("我", is_staff=True, is_superuser=True)
    article = complete("甲")
    one = {"pick": f"{article.pk}:1", "one": "1", "then": ""}
    page = desk(me).post(ACT, one | {"act": "take"}, follow=True)
    assert told(page) == ["甲: assigned to you"]
    assert page.context["article"].assigned_to == me
    page = desk(me).post(ACT, one | {"act": "give"}, follow=True)
    assert told(page) == ["甲: assigned to nobody"]
    assert Article.objects.get().assigned_to is None
    assert not Revision.objects.exists()


def test_what_somebody_else_sees_to_is_not_taken_from_her():
    other = make_user("李四")
    article = complete("甲", assigned_to=other)
    page = desk().post(ACT, {"act": "take", "pick": f"{article.pk}:1", "one": "1"}, follow=True)
    assert told(page) == ["甲: 李四 sees to it already."]
    assert Article.objects.get().assigned_to == other


def test_after_declining_with_a_reason_the_next_entry_is_there():
    second, first = complete("乙"), complete("甲")
    client = desk()
    assert client.get(TRIAGE).context["then"] == second.pk
    one = {"pick": f"{first.pk}:1", "one": "1", "then": second.pk}
    page = client.post(ACT, one | {"act": "decline", "note": "与主题无关"}, follow=True)
    assert told(page) == ["甲: declined"]
    assert page.context["article"] == second
    assert not page.context["gone"]
    first.refresh_from_db()
    assert first.status == Status.DECLINED
    assert first.revisions.get().note == "与主题无关"


def test_nothing_is_declined_without_a_reason():
    article = complete("甲")
    page = desk().post(
        ACT, {"act": "decline", "pick": f"{article.pk}:1", "one": "1", "note": " "}, follow=True
    )
    assert told(page) == ["甲: Give a reason."]
    assert page.context["article"] == article
    assert Article.objects.get().status == Status.DRAFT


def test_an_act_on_a_version_that_was_not_seen_is_refused_and_shows_the_present_one():
    article = complete("甲")
    Article.objects.update(version=2)
    for act in ("take", "decline", "submit", "assign"):
        form = {"act": act, "pick": f"{article.pk}:1", "one": "1", "note": "不用"}
        page = desk().post(ACT, form, follow=True)
        assert told(page) == [f"甲: {STALE}"]
        assert page.context["article"].version == 2
    assert Article.objects.get().status == Status.DRAFT


def test_several_at_once_get_a_result_each():
    done, also, stale = complete("甲"), complete("乙"), complete("丙")
    Article.objects.filter(pk=stale.pk).update(version=5)
    picks = [f"{done.pk}:1", f"{stale.pk}:1", f"{also.pk}:1", "999999999:1", "x", "1:1:1"]
    page = desk().post(ACT, {"act": "submit", "pick": picks}, follow=True)
    assert told(page) == [f"丙: {STALE}", "甲: in review<br>乙: in review"]
    assert list(Article.objects.order_by("pk").values_list("status", flat=True)) == [
        "in_review",
        "in_review",
        "draft",
    ]


def test_several_are_assigned_to_somebody_at_once():
    articles = [complete("甲"), complete("乙")]
    colleague = make_user("张三", is_staff=True)
    picks = [f"{article.pk}:1" for article in articles]
    page = desk().post(ACT, {"act": "assign", "to": colleague.pk, "pick": picks}, follow=True)
    assert told(page) == ["甲: assigned to 张三<br>乙: assigned to 张三"]
    assert {article.assigned_to for article in Article.objects.all()} == {colleague}
    reader = make_user("读者")
    page = desk().post(ACT, {"act": "assign", "to": reader.pk, "pick": picks}, follow=True)
    assert told(page) == ["甲: 读者 does not work on the desk.<br>乙: 读者 does not work on the desk."]
    for nonsense in ("0", "99999999999999999999", "\0", "x"):
        page = desk().post(ACT, {"act": "assign", "to": nonsense, "pick": picks}, follow=True)
        assert told(page) == ["There is no such person."]


def test_a_whole_page_of_results_is_told():
    picks = [f"{complete(f'第{n}条').pk}:1" for n in range(25)]
    page = desk().post(ACT, {"act": "decline", "note": "过时", "pick": picks}, follow=True)
    assert "<br>".join(told(page)).split("<br>") == [f"第{n}条: declined" for n in range(25)]


def test_without_a_choice_or_with_an_unknown_act_nothing_happens():
    article = complete("甲")
    assert told(desk().post(ACT, {"act": "submit"}, follow=True)) == ["Choose at least one entry."]
    assert desk().post(ACT, {"act": "publish", "pick": f"{article.pk}:1"}).status_code == 404
    assert desk().get(ACT).status_code == 405
    assert Article.objects.get().status == Status.DRAFT


def test_the_narrowed_queue_stays_narrowed_after_an_act():
    article = complete("甲", technologies=[])
    form = {"act": "take", "pick": f"{article.pk}:1", "one": "1", "reason": "technologies", "who": "nobody"}
    response = desk().post(ACT, form | {"then": "77"})
    assert response.url == f"{TRIAGE}?reason=technologies&who=nobody&id={article.pk}&then=77"


# --- terms ----------------------------------------------------------------------------------------


def test_terms_are_edited_on_the_spot():
    article = complete("甲", keywords=["旧"])
    form = {"version": 1, "keywords": ["旧", "新"], "technologies": ["大模型"], "industries": ["教育"]}
    page = desk().post(f"{TRIAGE}{article.pk}/terms/", form, follow=True)
    assert told(page) == ["Terms saved."]
    assert page.context["article"] == article
    assert [term.name for term in article.keywords.all()] == ["旧", "新"]
    assert Article.objects.get().version == 2


def test_terms_of_what_is_published_meanwhile_are_edited_in_its_draft():
    article = complete("甲", keywords=["旧"], publish=True)
    make_term("草稿里的", "keyword")
    make_term("新", "keyword")
    editing.save(article, {"keywords": ["旧", "草稿里的"], "technologies": []}, by=None)
    form = {"version": 2, "keywords": ["草稿里的", "新"], "technologies": [], "industries": ["教育"]}
    assert told(desk().post(f"{TRIAGE}{article.pk}/terms/", form, follow=True)) == ["Terms saved."]
    draft = Revision.objects.get(pending=True).snapshot
    assert (draft["keywords"], draft["technologies"]) == (["草稿里的", "新"], [])
    assert [term.name for term in article.keywords.all()] == ["旧"]
    assert [term.name for term in article.technologies.all()] == ["大模型"]


def test_terms_of_a_version_that_was_not_seen_are_refused():
    article = complete("甲")
    Article.objects.update(version=2)
    page = desk().post(f"{TRIAGE}{article.pk}/terms/", {"version": 1, "keywords": ["新"]}, follow=True)
    assert told(page) == [STALE]
    assert not article.keywords.exists()


def test_a_refused_term_is_said_beside_the_field_and_what_was_typed_stays():
    article = complete("甲")
    user = staff("view_article", "change_article")
    form = {"version": 1, "keywords": ["没有的词"], "technologies": ["大模型"], "industries": ["教育"]}
    page = desk(user).post(f"{TRIAGE}{article.pk}/terms/", form)
    assert page.status_code == 200
    [error] = page.context["terms_form"].errors["keywords"]
    assert error.startswith("There is no such term")
    assert "没有的词" in page.content.decode()
    for version in ("", "x", "99999999999999999999"):
        page = desk().post(f"{TRIAGE}{article.pk}/terms/", form | {"version": version})
        assert page.status_code == 200
        assert list(page.context["terms_form"].errors) == ["version"]


def test_terms_of_what_does_not_exist_are_not_found():
    assert desk().post(f"{TRIAGE}99999999999999999999/terms/", {}).status_code == 404
    assert desk().post(f"{TRIAGE}999999/terms/", {}).status_code == 404


def test_of_thousands_of_terms_the_first_are_shown_and_none_are_edited_here():
    make_article("词太多", keywords=[f"词{number}" for number in range(205)])
    page = desk(staff("view_article", "change_article")).get(TRIAGE).text
    assert "词199、…… +5" in page
    assert "词200" not in page
    assert "/terms/" not in page


def test_new_terms_lead_to_where_they_are_confirmed():
    article = complete("甲")
    make_term("新词", "keyword", confirmed=False)
    set_terms(article, keywords=["新词"])
    [(name, address)] = desk().get(TRIAGE).context["unconfirmed"]
    assert name == "新词"
    assert address == reverse("admin:taxonomy_keyword_change", args=[article.keywords.get().pk])
