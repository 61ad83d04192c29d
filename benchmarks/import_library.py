"""A million records into a library of its own: `python -m benchmarks.import_library FOLDER --count 1000000`.

Writes seed files, many records each, under FOLDER/seeds, imports them by the command into the embedded database of
FOLDER/var while a worker keeps the search index up, and waits until all can be found. Prints time, rate, peak memory
of import and worker, and what lies on the disk. Runs again where it was: also after a kill -9 of itself or the import.
`--no-search` leaves the worker out. A million need about 53 GB, 45 without search; FOLDER can be deleted afterwards.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil

from benchmarks.generate import seed

EACH = 200  # records of a file
NEED = {True: 53_000, False: 45_000}  # bytes a record takes in all, with search and without
POLL = 0.5  # seconds


class Peak:
    """The most memory that a process and its children have had at one time: their own, and with what they share.

    What the system may take back at once, the files of the index that are mapped into memory, counts as shared.
    """

    def __init__(self, process: subprocess.Popen) -> None:
        self.process, self.own, self.all = psutil.Process(process.pid), 0, 0

    def look(self) -> None:
        try:
            family = [self.process, *self.process.children(recursive=True)]
            seen = [member.memory_info() for member in family]
            self.own = max(self.own, sum(memory.rss - memory.shared for memory in seen))
            self.all = max(self.all, sum(memory.rss for memory in seen))
        except psutil.Error:
            pass  # one of them has just ended


def write(folder: Path, first: int, last: int) -> None:
    """A file is there whole or not at all, so that a run that was stopped goes on."""
    path = folder / f"{first:08}.txt"
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_text("\n".join(seed(number) for number in range(first, last)), encoding="utf-8")
        part.replace(path)


def write_all(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    firsts = range(0, count, EACH)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        lasts = (min(first + EACH, count) for first in firsts)
        for _done in pool.map(write, [folder] * len(firsts), firsts, lasts, chunksize=10):
            pass


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def number(model: str, environment: dict[str, str]) -> int:
    """How many rows the model has; entries of SearchQueue wait for the index."""
    script = f"from articles.models import {model}; print({model}.objects.count())"
    asked = subprocess.run(
        manage("shell", "-v", "0", "-c", script), env=environment, capture_output=True, check=True
    )
    return int(asked.stdout.split()[-1])


def size(folder: Path) -> str:
    total = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    return f"{total / 1e9:.1f} GB"


def check_room(folder: Path, count: int, search: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    there = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    need, free = count * NEED[search] - there, shutil.disk_usage(folder).free
    if free < need:
        raise SystemExit(f"{folder} has {free / 1e9:.0f} GB free; this needs about {need / 1e9:.0f} GB.")


def run_import(
    folder: Path, count: int, environment: dict[str, str], worker: subprocess.Popen | None
) -> None:
    began = time.perf_counter()
    report = str(folder / "report.jsonl")
    command = manage("import_seeds", str(folder / "seeds"), "--publish", "--report", report)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    peaks = {"import": Peak(process)} | ({"worker": Peak(worker)} if worker else {})
    while process.poll() is None:
        look(peaks)
    seconds = time.perf_counter() - began
    if process.returncode > 1:
        raise SystemExit(f"The import ended with {process.returncode}.")
    if (there := number("Article", environment)) != count:
        raise SystemExit(f"{there:,} articles instead of {count:,}.")
    print(f"import: {seconds:,.0f} s, {count / seconds:,.0f} records/s")
    while worker and number("SearchQueue", environment):
        look(peaks)
    if worker:
        findable = time.perf_counter() - began
        print(f"until the last is findable: {findable:,.0f} s, {count / findable:,.0f} records/s")
    for name, peak in peaks.items():
        print(
            f"peak memory of the {name}: {peak.own / 1e6:,.0f} MB, with mapped files {peak.all / 1e6:,.0f} MB"
        )


def look(peaks: dict[str, Peak]) -> None:
    for peak in peaks.values():
        peak.look()
    time.sleep(POLL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--no-search", action="store_true")
    asked = parser.parse_args()
    folder = asked.folder.absolute()
    check_room(folder, asked.count, not asked.no_search)
    began = time.perf_counter()
    write_all(folder / "seeds", asked.count)
    print(f"seed files written: {time.perf_counter() - began:,.0f} s, {size(folder / 'seeds')}", flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["NEWSROOM_VAR"] = str(folder / "var")
    subprocess.run(manage("migrate", "-v", "0"), env=environment, check=True)
    worker = None if asked.no_search else subprocess.Popen(manage("worker"), env=environment)
    try:
        run_import(folder, asked.count, environment, worker)
    finally:
        if worker:
            worker.terminate()
            worker.wait()
        subprocess.run([sys.executable, "-m", "newsroom.embedded", "stop"], env=environment, check=False)
    print(f"on the disk: {size(folder / 'var')} of database and index")


if __name__ == "__main__":
    main()
