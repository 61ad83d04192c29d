"""What makes a record this record, and what it says: keys, hashes, content. Pure; seed_format section 10."""

import hashlib
import json
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from articles import links, seeds
from taxonomy import names

KEY_TEXT = 500  # characters of the text that identify a record without a link
OUTSIDE = "标签外文字"  # text that stood behind no label, kept beside the others
# How an exported record carries a key that its text does not give.
KEY_LABEL, KEY_PREFIX = "编号", "urn:uuid:"
SHORT_TEXT = 40  # shorter texts are alike by chance: no sign of a duplicate


@dataclass(slots=True)
class Prepared:
    """A record as the importer stores it: lines, findings, and (unless quarantined) identity and content."""

    first_line: int
    last_line: int
    findings: list[dict[str, Any]]
    quarantined: bool
    needs_care: bool
    content: dict[str, Any] = field(default_factory=dict)
    events_raw: str = ""
    key: UUID | None = None
    hash: UUID | None = None
    text_hash: UUID | None = None
    url_key: str | None = None
    host: str | None = None

    @property
    def weight(self) -> int:
        """About how much memory the record takes on its way in."""
        rows = sum(
            len(self.content[name])
            for name in ("keywords", "technologies", "industries", "points")
            if self.content
        )
        return (
            len(self.content.get("summary", ""))
            + len(self.content.get("title", ""))
            + len(self.events_raw)
            + 500 * rows
        )


def prepare(content: bytes) -> list[Prepared]:
    """The records of a seed file, ready to be stored. A file that cannot be read is one quarantined record."""
    parsed = seeds.parse(content)
    if any(finding.severity == "error" for finding in parsed.findings) or not parsed.records:
        return [_quarantined(1, max(1, parsed.text.count("\n") + 1), parsed.findings)]
    findings, parsed.text, parsed.homes = parsed.findings, "", []
    prepared = []
    for i, record in enumerate(parsed.records):
        prepared.append(_prepare(record))
        parsed.records[i] = None  # a large file would else be in memory several times
    prepared[0].findings[:0] = map(_as_json, findings)
    prepared[0].needs_care |= any(finding.severity == "warning" for finding in findings)
    return prepared


def prepare_all(contents: list[bytes]) -> list[list[Prepared]]:
    """The records of several files: what a process of the importer's pool does."""
    return [prepare(content) for content in contents]


def end_with_parent(parent: int) -> None:
    """Let this process of the pool end when the importer was killed: nobody would ever tell it to.

    Ctrl-C is the importer's to answer, not each of its processes'.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _prepare(record: seeds.Record) -> Prepared:
    if record.quarantined:
        return _quarantined(record.first_line, record.last_line, record.findings)
    own_key = _own_key(record)
    content = content_of(record)
    url_key = links.canonical(record.url)
    return Prepared(
        first_line=record.first_line,
        last_line=record.last_line,
        findings=[_as_json(finding) for finding in record.findings],
        quarantined=False,
        needs_care=any(finding.severity == "warning" for finding in record.findings),
        content=content,
        events_raw=record.events_raw,
        key=own_key or _record_key(record, url_key),
        hash=_digest(json.dumps(content, ensure_ascii=False)),
        text_hash=text_hash(record.summary),
        url_key=url_key,
        host=links.host(record.url) if url_key else None,
    )


def _quarantined(first_line: int, last_line: int, findings: list[seeds.Finding]) -> Prepared:
    return Prepared(first_line, last_line, [_as_json(finding) for finding in findings], True, True)


def content_of(record: seeds.Record) -> dict[str, Any]:
    """What the record says, in the shape of `Article.base` and of the snapshots in revisions."""
    return {
        "title": record.title,
        "url": record.url,
        "also_at": record.also_at,
        "summary": record.summary,
        "source_date": record.source_date.isoformat() if record.source_date else None,
        "source_date_origin": record.source_date_origin,
        "extra": record.extra | ({OUTSIDE: record.unparsed} if record.unparsed else {}),
        "keywords": record.keywords,
        "technologies": record.technologies,
        "industries": record.industries,
        "intro": record.intro,
        "points": [{"heading": point.heading, "body": point.body} for point in record.points],
        "conclusion": record.conclusion,
    }


def text_hash(summary: str) -> UUID | None:
    """Equal for texts that differ in white space only; None for texts too short to tell."""
    bare = "".join(summary.split())
    return _digest(bare) if len(bare) >= SHORT_TEXT else None


def _own_key(record: seeds.Record) -> UUID | None:
    """The key that `export_seeds` wrote as 编号, taken out of the record: it is identity, not content."""
    value = record.extra.get(KEY_LABEL, "")
    if not value.startswith(KEY_PREFIX):
        return None
    try:
        key = UUID(value.removeprefix(KEY_PREFIX))
    except ValueError:
        return None
    del record.extra[KEY_LABEL]
    return key


def _record_key(record: seeds.Record, url_key: str | None) -> UUID:
    if url_key:
        return _digest("link " + url_key)
    return _digest(f"text {names.key(record.title)}\n{record.summary[:KEY_TEXT]}")


def _digest(text: str) -> UUID:
    return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())


def _as_json(finding: seeds.Finding) -> dict[str, Any]:
    return {"code": finding.code, "line": finding.line, "text": finding.text}
