import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.search import text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＧＰＴ－４ｏ", "gpt-4o"),
        ("GPT‑4o", "gpt-4o"),
        ("電影工業", "电影工业"),
        ("乾隆與乾坤", "干隆与干坤"),  # character by character: else `乾` would not be found in `乾隆`
        ("人工\n智能", "人工智能"),
        ("人工\u200b智\ufeff能", "人工智能"),
        ("深度 learning  model 。", "深度learning model。"),
        ("open\u3000AI", "open ai"),
        ("Straße ﬁn", "strasse fin"),
        ("  ", ""),
        ("\x01\x02", ""),
    ],
)
def test_one_reading_for_all_ways_to_write(written: str, read: str):
    assert text.normalise(written) == read


@given(st.text(max_size=60))
def test_normalising_again_changes_nothing_that_a_pair_of_characters_could_see(written: str):
    once = text.normalise(written)
    assert "\x01" not in once and "\x02" not in once
    assert not any(char.isspace() and char != " " for char in once)
    assert text.normalise(once) == text.normalise(text.normalise(once))


def test_pairs_overlap_and_hold_no_space():
    assert text.grams("深度ab c").split()[:5] == ["深度", "度a", "ab", "b\x01", "\x01c"]
    assert set(text.grams("深度ab c").split()[5:]) == {"深", "度", "a", "b", "\x01", "c"}


def test_runs_are_latin_letters_and_digits():
    assert text.runs("使用sora生成gpt-4o的sora") == "4o gpt sora"


def test_what_is_asked_within_a_very_long_run_lies_within_one_of_its_pieces():
    run = "".join(f"{number:04}" for number in range(700))
    pieces = text.runs(run).split()
    assert max(map(len, pieces)) <= text.MAX_RUN
    for start in range(0, len(run) - 200, 37):
        assert any(run[start : start + 200] in piece for piece in pieces)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("电影 郭帆", ["电影", "郭帆"]),
        ("电影　郭帆", ["电影", "郭帆"]),
        ("deep learning", ["deep", "learning"]),
        ('"deep  learning" 模型', ["deep learning", "模型"]),
        ("“deep learning”", ["deep learning"]),
        ('电影 電影 "', ["电影"]),
        ('""', []),
        ("\u200b", []),
    ],
)
def test_words_stand_between_spaces_or_in_quotation_marks(question: str, words: list[str]):
    assert text.words(question) == words


def test_marks_stand_where_the_reader_sees_the_word():
    pieces = text.marked("使用 Ｓｏｒａ 生成電影。", ["sora生成", "电影"])
    assert pieces == [("使用 ", False), ("Ｓｏｒａ 生成電影", True), ("。", False)]
    assert text.marked("什么也没有", ["电影"]) == [("什么也没有", False)]


@given(st.text(max_size=80), st.text(min_size=1, max_size=3))
def test_the_pieces_are_the_text(written: str, word: str):
    pieces = text.marked(written, text.words(word))
    assert "".join(piece for piece, _hit in pieces) == written


def test_an_excerpt_holds_the_first_place():
    cut = text.excerpt("一" * 100 + "电影" + "二" * 100, ["电影"], 40)
    assert cut.startswith("……") and cut.endswith("……") and "电影" in cut and len(cut) <= 44
    assert text.excerpt("电影", ["电影"], 40) == "电影"
    assert text.excerpt("一" * 50, ["电影"], 40) is None
