"""Articles become seed text again, such that importing it changes nothing; or rows for other programs."""

import csv
import html
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from articles import labels, points
from articles.identity import KEY_LABEL, KEY_PREFIX, Prepared, prepare
from articles.labels import TERM_LABELS
from articles.models import TERM_FIELDS, Article
from articles.revisions import label, snapshot
from newsroom.json_lines import json_line

CHUNK = 100  # articles in memory
# Of a seed file: more would be called large when it is imported.
MOST_RECORDS, MOST_CHARACTERS = 500, 1_500_000
BETWEEN = "\n---\n\n"  # two records of a file


def whole(articles: QuerySet[Article]) -> Iterator[Article]:
    """Articles of any selection by number, with all that belongs to them; a chunk of them in memory."""
    last = 0
    selection = articles.order_by("pk").values_list("pk", flat=True)
    while ids := list(selection.filter(pk__gt=last)[:CHUNK]):
        found = Article.objects.whole().in_bulk(ids)
        yield from (found[pk] for pk in ids if pk in found)
        last = ids[-1]


# --- seed files -----------------------------------------------------------------------------------


class NotExact(Exception):
    """The seed format cannot carry this article; `fields` names what would be read back differently."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Seed:
    """An article as a seed record, and what is read from it."""

    article: int
    text: str
    read: Prepared


LeftOut = Callable[[Article, NotExact], None]


def seed(article: Article) -> Seed:
    """The article as one seed record, with what is read from it. Costs no query if it comes from `Article.objects.whole()`.

    Every text is read back before it leaves. What would be read as mark-up is escaped, and a term that would be split
    stands in quotes. A line of the text may look like a label: then a second layout puts the long text last, where
    all labels have been seen. Where the article's key does not follow from what is written (an edited link, an
    article made by hand), it goes along as 编号. Raises NotExact if nothing helps.
    """
    content = snapshot(article)
    different: list[str] = []
    for escaped, order, *more in product((False, True), (USUAL, TEXT_LAST), (False, True), (False, True)):
        fields = _fields(article, content, *more)
        text = _write(_escaped(fields, content) if escaped else fields, order)
        records = prepare(text.encode())
        different = _differences(records, article, content) or _not_beside_others(text, records)
        if not different:
            return Seed(article.pk, text, records[0])
    raise NotExact(different)


USUAL = ("标题", KEY_LABEL, "链接", "…", "总结", *TERM_LABELS.values(), "重大事件摘要")
TEXT_LAST = ("标题", KEY_LABEL, "链接", "…", *TERM_LABELS.values(), "重大事件摘要", "总结")


def _fields(article: Article, content: dict[str, Any], with_key: bool, with_date: bool) -> dict[str, str]:
    """The values by label; `…` in an order stands for the labels that are in none of its other places."""
    fields = {"标题": content["title"]}
    if with_key:
        fields[KEY_LABEL] = f"{KEY_PREFIX}{article.record_key}"
    fields["链接"] = "\n".join(filter(None, [content["url"], *content["also_at"]]))
    fields |= content["extra"]
    if content["source_date"] and with_date:
        fields["发布日期"] = content["source_date"]  # the label that is read first
    fields["总结"] = content["summary"]
    fields |= {label: ", ".join(content[name]) for name, label in TERM_LABELS.items()}
    fields["重大事件摘要"] = _events(article, content)
    return fields


def _escaped(fields: dict[str, str], content: dict[str, Any]) -> dict[str, str]:
    """The same values, such that mark-up, labels, lines between records, and what separates terms are read as text."""
    terms = {label: ", ".join(map(_in_quotes, content[name])) for name, label in TERM_LABELS.items()}
    return {label: _as_text(value) for label, value in (fields | terms).items()}


def _as_text(value: str) -> str:
    first, *others = html.escape(value, quote=False).split("\n")
    return "\n".join([first, *(_as_line(line) for line in others)])


def _as_line(line: str) -> str:
    """One that begins with no label, and is none between records: its first sign is written as a number."""
    bare = line.lstrip()
    if not bare or not (labels.read(line) or bare[0] in "-=*`"):
        return line
    return f"{line[: len(line) - len(bare)]}&#{ord(bare[0])};{bare[1:]}"


def _in_quotes(term: str) -> str:
    return term if _ONE_TERM.fullmatch(term) else f"“{term}”"


_ONE_TERM = re.compile(r"[^,，、;；|｜\t\n/·]*")


def _events(article: Article, content: dict[str, Any]) -> str:
    """As delivered, where that still says what the article says; else written anew."""
    raw = article.event_summary.raw if hasattr(article, "event_summary") else ""
    if raw and _structure(points.parse(raw)) == _structure_of(content):
        return raw
    try:
        return points.write(content["intro"], _pairs(content), content["conclusion"])
    except ValueError:
        return raw  # what cannot be written is found out when the text is read back


def _structure(events: points.Events) -> tuple:
    return events.intro, [(point.heading, point.body) for point in events.points], events.conclusion


def _structure_of(content: dict[str, Any]) -> tuple:
    return content["intro"], _pairs(content), content["conclusion"]


def _pairs(content: dict[str, Any]) -> list[tuple[str, str]]:
    return [(point["heading"], point["body"]) for point in content["points"]]


def _write(fields: dict[str, str], order: tuple[str, ...]) -> str:
    others = [label for label in fields if label not in order]
    placed = [label for place in order for label in (others if place == "…" else [place])]
    values = {
        label: fields.get(label) or ("无" if order is TEXT_LAST and label in order else "")
        for label in placed
    }
    return "".join(f"{label}: {value}\n" for label, value in values.items() if value)


def _differences(records: list[Prepared], article: Article, content: dict[str, Any]) -> list[str]:
    """The fields in which what was read back is not the article; empty if it is the same."""
    if len(records) != 1 or records[0].quarantined:
        return ["record"]
    (record,) = records
    different = [name for name, value in record.content.items() if value != content[name]]
    if record.key != article.record_key:
        different.append("key")
    return [name for name in different if name != "source_date_origin"]


NEXT = "标题: 下一条\n链接: https://example.com/next\n总结: 正文。\n"


def _not_beside_others(text: str, records: list[Prepared]) -> list[str]:
    """What would be read otherwise if another record followed it in the file."""
    together = prepare((text + BETWEEN + NEXT).encode())
    same = _identities(together) == _identities([*records, *prepare(NEXT.encode())])
    return [] if same else ["record"]


def seeds(articles: Iterable[Article], left_out: LeftOut) -> Iterator[Seed]:
    """What the seed format cannot carry is told to `left_out`, and not among them."""
    for article in articles:
        try:
            yield seed(article)
        except NotExact as error:
            left_out(article, error)


def seed_files(found: Iterable[Seed]) -> Iterator[str]:
    """The records in files of a moderate size, each of which says the same as its records one by one."""
    some: list[Seed] = []
    size = 0
    for one in found:
        if some and (len(some) >= MOST_RECORDS or size + len(one.text) > MOST_CHARACTERS):
            yield from _files(some)
            some, size = [], 0
        some.append(one)
        size += len(one.text)
    if some:
        yield from _files(some)


def _files(some: list[Seed]) -> Iterator[str]:
    """One file; or two, where a record would be read otherwise behind another."""
    text = BETWEEN.join(one.text for one in some)
    if len(some) == 1 or _identities(prepare(text.encode())) == _identities(one.read for one in some):
        yield text
        return
    middle = len(some) // 2
    yield from _files(some[:middle])
    yield from _files(some[middle:])


def _identities(records: Iterable[Prepared]) -> list[tuple]:
    return [(record.key, record.hash) for record in records]


def seed_zip(articles: QuerySet[Article], told: LeftOut = lambda article, error: None) -> Iterator[bytes]:
    """A zip file, piece by piece: seed files, and a list of what they cannot carry, which is also told."""
    rest: list[dict[str, Any]] = []

    def left_out(article: Article, error: NotExact) -> None:
        rest.append({"id": article.pk, "title": article.title[:200], "fields": error.fields})
        told(article, error)

    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(seed_files(seeds(whole(articles), left_out)), start=1):
            archive.writestr(f"articles-{number:06d}.txt", text)
            yield pipe.drained()
        if rest:
            archive.writestr("left-out.jsonl", "".join(map(json_line, rest)))
    yield pipe.drained()


class _Pipe:
    """What a zip file is written to while it leaves at the other end."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def drained(self) -> bytes:
        pieces, self.pieces = self.pieces, []
        return b"".join(pieces)


