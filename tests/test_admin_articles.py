"""The admin of articles: one form, one version, one revision; terms, points, links, verbs and lists."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from articles.admin.articles import ArticleAdmin
from articles.admin.forms import ArticleForm
from articles.identity import text_hash
from articles.models import (
    Article,
    ArticleTechnology,
    EventSummary,
    ImportBatch,
    ImportRow,
    Origin,
    RevisionKind,
    SeedFile,
    Source,
    Status,
)
from articles.rewriting import write_terms
from taxonomy.models import Keyword, Technology
from tests.factories import desk, make_article, make_source, make_term, make_user, staff

pytestmark = pytest.mark.django_db


LIST = "/admin/articles/article/"
POINTS = [("一", "甲"), ("二", "乙"), ("三", "丙")]


def page_of(article: Article, *more: str) -> str:
    return "/".join([f"{LIST}{article.pk}", *(more or ("change",)), ""])


def sent(response: Any) -> dict[str, Any]:
    """What a browser would send back from this page if nothing was changed."""
    data: dict[str, Any] = {}
    for field in response.context["adminform"].form:
        value = field.value()
        if field.name == "points":
            data |= {"points-total": str(len(value or []) + 3)}
            for number, row in enumerate(value or []):
                data |= point(number, **{"place": str(number + 1)} | row)
        elif value is not None and value is not False:
            value = [str(v) for v in value] if isinstance(value, list | tuple) else str(value)
            data[field.html_name] = value.replace("\n", "\r\n") if isinstance(value, str) else value
    return data


def save(article: Article, client: Client | None = None, **fields: Any) -> Any:
    client = client or desk()
    data = sent(client.get(page_of(article))) | fields
    return client.post(page_of(article), {name: value for name, value in data.items() if value is not None})


def saved(article: Article, client: Client | None = None, **fields: Any) -> Article:
    response = save(article, client, **fields)
    assert response.status_code == 302, errors(response)
    return Article.objects.whole().get(pk=article.pk)


def errors(response: Any) -> str:
    assert response.status_code == 200
    return str(response.context["adminform"].form.errors)


def point(number: int, **values: Any) -> dict[str, Any]:
    return {f"points-{number}-{name}": value for name, value in values.items()}


def texts(article: Article) -> list[tuple[int, str, str]]:
    return [(p.position, p.heading, p.body) for p in article.points.all()]


def links(article: Article) -> list[tuple[str, str, int]]:
    rows = ArticleTechnology.objects.filter(content_object=article).order_by("position")
    return [(row.tag.name, row.raw, row.position) for row in rows]


# --- versions and revisions


def test_a_save_raises_the_version_and_writes_one_revision():
    article, user = make_article("旧", points=POINTS), make_user(is_staff=True, is_superuser=True)
    before = article.updated_at or Article.objects.get(pk=article.pk).updated_at
    now = saved(article, desk(user), title="新", **point(0, body="改"))
    assert (now.title, now.version, now.editor) == ("新", 2, user)
    assert now.updated_at > before
    revision = now.revisions.get()
    assert (revision.number, revision.kind, revision.by) == (1, RevisionKind.EDIT, user)
    assert (revision.snapshot["title"], revision.snapshot["points"][0]["body"]) == ("新", "改")


def test_an_editor_may_say_why():
    article = make_article("旧")
    saved(article, title="新", note="原标题有误")
    assert article.revisions.get().note == "原标题有误"
    saved(article, note="只有理由")  # and nothing changed
    assert article.revisions.count() == 1


def test_a_save_that_changes_nothing_writes_nothing():
    text = "　　第一段\n\n　　第二段 \n"
    article = make_article(
        "《甲》\u201c乙\u201d",
        summary=text,
        intro=text,
        points=[("一", "a\nb"), ("", "c")],
        keywords=["丙", "甲"],
        source_date="2024-03-01",
        source_date_origin="url",
    )
    now = saved(article)
    assert (now.version, now.revisions.count(), now.summary, now.event_summary.origin) == (
        1,
        0,
        text,
        "machine",
    )
    assert now.source_date_origin == "url"


def test_a_save_on_an_older_version_is_refused_and_keeps_what_was_typed():
    article = make_article("旧", points=POINTS)
    client = desk()
    data = sent(client.get(page_of(article)))
    saved(article, title="别人改的")
    response = client.post(page_of(article), data | {"title": "我改的"} | point(0, body="我改的要点"))
    assert "Somebody has changed this article since you opened it" in errors(response)
    body = response.content.decode()
    assert "我改的" in body and "我改的要点" in body and "别人改的" in body
    now = Article.objects.get(pk=article.pk)
    assert (now.title, now.version, now.revisions.count()) == ("别人改的", 2, 1)
    again = client.post(page_of(article), sent(response))
    assert "Somebody has changed" in errors(again)


def test_a_form_without_a_version_is_refused():
    article = make_article()
    assert "Somebody has changed" in errors(save(article, version=None, title="新"))


def test_what_an_import_wrote_while_the_form_was_read_stays(monkeypatch):
    """An import that finds nothing new in an article renews its base and no version."""
    article, key, digest = make_article("旧", base={"title": "旧"}), uuid4(), uuid4()
    load = ArticleAdmin.get_object

    def load_then_import(*args):
        loaded = load(*args)
        Article.objects.filter(pk=article.pk).update(base={"title": "种"}, record_key=key, record_hash=digest)
        return loaded

    client = desk()
    data = sent(client.get(page_of(article))) | {"title": "新"}
    monkeypatch.setattr(ArticleAdmin, "get_object", load_then_import)
    assert client.post(page_of(article), data).status_code == 302
    now = Article.objects.get(pk=article.pk)
    assert (now.title, now.base, now.record_key, now.record_hash) == ("新", {"title": "种"}, key, digest)


@pytest.mark.parametrize("guessed", ["1", "2"])
def test_a_save_that_slips_in_after_the_form_was_loaded_is_not_overwritten(monkeypatch, guessed):
    article = make_article("旧")
    load = ArticleAdmin.get_object

    def load_then_save(*args):
        loaded = load(*args)
        Article.objects.filter(pk=article.pk).update(title="别人改的", version=2)
        return loaded

    client = desk()
    data = sent(client.get(page_of(article))) | {"title": "我改的", "version": guessed}
    monkeypatch.setattr(ArticleAdmin, "get_object", load_then_save)
    assert "Somebody has changed" in errors(client.post(page_of(article), data))
    assert Article.objects.get(pk=article.pk).title == "别人改的"


def deadlock(times: int, monkeypatch: pytest.MonkeyPatch, cause: Exception) -> list[Article]:
    """Let so many saves fail as the database's choice of victim does; the saves that were tried."""
    save_model, tried = ArticleAdmin.save_model, []

    def fail_first(self, request, obj, form, change):
        save_model(self, request, obj, form, change)
        tried.append(obj)
        if len(tried) <= times:
            raise OperationalError(str(cause)) from cause

    monkeypatch.setattr(ArticleAdmin, "save_model", fail_first)
    return tried


