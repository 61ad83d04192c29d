"""Undo takes back what a batch wrote and nobody has touched since; redo brings it back."""

import pytest
from django.utils import timezone

from articles import conflicts, corrections, editing, teamwork, undoing, workflow
from articles.locking import Stale
from articles.models import Article, Note, OpenArticle, Revision, SeedFile, Status
from tests.delivering import deliver, outcomes, seed
from tests.factories import make_article, make_user, staff
from tests.undone import reasons, tables, two, without_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


WITHDRAWN = "It has been published: its address still tells readers that it was withdrawn."


class TestNewArticles:
    def test_go_with_all_that_belongs_to_them_and_leave_the_desk_as_it_was(self, folder):
        make_article("手写的", keywords=["医院"])
        before = without_rows(tables())
        batch = deliver(folder, *two())
        done = undoing.undo(batch)
        assert (done.articles, done.changes, done.kept) == (2, 0, [])
        assert without_rows(tables()) == before
        assert SeedFile.objects.count() == 2
        assert list(batch.rows.values_list("undone", "article")) == [(True, None)] * 2

    def test_come_back_as_they_were_with_their_numbers(self, folder):
        batch = deliver(folder, *two())
        before = tables()
        undoing.undo(batch)
        done = undoing.redo(batch)
        assert (done.articles, done.changes, done.kept) == (2, 0, [])
        assert tables() == before
        batch.refresh_from_db()
        assert batch.undone_at is None

    def test_come_in_as_new_if_the_same_files_are_imported_again(self, folder):
        undoing.undo(deliver(folder, *two()))
        assert outcomes(deliver(folder, *two())) == ["created", "created"]

    def test_do_not_come_back_beside_the_same_record_imported_again(self, folder):
        batch = deliver(folder, *two())
        undoing.undo(batch)
        deliver(folder, two()[0])
        [again] = Article.objects.all()
        done = undoing.redo(batch)
        assert done.articles == 1
        assert list(reasons(done).values()) == [f"The record has come in again: #{again.pk}."]
        assert Article.objects.count() == 2

    def test_go_though_later_batches_brought_them_unchanged_and_those_rows_find_them_again(self, folder):
        first = deliver(folder, seed())
        deliver(folder, seed())
        before = tables()
        assert undoing.undo(first).articles == 1
        undoing.redo(first)
        assert tables() == before

    def test_go_as_possible_duplicates_too_but_not_the_owner_of_a_link_that_was_taken(self, folder):
        by_hand = make_article(
            "手写的", url="https://www.example.com/1.html", url_key="https://example.com/1.html"
        )
        deliver(folder, seed(链接="https://www.example.com/a.html"))
        batch = deliver(
            folder,
            seed(链接="https://www.example.com/b.html"),
            seed(链接="https://www.example.com/a.html", 编号=f"urn:uuid:{by_hand.record_key}"),
        )
        assert outcomes(batch) == ["duplicate", "duplicate"]
        assert undoing.undo(batch).articles == 1
        assert Article.objects.count() == 2


