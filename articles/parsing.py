"""Delivered files become records, parsed in other processes too where that is faster."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from articles.identity import Prepared, end_with_parent, prepare_all
from articles.intake import Delivered

MANY_FILES = 200
AHEAD = 3  # chunks of files that are parsed while one is stored


def usual_jobs(files: int) -> int:
    """How many processes parse: for a few files, starting another takes longer than parsing them here."""
    return 1 if files < MANY_FILES else min(2, os.cpu_count() or 1)


def parsed(chunks: Iterator[list[Delivered]], jobs: int) -> Iterator[tuple[Delivered, Prepared]]:
    """The records of the files, in order; parsed in other processes too, ahead of the storing, if `jobs` allows."""
    if jobs <= 1:
        for chunk in chunks:
            yield from _undone(chunk, prepare_all([file.content for file in chunk]))
        return
    # Not forked: a child must not share the connection to the database.
    with ProcessPoolExecutor(jobs - 1, get_context("spawn"), end_with_parent, (os.getpid(),)) as pool:
        started, running = None, deque()
        for chunk in chunks:
            started = started or pool.submit(os.getpid)
            contents = [file.content for file in chunk]
            if not started.done():  # parsing a chunk here takes no longer than starting a process
                yield from _undone(chunk, prepare_all(contents))
                continue
            running.append((chunk, pool.submit(prepare_all, contents)))
            if len(running) > AHEAD:
                chunk, future = running.popleft()
                yield from _undone(chunk, future.result())
        for chunk, future in running:
            yield from _undone(chunk, future.result())


def _undone(
    files: Iterable[Delivered], prepared: Iterable[list[Prepared]]
) -> Iterator[tuple[Delivered, Prepared]]:
    for file, records in zip(files, prepared, strict=True):
        file.content = b""  # it is stored and parsed
        yield from ((file, record) for record in records if record.first_line not in file.done_lines)
