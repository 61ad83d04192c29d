"""The page on which the desk arranges a vocabulary as a tree; and the field that names a term's broader one."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from taxonomy import names
from taxonomy.branches import grown, put, root_of, roots
from taxonomy.merge import Refused
from taxonomy.models import Term
from taxonomy.tree import MAX_DEPTH

ROOTS = 50  # on a page
MAX_SHOWN = 2000  # terms below them


class NameInput(forms.TextInput):
    """A term's name, typed; where scripts run, with suggestions."""

    def __init__(self, model: type[Term]) -> None:
        super().__init__(attrs={"class": "vTextField", "autocomplete": "off"})
        self.model = model

    def render(self, name: str, value: Any, attrs: dict | None = None, renderer: Any = None) -> SafeString:
        listed = f"{(attrs or {}).get('id', name)}-names"
        address = reverse(f"admin:taxonomy_{self.model.vocabulary}_suggest")
        attrs = (attrs or {}) | {"list": listed, "data-suggest": address}
        field = super().render(name, value, attrs, renderer)
        return format_html("{}<datalist{}></datalist>", field, flatatt({"id": listed}))

    class Media:
        js = ["admin_term_names.js"]


class NameField(forms.CharField):
    """Cleaned to the term of that name or alias; None if it is left empty."""

    def __init__(self, model: type[Term], **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(max_length=names.MAX_NAME, widget=NameInput(model), **options)
        self.model = model

    def prepare_value(self, value: Any) -> Any:
        """An id is what a form begins with."""
        if isinstance(value, int):
            return self.model.objects.filter(pk=value).values_list("name", flat=True).first()
        return value.name if isinstance(value, Term) else value

    def clean(self, value: Any) -> Term | None:
        name = super().clean(value)
        if not name:
            return None
        found = self.model.objects.resolve([name])
        if name not in found:
            raise ValidationError(_("There is no term “%(name)s” in this vocabulary.") % {"name": name})
        return found[name]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PlaceForm(forms.Form):
    """Which term is put below which; no broader one puts it at the top."""

    def __init__(self, model: type[Term], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["term"] = NameField(model, label=_("Term, by its name or an alias"), required=True)
        self.fields["under"] = NameField(model, label=_("Put it below (empty: at the top)"))


class TreeMixin:
    """Part of the admin of each vocabulary."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_tree"
        return [path("tree/", self.admin_site.admin_view(self.tree_view), name=name), *super().get_urls()]

    def tree_view(self, request: HttpRequest) -> HttpResponse:
        self._check_right(request)
        form = PlaceForm(
            self.model, request.POST or None, initial={"term": request.GET.get("term", "")[:200]}
        )
        if request.method == "POST" and form.is_valid():
            try:
                put(form.cleaned_data["term"], form.cleaned_data["under"])
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return self._placed(request, form.cleaned_data["term"], form.cleaned_data["under"])
        context = self.admin_site.each_context(request) | {"opts": self.opts, "form": form}
        context |= {"title": _("Tree"), "levels": MAX_DEPTH} | self._branches(request)
        return TemplateResponse(request, "admin/taxonomy/tree.html", context)

    def _placed(self, request: HttpRequest, term: Term, under: Term | None) -> HttpResponse:
        text = (
            _("“%(name)s” stands below “%(under)s” now.") if under else _("“%(name)s” stands at the top now.")
        )
        self.log_change(request, term, text % {"name": term.name, "under": under and under.name})
        self.message_user(request, text % {"name": term.name, "under": under and under.name})
        return HttpResponseRedirect(self._address("tree", query={"branch": term.name}))

    def _branches(self, request: HttpRequest) -> dict[str, Any]:
        """One branch if it was asked for, else a page of all; and the term that was chosen to be put elsewhere."""
        asked = {name: request.GET.get(name, "")[: names.MAX_NAME] for name in ("branch", "term")}
        found = self.model.objects.resolve(filter(None, asked.values()))
        branch, chosen = found.get(asked["branch"]), found.get(asked["term"])
        page = None if branch else Paginator(roots(self.model), ROOTS).get_page(request.GET.get("page"))
        branches, cut = grown([root_of(branch)] if branch else page.object_list, MAX_SHOWN)
        return {"branches": branches, "cut": cut, "branch": branch, "page": page, "chosen": chosen}


BROADER = gettext_lazy(
    "By its name or an alias. Articles that carry this term are found under the broader one too."
)
