"""Possible duplicates on the desk: what comes first in the list, and on the page of two."""

import pytest

from articles import duplicates
from articles.admin.duplicates import groups
from articles.models import DuplicatePair
from tests.factories import desk, make_article
from tests.test_admin_batches import listing, page_of
from tests.test_duplicates import edited, text

pytestmark = pytest.mark.django_db


def make_pair(seed: int, changes: int) -> DuplicatePair:
    for number, summary in enumerate((text(seed), edited(text(seed), changes))):
        make_article(summary=summary, text_hash=f"{seed * 10 + number:032x}")
    duplicates.find_all()
    return DuplicatePair.objects.order_by("pk").last()


def test_the_list_begins_with_the_most_alike():
    less, most = make_pair(1, 20), make_pair(2, 0)
    assert less.similarity < most.similarity
    shown = desk().get(listing("duplicatepair")).context["groups"]
    assert [group.pairs for group in shown] == [[most], [less]]
    one_group = [
        DuplicatePair(pk=pk, low_id=1, high_id=1 + pk, similarity=similarity)
        for pk, similarity in ((1, 0.8), (2, 0.95), (3, 0.9))
    ]
    assert [[pair.pk for pair in group.pairs] for group in groups(one_group)] == [[2, 3, 1]]


def test_the_decision_stands_below_the_comparison_and_its_note_before_the_buttons():
    shown = desk().get(page_of(make_pair(1, 20))).text
    places = [shown.index(part) for part in ("<mark>", 'name="note"', 'value="low"', 'value="dismiss"')]
    assert places == sorted(places)
