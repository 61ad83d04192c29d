"""Where a record stands, in the same words everywhere."""

from django.utils.translation import gettext as _

MENDED = " *"  # ends the name of a text that a person has mended


def lines(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def name(file: str) -> str:
    if file.endswith(MENDED):
        return _("%(place)s (mended)") % {"place": file.removesuffix(MENDED)}
    return file


def place(file: str, first: int, last: int) -> str:
    return f"{name(file)}:{lines(first, last)}"
