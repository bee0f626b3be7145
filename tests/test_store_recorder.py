"""The recorder: every reading has its effect exactly once, whoever is killed, late or doubled."""

from datetime import UTC, date, datetime, timedelta

import pytest

from store.audit import verify
from store.bus import BusUnavailable, Outgoing
from store.bus.sqlite import SqliteBus
from store.bus.sqlite_read import SqliteReader
from store.claim import Claim, Entity
from store.clock import FixedClock
from store.content import Content, Revision
from store.database import open_engine, reading
from store.events import ClaimAmended, ClaimTracked, EntityDefined
from store.keyed import Keyed
from store.ledger import Draft, Ledger
from store.messages import (
    ARTICLES,
    QUARANTINE,
    READINGS,
    Reading,
    RevisionFound,
    WithdrawalFound,
    decode_article_message,
    encode_message,
)
from store.places import move_place
from store.reading import Attribution, Findings, Mention, Name, Span
from store.recorder import Recorder
from store.timeline import Timeline

T0 = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)
SECRET = b"k" * 32
TITLE = "Mill to close"
BODY = "The mill will close in June, Ada Brook said. The owners denied it."


class Desk:
    """A home in miniature: ledger, content, bus and recorder over files."""

    def __init__(self, folder):
        self.folder = folder
        self.clock = FixedClock(T0)
        self.keyed = Keyed(SECRET)
        self.timeline = Timeline(key=self.keyed.name)
        self.ledger = Ledger(
            open_engine(f"sqlite:///{folder}/ledger.db"), secret=SECRET, clock=self.clock, projectors=[self.timeline]
        )
        self.content = Content(open_engine(f"sqlite:///{folder}/content.db"))
        self.bus = SqliteBus(folder / "bus.db")
        for topic in (ARTICLES, READINGS, QUARANTINE):
            self.bus.ensure(topic, 2)
        self.recorder = self.new_recorder()
        self.claims_at = -1

    def new_recorder(self):
        return Recorder(
            ledger=self.ledger, timeline=self.timeline, content=self.content, bus=self.bus, keyed=self.keyed, clock=self.clock
        )

    def track(self, *claims):
        drafts = [Draft(ClaimTracked(claim), f"claim/{claim.id}", T0) for claim in claims]
        self.claims_at = self.ledger.append(drafts, actor="test")[-1].position

    def article(self, article="a1", revision=1, body=BODY, at=T0):
        return self.content.add_revision(
            Revision(
                article=article,
                revision=revision,
                rendition="x/1",
                feed="f",
                outlet="o.example",
                outlet_name="The O",
                url=f"https://o.example/{article}",
                title=TITLE,
                body=body,
                byline=None,
                language="en",
                seen_at=at,
                occurred_at=at,
                occurred_basis="claimed",
                claimed_at=at,
                page=None,
            )
        )

    def publish(self, source, *mentions, outcome="read", claims_at=None, scope=(), edits=()):
        findings = Findings(outcome, mentions, edits, b"\x01\x02" * 64, "en")
        at = self.claims_at if claims_at is None else claims_at
        message = Reading(source, "r/1", at, findings, scope)
        self.bus.publish(READINGS, [Outgoing(source.article, encode_message(message))])

    def drain(self):
        while self.recorder.step(timeout=0):
            pass

    def names(self):
        return [recorded.event.NAME for recorded in self.ledger.read()]

    def mentions(self, article="a1"):
        with reading(self.ledger.engine) as connection:
            return self.timeline.mentions_of(connection, article)

    def statuses(self):
        with reading(self.ledger.engine) as connection:
            return self.timeline.status_now(connection, ["mill-closes"])


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    desk.track(Claim("mill-closes", "The mill closes in June.", "mill", deadline=date(2024, 6, 30), principals=("Owners",)))
    return desk


def said(text=f"{TITLE}\n\n{BODY}", quote="The mill will close in June", speaker="Ada Brook", stance="affirms"):
    start = text.index(quote)
    where = text.index(speaker) if speaker else 0
    who = Attribution("named", Name("", None, Span(where, where + len(speaker)))) if speaker else Attribution()
    return Mention("mill-closes", start, start + len(quote), "", stance, "predicted", attribution=who)


