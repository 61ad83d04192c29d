"""Terms move to another vocabulary, get other names and aliases, and what would happen is told before."""

import pytest
from django.db import models

from articles.models import ArticleKeyword, ArticleTechnology
from taxonomy import aliasing
from taxonomy.homes import at_home, homes
from taxonomy.merge import Refused, merge, move, rename
from taxonomy.models import Industry, Keyword, Technology
from taxonomy.preview import preview, preview_move
from taxonomy.undo import undo
from tests.factories import make_article, make_term
from tests.test_merge import technologies

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def rows(model: type[models.Model]) -> set[tuple]:
    return set(model.objects.values_list("tag__name", "content_object", "raw", "position"))


# --- move


def test_a_moved_term_becomes_one_of_the_other_vocabulary_and_its_articles_carry_it_there():
    article = make_article(technologies=["Sora", "电影"], keywords=["版权"])
    term = Technology.objects.get(name="电影")
    record = move([term], to=Keyword, by=None)
    assert technologies(article) == [("Sora", "Sora", 0)]
    assert rows(ArticleKeyword) == {("版权", article.pk, "版权", 0), ("电影", article.pk, "电影", 1)}
    undo(record, by=None)
    assert technologies(article) == [("Sora", "Sora", 0), ("电影", "电影", 1)]
    assert rows(ArticleKeyword) == {("版权", article.pk, "版权", 0)}


def test_a_moved_term_joins_the_one_that_is_there():
    both, one = make_article(technologies=["电影"], keywords=["電影"]), make_article(technologies=["电影"])
    record = move([Technology.objects.get()], to=Keyword, by=None)
    assert rows(ArticleKeyword) == {("電影", both.pk, "電影", 0), ("電影", one.pk, "电影", 1)}
    assert (record.rows, record.doubles) == (1, 1)
    undo(record, by=None)
    assert rows(ArticleKeyword) == {("電影", both.pk, "電影", 0)}
    assert rows(ArticleTechnology) == {("电影", both.pk, "电影", 0), ("电影", one.pk, "电影", 0)}


def test_a_moved_term_is_none_of_its_old_vocabulary_and_its_spellings_are_known_in_the_new_one():
    term = make_term("电影", aliases=["影片"], description="说明")
    make_term("Movie", merged_into=term)
    move([term], to=Industry, by=None)
    target = Industry.objects.get(name="电影")
    spellings = ["电影", "影片", "movie"]
    assert Technology.objects.resolve(spellings, create=True) == {}
    assert Technology.objects.moved(spellings) == dict.fromkeys(spellings, target)
    assert Technology.objects.moved_by_slug(["电影", "影片", "movie"]) == dict.fromkeys(spellings, target)
    assert Industry.objects.resolve(spellings) == dict.fromkeys(spellings, target)
    assert (target.description, target.confirmed) == ("说明", True)


def test_a_term_can_be_moved_back_and_leads_to_itself_again():
    article = make_article(technologies=["电影"])
    term = Technology.objects.get()
    move([term], to=Keyword, by=None)
    back = move([Keyword.objects.get()], to=Technology, by=None)
    assert Technology.objects.resolve(["电影"]) == {"电影": term}
    assert Keyword.objects.moved_by_slug(["电影"]) == {"电影": term}
    assert technologies(article) == [("电影", "电影", 1)]
    undo(back, by=None)
    assert Technology.objects.moved(["电影"]) == {"电影": Keyword.objects.get()}


def test_a_move_that_was_taken_back_by_another_move_is_not_undone_under_it():
    term = make_term("电影")
    first = move([term], to=Keyword, by=None)
    move([Keyword.objects.get()], to=Technology, by=None)
    with pytest.raises(Refused, match="Undo that first"):
        undo(first, by=None)


def test_what_a_move_made_stays_when_it_is_undone_for_its_address_is_known():
    record = move([make_term("电影")], to=Keyword, by=None)
    undone = undo(record, by=None)
    assert undone.kept == ["“电影” stays among the keywords: its address is known."]
    assert Keyword.objects.by_slug(["电影"]) and Technology.objects.by_slug(["电影"])


@pytest.mark.parametrize("first", [0, 1])
def test_a_move_and_a_merge_on_top_of_it_are_undone_in_any_order(first):
    article = make_article(technologies=["电影"], keywords=["影视"])
    records = [move([Technology.objects.get()], to=Keyword, by=None)]
    moved, survivor = Keyword.objects.get(name="电影"), Keyword.objects.get(name="影视")
    records.append(merge([moved], into=survivor, by=None))
    assert rows(ArticleKeyword) == {("影视", article.pk, "影视", 0)}
    undo(records[first], by=None)
    undo(records[1 - first], by=None)
    assert technologies(article) == [("电影", "电影", 0)]
    assert rows(ArticleKeyword) == {("影视", article.pk, "影视", 0)}


# --- rename


