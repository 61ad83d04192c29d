"""What can be noticed about a seed: codes, in words, with the remedy. Pure."""

import re
from dataclasses import dataclass


def _(text: str) -> str:
    return text  # marks the text for translation; who shows it translates it


NOTE, WARNING, ERROR = "note", "warning", "error"
# code: severity, what, what to do. An error quarantines the record, or the whole file where it stands at the file.
FINDINGS = {
    "empty-file": (ERROR, _("The file is empty."), _("Ask the supplier for it again.")),
    "not-seed-text": (
        ERROR,
        _("The file is not plain text."),
        _("Ask for the records as plain text. Changing the suffix is not enough."),
    ),
    "undecodable": (
        ERROR,
        _("A byte fits no known encoding."),
        _("Save the file as UTF-8 and import it again."),
    ),
    "too-large": (
        ERROR,
        _("The file is larger than 50 MB or has more than 500,000 lines or 1,000,000 points and terms:"),
        _("Split it at the line between two records."),
    ),
    "no-labels": (ERROR, _("There is no label such as 标题 in the file."), _("Put labels before the parts.")),
    "other-encoding": (NOTE, _("The file is not in UTF-8; it was read as:"), ""),
    "line-ends": (NOTE, _("Line ends of other kinds were read as line ends."), ""),
    "large-file": (
        WARNING,
        _("The file is very large."),
        _("Smaller files are easier to check and to undo."),
    ),
    "text-before-labels": (NOTE, _("Text outside of all labels was left out:"), ""),
    "damaged-text": (
        WARNING,
        _("Characters were lost before delivery."),
        _("Restore them from the original."),
    ),
    "missing-title": (WARNING, _("The title is missing; its place is taken by:"), _("Write a title.")),
    "missing-link": (WARNING, _("The link is missing."), _("Add the address of the original.")),
    "missing-summary": (WARNING, _("总结 is missing."), _("Add the text, or an event summary.")),
    "missing-terms": (WARNING, _("Terms are missing:"), _("Add at least one of each.")),
    "missing-events": (WARNING, _("The event summary is missing."), _("Add its points.")),
    "only-title": (
        ERROR,
        _("There is a title and nothing else."),
        _("Add link and text, then import it again."),
    ),
    "nothing-to-identify": (
        ERROR,
        _("There is no title, link or text."),
        _("Add them, then import it again."),
    ),
    "empty-value": (NOTE, _("The value says that there is none:"), ""),
    "repeated-label": (NOTE, _("The label stands twice with the same value:"), ""),
    "conflicting-label": (
        WARNING,
        _("The label stands twice; the first value is used, the other is kept beside it:"),
        _("Choose one of the values."),
    ),
    "label-among-terms": (
        WARNING,
        _("A line among the terms begins like a label; it was kept, but made no term:"),
        _("If it is a label, write it as the format has it. If it is a term, take the colon out."),
    ),
    "unknown-label": (WARNING, _("An unknown label was kept:"), _("Rename it if it means a known one.")),
    "label-in-text": (
        WARNING,
        _("This looks like a label but was read as text:"),
        _("Check where the text ends."),
    ),
    "maybe-two-records": (
        WARNING,
        _("Here a second record may begin that was read as part of the first one:"),
        _("If so, put a line --- before it."),
    ),
    "ends-in-link": (
        WARNING,
        _("The file ends in this link; it may have been cut off here:"),
        _("Compare the link with the original. If it is not whole, ask the supplier for the file again."),
    ),
    "reprint-notice": (NOTE, _("A reprint notice: readers get an excerpt at most."), ""),
    "long-text": (
        WARNING,
        _("The text is longer than 200,000 characters."),
        _("Check that it is one article."),
    ),
    "list-too-long": (
        ERROR,
        _("A list of more than 5,000,000 characters is not taken apart:"),
        _("Shorten it, or make several records of it."),
    ),
    "link-normalised": (NOTE, _("The link was put in order:"), ""),
    "several-links": (NOTE, _("There are several links; the first one counts."), ""),
    "text-around-link": (NOTE, _("Beside the link there is text:"), ""),
    "unsafe-link": (WARNING, _("The link is not safe to open and will not be clickable:"), _("Replace it.")),
    "link-not-a-url": (WARNING, _("The link is no web address:"), _("Replace it by the original's address.")),
    "terms-normalised": (NOTE, _("Marks around terms were taken off."), ""),
    "term-repeated": (NOTE, _("A term stands twice:"), ""),
    "term-dropped": (NOTE, _("This is no term and was left out:"), ""),
    "sentence-not-term": (WARNING, _("A sentence is no term:"), _("Choose terms from it.")),
    "many-terms": (WARNING, _("There are more than 30 terms."), _("Keep those that matter.")),
    "no-points": (WARNING, _("The event summary has no points."), _("Divide it into points.")),
    "numbers-out-of-order": (WARNING, _("The points are not numbered in order."), _("Check their order.")),
    "points-on-one-line": (NOTE, _("All points stood on one line."), ""),
    "repeated-point": (WARNING, _("A point stands twice:"), _("Delete one of them.")),
    "many-points": (WARNING, _("There are more than 50 points."), _("Keep those that matter.")),
    "long-point": (WARNING, _("A point is longer than 3,000 characters."), _("Shorten or divide it.")),
    "text-after-last-point": (
        WARNING,
        _("It is not certain that this is the conclusion:"),
        _("Move it into the last point if it belongs there."),
    ),
    "control-characters": (NOTE, _("Control characters were removed."), ""),
    "hidden-characters": (NOTE, _("Invisible characters were removed."), ""),
    "hidden-in-name": (WARNING, _("Invisible characters were removed from:"), _("Check the spelling.")),
    "entities": (NOTE, _("HTML entities were decoded."), ""),
    "double-encoded": (WARNING, _("HTML entities were encoded twice."), _("Decode what is left.")),
    "html": (NOTE, _("HTML tags were removed."), ""),
    "date-from-link": (NOTE, _("The date was inferred from the address:"), ""),
    "date-from-text": (NOTE, _("The date was inferred from the text:"), ""),
    # The importer's own, told with the parser's:
    "duplicate-in-batch": (
        ERROR,
        _("The same record came before in this batch, with other content."),
        _("Keep one of the two and import it again."),
    ),
    "possible-duplicate": (WARNING, _("Another article has the same text:"), _("Compare the two.")),
    "notice-against-policy": (
        WARNING,
        _("The text forbids reprinting, but its source's policy allows the full text:"),
        _("Decide how much of it readers may get."),
    ),
    "link-taken": (WARNING, _("An editor gave this link to another article:"), _("Compare the two.")),
}

