"""Aliases by the list: what each of them would be, and adding those that can be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.db import IntegrityError, transaction

from taxonomy import names
from taxonomy.models import Term, followed

MAX_PASTED = 20_000  # characters
MAX_ALIASES = 500  # at once

_BETWEEN = re.compile(r"[\n\r\t,，、;；|｜\v\f\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True)
class Judged:
    """A name as it was pasted, and what it would be."""

    name: str
    verdict: Literal["new", "there", "clash", "impossible"]
    other: Term | None = None  # whose name or alias it is
    via: str = ""  # the alias

    @property
    def mergeable(self) -> bool:
        return self.other is not None and self.other.pointer is None


def parse(text: str) -> list[str]:
    """One name a line, or with `、` `，` `;` between them; each once."""
    found: dict[str, str] = {}
    for piece in filter(None, map(str.strip, _BETWEEN.split(text))):
        found.setdefault(names.key(piece) or piece, piece)
    return list(found.values())


def judge(term: Term, spellings: Iterable[str]) -> list[Judged]:
    """A constant number of statements, however many there are."""
    spellings = list(spellings)
    keys = {names.key(name) for name in spellings if names.is_name(name)}
    aliases = term.alias_model().objects.filter(key__in=keys).select_related("term")
    holders = {other.key: (other, "") for other in type(term).objects.filter(key__in=keys)}
    holders |= {alias.key: (alias.term, alias.name) for alias in aliases}
    roots = followed({key: other for key, (other, _via) in holders.items()})
    return [_judged(term, name, holders, roots) for name in spellings]


def _judged(term: Term, name: str, holders: dict[str, tuple[Term, str]], roots: dict[str, Term]) -> Judged:
    key = names.key(name)
    if not names.is_name(name):
        return Judged(name, "impossible")
    if key not in holders:
        return Judged(name, "new")
    if roots[key] == term:
        return Judged(name, "there", *holders[key])
    return Judged(name, "clash", *holders[key])


def add(term: Term, spellings: Iterable[str]) -> list[Judged]:
    """Make those that are new aliases of the term; what all of them were before."""
    spellings = list(spellings)[:MAX_ALIASES]
    try:
        return _added(term, spellings)
    except IntegrityError:  # somebody took one of them in this moment: the second look finds it
        return _added(term, spellings)


@transaction.atomic
def _added(term: Term, spellings: list[str]) -> list[Judged]:
    judged = judge(term, spellings)
    model = term.alias_model()
    model.objects.bulk_create(model(name=one.name, term=term) for one in judged if one.verdict == "new")
    return judged
