from datetime import date

import pytest

from articles.charts import FOOT, HEIGHT, TOP, WIDTH, columns, filled, last_day, scale, shade

NOVEMBER = date(2026, 11, 22)


def month(year: int, number: int) -> date:
    return date(year, number, 1)


def test_months_without_articles_are_filled_in_up_to_today():
    assert filled([(month(2026, 8), 3), (month(2026, 10), 1)], until=NOVEMBER, limit=36) == [
        (month(2026, 8), 3),
        (month(2026, 9), 0),
        (month(2026, 10), 1),
        (month(2026, 11), 0),
    ]


def test_only_the_last_months_are_kept_however_long_ago_the_first_is():
    months = filled([(month(1, 1), 5), (month(2026, 1), 2)], until=NOVEMBER, limit=12)
    assert [months[0], months[1], months[-1]] == [
        (month(2025, 12), 0),
        (month(2026, 1), 2),
        (month(2026, 11), 0),
    ]
    assert len(months) == 12


def test_nothing_has_no_months():
    assert filled([], until=NOVEMBER, limit=36) == []


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, [1]),
        (1, [1]),
        (2, [1, 2]),
        (4, [2, 4]),
        (7, [5, 10]),
        (12, [5, 10, 15]),
        (15, [5, 10, 15]),
        (16, [10, 20]),
        (999, [500, 1000]),
        (250_000, [100_000, 200_000, 300_000]),
    ],
)
def test_the_scale_has_few_round_numbers_and_covers_the_highest(most, lines):
    assert scale(most) == lines


@pytest.mark.parametrize("number", [1, 2, 36])
@pytest.mark.parametrize("most", [0, 1, 7, 123_456])
def test_every_column_lies_within_the_drawing_beside_the_next(number, most):
    figures = [(month(2020 + place // 12, place % 12 + 1), most) for place in range(number)]
    chart = columns(figures)
    assert [(bar.month, bar.value) for bar in chart.bars] == figures
    for bar in chart.bars:
        assert chart.left <= bar.x and bar.x + bar.width <= WIDTH
        assert bar.y >= TOP and bar.y + bar.height == pytest.approx(HEIGHT - FOOT)
    for before, after in zip(chart.bars, chart.bars[1:], strict=False):
        assert before.x + before.width < after.x


def test_heights_are_in_proportion_and_the_highest_is_named():
    chart = columns([(month(2026, 1), 5), (month(2026, 2), 10), (month(2026, 3), 10), (month(2026, 4), 0)])
    assert chart.bars[1].height == pytest.approx(2 * chart.bars[0].height, abs=0.1)
    assert chart.bars[3].height == 0
    assert (chart.most.month, chart.most.value) == (month(2026, 3), 10)
    assert [bar.month.month for bar in chart.newest_first] == [4, 3, 2, 1]


def test_years_are_written_where_they_begin_unless_they_would_touch():
    wide = columns([(month(2024 + place // 12, place % 12 + 1), 1) for place in range(6, 36)])
    assert [year.value for year in wide.years] == [2024, 2025, 2026]
    crowded = columns([(month(2024 + place // 12, place % 12 + 1), 1) for place in range(11, 36)])
    assert [year.value for year in crowded.years] == [2025, 2026]
    assert [year.value for year in columns([(month(2026, 5), 1)]).years] == [2026]


def test_a_month_ends_on_its_last_day():
    assert [last_day(month(2024, 2)), last_day(month(2026, 12))] == [date(2024, 2, 29), date(2026, 12, 31)]
    assert columns([(month(2026, 11), 1)]).bars[0].until == date(2026, 11, 30)


def test_shades_tell_little_from_much_and_nothing_from_both():
    assert [shade(value, 100) for value in (0, 1, 3, 10, 25, 50, 99, 100)] == [0, 1, 2, 2, 3, 5, 6, 6]
    assert shade(0, 0) == 0
