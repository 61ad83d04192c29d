"""What a browser saves as a file, and never shows."""

from django.utils.http import content_disposition_header


def attachment(name: str) -> dict[str, str]:
    """The header of a response that is saved under this name."""
    return {"Content-Disposition": content_disposition_header(True, name)}
