from typing import Any

from django import template

from articles import places
from articles.models import ImportRow

register = template.Library()


@register.filter
def lines(row: Any) -> str:
    return places.lines(row.first_line, row.last_line)


@register.filter
def place(row: ImportRow) -> str:
    return places.place(row.file_name, row.first_line, row.last_line)
