"""What commands share: how they tell what was found in seed files, report files, and how they end."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError
from django.core.management.color import Style
from django.db import Error
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tqdm import tqdm

from articles.findings import ERROR, NOTE, WARNING
from articles.models import ImportBatch
from articles.placing import placed
from articles.wording import SEVERITIES
from newsroom.ids import MAX_ID
from newsroom.json_lines import json_line

WHY_NOT = {
    errno.ENOENT: gettext_lazy("there is no such folder"),
    errno.ENOTDIR: gettext_lazy("there is no such folder"),
    errno.EISDIR: gettext_lazy("it is a folder"),
    errno.EACCES: gettext_lazy("this account must not write there"),
    errno.ENOSPC: gettext_lazy("the disk is full"),
}
CARE, USAGE, TROUBLE, BUSY = 1, 2, 3, 4  # the exit codes of all commands
GO_ON = gettext_lazy("Stopped: %(error)s\nNothing is half-written. Run the same command again to go on.")


# --- how they end ---------------------------------------------------------------------------------


@contextmanager
def trouble(text: Any = GO_ON, **named: Any) -> Iterator[None]:
    """What the database or the disk cannot do, and Ctrl-C, becomes this message and its exit code."""
    try:
        yield
    except (Error, OSError, BrokenExecutor, KeyboardInterrupt) as error:
        said = text % {"error": str(error) or "Ctrl-C", **named}
        raise CommandError(said, returncode=TROUBLE) from error


def batch_numbered(number: int) -> ImportBatch:
    """Raises CommandError if there is none."""
    batch = ImportBatch.objects.filter(pk=number).first() if 0 < number <= MAX_ID else None
    if batch is None:
        raise CommandError(_("There is no batch #%(number)d.") % {"number": number}, returncode=USAGE)
    return batch


def show_progress(bar: tqdm, total: int, done: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


# --- findings and files ---------------------------------------------------------------------------


def finding_line(name: str, finding: Mapping[str, Any], style: Style) -> str:
    """`file:line: code severity: message “text” → remedy`: in a log no colour tells what is grave."""
    return _coloured(
        f"{name}:{finding['line']}: {finding['code']} ", finding["severity"], _sentence(finding), style
    )


def skipped_line(item: Mapping[str, Any], style: Style) -> str:
    """The same of a file that was left out: an error if it should have been read."""
    return _coloured(f"{item['name']}: {item['code']} ", severity(item["code"]), item["text"], style)


def _coloured(place: str, severity: str, text: str, style: Style) -> str:
    said = _("%(severity)s: %(text)s") % {"severity": SEVERITIES[severity], "text": text}
    return {ERROR: style.ERROR, WARNING: style.WARNING}.get(severity, str)((place + said).rstrip())


def _sentence(finding: Mapping[str, Any]) -> str:
    """What was found, where in the text, what to do."""
    text = f" “{finding['text']}”" if finding["text"] else ""
    remedy = f" → {finding['remedy']}" if finding["remedy"] else ""
    return f"{finding['message']}{text}{remedy}"


def is_trouble(code: str) -> bool:
    """Whether a file was left out that should have been read."""
    return code in {"missing", "unreadable", "still-growing", "too-large"} or code.startswith("zip-")


def severity(code: str) -> str:
    """How grave it is that a file was left out."""
    return ERROR if is_trouble(code) else NOTE


# --- what is printed ------------------------------------------------------------------------------


class Lines:
    """What a command prints. What cannot be printed is told by `check`: the work that it tells of goes on to its end."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.error: OSError | KeyboardInterrupt | None = None

    def write(self, line: str) -> None:
        self._try(self.stream.write, line)

    def flush(self) -> None:
        self._try(self.stream.flush)

    def _try(self, do: Callable[..., Any], *arguments: str) -> None:
        if self.error:
            return
        try:
            do(*arguments)
        except OSError as error:
            self.error = error
        except KeyboardInterrupt as error:
            self.error = error
            raise

    def check(self) -> None:
        """Raises OSError for what could not be printed; a reader who has closed the pipe has seen enough."""
        if self.error and not isinstance(self.error, BrokenPipeError):
            raise self.error


@contextmanager
def printed(stream: Any) -> Iterator[Lines]:
    """Nothing is left in the stream's buffer: the interpreter would try it again at its end, and answer 120."""
    _speak_plainly(stream)
    lines = Lines(stream)
    try:
        yield lines
    finally:
        try:
            lines.flush()
        finally:
            if lines.error:
                _discard(stream)


@contextmanager
def piped(stream: IO[str]) -> Iterator[IO[str]]:
    """For what a command makes, not tells: it ends, content, with the reader who closes the pipe."""
    try:
        yield stream
        stream.flush()
    except OSError as error:
        _discard(stream)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(0) from None
        raise


def _speak_plainly(stream: Any) -> None:
    """Let a terminal that lacks a character show its number, not end the command."""
    stream = getattr(stream, "_out", stream)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _discard(stream: Any) -> None:
    with suppress(OSError), open(os.devnull, "wb") as nowhere:  # not every stream is a file
        os.dup2(nowhere.fileno(), stream.fileno())


# --- report files ---------------------------------------------------------------------------------


class Report:
    """A report file. What cannot be written is told when it is closed: the work that it tells of goes on to its end."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8")
        self.error: OSError | None = None

    def write(self, text: str) -> None:
        try:
            if not self.error:
                self.file.write(text)
        except OSError as error:
            self.error = error

    def close(self) -> None:
        """Raises OSError for what went wrong at any time."""
        try:
            self.file.close()
        except OSError as error:
            self.error = self.error or error
        if self.error:
            raise self.error


def write_skipped(file: Report, item: Mapping[str, Any]) -> None:
    write_json(file, {"file": item["name"], "outcome": "skipped", **item})


def write_json(file: Report, content: Mapping[str, Any]) -> None:
    file.write(json_line(content))


@contextmanager
def written(path: str | None, inputs: Iterable[str]) -> Iterator[Report | None]:
    """The report file, which has its name once it is whole; None without a path.

    Raises CommandError if it would lie among the seed files that are read, or cannot be begun: a wrong call. If it
    cannot be ended, that is trouble of the disk, said after all else.
    """
    if path is None:
        yield None
        return
    target = Path(path).absolute()
    if any(target.is_relative_to(Path(place).absolute()) for place in inputs):
        raise CommandError(_("The report must not lie among the seed files: %s") % path, returncode=USAGE)
    code = USAGE
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        with placed(target) as part, closing(Report(part)) as report:
            code = TROUBLE
            yield report
    except OSError as error:
        why = f"{path}: {WHY_NOT.get(error.errno, error.strerror or error)}"
        raise CommandError(_("The report cannot be written: %s") % why, returncode=code) from error
