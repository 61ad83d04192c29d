"""An article for search engines and other machines, as schema.org and OpenGraph name its parts."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from articles import links
from articles.listing import ListedTerm
from articles.models import Article
from articles.rights import Shown
from articles.story import Story
from taxonomy.models import Term

LANGUAGE = "zh-Hans"  # of the articles, whatever language the reader chose for the frame
MAX_HEADLINE = 110  # characters that search engines take


def news_article(article: Article | Story, shown: Shown, description: str, site: str) -> dict[str, Any]:
    """The article as a NewsArticle of schema.org. Only what `shown` and `description` let readers see.

    `site` is what makes an address of ours absolute: `https://example.com`.
    """
    address = site + article.get_absolute_url()
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": address,
        "url": address,
        "mainEntityOfPage": address,
        "headline": Truncator(shown.title).chars(MAX_HEADLINE),
        "description": description,
        "inLanguage": LANGUAGE,
        "isBasedOn": article.url if links.clickable(article.url) else "",
        "datePublished": _moment(article.published_at),
        # A scheduled article was changed for the last time before it appeared.
        "dateModified": _moment(max(article.updated_at, article.published_at)),
        "publisher": _organization(_("Newsroom"), f"{site}/"),
        "provider": _organization(str(article.source)) if article.source else "",
        "creditText": _credit(article),
        "about": _things([*article.technologies.all(), *article.industries.all()], site),
        "keywords": [term.name for term in article.keywords.all()],
        "correction": _corrections(article),
    }
    return {name: value for name, value in data.items() if value}


def _moment(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")


def _organization(name: str, url: str = "") -> dict[str, str]:
    return {"@type": "Organization", "name": name} | ({"url": url} if url else {})


def _credit(article: Article | Story) -> str:
    """Who stands behind the event summary: the label that readers see."""
    summary = getattr(article, "event_summary", None)
    return summary.get_origin_display() if summary else ""


def _corrections(article: Article | Story) -> list[dict[str, str]]:
    """The notices that stand: what was wrong, and what is right."""
    standing = (notice for notice in article.corrections.all() if not getattr(notice, "retracted_at", None))
    return [
        {
            "@type": "CorrectionComment",
            "text": _("It said: %(wrong)s Right is: %(right)s")
            % {"wrong": notice.wrong, "right": notice.right},
            "dateCreated": _moment(notice.at),
        }
        for notice in standing
    ]


def _things(terms: Iterable[Term | ListedTerm], site: str) -> list[dict[str, str]]:
    return [{"@type": "Thing", "name": term.name, "url": site + term.get_absolute_url()} for term in terms]
