"""What a browser or proxy may do with a page: keep it, and ask each time whether it still holds."""

from django.http import HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware


class RevalidationMiddleware(ConditionalGetMiddleware):
    """A hash of the content, as ETag, decides alone whether a page is still the same.

    No page is fresh without asking, unless its view says so: a withdrawn article must vanish at once. And no date
    answers for a page: names of terms, policies of sources and related articles change without the article, and a
    withdrawal leaves a list without a trace. Last-Modified, where a view sends it, only informs.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Cache-Control", "no-cache")
        request.META.pop("HTTP_IF_MODIFIED_SINCE", None)
        return super().process_response(request, response)
