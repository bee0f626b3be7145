"""Writes down what was decided: content, message, state and keys in one transaction per item, or nothing of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from ingest import state
from ingest.decide import (
    LOOK_AGAIN,
    Intent,
    Language,
    New,
    Nothing,
    NotThere,
    Revised,
    Unchanged,
    Withdrawn,
    baseline_after,
    decide,
    next_visit,
    one_article,
)
from ingest.extract import extract_page
from ingest.identity import AliasKey, alias_keys, fingerprint, mint, readable, same_site, url_keys, without_trackers
from ingest.item import Item
from ingest.outcome import Outcome
from ingest.resolve import Resolved, item_hash, resolve
from ingest.sight import Sight, Text, Unseen, page_sight, summary_text, whole_text
from ingest.state import Baseline, Known
from ingest.urls import parse_url
from store.content import ContentWriting, Revision, document, erased, page, particulars
from store.messages import AliasFound, MergeFound, WithdrawalFound
from store.timeline import Feed

PATIENCE = 3
"""Failed attempts at a new article's page before its feed's summary must do."""

ItemOutcome = Literal[
    "new", "revised", "unchanged", "withdrawn", "missing", "aliased", "merged", "language",
    "deferred", "failed", "refused", "unreadable", "erased", "dropped",
]  # fmt: skip
"""What became of one item or one re-check; each has exactly one. `deferred`: asked for again at the next poll. `dropped`:
the item names nothing that an article could be known by."""


class Settled(NamedTuple):
    outcome: ItemOutcome
    article: str | None = None
    detail: str = ""


class Circumstances(msgspec.Struct, frozen=True):
    """What all decisions of one poll share. `schedule` says when pages are looked at again, from first sight."""

    now: datetime
    trace: str
    secret: bytes
    schedule: tuple[timedelta, ...]


class Settling:
    """Settles one item or one re-check within the transaction `w`."""

    def __init__(self, w: ContentWriting, at: Circumstances, feed: Feed | None = None, feed_title: str | None = None) -> None:
        self._w, self._at, self._feed, self._feed_title = w, at, feed, feed_title

    def item(self, item: Item, pages: Mapping[str, Outcome]) -> Settled:
        """`pages` are the pages that were fetched for this poll, by the URL asked for."""
        assert self._feed is not None
        keys = alias_keys(item, self._feed.outlet)
        if not keys:
            return Settled("dropped")
        found = resolve(self._w.connection, keys, self._at.secret)
        if found.known is not None and erased(self._w.connection, found.known.article):
            return Settled("erased", found.known.article)
        if found.known is None:
            return self._first_sight(item, keys, self._sight(item, pages))
        if found.doubtful:
            return self._known_guid(item, keys, found, self._sight(item, pages))
        return self._known(item, found, found.known, pages)

    def given(self, item: Item, text: Text) -> Settled:
        """An article that was handed over with its text. Nothing is fetched, now or later; a known one is left as it is."""
        assert self._feed is not None
        keys = alias_keys(item, self._feed.outlet)
        if not keys:
            return Settled("dropped")
        known = resolve(self._w.connection, keys, self._at.secret).known or self._by_canonical(text)
        if known is not None:
            gone = erased(self._w.connection, known.article)
            return Settled("erased" if gone else "unchanged", known.article)
        settled = self._new(item, self._with_canonical(keys, text), text)
        made = state.article(self._w.connection, settled.article or "")
        assert made is not None
        state.save_article(self._w.connection, msgspec.structs.replace(made, next_visit=None))
        return settled

    def visit(self, known: Known, sight: Sight) -> Settled:
        """A re-check of the article's page."""
        if erased(self._w.connection, known.article):
            state.save_article(self._w.connection, msgspec.structs.replace(known, next_visit=None))
            return Settled("erased", known.article)
        then = next_visit(known.first_seen, self._at.schedule, self._at.now)
        return self._again(msgspec.structs.replace(known, next_visit=then), sight)

    def _sight(self, item: Item, pages: Mapping[str, Outcome]) -> Sight:
        whole = whole_text(item)
        if whole is not None:
            return whole
        if item.page_url is None:
            return summary_text(item)
        asked = without_trackers(item.page_url)
        return page_sight(pages[asked], asked, item) if asked in pages else Unseen("failed", "not_fetched")

    def _first_sight(self, item: Item, keys: Sequence[AliasKey], sight: Sight) -> Settled:
        connection = self._w.connection
        attempts_key = keys[0].hidden(self._at.secret)
        if isinstance(sight, Unseen) and sight.why == "failed" and state.attempt(connection, attempts_key) < PATIENCE:
            return Settled("deferred", detail=sight.detail)
        state.forget_attempts(connection, attempts_key)
        text = sight if isinstance(sight, Text) else summary_text(item)
        same = self._by_canonical(text)
        if same is not None:
            self._bind(same, keys)
            return self._again(self._heard(same, item), text)
        return self._new(item, self._with_canonical(keys, text), text)

    def _known_guid(self, item: Item, keys: Sequence[AliasKey], found: Resolved, sight: Sight) -> Settled:
        known = found.known
        assert known is not None
        if isinstance(sight, Unseen) and sight.why == "failed":
            return Settled("deferred", known.article, sight.detail)
        text = sight if isinstance(sight, Text) else summary_text(item)
        if self._moved(known, text):
            new_names = self._bind(known, found.unbound)
            if item.page_url is not None:
                self._w.set_address(known.article, without_trackers(item.page_url))
            settled = self._again(self._heard(known, item), sight)
            return settled._replace(outcome="aliased") if new_names and settled.outcome == "unchanged" else settled
        own = [key for key in keys if key.kind != "guid"]
        return self._new(item, self._with_canonical(own, text), text)

    def _known(self, item: Item, found: Resolved, known: Known, pages: Mapping[str, Outcome]) -> Settled:
        assert self._feed is not None
        new_names = self._bind(known, found.unbound)
        if known.item_hashes.get(self._feed.feed) == item_hash(item):
            return Settled("aliased" if new_names else "unchanged", known.article)
        if found.rival is not None and self._one(known, found.rival):
            return self._merge(known, found.rival)
        sight = self._sight(item, pages)
        if isinstance(sight, Unseen) and sight.why == "failed":
            return Settled("failed", known.article, sight.detail)
        settled = self._again(self._heard(known, item), sight)
        return settled._replace(outcome="aliased") if new_names and settled.outcome == "unchanged" else settled

    def _moved(self, known: Known, text: Text) -> bool:
        """Whether the text under the old guid and a new address is the old article's."""
        latest = self._latest(known)
        if latest is not None and one_article(latest, text.body):
            return True
        said = particulars(self._w.connection, known.article, known.revision)
        return text.source == "summary" and said is not None and readable(said.title or "") == readable(text.title)

    def _by_canonical(self, text: Text) -> Known | None:
        """The known article that the page's canonical address belongs to, if the text agrees."""
        keys = canonical_keys(text)
        known = resolve(self._w.connection, keys, self._at.secret).known if keys else None
        latest = self._latest(known) if known is not None else None
        return known if latest is not None and one_article(latest, text.body) else None

    def _with_canonical(self, keys: Sequence[AliasKey], text: Text) -> list[AliasKey]:
        """The keys to bind to a new article: its item's, and its page's canonical address where that is free."""
        wanted = {key.key: key for key in (*keys, *canonical_keys(text))}
        bound = state.find(self._w.connection, [key.hidden(self._at.secret) for key in wanted.values()])
        return [key for key in wanted.values() if key.hidden(self._at.secret) not in bound]

    def _one(self, a: Known, b: Known) -> bool:
        one, other = self._latest(a), self._latest(b)
        return one is not None and other is not None and one_article(one, other)

    def _merge(self, a: Known, b: Known) -> Settled:
        """The younger article lives on in the older one."""
        older, younger = sorted((a, b), key=lambda known: (known.first_seen, known.article))
        self._w.add_merge(MergeFound(article=younger.article, into=older.article, seen_at=self._at.now, trace=self._at.trace))
        gone = msgspec.structs.replace(younger, merged_into=older.article, next_visit=None)
        state.save_article(self._w.connection, gone)
        state.move_keys(self._w.connection, younger.article, older.article)
        return Settled("merged", younger.article)

    def _bind(self, known: Known, keys: Sequence[AliasKey]) -> bool:
        """Binds the keys; True if the article has thereby got a new name, which is announced.

        An address that differs from a known one by trackers alone is no new name.
        """
        hidden = {key.hidden(self._at.secret): key for key in keys}
        bound = state.find(self._w.connection, list(hidden))
        free = {name: key for name, key in hidden.items() if name not in bound}
        state.add_keys(self._w.connection, known.article, free)
        names = {name: key for name, key in free.items() if key.kind in ("guid", "canonical")}
        for name, key in names.items():
            found = AliasFound(article=known.article, alias=name, seen_at=self._at.now, trace=self._at.trace)
            self._w.add_alias(found, key.name)
        return bool(names)

    def _heard(self, known: Known, item: Item) -> Known:
        assert self._feed is not None
        return msgspec.structs.replace(known, item_hashes={**known.item_hashes, self._feed.feed: item_hash(item)})

    def _new(self, item: Item, keys: Sequence[AliasKey], text: Text) -> Settled:
        assert self._feed is not None
        text = msgspec.structs.replace(text, published=item.published or text.published or item.updated)
        intent = decide(None, None, text, self._at.now)
        assert isinstance(intent, New)
        article = self._free_id(keys)
        self._store(article, 1, text, self._feed, intent)
        if item.page_url:
            self._w.set_address(article, without_trackers(item.page_url))
        then = next_visit(self._at.now, self._at.schedule, self._at.now)
        mark = fingerprint(text.title, text.body)
        known = Known(
            article=article, feed=self._feed.feed, outlet=self._feed.outlet, first_seen=self._at.now, revision=1,
            source=text.source, fingerprint=mark, baselines={text.source: Baseline(mark, 1, text.rendition)},
            language=text.language, item_hashes={}, etag=text.etag, last_modified=text.last_modified,
            next_visit=then if item.page_url else None,
        )  # fmt: skip
        state.save_article(self._w.connection, self._heard(known, item))
        state.add_keys(self._w.connection, article, [key.hidden(self._at.secret) for key in keys])
        return Settled("new", article)

    def _free_id(self, keys: Sequence[AliasKey]) -> str:
        """From the first key whose id is free: a guid that is used again has given its id away already."""
        named = (*keys, AliasKey("text", f"{keys[0].key if keys else ''}\n{self._at.trace}", ""))
        ids = (mint(self._at.secret, key) for key in named)
        return next(id_ for id_ in ids if state.article(self._w.connection, id_) is None)

    def _again(self, known: Known, sight: Sight) -> Settled:
        """A known article was seen, or was not."""
        if isinstance(sight, Text):
            known = self._under_one_rendition(known, sight)
        intent = decide(known, self._latest(known), sight, self._at.now)
        after, outcome = self._after(known, intent)
        state.save_article(self._w.connection, after)
        detail = sight.detail if isinstance(sight, Unseen) else ""
        return Settled(outcome, known.article, detail)

    def _after(self, known: Known, intent: Intent) -> tuple[Known, ItemOutcome]:
        match intent:
            case Revised(text=text):
                return self._revised(known, intent, text), "revised"
            case Unchanged(text=None):
                return msgspec.structs.replace(known, missing=() if known.withdrawn_at is None else known.missing), "unchanged"
            case Unchanged(text=Text() as text):
                return _seen(known, text, known.revision), "unchanged"
            case Withdrawn(reason=reason):
                self._withdraw(known, reason)
                return msgspec.structs.replace(known, withdrawn_at=self._at.now, etag=None, last_modified=None), "withdrawn"
            case NotThere():
                missing, again = (*known.missing, self._at.now), self._at.now + LOOK_AGAIN
                return msgspec.structs.replace(known, missing=missing, next_visit=again), "missing"
            case Language():
                return known, "language"
            case Nothing(why="failed"):
                return known, "failed"
            case Nothing(why="refused"):
                return known, "refused"
        return known, "unreadable"

    def _revised(self, known: Known, intent: Revised, text: Text) -> Known:
        number = known.revision + 1
        self._store(known.article, number, text, known, intent)
        after = _seen(known, text, number)
        return msgspec.structs.replace(
            after, revision=number, source=text.source, fingerprint=fingerprint(text.title, text.body),
            language=text.language or known.language, withdrawn_at=None,
        )  # fmt: skip

    def _store(self, article: str, number: int, text: Text, of: Feed | Known, intent: New | Revised) -> None:
        before = particulars(self._w.connection, article, number - 1)
        self._w.add_revision(
            Revision(
                article=article, revision=number, rendition=text.rendition, feed=of.feed, outlet=of.outlet,
                outlet_name=self._printed(of, text) if isinstance(of, Feed) else before and before.outlet_name,
                url=without_trackers(text.url) if text.url else (before and before.url) or "",
                title=text.title, body=text.body, byline=text.byline, language=text.language,
                seen_at=self._at.now, occurred_at=intent.occurred_at, occurred_basis=intent.basis,
                claimed_at=intent.claimed_at,
                page=text.page, trace=self._at.trace,
            )
        )  # fmt: skip

    def _printed(self, feed: Feed, text: Text) -> str | None:
        """The publisher's name as printed: the operator's word, the page's, the feed's own title."""
        return feed.outlet_name or text.outlet_name or self._feed_title or feed.title

    def _withdraw(self, known: Known, reason: Literal["410", "404"]) -> None:
        self._w.add_withdrawal(
            WithdrawalFound(
                article=known.article, revision=known.revision, feed=known.feed, outlet=known.outlet,
                seen_at=self._at.now, reason=reason, trace=self._at.trace,
            )
        )  # fmt: skip

    def _latest(self, known: Known) -> str | None:
        found = document(self._w.connection, known.article, known.revision)
        return None if found is None else found.text.partition("\n\n")[2]

    def _under_one_rendition(self, known: Known, text: Text) -> Known:
        """Before two texts of pages are compared, the older page is read by the extractor that read the newer one."""
        baseline = known.baselines.get("page")
        if text.source != "page" or known.source != "page" or baseline is None or baseline.rendition == text.rendition:
            return known
        stored = page(self._w.connection, known.article, known.revision)
        anew = extract_page(stored, None, text.url) if stored is not None else None
        if anew is None or not anew.text:
            return known
        title = anew.metadata.title or text.title
        self._w.add_rendition(known.article, known.revision, anew.rendition, f"{title}\n\n{anew.text}")
        mark = fingerprint(title, anew.text)
        fresh = Baseline(mark, known.revision, anew.rendition)
        return msgspec.structs.replace(known, fingerprint=mark, baselines={**known.baselines, "page": fresh})


def canonical_keys(text: Text) -> tuple[AliasKey, ...]:
    """The keys of the address that the page calls its own; none where it names another site or a front page."""
    own = text.canonical
    if own is None or not same_site(own, text.url) or parse_url(own).path == "/":
        return ()
    return url_keys(own)


def _seen(known: Known, text: Text, revision: int) -> Known:
    """The article after a text of it was seen: its source's baseline, its page's validators, no 404 pending."""
    known = msgspec.structs.replace(known, baselines=baseline_after(known, text, revision), missing=())
    if text.source != "page":
        return known
    return msgspec.structs.replace(known, etag=text.etag, last_modified=text.last_modified)