def test_a_reading_becomes_its_article_its_mentions_and_a_status(desk):
    desk.publish(desk.article(), said())
    desk.drain()
    assert desk.names() == ["claim.tracked", "article.published", "mention.recorded", "claim.status_changed"]
    (mention,) = desk.mentions()
    assert mention.mention.text.quote == "The mill will close in June"
    assert mention.mention.text.speaker == "Ada Brook"
    assert mention.mention.text.suffix == ", Ada Brook said. The owners denied it."[:32]
    assert desk.statuses() == {"mill-closes": "reported"}
    assert verify(desk.ledger, desk.timeline).faults == ()


def test_the_same_reading_published_again_changes_nothing(desk):
    source = desk.article()
    desk.publish(source, said())
    desk.publish(source, said())
    desk.drain()
    desk.publish(source, said())
    desk.drain()
    assert desk.names().count("article.published") == 1
    assert desk.names().count("mention.recorded") == 1


def test_a_second_recorder_goes_on_where_the_first_was_killed(desk):
    desk.publish(desk.article(), said())
    desk.drain()
    desk.recorder = desk.new_recorder()
    desk.publish(desk.article("a2"), said())
    desk.drain()
    assert desk.names().count("article.published") == 2


def test_a_recorder_that_was_overtaken_records_nothing_and_takes_up_again(desk):
    """Both hold the same message; the slower one must not record it a second time."""
    slow, quick = desk.recorder, desk.new_recorder()
    slow.step(timeout=0)
    desk.publish(desk.article(), said())
    quick.step(timeout=0)
    assert slow.step(timeout=0) == 0
    desk.publish(desk.article("a2"), said())
    while slow.step(timeout=0):
        pass
    assert desk.names().count("article.published") == 2
    assert desk.names().count("mention.recorded") == 2


@pytest.mark.parametrize("restarted", [True, False])
def test_what_fails_midway_leaves_neither_event_nor_place_and_is_done_by_the_next_step(desk, monkeypatch, restarted):
    desk.publish(desk.article(), said())
    monkeypatch.setattr("store.recorder.move_place", lambda *args: (move_place(*args), 1 / 0))
    with pytest.raises(ZeroDivisionError):
        desk.recorder.step(timeout=0)
    monkeypatch.undo()
    assert desk.names() == ["claim.tracked"]
    desk.publish(desk.article("a2"), said())
    desk.recorder = desk.new_recorder() if restarted else desk.recorder
    desk.drain()
    assert desk.names().count("mention.recorded") == 2


def test_a_message_that_cannot_be_decoded_is_quarantined_and_the_rest_goes_on(desk):
    desk.bus.publish(READINGS, [Outgoing("a1", b"\xff not json"), Outgoing("a1", b'{"kind":"reading"}')])
    desk.publish(desk.article(), said())
    desk.drain()
    assert desk.names().count("message.quarantined") == 2
    assert desk.names().count("mention.recorded") == 1


def test_a_reading_that_makes_no_sense_is_quarantined_whole(desk):
    bad = Mention("mill-closes", 5, 9, "", "affirms", attribution=Attribution("named", Name("", None, Span(9, 5))))
    desk.publish(desk.article(), bad)
    source = desk.article("a2")
    desk.publish(source, said())
    desk.drain()
    assert desk.names().count("article.published") == 2


def test_a_recorder_whose_bus_fell_silent_as_it_took_up_reads_on_where_the_ledger_says(desk, monkeypatch):
    desk.publish(desk.article(), said())
    desk.drain()
    seek = SqliteReader.seek

    def silent(*_):
        monkeypatch.setattr(SqliteReader, "seek", seek)
        raise BusUnavailable

    heir = desk.new_recorder()
    monkeypatch.setattr(SqliteReader, "seek", silent)
    with pytest.raises(BusUnavailable):
        heir.step(timeout=0)
    assert heir.step(timeout=0) == 0, "it read from the beginning"
    heir.close()


def test_a_failed_reading_still_records_its_article(desk):
    desk.publish(desk.article(), outcome="failed")
    desk.drain()
    (published,) = (r.event for r in desk.ledger.read() if r.event.NAME == "article.published")
    assert published.outcome == "failed"


def test_a_revision_that_drops_a_passage_withdraws_its_mention_when_it_was_seen(desk):
    desk.publish(desk.article(), said())
    later = T0 + timedelta(days=1)
    desk.clock.set(later)
    desk.publish(desk.article(revision=2, body="The mill may go on, Ada Brook said.", at=later))
    desk.drain()
    assert desk.names()[-3:] == ["article.revised", "mention.withdrawn", "claim.status_changed"]
    assert desk.mentions() == []
    withdrawn = next(r for r in desk.ledger.read() if r.event.NAME == "mention.withdrawn")
    assert (withdrawn.event.reason, withdrawn.occurred_at) == ("revised", later)
    assert desk.statuses() == {"mill-closes": "untested"}


