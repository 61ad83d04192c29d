"""Working together: who sees to an article, what is said about it, who has it open."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from articles import editing, teamwork, workflow
from articles.models import Article, Note, OpenArticle, Revision
from newsroom.refusal import Refused
from tests.factories import desk, make_article, make_user, staff, told

pytestmark = pytest.mark.django_db


def page(article: Article, name: str) -> str:
    return f"/admin/articles/article/{article.pk}/{name}/"


# --- who sees to it -------------------------------------------------------------------------------


def test_an_assignment_is_no_version_of_the_article():
    by, to = staff("change_article"), make_user("张三", is_staff=True)
    article = make_article()
    assert teamwork.assign([article], to=to, by=by) == 1
    assert teamwork.assign([article], to=to, by=by) == 0
    stored = Article.objects.get()
    assert (stored.assigned_to, stored.version, stored.updated_at) == (to, 1, article.updated_at)
    assert not Revision.objects.exists()
    assert teamwork.assign([article], to=None, by=by) == 1
    assert Article.objects.get().assigned_to is None


def test_only_who_may_change_articles_assigns_them_and_only_to_the_desk():
    article, to = make_article(), make_user(is_staff=True)
    with pytest.raises(Refused):
        teamwork.assign([article], to=to, by=staff("view_article"))
    for stranger in (make_user(), make_user(is_staff=True, is_active=False)):
        with pytest.raises(Refused):
            teamwork.assign([article], to=stranger, by=staff("change_article"))
    assert Article.objects.get().assigned_to is None


def test_many_are_assigned_in_one_statement(django_assert_num_queries):
    by = make_user(is_superuser=True)
    for number in (1, 3):
        articles = [make_article() for _ in range(number)]
        with django_assert_num_queries(1):
            assert teamwork.assign(articles, to=None, by=by) == 0


def test_one_gives_back_only_what_is_ones_own():
    me, other = staff("change_article"), staff("change_article")
    article = make_article()
    teamwork.take(article, by=me)
    teamwork.take(article, by=me)
    for act in (teamwork.take, teamwork.give_back):
        with pytest.raises(Refused):
            act(article, by=other)
    assert Article.objects.get().assigned_to == me
    teamwork.give_back(article, by=me)
    assert Article.objects.get().assigned_to is None


def test_the_form_assigns_and_leads_back_to_the_article():
    to = make_user("张三", is_staff=True)
    article = make_article()
    client = desk()
    response = client.post(page(article, "assign"), {"to": to.pk})
    assert response.url == f"{page(article, 'change')}#desk-team"
    assert Article.objects.get().assigned_to == to
    assert told(client.get(response.url)) == ["Assigned to 张三."]
    client.post(page(article, "assign"), {"to": ""})
    assert Article.objects.get().assigned_to is None


@pytest.mark.parametrize("to", ["0", "999999", "99999999999999999999", "x", "-1", "\0", "１"])
def test_nobody_is_assigned_by_nonsense(to):
    article = make_article(assigned_to=make_user("张三", is_staff=True))
    response = desk().post(page(article, "assign"), {"to": to}, follow=True)
    assert told(response) == ["There is no such person."]
    assert Article.objects.get().assigned_to.username == "张三"


def test_only_people_of_the_desk_are_offered():
    make_user("读者")
    make_user("离职", is_staff=True, is_active=False)
    li = make_user("li", first_name="李四", is_staff=True)
    chief = make_user("chief", is_staff=True, is_superuser=True)
    context = desk(chief).get(page(make_article(), "change")).context
    assert context["people"] == [(chief.pk, "chief"), (li.pk, "李四")]


# --- what is said ---------------------------------------------------------------------------------


def test_notes_stand_in_the_order_they_were_written_and_point_at_event_points():
    article = make_article(points=[("一", "甲"), ("二", "乙")])
    li = make_user("li", first_name="李四", is_staff=True, is_superuser=True)
    client = desk(li)
    client.post(page(article, "notes"), {"text": "先看 #p2，<b>数字</b>不对\r\n再看 #p1"})
    client.post(page(article, "notes"), {"text": "好"})
    assert list(Note.objects.values_list("by__username", "text", "point")) == [
        ("li", "先看 #p2，<b>数字</b>不对\n再看 #p1", 2),
        ("li", "好", None),
    ]
    thread = client.get(page(article, "change")).context["thread"]
    preview = page(article, "preview")
    assert [(name, text) for _note, name, text in thread] == [
        (
            "李四",
            f'先看 <a href="{preview}#p2">#p2</a>，&lt;b&gt;数字&lt;/b&gt;不对\n再看 <a href="{preview}#p1">#p1</a>',
        ),
        ("李四", "好"),
    ]


def test_the_note_of_who_sent_it_back_stands_in_the_thread_with_its_point():
    article = make_article(points=[("一", "甲"), ("二", "乙")])
    workflow.submit(article, by=make_user(is_superuser=True))
    workflow.send_back(article, by=make_user("审稿", is_superuser=True), note="没有出处", point=2)
    [(_note, name, text)] = desk().get(page(article, "change")).context["thread"]
    assert (name, text) == ("审稿", f'<a href="{page(article, "preview")}#p2">#p2</a> 没有出处')


def test_a_note_says_something_and_not_too_much():
    article, by = make_article(), staff("change_article")
    for text in ("", " \n", "\0", "长" * (teamwork.MAX_NOTE + 1)):
        with pytest.raises(Refused):
            teamwork.add_note(article, by=by, text=text)
    for point in (0, -1, 10**20):
        with pytest.raises(Refused):
            teamwork.add_note(article, by=by, text="好", point=point)
    response = desk().post(page(article, "notes"), {"text": "长" * (teamwork.MAX_NOTE + 1)}, follow=True)
    assert told(response) == ["A note has at most 5000 characters."]
    desk().post(page(article, "notes"), {"text": "#p99999999999999999999 和 #p0 不是要点"})
    assert list(Note.objects.values_list("text", "point")) == [
        ("#p99999999999999999999 和 #p0 不是要点", None)
    ]


def test_a_note_changes_nothing_of_the_article():
    article = make_article(publish=True)
    teamwork.add_note(article, by=staff("change_article"), text="给同事看")
    stored = Article.objects.get()
    assert (stored.version, stored.updated_at) == (1, article.updated_at)
    assert "给同事看" not in Client().get(article.get_absolute_url()).content.decode()


def test_of_a_long_thread_the_latest_notes_are_shown():
    article, by = make_article(), make_user()
    Note.objects.bulk_create(Note(article=article, by=by, text=str(number)) for number in range(103))
    context = desk().get(page(article, "change")).context
    assert [str(text) for _note, _name, text in context["thread"]] == [
        str(number) for number in range(3, 103)
    ]
    assert context["older_notes"]


# --- who has it open ------------------------------------------------------------------------------


def test_whoever_gave_a_sign_of_life_in_the_last_minute_has_it_open():
    article, other_article = make_article(), make_article()
    me, zhang, li = make_user("我"), make_user("zhang", first_name="张三"), make_user("李四")
    assert teamwork.opened(article, me) == []
    assert teamwork.opened(article, zhang) == ["我"]
    assert teamwork.opened(other_article, li) == []
    assert teamwork.opened(article, me) == ["张三"]
    OpenArticle.objects.filter(user=zhang).update(at=timezone.now() - timedelta(seconds=61))
    assert teamwork.opened(article, me) == []
    assert set(OpenArticle.objects.values_list("article", "user")) == {
        (article.pk, me.pk),
        (other_article.pk, li.pk),
    }


def test_the_form_says_without_any_script_who_has_it_open_too():
    article = make_article()
    zhang = make_user("张三", is_staff=True, is_superuser=True)
    assert "has this open too" not in presence(desk(zhang).get(page(article, "change")))
    assert "张三 has this open too." in presence(desk().get(page(article, "change")))


def presence(response) -> str:
    """The text of the line, without the words that its script has at hand."""
    return response.content.decode().split('id="desk-presence"')[1].split("</p>")[0].split(">", 1)[1]


def test_a_browser_that_has_it_open_hears_who_else_has_and_which_version_there_is():
    article = make_article()
    zhang = make_user("zhang", first_name="张三", is_staff=True, is_superuser=True)
    client = desk()
    assert client.post(page(article, "open")).json() == {"others": [], "version": 1, "by": "–"}
    desk(zhang).post(page(article, "open"))
    editing.save(article, {"title": "改过"}, by=zhang)
    assert client.post(page(article, "open")).json() == {"others": ["张三"], "version": 2, "by": "张三"}


def test_who_may_only_look_holds_nobody_up_but_sees_who_works_on_it():
    article = make_article()
    chief = make_user("主编", is_staff=True, is_superuser=True)
    desk(chief).get(page(article, "change"))
    reader = desk(staff("view_article"))
    assert reader.post(page(article, "open")).json()["others"] == ["主编"]
    assert "主编 has this open too." in presence(reader.get(page(article, "change")))
    assert desk(chief).post(page(article, "open")).json()["others"] == []


# --- rights ---------------------------------------------------------------------------------------


def test_who_may_only_look_writes_no_notes_and_assigns_nobody():
    article = make_article()
    client = desk(staff("view_article"))
    response = client.post(page(article, "notes"), {"text": "我看过"}, follow=True)
    assert told(response) == ["You have no right to write notes."]
    client.post(page(article, "assign"), {"to": make_user(is_staff=True).pk})
    assert not Note.objects.exists()
    assert Article.objects.get().assigned_to is None
    shown = client.get(page(article, "change")).content.decode()
    assert "desk-assign" not in shown and "desk-note-text" not in shown


@pytest.mark.parametrize("name", ["assign", "notes", "open"])
def test_without_the_right_to_see_articles_none_of_it_is_there(name):
    article = make_article()
    assert desk(staff("view_source")).post(page(article, name), {"text": "x"}).status_code == 403
    assert Client().post(page(article, name)).status_code == 302
    assert desk().get(page(article, name)).status_code == 405
    assert desk().post(f"/admin/articles/article/999999/{name}/").status_code == 404
    assert desk().post(f"/admin/articles/article/99999999999999999999/{name}/").status_code == 404
    assert not Note.objects.exists()
    assert not OpenArticle.objects.exists()


def test_the_panel_costs_the_same_however_long_the_thread_is(django_assert_max_num_queries):
    article, client = make_article(), desk()
    client.get(page(article, "change"))
    with django_assert_max_num_queries(60) as with_none:
        client.get(page(article, "change"))
    for number in range(3):
        teamwork.add_note(article, by=staff("change_article"), text=f"#p{number + 1}")
    with django_assert_max_num_queries(60) as with_some:
        client.get(page(article, "change"))
    assert len(with_some) == len(with_none)
