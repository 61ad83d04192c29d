"""Every public address, on one screen."""

from django.contrib import admin
from django.urls import include, path

from articles.views import articles, corrections, front, indexes, overviews, preview, terms
from newsroom import health
from newsroom.language import choose_language

KEYWORD, TECHNOLOGY, INDUSTRY = ({"vocabulary": name} for name in ("keyword", "technology", "industry"))

urlpatterns = [
    path("", front.front, name="front"),
    path("articles/", articles.article_list, name="articles"),
    path("articles/<int:pk>/", articles.article_detail),
    path("articles/<int:pk>/<str:slug>/", articles.article_detail, name="article"),
    path("keywords/", indexes.term_index, KEYWORD, name="keywords"),
    path("keywords/<str:slug>/", terms.term_detail, KEYWORD, name="keyword"),
    path("technologies/", indexes.term_index, TECHNOLOGY, name="technologies"),
    path("technologies/<str:slug>/", terms.term_detail, TECHNOLOGY, name="technology"),
    path("industries/", indexes.term_index, INDUSTRY, name="industries"),
    path("industries/<str:slug>/", terms.term_detail, INDUSTRY, name="industry"),
    path("atlas/", overviews.atlas, name="atlas"),
    path("events/", overviews.events, name="events"),
    path("days/<str:day>/", overviews.day_page, name="day"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("preview/<str:token>/", preview.preview, name="preview"),
    path("language/<str:code>/", choose_language, name="language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/taxonomy/", include("taxonomy.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "articles.views.errors.bad_request"
handler403 = "articles.views.errors.permission_denied"
handler404 = "articles.views.errors.page_not_found"
handler500 = "articles.views.errors.server_error"
