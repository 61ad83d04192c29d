"""How fast seed text is parsed: `python -m benchmarks.parse_speed 2000`. No database, one process.

The second half of the table shows that time grows with the length, whatever the text: four times the text of a kind
made to be hard takes about four times as long.
"""

import sys
import time
from collections.abc import Callable
from functools import partial

from articles import seeds
from benchmarks.generate import seed

TIMES = 5  # the best of so many counts
HEAD = "标题: 甲\n链接: https://www.example.com/\n"
HARD: dict[str, Callable[[int], str]] = {
    "labels, each on a line": lambda n: "标题: 甲\n链接: 乙\n来源: 丙\n" * (n // 9),
    "blank lines": lambda n: HEAD + "总结: 甲\n" + "\n" * (n // 2),
    "`<`": lambda n: HEAD + "总结: " + "<" * n,
    "`**`": lambda n: HEAD + "重大事件摘要: " + "**" * (n // 2),
    "`1. `": lambda n: HEAD + "重大事件摘要: " + "1. " * (n // 3),
    "addresses without a space": lambda n: "链接: " + "https://a.b/" * (n // 12),
    "terms": lambda n: HEAD + "关键词: " + "甲," * (n // 2),
}
LENGTH = 200_000  # characters


def best(work: Callable[[], object], times: int = TIMES) -> float:
    seconds = []
    for _time in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def parse_all(contents: list[bytes]) -> None:
    for content in contents:
        seeds.parse(content)


def show(how: str, contents: list[bytes], records: int) -> None:
    seconds = best(lambda: parse_all(contents))
    megabytes = sum(map(len, contents)) / 1e6
    print(f"{how:<40}{megabytes / seconds:>9.1f}{seconds / records * 1e3:>14.3f}")


def main(count: int) -> None:
    texts = [seed(number) for number in range(count)]
    average = sum(len(text.encode()) for text in texts) / count / 1e3
    print(f"{count:,} generated records of {average:.1f} kB")
    print(f"{'how':<40}{'MB/s':>9}{'ms a record':>14}")
    show("UTF-8, one record a file", [text.encode() for text in texts], count)
    show("UTF-8, all in one file", ["".join(texts).encode()], count)
    show("GB18030, one record a file", [text.encode("gb18030") for text in texts], count)
    show("UTF-16, one record a file", [text.encode("utf-16") for text in texts], count)
    print(f"\n{'hard text':<40}{'ms':>9}{'4 × the text':>14}{'ratio':>8}")
    for how, write in HARD.items():
        one, four = write(LENGTH).encode(), write(4 * LENGTH).encode()
        short, long = (best(partial(seeds.parse, content), 3) for content in (one, four))
        print(f"{how:<40}{short * 1e3:>9.1f}{long * 1e3:>14.1f}{long / short:>8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
