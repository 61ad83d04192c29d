"""The verbs of the workflow in the admin: one small page that asks, one answer that says what came of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import workflow
from articles.admin.forms import VersionForm
from articles.models import Article

MAX_LINES = 20  # of a message about many articles
LAST_YEAR = 9_000  # in any time zone one that the database has
MAX_AT_ONCE = 500  # articles that one bulk action moves

# What a person is told before doing it.
CONSEQUENCES = {
    "submit": gettext_lazy("The article waits for a reviewer, who publishes it or sends it back."),
    "publish": gettext_lazy("The article becomes visible to everybody: at once, or at the time you give."),
    "approve": gettext_lazy("Readers see the draft instead of the present text, at once."),
    "discard": gettext_lazy("The draft becomes history. Readers go on seeing the present text."),
    "send_back": gettext_lazy("The article goes back to the editor, who sees your note."),
    "reschedule": gettext_lazy("The article becomes visible at the new time, not at the present one."),
    "unschedule": gettext_lazy("The article waits for a reviewer again. It is not published."),
    "decline": gettext_lazy(
        "The article will not be published. It stays on the desk and can be taken up again."
    ),
    "withdraw": gettext_lazy(
        "Readers no longer see the article, at once or from the time you give on; its address says that it was "
        "withdrawn, with your reason."
    ),
    "keep": gettext_lazy("The article stays published: the time set for its withdrawal is taken back."),
    "reopen": gettext_lazy("The article goes back to the start: to do."),
}
# What the time of a verb is for; the others know no time.
TIMES = {
    "publish": gettext_lazy("Time of publication"),
    "reschedule": gettext_lazy("Time of publication"),
    "withdraw": gettext_lazy("Time of withdrawal"),
}
# What the buttons say: now, at the time given, and the latter once a script knows that time.
NOW_OR_LATER = {
    "publish": (
        gettext_lazy("Publish now"),
        gettext_lazy("Publish at this time (Beijing)"),
        gettext_lazy("Publish on {time}, Beijing time"),
    ),
    "withdraw": (
        gettext_lazy("Withdraw now"),
        gettext_lazy("Withdraw at this time (Beijing)"),
        gettext_lazy("Withdraw on {time}, Beijing time"),
    ),
}
BULK = ("submit", "publish", "approve", "send_back", "decline", "withdraw", "reopen")


class VerbForm(forms.Form):
    """The reason or note; for some verbs a time, for sending back a point.

    Of two buttons one says now and one says later: to clear the time never makes something happen now.
    """

    note = forms.CharField(
        max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
    )
    at = forms.DateTimeField(
        required=False,
        help_text=gettext_lazy("Beijing time."),
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "vDateTime"}
        ),
    )
    point = forms.IntegerField(
        label=gettext_lazy("About event point no. (optional)"), required=False, min_value=1, max_value=100_000
    )

    def __init__(self, verb: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verb = verb
        required = workflow.TRANSITIONS[verb].note_required
        self.fields["note"].required = required
        self.fields["note"].label = _("Reason") if required else _("Note (optional)")
        if verb in TIMES:
            self.fields["at"].label = TIMES[verb]
        else:
            del self.fields["at"]
        if verb != "send_back":
            del self.fields["point"]

    def clean_at(self) -> datetime | None:
        at = self.cleaned_data["at"]
        if at and at.year > LAST_YEAR:
            raise forms.ValidationError(_("This time is too far away."))
        return at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.verb in NOW_OR_LATER and "at" in cleaned:
            self._check_time(self.data.get("when"), cleaned["at"])
        return cleaned

    def _check_time(self, when: str | None, at: datetime | None) -> None:
        now, later, _then = NOW_OR_LATER[self.verb]
        if when == "later" and not at:
            self.add_error("at", _("Give the time, or choose “%(now)s”.") % {"now": now})
        if when == "now" and at:
            self.add_error("at", _("You gave a time: clear it, or choose “%(later)s”.") % {"later": later})


class ArticleVerbForm(VersionForm, VerbForm):
    """The same for one article, in the version that the person has seen."""


def act(verb: str, article: Article, *, by: AbstractBaseUser, note: str, **more: Any) -> None:
    """Do it, with the time or point where the verb knows one. Raises workflow.Refused."""
    known = {"at"} if verb in TIMES else {"point"} if verb == "send_back" else set()
    said = {"reason" if verb in {"decline", "withdraw"} else "note": note}
    said |= {name: value for name, value in more.items() if name in known}
    getattr(workflow, verb)(article, by=by, **said)


def act_on_all(
    verb: str, articles: Iterable[Article], *, by: AbstractBaseUser, note: str, **more: Any
) -> tuple[list[Article], list[tuple[Article, str]]]:
    """Do it to each: those that moved, and those that did not with the reason why."""
    moved, refused = [], []
    for article in articles:
        try:
            act(verb, article, by=by, note=note, **more)
        except workflow.Refused as refusal:
            refused.append((article, str(refusal)))
        else:
            moved.append(article)
    return moved, refused
