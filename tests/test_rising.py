"""What is on the rise: by plain rules on the sets of the index, without a database but for the page itself."""

from datetime import date, timedelta
from pathlib import Path

from articles.rising import LEAST, Rise, rising, score
from articles.search.sets import Row, Sets, SetsWriter

TODAY = date(2026, 11, 22)
SORA, AGENTS, CHIPS = 1, 2, 3


def made(folder: Path, *carried: tuple[int, int, int]) -> Sets:
    """Sets of articles: so many, so many days ago, with this technology."""
    rows = [
        Row(0, (TODAY - timedelta(days=ago)).toordinal(), None, [term], [], [])
        for number, ago, term in carried
        for _ in range(number)
    ]
    writer = SetsWriter()
    writer.replace([], [row._replace(article=pk) for pk, row in enumerate(rows, 1)])
    writer.save(folder / "sets")
    return Sets.open(folder / "sets")


def risen(sets: Sets, limit: int = 8) -> list[tuple[int, int, int]]:
    return [(rise.pk, rise.week, rise.before) for rise in rising(sets, "technology", TODAY, limit)]


def test_a_term_rises_when_the_week_brings_more_than_the_weeks_before_let_expect(tmp_path):
    sets = made(tmp_path, (6, 0, SORA), (4, 20, SORA), (5, 3, AGENTS), (40, 10, AGENTS))
    assert risen(sets) == [(SORA, 6, 4)]


def test_one_article_is_no_rise(tmp_path):
    sets = made(tmp_path, (LEAST - 1, 0, SORA), (LEAST, 0, AGENTS), (1, 9, CHIPS))
    assert risen(sets) == [(AGENTS, LEAST, 0)]


def test_the_week_has_seven_days_and_the_time_before_twenty_eight(tmp_path):
    sets = made(tmp_path, (3, 6, SORA), (2, 7, SORA), (2, 34, SORA), (50, 35, SORA))
    assert risen(sets) == [(SORA, 3, 4)]


def test_what_will_appear_tomorrow_does_not_count(tmp_path):
    assert risen(made(tmp_path, (2, 0, SORA), (9, -1, SORA), (1, 10, CHIPS))) == [(SORA, 2, 0)]


def test_two_after_none_do_not_beat_forty_after_twenty():
    assert score(40, 80) > score(2, 0) > 1
    assert score(5, 20) == 1


def test_of_two_that_rise_alike_the_more_frequent_then_the_older_stands_first(tmp_path):
    sets = made(tmp_path, (4, 0, CHIPS), (4, 1, AGENTS), (3, 0, SORA), (1, 20, 9))
    assert risen(sets) == [(AGENTS, 4, 0), (CHIPS, 4, 0), (SORA, 3, 0)]
    assert risen(sets, limit=1) == [(AGENTS, 4, 0)]


def test_a_site_younger_than_a_week_has_nothing_to_compare_with(tmp_path):
    assert risen(made(tmp_path, (9, 0, SORA), (3, 6, AGENTS))) == []


def test_the_small_line_has_a_number_for_each_of_eight_weeks(tmp_path):
    sets = made(tmp_path, (4, 0, SORA), (1, 7, SORA), (2, 48, SORA), (1, 55, SORA), (9, 56, SORA))
    assert rising(sets, "technology", TODAY, 8) == [Rise(SORA, 4, 1, (1, 2, 0, 0, 0, 0, 1, 4))]
