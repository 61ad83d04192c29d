"""Seed files as somebody delivers them, and what came of their import."""

from pathlib import Path

from articles import importer
from articles.models import (
    Article,
    EventPoint,
    EventSummary,
    ImportBatch,
    ImportRow,
    Revision,
    SeedFile,
    Source,
)
from taxonomy.models import Industry, Keyword, Technology

TEXT = (
    "一家示例医院试用语言模型整理病历，六个科室参加了为期八周的对照。医生每天少写半小时文书，差错没有增加。"
)


def seed(**changes: str) -> str:
    """A complete record; a label set to None is left out."""
    fields = {
        "标题": "示例医院试用语言模型写病历",
        "链接": "https://www.example.com/news/20240506/1.html",
        "总结": TEXT,
        "关键词": "病历, 医院",
        "AI技术": "大语言模型, MID journey",
        "行业": "医疗",
        "重大事件摘要": "本文介绍一次试用。\n\n1. **试用**：六个科室参加。\n\n2. **结果**：文书时间减少。\n\n这篇文章说明了做法。",
    } | changes
    return "".join(f"{label}: {value}\n" for label, value in fields.items() if value is not None)


def deliver(folder: Path, *texts: str) -> ImportBatch:
    """Put the texts in the folder, in place of what was there, and import it."""
    for old in folder.iterdir():
        old.unlink()
    for number, text in enumerate(texts, start=1):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return importer.run([folder])


def outcomes(batch: ImportBatch) -> list[str]:
    return list(batch.rows.order_by("id").values_list("outcome", flat=True))


def codes(row: ImportRow) -> list[str]:
    return [finding["code"] for finding in row.findings]


def everything() -> list:
    """All that an import may write, but for batches and rows, which tell of the runs themselves."""
    tables = (Article, EventSummary, EventPoint, Source, Keyword, Technology, Industry, SeedFile, Revision)
    links = (Article.keywords.through, Article.technologies.through, Article.industries.through)
    return [list(model.objects.order_by("pk").values()) for model in (*tables, *links)]
