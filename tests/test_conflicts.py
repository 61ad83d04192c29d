"""Conflicts between the desk and a seed: seen side by side, decided by a person, remembered."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from articles import conflicts, editing, importer, revisions, workflow
from articles.conflicts import EDIT, KEEP, TAKE
from articles.locking import Stale
from articles.models import Article, ImportBatch, ImportRow, SeedFile
from tests.factories import make_article, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


TEXT = (
    "一家示例医院试用语言模型整理病历，六个科室参加了为期八周的对照。医生每天少写半小时文书，差错没有增加。"
)
EVENTS = "本文介绍一次试用。\n\n1. **试用**：六个科室参加。\n\n2. **结果**：文书时间减少。\n\n3. **费用**：没有公布。\n\n这篇文章说明了做法。"


def seed(**changes: str) -> str:
    fields = {
        "标题": "医院试用语言模型",
        "链接": "https://www.example.com/news/1.html",
        "总结": TEXT,
        "关键词": "病历, 医院",
        "行业": "医疗",
        "重大事件摘要": EVENTS,
    } | changes
    return "".join(f"{label}: {value}\n" for label, value in fields.items() if value is not None)


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., str]:
    """Call it to import one more version of the record; it tells the outcome."""

    def run(**changes: str) -> str:
        file = tmp_path / "in" / "seed.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(seed(**changes), encoding="utf-8")
        return importer.run([file.parent]).rows.get().outcome

    return run


def edit(by=None, **changes: Any) -> None:
    editing.save(Article.objects.get(), changes, by=by)


def only() -> Article:
    return Article.objects.get()


def row(article: Article, **said: tuple[Any, Any]) -> ImportRow:
    """A record whose conflicts wait: base and seed of each field."""
    number = SeedFile.objects.count()
    file = SeedFile.objects.create(sha256=f"{number:064}", name="a.txt", content=b"x", size=1)
    found = {field: {"base": base, "desk": None, "seed": new} for field, (base, new) in said.items()}
    return ImportRow.objects.create(
        batch=ImportBatch.objects.create(),
        file=file,
        file_name="a.txt",
        first_line=1,
        last_line=9,
        outcome="conflict",
        article=article,
        conflicts=found,
    )


def decide(decisions: dict, article: Article | None = None, by: User | None = None) -> list[str]:
    return conflicts.decide(article or only(), decisions, by=by)


def undecided() -> bool:
    return ImportRow.objects.filter(undecided=True).exists()


# --- remembered -----------------------------------------------------------------------------------


class TestAnArticleNobodyHasApproved:
    @pytest.fixture
    def conflict(self, deliver) -> Callable[..., str]:
        assert deliver() == "created"
        edit(title="编辑的标题")
        assert deliver(标题="种子的新标题") == "conflict"
        return deliver

    def test_the_three_versions_wait_side_by_side(self, conflict):
        [found] = conflicts.waiting(only())
        assert (found.field, found.base, found.desk, found.seed) == (
            ("title", "医院试用语言模型", "编辑的标题", "种子的新标题")
        )

    @pytest.mark.parametrize(
        ("decision", "title", "changed"),
        [
            ((KEEP, None), "编辑的标题", []),
            ((TAKE, None), "种子的新标题", ["title"]),
            ((EDIT, "两者的标题"), "两者的标题", ["title"]),
        ],
    )
    def test_a_decision_is_done_noted_and_not_asked_again(self, conflict, decision, title, changed):
        by = make_user(groups=["Editors"])
        assert decide({"title": decision}, by=by) == changed
        assert only().title == title
        noted = ImportRow.objects.latest("id").conflicts["title"]
        assert (noted["decision"]["choice"], noted["decision"]["by"]) == (decision[0], by.pk)
        assert (noted["base"], noted["desk"], noted["seed"]) == (
            ("医院试用语言模型", "编辑的标题", "种子的新标题")
        )
        assert (conflicts.waiting(only()), undecided()) == ([], False)
        assert conflict(标题="种子的新标题") == "unchanged"
        assert only().title == title

    @pytest.mark.parametrize("choice", [KEEP, TAKE])
    def test_a_third_seed_brings_only_what_is_new_in_it(self, conflict, choice):
        decide({"title": (choice, None)})
        title = only().title
        assert conflict(标题="种子的新标题", 关键词="病历, 医院, 新词") == "updated"
        assert (only().title, undecided()) == (title, False)
        assert [term.name for term in only().keywords.all()] == ["病历", "医院", "新词"]

    def test_a_seed_that_changes_it_once_more_asks_once_more(self, conflict):
        decide({"title": (KEEP, None)})
        assert conflict(标题="第三个标题") == "conflict"
        [found] = conflicts.waiting(only())
        assert (found.base, found.desk, found.seed) == ("种子的新标题", "编辑的标题", "第三个标题")

    def test_of_two_records_the_newer_counts_and_both_are_settled(self, conflict):
        assert conflict(标题="第三个标题") == "conflict"
        assert [found.seed for found in conflicts.waiting(only())] == ["第三个标题"]
        decide({"title": (TAKE, None)})
        assert (only().title, undecided()) == ("第三个标题", False)

    def test_the_history_says_who_decided(self, conflict):
        by = make_user(groups=["Editors"])
        decide({"title": (TAKE, None)}, by=by)
        last = only().revisions.first()
        assert (last.by, last.note) == (by, "Conflicts with an import decided")


class TestAPublishedArticle:
    @pytest.fixture
    def conflict(self, deliver) -> Callable[..., str]:
        deliver()
        edit(title="编辑的标题")
        workflow.publish(only(), by=None)
        assert deliver(标题="种子的新标题") == "conflict"
        return deliver

    def test_what_is_taken_waits_as_a_draft(self, conflict):
        assert decide({"title": (TAKE, None)}) == ["title"]
        assert only().title == "编辑的标题"
        assert revisions.pending(only().pk).snapshot["title"] == "种子的新标题"
        workflow.approve(only(), by=None)
        assert only().title == "种子的新标题"

    @pytest.mark.parametrize("verb", ["approve", "discard"])
    def test_what_is_taken_is_remembered_once_the_draft_is_decided(self, conflict, verb):
        decide({"title": (TAKE, None)})
        getattr(workflow, verb)(only(), by=None, note="好")
        title = only().title
        assert conflict(标题="种子的新标题", 总结=TEXT + "新的一句话。") == "updated"
        assert (undecided(), only().title) == (False, title)
        assert revisions.pending(only().pk).snapshot["title"] == title

    def test_what_is_kept_is_remembered_at_once(self, conflict):
        assert decide({"title": (KEEP, None)}) == []
        assert not revisions.pending(only().pk)
        assert conflict(标题="种子的新标题", 总结=TEXT + "新的一句话。") == "updated"
        assert (undecided(), only().title) == (False, "编辑的标题")

    def test_the_waiting_draft_is_what_the_seed_is_compared_with(self, conflict):
        edit(title="草稿的标题")
        assert [found.desk for found in conflicts.waiting(only())] == ["草稿的标题"]
        assert decide({"title": (KEEP, None)}) == []
        assert revisions.pending(only().pk).snapshot["title"] == "草稿的标题"


# --- who was faster -------------------------------------------------------------------------------


def test_a_decision_about_an_older_version_is_refused():
    article = make_article("甲")
    waiting = row(article, title=("旧", "新"))
    Article.objects.update(version=2)
    for choice in (KEEP, TAKE):
        with pytest.raises(Stale):
            decide({"title": (choice, None)}, article)
    with pytest.raises(Stale):
        conflicts.decide(only(), {"title": (TAKE, None)}, by=None, seen={"title": waiting.pk - 1})
    assert (only().title, undecided()) == ("甲", True)


def test_what_is_decided_is_not_decided_twice():
    article = make_article("甲")
    row(article, title=("旧", "新"))
    decide({"title": (KEEP, None)})
    with pytest.raises(workflow.Refused):
        decide({"title": (TAKE, None)})
    with pytest.raises(workflow.Refused):
        decide({"summary": (TAKE, None)})
    assert only().title == "甲"


def test_a_link_that_another_article_has_is_not_taken():
    make_article("另一篇", url="https://example.com/taken", url_key="https://example.com/taken")
    article = make_article("甲", url="https://example.com/mine")
    row(article, url=("https://example.com/old", "https://example.com/taken"), title=("旧", "新"))
    with pytest.raises(workflow.Refused):
        decide({"url": (TAKE, None), "title": (TAKE, None)}, article)
    article.refresh_from_db()
    assert (article.title, undecided()) == ("甲", True)


def test_a_title_never_becomes_empty():
    article = make_article("甲")
    row(article, title=("旧", "新"))
    with pytest.raises(workflow.Refused):
        decide({"title": (EDIT, " \n ")}, article)


# --- what follows ---------------------------------------------------------------------------------


def test_the_source_follows_the_link_that_is_taken():
    article = make_article(url="https://example.com/1", source="example.com")
    row(article, url=("https://example.com/0", "https://news.example.org/1"))
    decide({"url": (TAKE, None)})
    assert (only().source.host, only().url_key) == ("news.example.org", "https://news.example.org/1")


def test_a_date_that_is_taken_keeps_how_the_seed_knew_it():
    article = make_article(
        source_date="2024-05-01",
        source_date_origin="given",
        base={"source_date": "2024-05-03", "source_date_origin": "url"},
    )
    row(article, source_date=("2024-05-02", "2024-05-03"))
    decide({"source_date": (TAKE, None)})
    assert (str(only().source_date), only().source_date_origin) == ("2024-05-03", "url")


def test_a_verified_event_summary_is_an_edited_one_once_it_takes_something():
    article = make_article(intro="编辑的导语", origin="verified")
    row(article, intro=("旧", "新"))
    decide({"intro": (TAKE, None)})
    article = only()
    assert (article.event_summary.intro, article.event_summary.origin) == ("新", "edited")


# --- one by one -----------------------------------------------------------------------------------


def said(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"heading": heading, "body": body} for heading, body in pairs]


BASE = [("试用", "六个科室参加。"), ("结果", "文书时间减少。"), ("费用", "没有公布。")]
DESK = [("试用", "六个科室参加。"), ("结果", "每天少写半小时。"), ("费用", "费用没有公布。")]
SEED = [
    ("试用", "六个科室参加了。"),
    ("结果", "每天省下半小时。"),
    ("费用", "没有公布。"),
    ("下一步", "推广。"),
]


def with_points() -> Article:
    article = make_article(points=DESK)
    row(article, points=(said(BASE), said(SEED)))
    return article


def stored_points() -> list[tuple[str, str]]:
    return [(point.heading, point.body) for point in only().points.all()]


def test_only_points_that_the_seed_has_changed_are_asked():
    article = with_points()
    [found] = conflicts.waiting(article)
    assert [(piece.desk_place, piece.seed_place) for piece in found.asked] == [(1, 1), (2, 2), (None, 4)]
    assert [piece.seed and piece.seed["body"] for piece in found.asked] == [
        "六个科室参加了。",
        "每天省下半小时。",
        "推广。",
    ]


@pytest.mark.parametrize("choices", list(product([KEEP, TAKE], repeat=3)))
def test_each_point_is_kept_or_taken_for_itself(choices):
    with_points()
    decide({"points": [(choice, None) for choice in choices]})
    expected = [
        (SEED if choices[0] == TAKE else DESK)[0],
        (SEED if choices[1] == TAKE else DESK)[1],
        DESK[2],
        *([SEED[3]] if choices[2] == TAKE else []),
    ]
    assert (stored_points(), undecided()) == (expected, False)


def test_a_point_can_be_written_anew_and_an_empty_one_goes():
    with_points()
    anew = {"heading": "试用", "body": "八周。"}
    decide({"points": [(EDIT, anew), (EDIT, {"heading": "", "body": ""}), (TAKE, None)]})
    assert stored_points() == [("试用", "八周。"), DESK[2], SEED[3]]
    assert ImportRow.objects.get().conflicts["points"]["decision"]["choice"] == "each"


def test_all_at_once_takes_what_the_seed_changed_and_leaves_what_only_the_desk_did():
    with_points()
    decide({"points": (TAKE, None)})
    assert stored_points() == [SEED[0], SEED[1], DESK[2], SEED[3]]


def test_half_a_decision_about_points_is_none():
    with_points()
    with pytest.raises(workflow.Refused):
        decide({"points": [(TAKE, None)]})
    assert (stored_points(), undecided()) == (DESK, True)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "decision", "expected"),
    [
        ("abc", "acb", "bca", KEEP, "acb"),
        ("abc", "acb", "bca", TAKE, "bca"),
        ("abc", "xacb", "bcay", TAKE, "xbcay"),
        ("abc", "axbc", "abyc", KEEP, "axbc"),
        ("abc", "axbc", "abyc", TAKE, "axbyc"),
        ("abc", "ab", "abcd", TAKE, "abd"),
        ("abc", "abcx", "ac", TAKE, "acx"),
        ("abc", "abcx", "ac", KEEP, "abcx"),
        ("ab", "", "abc", TAKE, "c"),
        ("", "ab", "cd", TAKE, "cdab"),
    ],
)
def test_points_stand_in_one_order_or_the_other_and_added_ones_after_what_they_follow(
    base, ours, theirs, decision, expected
):
    bodies = {letter: letter * 40 for letter in "abcdxy"}
    sides = [[("", bodies[letter]) for letter in side] for side in (base, ours, theirs)]
    article = make_article(points=sides[1])
    row(article, points=(said(sides[0]), said(sides[2])))
    decide({"points": (decision, None)})
    letters = {body: letter for letter, body in bodies.items()}
    assert "".join(letters[body] for _heading, body in stored_points()) == expected


def test_names_and_labels_are_decided_one_by_one():
    article = make_article(
        keywords=["病历", "编辑加的"], extra={"作者": "张三", "栏目": "科技"}, also_at=["https://a.example/"]
    )
    row(
        article,
        keywords=(["病历", "医院"], ["病历", "医院", "新词", "第二个"]),
        extra=({"作者": "李四"}, {"作者": "王五", "版面": "3"}),
        also_at=(["https://a.example/"], []),
    )
    found = {conflict.field: conflict for conflict in conflicts.waiting(only())}
    assert [piece.seed for piece in found["keywords"].asked] == ["新词", "第二个"]
    assert [(piece.name, piece.desk, piece.seed) for piece in found["extra"].asked] == [
        ("作者", "张三", "王五"),
        ("版面", None, "3"),
    ]
    decide(
        {
            "keywords": [(KEEP, None), (TAKE, None)],
            "extra": [(EDIT, "张三、王五"), (TAKE, None)],
            "also_at": [(TAKE, None)],
        }
    )
    article = only()
    assert [term.name for term in article.keywords.all()] == ["病历", "第二个", "编辑加的"]
    assert article.extra == {"作者": "张三、王五", "栏目": "科技", "版面": "3"}
    assert article.also_at == []


def test_a_conflict_that_the_desk_has_settled_itself_only_wants_to_be_closed():
    article = make_article("新")
    row(article, title=("旧", "新"))
    [found] = conflicts.waiting(article)
    assert found.asked == []
    assert decide({"title": (KEEP, None)}) == []
    assert not undecided()


@pytest.mark.parametrize("number", [1, 3])
def test_looking_costs_the_same_whatever_waits(number, django_assert_num_queries):
    article = make_article(points=DESK * number, publish=True)
    for _time in range(number):
        row(
            article, title=("旧", "新"), intro=("旧", "新"), points=(said(BASE * number), said(SEED * number))
        )
    article = only()
    with django_assert_num_queries(7):
        assert len(conflicts.waiting(article)) == 3
