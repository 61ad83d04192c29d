"""How far the desk counts: a list or number that grows without end must not take longer the longer it is."""

from django.db.models import QuerySet

COUNTED = 10_000  # rows; beyond that it is more


def count(rows: QuerySet) -> tuple[int, bool]:
    """How many, and whether there are more than were counted."""
    number = rows.order_by()[: COUNTED + 1].count()
    return min(number, COUNTED), number > COUNTED
