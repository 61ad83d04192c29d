"""Descriptions in Markdown: what is shown of them, and what never is."""

import pytest

from taxonomy import prose


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("一行\n两行", "<p>一行<br>\n两行</p>"),
        ("中文**“强调”**中文", "<p>中文<strong>“强调”</strong>中文</p>"),
        ("# 题\n###### 题", "<h2>题</h2>\n<h6>题</h6>"),
        ("- 甲\n- 乙", "<ul>\n<li>甲</li>\n<li>乙</li>\n</ul>"),
        (
            "[官网](https://a.example/?a=1&b=2)",
            '<p><a href="https://a.example/?a=1&amp;b=2" rel="nofollow noopener">官网</a></p>',
        ),
        ("AT&T <b onclick=x>粗</b>", "<p>AT&amp;T &lt;b onclick=x&gt;粗&lt;/b&gt;</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("![图](https://a.example/a.png)", "<p></p>"),
    ],
)
def test_what_the_markdown_says(text, html):
    assert prose.html(text) == html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "//a.example",
        "/admin/",
        "data:text/html,x",
        "java\tscript:x",
        "mailto:a@b.c",
    ],
)
def test_only_addresses_of_the_web_become_links(address):
    assert "href" not in prose.html(f"[这里]({address})") and "href" not in prose.html(
        f"[这里][1]\n\n[1]: {address}"
    )


@pytest.mark.parametrize(
    "piece", [">", "[", "![[", "[a](", "**a*", "`", "- ", "\n>", "<", "&", "_a", "\0\x01", "    ", "# "]
)
def test_hostile_texts_are_rendered_and_bounded(piece):
    text = (piece * 20_000)[:20_000]
    assert len(prose.html(text)) < 20 * prose.MAX_DESCRIPTION
    assert len(prose.opening(text)) <= prose.MAX_OPENING


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("", ""),
        ("# 题\n**Sora** 是模型。第二句。", "Sora 是模型。"),
        ("Sora 2.0 is a model. It makes videos.", "Sora 2.0 is a model."),
        ("他说：“好！”然后走了。", "他说：“好！”"),
        ("没有句号\n第二行", "没有句号 第二行"),
        ("A & <b>", "A & <b>"),
        ("长" * 300, "长" * 159 + "…"),
    ],
)
def test_the_opening_is_the_first_sentence_without_marks(text, opening):
    assert prose.opening(text) == opening
