"""What the desk keeps."""

from articles.models.articles import (
    FIELDS,
    LINKS,
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
from articles.models.desk import Correction, Note, OpenArticle
from articles.models.imports import ImportBatch, ImportRow, Outcome, SeedFile
from articles.models.revisions import Revision, RevisionKind
from articles.models.search import SearchQueue

__all__ = [
    "Article",
    "ArticleIndustry",
    "ArticleKeyword",
    "ArticleQuerySet",
    "ArticleTechnology",
    "Correction",
    "DateOrigin",
    "EventPoint",
    "EventSummary",
    "FIELDS",
    "ImportBatch",
    "ImportRow",
    "LINKS",
    "MAX_EXCERPT",
    "Note",
    "OPENING",
    "OpenArticle",
    "Origin",
    "Outcome",
    "Reuse",
    "Revision",
    "RevisionKind",
    "SearchQueue",
    "SeedFile",
    "Source",
    "SourceQuerySet",
    "Status",
    "TERM_FIELDS",
    "TermLink",
]