class TestArticlesThatStay:
    """What somebody has touched since stays as it is, with the reason."""

    def kept(self, folder, touch) -> str:
        batch = deliver(folder, *two())
        article = Article.objects.get(title="第二条")
        touch(article)
        before = Article.objects.filter(pk=article.pk).values().get()
        done = undoing.undo(batch)
        assert done.articles == 1
        assert Article.objects.filter(pk=article.pk).values().get() == before
        [kept] = done.kept
        assert (kept.article, kept.title) == (article.pk, before["title"])
        return kept.reason

    def test_because_it_was_edited(self, folder):
        ann = make_user("ann", is_superuser=True)
        assert (
            self.kept(folder, lambda article: editing.save(article, {"title": "改过"}, by=ann))
            == "It was changed by ann."
        )

    def test_because_it_is_published(self, folder):
        assert self.kept(folder, lambda article: workflow.publish(article, by=None)) == "It is published."

    def test_because_it_was_submitted(self, folder):
        reason = self.kept(folder, lambda article: workflow.submit(article, by=None))
        assert reason == "It was changed by a command."

    def test_because_there_is_a_note(self, folder):
        ann = staff("change_article")
        reason = self.kept(folder, lambda article: teamwork.add_note(article, by=ann, text="看一下"))
        assert reason == "It has notes."

    def test_because_it_is_assigned(self, folder):
        ann = staff("change_article")
        reason = self.kept(folder, lambda article: teamwork.take(article, by=ann))
        assert reason == "It is assigned to somebody."

    def test_because_somebody_has_it_open(self, folder):
        reason = self.kept(folder, lambda article: teamwork.opened(article, make_user()))
        assert reason == "Somebody has it open."

    def test_because_a_later_batch_changed_it(self, folder):
        batch = deliver(folder, seed())
        later = deliver(folder, seed(标题="新标题"))
        assert list(reasons(undoing.undo(batch)).values()) == [f"It was changed by batch #{later.pk}."]

    def test_because_the_import_itself_published_it(self, folder):
        from_import = deliver(folder, seed())
        workflow.publish_untouched(
            list(Article.objects.values_list("pk", flat=True)), note="published on import"
        )
        assert list(reasons(undoing.undo(from_import)).values()) == ["It is published."]
        assert Article.objects.get().status == Status.PUBLISHED

    def test_because_it_was_published_and_withdrawn(self, folder):
        def touch(article: Article) -> None:
            workflow.publish_untouched([article.pk], note="published on import")
            workflow.withdraw(Article.objects.get(pk=article.pk), by=None, reason="算了")

        assert self.kept(folder, touch) == WITHDRAWN

    def test_not_because_it_was_open_long_ago(self, folder):
        batch = deliver(folder, seed())
        OpenArticle.objects.create(
            article=Article.objects.get(), user=make_user(), at=timezone.now() - 2 * teamwork.PRESENT
        )
        assert undoing.undo(batch).articles == 1

    def test_and_later_go_when_what_kept_them_is_gone(self, folder):
        batch = deliver(folder, seed())
        Note.objects.create(article=Article.objects.get(), text="看一下")
        assert undoing.undo(batch).articles == 0
        batch.refresh_from_db()
        assert batch.undone_at is None
        Note.objects.all().delete()
        assert undoing.undo(batch).articles == 1

    def test_a_correction_keeps_its_article_like_a_note(self, folder):
        batch = deliver(folder, seed())
        article = Article.objects.get()
        workflow.publish(article, by=None)
        corrections.publish(article, wrong="错", right="对", by=None)
        workflow.withdraw(article, by=None, reason="算了")
        assert list(reasons(undoing.undo(batch)).values()) == [WITHDRAWN]


