"""Findings and the rest of a list in words, the same for reports and for the desk."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.findings import ERROR, FINDINGS, NOTE, UNREADABLE, WARNING

SEVERITIES = {
    ERROR: pgettext_lazy("severity", "error"),
    WARNING: pgettext_lazy("severity", "warning"),
    NOTE: pgettext_lazy("severity", "note"),
}
# What a file has too many of; its bytes stand as they are.
_UNITS = {"lines": gettext_lazy("%(number)s lines"), "items": gettext_lazy("%(number)s points and terms")}
_UNREADABLE = re.compile(rf"({'|'.join(UNREADABLE)}) ([\w-]+) (\d+) ?(.*)")


def explained(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as rows hold it (code, line, text) with its severity, what it means and what to do.

    A code that a newer version wrote stands for itself.
    """
    code, text = finding.get("code", ""), finding.get("text", "")
    severity, message, remedy = FINDINGS.get(code, (WARNING, code, ""))
    values: dict[str, str] = {}
    if code == "undecodable" and (told := _UNREADABLE.fullmatch(text)):
        case, encoding, before, text = told.groups()
        message, remedy = UNREADABLE[case]
        values = {"encoding": encoding.upper(), "bytes": before}
    elif code == "too-large":
        number, _space, unit = text.partition(" ")
        text = _UNITS[unit] % {"number": number} if unit in _UNITS else text
    return {
        "code": code,
        "severity": severity,
        "line": finding.get("line"),
        "text": text,
        "message": _(message) % values if values else _(message),
        "remedy": _(remedy) if remedy else "",
    }


def and_more(number: int) -> list[str]:
    """The line that stands for so many others; none for none."""
    return [_("and %(number)s more") % {"number": f"{number:,}"}] if number > 0 else []
