"""Which terms are on the rise: carried more often in the last seven days than in the four weeks before."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from articles.search.sets import Sets

WEEK = 7
BEFORE = 28  # days before the week that it is compared with
LEAST = 2  # articles of the week: one alone is no rise
SMOOTHING = 3  # articles added to both sides, so that two after none do not beat forty after twenty
WEEKS = 8  # that the small line shows


@dataclass(frozen=True, slots=True)
class Rise:
    """A term's articles: of the last seven days, of the 28 days before, and by week, the oldest first."""

    pk: int
    week: int
    before: int
    weeks: tuple[int, ...]

    @property
    def score(self) -> float:
        return score(self.week, self.before)


def score(week: int, before: int) -> float:
    """How many times the number that the four weeks before let expect, both smoothed."""
    return (week + SMOOTHING) / (before * WEEK / BEFORE + SMOOTHING)


@lru_cache(maxsize=2)  # the two vocabularies of the front page, until the index or the day changes
def rising(sets: Sets, kind: str, today: date, limit: int) -> list[Rise]:
    """The terms that rise most, at most `limit`; none while the site is too young to compare."""
    since = today - timedelta(days=WEEK - 1)
    before = sets.between(since - timedelta(days=BEFORE), since - timedelta(days=1))
    if not before:
        return []
    earlier = dict(sets.counts(kind, before))
    now = [(pk, week) for pk, week in sets.counts(kind, sets.between(since, today)) if week >= LEAST]
    scored = [(score(week, earlier.get(pk, 0)), week, pk) for pk, week in now]
    risen = sorted((-how, -week, pk) for how, week, pk in scored if how > 1)[:limit]
    weeks = _weeks(sets, kind, [pk for _how, _week, pk in risen], today)
    return [Rise(pk, -week, earlier.get(pk, 0), weeks[pk]) for _how, week, pk in risen]


def _weeks(sets: Sets, kind: str, pks: list[int], today: date) -> dict[int, tuple[int, ...]]:
    ends = [today - timedelta(days=WEEK * back) for back in reversed(range(WEEKS))]
    weeks = [sets.between(end - timedelta(days=WEEK - 1), end) for end in ends]
    carried = {pk: sets.of(kind, pk) for pk in pks}
    return {pk: tuple(len(articles & week) for week in weeks) for pk, articles in carried.items()}
