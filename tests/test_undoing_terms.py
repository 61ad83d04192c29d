"""The terms and sources that a batch made go with it, unless somebody uses them by now."""

import pytest

from articles import undoing
from articles.models import Article, Source
from taxonomy.merge import merge
from taxonomy.models import Keyword
from tests.delivering import deliver, seed
from tests.factories import make_article, make_term, set_terms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


class TestTermsAndSources:
    def names(self) -> set[str]:
        return set(Keyword.objects.values_list("name", flat=True))

    def test_that_the_batch_made_go_unless_something_carries_them(self, folder):
        batch = deliver(folder, seed(关键词="甲, 乙"))
        set_terms(make_article(source=None), keywords=["乙"])
        done = undoing.undo(batch)
        assert self.names() == {"乙"}
        assert (done.terms, done.sources) == (4, 1)
        assert not Source.objects.exists()

    def test_that_were_there_before_stay(self, folder):
        make_term("甲", "keyword", confirmed=False)
        undoing.undo(deliver(folder, seed(关键词="甲, 乙")))
        assert self.names() == {"甲"}

    def test_on_which_somebody_decided_stay(self, folder):
        batch = deliver(folder, seed(关键词="甲, 乙, 丙, 丁, 戊"))
        Keyword.objects.filter(name="甲").update(confirmed=True)
        Keyword.objects.filter(name="乙").update(description="说明")
        Keyword.objects.get(name="丙").aliases.create(name="丙二")
        merge([Keyword.objects.get(name="丁")], into=Keyword.objects.get(name="甲"), by=None)
        undoing.undo(batch)
        assert self.names() == {"甲", "乙", "丙", "丁"}

    def test_sources_with_a_name_or_a_policy_stay(self, folder):
        batch = deliver(folder, seed())
        Source.objects.update(name="示例网")
        assert undoing.undo(batch).sources == 0

    def test_merged_since_are_carried_as_the_survivor_after_undo(self, folder):
        deliver(folder, seed(关键词="甲"))
        batch = deliver(folder, seed(关键词="乙"))
        survivor = make_term("丙", "keyword")
        merge([Keyword.objects.get(name="甲")], into=survivor, by=None)
        undoing.undo(batch)
        assert [term.name for term in Article.objects.get().keywords.all()] == ["丙"]

    def test_deleted_since_are_made_again_for_an_article_that_comes_back(self, folder):
        deliver(folder, seed(关键词="甲"))
        batch = deliver(folder, seed(关键词="乙"))
        Keyword.objects.filter(name="甲").delete()
        undoing.undo(batch)
        assert self.names() == {"甲"}

    def test_that_have_become_an_alias_since_come_back_as_what_that_means(self, folder):
        batch = deliver(folder, seed(关键词="甲"))
        undoing.undo(batch)
        make_term("乙", "keyword", aliases=["甲"])
        undoing.redo(batch)
        assert [term.name for term in Article.objects.get().keywords.all()] == ["乙"]

    def test_a_source_that_is_gone_is_made_again(self, folder):
        first = deliver(folder, seed(编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"))
        second = deliver(
            folder,
            seed(链接="https://andere.example.org/x", 编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"),
        )
        assert undoing.undo(first).sources == 1
        undoing.undo(second)
        assert Article.objects.get().source.host == "example.com"
