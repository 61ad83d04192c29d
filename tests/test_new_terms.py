"""The queue of new terms: what waits, what each may be, and how it is settled."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles.models import ArticleKeyword, ArticleTechnology
from taxonomy import newterms
from taxonomy.merge import Refused
from taxonomy.models import Industry, Keyword, Merge, Technology, Term
from taxonomy.undo import undo
from tests.factories import desk, make_article, make_term, make_user, staff, told

pytestmark = pytest.mark.django_db

CHANGE = [f"change_{name}" for name in ("keyword", "technology", "industry")]


def new(name: str, vocabulary: str = "technology", **fields) -> Term:
    return make_term(name, vocabulary, confirmed=False, **fields)


def queue(vocabulary: str = "", **query: str) -> str:
    name, kwargs = ("new_terms_of", {"vocabulary": vocabulary}) if vocabulary else ("new_terms", {})
    return reverse(name, kwargs=kwargs, query=query or None)


def ref(term: Term) -> str:
    return f"{term.vocabulary}-{term.pk}"


def act(client, verb: str, *terms: Term, one: Term | None = None, **fields):
    data = {"act": f"{verb}@{ref(one)}" if one else verb, "pick": [ref(term) for term in terms]} | fields
    return client.post(reverse("new_terms_act"), data, follow=True)


def state(term: Term) -> tuple[bool, bool]:
    term.refresh_from_db()
    return term.confirmed, term.declined


def proposed(*terms: Term) -> list[tuple[str, str] | None]:
    found = newterms.proposals(terms)
    return [(found[term].term.name, found[term].reason) if term in found else None for term in terms]


# --- what waits


def test_only_what_stands_for_itself_and_nobody_has_settled_waits_the_newest_first():
    first, second = new("甲"), new("乙")
    make_term("丙")
    new("丁", declined=True)
    new("戊", merged_into=make_term("己"))
    rows = desk().get(queue()).context["rows"]
    assert [row.term for row in rows] == [second, first]


def test_one_queue_holds_all_vocabularies_and_each_has_its_own():
    keyword, technology, industry = new("甲", "keyword"), new("乙"), new("丙", "industry")
    client = desk()
    assert [row.term for row in client.get(queue()).context["rows"]] == [keyword, technology, industry]
    assert [row.term for row in client.get(queue("industry")).context["rows"]] == [industry]


def test_a_page_leads_on_from_its_last_term_across_vocabularies(monkeypatch):
    monkeypatch.setattr(newterms, "PAGE", 2)
    terms = [new("甲", "keyword"), new("丙"), new("乙"), new("丁", "industry")]
    client, address, seen = desk(), queue(), []
    while address:
        context = client.get(address).context
        seen.append([row.term.name for row in context["rows"]])
        address = context["older"]
    assert seen == [["甲", "乙"], ["丙", "丁"]]
    after = queue(after=ref(terms[2]))
    terms[2].delete()
    assert [row.term.name for row in client.get(after).context["rows"]] == ["丙", "丁"]


def test_a_term_is_shown_with_how_often_and_where_it_occurs():
    for number in range(3):
        make_article(f"文章{number}", technologies=["Sora", "旧"])
    Technology.objects.filter(name="Sora").update(confirmed=False)
    [row] = desk().get(queue()).context["rows"]
    assert (row.term.name, [title for _address, title in row.titles]) == ("Sora", ["文章2", "文章1"])
    assert row.uses == '<a href="/admin/articles/article/?technologies=sora">3</a>'


def test_who_may_not_see_articles_reads_no_titles():
    make_article("没有权利的人看不到", technologies=["Sora"])
    Technology.objects.update(confirmed=False)
    page = desk(staff("view_technology")).get(queue())
    assert [row.titles for row in page.context["rows"]] == [[]]
    assert "没有权利的人看不到" not in page.content.decode()


def test_the_number_of_statements_does_not_depend_on_the_number_of_terms():
    client, statements = desk(), []
    for count in (1, 8):
        for number in range(count):
            make_term(f"图像识别{count}{number}")
            make_article(technologies=[f"图像识别技术{count}{number}", f"图像识别{count}{number}技术"])
        Technology.objects.filter(name__endswith="技术").update(confirmed=False)
        with CaptureQueriesContext(connection) as queries:
            client.get(queue())
        statements.append(len(queries))
    assert statements[0] == statements[1]


@pytest.mark.parametrize("text", ["", "x", "technology-", "technology-0", "technology-" + "9" * 30, "'"])
def test_nonsense_in_the_address_shows_the_first_page(text):
    new("甲")
    client = desk()
    for name in ("after", "done", "state", "vocabulary"):
        assert client.get(queue(), {name: text}).status_code == 200
    assert client.post(reverse("new_terms_act"), {"act": "confirm", "pick": text}).status_code == 302
    assert client.post(reverse("new_terms_act"), {"act": f"rename@{text}"}).status_code == 302


# --- what it may be


def test_a_near_spelling_of_a_name_or_an_alias_is_proposed_and_confirmed_terms_come_first():
    make_term("大语言模型", aliases=["LLM"])
    make_term("人脸识别")
    new("区块链技术")
    assert proposed(new("LLMs"), new("人脸识别技术"), new("区块链"), new("图像生成")) == [
        ("大语言模型", "signs"),
        ("人脸识别", "ending"),
        ("区块链技术", "ending"),
        None,
    ]


def test_the_survivor_is_proposed_not_the_term_that_was_merged():
    make_term("Midjourney", merged_into=make_term("MJ"))
    assert proposed(new("Midjourny")) == [("MJ", "slip")]


def test_the_same_spelling_in_another_vocabulary_is_proposed_if_it_is_confirmed_there():
    make_term("电影", "industry", aliases=["影片"])
    new("算力", "keyword")
    assert proposed(new("电影"), new("影片", "keyword"), new("算力")) == [
        ("电影", "elsewhere"),
        ("电影", "elsewhere"),
        None,
    ]


def test_what_was_declined_is_not_proposed():
    make_term("人脸识别", confirmed=False, declined=True)
    assert proposed(new("人脸识别技术")) == [None]


def test_of_two_new_ones_the_later_may_be_the_earlier():
    first, second = new("生成式AI"), new("生成式人工智能")
    assert proposed(first, second) == [None, ("生成式AI", "signs")]


# --- settled


def test_terms_are_confirmed_declined_and_put_back():
    a, b = new("甲"), new("乙")
    client = desk()
    act(client, "confirm", one=a)
    page = act(client, "decline", one=b)
    assert (state(a), state(b)) == ((True, False), (False, True))
    assert [one["term"] for one in page.context["done"]] == [b]
    assert [row.term for row in client.get(queue(state="declined")).context["rows"]] == [b]
    act(client, "back", a, b)
    assert (state(a), state(b)) == ((False, False), (False, False))


def test_who_settled_it_stands_in_the_history_of_the_term():
    term, settled = new("甲"), make_term("乙")
    client = desk(make_user("lin", is_staff=True, is_superuser=True))
    for verb in ("decline", "back", "confirm"):
        act(client, verb, term, settled)
    log = {one: LogEntry.objects.filter(object_id=one.pk).order_by("pk") for one in (term, settled)}
    assert [(entry.user.username, entry.change_message) for entry in log[term]] == [
        ("lin", "Declined: no term of the desk."),
        ("lin", "Put back: it waits for a decision again."),
        ("lin", "Confirmed."),
    ]
    # Its declining was refused, and has left nothing.
    assert [entry.change_message for entry in log[settled]] == [
        "Put back: it waits for a decision again.",
        "Confirmed.",
    ]


def test_several_are_settled_each_by_itself_and_those_that_are_not_are_told_with_the_reason():
    a, b, c = new("甲"), new("乙"), make_term("丙")
    page = act(desk(), "confirm", a, c, b)
    assert told(page) == ["丙: Somebody has settled it in the meantime."]
    assert [one["term"] for one in page.context["done"]] == [a, b]


def test_what_was_proposed_is_accepted_as_it_was_shown_and_can_be_undone():
    known, term = make_term("人脸识别"), new("人脸识别技术")
    article = make_article(technologies=["人脸识别技术"])
    page = act(desk(), "accept", one=term, **{f"proposal-{ref(term)}": ref(known)})
    assert [link.tag for link in ArticleTechnology.objects.filter(content_object=article)] == [known]
    record = page.context["done"][0]["record"]
    assert (record.kind, record.rows) == ("merge", 1)
    undo(record, by=None)
    assert [link.tag for link in ArticleTechnology.objects.filter(content_object=article)] == [term]
    assert state(term) == (False, False)


def test_several_proposals_are_accepted_at_once_also_across_vocabularies():
    film, face = make_term("电影", "industry"), make_term("人脸识别")
    a, b, c = new("电影", "keyword"), new("人脸识别技术"), new("无名")
    article = make_article(keywords=["电影"], technologies=["人脸识别技术"])
    Keyword.objects.update(confirmed=False)
    Technology.objects.filter(pk=b.pk).update(confirmed=False)
    fields = {f"proposal-{ref(a)}": ref(film), f"proposal-{ref(b)}": ref(face)}
    page = act(desk(), "accept", a, b, c, **fields)
    assert told(page) == ["无名: Nothing is proposed for it."]
    assert list(article.industries.all()) == [film]
    assert list(article.technologies.all()) == [face]


def test_a_term_is_renamed_and_confirmed_in_one():
    term = new("Midjourny")
    act(desk(), "rename", one=term, **{f"name-{ref(term)}": " Midjourney "})
    term.refresh_from_db()
    assert (term.name, term.confirmed, [alias.name for alias in term.aliases.all()]) == (
        "Midjourney",
        True,
        ["Midjourny"],
    )


def test_a_name_that_means_another_term_is_refused_and_nothing_is_done():
    make_term("Midjourney")
    term = new("MJ")
    page = act(desk(), "rename", one=term, **{f"name-{ref(term)}": "midjourney"})
    assert told(page) == ["MJ: “midjourney” is the name of another term."]
    assert (state(term), term.name) == ((False, False), "MJ")


def test_a_term_becomes_a_name_of_one_that_is_written_by_an_alias():
    known, term = make_term("大语言模型", aliases=["LLM"]), new("大模形")
    client = desk()
    act(client, "merge", one=term, **{f"name-{ref(term)}": "llm"})
    term.refresh_from_db()
    assert term.merged_into == known
    other = new("另一个")
    assert told(act(client, "merge", one=other, **{f"name-{ref(other)}": "没有的"})) == [
        "另一个: There is no term “没有的” in this vocabulary."
    ]
    assert told(act(client, "merge", one=other, **{f"name-{ref(other)}": "另一个"})) == [
        "另一个: Choose at least two terms."
    ]


def test_several_become_names_of_one_term_or_go_to_another_vocabulary():
    known, a, b = make_term("大语言模型"), new("甲"), new("乙")
    client = desk()
    act(client, "merge", a, b, name="大语言模型")
    assert set(Technology.objects.filter(merged_into=known)) == {a, b}
    c, d = new("制造"), new("零售")
    make_article(technologies=["制造"])
    Technology.objects.filter(pk=c.pk).update(confirmed=False)
    act(client, "move", c, d, to="industry")
    assert set(Industry.objects.values_list("name", "confirmed")) == {("制造", True), ("零售", True)}
    assert not newterms.waiting(Technology).exists()


def test_what_was_declined_in_the_other_vocabulary_is_a_term_there_once_an_editor_puts_another_there():
    there, term = new("制造", "industry", declined=True), new("制造")
    act(desk(), "move", one=term, **{f"to-{ref(term)}": "industry"})
    assert state(there) == (True, False)


def test_what_somebody_merged_in_the_meantime_is_not_merged_again():
    known, term = make_term("甲"), new("乙", merged_into=make_term("丙"))
    with pytest.raises(Refused):
        newterms.become(term, known, by=None)
    assert Merge.objects.count() == 0


def test_one_goes_on_at_the_row_after_the_one_that_was_settled():
    a, b, c = new("甲"), new("乙"), new("丙")
    rows = {"row": [ref(c), ref(b), ref(a)]}
    response = desk().post(reverse("new_terms_act"), {"act": f"confirm@{ref(b)}"} | rows)
    assert response.url == queue(done=ref(b)) + f"#{ref(a)}"


# --- rights


def test_whoever_may_only_look_settles_nothing():
    term = new("甲")
    client = desk(staff("view_technology"))
    page = client.get(queue())
    assert (page.status_code, page.context["may_change"]) == (200, False)
    assert "You may look here." in page.content.decode()
    assert client.post(reverse("new_terms_act"), {"act": "confirm", "pick": ref(term)}).status_code == 403
    assert state(term) == (False, False)


def test_whoever_may_change_one_vocabulary_touches_no_other():
    keyword, technology = new("电影", "keyword"), new("乙")
    industry = make_term("电影", "industry")
    client = desk(staff("change_technology", "view_keyword"))
    rows = client.get(queue()).context["rows"]
    assert [(row.term, row.may) for row in rows] == [(keyword, False), (technology, True)]
    refused = ["电影: You have no right to change this vocabulary."]
    assert told(act(client, "confirm", keyword)) == refused
    fields = {f"proposal-{ref(technology)}": ref(industry)}
    assert told(act(client, "accept", technology, **fields)) == [
        "乙: You have no right to change this vocabulary."
    ]
    assert told(act(client, "move", technology, to="industry")) == [
        "乙: You have no right to change this vocabulary."
    ]
    assert Merge.objects.count() == 0


@pytest.mark.parametrize(("groups", "status"), [([], 403), (["Importers"], 200), (["Reviewers"], 200)])
def test_the_desk_sees_the_queue(groups, status):
    client = desk(make_user(is_staff=True, groups=groups))
    assert client.get(queue()).status_code == status
    assert client.get(queue("keyword")).status_code == status


def test_nobody_else_gets_in(client):
    assert client.get(queue()).status_code == 302
    assert client.post(reverse("new_terms_act"), {"act": "confirm"}).status_code == 302


def test_an_unknown_act_is_not_found():
    term = new("甲")
    data = {"act": "explode", "pick": ref(term)}
    assert desk().post(reverse("new_terms_act"), data).status_code == 404


def test_no_assignment_is_lost_when_a_term_that_both_carry_is_accepted():
    known, term = make_term("甲", "keyword"), new("甲乙", "keyword")
    make_article(keywords=["甲", "甲乙"])
    make_article(keywords=["甲乙"])
    Keyword.objects.filter(pk=term.pk).update(confirmed=False)
    act(desk(), "accept", one=term, **{f"proposal-{ref(term)}": ref(known)})
    assert set(ArticleKeyword.objects.values_list("tag", flat=True)) == {known.pk}
    assert ArticleKeyword.objects.count() == 2
