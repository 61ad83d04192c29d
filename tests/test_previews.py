"""Previews: a draft as readers will see it, for the desk and by a link, and nowhere else."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from django.utils.http import urlencode

from articles import corrections, editing, previews, revisions, story, workflow
from articles.models import TERM_FIELDS, Article, Reuse, Source, Status
from newsroom.urls import urlpatterns
from taxonomy.models import Keyword
from tests.factories import desk, english_reader, make_article, make_source, make_term, make_user, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
SECRET = "未经批准"


def live(**fields: Any) -> Article:
    values = {
        "intro": "读者的导语。",
        "conclusion": "读者的结语。",
        "points": [("读者的要点", "读者的正文。")],
        "technologies": ["Sora"],
        "industries": ["电影"],
        "keywords": ["版权"],
        "publish": True,
    }
    return make_article("读者的标题", **values | fields)


def point(text: str) -> dict[str, str]:
    return {"heading": f"{text}的要点", "body": f"{text}的正文。"}


EVERY_TEXT = {
    "title": f"{SECRET}的标题",
    "url": f"https://secret.example/{SECRET}",
    "also_at": [f"https://also.example/{SECRET}"],
    "source": "secret.example",
    "summary": f"{SECRET}的全文。",
    "excerpt": f"{SECRET}的摘录。",
    "intro": f"{SECRET}的导语。",
    "points": [point(SECRET), point(f"第二个{SECRET}")],
    "conclusion": f"{SECRET}的结语。",
    "source_date": "2001-02-03",
    "source_date_origin": "given",
    **{field: [f"{SECRET}{field}"] for field in TERM_FIELDS},
}


def with_draft(article: Article | None = None, by: Any = None, **changes: Any) -> Article:
    """The article with a draft in which everything says something else."""
    article = article or live()
    editing.save(article, changes or EVERY_TEXT, by=by, note="改写")
    return Article.objects.get(pk=article.pk)


def page_of(article: Article, page: str = "preview", **query: str) -> str:
    return f"/admin/articles/article/{article.pk}/{page}/" + (f"?{urlencode(query)}" if query else "")


def open_link(article: Article, client: Client | None = None) -> Any:
    return (client or english_reader()).get(previews.link(article))


# --- what a draft would look like -----------------------------------------------------------------


def test_a_preview_is_what_readers_get_once_the_draft_is_approved():
    article = with_draft()
    draft = revisions.pending(article.pk)
    before = story.of_snapshot(article, draft.snapshot)
    workflow.approve(article, by=None)
    after = story.public(article.pk)
    known = {"technologies", "industries", "keywords", "updated_at"}  # new terms have no page before
    assert {n: v for n, v in before._asdict().items() if n not in known} == {
        n: v for n, v in after._asdict().items() if n not in known
    }
    for field in TERM_FIELDS:
        assert [t.name for t in getattr(before, field)] == [t.name for t in getattr(after, field)]


def test_a_snapshot_of_what_readers_see_is_what_readers_see():
    article = live(also_at=["https://b.example/1"], source_date="2024-03-18", source_date_origin="url")
    corrections.publish(article, wrong="错", right="对", by=None)
    assert story.of_snapshot(Article.objects.get(), editing.live(article)) == story.public(article.pk)


def test_nothing_is_written_for_a_preview():
    article = with_draft()
    tables = (Article, Source, Keyword)
    before = [list(model.objects.order_by("pk").values()) for model in tables]
    desk().get(page_of(article))
    open_link(article)
    assert [list(model.objects.order_by("pk").values()) for model in tables] == before


def test_terms_have_the_names_they_have_today_and_new_ones_lead_nowhere():
    make_term("Midjourney", aliases=["MJ"])
    article = with_draft(live(), technologies=["MJ", "Midjourney", "全新的技术"])
    revision = revisions.pending(article.pk)
    revision.snapshot["technologies"] = ["MJ", "Midjourney", "全新的技术"]
    found = story.of_snapshot(article, revision.snapshot)
    assert [term.name for term in found.technologies] == ["Midjourney", "全新的技术"]
    page = story.page(found).html
    assert '<a href="/technologies/midjourney/">Midjourney</a>' in page
    assert '<li class="technology">全新的技术</li>' in page


def test_a_draft_gets_no_more_of_the_original_than_readers_may():
    make_source("secret.example", reuse=Reuse.LINK)
    article = with_draft(live(summary="读者的全文。" * 50, source=make_source("a.example", reuse=Reuse.FULL)))
    page = open_link(article).text
    assert f"{SECRET}的标题" in page
    assert f"{SECRET}的全文" not in page and f"{SECRET}的摘录" not in page


def test_an_old_version_that_knows_less_is_shown_all_the_same():
    article = live()
    found = story.of_snapshot(article, {"title": "很久以前", "points": [{"heading": "甲"}]})
    assert (found.source.host, found.points[0].body, found.keywords) == ("example.com", "", ())
    assert "很久以前" in story.page(found).html


def test_of_a_long_draft_so_many_points_and_terms_are_shown():
    article = with_draft(
        live(), points=[point(str(n)) for n in range(600)], keywords=[f"词{n}" for n in range(230)]
    )
    page = open_link(article).text
    assert (page.count('<li id="p'), page.count('<li class="keyword">')) == (500, 200)
    assert "100 further points are not shown." in page and "30 more" in page


# --- on the desk ----------------------------------------------------------------------------------


def test_the_desk_sees_the_draft_what_readers_see_and_every_version():
    client, article = (
        desk(staff("view_article", "change_article")),
        with_draft(by=make_user("张三", groups=["Editors"])),
    )
    draft = client.get(page_of(article)).text
    assert f"{SECRET}的要点" in draft and "读者的要点" not in draft
    assert "readers do not see this until it is approved" in draft and "张三" in draft
    text = client.get(page_of(article, version="live")).text
    assert "读者的要点" in text and SECRET not in text
    assert "This is what readers see now." in text
    workflow.discard(article, by=None, note="不用了")
    number = article.revisions.filter(kind="draft").get().number
    old = client.get(page_of(article, version=str(number))).text
    assert f"{SECRET}的要点" in old and f"Version {number}: readers do not see this." in old
    assert "读者的要点" in client.get(page_of(article)).text


@pytest.mark.parametrize("version", ["0", "99", "draft", "-1", "9" * 20, "1\u0663", "live ", "\x01"])
def test_a_version_that_there_is_not_is_not_found(version):
    assert desk().get(page_of(live(), version=version)).status_code == 404


def test_a_preview_is_for_those_who_may_see_the_article_and_kept_by_nobody():
    article = with_draft()
    for query in ({}, {"version": "live"}):
        address = page_of(article, **query)
        response = desk(staff("view_article")).get(address)
        assert response.status_code == 200
        for header, value in (
            ("X-Robots-Tag", "noindex, nofollow"),
            ("Referrer-Policy", "no-referrer"),
        ):
            assert response[header] == value
        assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
        assert "ETag" not in response and 'name="robots" content="noindex"' in response.text
        assert desk(staff()).get(address).status_code == 403
        assert Client().get(address).status_code == 302
    assert desk().post(page_of(article)).status_code == 405
    assert desk().get(f"/admin/articles/article/{'9' * 20}/preview/").status_code == 404


def test_the_link_is_given_to_those_who_may_change_the_article():
    article = make_article("未发布")
    page = desk(staff("view_article", "change_article")).get(page_of(article, "preview-link"))
    address = re.search(r'value="(http://testserver/preview/[^"]+)"', page.text)[1]
    assert "未发布" in english_reader().get(address.removeprefix("http://testserver")).text
    assert "no-store" in page["Cache-Control"]
    assert desk(staff("view_article")).get(page_of(article, "preview-link")).status_code == 403
    assert Client().get(page_of(article, "preview-link")).status_code == 302
    assert desk().post(page_of(article, "preview-link")).status_code == 405


@pytest.mark.parametrize("status", [Status.DECLINED, Status.WITHDRAWN])
def test_there_is_no_link_to_what_is_not_wanted(status):
    page = desk().get(page_of(make_article(status=status), "preview-link")).text
    assert ("there is nothing to show to others" in page, "/preview/" in page) == (True, False)


def test_the_form_says_that_a_draft_waits_and_where_to_go():
    article = with_draft(by=make_user("张三", groups=["Editors"]))
    page = desk().get(page_of(article, "change")).text
    panel = page.split('class="desk-draft"')[1].split("</section>")[0]
    assert "张三" in panel and "改写" in panel
    for address in (
        page_of(article, "compare") + "?from=live&amp;to=draft",
        page_of(article),
        page_of(article, "do/approve"),
        page_of(article, "do/discard"),
    ):
        assert f'href="{address}"' in panel
    assert 'class="desk-draft"' not in desk().get(page_of(live(url_key=None), "change")).text


# --- by a link ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW])
def test_who_has_the_link_sees_an_article_that_is_not_public(status):
    article = live(publish=False, status=status)
    response = open_link(article)
    assert response.status_code == 200
    assert "读者的要点" in response.text and "Preview: readers do not see this." in response.text
    for header, value in (
        ("X-Robots-Tag", "noindex, nofollow"),
        ("Cache-Control", "no-store, private"),
        ("Referrer-Policy", "no-referrer"),
    ):
        assert response[header] == value
    assert "ETag" not in response and "Set-Cookie" not in response
    assert '<link rel="canonical"' not in response.text and "ld+json" not in response.text
    assert 'name="robots" content="noindex"' in response.text


def test_who_has_the_link_sees_a_scheduled_article():
    article = live(published_at=timezone.now() + timedelta(hours=1))
    assert "读者的要点" in open_link(article).text


def test_who_has_the_link_sees_the_draft_then_the_page():
    article = with_draft()
    assert f"{SECRET}的要点" in open_link(article).text
    workflow.approve(article, by=None)
    article = Article.objects.get()
    response = open_link(article)
    assert (response.status_code, response["Location"]) == (302, article.get_absolute_url())
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("verb", ["decline", "withdraw"])
def test_a_link_ends_with_the_article(verb):
    article = with_draft() if verb == "withdraw" else live(publish=False)
    link = previews.link(article)
    getattr(workflow, verb)(article, by=None, reason="重复")
    response = english_reader().get(link)
    assert (response.status_code, SECRET in response.text) == (404, False)
    assert response["Cache-Control"] == "no-store, private"


def test_a_link_ends_when_the_article_leaves_by_the_clock():
    now = timezone.now()
    article = with_draft(live(published_at=now - timedelta(hours=2)))
    Article.objects.update(withdraw_at=now - timedelta(minutes=1))
    assert open_link(article).status_code == 404


def test_a_link_works_for_so_many_days(settings):
    article = make_article("未发布")
    link = previews.link(article)
    settings.PREVIEW_DAYS = -1
    response = english_reader().get(link)
    assert response.status_code == 410
    assert "This preview link has expired" in response.text and "未发布" not in response.text
    settings.PREVIEW_DAYS = 7
    assert english_reader().get(link).status_code == 200


def forged(article: Article) -> list[str]:
    token = previews.link(article).split("/")[2]
    pk, made, signature = token.split(":")
    return [
        f"{article.pk + 1}-0:{made}:{signature}",
        f"{pk}:{made[:-1]}z:{signature}",
        f"{pk}:{made}:{signature[:-1]}",
        f"{pk}:{signature}",
        pk,
        signing.TimestampSigner(salt="other").sign(article.pk),
        signing.TimestampSigner(key="another key", salt="articles.preview").sign(article.pk),
        "x" * 5000,
        "%00",
        "%E4%B8%AD%E6%96%87:%F0%9F%98%80:x",
        ":::",
        "%2e%2e",
    ]


def test_a_forged_link_leads_nowhere():
    article = make_article("未发布")
    for token in forged(article):
        response = english_reader().get(f"/preview/{token}/")
        assert (response.status_code, "未发布" in response.text) == (404, False), token
        assert "This preview link leads nowhere" in response.text
        assert response["Cache-Control"] == "no-store, private"


def test_a_link_to_an_article_that_is_gone_leads_nowhere():
    for what in (10**30, f"{10**30}-0", "1-x"):
        token = previews._signer.sign(what)
        assert english_reader().get(f"/preview/{token}/").status_code == 404


def test_a_link_is_only_for_looking():
    article = make_article()
    assert Client().post(previews.link(article)).status_code == 405
    assert Client().head(previews.link(article)).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_a_link_costs_the_same_whatever_it_shows(number, client: Client, django_assert_num_queries):
    words = [f"词{n}" for n in range(number)]
    article = with_draft(
        live(points=[("甲", "乙")] * number, **dict.fromkeys(TERM_FIELDS, words)),
        points=[point(word) for word in words],
        title="草稿",
    )
    link = previews.link(article)
    with django_assert_num_queries(11):
        client.get(link)


# --- and nowhere else -----------------------------------------------------------------------------


def addresses(article: Article) -> dict[str | None, list[str]]:
    """Every public address by its name, with whatever could bring a draft to light."""
    day, words = timezone.localdate(article.published_at), urlencode({"q": SECRET})
    return {
        "front": ["/"],
        "articles": [
            "/articles/",
            f"/articles/?{words}",
            f"/articles/?{words}&sort=newest",
            f"/articles/?{urlencode({'source': 'secret.example'})}",
            f"/articles/?{urlencode({'keyword': f'{SECRET}keywords'})}",
            "/articles/?q=secret.example",
        ],
        None: [f"/articles/{article.pk}/"],
        "article": [article.get_absolute_url(), f"/articles/{article.pk}/{SECRET}的标题/"],
        "keywords": ["/keywords/"],
        "keyword": ["/keywords/版权/", f"/keywords/{SECRET}keywords/"],
        "technologies": ["/technologies/"],
        "technology": ["/technologies/sora/", f"/technologies/{SECRET}technologies/"],
        "industries": ["/industries/"],
        "industry": ["/industries/电影/", f"/industries/{SECRET}industries/"],
        "atlas": ["/atlas/"],
        "events": ["/events/"],
        "day": [f"/days/{day}/", "/days/2001-02-03/"],
        "corrections": ["/corrections/"],
        "preview": ["/preview/x/"],
        "language": ["/language/en/"],
        "healthz": ["/healthz"],
        "readyz": ["/readyz"],
    }


# What is not about articles, or has tests of its own for what it lets out.
NOT_PUBLIC = {"admin"}


def test_every_public_address_is_asked_for_the_draft():
    named = {getattr(pattern, "name", None) or None for pattern in urlpatterns}
    assert named - set(addresses(live())) == set()


def test_a_draft_shows_on_no_public_address(indexed: Callable):
    article = with_draft()
    corrections.publish(article, wrong="错", right="对", by=None)
    indexed()
    reader = english_reader()
    for of_one_name in addresses(article).values():
        for address in of_one_name:
            response = reader.get(address, follow=True)
            for said in strings(list(EVERY_TEXT.values())):
                # What was asked for comes back in the search box.
                assert said not in response.text or said in unquote(address), (address, said)
    workflow.approve(article, by=None)
    for address in ("/", "/articles/", f"/technologies/{SECRET}technologies/", "/events/"):
        assert SECRET in reader.get(address).text, address


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return list(value.values())
    return [part for item in value for part in strings(item)] if isinstance(value, list) else [value]


def test_a_draft_is_not_cached_for_readers():
    article = with_draft()
    reader = english_reader()
    first = reader.get(article.get_absolute_url())
    desk().get(page_of(article))
    open_link(article, reader)
    second = reader.get(article.get_absolute_url())
    assert (second.text, second["ETag"]) == (first.text, first["ETag"])
    known = {"If-None-Match": first["ETag"]}
    workflow.approve(article, by=None)
    response = reader.get(Article.objects.get().get_absolute_url(), headers=known)
    assert (response.status_code, f"{SECRET}的要点" in response.text) == (200, True)


def test_a_withdrawn_article_goes_under_the_title_that_readers_knew():
    article = with_draft()
    workflow.withdraw(article, by=None, reason="来源更正")
    response = english_reader().get(f"/articles/{article.pk}/")
    assert (response.status_code, "读者的标题" in response.text, SECRET in response.text) == (
        410,
        True,
        False,
    )


def test_a_link_shows_no_later_draft_once_what_it_was_made_for_is_decided():
    article = make_article("甲", publish=True)
    editing.save(article, {"title": "第一稿"}, by=None)
    address = previews.link(article)
    workflow.approve(article, by=None)
    editing.save(article, {"title": "第二稿"}, by=None)
    response = Client().get(address)
    assert (response.status_code, response.headers["Location"]) == (
        302,
        Article.objects.get().get_absolute_url(),
    )
