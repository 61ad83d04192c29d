"""A file has its name once it is whole: nobody, and no import, finds half of one. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Where to write it, beside its place; what does not come to its end is gone."""
    part = target.with_name(f"{target.name}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
