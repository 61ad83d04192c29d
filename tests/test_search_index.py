import pytest

from articles.models import Article
from articles.search import folder, index
from articles.search.query import Asked, Word, find, matching
from articles.search.reader import reader
from tests.factories import make_article, make_term, set_terms

pytestmark = pytest.mark.django_db


def found(word: str) -> list[int]:
    return find(reader(), Asked((Word(word),)), size=20).ids


def test_an_update_replaces_what_the_index_knew_of_an_article(indexed):
    term = make_term("Sora")
    article = make_article("旧的题目", publish=True, technologies=["Sora"])
    other = make_article("别的题目", publish=True)
    indexed()
    with index.Writer() as writer:
        for title in ("新的题目", "更新的题目"):
            Article.objects.filter(pk=article.pk).update(title=title)
            set_terms(article, technologies=[])
            writer.update([article.pk])
        assert (found("旧的"), found("更新"), found("题目")) == ([], [article.pk], [other.pk, article.pk])
        assert reader().searcher.num_docs == 2
        assert not reader().sets.of("technology", term.pk)
        Article.objects.filter(pk=article.pk).delete()
        writer.update([article.pk, 999_999])
        assert found("题目") == [other.pk] and list(reader().sets.all) == [other.pk]


def test_one_process_writes(indexed):
    indexed()
    with index.Writer() as writer:
        with pytest.raises(folder.Busy):
            index.Writer()
        writer.close()
    with index.Writer():
        pass


@pytest.mark.parametrize("spoil", ["format", "database", "sets", "meta", "current"])
def test_an_index_of_another_kind_or_a_damaged_one_counts_as_missing(indexed, spoil: str, caplog):
    make_article("题目", publish=True)
    indexed()
    live = folder.current()
    if spoil in {"format", "database"}:
        folder.write(live / "about.json", (live / "about.json").read_bytes().replace(b'": "', b'": "other '))
    elif spoil == "current":
        folder.write(folder.root() / "current", b"../../etc")
    else:
        (live / {"sets": "sets", "meta": "meta.json"}[spoil]).write_bytes(b"{")
    # A process that starts now; one that has the index open goes on with it.
    import articles.search.reader as module

    module._last = None
    assert reader() is None
    with pytest.raises(index.Missing):
        index.Writer()
    index.rebuild()
    assert len(found("题目")) == 1 and index.usable()
    assert [path.name for path in folder.root().iterdir() if path.is_dir()] == [folder.current().name]


def test_readers_go_on_with_the_old_index_until_they_look_again(indexed):
    article = make_article("题目", publish=True)
    old = indexed()
    index.rebuild()
    assert find(old, Asked((Word("题目"),)), size=20).ids == [article.pk]
    assert reader() is not old and matching(reader(), Asked((Word("题目"),)))[0]


def test_two_rebuilds_at_once_are_refused(indexed):
    with folder.locked(folder.REBUILDING):
        assert folder.rebuilding()
        with pytest.raises(folder.Busy):
            index.rebuild()
    assert not folder.rebuilding()
