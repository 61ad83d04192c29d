"""The desk's pages for terms of many articles: from a list or triage to what will change, the deed, the record, and back."""

import pytest
from django.urls import reverse

from articles import editing, retagging
from articles.models import Article, ArticleTechnology, Retag, Status
from taxonomy.models import Technology
from tests.factories import desk, make_article, make_term, make_user, staff

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
ALL = f"{LIST}retag/"
RECORDS = "/admin/articles/retag/"
LONG = 10**20


@pytest.fixture
def chief():
    return staff("view_article", "change_article", "publish_article")


def names() -> dict[str, list[str]]:
    found = {title: [] for title in Article.objects.values_list("title", flat=True)}
    rows = ArticleTechnology.objects.order_by("position").values_list("content_object__title", "tag__name")
    for title, name in rows:
        found[title].append(name)
    return found


def page(retag: Retag, name: str = "change") -> str:
    return reverse(f"admin:articles_retag_{name}", args=[retag.pk])


def prepared() -> Retag:
    return Retag.objects.prepared().get()


def named(**more) -> dict[str, str]:
    return {"vocabulary": "technology", "remove": "", "add": "", "note": ""} | more


def done(by, **terms) -> Retag:
    resolved = {side: make_term(name) for side, name in terms.items()}
    retag = retagging.prepare(Article.objects.all(), by=by)
    return retagging.run_now(retagging.start(retag, by=by, **resolved))


# --- choosing -------------------------------------------------------------------------------------


def test_the_ticked_articles_of_the_list_are_chosen(chief):
    chosen, _other = make_article("甲"), make_article("乙")
    answer = desk(chief).post(LIST, {"action": "retag_selected", "_selected_action": [chosen.pk]})
    retag = prepared()
    assert answer.url == page(retag, "choose")
    assert list(retag.rows.values_list("article_id", "version")) == [(chosen.pk, 1)]
    assert retag.by == chief


def test_all_that_match_are_chosen_on_whichever_page_they_are(chief, monkeypatch):
    monkeypatch.setattr("articles.admin.articles.ArticleAdmin.list_per_page", 2)
    chosen = [make_article(technologies=["Sora"]).pk for _time in range(5)]
    make_article()
    sora = Technology.objects.get()
    listed = desk(chief).get(LIST, {"technologies": sora.slug}).content.decode()
    assert f'action="{ALL}?technologies={sora.slug}"' in listed
    desk(chief).post(ALL, query_params={"technologies": sora.slug})
    retag = prepared()
    assert list(retag.rows.order_by("article_id").values_list("article_id", flat=True)) == chosen
    # Where the list was that of a term, it is that one which is to go.
    form = desk(chief).get(page(retag, "choose")).context["form"]
    assert form.initial == {"vocabulary": "technology", "remove": "Sora"}


@pytest.mark.parametrize(
    "query", [{"status__exact": "declined"}, {"technologies": "没有"}, {"source__id__exact": "x"}]
)
def test_where_nothing_matches_nothing_is_chosen(chief, query):
    make_article()
    answer = desk(chief).post(ALL, query_params=query)
    assert answer.url.startswith(LIST)
    assert not Retag.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"q": "\0"},
        {"technologies": "a\0b"},
        {"title__regex": "("},
        {"source__id__exact": LONG},
        {"p": "x"},
        {"o": "-9"},
    ],
)
def test_nonsense_in_the_address_of_the_list_is_no_error(chief, query):
    make_article()
    assert desk(chief).post(ALL, query_params=query).status_code in {302, 400}


def test_entries_of_the_triage_are_chosen_in_the_versions_that_were_seen(chief):
    seen, changed = make_article("甲"), make_article("乙")
    picks = [f"{seen.pk}:1", f"{changed.pk}:1"]
    editing.save(changed, {"title": "丙"}, by=chief)
    answer = desk(chief).post(f"{LIST}triage/act/", {"act": "terms", "pick": picks})
    retag = prepared()
    assert answer.url == page(retag, "choose")
    make_term("Sora")
    desk(chief).post(
        page(retag, "choose"), named(add="Sora", do="1", seen=f"0-{Technology.objects.get().pk}")
    )
    assert names() == {"甲": ["Sora"], "丙": []}


