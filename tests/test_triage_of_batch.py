"""Triage of one batch: the entries that it brought or changed, worked through without the others."""

import pytest

from articles import triage
from articles.models import ImportBatch
from tests.delivering import deliver
from tests.factories import desk, make_article, staff
from tests.test_import_report import record
from tests.test_triage import ACT, STATEMENTS, TRIAGE

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(folder) -> ImportBatch:
    """The second one: 1 came before and is the same, 2 is changed, 3 is new; and an entry that no batch brought."""
    deliver(folder, record(1), record(2))
    make_article("手写的")
    return deliver(folder, record(1), record(2, 标题="改过的"), record(3))


def listed(response) -> list[str]:
    return [article.title for article, _reasons, _address in response.context["rows"]]


def test_lists_what_the_batch_brought_or_changed(batch):
    page = desk().get(TRIAGE, {"batch": batch.pk})
    assert sorted(listed(page)) == sorted(["改过的", "第3条"])
    assert page.context["queue"].by_who[""] == 2
    assert f'<a href="/admin/articles/importbatch/{batch.pk}/change/">' in page.content.decode()


def test_keeps_to_the_batch_on_every_way_on(batch):
    page = desk().get(TRIAGE, {"batch": batch.pk})
    kept = f"batch={batch.pk}"
    addresses = [address for _article, _reasons, address in page.context["rows"]]
    addresses += [choice.address for choices in page.context["filters"].values() for choice in choices]
    assert len(addresses) > 5 and all(kept in address for address in [*addresses, page.context["back"]])
    article = page.context["rows"][0][0]
    done = desk().post(
        ACT, {"act": "take", "pick": f"{article.pk}:{article.version}", "batch": batch.pk, "page": 1}
    )
    assert kept in done["location"]


def test_costs_one_statement_more_whatever_the_batch_holds(batch, django_assert_num_queries):
    client = desk()
    client.get(TRIAGE)
    with django_assert_num_queries(STATEMENTS + 1):
        client.get(TRIAGE, {"batch": batch.pk})


def test_of_a_large_batch_looks_at_the_newest_records_and_says_so(batch, monkeypatch):
    monkeypatch.setattr(triage, "OF_BATCH", 1)
    assert not triage.queue(0, batch=batch).more
    first = ImportBatch.objects.last()
    page = desk().get(TRIAGE, {"batch": first.pk})
    assert listed(page) == ["改过的"]  # it brought the first one too, but that is not the newest
    assert "A large batch" in page.content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "99", "abc", "9" * 20, "１"])
def test_of_no_batch_is_empty_and_says_so(batch, number):
    page = desk().get(TRIAGE, {"batch": number})
    assert listed(page) == []
    assert "There is no such batch." in page.content.decode()


def test_who_may_not_see_batches_gets_no_link_to_it(batch):
    page = desk(staff("view_article")).get(TRIAGE, {"batch": batch.pk})
    assert len(listed(page)) == 2
    assert "/admin/articles/importbatch/" not in page.content.decode()
