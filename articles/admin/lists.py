"""Lists of the desk that stay fast however many rows there are: counted up to a limit, never all of them."""

from functools import cached_property

from django.contrib.admin import ShowFacets
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.paginator import Paginator
from django.db.models import BigIntegerField, BooleanField, Func, IntegerField, Model, OuterRef, Value
from django.http import HttpRequest

from newsroom.counting import COUNTED
from newsroom.selection import SelectionMixin

LOOKED_AT = 5_000  # of the newest rows, where no index narrows: the hits of a search, what lacks something
COUNTED_EACH = 1_000  # of what belongs to one row


class BoundedPaginator(Paginator):
    """Counts no further than COUNTED, and leads no further: the rows beyond are found by a filter or a search."""

    @cached_property
    def all_counted(self) -> int:
        return self.object_list.order_by().values("pk")[: COUNTED + 1].count()

    @property
    def count(self) -> int:
        return min(self.all_counted, COUNTED)


class BoundedListMixin(SelectionMixin):
    """For a ModelAdmin of a table that grows without end."""

    paginator = BoundedPaginator
    # What the lists' own filters and links ask; anything else is somebody's experiment with the address.
    lookups = frozenset({"id", "batch", "exact", "gte", "lt", "isnull", "isempty"})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        _field, *parts = lookup.split("__")
        return set(parts) <= self.lookups and super().lookup_allowed(lookup, value, request)

    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they would count all rows, once for each choice


def among(ids: list[int]) -> Func:
    """A condition: the primary key is one of these. One parameter, however many they are."""
    array = Value(ids, ArrayField(BigIntegerField()))
    return Func("pk", array, arg_joiner=" = ANY(", template="%(expressions)s)", output_field=BooleanField())


def bounded_count(model: type[Model], field: str) -> Func:
    """For annotate(): how many rows of the model name this row in that field, at most one more than COUNTED_EACH."""
    some = model.objects.filter(**{field: OuterRef("pk")}).order_by().values("pk")[: COUNTED_EACH + 1]
    return Func(ArraySubquery(some), function="cardinality", output_field=IntegerField())


def in_figures(number: int, most: int = COUNTED_EACH) -> str:
    return f"{most:,}+" if number > most else f"{number:,}"
