"""Which terms a text speaks of."""

import pytest

from taxonomy import names
from taxonomy.merge import merge, move, rename
from taxonomy.models import Industry, Technology
from taxonomy.spotting import MAX_SUGGESTED, MAX_TEXT, Spellings, spot
from tests.factories import make_term

FOUND = [
    (["Sora"], "我们用Sora生成视频", ["sora"]),
    (["AI"], "SAID, ＡＩ and Thai; AIs", ["ai"]),  # only where a word begins and ends
    (["AI"], "用AI画图", ["ai"]),
    (["MID journey"], "ＭＩＤ　Ｊourney 与 midjourney", ["midjourney", "midjourney"]),
    (["GPT-4"], "GPT-4o、GPT-4.5、GPT-4。GPT‑4-turbo", ["gpt-4", "gpt-4"]),
    (["5G"], "1.5G 与 5G", ["5g"]),
    (["C++", "C#"], "C++、C# 与 C", ["c++", "c#"]),
    (["语言模型", "大语言模型"], "大语言模型与语言模型", ["大语言模型", "语言模型"]),  # the longest
    (["人工智能", "智能芯片"], "人工智能芯片", ["人工智能"]),  # and none across another
    (["AI芯片"], "ai 芯片,MAI芯片", ["ai芯片"]),
    (["大語言模型"], "大语言模型", ["大语言模型"]),
    (["云"], "云计算", []),  # one character
    (["2024", "3.5"], "2024年 3.5", []),  # numbers
    (["人工智能"], "人工\u200b智能，人工\n智能", ["人工智能"]),  # not across lines
    (["AI agent"], "AI agents", []),
    (["大模型", "大模型训练"], "训练大模型", ["大模型"]),  # where the text ends
    ([], "什么都没有", []),
]


@pytest.mark.parametrize(("spelled", "text", "expected"), FOUND)
def test_names_are_found_where_they_stand_as_words(spelled, text, expected):
    known = Spellings({names.key(name): number for number, name in enumerate(spelled)})
    bare, *where = names.flattened(text.replace("\n", "\ue001"))
    by_number = dict(enumerate(map(names.key, spelled)))
    assert [by_number[pk] for pk, _place in known.places(bare, *where)] == expected


@pytest.mark.parametrize(
    "text", ["ＭＩＤ　Ｊourney", "GPT‑4o", "大語言模型", "乾隆皇帝", "ﬁne ﬀ", "İstanbul", "C++", ""]
)
def test_a_text_is_flattened_as_a_key_is_made(text):
    bare, spaced, places = names.flattened(text)
    assert bare == names.key(text)
    assert len(places) == len(bare) and all(0 <= place < len(spaced) for place in places)


# --- with the vocabularies


def told(*texts: str, **carried: list[str]) -> dict[str, list[str]]:
    return {
        vocabulary: [term.name for term in terms]
        for vocabulary, terms in spot(texts, carried).items()
        if terms
    }


@pytest.mark.django_db
def test_what_the_title_says_comes_first_then_what_is_said_most_often():
    for name in ("Sora", "视频生成", "扩散模型"):
        make_term(name)
    make_term("电影", "industry")
    found = told("电影与Sora", "视频生成", "扩散模型 扩散模型 视频生成 Sora Sora")
    assert found == {"technology": ["Sora", "视频生成", "扩散模型"], "industry": ["电影"]}
    assert told("", "", "Sora 扩散模型 视频生成 扩散模型") == {"technology": ["扩散模型", "Sora", "视频生成"]}


@pytest.mark.django_db
def test_what_the_article_carries_under_any_name_is_not_suggested():
    make_term("大语言模型", aliases=["LLM"])
    make_term("Sora")
    assert told("LLM 与 Sora", technology=["ＬＬＭ"]) == {"technology": ["Sora"]}
    assert told("LLM 与 Sora", industry=["LLM"]) == {"technology": ["大语言模型", "Sora"]}


@pytest.mark.django_db
def test_an_alias_and_the_name_of_a_merged_term_lead_to_the_term():
    survivor = make_term("大语言模型", aliases=["LLM"])
    merge([make_term("大模型"), make_term("巨模型", confirmed=False)], into=survivor, by=None)
    for text in ("LLM", "大模型", "巨模型", "大语言模型"):
        assert told(text) == {"technology": ["大语言模型"]}


@pytest.mark.django_db
def test_unconfirmed_and_declined_terms_are_never_suggested(settings):
    settings.UNCONFIRMED_TERMS_PUBLIC = True
    make_term("Sora", confirmed=False)
    make_term("视频生成", confirmed=False, declined=True, aliases=["文生视频"])
    assert told("Sora 视频生成 文生视频") == {}


@pytest.mark.django_db
def test_every_change_of_the_vocabularies_is_noticed():
    assert told("Sora 索拉 空灵") == {}
    sora = make_term("Sora", confirmed=False)
    assert told("Sora") == {}
    Technology.objects.filter(pk=sora.pk).update(confirmed=True)
    assert told("Sora") == {"technology": ["Sora"]}
    alias = sora.aliases.create(name="索拉")
    assert told("索拉") == {"technology": ["Sora"]}
    type(alias).objects.filter(pk=alias.pk).update(name="空灵", key="空灵")
    assert (told("索拉"), told("空灵")) == ({}, {"technology": ["Sora"]})
    alias.delete()
    assert told("空灵") == {}
    rename(sora, "索拉", by=None)
    assert told("Sora") == told("索拉") == {"technology": ["索拉"]}
    sora.refresh_from_db()
    move([sora], to=Industry, by=None)
    assert told("Sora") == {"industry": ["索拉"]}
    Industry.objects.all().update(confirmed=False)
    assert told("Sora") == {}


@pytest.mark.django_db
def test_a_deleted_term_frees_what_its_name_covered():
    make_term("大语言模型")
    make_term("语言模型")
    assert told("大语言模型") == {"technology": ["大语言模型"]}
    Technology.objects.filter(name="大语言模型").delete()
    assert told("大语言模型") == {"technology": ["语言模型"]}


@pytest.mark.django_db
def test_suggestions_take_the_same_few_statements_however_many_are_found(django_assert_num_queries):
    for number in range(20):
        make_term(f"术语{'甲乙丙丁戊己庚辛壬癸'[number % 10]}{'子丑'[number // 10]}")
    one = "术语甲子"
    many = "、".join(Technology.objects.values_list("name", flat=True))
    spot([one], {})
    for text, number in ((one, 1), (many, MAX_SUGGESTED)):
        with django_assert_num_queries(2):
            assert len(spot([text], {})["technology"]) == number
    with django_assert_num_queries(1):
        spot(["没有"], {})


@pytest.mark.django_db
def test_a_hostile_text_is_looked_through_up_to_a_bound():
    make_term("Sora")
    assert told("\0\ud7ff\ue000Sora\ue000\x00" * 3) == {"technology": ["Sora"]}
    assert told("啊" * MAX_TEXT + "Sora") == {}
    assert told() == {}
