"""What editors correct again and again is proposed as a rule, and does nothing until somebody agrees."""

import pytest

from articles import editing, retagging
from articles.lessons import MAX_AT_ONCE, replaced
from articles.models import TERM_FIELDS, Article, ArticleTechnology
from taxonomy import learning
from taxonomy.learning import MAX_SEEN, accept, foresee, observe, proposals, reject, terms
from taxonomy.merge import Refused, merge, move, rename
from taxonomy.models import Industry, Keyword, Merge, Rule, RuleDecision, Technology
from taxonomy.undo import undo
from tests.factories import make_article, make_term, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def corrected(before: str, after: str, *, times: int, first: int = 1, vocabulary: str = "technology") -> None:
    """One was given for the other in so many articles."""
    for number in range(first, first + times):
        observe(vocabulary, [before], [after], subject=f"articles.article:{number}")


def proposed() -> list[str]:
    return [str(rule) for rule in proposals()]


# --- what is a correction


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        (["LLM", "Sora"], ["Sora", "大模型"], ["LLM"], ["大模型"]),  # one went, one came
        (
            ["LLM", "MJ", "X"],
            ["大模型", "Midjourney", "X"],
            ["LLM", "MJ"],
            ["大模型", "Midjourney"],
        ),  # in its place
        (["LLM", "MJ"], ["Midjourney", "X", "大模型"], [], []),  # which for which?
        (["LLM", "MJ", "X"], ["X", "大模型", "Midjourney"], [], []),
        (["LLM"], ["大模型", "Sora"], [], []),
        (["LLM"], [], [], []),
        ([], ["大模型"], [], []),
        (["A", "B"], ["B", "A"], [], []),
        ([], [], [], []),
    ],
)
def test_only_what_can_mean_nothing_else_is_a_correction(before, after, removed, added):
    assert replaced(before, after) == (removed, added)


def test_a_person_who_saves_teaches_and_nothing_else_does():
    make_term("大语言模型")
    reviewer = make_user(is_superuser=True)
    for number, by in enumerate([reviewer, None, reviewer]):
        article = make_article(technologies=["LLM", "Sora"])
        editing.save(article, {"technologies": ["Sora", "大语言模型"]}, by=by)
        assert proposed() == (["LLM → 大语言模型"] if number == 2 else [])
    assert Rule.objects.get().seen_in == [
        f"articles.article:{pk}" for pk in Article.objects.order_by("pk").values_list("pk", flat=True)[::2]
    ]


def test_replacing_a_term_in_many_articles_counts_as_one_correction():
    chief, llm, target = make_user(is_superuser=True), make_term("LLM"), make_term("大语言模型")
    for number in range(2):
        for _article in range(3):
            make_article(technologies=["LLM"])
        prepared = retagging.prepare(Article.objects.all(), by=chief)
        record = retagging.start(prepared, remove=llm, add=target, by=chief)
        assert Rule.objects.get().seen_in[number:] == [f"articles.retag:{record.pk}"]
    assert proposed() == ["LLM → 大语言模型"]


def test_who_replaces_all_terms_of_an_article_corrects_none():
    article = make_article(technologies=[f"旧{number}号" for number in range(MAX_AT_ONCE + 1)])
    names = [f"新{number}号" for number in range(MAX_AT_ONCE + 1)]
    editing.save(article, {"technologies": names}, by=make_user(is_superuser=True))
    assert not Rule.objects.exists()


def test_a_correction_in_a_draft_teaches_as_well():
    make_term("大语言模型")
    for _number in range(2):
        article = make_article(technologies=["LLM"], publish=True)
        editing.save(article, {"technologies": ["大语言模型"]}, by=make_user(is_superuser=True))
    assert proposed() == ["LLM → 大语言模型"]


# --- when it is proposed


def test_the_same_correction_in_two_articles_is_proposed():
    make_term("大语言模型"), make_term("LLM")
    corrected("LLM", "大语言模型", times=1)
    corrected("llm", "大語言模型", times=1)  # in the same article, in another spelling
    assert proposed() == []
    corrected("LLM", "大语言模型", times=1, first=2)
    assert proposed() == ["LLM → 大语言模型"]


def test_what_was_taken_back_in_the_same_article_has_not_been_made():
    make_term("大语言模型"), make_term("LLM")
    corrected("LLM", "大语言模型", times=2)
    corrected("大语言模型", "LLM", times=1)
    assert proposed() == []


def test_each_vocabulary_learns_for_itself():
    make_term("大语言模型"), make_term("大语言模型", "keyword")
    corrected("LLM", "大语言模型", times=1)
    corrected("LLM", "大语言模型", times=1, first=2, vocabulary="keyword")
    assert proposed() == []


def test_spellings_of_one_term_and_impossible_names_teach_nothing():
    make_term("大语言模型", aliases=["LLM"])
    for before, after in [
        ("LLM", "大语言模型"),
        ("X" * 200, "大语言模型"),
        ("", "大语言模型"),
        ("Sora", "ＳＯＲＡ"),
    ]:
        corrected(before, after, times=2)
    assert list(Rule.objects.all()) == []


def test_a_rule_remembers_a_bounded_number_of_articles():
    make_term("大语言模型")
    corrected("LLM", "大语言模型", times=MAX_SEEN + 10)
    assert Rule.objects.get().times == MAX_SEEN


def test_a_rule_that_says_nothing_any_more_is_not_proposed():
    for name in ("甲", "乙", "丙", "丁"):
        corrected(name, f"新{name}", times=2)
    make_term("新甲", aliases=["甲"])  # it is an alias by now
    merge([make_term("乙")], into=make_term("别的"), by=None)  # it means something else
    make_term("新乙")
    move([make_term("新丙")], to=Industry, by=None)  # there is no such term here
    assert proposed() == []
    make_term("新丁")
    assert proposed() == ["丁 → 新丁"]


