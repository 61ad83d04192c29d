"""What an editor may mean who typed the beginning of a name."""

from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Length

from taxonomy import names
from taxonomy.models import Term

SUGGESTIONS = 20
_SHORTEST_FIRST = (Length("key"), "key")


def suggest(model: type[Term], typed: str) -> list[dict[str, Any]]:
    """What an editor may mean: the term of exactly this key, then beginnings, then terms that contain it.

    Names and aliases count alike; `via` says by which alias or former name a term was found.
    """
    key = names.key(typed[: names.MAX_NAME])
    if not key:
        return []
    spellings = _spellings(model, _SHORTEST_FIRST, key__startswith=key)
    if len(spellings) < SUGGESTIONS:
        # Unordered: the database may stop as soon as it has enough, instead of sorting all that contain an `ai`.
        within = _spellings(model, (), key__contains=key)
        spellings |= {key: name for key, name in within.items() if key not in spellings}
    terms = model.objects.by_key(list(spellings)[:SUGGESTIONS])
    found: dict[int, dict[str, Any]] = {}
    for spelling_key, spelling in spellings.items():
        if term := terms.get(spelling_key):
            found.setdefault(term.pk, _suggestion(term, spelling, exact=spelling_key == key))
    return list(found.values())


def _spellings(model: type[Term], order: Sequence[Any], **lookup: str) -> dict[str, str]:
    """Some names and aliases by key, the shortest first, so that an exact one leads."""
    aliases = model.alias_model().objects
    rows = [
        row
        for queryset in (model.objects, aliases)
        for row in queryset.filter(**lookup).order_by(*order).values_list("key", "name")[:SUGGESTIONS]
    ]
    return dict(sorted(rows, key=lambda row: (len(row[0]), row[0])))


def _suggestion(term: Term, spelling: str, *, exact: bool) -> dict[str, Any]:
    return {
        "id": term.name,
        "text": term.name,
        "via": "" if names.key(spelling) == names.key(term.name) else spelling,
        "exact": exact,
        "confirmed": term.confirmed,
    }
