"""Articles become seed text again, such that importing it changes nothing."""

from itertools import product
from typing import Any

from articles import points
from articles.identity import KEY_LABEL, KEY_PREFIX, prepare
from articles.labels import TERM_LABELS
from articles.models import Article
from articles.revisions import snapshot


class NotExact(Exception):
    """The seed format cannot carry this article; `fields` names what would be read back differently."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def seed_text(article: Article) -> str:
    """The article as one seed record. Costs no query if it comes from `Article.objects.whole()`.

    Every text is read back before it leaves. A line of the text may look like a label: then a second layout puts
    the long text last, where all labels have been seen. Where the article's key does not follow from what is
    written (an edited link, an article made by hand), it goes along as 编号. Raises NotExact if nothing helps.
    """
    content = snapshot(article)
    different: list[str] = []
    for order, with_key, with_date in product((USUAL, TEXT_LAST), (False, True), (False, True)):
        text = _write(_fields(article, content, with_key, with_date), order)
        different = _differences(text, article, content)
        if not different:
            return text
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
    labels = [label for place in order for label in (others if place == "…" else [place])]
    values = {
        label: fields.get(label) or ("无" if order is TEXT_LAST and label in order else "")
        for label in labels
    }
    return "".join(f"{label}: {value}\n" for label, value in values.items() if value)


def _differences(text: str, article: Article, content: dict[str, Any]) -> list[str]:
    """The fields in which the text, read back, is not the article; empty if it is the same."""
    records = prepare(text.encode())
    if len(records) != 1 or records[0].quarantined:
        return ["record"]
    (record,) = records
    different = [name for name, value in record.content.items() if value != content[name]]
    if record.key != article.record_key:
        different.append("key")
    return [name for name in different if name != "source_date_origin"]
