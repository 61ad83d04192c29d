import os
import resource
from collections.abc import Callable
from pathlib import Path

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


@pytest.mark.parametrize("spoil", ["format", "database", "sets", "meta.json", "about.json", "current"])
def test_an_index_of_another_kind_or_a_damaged_one_counts_as_missing(indexed, spoil: str, monkeypatch):
    make_article("题目", publish=True)
    indexed()
    live = folder.current()
    if spoil in {"format", "database"}:
        folder.write(live / "about.json", (live / "about.json").read_bytes().replace(b'": "', b'": "other '))
    elif spoil == "current":
        folder.write(folder.root() / "current", b"../../etc")
    else:
        folder.write(live / spoil, b"{")
    # A process that starts now; one that has the index open goes on with it.
    monkeypatch.setattr("articles.search.reader._last", None)
    assert reader() is None
    with pytest.raises(index.Missing):
        index.Writer()
    index.rebuild()
    assert len(found("题目")) == 1 and index.usable()
    assert [path.name for path in folder.root().iterdir() if path.is_dir()] == [folder.current().name]


SEGMENT = ["idx", "pos", "term", "fast", "store", "fieldnorm"]


@pytest.mark.parametrize("end", SEGMENT)
def test_an_index_with_a_missing_file_counts_as_missing(indexed, end: str, monkeypatch):
    make_article("题目", publish=True)
    indexed()
    with index.Writer() as writer:
        next(folder.current().glob(f"*.{end}")).unlink()
        with pytest.raises(index.Missing):
            writer.check()
    monkeypatch.setattr("articles.search.reader._last", None)
    assert reader() is None
    with pytest.raises(index.Missing):
        index.Writer()
    index.rebuild()
    assert len(found("题目")) == 1


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[: len(content) // 2]])
@pytest.mark.parametrize("end", ["idx", "fast"])
def test_an_index_with_a_damaged_file_counts_as_missing(indexed, end: str, damage: Callable):
    make_article("题目", publish=True)
    indexed()
    file = next(folder.current().glob(f"*.{end}"))
    folder.write(file, damage(file.read_bytes()))  # as another file: a reader may have this one mapped
    with pytest.raises(index.Missing):
        index.Writer()


def test_an_index_that_does_not_know_until_when_the_clock_was_looked_after_counts_as_missing(indexed):
    indexed()
    (folder.current() / "clock").unlink()
    with pytest.raises(index.Missing):
        index.Writer()


def test_damage_that_only_a_commit_meets_counts_as_missing(indexed):
    article = make_article("题目", publish=True)
    indexed()
    with index.Writer() as writer:
        next(folder.current().glob("*.pos")).unlink()
        with pytest.raises(index.Missing):
            for _attempt in range(2):
                writer.update([article.pk])


def test_what_passes_by_itself_is_no_missing_index(indexed):
    indexed()
    with index.Index.open(str(folder.current())).writer(15_000_000), pytest.raises(OSError, match="LockBusy"):
        index.Writer()
    with index.Writer():  # and has let go of the lock
        pass


def test_too_many_open_files_are_no_missing_index(indexed, few_files):
    article = make_article("题目", publish=True)
    indexed()
    for more in range(12):
        few_files(more)
        try:
            with index.Writer() as writer:
                writer.update([article.pk])
        except OSError:
            pass
    few_files(1000)
    assert len(found("题目")) == 1


@pytest.fixture
def few_files():
    """Allows this process only so many more open files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    def allow(more: int) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)  # listing them opens one
        opened = max(map(int, os.listdir("/proc/self/fd")))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(opened + more, before[0]), before[1]))

    yield allow
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_rebuild_that_fails_leaves_nothing_behind(indexed, monkeypatch):
    make_article("题目", publish=True)
    indexed()
    before = folder.current()

    def fail(done: int, of: int) -> None:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        index.rebuild(fail)
    assert [path for path in folder.root().iterdir() if path.is_dir()] == [before]
    assert len(found("题目")) == 1


def test_a_reader_asks_again_when_the_index_is_swapped_while_it_looks(indexed, monkeypatch):
    make_article("题目", publish=True)
    indexed()
    monkeypatch.setattr("articles.search.reader._last", None)
    stale, now = folder.current(), folder.current
    index.rebuild()
    answers: list[Path] = [stale]
    monkeypatch.setattr(folder, "current", lambda: answers.pop() if answers else now())
    assert len(found("题目")) == 1


def test_a_reader_that_cannot_open_the_newest_state_keeps_the_last_one(indexed):
    make_article("题目", publish=True)
    first = indexed()
    live = folder.current()
    whole = (live / "sets").read_bytes()
    (live / "sets").write_bytes(b"{")
    assert reader() is None
    (live / "sets").write_bytes(whole)
    assert reader().index is first.index


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