def test_the_victim_of_a_deadlock_is_saved_at_the_second_try(monkeypatch):
    article = make_article("旧")
    tried = deadlock(1, monkeypatch, DeadlockDetected("deadlock detected"))
    now = saved(article, title="新", technologies=["AI"])
    assert (now.title, now.version, now.revisions.count(), len(tried)) == ("新", 2, 1, 2)


def test_there_is_one_second_try_and_for_deadlocks_only(monkeypatch):
    for times, cause in ((2, DeadlockDetected("deadlock detected")), (1, OSError("disk full"))):
        with monkeypatch.context() as patch:
            tried = deadlock(times, patch, cause)
            with pytest.raises(OperationalError):
                save(make_article("旧"), title="新")
            assert len(tried) == times
    assert not Article.objects.filter(title="新").exists()


def test_the_hash_of_the_text_follows_the_text():
    old, new = "旧文" * 30, "新文" * 30
    article = make_article(summary=old, text_hash=text_hash(old))
    assert saved(article, summary=new).text_hash == text_hash(new)
    assert saved(article, summary="短").text_hash is None
    assert saved(article, summary=new + "\n").text_hash == text_hash(new)


def test_an_article_written_by_hand():
    user = make_user(is_staff=True, is_superuser=True)
    client = desk(user)
    data = sent(client.get(LIST + "add/")) | {
        "title": "手写",
        "summary": "手写的文字" * 10,
        "url": "https://www.1905.com/news/1.shtml?utm_source=x",
        "keywords": ["电影"],
        "intro": "导语",
    }
    data |= point(0, heading="一", body="甲")
    response = client.post(LIST + "add/", data)
    assert response.status_code == 302, errors(response)
    article = Article.objects.whole().get()
    assert (article.author, article.editor, article.version, article.status) == (user, user, 1, Status.DRAFT)
    assert (article.source.host, article.url_key) == ("1905.com", "https://www.1905.com/news/1.shtml")
    assert article.text_hash == text_hash(article.summary) is not None
    assert (texts(article), article.event_summary.origin) == ([(1, "一", "甲")], Origin.EDITED)
    assert [revision.kind for revision in article.revisions.all()] == [RevisionKind.EDIT]


