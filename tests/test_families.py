"""Trees in lists and counts: what stands below a term counts as the term, what is not public counts as nothing."""

import random
import re
from html import unescape

import pytest
from django.http import QueryDict

from articles.facets import Facets
from articles.filters import ArticleFilter
from articles.models import LINKS, VOCABULARY_FIELDS, Article
from articles.search import drain
from articles.search.families import families
from articles.search.reader import reader
from taxonomy.models import VOCABULARIES, Technology, Term
from taxonomy.tree import trees
from tests.factories import english_reader, make_article, make_term

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_index")]


def select(query: str) -> ArticleFilter:
    return ArticleFilter(QueryDict(query))


def titles(query: str) -> list[str]:
    return sorted(select(query).articles.values_list("title", flat=True))


def offered(query: str, parameter: str) -> dict[str, int]:
    """The options of a facet with their counts."""
    found = {facet.parameter: facet for facet in Facets(select(query), reader()).all()}
    return {option.name: option.count for option in found[parameter].options} if parameter in found else {}


@pytest.fixture
def models() -> dict[str, Term]:
    """大模型 › 视频生成 › Sora, and an article for each."""
    top = make_term("大模型")
    middle = make_term("视频生成", parent=top)
    low = make_term("Sora", parent=middle)
    for term in (top, middle, low):
        make_article(f"{term.name}的文章", publish=True, technologies=[term.name], industries=["电影"])
    make_article("别的", publish=True, technologies=["智能体"], industries=["电影"])
    make_article("草稿", technologies=["Sora"])
    return {"top": top, "middle": middle, "low": low}


def test_a_broader_term_finds_the_articles_of_all_below_it(models):
    assert titles("technology=大模型") == ["Sora的文章", "大模型的文章", "视频生成的文章"]
    assert titles("technology=视频生成") == ["Sora的文章", "视频生成的文章"]
    assert titles("technology=大模型&technology=sora&match=all") == ["Sora的文章"]


def test_its_count_says_so_and_opens_exactly_that_many(models):
    drain.rebuild()
    expected = {"大模型": 3, "视频生成": 2, "Sora": 1, "智能体": 1}
    assert offered("", "technology") == offered("industry=电影", "technology") == expected
    assert offered("technology=视频生成&match=all", "technology") == {"大模型": 2, "视频生成": 2, "Sora": 1}
    assert offered("technology=大模型", "industry") == {"电影": 3}


def test_what_is_not_public_narrows_nothing_and_stands_nowhere(models):
    drain.rebuild()
    Technology.objects.filter(pk=models["low"].pk).update(confirmed=False)
    assert offered("", "technology") == {"大模型": 2, "视频生成": 1, "智能体": 1}
    assert titles("technology=大模型") == ["大模型的文章", "视频生成的文章"]
    [problem] = select("technology=sora").problems
    assert titles("technology=sora") == [] and "Sora" not in str(problem.name)


def test_what_stands_below_an_unconfirmed_term_belongs_to_the_one_above(models):
    drain.rebuild()
    Technology.objects.filter(pk=models["middle"].pk).update(confirmed=False)
    assert titles("technology=大模型") == ["Sora的文章", "大模型的文章"]
    assert offered("", "technology") == {"大模型": 2, "Sora": 1, "智能体": 1}


def test_readers_meet_an_unconfirmed_term_nowhere(models):
    make_term("秘密武器", confirmed=False)
    make_article("新的", publish=True, technologies=["Sora", "秘密武器"], points=[("点", "文")])
    drain.rebuild()
    client, address = english_reader(), Article.objects.get(title="新的").get_absolute_url()
    pages = [
        "/",
        "/articles/",
        "/technologies/",
        "/technologies/?sort=pinyin",
        "/atlas/",
        "/events/",
        address,
    ]
    pages += [
        "/technologies/sora/",
        "/industries/电影/",
        "/articles/?q=新的",
        "/technologies/?sort=pinyin&letter=M",
    ]
    day = Article.objects.get(title="新的").published_at.date()
    for page in [*pages, f"/days/{day}/"]:
        answer = client.get(page)
        assert answer.status_code in {200, 404} and "秘密武器" not in answer.text, page
    assert client.get("/technologies/秘密武器/").status_code == 404
    assert "There is no AI technology “秘密武器”." in client.get("/articles/?technology=秘密武器").text


def test_where_a_setting_says_so_unconfirmed_terms_are_like_the_others(models, settings):
    settings.UNCONFIRMED_TERMS_PUBLIC = True
    Technology.objects.filter(pk=models["low"].pk).update(confirmed=False)
    drain.rebuild()
    assert offered("", "technology")["Sora"] == 1
    assert titles("technology=sora") == ["Sora的文章"]
    assert english_reader().get("/technologies/sora/").status_code == 200


