"""Every version of every event ever written is read for ever, byte for byte as it was hashed.

The golden files were written once, by the release that first wrote that version, and are never changed. To add those of a new
version: `python tests/test_store_wire.py`, which writes only files that are missing.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from event_examples import AT, SALT, TEXT_SALT, example
from msgspec import UNSET, UnsetType

from store import leaf
from store.clock import to_micros
from store.events import EVENTS, ArticleText, ArticleWithdrawn, Event, FeedGone, FeedRecovered
from store.merkle import leaf_hash
from store.wire import Past, UnknownEvent, Versions, decode, encode

GOLDEN = Path(__file__).parent / "golden" / "events"


def golden_of(event):
    """What the ledger would hold of the event, with salts that are no secret."""
    facts, text = encode(event)
    text_commitment = None if text is None else leaf.commit(leaf.TEXT_DOMAIN, TEXT_SALT, text).hex()
    envelope = leaf.Envelope(
        actor="recorder", articles=("a1", "a2"), cause=6, envelope=1, facts=leaf.commit(leaf.FACTS_DOMAIN, SALT, facts).hex(),
        log="dateline/golden", name=event.NAME, occurred_at=to_micros(AT), position=7, recorded_at=to_micros(AT) + 1,
        schema=event.SCHEMA, stream="article/a1", stream_version=2, text=text_commitment,
    )  # fmt: skip
    return {
        "facts": facts.decode(),
        "text": None if text is None else text.decode(),
        "envelope": leaf.envelope_bytes(envelope).decode(),
        "leaf": leaf.leaf_of(envelope).hex(),
    }


def file_of(name, schema):
    return GOLDEN / f"{name}-v{schema}.json"


FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.NAME)
def test_todays_code_writes_the_golden_bytes(cls):
    path = file_of(cls.NAME, cls.SCHEMA)
    assert path.exists(), f"{cls.NAME} version {cls.SCHEMA} has no golden file: run `python {Path(__file__).name}` once"
    assert golden_of(example(cls)) == json.loads(path.read_text(encoding="utf-8")), (
        f"{cls.NAME} is written differently than before under the same version: give it a new SCHEMA and an upcaster"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_bytes_of_every_version_are_read_with_and_without_their_text(path):
    name, _, schema = path.stem.rpartition("-v")
    golden = json.loads(path.read_text(encoding="utf-8"))
    facts, text = golden["facts"].encode(), golden["text"] and golden["text"].encode()
    event = decode(name, int(schema), facts, text)
    assert type(event) in EVENTS
    without = decode(name, int(schema), facts, None)
    assert getattr(without, "text", UNSET) is UNSET
    if text is not None:
        assert event != without
        assert msgspec.structs.replace(event, text=UNSET) == without


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_leaves_are_what_rfc_6962_says_of_the_golden_envelopes(path):
    """Computed here with hashlib alone, as an outsider would."""
    golden = json.loads(path.read_text(encoding="utf-8"))
    envelope = json.loads(golden["envelope"])
    assert (
        sha256(b"\x00" + golden["envelope"].encode()).hexdigest()
        == golden["leaf"]
        == leaf_hash(golden["envelope"].encode()).hex()
    )
    assert envelope["facts"] == sha256(b"dateline/facts/v1\n" + SALT + golden["facts"].encode()).hexdigest()
    if golden["text"] is not None:
        assert envelope["text"] == sha256(b"dateline/text/v1\n" + TEXT_SALT + golden["text"].encode()).hexdigest()
    assert list(envelope) == sorted(envelope)


def test_golden_facts_are_canonical_and_hold_no_float():
    for path in FILES:
        golden = json.loads(path.read_text(encoding="utf-8"))
        for stored in filter(None, (golden["facts"], golden["text"])):
            plain = json.loads(stored, parse_float=pytest.fail)
            assert json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False) == stored


def test_no_golden_file_is_of_an_event_that_nobody_can_read():
    assert len(FILES) >= len(EVENTS)
    for path in FILES:
        name, _, schema = path.stem.rpartition("-v")
        golden = json.loads(path.read_text(encoding="utf-8"))
        decode(name, int(schema), golden["facts"].encode(), None)


# --- how an event changes: shown on events of an imagined earlier release ----------------------------


class ArticleWithdrawnOne(Event, frozen=True):
    """Before a revision was counted."""

    NAME: ClassVar = "article.withdrawn"
    SCHEMA: ClassVar = 0
    article: str
    seen_at: str
    reason: str


class PageLinked(Event, frozen=True):
    """`article.aliased` under an older name."""

    NAME: ClassVar = "page.linked"
    page: str
    alias: str
    text: ArticleText | UnsetType = UNSET


class FeedStopped(Event, frozen=True):
    """What `feed.gone` and `feed.recovered` were split from."""

    NAME: ClassVar = "feed.stopped"
    feed: str
    reason: str


def with_a_revision(old):
    return ArticleWithdrawn(old.article, 1, AT, old.reason)


def as_alias(old):
    from store.events import ArticleAliased

    return ArticleAliased(old.page, old.alias, old.text)


def one_of_two(old):
    return FeedRecovered(old.feed, AT) if old.reason == "back" else FeedGone(old.feed, old.reason)


@pytest.fixture
def versions():
    past = [Past(ArticleWithdrawnOne, with_a_revision), Past(PageLinked, as_alias), Past(FeedStopped, one_of_two)]
    return Versions(EVENTS, past)


def test_a_field_that_was_added_gets_its_value_from_the_upcaster(versions):
    stored = b'{"article":"a","reason":"410","seen_at":"x"}'
    assert versions.decode("article.withdrawn", 0, stored, None) == ArticleWithdrawn("a", 1, AT, "410")
    today, _ = encode(ArticleWithdrawn("a", 3, AT, "404"))
    assert versions.decode("article.withdrawn", 1, today, None).revision == 3


def test_an_event_that_was_renamed_is_read_under_its_old_name_text_and_all(versions):
    event = versions.decode("page.linked", 1, b'{"alias":"k","page":"a"}', b'{"url":"https://a.example"}')
    assert (event.NAME, event.article, event.text.url) == ("article.aliased", "a", "https://a.example")
    assert versions.decode("page.linked", 1, b'{"alias":"k","page":"a"}', None).text is UNSET


def test_an_event_that_was_split_becomes_the_one_that_it_meant(versions):
    assert versions.decode("feed.stopped", 1, b'{"feed":"f","reason":"410"}', None) == FeedGone("f", "410")
    assert versions.decode("feed.stopped", 1, b'{"feed":"f","reason":"back"}', None) == FeedRecovered("f", AT)


def test_a_shape_cannot_be_defined_twice_and_a_newer_one_is_refused(versions):
    with pytest.raises(ValueError, match="new SCHEMA"):
        Versions([FeedGone, FeedGone])
    with pytest.raises(UnknownEvent, match="newer Dateline"):
        versions.decode("feed.gone", 2, b"{}", None)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for cls in EVENTS:
        path = file_of(cls.NAME, cls.SCHEMA)
        if not path.exists():
            path.write_text(json.dumps(golden_of(example(cls)), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