# --- terms


def test_terms_are_found_by_alias_kept_in_order_and_shown_by_their_names():
    make_term("Midjourney", aliases=["MJ"])
    make_term("ChatGPT")
    now = saved(make_article(), technologies=["chatgpt", "MJ"])
    assert links(now) == [("ChatGPT", "ChatGPT", 1), ("Midjourney", "Midjourney", 2)]


@pytest.mark.parametrize("text", ["郭帆，AI，电影；版权、科技", "郭帆\nAI\r\n电影,版权;科技"])
def test_a_pasted_list_becomes_its_terms(text):
    now = saved(make_article(), keywords=[text])
    assert [term.name for term in now.keywords.all()] == ["郭帆", "AI", "电影", "版权", "科技"]
    assert Keyword.objects.filter(confirmed=False).count() == 0


def test_a_term_whose_name_has_a_comma_is_not_taken_apart():
    make_term("Foo, Inc.")
    now = saved(make_article(), technologies=["Foo, Inc.", "Bar"])
    assert [term.name for term in now.technologies.all()] == ["Foo, Inc.", "Bar"]


def test_a_number_is_a_name_and_no_primary_key():
    term = make_term("Midjourney")
    now = saved(make_article(), technologies=[str(term.pk)])
    assert [t.name for t in now.technologies.all()] == [str(term.pk)]


def test_a_merged_term_goes_to_its_survivor_once():
    make_term("LLM", merged_into=make_term("大语言模型"))
    now = saved(make_article(), technologies=["LLM", "大语言模型", "ｌｌｍ"])
    assert [term.name for term in now.technologies.all()] == ["大语言模型"]


def test_a_term_that_stays_keeps_the_spelling_it_came_in():
    article = make_article(technologies=["MID journey", "AI"])
    ArticleTechnology.objects.filter(tag__name="MID journey").update(raw="ＭＩＤ journey")
    now = saved(article, technologies=["Sora", "midjourney"])
    assert links(now) == [("Sora", "Sora", 1), ("MID journey", "ＭＩＤ journey", 2)]


def test_all_terms_can_be_taken_off():
    article = make_article(technologies=["A", "B"])
    assert links(saved(article, technologies=[])) == []


def test_new_terms_need_the_right_to_add_them():
    article = make_article(technologies=["A"])
    editor = staff("change_article", "view_article", "add_keyword")
    response = save(article, desk(editor), technologies=["A", "未知"], keywords=["新词"])
    assert "no right to add one: “未知”" in errors(response)
    assert not Technology.objects.filter(name="未知").exists()
    assert [t.name for t in saved(article, desk(editor), keywords=["新词"]).keywords.all()] == ["新词"]


@pytest.mark.parametrize(
    "name", ["长" * 101, "\u200b,\u200d", "文章没有提及任何一种具体的人工智能技术或者相关的产品"]
)
def test_what_cannot_be_a_term_is_an_error_in_words(name):
    assert re.search(
        "cannot be the name|reads like a sentence", errors(save(make_article(), technologies=[name]))
    )


def test_the_present_terms_are_in_the_page_for_browsers_without_script():
    article = make_article(technologies=["乙", "甲"])
    page = desk().get(page_of(article)).content.decode()
    field = page.partition('<select name="technologies"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="([^"]+)" selected', field) == ["乙", "甲"]


def test_writing_terms_takes_as_many_statements_for_many_as_for_two():
    counts = []
    for number in (2, 20):
        article = make_article(technologies=["旧一", "旧二"])
        chosen = ["旧二", *(f"新{number}-{n}" for n in range(number))]
        with CaptureQueriesContext(connection) as queries:
            write_terms(article, "technologies", chosen)
        counts.append(len(queries))
        assert [name for name, _raw, _place in links(article)] == chosen
    assert counts[0] == counts[1] <= 13  # looking the names up, and waiting for a merge, included


# --- points and their origin


def test_points_are_numbered_in_the_order_given():
    article = make_article(points=POINTS)
    now = saved(article, **point(0, place="9"))
    assert texts(now) == [(1, "二", "乙"), (2, "三", "丙"), (3, "一", "甲")]


def test_a_point_moved_to_anothers_place_stands_there():
    up = saved(make_article(points=POINTS), **point(2, place="1"))
    down = saved(make_article(points=POINTS), **point(0, place="2"))
    assert [heading for _n, heading, _b in texts(up)] == ["三", "一", "二"]
    assert [heading for _n, heading, _b in texts(down)] == ["二", "一", "三"]


