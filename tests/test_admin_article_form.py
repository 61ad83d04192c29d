"""The form of an article: one save, one version, one revision; who may, and what is refused."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from articles.admin.articles import ArticleAdmin
from articles.admin.forms import ArticleForm
from articles.identity import text_hash
from articles.models import (
    Article,
    Origin,
    RevisionKind,
    Status,
)
from tests.desk_form import LIST, POINTS, ask, errors, links, page_of, point, save, saved, sent, texts
from tests.factories import desk, make_article, make_source, make_user, staff

pytestmark = pytest.mark.django_db


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


def test_who_has_the_draft_open_is_told_when_an_import_changes_it():
    article, client = make_article("甲", publish=True), desk()
    data = sent(client.get(page_of(article))) | {"excerpt": "摘录"}
    Article.objects.filter(pk=article.pk).update(version=2)  # as an import does with its draft
    assert "Somebody has changed" in errors(client.post(page_of(article), data))


@pytest.mark.parametrize("fields", [{"source": "abc"}, {"_saveasnew": "1"}, {"_to_field": ""}])
def test_a_crafted_form_is_a_bad_request(fields):
    assert save(make_article(), **fields).status_code == 400


def test_a_title_is_one_line():
    assert saved(make_article("甲"), title="甲\r\n乙").title == "甲 乙"


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


def test_articles_and_their_history_are_never_deleted():
    article = make_article()
    client = desk()
    assert client.get(page_of(article, "delete")).status_code == 403
    assert "delete_selected" not in client.get(LIST).content.decode()


def test_status_is_not_a_field_of_the_form():
    article = make_article()
    now = saved(article, status="published", published_at="2024-01-01", title="新")
    assert (now.status, now.published_at) == (Status.DRAFT, None)
