"""A new batch: files, a zip or a pasted text are handed over, looked at without writing, and imported by the worker."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from articles import files, uploads
from articles.admin import records
from articles.models import Outcome, PreviewRow, Upload, UploadState
from newsroom.uploading import TOO_MANY

ADD, PUBLISH = "articles.add_importbatch", "articles.publish_article"
MAX_PASTED = 2_000_000  # characters
ASKED = ["GET", "HEAD", "POST"]
MAX_SKIPPED = 200  # files that were left out, on a page
CARE = (Outcome.CONFLICT, Outcome.DUPLICATE, Outcome.QUARANTINED)  # what waits for a person
# In the language of the format.
SAMPLE = """\
标题: 一家公司开源了语音识别模型
链接: https://news.example.com/2026/1001.html
发布时间: 2026-10-01
总结: 正文全文，可以分成好几段。
第二段。
关键词: 语音识别, 开源
AI技术: 语音识别
行业: 软件
重大事件摘要: 一两句引言。
1. **发布**：这一点说发生了什么。
2. **影响**：这一点说有什么后果。

总之，这里是结语。
"""


class UploadsMixin:
    """For the admin of batches."""

    def get_urls(self) -> list[URLPattern]:
        one = "upload/<int:pk>/"
        pages: list[tuple[str, str, Callable]] = [
            ("new/", "new", require_http_methods(ASKED)(self._new)),
            (one, "upload", require_safe(self._upload)),
            (f"{one}state/", "upload_state", require_safe(never_cache(self._state))),
            (f"{one}record/<int:row>/", "upload_record", require_safe(self._record)),
            (f"{one}run/", "upload_run", require_POST(self._run)),
            (f"{one}retry/", "upload_retry", require_POST(self._retry)),
            (f"{one}discard/", "upload_discard", require_POST(self._discard)),
        ]
        return [
            *(
                path(
                    address,
                    self.admin_site.admin_view(partial(_allowed, view)),
                    name=f"articles_importbatch_{name}",
                )
                for address, name, view in pages
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        may_add = request.user.has_perm(ADD)
        more = {"may_add_batch": may_add, "waiting": uploads.waiting() if may_add else []}
        return super().changelist_view(request, (extra_context or {}) | more)

    def _upload_page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        return self._page(request, None, name, **context)

    # -- handing over

    def _new(self, request: HttpRequest) -> HttpResponse:
        refusal = ""
        if request.method == "POST":
            try:
                upload = _stored(request)
            except uploads.Refused as refused:
                refusal = str(refused)
            else:
                return HttpResponseRedirect(_address("upload", upload))
        return self._upload_page(
            request,
            "new",
            title=_("Import files"),
            refusal=refusal,
            text=request.POST.get("text", ""),
            may_publish=request.user.has_perm(PUBLISH),
            waiting=uploads.waiting(),
            sample=SAMPLE,
            limits={
                "files": settings.UPLOAD_MAX_FILES,
                "size": settings.UPLOAD_MAX_BYTES // 1_000_000,
                "unpacked": settings.UPLOAD_MAX_UNPACKED_BYTES // 1_000_000,
                "members": settings.UPLOAD_MAX_UNPACKED_FILES,
                "records": settings.UPLOAD_PREVIEW_RECORDS,
            },
        )

    # -- looking at it

    def _upload(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = _found(pk)
        if upload.state == UploadState.DONE and upload.batch_id:
            self.message_user(
                request, _("%(batch)s is imported.") % {"batch": upload.batch}, messages.SUCCESS
            )
            return HttpResponseRedirect(reverse("admin:articles_importbatch_change", args=[upload.batch_id]))
        rows = PreviewRow.objects.filter(upload=upload).select_related("file").defer("file__content")
        found = records.tabs(request, upload.counts) if upload.state == UploadState.PREVIEWED else []
        number, size = uploads.size(upload)
        broken = upload.counts.get(Outcome.QUARANTINED, 0)
        return self._upload_page(
            request,
            "upload",
            title=str(upload),
            upload=upload,
            files=number,
            size=size,
            records=records.page_of(request, rows, opened_for_care(request, found)),
            left_out=uploads.left_out(upload.skipped[:MAX_SKIPPED]),
            sound=sum(upload.counts.values()) - broken,
            broken=broken,
            may_run=request.user.has_perm(PUBLISH) or not upload.publish,
            limit=settings.UPLOAD_PREVIEW_RECORDS,
            batch_begun=uploads.batch_of(upload).first() if upload.state == UploadState.FAILED else None,
            state=_told(upload, number),
        )

    def _state(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = _found(pk)
        return JsonResponse(_told(upload, upload.files.count()))

    def _record(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        rows = PreviewRow.objects.select_related("file", "upload").defer("file__content")
        found = get_object_or_404(rows, pk=row, upload=_found(pk))
        own = found.upload.by_id == request.user.pk
        if not (own or request.user.has_perm("articles.view_seedfile")):
            raise PermissionDenied
        sees = records.sees_articles(request)
        return self._upload_page(
            request,
            "record",
            title=records.place(found),
            upload=found.upload,
            row=found,
            conflicts=records.three_sides(found.conflicts) if sees else [],
            neighbours=records.neighbours(PreviewRow.objects.filter(upload=found.upload_id), found),
            before_it=found.pk - 1,
            **records.beside(found, sees=sees),
        )

    # -- deciding

    def _run(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = _found(pk)
        if upload.publish and not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        return self._done(request, upload, partial(uploads.queue, by=request.user))

    def _retry(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._done(request, _found(pk), uploads.retry)

    def _discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._done(request, _found(pk), uploads.discard)

    def _done(self, request: HttpRequest, upload: Upload, act: Callable[[Upload], None]) -> HttpResponse:
        try:
            act(upload)
        except uploads.Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
        return HttpResponseRedirect(_address("upload", upload))


def _allowed(
    view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponse:
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    return view(request, *args, **kwargs)


def _found(pk: int) -> Upload:
    return get_object_or_404(Upload.objects.select_related("by"), pk=pk)


def _address(name: str, upload: Upload) -> str:
    return reverse(f"admin:articles_importbatch_{name}", args=[upload.pk])


def _told(upload: Upload, number: int) -> dict[str, Any]:
    """How far it is, for the page and its script; `read` is None while that cannot be told."""
    begun = upload.state in {UploadState.PREVIEWING, UploadState.RUNNING}
    return {
        "state": upload.state,
        "held_up": upload.held_up,
        "read": (upload.percent or None) if begun else 0,
        "of": 100,
        "text": _how_far(upload, number) if begun else "",
    }


def _how_far(upload: Upload, number: int) -> str:
    """What was counted in the preview counts anew in the import: with the number there are, where it is known."""
    total = sum(upload.counts.values())
    if upload.state == UploadState.RUNNING and total and not upload.cut:
        text = _("%(records)d of %(total)d records imported, %(percent)d %%")
    else:
        text = _("%(read)d of %(files)d files read, %(records)d records, %(percent)d %%")
    return text % {
        "read": upload.files_read,
        "files": number,
        "records": upload.records,
        "total": total,
        "percent": upload.percent,
    }


def opened_for_care(request: HttpRequest, tabs: list[records.Tab]) -> list[records.Tab]:
    """If no tab is asked for, the first that needs a person is the current one."""
    first = next((tab.outcome for tab in tabs if tab.outcome in CARE), None)
    if first is None or request.GET.get("tab") in {tab.outcome for tab in tabs}:
        return tabs
    return [replace(tab, current=tab.outcome == first) for tab in tabs]


# --- what was handed over -------------------------------------------------------------------------


def _stored(request: HttpRequest) -> Upload:
    """Raises Refused, with the reason."""
    text = request.POST.get("text", "").replace("\r\n", "\n")  # reads the request: now its limits are known
    if refusal := getattr(request, "upload_refusal", ""):
        if refusal == TOO_MANY:
            most = settings.UPLOAD_MAX_FILES
            raise uploads.Refused(
                _("These are more than %(most)d files. Put them into a zip file.") % {"most": most}
            )
        most = settings.UPLOAD_MAX_BYTES // 1_000_000
        raise uploads.Refused(_("This is more than %(most)d MB. Deliver it in parts.") % {"most": most})
    if len(text) > MAX_PASTED:
        raise uploads.Refused(_("The pasted text is too long. Deliver it as a file."))
    given = request.FILES.getlist("files")
    if not given and not text.strip():
        raise uploads.Refused(_("Choose files, or paste a text."))
    publish = bool(request.POST.get("publish")) and request.user.has_perm(PUBLISH)
    return uploads.store(_delivered(given, text), by=request.user, publish=publish)


def _delivered(given: list[UploadedFile], text: str) -> Iterator[files.NamedBytes | files.SkippedFile]:
    for file in given:
        with _on_disk(file) as place:
            yield from files.unpack(file.name, place)
    if text.strip():
        yield files.NamedBytes(f"{_('pasted text')}.txt", partial(str.encode, text))


@contextmanager
def _on_disk(file: UploadedFile) -> Iterator[str]:
    """Zip files are opened where they lie; of the name only counts whether it is one."""
    suffix = ".zip" if file.name.lower().endswith(".zip") else ""
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, f"delivered{suffix}")
        with open(place, "wb") as copy:
            copy.writelines(file.chunks())
        yield place
