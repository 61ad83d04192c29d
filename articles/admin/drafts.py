"""Drafts in the admin: an article as readers would see it, and the link that shows it to somebody without an account."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles import previews, revisions
from articles.models import Article, Revision
from articles.views.articles import detail_context
from newsroom.ids import is_id

LIVE = "live"


class DraftsMixin:
    """For the admin of articles; every page asks for the right to see the article."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(require_safe(self.preview)), name="articles_article_preview"),
            path(
                "<int:pk>/preview-link/",
                view(require_safe(self.preview_link)),
                name="articles_article_preview_link",
            ),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """As readers would see it: the waiting draft if there is one, the live text, or any version."""
        article = self._visible(request, pk)
        draft = revisions.draft(article)
        shown = _version(article, draft, request.GET.get("version", ""))
        bar = {
            "words": previews.words(article, shown),
            "by": _by(shown) if shown else "",
            "ways": self._ways(request, article, draft, shown),
        }
        context = detail_context(previews.of(article, shown)) | {"preview": True, "bar": bar}
        return previews.private(TemplateResponse(request, "article_detail.html", context))

    def preview_link(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The link is made as it is asked for: nothing is stored, and nothing has to be cleared away."""
        article = self._visible(request, pk)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        possible = previews.may_be_shown(article)
        context = self.admin_site.each_context(request) | {
            "title": _("Preview link"),
            "opts": self.opts,
            "article": article,
            "link": request.build_absolute_uri(previews.link(article)) if possible else "",
            "until": previews.valid_until(),
            "draft": revisions.draft(article),
        }
        response = TemplateResponse(request, "admin/articles/article/preview_link.html", context)
        response["Cache-Control"] = "no-store, private"
        return response

    def _ways(
        self, request: HttpRequest, article: Article, draft: Revision | None, shown: Revision | None
    ) -> list[tuple[str, str]]:
        """Where one goes on from a preview."""
        page = reverse("admin:articles_article_preview", args=[article.pk])
        compare = reverse("admin:articles_article_compare", args=[article.pk])
        link = reverse("admin:articles_article_preview_link", args=[article.pk])
        ways = [(_("Back to the desk"), reverse("admin:articles_article_change", args=[article.pk]))]
        if draft and shown != draft:
            ways.append((_("The draft"), page))
        if draft and shown:
            ways.append((_("The live text"), f"{page}?version={LIVE}"))
            ways.append((_("Compare"), f"{compare}?from=live&to={shown.number}"))
        if self.has_change_permission(request, article) and previews.may_be_shown(article):
            ways.append((_("Preview link"), link))
        return ways


def _version(article: Article, draft: Revision | None, asked: str) -> Revision | None:
    """What the address asks for; None is the article as it stands. Raises Http404 for what there is not."""
    if not asked:
        return draft
    if asked == LIVE:
        return None
    number = int(asked) if is_id(asked) else 0
    revision = article.revisions.select_related("by").filter(number=number).first()
    if revision is None:
        raise Http404
    return revision


def _by(revision: Revision) -> str:
    """Who wrote that version, and when."""
    at = timezone.localtime(revision.at).strftime("%Y-%m-%d %H:%M")
    said: dict[str, Any] = {"number": revision.number, "at": at, "by": revision.by}
    if revision.by is None:
        return _("Version %(number)d, %(at)s") % said
    return _("Version %(number)d, %(by)s, %(at)s") % said
