"""What the desk keeps."""

from articles.models.articles import (
    LINKS,
    MAX_EXCERPT,
    OPENING,
    OUT_OF_USE,
    TERM_FIELDS,
    VOCABULARY_FIELDS,
    Article,
    ArticleIndustry,
    ArticleKeyword,
    ArticleQuerySet,
    ArticleTechnology,
    DateOrigin,
    EventPoint,
    EventSummary,
    Origin,
    Status,
    TermLink,
)
from articles.models.desk import Correction, Note, OpenArticle
from articles.models.duplicates import Decision, DuplicatePair, Likeness, LikenessQueue
from articles.models.imports import BROKEN, ImportBatch, ImportRow, Imprint, ImprintKind, Outcome, SeedFile
from articles.models.retags import Retag, RetagKind, RetagOutcome, RetagRow
from articles.models.revisions import Revision, RevisionKind
from articles.models.search import SearchQueue
from articles.models.sources import Reuse, Source, SourceQuerySet
from articles.models.undo_jobs import UndoJob, UndoState
from articles.models.uploads import PreviewRow, Upload, UploadFile, UploadState

__all__ = [
    "Article",
    "ArticleIndustry",
    "ArticleKeyword",
    "ArticleQuerySet",
    "ArticleTechnology",
    "BROKEN",
    "Correction",
    "DateOrigin",
    "Decision",
    "DuplicatePair",
    "EventPoint",
    "EventSummary",
    "ImportBatch",
    "ImportRow",
    "Imprint",
    "ImprintKind",
    "LINKS",
    "Likeness",
    "LikenessQueue",
    "MAX_EXCERPT",
    "Note",
    "OPENING",
    "OUT_OF_USE",
    "OpenArticle",
    "Origin",
    "Outcome",
    "PreviewRow",
    "Retag",
    "RetagKind",
    "RetagOutcome",
    "RetagRow",
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
    "UndoJob",
    "UndoState",
    "Upload",
    "UploadFile",
    "UploadState",
    "VOCABULARY_FIELDS",
]