class TestChangedArticles:
    def test_say_again_what_they_said_before(self, folder):
        deliver(folder, seed(关键词="病历, ＡＩ"))
        before = without_rows(tables())
        new = {
            "标题": "新标题",
            "关键词": "ai, 医院, 新词",
            "AI技术": None,
            "重大事件摘要": "没有要点。",
            "来源": "一报",
        }
        batch = deliver(folder, seed(**new))
        assert outcomes(batch) == ["updated"]
        undoing.undo(batch)
        assert without_rows(tables()) == before

    def test_take_the_change_again(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题", 关键词="新词", AI技术=None))
        before = tables()
        done = undoing.undo(batch)
        assert (done.articles, done.changes, done.terms) == (0, 1, 1)
        assert Article.objects.get().title == "示例医院试用语言模型写病历"
        done = undoing.redo(batch)
        assert (done.articles, done.changes, done.terms) == (0, 1, 1)
        assert tables() == before

    def test_refuse_a_save_of_the_text_that_was_taken_back(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"))
        opened = Article.objects.get()
        undoing.undo(batch)
        editing.save(Article.objects.get(), {"title": "别人改的"}, by=None)
        with pytest.raises(Stale):
            editing.save(opened, {"title": "我改的"}, by=None)

    def test_are_updated_again_by_the_same_file(self, folder):
        deliver(folder, seed())
        undoing.undo(deliver(folder, seed(标题="新标题")))
        assert outcomes(deliver(folder, seed(标题="新标题"))) == ["updated"]
        assert Article.objects.get().title == "新标题"

    def test_stay_if_somebody_edited_them_since(self, folder):
        deliver(folder, seed())
        batch = deliver(folder, seed(标题="新标题"))
        editing.save(Article.objects.get(), {"intro": "改过"}, by=make_user("ann", is_superuser=True))
        before = tables()
        assert list(reasons(undoing.undo(batch)).values()) == ["It was changed by ann."]
        assert tables() == before

    def test_keep_what_was_edited_before_the_batch(self, folder):
        deliver(folder, seed())
        editing.save(
            Article.objects.get(),
            {"intro": "改过", "keywords": ["编辑的词"]},
            by=make_user("ann", is_superuser=True),
        )
        before = without_rows(tables())
        batch = deliver(folder, seed(标题="新标题", 关键词="新词"))
        undoing.undo(batch)
        assert without_rows(tables()) == before

    def test_go_back_step_by_step_through_several_batches(self, folder):
        states, batches = [without_rows(tables())], []
        for title in ("一", "二", "三"):
            batches.append(deliver(folder, seed(标题=title)))
            states.append(without_rows(tables()))
        for batch, state in zip(reversed(batches), reversed(states[:-1]), strict=True):
            assert undoing.undo(batch).kept == []
            assert without_rows(tables()) == state
        for batch, state in zip(batches, states[1:], strict=True):
            assert undoing.redo(batch).kept == []
            assert without_rows(tables()) == state

    def test_do_not_take_the_change_again_out_of_turn(self, folder):
        deliver(folder, seed())
        second = deliver(folder, seed(标题="二"))
        third = deliver(folder, seed(标题="三"))
        undoing.undo(third)
        undoing.undo(second)
        before = tables()
        assert "an earlier batch is still undone" in reasons(undoing.redo(third))[Article.objects.get().pk]
        assert tables() == before

    def test_lose_the_conflict_that_the_batch_brought_until_it_is_redone(self, folder):
        deliver(folder, seed())
        editing.save(Article.objects.get(), {"title": "编辑的标题"}, by=make_user("ann", is_superuser=True))
        batch = deliver(folder, seed(标题="种子的标题"))
        before = tables()
        assert len(conflicts.waiting(Article.objects.get())) == 1
        undoing.undo(batch)
        assert conflicts.waiting(Article.objects.get()) == []
        undoing.redo(batch)
        assert tables() == before

    def test_stay_once_a_conflict_is_decided(self, folder):
        deliver(folder, seed())
        editing.save(Article.objects.get(), {"title": "编辑的标题"}, by=make_user("ann", is_superuser=True))
        batch = deliver(folder, seed(标题="种子的标题"))
        conflicts.decide(
            Article.objects.get(), {"title": (conflicts.KEEP, None)}, by=make_user("bob", is_superuser=True)
        )
        before = tables()
        assert list(reasons(undoing.undo(batch)).values()) == [
            "A conflict with this import has been decided."
        ]
        assert tables() == before

    def test_stay_if_another_article_has_the_link_by_now(self, folder):
        deliver(folder, seed(编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"))
        batch = deliver(
            folder,
            seed(
                链接="https://www.example.com/neu.html", 编号="urn:uuid:6f1c2a52-0000-4000-8000-000000000001"
            ),
        )
        assert outcomes(batch) == ["updated"]
        other = make_article("占了链接")
        editing.save(other, {"url": "https://www.example.com/news/20240506/1.html"}, by=None)
        assert list(reasons(undoing.undo(batch)).values()) == [
            f"Another article has its link by now: #{other.pk}."
        ]


class TestPublishedArticles:
    @pytest.fixture
    def article(self, folder) -> Article:
        deliver(folder, seed())
        article = Article.objects.get()
        workflow.publish(article, by=None)
        return article

    def test_lose_the_draft_that_the_batch_made_and_get_it_back(self, folder, article):
        before_batch = without_rows(tables())
        batch = deliver(folder, seed(标题="新标题"))
        before = tables()
        assert Revision.objects.get(pending=True).snapshot["title"] == "新标题"
        assert undoing.undo(batch).changes == 1
        assert without_rows(tables()) == before_batch
        undoing.redo(batch)
        assert tables() == before

    def test_have_the_draft_again_that_a_person_had_begun(self, folder, article):
        ann = make_user("ann", is_superuser=True)
        editing.save(article, {"intro": "她的引言"}, by=ann)
        mine = Revision.objects.get(pending=True)
        batch = deliver(folder, seed(标题="新标题"))
        assert Revision.objects.get(pending=True).snapshot["title"] == "新标题"
        undoing.undo(batch)
        assert Revision.objects.get(pending=True) == mine

    def test_lose_nothing_if_the_draft_was_approved(self, folder, article):
        batch = deliver(folder, seed(标题="新标题"))
        article.refresh_from_db()
        workflow.approve(article, by=make_user("bob", is_superuser=True))
        before = tables()
        assert list(reasons(undoing.undo(batch)).values()) == ["It was changed by bob."]
        assert tables() == before

    def test_never_change_for_readers(self, folder, article):
        public = Article.objects.filter(pk=article.pk).values("title", "updated_at", "status", "published_at")
        before = public.get()
        undoing.undo(deliver(folder, seed(标题="新标题")))
        assert public.get() == before

    def test_whose_author_has_left_get_the_draft_back_all_the_same(self, folder, article):
        ann = make_user("ann", is_superuser=True)
        editing.save(article, {"intro": "她的引言"}, by=ann)
        batch = deliver(folder, seed(标题="新标题"))
        undoing.undo(batch)
        ann.delete()
        assert undoing.redo(batch).changes == 1
        assert Revision.objects.get(pending=True).by is None
