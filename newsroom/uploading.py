"""No request may fill the disk: what comes in beyond the limits is read and thrown away, and the view says why."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

TOO_MANY, TOO_LARGE = "too-many", "too-large"


class BoundedUpload(FileUploadHandler):
    """Stands before Django's own handlers. `request.upload_refusal` tells what was too much."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.files = self.bytes = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files += 1
        if self.files > settings.UPLOAD_MAX_FILES:
            self._refuse(TOO_MANY)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.bytes += len(raw_data)
        if self.bytes > settings.UPLOAD_MAX_BYTES:
            self._refuse(TOO_LARGE)
        return raw_data

    def _refuse(self, reason: str) -> None:
        """What was sent before it, such as the form's token, has been read."""
        self.request.upload_refusal = reason
        raise StopUpload(connection_reset=False)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        return None
