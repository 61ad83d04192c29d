"""Two records of one delivery want the same link: one gets it, whatever the order; running again settles it."""

from pathlib import Path

import pytest

from articles import editing, importer, intake, repair, workflow
from articles.models import Article, ImportBatch, ImportRow
from tests.delivering import TEXT, codes, deliver, everything, outcomes, seed

pytestmark = pytest.mark.django_db

NUMBER = "urn:uuid:00000000-0000-4000-8000-00000000000%d"
ORDERS = pytest.mark.parametrize("first", [0, 1], ids=["in this order", "the other way round"])
CHUNKS = pytest.mark.parametrize("size", [500, 1], ids=["in one chunk", "across chunks"])


@pytest.fixture(autouse=True)
def chunks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "CHUNK_RECORDS", size)


def numbered(number: int, place: str, title: str = "") -> str:
    """A record with a key of its own, which may change its link."""
    return seed(
        编号=NUMBER % number,
        链接=f"https://e.example/{place}",
        标题=title or f"第{number}条",
        总结=f"{number}。{TEXT}",
    )


def plain(place: str) -> str:
    return seed(链接=f"https://e.example/{place}", 标题=f"在{place}", 总结=f"{place}。{TEXT}")


def links() -> dict[str, str]:
    """By title, the last part of each article's link."""
    return {
        title: url.rpartition("/")[2]
        for title, url in Article.objects.order_by("pk").values_list("title", "url")
    }


def again(folder: Path) -> ImportBatch:
    return importer.run([folder])


@CHUNKS
@ORDERS
class TestALinkThatTwoRecordsWant:
    def test_goes_to_the_first_of_a_known_and_a_new_article(self, folder, first):
        deliver(folder, numbered(1, "a"))
        records = [numbered(1, "x", "搬了"), plain("x")]
        batch = deliver(folder, records[first], records[1 - first])
        assert outcomes(batch) == ["created" if first else "updated", "duplicate"]
        assert codes(batch.rows.last())[-1] == "link-taken"
        assert batch.rows.last().article == batch.rows.first().article
        assert links() == ({"第1条": "a", "在x": "x"} if first else {"搬了": "x"})

    def test_goes_to_the_first_of_two_known_articles(self, folder, first):
        deliver(folder, numbered(1, "a"), numbered(2, "b"))
        records = [numbered(1, "x"), numbered(2, "x")]
        assert outcomes(deliver(folder, records[first], records[1 - first])) == ["updated", "duplicate"]
        assert links() == ({"第1条": "a", "第2条": "x"} if first else {"第1条": "x", "第2条": "b"})

    def test_is_settled_by_the_first_run(self, folder, first):
        deliver(folder, numbered(1, "a"), numbered(2, "b"))
        records = [numbered(1, "x"), numbered(2, "x"), plain("x")]
        deliver(folder, *(records[1:] + records[:1] if first else records))
        before = everything()
        again(folder)
        assert everything() == before

    def test_goes_to_the_new_article_where_the_known_one_keeps_the_editors_link(self, folder, first):
        deliver(folder, numbered(1, "a"))
        editing.save(Article.objects.get(), {"url": "https://e.example/desk"}, by=None)
        self.expect(folder, first, ["created", "duplicate"] if first else ["conflict", "created"])
        assert links() == {"第1条": "desk", "在x": "x"}

    def test_goes_to_the_new_article_where_the_known_one_is_published(self, folder, first):
        deliver(folder, numbered(1, "a"))
        workflow.publish(Article.objects.get(), by=None)
        self.expect(folder, first, ["created", "duplicate"] if first else ["updated", "created"])
        assert links() == {"第1条": "a", "在x": "x"}

    def expect(self, folder, first, wanted):
        records = [numbered(1, "x"), plain("x")]
        assert outcomes(deliver(folder, records[first], records[1 - first])) == wanted
        before = everything()
        again(folder)
        assert everything() == before

    def test_and_that_the_desk_has_taken_from_one_of_them_goes_on_without(self, folder, first):
        deliver(folder, numbered(1, "a"))
        editing.save(Article.objects.get(), {"url": "https://e.example/desk"}, by=None)
        records = [numbered(1, "a", "新题"), plain("a")]
        batch = deliver(folder, records[first], records[1 - first])
        assert sorted(outcomes(batch)) == ["created", "updated"]
        assert links() == {"新题": "desk", "在a": "a"}

    def test_that_an_article_gives_up_is_free_the_next_time(self, folder, first):
        deliver(folder, numbered(1, "a"))
        records = [numbered(1, "c"), numbered(2, "a")]
        deliver(folder, records[first], records[1 - first])
        assert links()["第1条"] == "c"
        again(folder)
        assert links() == {"第1条": "c", "第2条": "a"}
        before = everything()
        again(folder)
        assert everything() == before


@CHUNKS
def test_two_articles_that_swap_their_links_are_left_as_they_are_for_the_desk_to_see(folder):
    deliver(folder, numbered(1, "a"), numbered(2, "b"))
    before = everything()[:-1]
    for batch in (deliver(folder, numbered(1, "b"), numbered(2, "a")), again(folder)):
        assert outcomes(batch) == ["duplicate", "duplicate"]
        assert [codes(row)[-1] for row in batch.rows.all()] == ["link-taken"] * 2
    assert links() == {"第1条": "a", "第2条": "b"}
    assert everything()[0] == before[0]


@CHUNKS
def test_a_chain_of_articles_that_move_up_arrives_within_as_many_runs(folder):
    deliver(folder, numbered(1, "a"), numbered(2, "b"), numbered(3, "c"))
    deliver(folder, numbered(3, "b"), numbered(2, "a"), numbered(1, "x"))
    again(folder)
    again(folder)
    assert links() == {"第1条": "x", "第2条": "a", "第3条": "b"}
    before = everything()
    again(folder)
    assert everything() == before


@CHUNKS
def test_the_suppliers_own_correction_of_what_the_desk_has_mended_is_no_error(folder, monkeypatch):
    monkeypatch.setattr(intake, "CHUNK_FILES", 1)  # otherwise new files come before known ones
    broken = "标题: 只有标题\n"
    mended = numbered(1, "a")
    deliver(folder, broken)
    repair.repair(ImportRow.objects.select_related("batch", "file").get(), mended)
    for correction, came in ((mended + "\n", "unchanged"), (numbered(1, "a", "改好了"), "updated")):
        assert outcomes(deliver(folder, broken, correction)) == ["unchanged", came]
    assert links() == {"改好了": "a"}
