"""The admin's search of articles is the readers' search, over all states."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import links
from articles.admin.lists import LOOKED_AT, among
from articles.naming import Naming
from articles.search import text
from articles.search.query import Asked, matching
from articles.search.reader import reader


class IndexSearchMixin:
    searched = LOOKED_AT  # of the newest articles: the list's filters are applied to these
    search_fields = ["title", "url"]  # what is searched while there is no index
    search_help_text = gettext_lazy("Words of the title, the event summary, terms or text; or a link")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """The readers' search over all states; a pasted link finds its article in whatever form it was delivered."""
        url_key = links.canonical(search_term) if "/" in search_term else None
        words = [word[: text.MAX_ASKED] for word in text.words(search_term)[: text.MAX_WORDS]]
        if not words:
            return queryset, False
        index = reader()
        if not index:
            warning = _("The search index is not there yet: only titles and links are searched.")
            self.message_user(request, warning, messages.WARNING)
            found, _may_repeat = super().get_search_results(request, queryset, search_term)
        else:
            named = Naming.of(" ".join(search_term.split()), words).asked()
            ids, more = matching(index, Asked(*named, public=False), limit=self.searched)
            if more:
                self.message_user(
                    request,
                    _("Very many articles: only the %(number)s newest were looked at. Add a word.")
                    % {"number": f"{self.searched:,}"},
                    messages.INFO,
                )
            found = queryset.filter(among(list(ids)))
        return (found | queryset.filter(url_key=url_key) if url_key else found), False