def test_points_are_added_and_deleted_and_numbered_again():
    article = make_article(points=POINTS)
    new = point(3, heading="新", body="") | point(4, place="2", heading="", body="第二")
    now = saved(article, **point(0, delete="1"), **new)
    assert texts(now) == [(1, "", "第二"), (2, "二", "乙"), (3, "三", "丙"), (4, "新", "")]


def test_a_point_with_neither_heading_nor_body_is_dropped():
    article = make_article(points=POINTS)
    new = point(3, place="1", heading=" ", body="\r\n")
    now = saved(article, **point(1, heading="", body=""), **new)
    assert texts(now) == [(1, "一", "甲"), (2, "三", "丙")]


@pytest.mark.parametrize(
    "fields",
    [
        {"intro": "改"},
        {"conclusion": "改"},
        point(0, body="改"),
        point(0, place="2"),
        point(2, delete="1"),
    ],
)
def test_editing_the_event_summary_makes_it_an_edited_one(fields):
    article = make_article(intro="导语", points=POINTS)
    assert saved(article, **fields).event_summary.origin == Origin.EDITED


def test_an_editor_may_say_that_she_has_verified_it():
    article = make_article(intro="导语", points=POINTS)
    now = saved(article, intro="改", verified="on")
    assert (now.event_summary.origin, now.revisions.get().snapshot["origin"]) == ("verified", "verified")


def test_what_was_verified_is_so_no_more_once_its_text_changes_unless_verified_again():
    article = make_article(intro="导语", origin="verified", points=POINTS)
    assert saved(article, title="新").event_summary.origin == Origin.VERIFIED
    assert saved(article, intro="改").event_summary.origin == Origin.EDITED
    assert saved(article, intro="再改", verified="on").event_summary.origin == Origin.VERIFIED


def test_changing_the_title_leaves_the_origin_alone():
    assert saved(make_article(intro="导语"), title="新").event_summary.origin == Origin.MACHINE


def test_points_of_an_article_without_event_summary_are_an_editors():
    article = make_article()
    now = saved(article, **point(0, heading="", body="甲"))
    assert EventSummary.objects.get(article=now).origin == Origin.EDITED
    assert now.version == 2


# --- link, source, date, excerpt


def test_a_new_link_gets_its_key_and_its_source():
    now = saved(make_article(source=None, url="", url_key=None), url="https://www.1905.com/a?utm_source=x")
    assert (now.url_key, now.source.host) == ("https://www.1905.com/a", "1905.com")


def test_the_source_follows_the_link_unless_an_editor_chose_another():
    article = make_article(url="https://example.com/a")
    assert saved(article, url="https://www.1905.com/a").source.host == "1905.com"
    chosen = make_source("people.com.cn")
    article = make_article(url="https://example.com/b", source=chosen)
    assert saved(article, url="https://www.1905.com/b").source == chosen
    other = saved(make_article(), url="https://www.1905.com/c", source=str(chosen.pk))
    assert other.source == chosen


def test_a_link_that_is_no_address_is_kept_and_has_no_key():
    now = saved(make_article(), url="见原文")
    assert (now.url, now.url_key) == ("见原文", None)


def test_a_link_that_another_article_has_is_an_error_that_leads_there():
    other = make_article("另一篇", url="https://www.1905.com/a", url_key="https://www.1905.com/a")
    response = save(make_article(), url="http://WWW.1905.com/a?utm_source=x")
    assert f'<a href="{page_of(other)}">另一篇</a>' in errors(response)


def test_a_date_changed_by_hand_is_given_and_a_date_left_alone_is_not():
    article = make_article(source_date="2024-03-01", source_date_origin="url")
    assert saved(article, title="新").source_date_origin == "url"
    now = saved(article, source_date="2024-03-02")
    assert (now.source_date, now.source_date_origin) == (date(2024, 3, 2), "given")
    assert saved(article, source_date="").source_date_origin == ""


def test_an_excerpt_has_two_hundred_characters_at_most():
    assert "200" in errors(save(make_article(), excerpt="字" * 201))
    assert saved(make_article(), excerpt="字" * 199 + "\r\n").excerpt == "字" * 199 + "\n"


# --- rights


def test_who_may_only_look_sees_everything_and_changes_nothing():
    article = make_article("甲", technologies=["Midjourney"], intro="导语", points=POINTS)
    client = desk(staff("view_article"))
    page = client.get(page_of(article)).content.decode()
    assert all(text in page for text in ("Midjourney", "导语", "乙"))
    assert client.post(page_of(article), {"title": "新"}).status_code == 403


