"""What `make run` does before it serves."""

import pytest
from django.conf import settings
from django.core.management import call_command

from articles.management.commands.prepare import confirm_terms
from articles.models import ImportBatch, Imprint
from taxonomy.models import VOCABULARIES, Keyword, Technology
from tests.factories import desk, make_term

pytestmark = pytest.mark.django_db


def made(*names: str, vocabulary: str = "technology", **fields) -> list[int]:
    """Terms that one batch has made."""
    batch = ImportBatch.objects.create()
    pks = [make_term(name, vocabulary, confirmed=False, **fields).pk for name in names]
    Imprint.objects.bulk_create(Imprint(batch=batch, kind=vocabulary, object_id=pk) for pk in pks)
    return pks


def confirmed() -> list[str]:
    return list(Technology.objects.filter(confirmed=True).order_by("name").values_list("name", flat=True))


def test_the_terms_of_the_sample_are_confirmed_and_no_others():
    made("Sora", "可灵")
    make_term("别处来的", confirmed=False)
    confirm_terms(ImportBatch.objects.all())
    assert confirmed() == ["Sora", "可灵"]


def test_a_term_of_one_vocabulary_is_not_taken_for_one_of_another():
    [pk] = made("Sora", vocabulary="keyword")
    Technology.objects.create(pk=pk, name="别的")
    confirm_terms(ImportBatch.objects.all())
    assert confirmed() == [] and Keyword.objects.get().confirmed


def test_what_an_editor_has_decided_stays():
    made("不要的", declined=True)
    made("合并的", merged_into=make_term("甲"))
    [pk] = made("收回的")
    Technology.objects.filter(pk=pk).update(confirmed=True)
    term = Technology.objects.get(pk=pk)
    data = {"name": term.name, "aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}
    assert desk().post(f"/admin/taxonomy/technology/{pk}/change/", data).status_code == 302
    confirm_terms(ImportBatch.objects.all())
    assert confirmed() == ["甲"]


@pytest.mark.django_db(transaction=True)
def test_a_fresh_copy_has_all_terms_of_the_sample_and_a_second_run_changes_nothing(capsys, monkeypatch):
    monkeypatch.chdir(settings.BASE_DIR)
    for _time in range(2):
        call_command("prepare")
        counts = {name: model.objects.count() for name, model in VOCABULARIES.items()}
        assert all(counts.values())
        assert counts == {name: model.objects.public().count() for name, model in VOCABULARIES.items()}
