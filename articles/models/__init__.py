"""What the desk keeps."""

from articles.models.articles import (
    MAX_EXCERPT,
    OPENING,
    TERM_FIELDS,
    Article,
    ArticleIndustry,
    ArticleKeyword,
    ArticleQuerySet,
    ArticleTechnology,
    DateOrigin,
    EventPoint,
    EventSummary,
    Origin,
    Reuse,
    Source,
    SourceQuerySet,
    Status,
    TermLink,
)
from articles.models.imports import ImportBatch, ImportRow, Outcome, SeedFile
from articles.models.revisions import Revision, RevisionKind

__all__ = [
    "Article",
    "ArticleIndustry",
    "ArticleKeyword",
    "ArticleQuerySet",
    "ArticleTechnology",
    "DateOrigin",
    "EventPoint",
    "EventSummary",
    "ImportBatch",
    "ImportRow",
    "MAX_EXCERPT",
    "OPENING",
    "Origin",
    "Outcome",
    "Reuse",
    "Revision",
    "RevisionKind",
    "SeedFile",
    "Source",
    "SourceQuerySet",
    "Status",
    "TERM_FIELDS",
    "TermLink",
]
