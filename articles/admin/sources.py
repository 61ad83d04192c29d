"""The admin of sources."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from articles.admin.lists import BoundedListMixin, bounded_count, in_figures
from articles.models import Article, Source
from taxonomy.admin import SecondLookMixin


@admin.register(Source)
class SourceAdmin(SecondLookMixin, BoundedListMixin, admin.ModelAdmin):
    list_display = ["host", "name", "reuse", "number"]
    list_filter = ["reuse"]
    list_per_page = 50
    search_fields = ["host", "name"]
    fields = ["host", "name", "reuse", "number"]
    readonly_fields = ["number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        sources = super().get_queryset(request)
        # Not for suggestions, which look through all of them.
        counted = request.resolver_match and request.resolver_match.url_name != "autocomplete"
        return sources.annotate(article_count=bounded_count(Article, "source")) if counted else sources

    @admin.display(description=_("articles"))
    def number(self, source: Source) -> str:
        if not (number := getattr(source, "article_count", 0)):
            return "0"
        address = reverse("admin:articles_article_changelist", query={"source__id__exact": source.pk})
        return format_html('<a href="{}">{}</a>', address, in_figures(number))
