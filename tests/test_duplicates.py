"""Articles that say nearly the same: found by a machine, joined or dismissed by a person, and each of it taken back."""

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import duplicates, importer, similarity, undoing
from articles.models import (
    Article,
    Decision,
    DuplicatePair,
    Likeness,
    LikenessQueue,
    Outcome,
)
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db

HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2_000)]


def text(seed: int, length: int = 600) -> str:
    rng = random.Random(seed)
    return "".join(rng.choices(HAN, k=length))


def edited(original: str, changes: int, seed: int = 0) -> str:
    """With so many characters replaced; each changes three triples."""
    rng = random.Random(seed)
    characters = list(original)
    for at in rng.sample(range(len(characters)), changes):
        characters[at] = "改"
    return "".join(characters)


def make_similar(*seeds: int, changes: int = 5, **fields: Any) -> list[Article]:
    """Articles with nearly the same text, looked at."""
    found = [
        make_article(summary=edited(text(1), changes, seed), text_hash=f"{seed:032x}", **fields)
        for seed in seeds
    ]
    duplicates.find_all()
    return found


def pairs(**fields: Any) -> set[tuple[int, int]]:
    return set(DuplicatePair.objects.filter(**fields).values_list("low", "high"))


def pair_of(*articles: Article) -> DuplicatePair:
    low, high = sorted(article.pk for article in articles)
    return DuplicatePair.objects.get(low=low, high=high)