# --- naming ---------------------------------------------------------------------------------------


def test_the_page_says_what_will_change_before_anything_does(chief):
    make_article("甲", technologies=["LLM"])
    make_article("乙", technologies=["LLM", "大模型"], publish=True)
    make_article("丙")
    client = desk(staff("change_article"))
    client.post(ALL)
    retag = prepared()
    seen = client.post(page(retag, "choose"), named(remove="llm", add="大模型", do="1")).context
    states = [(label, one.articles, one.outcomes["changed"]) for label, one in seen["states"]]
    assert states == [("to do", 2, 1), ("published", 1, 0)]
    assert seen["kept"] == [
        ("nothing to change", 1), ("approved: to change it needs the right to publish", 1)
    ]  # fmt: skip
    assert prepared() == retag
    assert names() == {"甲": ["LLM"], "乙": ["LLM", "大模型"], "丙": []}


def test_what_the_page_told_of_is_done_and_nothing_else(chief):
    make_article("甲", technologies=["LLM"])
    old, new, other = Technology.objects.get(), make_term("大模型"), make_term("Sora")
    client = desk(chief)
    client.post(ALL)
    retag = prepared()
    told_of_another = named(remove="LLM", add="Sora", do="1", seen=f"{old.pk}-{new.pk}")
    assert client.post(page(retag, "choose"), told_of_another).context["named"]
    assert names() == {"甲": ["LLM"]}
    sent = named(remove="LLM", add="Sora", note="统一", do="1", seen=f"{old.pk}-{other.pk}")
    answer = client.post(page(retag, "choose"), sent, follow=True)
    assert answer.redirect_chain == [(page(retag), 302)]
    assert [str(message) for message in answer.context["messages"]] == ["1 article changed."]
    assert names() == {"甲": ["Sora"]}
    assert client.get(page(retag, "choose")).url == page(retag)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "Name the term to remove, the term to add, or both."),
        ({"add": "没有"}, "There is no term “没有” in this vocabulary."),
        ({"add": "Sora", "remove": "sora"}, "Both names mean the same term: “Sora”."),
        ({"add": "a\0b"}, "Null characters are not allowed."),
        ({"vocabulary": "x", "add": "Sora"}, "Select a valid choice. x is not one of the available choices."),
        ({"add": "长" * 5_000}, "Ensure this value has at most 100 characters (it has 5000)."),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(chief, sent, error):
    make_article("甲")
    make_term("Sora")
    client = desk(chief)
    client.post(ALL)
    answer = client.post(page(prepared(), "choose"), named(**sent))
    assert error in answer.content.decode()


def test_nobody_names_the_terms_for_what_another_chose(chief):
    make_article()
    desk(chief).post(ALL)
    assert desk().get(page(prepared(), "choose")).status_code == 404


def test_many_articles_are_left_to_the_worker_and_the_page_says_how_far_it_is(chief, monkeypatch):
    monkeypatch.setattr(retagging, "AT_ONCE", 2)
    monkeypatch.setattr(retagging, "CHUNK", 2)
    for number in range(5):
        make_article(str(number))
    term = make_term("Sora")
    client = desk(chief)
    client.post(ALL)
    retag = prepared()
    client.post(page(retag, "choose"), named(add="Sora", do="1", seen=f"0-{term.pk}"))
    retagging.run_next()
    waiting = client.get(page(retag)).content.decode()
    assert 'max="5" value="2"' in waiting
    assert page(retag, "undo") not in waiting
    client.post(page(retag, "stop"))
    stopped = client.get(page(retag)).content.decode()
    assert "<progress" not in stopped
    assert page(retag, "undo") in stopped
    client.post(page(retag, "undo"))
    assert not ArticleTechnology.objects.exists()


