"""The pages of the terms desk that belong to no one term: under /admin/taxonomy/."""

from django.urls import path

from taxonomy.admin import housekeeping, queue, table
from taxonomy.models import VOCABULARIES

OF_EACH = [
    ("new", queue.queue_view, "new_terms_of"),
    ("housekeeping", housekeeping.housekeeping_view, "housekeeping_of"),
    ("housekeeping/act", housekeeping.unused_act, "housekeeping_act"),
    ("export", table.export_view, "terms_export"),
    ("import", table.import_view, "terms_import"),
]

urlpatterns = [
    path("new/", queue.queue_view, name="new_terms"),
    path("new/act/", queue.act_view, name="new_terms_act"),
    path("housekeeping/", housekeeping.overview, name="housekeeping"),
    *(
        path(f"{vocabulary}/{page}/", view, {"vocabulary": vocabulary}, name=name)
        for vocabulary in VOCABULARIES
        for page, view, name in OF_EACH
    ),
]