@pytest.mark.parametrize("later", [timedelta(), timedelta(days=1)])
def test_what_is_published_or_scheduled_is_changed_by_a_draft(later):
    article = make_article(
        "旧", publish=True, published_at=timezone.now() + later, points=POINTS, technologies=["AI"]
    )
    editor = staff("change_article", "view_article", "add_technology")
    fields = {"title": "新", "technologies": ["Sora"], **point(0, body="改")}
    now = saved(article, desk(editor), **fields)
    assert (now.title, links(now), texts(now)[0]) == ("旧", [("AI", "AI", 0)], (1, "一", "甲"))
    draft = now.revisions.get()
    assert (draft.kind, draft.pending, draft.by, now.version) == (RevisionKind.DRAFT, True, editor, 2)
    assert (draft.snapshot["title"], draft.snapshot["technologies"]) == ("新", ["Sora"])
    assert draft.snapshot["points"][0] == {"heading": "一", "body": "改"}


def test_the_form_goes_on_with_the_waiting_draft():
    article, client = make_article("旧", publish=True, intro="导语"), desk()
    saved(article, client, title="新", points=None, **point(0, heading="一", body="甲"))
    page = client.get(page_of(article)).content.decode()
    assert "新</textarea>" in page and "甲</textarea>" in page
    saved(article, client, intro="改过的导语")
    assert [(r.pending, r.snapshot["title"], r.snapshot["intro"]) for r in article.revisions.all()] == [
        (True, "新", "改过的导语"),
        (False, "新", "导语"),
    ]


def test_a_draft_that_says_what_readers_see_already_waits_for_nobody():
    article, client = make_article("旧", publish=True), desk()
    saved(article, client, title="新")
    saved(article, client, title="旧")
    assert not article.revisions.filter(pending=True).exists()


def test_what_is_typed_while_somebody_publishes_is_kept():
    article = make_article("旧", points=POINTS)
    client = desk(staff("change_article", "view_article"))
    data = sent(client.get(page_of(article))) | {"title": "我改的"} | point(0, body="我改的要点")
    desk().post(ask(article, "publish"), {"version": "1", "note": "", "at": ""})
    for _try in range(2):
        response = client.post(page_of(article), data)
        assert "Somebody has changed" in errors(response)
        assert all(
            text in response.content.decode() for text in ("我改的</textarea>", "我改的要点</textarea>")
        )
        data = sent(response)
    assert Article.objects.get(pk=article.pk).title == "旧"


def test_articles_and_their_history_are_never_deleted():
    article = make_article()
    client = desk()
    assert client.get(page_of(article, "delete")).status_code == 403
    assert "delete_selected" not in client.get(LIST).content.decode()


def test_status_is_not_a_field_of_the_form():
    article = make_article()
    now = saved(article, status="published", published_at="2024-01-01", title="新")
    assert (now.status, now.published_at) == (Status.DRAFT, None)


# --- verbs


def ask(article: Article, verb: str) -> str:
    return page_of(article, "do", verb)


def test_the_page_offers_what_this_person_may_do_now():
    client = desk(staff("change_article", "submit_article", "withdraw_article"))
    for status, verbs in (
        (Status.DRAFT, ["submit"]),
        (Status.PUBLISHED, ["withdraw"]),
        (Status.IN_REVIEW, []),
    ):
        article = make_article(status=status)
        assert re.findall(r"/do/(\w+)/", client.get(page_of(article)).content.decode()) == verbs


def test_publishing_asks_first_and_then_does_it():
    article = make_article("甲")
    client = desk()
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT
    assert "甲" in client.get(ask(article, "publish")).content.decode()
    response = client.post(ask(article, "publish"), {"version": "1", "note": "好", "at": ""})
    assert response.status_code == 302
    now = Article.objects.get(pk=article.pk)
    assert (now.status, now.version, now.revisions.get().note) == (Status.PUBLISHED, 2, "好")


def test_the_time_of_publication_is_beijing_time():
    article = make_article()
    tomorrow = timezone.localdate() + timedelta(days=1)
    desk().post(ask(article, "publish"), {"version": "1", "note": "", "at": f"{tomorrow}T08:30"})
    at = Article.objects.get(pk=article.pk).published_at
    assert timezone.localtime(at).strftime("%F %H:%M %z") == f"{tomorrow} 08:30 +0800"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"at": "2001-01-01T00:00"}, "lies in the past"),
        ({"version": "7"}, "Somebody has changed this article"),
        ({"at": "yesterday"}, "valid date"),
    ],
)
def test_what_is_refused_says_why_on_the_page_and_loses_nothing(fields, message):
    article = make_article()
    response = desk().post(ask(article, "publish"), {"version": "1", "note": "我的话", "at": ""} | fields)
    page = response.content.decode()
    assert response.status_code == 200 and message in page and "我的话" in page
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


