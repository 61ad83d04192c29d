"""What the desk has before it: numbers that lead to their lists, one's own entries, what happened last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import (
    Article,
    DuplicatePair,
    ImportBatch,
    ImportRow,
    Outcome,
    Revision,
    RevisionKind,
    Status,
)
from articles.teamwork import name
from articles.workflow import TRANSITIONS
from newsroom.counting import count
from newsroom.permissions import may_see
from taxonomy import learning, newterms
from taxonomy.models import VOCABULARIES

LISTED = 10  # of one's own entries
LATEST = 20  # acts
# Apps, and lists in them, in the order of the front page; the others follow in that of the alphabet.
APPS = ("articles", "taxonomy", "auth")
LISTS = (
    *("Article", "Source", "Correction", "DuplicatePair", "Retag"),
    *("Upload", "ImportBatch", "ImportRow", "SeedFile"),
    *("Keyword", "Technology", "Industry", "Rule", "User", "Group"),
)
MY_ACTS = 200  # one's latest ones, among which to look for what came back


@dataclass(frozen=True, slots=True)
class Number:
    """How many of something wait, and the list that shows exactly these."""

    label: str
    number: int
    more: bool
    address: str


@dataclass(frozen=True, slots=True)
class Act:
    """Who did what to which article."""

    revision: Revision
    by: str
    what: str


@dataclass(frozen=True, slots=True)
class Import:
    """A batch, who made it if a person did, and what came of its records."""

    label: str
    batch: ImportBatch
    by: str
    outcomes: list[Number]


@dataclass(frozen=True, slots=True)
class Workbench:
    imports: list[Import]
    overdue: int  # hours within which an import by the timer should have ended, and has not
    numbers: list[Number]
    terms: list[Number]
    mine: list[Article]
    sent_back: list[Article]
    activity: list[Act]
    looks: bool  # may see articles at all


def workbench(user: AbstractBaseUser) -> Workbench:
    """The desk's front page for this person: what she has no right to see is not on it.

    The number of statements is constant, and none of them reads more than it shows or counts.
    """
    looks = may_see(user, Article)
    imports = may_see(user, ImportBatch)
    return Workbench(
        imports=_imports(user) if imports else [],
        overdue=_overdue() if imports else 0,
        numbers=_numbers(user, looks),
        terms=_terms(user),
        mine=_mine(user) if looks else [],
        sent_back=list(sent_back(user)[:LISTED]) if looks else [],
        activity=_activity() if looks else [],
        looks=looks,
    )


def in_order(apps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lists of all apps: the desk's own first, what is looked at daily before what is not."""
    for app in apps:
        app["models"].sort(key=lambda model: _place(LISTS, model["object_name"]))
    return sorted(apps, key=lambda app: _place(APPS, app["app_label"]))


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


# --- the selections that numbers, lists and filters share -----------------------------------------


def scheduled(articles: QuerySet) -> QuerySet:
    return articles.filter(status=Status.PUBLISHED, published_at__gt=timezone.now())


def with_draft(articles: QuerySet) -> QuerySet:
    """What readers see has a draft that waits for approval."""
    return articles.filter(Exists(Revision.objects.filter(article=OuterRef("pk"), pending=True)))


def in_conflict(articles: QuerySet) -> QuerySet:
    """An import left a conflict that nobody has decided."""
    return articles.filter(Exists(ImportRow.objects.filter(article=OuterRef("pk"), undecided=True)))


def sent_back(user: AbstractBaseUser) -> QuerySet:
    """What this person submitted and a reviewer gave back, and is still to do; of her latest acts."""
    mine = Revision.objects.filter(by=user, verb="submit").order_by("-id").values_list("article", flat=True)
    acts = Revision.objects.filter(article=OuterRef("pk"), kind=RevisionKind.WORKFLOW).order_by("-number")
    return (
        _brief(Article.objects.filter(status=Status.DRAFT, pk__in=list(mine[:MY_ACTS])))
        .annotate(act=Subquery(acts.values("verb")[:1]), act_note=Subquery(acts.values("note")[:1]))
        .filter(act="send_back")
        .order_by("-id")
    )


def _brief(articles: QuerySet) -> QuerySet:
    return articles.only("title", "status", "published_at", "withdraw_at", "updated_at")


# --- numbers --------------------------------------------------------------------------------------


