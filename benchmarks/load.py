"""Readers who go from page to page of a running site, oddly at times, and what they met. Loopback only."""

import http.client
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import unescape

TIMEOUT = 30  # seconds for an answer
# Of kinds of pages that are asked for more often than the others; all kinds of search together are a third.
WEIGHTS = {"article": 10, "front page": 4, "list": 4, "following a link": 6, "asking again": 4, "odd": 3}

PAGES = re.compile(r'<a class="(?:newer|older)"[^>]* href="(\?[^"]+)"')
ARTICLES = re.compile(r'href="(/articles/[0-9]+/[^"?#]+)')
ODD = {
    "/articles/?q=%00": 200,
    "/articles/?q=%FF%FE": 200,
    "/articles/?q=%22": 200,
    "/articles/?q=" + "%E5%BD%B1" * 300: 200,
    "/articles/?q=" + "+".join("abcdefghijklmnopqrstuvwxyz"): 200,
    "/articles/?q=.*(a%2B)%2B%5B&sort=x": 200,
    "/articles/?technology=%00&industry=nobody&keyword=" + "x" * 500: 200,
    "/articles/?" + "&".join(f"keyword={number}" for number in range(100)): 200,
    "/articles/?before=999999999999999999-9223372036854775807": 200,
    "/articles/?before=-999999999999999999-0&after=x": 200,
    "/articles/?before=99999999999999999999999-1": 200,
    "/articles/?q=AI&before=2-99999999999999999999": 200,
    "/articles/?since=0001-01-01&until=9999-12-31": 200,
    "/articles/?since=2026-02-30": 200,
    "/articles/?match=none": 200,
    "/atlas/?since=9999-12-31&until=0001-01-01": 200,
    "/events/?technology=' OR 1=1 --".replace(" ", "%20"): 200,
    "/keywords/?sort=pinyin&letter=%00&page=-1": 200,
    "/keywords/?sort=pinyin&letter=A&page=99999999999999999999": 200,
    "/articles/?" + "a&" * 1000: 400,
    "/keywords/%00/": 404,
    "/keywords/" + "x" * 1000 + "/": 404,
    "/articles/99999999999999999999/x/": 404,
    "/articles/0/": 404,
    "/days/2026-02-30/": 404,
    "/days/9999-12-31/": 404,
    "/nothing/here/": 404,
}

# --- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    kind: str
    address: str
    due: tuple[int, ...] = (200,)
    method: str = "GET"
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    etag: str
    text: str


@dataclass(frozen=True, slots=True)
class Visit:
    kind: str
    began: float
    took: float  # milliseconds
    trouble: str


def fetch(port: int, question: Question) -> Answer:
    headers = {"If-None-Match": question.etag} if question.etag else {}
    open_line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        open_line.request(question.method, question.address, headers=headers)
        answer = open_line.getresponse()
        text = answer.read().decode()
        return Answer(answer.status, answer.getheader("ETag", ""), text)
    finally:
        open_line.close()


@contextmanager
def meanwhile(over: threading.Event, *works: Callable[[], object]) -> Iterator[None]:
    """Each in a thread of its own until it is over; what one of them raises is raised at the end."""
    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(work) for work in works]
        try:
            yield
        finally:
            over.set()
    for done in running:
        done.result()


# --- readers --------------------------------------------------------------------------------------


@dataclass
class Traffic:
    """Readers who go from page to page, each on their own, and all that they met."""

    port: int
    pages: dict[str, list[str]]
    visits: list[Visit] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    # What pages led to, last: links to go on by, addresses with their ETag, and what the desk has withdrawn.
    links: deque[str] = field(default_factory=lambda: deque(["/articles/"], maxlen=200))
    known: deque[tuple[str, str]] = field(default_factory=lambda: deque([("/", "")], maxlen=500))
    withdrawn: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.some = [address for addresses in self.pages.values() for address in addresses]
        self.others: dict[str, Callable[[random.Random], Question]] = {
            "following a link": lambda rng: Question("following a link", rng.choice(list(self.links))),
            "asking again": self.again,
            "only the head": lambda rng: Question("only the head", rng.choice(self.some), method="HEAD"),
            "an old address": self.moved,
            "withdrawn": self.gone,
            "odd": self.odd,
            "readiness": lambda rng: Question("readiness", rng.choice(("/readyz", "/healthz"))),
            "style sheet": lambda rng: Question("style sheet", "/static/site.css"),
        }
        self.kinds = [*self.pages, *self.others]
        self.weights = [WEIGHTS.get(kind, 1) for kind in self.kinds]

    @contextmanager
    def flowing(self, concurrency: int) -> Iterator[None]:
        with meanwhile(self.over, *(partial(self.read, number) for number in range(concurrency))):
            yield

    def read(self, number: int) -> None:
        rng = random.Random(number)
        while not self.over.is_set():
            question = self.next(rng)
            answer = self.ask(question)
            if answer and question.method == "GET":
                self.remember(question, answer)

    def ask(self, question: Question) -> Answer | None:
        """None if it was not answered as is due."""
        answer, trouble, began = None, "", time.perf_counter()
        try:
            answer = fetch(self.port, question)
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
            trouble = f"{type(error).__name__} {error}"
        took = (time.perf_counter() - began) * 1000
        if answer and answer.status not in question.due:
            trouble = f"{answer.status} instead of {' or '.join(map(str, question.due))}"
        described = trouble and f"{question.method} {question.address[:200]}: {trouble}"
        self.visits.append(Visit(question.kind, began, took, described))
        return None if trouble else answer

    def remember(self, question: Question, answer: Answer) -> None:
        if answer.etag:
            self.known.append((question.address, answer.etag))
        base = question.address.partition("?")[0]
        self.links += [base + unescape(query) for query in PAGES.findall(answer.text)]
        if question.kind == "front page":
            self.links += ARTICLES.findall(answer.text)[:10]

    # --- what they ask for --------------------------------------------------------------------------

    def next(self, rng: random.Random) -> Question:
        (kind,) = rng.choices(self.kinds, self.weights)
        return self.others[kind](rng) if kind in self.others else Question(kind, rng.choice(self.pages[kind]))

    def again(self, rng: random.Random) -> Question:
        address, etag = rng.choice(list(self.known))
        return Question("asking again", address, (200, 304, 404, 410), etag=etag)

    def moved(self, rng: random.Random) -> Question:
        *_start, pk, _slug, _end = rng.choice(self.pages["article"]).split("/")
        return Question("an old address", f"/articles/{pk}/{rng.choice(('', 'former-title/'))}", (301,))

    def gone(self, rng: random.Random) -> Question:
        if not self.withdrawn:
            return Question("withdrawn", "/articles/999999999/x/", (404,))
        return Question("withdrawn", rng.choice(self.withdrawn), (410,))

    def odd(self, rng: random.Random) -> Question:
        address, status = rng.choice(list(ODD.items()))
        return Question("odd", address, (status,))