def test_what_a_rule_is_about_may_be_renamed_and_merged_meanwhile():
    llm, target = make_term("LLM"), make_term("大语言模型")
    corrected("LLM", "大语言模型", times=1)
    rename(llm, "LLMs", by=None)
    merge([target], into=make_term("大模型"), by=None)
    corrected("LLMs", "大模型", times=1, first=2)
    assert proposed() == ["LLMs → 大模型"]


def test_proposals_take_one_statement(django_assert_num_queries):
    for number in range(3):
        make_term(f"新{number}号")
        corrected(f"旧{number}号", f"新{number}号", times=2)
        with django_assert_num_queries(1):
            assert len(proposals()) == number + 1


# --- accepting


def test_accepting_merges_the_term_and_tells_before_what_will_change():
    loser, survivor = make_term("LLM"), make_term("大语言模型")
    article = make_article(technologies=["LLM"])
    corrected("LLM", "大语言模型", times=2)
    [rule] = proposals()
    assert terms(rule) == (loser, survivor)
    seen = foresee(rule)
    assert [(use.label, use.rows) for use in seen.uses] == [("articles", 1)] and seen.names == ["LLM"]
    chief = make_user()
    rule = accept(rule, by=chief)
    assert (rule.decision, rule.decided_by) == (RuleDecision.ACCEPTED, chief)
    assert (rule.merge.by, rule.merge.note) == (chief, "Learned rule: LLM → 大语言模型")
    assert [link.tag for link in ArticleTechnology.objects.filter(content_object=article)] == [survivor]
    assert proposed() == []


def test_a_spelling_that_is_no_term_becomes_an_alias():
    survivor = make_term("大语言模型")
    corrected("LLM", "大语言模型", times=2)
    [rule] = proposals()
    assert foresee(rule) is None
    assert accept(rule, by=None).merge is None
    assert Technology.objects.resolve(["llm"]) == {"llm": survivor}
    assert not Merge.objects.exists()


REFUSED = {
    "There is no term “大语言模型” any more.": lambda: Technology.objects.filter(name="大语言模型").delete(),
    "Nobody has confirmed “大语言模型” yet. Do that first.": lambda: Technology.objects.update(
        confirmed=False
    ),
    "“LLM” means “大语言模型” already.": lambda: merge(
        Technology.objects.filter(name="LLM"), into=Technology.objects.get(name="大语言模型"), by=None
    ),
    "“LLM” means “律师” already.": lambda: merge(
        Technology.objects.filter(name="LLM"), into=make_term("律师"), by=None
    ),
    "This has been decided already.": lambda: reject(Rule.objects.get(), by=None),
}


@pytest.mark.parametrize("text", REFUSED)
def test_accepting_is_refused_where_it_would_do_something_else(text):
    make_term("LLM"), make_term("大语言模型")
    corrected("LLM", "大语言模型", times=2)
    rule = Rule.objects.get()
    REFUSED[text]()
    with pytest.raises(Refused, match=text):
        accept(rule, by=None)
    assert Rule.objects.get().decision != RuleDecision.ACCEPTED


def test_a_name_that_has_moved_to_another_vocabulary_is_not_taken_from_there():
    term = make_term("LLM")
    make_term("大语言模型")
    corrected("LLM", "大语言模型", times=2)
    move([term], to=Keyword, by=None)
    with pytest.raises(Refused, match="“LLM” means “LLM” already"):
        accept(Rule.objects.get(), by=None)


# --- after the decision


def test_a_rejected_rule_does_not_return_however_often_and_under_whatever_name():
    llm, target = make_term("LLM"), make_term("大语言模型")
    corrected("LLM", "大语言模型", times=2)
    reject(Rule.objects.get(), by=None)
    corrected("LLM", "大语言模型", times=3, first=3)
    rename(llm, "LLMs", by=None)
    merge([target], into=make_term("大模型"), by=None)
    corrected("LLMs", "大模型", times=3, first=6)
    assert proposed() == []
    assert [rule.decision for rule in Rule.objects.all()] == [RuleDecision.REJECTED]


def test_an_accepted_rule_whose_merge_is_undone_has_to_be_learned_anew():
    make_term("LLM"), make_term("大语言模型")
    corrected("LLM", "大语言模型", times=2)
    rule = accept(Rule.objects.get(), by=None)
    undo(rule.merge, by=None)
    assert proposed() == []
    corrected("LLM", "大语言模型", times=1, first=3)
    assert proposed() == []
    corrected("LLM", "大语言模型", times=1, first=4)
    assert proposed() == ["LLM → 大语言模型"]
    assert accept(Rule.objects.get(), by=None).merge.undone_at is None


def test_two_rules_never_take_each_others_name():
    """Both are about the same terms after a merge; the next correction must not fail."""
    for name in ("LLM", "LLMs", "大语言模型"):
        make_term(name)
    corrected("LLM", "大语言模型", times=1)
    corrected("LLMs", "大语言模型", times=1)
    merge([Technology.objects.get(name="LLM")], into=Technology.objects.get(name="LLMs"), by=None)
    corrected("LLMs", "大语言模型", times=1, first=2)
    assert sorted(map(str, Rule.objects.all())) == ["LLM → 大语言模型", "LLMs → 大语言模型"]


def test_every_vocabulary_can_learn():
    for link in TERM_FIELDS.values():
        vocabulary = link.tag_model().vocabulary
        make_term("新名", vocabulary), make_term("旧名", vocabulary)
        corrected("旧名", "新名", times=2, vocabulary=vocabulary)
    assert learning.TWICE == 2 and len(proposed()) == 3
