"""The verbs of the workflow in the admin: one small page that asks, one answer that says what came of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import workflow
from articles.models import Article

MAX_LINES = 20  # of a message about many articles
MAX_AT_ONCE = 500  # articles that one bulk action moves

# What a person is told before doing it.
CONSEQUENCES = {
    "submit": gettext_lazy("The article waits for a reviewer, who publishes it or sends it back."),
    "publish": gettext_lazy("The article becomes visible to everybody: at once, or at the time you give."),
    "send_back": gettext_lazy("The article goes back to the editor, who sees your note."),
    "decline": gettext_lazy(
        "The article will not be published. It stays on the desk and can be taken up again."
    ),
    "withdraw": gettext_lazy(
        "Readers no longer see the article; its address says that it was withdrawn, with your reason."
    ),
    "reopen": gettext_lazy("The article goes back to the start: to do."),
}


class VerbForm(forms.Form):
    """The reason or note, and for publishing the time."""

    note = forms.CharField(
        max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Time of publication"),
        required=False,
        help_text=gettext_lazy("Beijing time. Empty: now."),
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "vDateTime"}
        ),
    )

    def __init__(self, verb: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        required = workflow.TRANSITIONS[verb].note_required
        self.fields["note"].required = required
        self.fields["note"].label = _("Reason") if required else _("Note (optional)")
        if verb != "publish":
            del self.fields["at"]


class ArticleVerbForm(VerbForm):
    """The same for one article, in the version that the person has seen."""

    _UNKNOWN = gettext_lazy("This form does not say which version of the article it is about. Open it again.")
    version = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": _UNKNOWN, "invalid": _UNKNOWN}
    )


def act(verb: str, article: Article, *, by: AbstractBaseUser, note: str, at: datetime | None = None) -> None:
    """Do it. Raises workflow.Refused."""
    if verb == "publish":
        workflow.publish(article, by=by, at=at, note=note)
    elif verb in {"decline", "withdraw"}:
        getattr(workflow, verb)(article, by=by, reason=note)
    else:
        getattr(workflow, verb)(article, by=by, note=note)


def act_on_all(
    verb: str, articles: Iterable[Article], *, by: AbstractBaseUser, note: str
) -> tuple[list[Article], list[tuple[Article, str]]]:
    """Do it to each: those that moved, and those that did not with the reason why."""
    moved, refused = [], []
    for article in articles:
        try:
            act(verb, article, by=by, note=note)
        except workflow.Refused as refusal:
            refused.append((article, str(refusal)))
        else:
            moved.append(article)
    return moved, refused


def bounded(lines: list[str]) -> list[str]:
    """The first lines, and how many more there are."""
    rest = len(lines) - MAX_LINES
    return lines if rest <= 0 else [*lines[:MAX_LINES], _("and %(number)d more") % {"number": rest}]