@pytest.mark.parametrize("version", [{}, {"version": ""}, {"version": "x"}])
def test_a_verb_without_the_version_it_was_asked_about_is_refused(version):
    article = make_article()
    response = desk().post(ask(article, "publish"), {"note": "我的话", "at": ""} | version)
    page = response.content.decode()
    assert response.status_code == 200 and "does not say which version" in page and "我的话" in page
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


def test_the_page_that_asks_says_that_unsaved_changes_stay_behind():
    article, client = make_article(), desk()
    text = "Changes that were not saved on the previous page are not included."
    assert text in client.get(ask(article, "publish")).content.decode()
    assert "data-unsaved=" in client.get(page_of(article)).content.decode()
    page = run(client, "withdraw_selected", [make_article(publish=True)]).content.decode()
    assert "Reason" in page and text not in page


def test_a_reason_is_asked_for_where_one_is_due():
    article = make_article(publish=True)
    response = desk().post(ask(article, "withdraw"), {"version": "1", "note": " "})
    assert "This field is required" in response.content.decode()
    desk().post(ask(article, "withdraw"), {"version": "1", "note": "来源更正"})
    assert Article.objects.get(pk=article.pk).revisions.get().note == "来源更正"


def test_a_verb_that_does_not_fit_the_state_says_so():
    assert "not possible while" in desk().get(ask(make_article(), "withdraw")).content.decode()


def test_what_keeps_an_article_from_being_published_is_said_before():
    page = desk().get(ask(make_article(url="", url_key=None), "publish")).content.decode()
    assert "The link to the original is missing" in page


def test_verbs_need_their_right_and_exist():
    article = make_article()
    client = desk(staff("change_article", "view_article"))
    assert client.get(ask(article, "publish")).status_code == 403
    assert client.post(ask(article, "publish"), {"version": "1"}).status_code == 403
    assert desk(staff("publish_article")).get(ask(article, "publish")).status_code == 403
    assert desk().get(ask(article, "explode")).status_code == 404
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


def run(client: Client, action: str, articles: list[Article], **fields: str | list[str]) -> Any:
    data = {"action": action, "_selected_action": [article.pk for article in articles]} | fields
    return client.post(LIST, data, follow=True)


def test_articles_are_published_together_and_each_tells_its_outcome():
    good, bad = make_article("好"), make_article("坏", url="", url_key=None)
    page = run(desk(), "publish_selected", [good, bad], asked="1", note="").content.decode()
    assert "好: published" in page and "坏: The link to the original is missing" in page
    assert list(Article.objects.published()) == [good]


def test_every_one_of_many_tells_its_outcome():
    articles = [make_article(f"第{n}篇") for n in range(45)]
    page = run(desk(), "publish_selected", articles, asked="1", note="").content.decode()
    assert page.count("篇: published") == 45


def test_one_that_changed_since_the_question_is_refused_the_others_are_done():
    still, changed = make_article("没动"), make_article("动过")
    client = desk()
    asked = run(client, "publish_selected", [still, changed]).content.decode()
    seen = re.findall(r'name="seen" value="([^"]+)"', asked)
    Article.objects.filter(pk=changed.pk).update(title="动过了", version=2)
    page = run(client, "publish_selected", [still, changed], asked="1", note="", seen=seen).content.decode()
    assert "没动: published" in page and "动过了: Somebody has changed" in page
    assert list(Article.objects.published()) == [still]


def test_withdrawing_together_asks_for_a_reason_first():
    articles = [make_article(publish=True), make_article(publish=True)]
    client = desk()
    assert "Reason" in run(client, "withdraw_selected", articles).content.decode()
    assert (
        "This field is required"
        in run(client, "withdraw_selected", articles, asked="1", note="").content.decode()
    )
    assert Article.objects.published().count() == 2
    run(client, "withdraw_selected", articles, asked="1", note="更正")
    assert [a.revisions.get().note for a in Article.objects.filter(status=Status.WITHDRAWN)] == [
        "更正",
        "更正",
    ]


def test_actions_are_for_those_with_the_right():
    article = make_article()
    client = desk(staff("change_article", "view_article"))
    assert "publish_selected" not in client.get(LIST).content.decode()
    run(client, "publish_selected", [article], asked="1", note="")
    assert Article.objects.get(pk=article.pk).status == Status.DRAFT


