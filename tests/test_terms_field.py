"""The fields of an article's terms: what is suggested below them, and names that moved to another vocabulary."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from articles import editing
from articles.models import Article
from taxonomy.merge import move, rename
from taxonomy.models import Industry, Technology
from tests.desk_form import page_of, sent
from tests.factories import desk, make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db

TERMS = ("technologies", "industries", "keywords")
BOX = re.compile(r'<input type="checkbox" name="(\w+)-suggested" value="([^"]*)"')


def suggested(client: Client, article: Article) -> list[tuple[str, str]]:
    return BOX.findall(client.get(page_of(article)).text)


def save(client: Client, article: Article, **more: list[str] | str) -> list[str]:
    """Save it with these fields changed; the messages that follow."""
    data = sent(client.get(page_of(article))) | more
    response = client.post(page_of(article), data, follow=True)
    assert response.redirect_chain, response.context["errors"]
    return list(map(str, response.context["messages"]))


def carried(article: Article) -> dict[str, list[str]]:
    text = editing.text(article)
    return {name: text[name] for name in TERMS if text[name]}


def test_terms_that_stand_in_the_text_can_be_ticked_and_are_saved():
    make_term("Sora"), make_term("电影", "industry"), make_term("版权", "keyword")
    article = make_article("电影与索拉", summary="Sora 与版权", points=[("版权", "")], keywords=["版权"])
    client = desk()
    assert suggested(client, article) == [("technologies", "Sora"), ("industries", "电影")]
    save(client, article, **{"technologies-suggested": ["Sora"], "industries-suggested": ["电影"]})
    assert carried(article) == {"technologies": ["Sora"], "industries": ["电影"], "keywords": ["版权"]}
    assert suggested(client, article) == []


def test_the_draft_of_a_published_article_is_what_suggestions_are_for():
    make_term("Sora"), make_term("Runway")
    article = make_article(summary="Sora 与 Runway", technologies=["Sora"], publish=True)
    editing.save(article, {"technologies": ["Runway"]}, by=None)
    assert suggested(desk(), article) == [("technologies", "Sora")]


def test_who_may_only_look_gets_no_suggestions():
    make_term("Sora")
    article = make_article("Sora")
    assert suggested(desk(staff("view_article")), article) == []


def test_a_form_that_comes_back_keeps_what_was_ticked():
    make_term("Sora"), make_term("Runway")
    article = make_article("Sora 与 Runway")
    client = desk()
    data = {"title": "", "technologies-suggested": ["Sora"], "points-total": "0", "version": article.version}
    page = client.post(page_of(article), data)
    assert page.context["adminform"].form["technologies"].value() == ["Sora"]
    assert BOX.findall(page.text) == [("technologies", "Runway")]


def test_suggestions_cost_the_same_however_many_there_are(django_assert_max_num_queries):
    client, article = desk(), make_article("甲乙 丙丁 戊己")
    pages = []
    for name in ("甲乙", "丙丁", "戊己"):
        make_term(name)
        client.get(page_of(article))
        with django_assert_max_num_queries(60) as counted:
            assert len(suggested(client, article)) == len(pages) + 1
        pages.append(len(counted))
    assert len(set(pages)) == 1


@pytest.mark.parametrize("name", ["\0", "Sora\0", "x" * 5000, "。" * 30, "<script>"])
def test_a_suggestion_that_nobody_made_is_a_name_as_any_other(name):
    article = make_article()
    data = {"title": "题", "version": article.version, "points-total": "0", "technologies-suggested": [name]}
    response = desk().post(page_of(article), data)
    assert response.status_code in {200, 302}


# --- names that moved


def test_a_name_that_moved_to_another_vocabulary_is_put_there_and_said():
    article, term = make_article(technologies=["Sora"]), make_term("影视")
    move([term], to=Industry, by=None)
    rename(Industry.objects.get(), "影视业", by=None)
    [text] = [text for text in save(desk(), article, technologies=["Sora", "影视"]) if "影视" in text]
    assert text == "“影视” is one of the industries by now, and was put there."
    assert carried(article) == {"technologies": ["Sora"], "industries": ["影视业"]}
    assert not Technology.objects.current().filter(name="影视").exists()


def test_it_needs_no_right_to_add_terms():
    article, term = make_article(), make_term("影视")
    move([term], to=Industry, by=None)
    save(desk(staff("view_article", "change_article")), article, technologies=["影视"])
    assert carried(article) == {"industries": ["影视"]}


def test_it_is_put_there_in_a_new_article_too():
    term = make_term("影视")
    move([term], to=Industry, by=None)
    data = {"title": "新", "points-total": "0", "technologies": ["影视"]}
    desk(make_user(is_staff=True, is_superuser=True)).post(reverse("admin:articles_article_add"), data)
    assert carried(Article.objects.get()) == {"industries": ["影视"]}