# --- records --------------------------------------------------------------------------------------


def test_the_record_lists_what_was_left_and_why(chief):
    live = make_article("公开的", publish=True)
    make_article("没公开的")
    retag = done(staff("change_article"), add="Sora")
    told = desk(chief).get(page(retag)).context
    assert told["outcomes"] == [
        ("terms changed", 1),
        ("approved: to change it needs the right to publish", 1),
    ]
    why = "approved: to change it needs the right to publish"
    assert told["lists"][0] == ("Left as they are", [(live.pk, "公开的", why)])


def test_undoing_is_told_beforehand_and_then_done(chief):
    make_article("甲")
    touched = make_article("乙")
    retag = done(chief, add="Sora")
    ArticleTechnology.objects.filter(content_object=touched).delete()
    client = desk(chief)
    assert client.get(page(retag, "undo")).context["outcomes"] == [
        ("as before", 1), ("the term was touched since", 1)
    ]  # fmt: skip
    answer = client.post(page(retag, "undo"), follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said == ["1 article as before. 1 article was left as it is."]
    assert answer.context["lists"][1][1] == [(touched.pk, "乙", "the term was touched since")]
    assert names() == {"甲": [], "乙": []}
    assert client.get(page(retag, "undo")).context["refusal"] == "This has been undone already."
    assert client.post(page(retag, "undo")).status_code == 200


def test_the_records_are_listed_in_a_constant_number_of_statements(chief, django_assert_max_num_queries):
    make_article()
    client = desk(chief)
    counts = []
    for number in (1, 2):
        for _time in range(number):
            done(chief, **{"add" if _time else "remove": f"词{number}{_time}"})
        with django_assert_max_num_queries(20) as asked:
            listed = client.get(RECORDS)
        counts.append(len(asked))
    assert len(listed.context["cl"].result_list) == 3
    assert counts[0] == counts[1]


def test_what_is_only_prepared_is_no_record(chief):
    make_article()
    desk(chief).post(ALL)
    assert list(desk(chief).get(RECORDS).context["cl"].result_list) == []
    assert desk(chief).get(page(prepared())).status_code == 404


def test_who_may_only_look_changes_nothing(chief):
    make_article("甲")
    retag = done(chief, add="Sora")
    looker = desk(make_user(is_staff=True, groups=["Importers"]))
    shown = looker.get(page(retag)).content.decode()
    assert page(retag, "undo") not in shown
    answers = [
        looker.post(address) for address in (ALL, page(retag, "undo"), page(retag, "stop"), page(retag))
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]
    picked = {"act": "terms", "pick": f"{Article.objects.get().pk}:2"}
    assert looker.post(f"{LIST}triage/act/", picked).status_code == 403
    assert names() == {"甲": ["Sora"]}
    assert "retag_selected" not in looker.get(LIST).content.decode()
    nobody = desk(staff())
    assert {nobody.get(address).status_code for address in (RECORDS, page(retag), page(retag, "undo"))} == {
        403
    }


@pytest.mark.parametrize("name", ["choose", "change", "undo", "stop"])
def test_numbers_that_are_none_are_not_found(name):
    client = desk()
    for pk in (0, LONG):
        address = reverse(f"admin:articles_retag_{name}", args=[pk])
        assert (
            client.post(address).status_code == client.get(address).status_code == 404
            if name != "stop"
            else 405
        )
    assert client.get(f"{RECORDS}x/change/").status_code == 404


def test_an_article_that_was_approved_is_changed_at_once_by_who_may_publish(chief):
    make_article("甲", publish=True)
    done(chief, add="Sora")
    article = Article.objects.get()
    assert (names(), article.status) == ({"甲": ["Sora"]}, Status.PUBLISHED)
    assert "Sora" in desk().get(article.get_absolute_url()).content.decode()
