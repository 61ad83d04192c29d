"""How commands tell what was found in seed files: in words, on lines, in report files."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError
from django.core.management.color import Style
from django.utils.translation import gettext as _

from articles.findings import ERROR, WARNING

USAGE = 2  # the exit code of all commands for a wrong call


def sentence(finding: Mapping[str, Any]) -> str:
    """What was found, where in the text, what to do: `message “text” → remedy`."""
    text = f" “{finding['text']}”" if finding["text"] else ""
    remedy = f" → {finding['remedy']}" if finding["remedy"] else ""
    return f"{finding['message']}{text}{remedy}"


def coloured(line: str, severity: str, style: Style) -> str:
    return {ERROR: style.ERROR, WARNING: style.WARNING}.get(severity, str)(line)


def skipped_line(item: Mapping[str, Any]) -> str:
    return f"{item['name']}: {item['code']} {item['text']}".rstrip()


def write_skipped(file: IO[str], item: Mapping[str, Any]) -> None:
    write_json(file, {"file": item["name"], "outcome": "skipped", **item})


def write_json(file: IO[str], content: Mapping[str, Any]) -> None:
    file.write(json.dumps(content, ensure_ascii=False) + "\n")


def is_trouble(code: str) -> bool:
    """Whether a file was left out that should have been read."""
    return code in {"missing", "unreadable", "still-growing", "too-large"} or code.startswith("zip-")


@contextmanager
def written(path: str | None, inputs: Iterable[str]) -> Iterator[IO[str] | None]:
    """The report file, beside its place until it is whole; None without a path.

    Raises CommandError if it cannot be written, or would lie among the seed files that are read.
    """
    if path is None:
        yield None
        return
    target = Path(path).absolute()
    if any(target.is_relative_to(Path(place).absolute()) for place in inputs):
        raise CommandError(_("The report must not lie among the seed files: %s") % path, returncode=USAGE)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise CommandError(_("The report cannot be written: %s") % error, returncode=USAGE) from error


def speak_plainly(stream: Any) -> None:
    """Let a terminal that lacks a character show its number, not end the command."""
    stream = getattr(stream, "_out", stream)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