def _numbers(user: AbstractBaseUser, looks: bool) -> list[Number]:
    found = []
    if looks:
        articles = Article.objects.order_by()
        found = [
            _number(_("to do"), articles.filter(status=Status.DRAFT), "articles_article_triage"),
            _articles(
                Status.IN_REVIEW.label, articles.filter(status=Status.IN_REVIEW), status__exact="in_review"
            ),
            _articles(_("scheduled"), scheduled(articles), desk="scheduled"),
            _articles(_("drafts to approve"), with_draft(articles), desk="drafts"),
            _articles(_("conflicts to decide"), in_conflict(articles), desk="conflicts"),
            _number(
                DuplicatePair._meta.verbose_name_plural,
                DuplicatePair.objects.waiting().order_by(),
                "articles_duplicatepair_changelist",
            ),
        ]
    if may_see(user, ImportRow):
        rows = ImportRow.objects.order_by().filter(waits=True)
        found.append(
            _number(_("quarantined records"), rows, "articles_importrow_changelist", waits__exact="1")
        )
    return found + _rules(user)


def _articles(label: Any, articles: QuerySet, **query: str) -> Number:
    return _number(label, articles, "articles_article_changelist", **query)


def _number(label: Any, rows: QuerySet, page: str, **query: str) -> Number:
    return _counted(label, rows, reverse(f"admin:{page}", query=query or None))


def _counted(label: Any, rows: QuerySet, address: str) -> Number:
    return Number(str(label), *count(rows), address)


def _rules(user: AbstractBaseUser) -> list[Number]:
    """What the desk has learned and nobody has decided, of the vocabularies that this person may change."""
    mine = [name for name in VOCABULARIES if user.has_perm(f"taxonomy.change_{name}")]
    rules = learning.proposals().filter(vocabulary__in=mine).order_by()
    return [_number(_("rules to decide"), rules, "taxonomy_rule_changelist")] if mine else []


def _terms(user: AbstractBaseUser) -> list[Number]:
    """What of each vocabulary waits in the queue of new terms."""
    return [
        _counted(
            model._meta.verbose_name_plural,
            newterms.waiting(model).order_by(),
            reverse("new_terms_of", kwargs={"vocabulary": vocabulary}),
        )
        for vocabulary, model in VOCABULARIES.items()
        if may_see(user, model)
    ]


# --- the last batches -----------------------------------------------------------------------------


def _imports(user: AbstractBaseUser) -> list[Import]:
    """The last batch and, if that was none, the last one by the timer."""
    newest = ImportBatch.objects.order_by("-pk").values("pk")
    last, timer = Subquery(newest[:1]), Subquery(newest.filter(scheduled=True)[:1])
    batches = ImportBatch.objects.filter(Q(pk=last) | Q(pk=timer)).select_related("by").defer("skipped")
    rows = may_see(user, ImportRow)
    return [
        Import(
            label,
            batch,
            name(batch.by) if batch.by else "",
            _outcomes(batch) if rows else [],
        )
        for label, batch in zip([_("Last import"), _("Last by the timer")], batches, strict=False)
    ]


def _overdue() -> int:
    """What is imported by hand, or by a command that is tried, says nothing of the timer; nor does what was cut short."""
    hours = settings.IMPORT_EXPECTED_HOURS
    since = timezone.now() - timedelta(hours=hours)
    ended = ImportBatch.objects.filter(scheduled=True, finished_at__gte=since, cut_short=False)
    return hours if hours and not ended.exists() else 0


def _outcomes(batch: ImportBatch) -> list[Number]:
    rows = reverse("admin:articles_importrow_changelist", query={"batch__id__exact": batch.pk})
    return [
        Number(str(outcome.label), number, False, f"{rows}&outcome__exact={outcome.value}")
        for outcome in Outcome
        if (number := batch.counts.get(outcome.value, 0))
    ]


# --- lists ----------------------------------------------------------------------------------------


def _mine(user: AbstractBaseUser) -> list[Article]:
    """What is assigned to this person and not done, newest first."""
    open_ = Article.objects.filter(assigned_to=user, status__in=[Status.DRAFT, Status.IN_REVIEW])
    return list(_brief(open_).order_by("-id")[:LISTED])


def _activity() -> list[Act]:
    people = ("by__username", "by__first_name", "by__last_name")
    rows = Revision.objects.select_related("article", "by").only(
        *("number", "kind", "verb", "at", "note", "pending", "article__title"), *people
    )
    rows = rows.exclude(kind=RevisionKind.IMPORT)  # written late, when something first changes the article
    return [
        Act(row, name(row.by) if row.by else _("the system"), _said(row))
        for row in rows.order_by("-id")[:LATEST]
    ]


def _said(revision: Revision) -> str:
    """What was done, in a word."""
    if revision.verb in TRANSITIONS:
        return str(TRANSITIONS[revision.verb].label)
    return _("correction") if revision.verb in {"correct", "retract"} else revision.get_kind_display()
