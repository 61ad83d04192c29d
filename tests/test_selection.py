"""Rows that were ticked in a list of the admin: what no page of ours sends is refused, and nobody falls over it."""

import pytest

from tests.factories import desk

pytestmark = pytest.mark.django_db

LISTS = ["articles/importrow", "articles/source", "articles/article", "articles/retag", "taxonomy/keyword"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("pk", ["abc", "1\0", "9" * 20])
def test_what_can_be_no_id_is_refused(name, pk):
    client = desk()
    for action in ("leave_out_selected", "delete_selected", "merge_selected"):
        page = client.post(f"/admin/{name}/", {"action": action, "_selected_action": pk})
        assert page.status_code == 400