# --- preview, panels


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW, Status.DECLINED])
def test_a_preview_shows_an_article_in_any_state_to_the_desk_alone(status):
    article = make_article("尚未发布", status=status, intro="导语", points=POINTS)
    response = desk(staff("view_article")).get(page_of(article, "preview"))
    assert "尚未发布" in response.content.decode()
    assert "noindex" in response["X-Robots-Tag"]
    assert desk(staff()).get(page_of(article, "preview")).status_code == 403
    assert Client().get(page_of(article, "preview")).status_code == 302


def imported(article: Article, **fields: Any) -> ImportRow:
    number = SeedFile.objects.count()
    batch = ImportBatch.objects.create(paths=["seeds"], finished_at=timezone.now())
    file = SeedFile.objects.create(sha256=f"{number:064}", name=f"{number}.txt", content=b"x", size=1)
    lines = {"first_line": 1, "last_line": 9, "file_name": file.name, "outcome": "created"}
    return ImportRow.objects.create(batch=batch, file=file, article=article, **lines | fields)


def test_the_page_tells_where_an_article_came_from():
    article = make_article(extra={"作者": "张三"}, also_at=["https://example.com/2"])
    row = imported(article, findings=[{"code": "missing-link", "line": 3, "text": "<b>链接</b>"}])
    page = desk().get(page_of(article)).content.decode()
    assert "The link is missing." in page and "Add the address of the original." in page
    assert "&lt;b&gt;链接&lt;/b&gt;" in page and "张三" in page
    for address in (
        f"importrow/{row.pk}/change/",
        f"importbatch/{row.batch_id}/change/",
        f"seedfile/{row.file_id}/download/",
    ):
        assert f'href="/admin/articles/{address}"' in page
    plain = desk(staff("view_article")).get(page_of(article)).content.decode()
    assert "/download/" not in plain and "0.txt" in plain


def test_a_finding_that_names_another_article_leads_to_it():
    other, article = make_article("另一篇"), make_article()
    imported(
        article,
        findings=[
            {"code": "possible-duplicate", "line": 1, "text": f"#{other.pk}"},
            {"code": "link-taken", "line": 2, "text": "#987654321"},
            {"code": "link-taken", "line": 3, "text": "#" + "9" * 40},
            {"code": "term-dropped", "line": 4, "text": f"#{other.pk}"},
        ],
    )
    page = desk().get(page_of(article)).content.decode()
    assert page.count(f'<a href="{page_of(other)}">#{other.pk} 另一篇</a>') == 1
    assert all(f"<q>#{text}</q>" in page for text in ("987654321", "9" * 40, other.pk))


@pytest.mark.parametrize("finding", [{}, {"code": "unheard-of", "line": 4, "text": "新版本"}])
def test_a_finding_of_a_newer_version_breaks_nothing(finding):
    article = make_article()
    imported(article, findings=[finding])
    page = desk().get(page_of(article)).content.decode()
    assert finding.get("code", "") in page and finding.get("text", "") in page
    assert "Content-Transfer" not in page


def test_the_page_lists_its_latest_revisions():
    article = make_article()
    for title in ("一", "二"):
        saved(article, title=title)
    revisions = desk().get(page_of(article)).context["revisions"]
    assert [revision.number for revision in revisions] == [2, 1]


# --- lists


def listed(query: str, client: Client | None = None) -> list[str]:
    response = (client or desk()).get(LIST + query)
    assert response.status_code == 200
    return [article.title for article in response.context["cl"].result_list]


def test_the_list_is_narrowed_by_terms_sources_batches_and_gaps():
    full = make_article("全", technologies=["AI"], keywords=["词"], industries=["业"], points=POINTS)
    bare = make_article("缺", source="1905.com", url="", url_key=None)
    term, row = Technology.objects.get(), imported(full, needs_care=True)
    make_term("LLM", merged_into=term)
    for query, titles in {
        "": ["缺", "全"],
        f"?technologies={term.slug}": ["全"],
        f"?technologies={term.pk}": ["全"],
        "?technologies=llm": ["全"],
        "?technologies=nothing": [],
        f"?source__id__exact={bare.source_id}": ["缺"],
        "?source__id__exact=x": [],
        f"?import_rows__batch={row.batch_id}": ["全"],
        "?import_rows__batch=0": [],
        "?lacks=terms": ["缺"],
        "?lacks=keywords": ["缺"],
        "?lacks=link": ["缺"],
        "?lacks=points": ["缺"],
        "?care=yes": ["全"],
        "?care=no": ["缺"],
        "?status__exact=draft": ["缺", "全"],
        "?status__exact=published": [],
        "?q=全": ["全"],
    }.items():
        assert listed(query) == titles, query