def test_a_renamed_term_is_found_by_both_names_and_undoing_swaps_them():
    term = make_term("Mid journey")
    record = rename(term, "妙绘", by=None)
    assert Technology.objects.by_slug(["midjourney", "妙绘"]) == {"midjourney": term, "妙绘": term}
    assert Technology.objects.get().name == "妙绘"
    undo(record, by=None)
    assert Technology.objects.get().name == "Mid journey"
    assert Technology.objects.by_slug(["midjourney", "妙绘"]) == {"midjourney": term, "妙绘": term}


def test_another_spelling_leaves_no_alias_but_can_be_undone():
    term = make_term("MID journey")
    record = rename(term, "Midjourney", by=None)
    assert term.aliases.count() == 0
    undo(record, by=None)
    assert Technology.objects.get().name == "MID journey"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("chatgpt", "“chatgpt” is the name of another term."),
        ("聊天机器人", "“聊天机器人” is an alias of the term “ChatGPT”."),
        ("LLM", "“LLM” is the name of a term that was merged or moved. Undo that first."),
        ("\u200b", "“\u200b” cannot be the name of a term."),
        ("Midjourney", "That is its name already."),
    ],
)
def test_a_name_that_is_taken_is_refused_with_the_reason(name, reason):
    other = make_term("ChatGPT", aliases=["聊天机器人"])
    make_term("LLM", merged_into=other)
    with pytest.raises(Refused) as refused:
        rename(make_term("Midjourney"), name, by=None)
    assert str(refused.value) == reason


def test_a_term_that_was_renamed_again_must_be_renamed_back_first():
    term = make_term("A")
    first, second = rename(term, "B", by=None), rename(term, "C", by=None)
    with pytest.raises(Refused, match="renamed again, to “C”"):
        undo(first, by=None)
    undo(second, by=None)
    undo(first, by=None)
    assert Technology.objects.by_slug(["a", "b", "c"]) == dict.fromkeys("abc", term)
    assert Technology.objects.get().name == "A"


def test_a_name_given_to_another_term_meanwhile_is_not_taken_from_it():
    term = make_term("A")
    record = rename(term, "B", by=None)
    term.aliases.all().delete()
    make_term("A")
    with pytest.raises(Refused, match="“A” means the term “A” by now"):
        undo(record, by=None)


# --- preview, aliases


def test_a_preview_counts_what_a_merge_will_change():
    make_article(technologies=["LLM", "大语言模型"])
    make_article(technologies=["LLM"])
    llm, survivor = Technology.objects.get(name="LLM"), Technology.objects.get(name="大语言模型")
    llm.aliases.create(name="大模型")
    found = preview([llm, survivor], survivor)
    assert [(use.relation.label, use.rows, use.moved, use.doubles) for use in found.uses] == [
        ("articles.articletechnology.tag", 2, 1, 1)
    ]
    assert (found.names, found.more_names) == (["LLM", "大模型"], 0)
    record = merge([llm], into=survivor, by=None)
    assert (record.rows, record.doubles) == (1, 1)


def test_a_preview_of_a_move_says_which_are_made_and_which_join():
    make_article(technologies=["电影", "Sora"], keywords=["电影"])
    terms = list(Technology.objects.order_by("name"))
    ways, found = preview_move(terms, Keyword)
    assert [(way.term.name, way.target and way.target.name) for way in ways] == [
        ("Sora", None),
        ("电影", "电影"),
    ]
    assert [(use.rows, use.doubles) for use in found.uses] == [(2, 1)]


def test_pasted_aliases_are_judged_one_by_one():
    term = make_term("Midjourney", aliases=["MJ"])
    make_term("中途", merged_into=term)
    other = make_term("Sora", aliases=["索拉"])
    names = aliasing.parse("妙绘、mj，MID journey;中途\nsora；索拉\n\n妙绘\n" + "长" * 101)
    judged = [(one.name, one.verdict, one.via) for one in aliasing.judge(term, names)]
    assert judged == [
        ("妙绘", "new", ""),
        ("mj", "there", "MJ"),
        ("MID journey", "there", ""),
        ("中途", "there", ""),
        ("sora", "clash", ""),
        ("索拉", "clash", "索拉"),
        ("长" * 101, "impossible", ""),
    ]
    aliasing.add(term, names)
    assert sorted(alias.name for alias in term.aliases.all()) == ["MJ", "妙绘"]
    assert [alias.name for alias in other.aliases.all()] == ["索拉"]


def test_judging_aliases_takes_as_many_statements_for_many_as_for_one(django_assert_num_queries):
    term = make_term("Midjourney")
    for number in range(3):
        make_term(f"T{number}", aliases=[f"别名{number}"])
    for names in (["T0"], ["T0", "T1", "别名2", "新"]):
        with django_assert_num_queries(2):
            aliasing.judge(term, names)


def test_names_whose_term_was_moved_are_put_where_it_is_now():
    move([make_term("电影", aliases=["影片"])], to=Keyword, by=None)
    spelled = {"technology": ["Sora", "影片", "电影"], "keyword": ["版权"], "industry": []}
    known = homes(spelled)
    assert at_home(spelled, known) == {"technology": ["Sora"], "keyword": ["版权", "电影"], "industry": []}
    assert at_home({"technology": ["Sora"]}, known) == {"technology": ["Sora"]}