# --- rows -----------------------------------------------------------------------------------------


def json_lines(articles: QuerySet[Article]) -> Iterator[str]:
    """Each article as a line of JSON: its number, its key, and all that a revision of it would have."""
    for article in whole(articles):
        yield json_line({"id": article.pk, "key": str(article.record_key), **snapshot(article)})


COLUMNS = (
    "id", "title", "url", "also_at", "source", "status", "published_at", "source_date", *TERM_FIELDS, "summary",
    "intro", "points", "conclusion",
)  # fmt: skip


def csv_lines(articles: QuerySet[Article]) -> Iterator[str]:
    """A table for spreadsheets."""
    yield MARK + csv_line([_("article number") if name == "id" else label(name) for name in COLUMNS])
    for article in whole(articles):
        content = {"id": article.pk, **snapshot(article), "status": article.get_status_display()}
        yield csv_line([_cell(content[name]) for name in COLUMNS])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            numbered = enumerate(value, start=1)
            return "\n".join(f"{number}. {_point(point)}" for number, point in numbered)
        return "\n".join(value)
    return "" if value is None else str(value)


def _point(point: dict[str, str]) -> str:
    return "：".join(filter(None, [point["heading"], point["body"]]))


def csv_line(cells: Iterable[Any]) -> str:
    """A row with nothing in it that a spreadsheet would calculate."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(plain(str(cell)) for cell in cells)
    return line.getvalue()


MARK = "\ufeff"  # without it a spreadsheet does not take a table for UTF-8
FORMULA = frozenset("=+-@＝＋－＠﹢﹣﹦﹫")
SEPARATORS = frozenset(";\t\r\n")
_GAP = re.compile(r"[;\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]++")


def plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula: with an apostrophe before what would begin one.

    Also within the text: a program that separates cells by semicolons takes what follows one for another cell.
    """

    def stopped(gap: re.Match) -> str:
        begins = gap.start() == 0 or not SEPARATORS.isdisjoint(gap[0])
        return f"{gap[0]}'" if begins and text[gap.end() : gap.end() + 1] in FORMULA else gap[0]

    found = _GAP.sub(stopped, text)
    return f"'{found}" if found[:1] in FORMULA | SEPARATORS - {";"} else found
