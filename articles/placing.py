"""A file has its name once it is whole: nobody, and no import, finds half of one. Pure."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def part_of(target: Path) -> Path:
    """This process's own: two at once must not write into one."""
    return target.with_name(f"{target.name}.{os.getpid()}.part")


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Where to write it, beside its place; what does not come to its end is gone."""
    part = part_of(target)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
