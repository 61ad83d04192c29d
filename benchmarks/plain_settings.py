"""The settings of `benchmarks.plain_pages`: no middleware, and the site's own templates with nothing kept."""

from newsroom.settings import *  # noqa: F403
from newsroom.settings import BASE_DIR, TEMPLATES

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.plain_pages"


def _source(name: str, *replaced: tuple[str, str]) -> str:
    source = (BASE_DIR / "templates" / name).read_text()
    for kept, rendered in replaced:
        if kept not in source:
            raise ValueError(f"{name} does not say {kept} any more: say here what renders it anew each time")
        source = source.replace(kept, rendered)
    return source


_rendered_anew = {
    "article_list.html": _source(
        "article_list.html", ("{{ row.html }}", '{% include "_entry.html" with entry=row %}')
    ),
    "article_detail.html": _source("article_detail.html", ("{{ story }}", '{% include "_story.html" %}')),
    "_entry.html": _source(
        "_entry.html",
        ("{{ entry.terms }}", "{% for term in entry.terms %}" + _source("_term.html") + "{% endfor %}"),
    ),
    "_facets.html": _source("_facets.html", ("{{ facet.html }}", '{% include "_facet.html" %}')),
    "_terms.html": _source("_terms.html", ("{{ term.html }}", _source("_term.html"))),
}
_loaders = [
    ("django.template.loaders.locmem.Loader", _rendered_anew),
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
_options = TEMPLATES[0]["OPTIONS"] | {"loaders": [("django.template.loaders.cached.Loader", _loaders)]}
TEMPLATES = [TEMPLATES[0] | {"APP_DIRS": False, "OPTIONS": _options}]