# An undecodable file, case by case. The finding's text tells: the case, the encoding, how many bytes are readable before
# it, and what stands there, with each byte that cannot be read as \xNN.
UNREADABLE = {
    "cut": (
        _("The file breaks off inside a character, after %(bytes)s bytes:"),
        _("Its end is missing: ask the supplier for the whole file."),
    ),
    "stray": (
        _("The text is %(encoding)s but for some bytes, the first of them after %(bytes)s bytes:"),
        _("Ask for the file again, or write in place of the backslash codes what belongs there."),
    ),
    "mixed": (
        _("The file mixes encodings; this line, after %(bytes)s bytes, is not %(encoding)s:"),
        _("Save each part as UTF-8 before joining them."),
    ),
    "unknown": (
        _("No known encoding fits the file; UTF-8 ends after %(bytes)s bytes:"),
        _("Save the file as UTF-8 and import it again."),
    ),
}

SHOWN = 80  # characters of the text concerned
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def excerpt(text: str) -> str:
    """The beginning of a text on one line, with characters that cannot be seen written as their codes."""
    line = " ".join(text[: 2 * SHOWN].split())
    if not line.isprintable():
        line = _CONTROL.sub(lambda char: char[0].encode("unicode_escape").decode(), line)
    return line[:SHOWN]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed: a code of FINDINGS, the line (from 1) of the decoded file, and the text concerned."""

    code: str
    line: int
    text: str = ""

    @property
    def severity(self) -> str:
        return FINDINGS[self.code][0]

    @property
    def message(self) -> str:
        return FINDINGS[self.code][1]

    @property
    def remedy(self) -> str:
        return FINDINGS[self.code][2]
