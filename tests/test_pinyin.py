import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxonomy import names
from taxonomy.pinyin import LETTERS, MAX_SORT_KEY, between, sort_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("视频生成", "shi pin sheng cheng"),
        ("重庆", "chong qing"),  # as a phrase, not sign by sign
        ("音乐", "yin yue"),
        ("银行", "yin hang"),
        ("長上下文", "chang shang xia wen"),
        ("调优", "tiao you"),
        ("重排序模型", "chong pai xu mo xing"),
        ("成长", "cheng zhang"),
        ("Sora", "sora"),
        ("GPT-4o模型", "gpt-4o mo xing"),
        ("Ｒ１", "r1"),
        ("Étude", "etude"),
        ("《三体》", "san ti 》"),
        ("3D打印", "#3d da yin"),
        ("Яндекс", "#яндекс"),
        ("+++", "#+++"),
    ],
)
def test_a_name_stands_where_a_reader_looks_for_it(name, key):
    assert sort_key(names.key(name)) == key


def test_the_order_is_that_of_the_syllables_not_of_the_letters():
    spoken = ["西安", "先进制造", "Xiaomi", "视觉", "视频", "数据", "Sora"]
    assert sorted(spoken, key=lambda name: sort_key(names.key(name))) == [
        *("视觉", "视频", "数据", "Sora"),
        *("西安", "先进制造", "Xiaomi"),
    ]


@given(st.text(max_size=names.MAX_NAME))
def test_every_key_stands_under_one_letter(name):
    found = sort_key(names.key(name))
    assert len(found) <= MAX_SORT_KEY
    under = [letter for letter in LETTERS if between(letter)[0] <= found < between(letter)[1]]
    assert under == [found[0].upper()]