def test_without_an_index_a_broader_term_stands_in_the_index_for_what_is_below_it(models):
    Article.objects.filter(title="大模型的文章").delete()
    page = english_reader().get("/technologies/?sort=pinyin").text.split("<main")[1]
    assert re.findall(r'<li><a href="/technologies/[^"]+">(.*?)</a>', page) == [
        "大模型",
        "视频生成",
        "Sora",
        "智能体",
    ]


# --- against brute force


def forest(chance: random.Random) -> None:
    """Random trees, terms that are not public among them, and articles that carry any of it."""
    for vocabulary in ("technology", "industry"):
        known: list[Term] = []
        for number in range(14):
            public = chance.random() < 0.8
            parent = chance.choice(known) if known and chance.random() < 0.7 else None
            deep = parent is not None and depth(parent) >= 7
            state = {"confirmed": public, "declined": not public and chance.random() < 0.5}
            known.append(
                make_term(f"{vocabulary[0]}{number}", vocabulary, parent=None if deep else parent, **state)
            )
    for number in range(40):
        carried = {
            VOCABULARY_FIELDS[vocabulary]: [
                f"{vocabulary[0]}{chance.randrange(14)}" for _time in range(chance.randrange(4))
            ]
            for vocabulary in ("technology", "industry")
        }
        make_article(
            f"{number}", publish=True, **{name: list(dict.fromkeys(all_)) for name, all_ in carried.items()}
        )


def depth(term: Term) -> int:
    return 1 + (depth(term.parent) if term.parent else 0)


def truth(vocabulary: str) -> dict[str, set[int]]:
    """By slug of each public term: the articles that carry it or a public one below it, climbing row by row."""
    model, found = VOCABULARIES[vocabulary], {}
    for term in model.objects.all():
        if term.confirmed and not term.declined:
            found.setdefault(term.slug, set())
    for link in LINKS[vocabulary].objects.select_related("tag"):
        term = link.tag
        if not term.confirmed:
            continue
        while term:
            if term.slug in found:
                found[term.slug].add(link.content_object_id)
            term = term.parent
    return found


@pytest.mark.parametrize("seed", range(4))
def test_lists_and_counts_are_those_of_brute_force(seed):
    chance = random.Random(seed)
    forest(chance)
    drain.rebuild()
    carried = {vocabulary: truth(vocabulary) for vocabulary in ("technology", "industry")}
    sets = families(reader().sets, trees())
    for vocabulary, terms in carried.items():
        by_pk = {term.pk: term.slug for term in VOCABULARIES[vocabulary].objects.public()}
        counts = sets.counts(vocabulary)
        assert {by_pk[pk]: number for pk, number in counts} == {
            slug: len(all_) for slug, all_ in terms.items() if all_
        }
        assert [number for _pk, number in counts] == sorted((number for _pk, number in counts), reverse=True)
        assert {by_pk[pk]: sets.size(vocabulary, pk) for pk in by_pk} == {
            slug: len(all_) for slug, all_ in terms.items()
        }
    for _time in range(12):
        asked = {
            vocabulary: chance.sample(sorted(terms), chance.randrange(3))
            for vocabulary, terms in carried.items()
        }
        match = chance.choice(["any", "all"])
        check(asked, match, carried)


def check(asked: dict[str, list[str]], match: str, carried: dict[str, dict[str, set[int]]]) -> None:
    pairs = [f"{vocabulary}={slug}" for vocabulary, slugs in asked.items() for slug in slugs]
    query = "&".join([*pairs, f"match={match}"])
    expected = set(Article.objects.published().values_list("pk", flat=True))
    for vocabulary, slugs in asked.items():
        sets = [carried[vocabulary][slug] for slug in slugs]
        if sets:
            expected &= set.intersection(*sets) if match == "all" else set.union(*sets)
    selection = select(query)
    assert set(selection.articles.values_list("pk", flat=True)) == expected, query
    facets = Facets(selection, reader())
    assert facets.total() == len(expected)
    for facet in facets.all():
        for option in facet.options:
            opened = select(unescape(option.query).removeprefix("?"))
            if facet.parameter in asked and not option.chosen:
                assert opened.articles.count() == option.count, (query, option)


def test_a_search_within_a_broader_term_finds_what_is_below_it(models):
    drain.rebuild()
    page = english_reader().get("/articles/", {"q": "文章", "technology": "大模型"}).text
    assert "3 articles" in page and "别的" not in page.split('class="results"')[1]
