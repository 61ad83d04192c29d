"""Terms put on many articles and taken off, and back: rows, waiting drafts, versions, revisions, set-based."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, Max
from django.utils import timezone

from articles import revisions, rewriting
from articles.models import LINKS, VOCABULARY_FIELDS, Article, Revision, RevisionKind
from articles.revisions import Snapshot
from newsroom.sql import as_json, run
from taxonomy.models import VOCABULARIES, Term

VERB = "retag"
SIDES = ("removed", "added")

# What was done to one article: {removed: [term, raw, position], added: the same, draft: {side: [term, place]}}; no draft
# waited if that is not there.
Change = dict[str, Any]


class Link(NamedTuple):
    """How an article carries a term."""

    raw: str
    position: int


@dataclass
class Desk:
    """What these articles carry, and the drafts that wait for them."""

    links: dict[str, dict[int, dict[int, Link]]]  # by vocabulary, article and term
    drafts: dict[int, Revision]
    names: dict[str, dict[str, Term]]  # by vocabulary: what the spellings in the drafts mean

    def carried(self, vocabulary: str, article: int) -> dict[int, Link]:
        return self.links[vocabulary].get(article, {})

    def drafted(self, vocabulary: str, article: int) -> list[str] | None:
        """The names in the waiting draft; None if none waits, or it says nothing of them."""
        draft = self.drafts.get(article)
        return draft.snapshot.get(VOCABULARY_FIELDS[vocabulary]) if draft else None

    def meant(self, vocabulary: str, names: Iterable[str]) -> list[int | None]:
        """The term of each name; one that is new has none."""
        known = self.names[vocabulary]
        return [known[name].pk if name in known else None for name in names]


@dataclass
class Edit:
    """What becomes of one article: rows that go, rows that come, and the new text of its waiting draft."""

    article: int
    gone: list[tuple[str, int]] = field(default_factory=list)  # vocabulary, term
    new: list[tuple[str, int, Link]] = field(default_factory=list)
    draft: dict[str, list[str]] = field(default_factory=dict)  # the fields of it that change

    @property
    def is_live(self) -> bool:
        return bool(self.gone or self.new)


def desk(ids: Collection[int], vocabularies: Iterable[str]) -> Desk:
    vocabularies = list(dict.fromkeys(vocabularies))
    drafts = {draft.article_id: draft for draft in Revision.objects.filter(article__in=ids, pending=True)}
    links: dict[str, dict[int, dict[int, Link]]] = {vocabulary: {} for vocabulary in vocabularies}
    for vocabulary in vocabularies:
        rows = LINKS[vocabulary].objects.filter(content_object__in=ids)
        for article, term, raw, position in rows.values_list(
            "content_object_id", "tag_id", "raw", "position"
        ):
            links[vocabulary].setdefault(article, {})[term] = Link(raw, position)
    names = {
        vocabulary: VOCABULARIES[vocabulary].objects.resolve(
            {
                name
                for draft in drafts.values()
                for name in draft.snapshot.get(VOCABULARY_FIELDS[vocabulary], [])
            }
        )
        for vocabulary in vocabularies
    }
    return Desk(links, drafts, names)


# --- there ----------------------------------------------------------------------------------------


def swap(
    article: int, on: Desk, vocabulary: str, *, removed: Term | None, added: Term | None
) -> tuple[Edit | None, Change | None]:
    """Take one term off, put one on, or one in the place of the other; None where there is nothing to change."""
    edit, change = Edit(article), {}
    links = on.carried(vocabulary, article)
    own = links.get(removed.pk) if removed else None
    if own:
        edit.gone.append((vocabulary, removed.pk))
        change["removed"] = [removed.pk, *own]
    if added and added.pk not in links and (own or not removed):
        last = max((link.position for link in links.values()), default=0)
        link = Link(added.name, own.position if own else last + 1)
        edit.new.append((vocabulary, added.pk, link))
        change["added"] = [added.pk, *link]
    if (names := on.drafted(vocabulary, article)) is not None:
        change["draft"] = _swap_names(edit, on, vocabulary, names, removed, added)
    return (edit, change) if edit.is_live or edit.draft else (None, None)


def _swap_names(
    edit: Edit, on: Desk, vocabulary: str, names: list[str], removed: Term | None, added: Term | None
) -> dict[str, list[int]]:
    """The same in the waiting draft; of each side the term, and at which place of the list."""
    meant = on.meant(vocabulary, names)
    done: dict[str, list[int]] = {}
    new = list(names)
    if removed and removed.pk in meant:
        done["removed"] = [removed.pk, meant.index(removed.pk)]
        new = [name for name, pk in zip(names, meant, strict=True) if pk != removed.pk]
    if added and added.pk not in meant and (done or not removed):
        place = done["removed"][1] if done else len(new)
        done["added"] = [added.pk, place]
        new.insert(place, added.name)
    if done:
        edit.draft[VOCABULARY_FIELDS[vocabulary]] = new
    return done


# --- and back -------------------------------------------------------------------------------------


def swap_back(
    article: int, change: Change, on: Desk, vocabulary: str, today: Mapping[int, Term]
) -> tuple[Edit | None, list[bool]]:
    """What was put on goes, what was taken off comes back, where each is still as it was left; and which of them did.

    `today`: by the id a term had, the one that stands for it.
    """
    edit, back = Edit(article), {}
    if "added" in change:
        back["added"] = _take_off(edit, change, on, vocabulary, today)
    if "removed" in change:
        back["removed"] = _put_back(edit, change, on, today)
    drafted = _swap_draft_back(edit, change, on, vocabulary, today, back)
    return (edit if edit.is_live or edit.draft else None), list(back.values()) or [drafted]


def _take_off(edit: Edit, change: Change, on: Desk, vocabulary: str, today: Mapping[int, Term]) -> bool:
    pk, raw, position = change["added"]
    term = today.get(pk)
    if term is None or term.vocabulary != vocabulary:
        return False
    if "added" not in change.get("draft", ["added"]) and edit.article not in on.drafts:
        return False  # somebody's draft had it too, and has been decided since
    link = on.carried(vocabulary, edit.article).get(term.pk)
    # Where it was merged since, the survivor's row may be one that the article had of its own.
    if link is None or link.raw != raw or (term.pk != pk and link.position != position):
        return False
    edit.gone.append((vocabulary, term.pk))
    return True


def _put_back(edit: Edit, change: Change, on: Desk, today: Mapping[int, Term]) -> bool:
    pk, raw, position = change["removed"]
    term = today.get(pk)
    if term is None:
        return False
    there = on.carried(term.vocabulary, edit.article)
    if term.pk not in there or (term.vocabulary, term.pk) in edit.gone:
        edit.new.append((term.vocabulary, term.pk, Link(raw, position)))
    return True


def _swap_draft_back(
    edit: Edit,
    change: Change,
    on: Desk,
    vocabulary: str,
    today: Mapping[int, Term],
    back: Mapping[str, bool],
) -> bool:
    """A draft that waited then gets back what was done to it; one made since says what readers saw, and follows."""
    done = change.get("draft")
    if done is None:
        done = {side: [change[side][0], max(0, change[side][2] - 1)] for side in back if back[side]}
    if "added" in done:
        pk, _place = done["added"]
        names = on.drafted(vocabulary, edit.article) or []
        meant = on.meant(vocabulary, names)
        if pk in meant:
            kept = [name for name, other in zip(names, meant, strict=True) if other != pk]
            edit.draft[VOCABULARY_FIELDS[vocabulary]] = kept
    if "removed" in done and (term := today.get(done["removed"][0])):
        _back_in_draft(edit, on, term, done["removed"][1])
    return bool(edit.draft)


def _back_in_draft(edit: Edit, on: Desk, term: Term, place: int) -> None:
    names = on.drafted(term.vocabulary, edit.article)
    if names is None:
        return
    field = VOCABULARY_FIELDS[term.vocabulary]
    names = list(edit.draft.get(field, names))
    if term.pk not in on.meant(term.vocabulary, names):
        names.insert(place, term.name)
        edit.draft[field] = names


# --- writing --------------------------------------------------------------------------------------


def write(edits: Collection[Edit], on: Desk, *, by: AbstractBaseUser | None, note: str) -> None:
    """The caller has the articles locked. The number of statements does not depend on how many they are."""
    if not edits:
        return
    for vocabulary in on.links:
        _write_links(vocabulary, edits)
    live = [edit.article for edit in edits if edit.is_live]
    Article.objects.filter(pk__in=live).update(version=F("version") + 1, updated_at=timezone.now())
    only_drafts = [edit.article for edit in edits if not edit.is_live]
    Article.objects.filter(pk__in=only_drafts).update(version=F("version") + 1)
    articles = Article.objects.whole().in_bulk([edit.article for edit in edits])
    now = {pk: revisions.snapshot(article) for pk, article in articles.items()}
    revisions.record_snapshots(
        {pk: now[pk] for pk in live}, kind=RevisionKind.EDIT, by=by, note=note, verb=VERB
    )
    if on.drafts:
        _write_drafts([edit for edit in edits if edit.article in on.drafts], on, now, note)


def _write_links(vocabulary: str, edits: Iterable[Edit]) -> None:
    model = LINKS[vocabulary]
    gone = [(term, edit.article) for edit in edits for name, term in edit.gone if name == vocabulary]
    new = [
        model(tag_id=term, content_object_id=edit.article, raw=link.raw, position=link.position)
        for edit in edits
        for name, term, link in edit.new
        if name == vocabulary
    ]
    if gone:
        model.objects.filter(pk__in=gone).delete()
    model.objects.bulk_create(new)


BASES = """
UPDATE articles_article a SET base = x.base FROM jsonb_to_recordset(%(bases)s) AS x(id bigint, base jsonb) WHERE a.id = x.id
"""


def _write_drafts(edits: Collection[Edit], on: Desk, now: Mapping[int, Snapshot], note: str) -> None:
    """A new draft in place of the one that waits, still by whoever wrote that one: she does not approve it.

    One that says what readers see by now has nothing left to be approved.
    """
    texts = {edit.article: on.drafts[edit.article].snapshot | edit.draft for edit in edits}
    settled = {pk for pk, text in texts.items() if rewriting.content(text) == rewriting.content(now[pk])}
    changed = [edit.article for edit in edits if edit.draft]
    Revision.objects.filter(article__in={*changed, *settled}, pending=True).update(pending=False)
    numbers = Revision.objects.filter(article__in=changed).order_by().values_list("article")
    last = dict(numbers.annotate(Max("number")))
    Revision.objects.bulk_create(
        Revision(
            article_id=pk,
            number=last[pk] + 1,
            kind=RevisionKind.DRAFT,
            verb=VERB,
            snapshot=texts[pk],
            by_id=on.drafts[pk].by_id,
            note=note,
            pending=pk not in settled,
        )
        for pk in changed
    )
    bases = [{"id": pk, "base": texts[pk]["base"]} for pk in settled if "base" in texts[pk]]
    if bases:
        run(BASES, bases=as_json(bases))
