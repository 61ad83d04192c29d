"""An unknown label, and the known one that it may have been meant for."""

import pytest

from articles import labels


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("AI技木", "AI技木（AI技术？）"),
        ("关健词", "关健词（关键词？）"),
        ("关键", "关键（关键词？）"),
        ("ＡＩ相关枝术", "ＡＩ相关枝术（AI相关技术？）"),
        ("Keyword", "Keyword（keywords？）"),
        ("总结果", "总结果"),  # of two characters, every other word is near
        ("行业类别", "行业类别"),
        ("地点", "地点"),
        ("", ""),
    ],
)
def test_an_unknown_label_names_the_one_that_may_be_meant(name, shown):
    assert labels.with_likely(name) == shown
