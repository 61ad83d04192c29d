"""The terms desk: the three vocabularies in the admin."""

from taxonomy.admin.records import MergeAdmin, ReadOnlyMixin
from taxonomy.admin.rules import RuleAdmin
from taxonomy.admin.terms import SecondLookMixin, TermAdmin
from taxonomy.suggestions import suggest

__all__ = ["MergeAdmin", "ReadOnlyMixin", "RuleAdmin", "SecondLookMixin", "TermAdmin", "suggest"]