def fresh(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


# --- likeness -------------------------------------------------------------------------------------


def test_likeness_is_the_share_of_triples_that_both_texts_have():
    some, others = similarity.triples(text(1, 100)), similarity.triples(text(2, 100))
    assert similarity.likeness(some, some) == 1
    assert similarity.likeness(some, others) == 0
    assert similarity.likeness(set(), set()) == 0
    assert similarity.likeness(similarity.triples(text(1, 102)), similarity.triples(text(1, 102)[1:])) == 0.99


def test_width_case_white_space_and_traditional_characters_make_no_difference():
    plain = "人工智能GPT技术在电影行业的应用越来越多，导演们开始用它来写剧本、画分镜、做特效，也开始担心版权问题。"
    other = plain.replace("GPT", "ｇｐｔ").replace("电影", "電影").replace("，", "，\n\n")
    assert similarity.triples(other) == similarity.triples(plain)


def test_a_short_text_is_like_nothing():
    assert similarity.triples("短文" * 19) == set()
    assert similarity.bands(similarity.triples("短文" * 19)) == []


def test_the_bands_of_a_text_stay_the_same_for_ever():
    """They are stored. If a new version of the library counts otherwise: a migration must queue all articles again."""
    assert similarity.bands(similarity.triples(text(1))) == BANDS


BANDS = [308640707, 428157014, -483178541, -2052541104, -160360569, 1198762208, 2118204578, 984043208]


def test_nearly_all_texts_that_are_alike_share_a_band_and_others_do_not():
    alike = others = 0
    for seed in range(200):
        original = similarity.triples(text(seed, 400))
        copy = similarity.triples(edited(text(seed, 400), 12, seed))
        alike += not set(similarity.bands(original)).isdisjoint(similarity.bands(copy))
        other = similarity.triples(text(seed, 100) + text(seed + 1_000, 300))
        others += not set(similarity.bands(original)).isdisjoint(similarity.bands(other))
    assert alike >= 198
    assert others <= 4


# --- finding --------------------------------------------------------------------------------------


def test_texts_that_are_nearly_the_same_are_paired_and_others_are_not():
    first, second = make_similar(1, 2)
    make_article(summary=text(9), text_hash=f"{9:032x}")
    duplicates.find_all()
    assert pairs() == {(first.pk, second.pk)}
    assert 0.9 < pair_of(first, second).similarity < 1


def test_texts_that_share_no_more_than_half_are_no_pair():
    make_similar(1, 2, changes=60)
    assert pairs() == set()


def test_nothing_is_hidden_or_changed_by_finding():
    first, second = make_similar(1, 2, publish=True)
    assert [fresh(article).version for article in (first, second)] == [1, 1]
    assert set(Article.objects.published()) == {first, second}


def test_the_same_text_under_another_link_becomes_a_pair_with_its_import(tmp_path):
    seed = f"标题: 甲\n链接: https://a.example/1\n总结: {text(1)}\n"
    (tmp_path / "a.txt").write_text(seed)
    (tmp_path / "b.txt").write_text(seed.replace("a.example", "b.example"))
    batch = importer.run([tmp_path])
    assert sorted(batch.rows.values_list("outcome", flat=True)) == [Outcome.CREATED, Outcome.DUPLICATE]
    assert duplicates.run_next() is True
    assert duplicates.run_next() is False
    low, high = Article.objects.order_by("pk").values_list("pk", flat=True)
    assert pairs(similarity=1.0) == {(low, high)}


def test_a_text_that_is_changed_is_looked_at_again():
    first, second = make_similar(1, 2)
    Article.objects.filter(pk=second.pk).update(summary=text(5), text_hash=f"{5:032x}")
    assert LikenessQueue.objects.count() == 1
    duplicates.find_all()
    assert pairs() == set()
    Article.objects.filter(pk=second.pk).update(summary=text(1), text_hash=f"{6:032x}")
    duplicates.find_all()
    assert pairs() == {(first.pk, second.pk)}


def test_what_does_not_change_the_text_is_not_looked_at():
    first, _second = make_similar(1, 2)
    Article.objects.filter(pk=first.pk).update(title="另一个标题", text_hash=first.text_hash)
    assert LikenessQueue.objects.count() == 0


def test_any_number_of_texts_that_are_alike_stays_bounded():
    found = [make_article(summary=text(1), text_hash=f"{1:032x}") for _number in range(40)]
    duplicates.find_all()
    each = {article.pk: DuplicatePair.objects.of(article.pk).count() for article in found}
    assert max(each.values()) <= 2 * duplicates.MOST
    assert min(each.values()) >= 1


def test_what_waits_is_counted_when_looking_begins_and_ends_not_in_between(monkeypatch):
    monkeypatch.setattr(duplicates, "CHUNK", 1)
    for number in range(3):
        make_article(summary=text(number), text_hash=f"{number:032x}")
    told: list[tuple[int, int]] = []
    with CaptureQueriesContext(connection) as queries:
        assert duplicates.find_all(lambda waiting, done: told.append((waiting, done))) == 3
    assert told == [(3, 1), (3, 2), (3, 3)]
    counts = [
        query for query in queries if 'COUNT(*) AS "__count" FROM "articles_likenessqueue"' in query["sql"]
    ]
    assert len(counts) == 2


def test_what_comes_while_others_are_looked_at_is_looked_at_too(monkeypatch):
    look = duplicates._look

    def with_one_more(articles: list[int]) -> None:
        look(articles)
        if Article.objects.count() == 1:
            make_article(summary=text(2), text_hash=f"{2:032x}")

    monkeypatch.setattr(duplicates, "_look", with_one_more)
    make_article(summary=text(1), text_hash=f"{1:032x}")
    duplicates.find_all()
    assert (Article.objects.count(), LikenessQueue.objects.count()) == (2, 0)


def test_looking_at_all_begins_with_nothing_known():
    make_article(summary=text(1), text_hash=f"{1:032x}")
    assert LikenessQueue.objects.count() == 1
    duplicates.queue_all()
    assert LikenessQueue.objects.count() == 1
    assert Likeness.objects.count() == 0
    duplicates.find_all()
    assert Likeness.objects.count() == similarity.BANDS


def test_looking_at_all_again_finds_the_same_and_keeps_what_was_decided():
    first, second, third = make_similar(1, 2, 3)
    duplicates.dismiss(pair_of(first, second), by=make_user(is_superuser=True))
    before = pairs(), pairs(decision=Decision.DISMISSED)
    duplicates.queue_all()
    duplicates.find_all()
    assert (pairs(), pairs(decision=Decision.DISMISSED)) == before
    assert before == (
        {(first.pk, second.pk), (first.pk, third.pk), (second.pk, third.pk)},
        {(first.pk, second.pk)},
    )


def test_a_huge_or_strange_text_is_looked_at_all_the_same():
    make_article(summary="\x07\u200b" * 1_000, text_hash=f"{1:032x}")
    make_article(summary="字" * 500_000, text_hash=f"{2:032x}")
    make_article(summary=text(1) * 300, text_hash=f"{3:032x}")
    duplicates.find_all()
    assert pairs() == set()


def test_undoing_an_import_takes_its_pairs_from_the_list_and_redoing_brings_them_back(tmp_path):
    [first] = make_similar(1)
    (tmp_path / "a.txt").write_text(f"标题: 甲\n链接: https://a.example/1\n总结: {edited(text(1), 5, 9)}\n")
    batch = importer.run([tmp_path])
    duplicates.find_all()
    pair = DuplicatePair.objects.get()
    duplicates.dismiss(pair, by=make_user(is_superuser=True))
    assert undoing.undo(batch).kept == []
    assert list(DuplicatePair.objects.waiting()) == []
    undoing.redo(batch)
    duplicates.find_all()
    assert pairs(decision=Decision.DISMISSED) == {(pair.low_id, pair.high_id)}
    assert pair.low_id == first.pk