def test_a_passage_that_a_revision_keeps_stays_one_mention(desk):
    desk.publish(desk.article(), said())
    body = "Updated. " + BODY
    source = desk.article(revision=2, body=body, at=T0 + timedelta(hours=2))
    desk.publish(source, said(f"{TITLE}\n\n{body}"))
    desk.drain()
    assert desk.names().count("mention.recorded") == 1
    assert "mention.withdrawn" not in desk.names()


def test_an_old_reading_that_arrives_late_does_not_bring_back_what_was_revised(desk):
    first = desk.article()
    desk.publish(first, said())
    desk.publish(desk.article(revision=2, body="Nothing here.", at=T0 + timedelta(hours=2)))
    desk.publish(first, said())
    desk.drain()
    assert desk.mentions() == []


def test_a_better_reading_disowns_what_it_no_longer_finds(desk):
    source = desk.article()
    desk.publish(source, said())
    desk.drain()
    desk.publish(source)
    desk.drain()
    assert desk.mentions() == []
    with reading(desk.ledger.engine) as connection:
        (evidence,) = desk.timeline.evidence(connection, ["mill-closes"])
    assert not evidence.ever_stood


def test_a_reading_for_some_claims_leaves_the_others_alone(desk):
    desk.track(Claim("mill-sold", "The mill is sold.", "mill"))
    source = desk.article()
    desk.publish(source, said())
    desk.publish(source, scope=("mill-sold",))
    desk.drain()
    assert len(desk.mentions()) == 1


def test_a_withdrawn_article_takes_its_mentions_along(desk):
    desk.publish(desk.article(), said())
    desk.clock.set(T0 + timedelta(days=2))
    gone = WithdrawalFound("a1", 1, "f", "o.example", T0 + timedelta(days=2), "410")
    message = Reading(gone, "r/1", desk.claims_at, None)
    desk.bus.publish(READINGS, [Outgoing("a1", encode_message(message))] * 2)
    desk.drain()
    assert desk.names().count("article.withdrawn") == 1
    assert desk.mentions() == []
    assert desk.statuses() == {"mill-closes": "untested"}


def test_a_reading_made_before_a_claim_changed_is_asked_for_again(desk):
    before = desk.claims_at
    desk.track(Claim("mill-sold", "The mill is sold.", "mill"))
    desk.publish(desk.article(), said(), claims_at=before)
    desk.drain()
    consumer = desk.bus.consumer(ARTICLES, "test", "one")
    (asked,) = consumer.poll(10, 0.5)
    message = decode_article_message(asked.value)
    assert isinstance(message, RevisionFound)
    assert (message.article, message.reread, message.scope) == ("a1", True, ("mill-sold",))


def test_a_deadline_that_passes_is_concluded_once(desk):
    desk.publish(desk.article(), said())
    desk.drain()
    desk.clock.set(datetime(2024, 7, 3, 0, 0, tzinfo=UTC))
    assert [r.event.after for r in desk.recorder.tick()] == ["expired"]
    assert desk.recorder.tick() == []


def test_names_of_entities_are_resolved_and_strangers_get_keys(desk):
    desk.ledger.append([Draft(EntityDefined(Entity("owners", "Owners")), "entity/owners", T0)], actor="test")
    text = f"{TITLE}\n\n{BODY}"
    start = text.index("The owners denied it")
    denial = Mention(
        "mill-closes", start, start + 20, "", "denies", "asserted", attribution=Attribution("named", None, Name("", "owners"))
    )
    desk.publish(desk.article(), said(), denial)
    desk.drain()
    first, second = sorted(desk.mentions(), key=lambda m: m.mention.start)
    assert first.mention.speaker.key == desk.keyed.name("ada brook")
    assert first.mention.speaker.entity is None
    assert (second.mention.organisation.entity, second.mention.text.organisation) == ("owners", "Owners")


def test_an_amended_claim_is_known_to_the_next_batch(desk):
    claim = Claim("mill-closes", "The mill closes in June.", "mill", principals=("Ada Brook",))
    desk.publish(desk.article(), said())
    desk.drain()
    desk.ledger.append([Draft(ClaimAmended(claim, ("principals",)), "claim/mill-closes", T0)], actor="test")
    desk.publish(desk.article("a2"), said())
    desk.drain()
    assert desk.statuses()["mill-closes"] in {"announced", "reported"}
