"""What a browser or proxy may do with a page: keep it, and ask each time whether it still holds."""

from django.http import HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import set_response_etag


class RevalidationMiddleware(ConditionalGetMiddleware):
    """A hash of the content, as ETag, decides alone whether a page is still the same.

    No page is fresh without asking, unless its view says so: a withdrawn article must vanish at once. And no date
    answers for a page: names of terms, policies of sources and related articles change without the article, and a
    withdrawal leaves a list without a trace. Last-Modified, where a view sends it, only informs.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Cache-Control", "no-cache")
        request.META.pop("HTTP_IF_MODIFIED_SINCE", None)
        if request.method == "HEAD" and not response.streaming:
            return self._head(response)
        return super().process_response(request, response)

    def _head(self, response: HttpResponse) -> HttpResponse:
        """What GET would answer, without the body: some servers complain about one."""
        response.headers.setdefault("Content-Length", str(len(response.content)))
        if response.status_code == 200 and self.needs_etag(response):
            set_response_etag(response)
        response.content = b""
        return response
