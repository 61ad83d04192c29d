"""The editing desk."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from articles.admin import articles, batches, duplicates, retagging, sources  # noqa: F401

admin.site.site_header = admin.site.site_title = _("Newsroom desk")
admin.site.index_title = _("The desk")
admin.site.enable_nav_sidebar = False  # the lists and forms need the width