@pytest.mark.parametrize("query", ["technologies=%00", "q=%00", "import_rows__batch=%00", "p=-1"])
def test_a_hostile_query_breaks_nothing(query):
    make_article()
    refused = {400} if "%00" in query else {200, 302}
    assert desk().get(f"{LIST}?{query}").status_code in refused


def test_characters_that_the_database_refuses_are_left_out_of_terms():
    assert links(saved(make_article(), technologies=["A\0I"])) == [("AI", "AI", 1)]


def test_a_title_is_one_line():
    assert saved(make_article("甲"), title="甲\r\n乙").title == "甲 乙"


def test_a_link_taken_in_the_same_moment_is_a_form_error(monkeypatch):
    """The check passes, somebody else saves, the database refuses: the second look finds the other."""
    other = make_article("另一篇", url="https://www.1905.com/a", url_key="https://www.1905.com/a")
    real, looks = ArticleForm._check_link, []

    def blind_once(form):
        looks.append(form)
        if len(looks) == 1:
            form.instance.url_key = other.url_key
        else:
            real(form)

    monkeypatch.setattr(ArticleForm, "_check_link", blind_once)
    response = save(make_article(), url=other.url)
    assert "另一篇" in errors(response) and len(looks) == 2


def test_a_pasted_link_finds_its_article():
    make_article("甲", url="http://www.1905.com/a", url_key="https://www.1905.com/a")
    make_article("乙")
    assert listed("?q=https://WWW.1905.com/a?utm_source=x") == ["甲"]


def test_list_and_form_take_as_many_statements_for_three_articles_as_for_one():
    client = desk()

    def grow(number: int) -> Article:
        names = [f"{letter}{number}" for letter in "abc"[: number + 1]]
        article = make_article(
            source=f"{number}.example.com",
            intro="导语",
            points=POINTS[: number + 1],
            keywords=names,
            technologies=names,
            industries=names,
        )
        for _row in range(number + 1):
            imported(article, findings=[{"code": "missing-link", "line": 1, "text": ""}])
        Article.objects.filter(pk=article.pk).update(editor=make_user())
        return article

    def statements(article: Article) -> list[int]:
        counts = []
        for address in (LIST, page_of(article), page_of(article, "preview")):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    first = grow(0)
    statements(first)  # what is looked up once in the life of a process
    one = statements(first)
    grow(1)
    assert statements(grow(2)) == one
    assert one[0] <= 12 and one[1] <= 30, one


def test_the_form_has_no_list_of_all_sources_or_terms():
    for number in range(5):
        make_term(f"别的词{number}")
        Source.objects.create(host=f"other{number}.example.com")
    page = desk().get(page_of(make_article())).content.decode()
    assert "别的词" not in page and "other1.example.com" not in page


def test_a_label_of_any_name_is_shown():
    page = desk().get(page_of(make_article(extra={"items": "甲", "get": "乙"}))).content.decode()
    assert "<dt>items</dt><dd>甲</dd>" in page and "<dt>get</dt><dd>乙</dd>" in page


@pytest.mark.parametrize("pk", ["abc", "", "1e5", "²", "9" * 30])
def test_a_crafted_selection_is_a_bad_request(pk):
    data = {"action": "publish_selected", "_selected_action": [pk], "asked": "1", "note": ""}
    assert desk().post(LIST, data).status_code == 400


@pytest.mark.parametrize("fields", [{"source": "abc"}, {"_saveasnew": "1"}, {"_to_field": ""}])
def test_a_crafted_form_is_a_bad_request(fields):
    assert save(make_article(), **fields).status_code == 400


@pytest.mark.parametrize(
    "query", ["title__regex=(", "id__range=1", "published_at__year=99999999999", "title__unaccent=a"]
)
def test_a_list_is_asked_only_what_its_filters_ask(query):
    assert desk().get(f"{LIST}?{query}").status_code == 400


def test_a_time_beyond_all_calendars_is_refused_in_words():
    data = {"version": "1", "note": "", "when": "later", "at": "9999-12-31T23:59:59-12:00"}
    assert "too far away" in desk().post(ask(make_article(), "publish"), data).content.decode()


def test_who_has_the_draft_open_is_told_when_an_import_changes_it():
    article, client = make_article("甲", publish=True), desk()
    data = sent(client.get(page_of(article))) | {"excerpt": "摘录"}
    Article.objects.filter(pk=article.pk).update(version=2)  # as an import does with its draft
    assert "Somebody has changed" in errors(client.post(page_of(article), data))
