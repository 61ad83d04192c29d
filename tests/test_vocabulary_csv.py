"""A vocabulary as a table: out and in again, formulas made harmless, and nothing done that was not shown."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from taxonomy import vocabulary_csv
from taxonomy.merge import move
from taxonomy.models import Keyword, Merge, Technology, TechnologyAlias
from taxonomy.vocabulary_csv import Outdated, Unreadable, apply, exported, parse
from taxonomy.vocabulary_plan import Plan
from tests.factories import desk, make_term, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

IMPORT = reverse("terms_import", kwargs={"vocabulary": "technology"})
EXPORT = reverse("terms_export", kwargs={"vocabulary": "technology"})


def table(*rows: str) -> str:
    return "\n".join(rows)


def plan(*rows: str) -> Plan:
    return Plan(Technology, parse(table(*rows)))


def verdicts(*rows: str) -> list[tuple[str, str]]:
    """Of each row what it would do, and why not."""
    return [(row.verdict, row.clash or row.impossible) for row in plan(*rows).rows]


def brought(*rows: str) -> Plan:
    return apply(Technology, parse(table(*rows)), by=None)


def out() -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(exported(Technology)).removeprefix("\ufeff"))))


def stored() -> list[tuple]:
    fields = ("name", "description", "confirmed", "declined", "parent__name")
    return [
        (*row, sorted(TechnologyAlias.objects.filter(term=pk).values_list("name", flat=True)))
        for pk, *row in Technology.objects.current().order_by("pk").values_list("pk", *fields)
    ]


# --- out


def test_the_table_has_a_row_for_each_term_with_all_its_names():
    top = make_term("大模型", description="第一行\n第二行", aliases=["Foundation Model"])
    make_term("Sora", parent=top, aliases=["索拉", "sora模型"])
    make_term("SoRA video", merged_into=Technology.objects.get(name="Sora"), aliases=["视频索拉"])
    make_term("新", confirmed=False)
    make_term("不是词条", confirmed=False, declined=True)
    assert out() == [
        ["key", "name", "aliases", "parent", "description", "confirmed"],
        ["大模型", "大模型", "Foundation Model", "", "第一行\n第二行", "yes"],
        ["sora", "Sora", "sora模型、索拉、SoRA video、视频索拉", "大模型", "", "yes"],
        ["新", "新", "", "", "", "no"],
        ["不是词条", "不是词条", "", "", "", "declined"],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+甲", "-甲", "@甲", "'=甲", "''@", "'甲", "＝甲", "﹦甲", "甲;=1+1"]
)
def test_what_a_spreadsheet_would_run_is_text_there_and_comes_back_as_it_was(text):
    make_term("甲", description=text)
    cell = out()[1][4]
    assert cell[0] not in "=+-@＝"
    assert {row.verdict for row in plan(*"".join(exported(Technology)).splitlines()).rows} == {"unchanged"}


def test_the_export_streams_in_a_number_of_statements_that_grows_by_chunks_only(monkeypatch):
    monkeypatch.setattr(vocabulary_csv, "CHUNK", 3)
    numbers = []
    for count in (3, 3):
        for number in range(count):
            make_term(
                f"词{Technology.objects.count()}{number}", aliases=[f"别{Technology.objects.count()}{number}"]
            )
        with CaptureQueriesContext(connection) as queries:
            list(exported(Technology))
        numbers.append(len(queries))
    assert numbers == [4, 7]  # three a chunk, and one that finds the end


# --- there and back


def test_what_was_exported_changes_nothing_when_it_comes_back():
    top = make_term("大模型", description="=1\n“二”,三", aliases=["LLM", "=SUM(A1)"])
    make_term("Sora", parent=top, aliases=["索拉"])
    make_term("旧", merged_into=top)
    make_term("新", confirmed=False)
    before = stored()
    text = "".join(exported(Technology))
    assert Plan(Technology, parse(text)).counts == {
        "new": 0, "changed": 0, "unchanged": 3, "clash": 0, "impossible": 0,
    }  # fmt: skip
    apply(Technology, parse(text), by=None)
    assert (stored(), Merge.objects.count()) == (before, 0)


def test_what_was_exported_makes_the_same_vocabulary_elsewhere():
    top = make_term("大模型", description="说明", aliases=["LLM"])
    make_term("Sora", parent=top, confirmed=False)
    make_term("不是", confirmed=False, declined=True)
    text, before = "".join(exported(Technology)), stored()
    Technology.objects.all().delete()
    apply(Technology, parse(text), by=None)
    assert stored() == before


# --- in: what each row would do


def test_each_row_says_what_it_would_do_field_by_field():
    make_term("大模型", description="旧", aliases=["LLM"])
    found = plan(
        "key,name,aliases,parent,description,confirmed",
        "大模型,大型模型,LLM、GLM,,新,no",
        ",Sora,索拉,大模型,,yes",
        "大模型x,大模型,,,,",
    )
    assert [(row.verdict, row.changes) for row in found.rows[:1]] == [
        (
            "changed",
            [
                ("name", "大模型", "大型模型"),
                ("aliases", "", "GLM"),
                ("confirmed", "yes", "no"),
                ("description", "旧", "新"),
            ],
        )
    ]
    assert [row.verdict for row in found.rows[1:]] == ["impossible", "clash"]


def test_a_name_or_alias_that_means_another_term_is_a_clash():
    make_term("甲", aliases=["甲一"])
    make_term("乙")
    moved = make_term("丙")
    move([moved], to=Keyword, by=None)
    assert verdicts(
        "key,name,aliases",
        "甲,乙,",
        ",丁,甲一",
        ",丙,",
        ",戊,己",
        ",庚,己",
        ",戊,",
    ) == [
        ("clash", "“乙” means the term “乙”."),
        ("clash", "“甲一” means the term “甲”."),
        ("clash", "“丙” was moved to another vocabulary."),
        ("new", ""),
        ("clash", "Line 5 uses “己” too."),
        ("clash", "Line 5 is about the same term."),
    ]  # fmt: skip


def test_a_row_without_a_key_means_the_term_of_its_name_or_alias_and_renames_nothing():
    make_term("大语言模型", aliases=["LLM"])
    assert verdicts("name", "llm") == [("unchanged", "")]
    assert verdicts("name", "大語言模型") == [("unchanged", "")]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("名" * 101 + ",,,", f"“{'名' * 100}” cannot be the name of a term."),
        (",,,", ""),
        ("甲,别" + "名" * 100 + ",,", f"“别{'名' * 99}” cannot be the name of a term."),
        ("甲,,没有的,", "Its broader term is not there, or not confirmed."),
        ("甲,,新,", "Its broader term is not there, or not confirmed."),
        ("甲,,,也许", "“也许” is neither yes nor no nor declined."),
        ("甲,,甲,yes", "The tree would run in a circle, or be more than 8 levels deep."),
    ],
)
def test_a_row_that_cannot_be_says_why(row, why):
    make_term("新", confirmed=False)
    assert verdicts("name,aliases,parent,confirmed", row) == ([("impossible", why)] if why else [])


def test_rows_make_a_tree_together_in_whatever_order_they_stand():
    make_term("大模型")
    brought(
        "name,parent,confirmed",
        "Sora,视频生成,yes",
        "视频生成,大模型,yes",
        "图像生成,大模型,no",
    )
    tree = dict(Technology.objects.values_list("name", "parent__name"))
    assert tree == {"大模型": None, "Sora": "视频生成", "视频生成": "大模型", "图像生成": "大模型"}


def test_a_circle_is_impossible_and_so_is_what_would_have_stood_below_it():
    top = make_term("甲")
    make_term("乙", parent=top)
    circle = "The tree would run in a circle, or be more than 8 levels deep."
    missing = "Its broader term is not there, or not confirmed."
    rows = ["甲,乙,", "丙,丁,yes", "丁,丙,yes", "戊,丙,yes", "己,戊,yes", "庚,甲,yes"]
    assert verdicts("name,parent,confirmed", *rows) == [
        *[("impossible", circle)] * 3,
        *[("impossible", missing)] * 2,
        ("new", ""),
    ]
    assert verdicts("name,parent,confirmed", "丙,没有,yes", "丁,丙,yes") == [("impossible", missing)] * 2


def test_a_tree_may_be_turned_around_in_one_table():
    top = make_term("甲")
    make_term("乙", parent=top)
    brought("name,parent", "甲,乙", "乙,")
    assert dict(Technology.objects.values_list("name", "parent__name")) == {"甲": "乙", "乙": None}


def test_a_tree_deeper_than_eight_levels_is_impossible():
    parent = None
    for number in range(8):
        parent = make_term(f"层{number}", parent=parent)
    assert [verdict for verdict, _why in verdicts("name,parent,confirmed", "九,层7,yes")] == ["impossible"]
    assert [verdict for verdict, _why in verdicts("name,parent,confirmed", "八,层6,yes")] == ["new"]


# --- in: doing it


def test_a_row_changes_the_term_of_its_key_and_the_old_name_goes_on_meaning_it():
    make_term("MJ", description="旧", confirmed=False)
    brought("key,name,aliases,description,confirmed", "mj,Midjourney,中途,=新,yes")
    assert stored() == [("Midjourney", "=新", True, False, None, ["MJ", "中途"])]
    assert Merge.objects.get().kind == "rename"


def test_rows_that_do_not_work_leave_the_others_alone():
    make_term("甲", aliases=["乙"])
    done = brought("name,aliases", "丙,", "丁,乙", "戊,己")
    assert done.counts == {"new": 2, "changed": 0, "unchanged": 0, "clash": 1, "impossible": 0}
    assert [row[0] for row in stored()] == ["甲", "丙", "戊"]


def test_nothing_is_done_if_it_would_be_something_else_than_was_seen():
    records = parse("name,description\n甲,说明")
    seen = Plan(Technology, records).digest
    make_term("甲")
    with pytest.raises(Outdated):
        apply(Technology, records, by=None, seen=seen)
    assert stored() == [("甲", "", True, False, None, [])]


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows():
    make_term("旧", merged_into=make_term("顶", parent=make_term("根")))
    numbers = []
    for count in (1, 40):
        rows = [f"词{number},别{number},顶" for number in range(count)] + ["旧,,根"]
        with CaptureQueriesContext(connection) as queries:
            plan("name,aliases,parent", *rows)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


# --- files as they come


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_save_them(encoding, between):
    content = f"name{between}confirmed\r\n大模型{between}是\r\n\r\n".encode(encoding)
    [record] = parse(vocabulary_csv.decoded(content))
    assert record.cells == {"name": "大模型", "confirmed": "是"}


@pytest.mark.parametrize("text", ["", "甲,乙", "key\n甲", "name,name\n甲,乙", 'name\n"' + "长" * 200_000])
def test_what_is_no_table_of_terms_is_refused_in_words(text):
    with pytest.raises(Unreadable):
        parse(text)


def test_a_file_that_is_no_text_or_too_large_is_refused_in_words():
    for content in (b"\xff\xff\xff", b"x" * (vocabulary_csv.MAX_BYTES + 1)):
        with pytest.raises(Unreadable):
            vocabulary_csv.decoded(content)


# --- the pages


def upload(client, text: str):
    return client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", text.encode())})


def test_the_page_shows_what_would_happen_and_then_does_exactly_that():
    client = desk()
    page = upload(client, "name,description\n甲,说明")
    assert (page.context["plan"].counts["new"], Technology.objects.count()) == (1, 0)
    data = {"do": "1", "text": page.context["text"], "seen": page.context["plan"].digest}
    done = client.post(IMPORT, data, follow=True)
    assert [str(one) for one in done.context["messages"]] == ["Done: 1 new, 0 changed, 0 as they were."]
    assert stored() == [("甲", "说明", False, False, None, [])]


def test_the_page_shows_it_again_if_something_changed_meanwhile():
    client = desk()
    page = upload(client, "name\n甲")
    make_term("甲")
    data = {"do": "1", "text": page.context["text"], "seen": page.context["plan"].digest}
    again = client.post(IMPORT, data)
    assert again.context["plan"].counts["unchanged"] == 1


def test_a_bad_file_is_an_error_of_the_form_and_nonsense_is_told():
    client = desk()
    assert list(upload(client, "甲,乙").context["form"].errors) == ["file"]
    assert list(upload(client, "").context["form"].errors) == ["file"]
    assert client.post(IMPORT, {"do": "1", "text": "x", "seen": ""}).status_code == 200
    assert client.post(IMPORT, {}).status_code == 200


def test_the_table_is_downloaded_by_whoever_may_look_and_brought_by_whoever_may_change():
    make_term("甲")
    looks = desk(staff("view_technology"))
    response = looks.get(EXPORT)
    assert b"".join(response.streaming_content).decode().splitlines()[1] == '"甲","甲","","","","yes"'
    assert response["Content-Disposition"] == 'attachment; filename="technology.csv"'
    assert looks.get(IMPORT).status_code == 403
    assert upload(desk(staff("change_technology")), "name\n甲").status_code == 403
    assert desk(staff("change_technology", "add_technology")).get(IMPORT).status_code == 200
    assert desk(staff("view_keyword")).get(EXPORT).status_code == 403


# --- the commands


def test_the_commands_write_a_table_and_bring_it_back(tmp_path, capsys):
    make_term("甲", description="说明")
    path = tmp_path / "terms.csv"
    call_command("export_terms", "technology", output=path)
    Technology.objects.all().delete()
    call_command("import_terms", "technology", path, dry_run=True)
    assert (Technology.objects.count(), "2: new" in capsys.readouterr().out) == (0, True)
    call_command("import_terms", "technology", path)
    assert stored() == [("甲", "说明", True, False, None, [])]


def test_the_command_says_which_rows_did_not_work_by_its_exit_code(tmp_path, capsys):
    path = tmp_path / "terms.csv"
    path.write_text("name,confirmed\n甲,也许", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        call_command("import_terms", "technology", path)
    assert (ended.value.code, "也许" in capsys.readouterr().out) == (1, True)


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(CommandError):
        call_command("import_terms", "technology", tmp_path / "none.csv")
