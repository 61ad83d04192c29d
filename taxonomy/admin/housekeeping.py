"""Housekeeping of the vocabularies: how they stand, what nothing uses, what may be one term."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from newsroom.ids import is_id
from newsroom.permissions import may, may_see
from taxonomy import housekeeping
from taxonomy.merge import MAX_TERMS, Refused
from taxonomy.models import VOCABULARIES, Term

PAGE = 50  # unused terms, groups
MERGED = 10
LABELS = {name: label for name, (label, _rule) in housekeeping.STATES.items()} | {
    "merged": gettext_lazy("merged into another"),
    "moved": gettext_lazy("moved to another vocabulary"),
}
VERBS = {"delete": (housekeeping.remove, "delete"), "decline": (housekeeping.retire, "change")}


@admin.site.admin_view
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    models = [model for model in VOCABULARIES.values() if may_see(request.user, model)]
    if not models:
        raise PermissionDenied
    counts = {model: housekeeping.states(model) for model in models}
    context = admin.site.each_context(request) | {
        "title": _("Housekeeping"),
        "labels": LABELS.values(),
        "rows": [
            (
                {"vocabulary": model.vocabulary, "label": model._meta.verbose_name_plural},
                [counts[model][name] for name in LABELS],
            )
            for model in models
        ],
        "changes": any(may(request.user, "change", model) for model in models),
    }
    return TemplateResponse(request, "admin/taxonomy/housekeeping.html", context)


@admin.site.admin_view
@require_safe
def housekeeping_view(request: HttpRequest, vocabulary: str) -> HttpResponse:
    model = VOCABULARIES[vocabulary]
    if not may_see(request.user, model):
        raise PermissionDenied
    unused = _page(request, housekeeping.unused(model))
    asked = "alike" in request.GET
    groups = housekeeping.near_duplicates(model) if asked else []
    context = admin.site.each_context(request) | {
        "title": _("Housekeeping: %(vocabulary)s") % {"vocabulary": model._meta.verbose_name_plural},
        "opts": model._meta,
        "vocabulary": vocabulary,
        "unused": unused[:PAGE],
        "after": _place(unused[PAGE - 1]) if len(unused) > PAGE else "",
        "further": "after" in request.GET,
        "most_merged": housekeeping.most_merged(model, MERGED),
        "asked": asked,
        "groups": [_shown(group) for group in groups[:PAGE]],
        "more": max(len(groups) - PAGE, 0),
        "may_change": may(request.user, "change", model),
        "may_add": may(request.user, "add", model),
        "may_delete": may(request.user, "delete", model),
    }
    return TemplateResponse(request, "admin/taxonomy/housekeeping_of.html", context)


def _page(request: HttpRequest, terms: QuerySet) -> list[Term]:
    """One more than a page: that one tells whether the list goes on."""
    pk, _dash, sort_key = request.GET.get("after", "")[:300].partition("-")
    return list((housekeeping.after(terms, sort_key, int(pk)) if is_id(pk) else terms)[: PAGE + 1])


def _place(term: Term) -> str:
    return f"{term.pk}-{term.sort_key}"


def _shown(group: list[housekeeping.Named]) -> dict[str, Any]:
    group = group[:MAX_TERMS]
    return {"terms": group, "ids": ",".join(str(pk) for pk, _name in group)}


@admin.site.admin_view
@require_POST
def unused_act(request: HttpRequest, vocabulary: str) -> HttpResponse:
    """Delete or decline the chosen unused terms, each by itself; those that stay are told with the reason."""
    model, act = VOCABULARIES[vocabulary], request.POST.get("act", "")
    if act not in VERBS:
        raise Http404
    verb, right = VERBS[act]
    if not may(request.user, right, model):
        raise PermissionDenied
    asked = [text for text in request.POST.getlist("pick")[:PAGE] if is_id(text)]
    terms = list(model.objects.filter(pk__in=map(int, asked)).order_by("sort_key", "pk"))
    done = [term for term in terms if _did(request, verb, term)]
    if act == "delete" and done:
        admin.site.get_model_admin(model).log_deletions(request, done)
    if not terms:
        messages.warning(request, _("Choose at least one term that is still there."))
    elif done:
        messages.success(request, _told(act, done))
    return HttpResponseRedirect(reverse("housekeeping_of", kwargs={"vocabulary": vocabulary}))


def _did(request: HttpRequest, verb: Any, term: Term) -> bool:
    try:
        verb(term)
    except Refused as refusal:
        messages.warning(request, f"{term.name}: {refusal}")
        return False
    return True


def _told(act: str, done: list[Term]) -> str:
    text = (
        ngettext("%(number)d term deleted: %(names)s", "%(number)d terms deleted: %(names)s", len(done))
        if act == "delete"
        else ngettext(
            "%(number)d term declined: %(names)s", "%(number)d terms declined: %(names)s", len(done)
        )
    )
    return text % {"number": len(done), "names": "、".join(term.name for term in done)}
