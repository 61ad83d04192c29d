"""What an import does to what readers see: drafts of what is published, and publishing what nobody has touched."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from articles import editing, workflow
from articles.models import Article, EventSummary, Reuse, Revision, RevisionKind, Source
from tests.delivering import TEXT, codes, deliver, everything, outcomes, seed
from tests.factories import make_user

pytestmark = pytest.mark.django_db


class TestAPublishedArticle:
    @pytest.fixture
    def published(self, folder) -> Article:
        deliver(folder, seed())
        article = Article.objects.get()
        workflow.publish(article, by=None)
        return article

    def test_never_changes_by_itself_the_change_becomes_its_draft(self, folder, published):
        before = everything()
        assert outcomes(deliver(folder, seed(标题="新标题", 关键词="甲"))) == ["updated"]
        article = Article.objects.whole().get()
        assert article.title == "示例医院试用语言模型写病历"
        assert [term.name for term in article.keywords.all()] == ["病历", "医院"]
        assert article.version == published.version + 1  # whoever has its draft open must look again
        draft = article.revisions.get(pending=True)
        assert (draft.snapshot["title"], draft.snapshot["keywords"]) == ("新标题", ["甲"])
        assert article.base == published.base
        after = everything()
        assert after[1:4] == before[1:4], "event summary, points, sources"
        assert after[9:] == before[9:], "which terms articles carry"

    def test_gathers_further_changes_in_one_pending_draft(self, folder, published):
        deliver(folder, seed(标题="新标题"))
        deliver(folder, seed(标题="新标题", 关键词="甲"))
        draft = Revision.objects.get(pending=True)
        assert (draft.snapshot["title"], draft.snapshot["keywords"]) == ("新标题", ["甲"])
        assert Revision.objects.filter(kind=RevisionKind.DRAFT).count() == 2

    def test_keeps_an_editors_correction_in_every_later_draft(self, folder, published):
        deliver(folder, seed(标题="新标题"))
        editing.save(Article.objects.get(), {"summary": "编辑更正过的正文。"}, by=None)
        deliver(folder, seed(标题="更新的标题"))
        draft = Revision.objects.get(pending=True)
        assert (draft.snapshot["title"], draft.snapshot["summary"]) == ("更新的标题", "编辑更正过的正文。")

    def test_is_verified_no_more_once_the_seed_has_another_summary(self, folder, published):
        EventSummary.objects.update(origin="verified")
        deliver(folder, seed(总结=TEXT + "新的一句话。"))
        assert Revision.objects.get(pending=True).snapshot["origin"] == "verified"
        deliver(folder, seed(重大事件摘要="1. 别的要点：别的内容。"))
        assert Revision.objects.get(pending=True).snapshot["origin"] == "machine"
        workflow.withdraw(Article.objects.get(), by=None, reason="更正")
        EventSummary.objects.update(origin="verified")
        deliver(folder, seed(重大事件摘要="1. 又一个要点：又一些内容。"))
        assert EventSummary.objects.get().origin == "machine"

    def test_keeps_what_a_person_has_drafted_and_who_it_was(self, folder, published):
        by = make_user(groups=["Editors"])
        editing.save(Article.objects.get(), {"title": "人的草稿"}, by=by)
        deliver(folder, seed(总结=TEXT + "新的一句话。"))
        draft = Revision.objects.get(pending=True)
        assert (draft.snapshot["title"], draft.snapshot["summary"], draft.by) == (
            ("人的草稿", TEXT + "新的一句话。", by)
        )
        assert outcomes(deliver(folder, seed(总结=TEXT + "新的一句话。", 标题="种子的标题"))) == ["conflict"]
        assert Revision.objects.get(pending=True).snapshot["title"] == "人的草稿"

    def test_has_no_draft_any_more_once_the_seed_takes_its_change_back(self, folder, published):
        deliver(folder, seed(标题="新标题"))
        assert outcomes(deliver(folder, seed() + "\n")) == ["unchanged"]
        assert not Revision.objects.filter(pending=True).exists()

    def test_takes_the_whole_change_directly_once_it_is_withdrawn(self, folder, published):
        deliver(folder, seed(标题="新标题", 关键词="甲"))
        workflow.withdraw(Article.objects.get(), by=None, reason="重复")
        deliver(folder, seed(标题="新标题", 关键词="甲, 乙"))
        article = Article.objects.get()
        assert (article.title, [term.name for term in article.keywords.all()]) == ("新标题", ["甲", "乙"])
        assert not Revision.objects.filter(pending=True).exists()


def test_a_notice_against_the_policy_of_its_source_waits_for_a_person(folder):
    Source.objects.create(host="example.com", reuse=Reuse.FULL)
    batch = deliver(folder, seed(总结=TEXT + "本网独家原创，未经授权不得转载。"))
    assert codes(batch.rows.get())[-1] == "notice-against-policy"
    assert batch.needs_care == 1


def test_text_behind_no_label_is_kept_with_the_article(folder):
    deliver(folder, "编者按在前。\n" + seed())
    assert Article.objects.get().extra == {"标签外文字": "编者按在前。"}


class TestPublishing:
    def publish(self, folder: Path) -> None:
        call_command("import_seeds", str(folder), "--publish", stdout=StringIO())

    def test_takes_what_came_in_without_a_warning(self, folder):
        (folder / "1.txt").write_text(seed(), encoding="utf-8")
        self.publish(folder)
        assert Article.objects.published().count() == 1
        assert [r.kind for r in Revision.objects.order_by("number")] == [
            RevisionKind.IMPORT,
            RevisionKind.WORKFLOW,
        ]

    def test_leaves_what_has_a_warning_or_no_link(self, folder):
        (folder / "1.txt").write_text(seed(行业=None), encoding="utf-8")
        (folder / "2.txt").write_text(seed(链接=None, 总结="别的"), encoding="utf-8")
        with pytest.raises(SystemExit):
            self.publish(folder)
        assert not Article.objects.published().exists()

    def test_takes_untouched_articles_of_an_earlier_import(self, folder):
        deliver(folder, seed())
        self.publish(folder)
        assert Article.objects.published().count() == 1

    def test_leaves_what_an_editor_has_touched(self, folder):
        deliver(folder, seed())
        article = Article.objects.get()
        workflow.submit(article, by=None)
        workflow.send_back(article, by=None, note="再看看")
        self.publish(folder)
        assert not Article.objects.published().exists()
