"""Findings in words, the same for reports and for the desk."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from articles.findings import FINDINGS, WARNING


def explained(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as rows hold it (code, line, text) with its severity, what it means and what to do.

    A code that a newer version wrote stands for itself.
    """
    code = finding.get("code", "")
    severity, message, remedy = FINDINGS.get(code, (WARNING, code, ""))
    return {
        "code": code,
        "severity": severity,
        "line": finding.get("line"),
        "text": finding.get("text", ""),
        "message": _(message),
        "remedy": _(remedy) if remedy else "",
    }
