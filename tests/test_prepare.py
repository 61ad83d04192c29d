"""What `make run` does before it serves."""

import pytest
from django.conf import settings
from django.core.management import call_command

from articles import undoing
from articles.management.commands.prepare import confirm_terms
from articles.models import Article, ImportBatch, Imprint
from taxonomy.models import VOCABULARIES, Keyword, Technology
from tests.delivering import seed
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
    assert ImportBatch.objects.count() == 1


class TestTheSample:
    """Its files are imported once, and again only if there are others."""

    @pytest.fixture(autouse=True)
    def start(self, folder, monkeypatch, settings) -> None:
        monkeypatch.chdir(folder.parent)
        settings.BASE_DIR = folder.parent
        self.sample = folder.rename(folder.parent / "seeds")
        (self.sample / "1.txt").write_text(seed(), encoding="utf-8")
        call_command("prepare")

    def batches_after_a_start(self) -> int:
        call_command("prepare")
        return ImportBatch.objects.count()

    def test_makes_no_batch_at_a_start_that_finds_nothing_new(self):
        assert self.batches_after_a_start() == 1
        (self.sample / "1.txt").rename(self.sample / "2.txt")
        assert self.batches_after_a_start() == 1

    def test_makes_a_batch_of_what_a_newer_version_brings(self):
        (self.sample / "2.txt").write_text(seed(链接="https://e.example/2", 总结="乙。"), encoding="utf-8")
        assert self.batches_after_a_start() == 2
        assert Article.objects.published().count() == 2

    def test_stays_away_once_the_desk_has_undone_it(self):
        faulty = seed(链接="https://e.example/2", 总结="乙。", 行业=None)  # what is published would stay
        (self.sample / "2.txt").write_text(faulty, encoding="utf-8")
        assert self.batches_after_a_start() == 2
        assert undoing.undo(ImportBatch.objects.first()).articles == 1
        assert self.batches_after_a_start() == 2
        assert Article.objects.count() == 1

    def test_is_known_by_its_bytes_from_wherever_it_came(self, monkeypatch):
        inside = self.sample / "inside"
        inside.mkdir()
        monkeypatch.chdir(inside)
        assert self.batches_after_a_start() == 1
        ImportBatch.objects.update(paths=["/elsewhere/delivery.zip"])
        assert self.batches_after_a_start() == 1

    def test_has_its_terms_confirmed_from_wherever_it_came_but_no_others(self):
        ImportBatch.objects.update(paths=["/elsewhere"])
        Technology.objects.update(confirmed=False)
        call_command("prepare")
        assert confirmed() == ["MID journey", "大语言模型"]
        other = self.sample.parent / "other"
        other.mkdir()
        (other / "1.txt").write_text((self.sample / "1.txt").read_text("utf-8"), encoding="utf-8")
        (other / "2.txt").write_text(
            seed(链接="https://e.example/2", 总结="乙。", AI技术="别处来的"), encoding="utf-8"
        )
        call_command("import_seeds", str(other), publish=True)
        call_command("prepare")
        assert confirmed() == ["MID journey", "大语言模型"]

    @pytest.mark.parametrize("ended", [{"finished_at": None}, {"cut_short": True}, {"publish": False}])
    def test_comes_in_if_the_batch_before_was_interrupted_or_did_not_publish_it(self, ended):
        ImportBatch.objects.update(**ended)
        assert self.batches_after_a_start() == (1 if "finished_at" in ended else 2)
        assert all(ImportBatch.objects.values_list("finished_at", flat=True))
