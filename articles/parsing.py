"""Delivered files become records, parsed in other processes too where that is faster."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from articles.identity import Prepared, end_with_parent, prepare, prepare_all
from articles.intake import CHUNK_BYTES, Delivered

MANY_FILES, MANY_BYTES = 200, 10_000_000
LARGE = 2 * CHUNK_BYTES  # of a chunk that holds a large file
AHEAD, AHEAD_BYTES = 3, 16_000_000  # chunks of files that are parsed while one is stored; of large ones, one

Parsed = Iterator[tuple[Delivered, Prepared]]
Running = deque[tuple[list[Delivered], Future[list[list[Prepared]]]]]


def usual_jobs(files: int, size: int) -> int:
    """How many processes parse: for a few files, starting another takes longer than parsing them here.

    One file by itself gains nothing: nothing of it can be stored before all of it is parsed.
    """
    many = files >= MANY_FILES or (files > 1 and size >= MANY_BYTES)
    return min(2, os.cpu_count() or 1) if many else 1


def parsed(chunks: Iterator[list[Delivered]], jobs: int) -> Parsed:
    """The records of the files, in order; parsed in other processes too, ahead of the storing, if `jobs` allows."""
    if jobs <= 1:
        for chunk in chunks:
            yield from _here(chunk)
        return
    # Not forked: a child must not share the connection to the database.
    with ProcessPoolExecutor(jobs - 1, get_context("spawn"), end_with_parent, (os.getpid(),)) as pool:
        started: Future[int] | None = None
        running: Running = deque()
        for chunk in chunks:
            started = started or pool.submit(os.getpid)
            # Parsing a usual chunk here takes no longer than starting a process.
            if not running and not started.done() and _size(chunk) <= LARGE:
                yield from _here(chunk)
                continue
            running.append((chunk, pool.submit(prepare_all, [_taken(file) for file in chunk])))
            while _far_ahead(running):
                yield from _next(running)
        while running:
            yield from _next(running)


def _far_ahead(running: Running) -> bool:
    size = sum(_size(chunk) for chunk, _future in running)
    return len(running) > AHEAD or (len(running) > 1 and size > AHEAD_BYTES)


def _size(chunk: Iterable[Delivered]) -> int:
    return sum(file.size for file in chunk)


def _here(chunk: Iterable[Delivered]) -> Parsed:
    for file in chunk:
        yield from _records(file, prepare(_taken(file)))


def _next(running: Running) -> Parsed:
    chunk, future = running.popleft()
    for file, records in zip(chunk, future.result(), strict=True):
        yield from _records(file, records)


def _taken(file: Delivered) -> bytes:
    """Its bytes, which are stored: here they are needed once."""
    content, file.content = file.content, b""
    return content


def _records(file: Delivered, records: list[Prepared]) -> Parsed:
    file.last_line = records[-1].last_line
    for record in records:
        yield file, record
