"""Every public address, on one screen."""

from django.contrib import admin
from django.urls import path

from articles import views
from newsroom import health
from newsroom.language import choose_language

KEYWORD, TECHNOLOGY, INDUSTRY = ({"vocabulary": name} for name in ("keyword", "technology", "industry"))

urlpatterns = [
    path("", views.front, name="front"),
    path("articles/", views.article_list, name="articles"),
    path("articles/<int:pk>/", views.article_detail),
    path("articles/<int:pk>/<str:slug>/", views.article_detail, name="article"),
    path("keywords/", views.term_index, KEYWORD, name="keywords"),
    path("keywords/<str:slug>/", views.term_detail, KEYWORD, name="keyword"),
    path("technologies/", views.term_index, TECHNOLOGY, name="technologies"),
    path("technologies/<str:slug>/", views.term_detail, TECHNOLOGY, name="technology"),
    path("industries/", views.term_index, INDUSTRY, name="industries"),
    path("industries/<str:slug>/", views.term_detail, INDUSTRY, name="industry"),
    path("language/<str:code>/", choose_language, name="language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]

handler400 = "articles.views.bad_request"
handler403 = "articles.views.permission_denied"
handler404 = "articles.views.page_not_found"
handler500 = "articles.views.server_error"
