"""What the page shows when somebody else has saved meanwhile: what both changed, to choose from, and what only one did."""

from typing import Any

from articles import teamwork
from articles.admin import changes
from articles.admin.carrying import Carried
from articles.admin.forms import ArticleForm


def panel(form: ArticleForm) -> dict[str, Any] | None:
    """Context of `_stale.html`; None where nothing was typed on an older version."""
    carried = form.carried
    if not carried:
        return None
    mine, now, choices = form.typed(), form.text, form.choices()
    last = form.instance.revisions.select_related("by").defer("snapshot").first()
    return {
        "version": form.instance.version,
        "last": last,
        "by": teamwork.name(last.by) if last else "",
        "collisions": [
            {
                "name": name,
                "label": changes.label(name),
                "mine": changes.as_text(name, _apart(mine[name], now[name])),
                "theirs": changes.as_text(name, _apart(now[name], mine[name])),
                "choice": choices.get(name, ""),
            }
            for name in carried.collisions
        ],
        "open": bool(form.open_choices()) and "onto" in form.data,
        "theirs": [(changes.label(name), _now(name, carried, mine, now)) for name in carried.theirs],
        "mine": [changes.label(name) for name in carried.mine],
        "check_again": form.unseen_events() and form.cleaned_data.get("verified"),
    }


def _now(name: str, carried: Carried, mine: dict[str, Any], now: dict[str, Any]) -> str:
    return changes.as_text(name, _apart(now[name], mine[name]) or carried.values[name])


def _apart(these: Any, those: Any) -> Any:
    """Of points those that the other side has not: who chooses need not read the rest."""
    if not isinstance(these, list):
        return these
    others = (
        {changes.as_text("points", [one]) for one in those} if those and isinstance(those[0], dict) else ()
    )
    return [one for one in these if not others or changes.as_text("points", [one]) not in others]
