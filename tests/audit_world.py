"""A whole home in miniature: articles go through content, bus, recorder and alerts, as they do in service."""

from datetime import UTC, date, datetime, timedelta

from dateline.home import Home, create_home
from dateline.parts import open_alerts, put_rules
from dateline.roles import open_recorder
from dateline.tracking import track
from store.bus import Outgoing
from store.claim import Claim, ClaimSet, Entity
from store.clock import FixedClock
from store.content import Revision
from store.database import reading
from store.messages import READINGS, Reading, encode_message
from store.reading import Attribution, Findings, Mention, Name, Span

T0 = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)
CLAIMS = ClaimSet(
    (
        Claim("mill-closes", "The mill closes in June.", "mill", deadline=date(2024, 6, 30), principals=("Owners",)),
        Claim("mill-sold", "The mill is sold.", "mill"),
        Claim("weir-leaks", "The weir leaks.", "weir"),
    ),
    (Entity("owners", "Owners"),),
)
BODY = "The mill will close in June, {speaker} said. It was sold, others say. The weir leaks. {more}"
QUOTES = {"mill-closes": "The mill will close in June", "mill-sold": "It was sold", "weir-leaks": "The weir leaks"}


class World:
    """`article` publishes one and what a reader would find in it; `settle` lets everything come to rest."""

    def __init__(self, folder):
        create_home(folder)
        put_rules_text(folder)
        self.home = Home(folder)
        self.clock = FixedClock(T0)
        self.home.__dict__["clock"] = self.clock
        track(self.home, CLAIMS, {"mill": "The <mill> & its owners"})
        self.recorder = open_recorder(self.home)

    def claims_at(self):
        with reading(self.home.engine) as connection:
            return self.home.timeline.claims_at(connection)

    def article(self, id_, speaker="Ada Brook", more="", revision=1, claims=("mill-closes",), stance="affirms", page=b""):
        at = self.clock.now()
        body = BODY.format(speaker=speaker, more=more)
        found = self.home.content.add_revision(
            Revision(
                article=id_,
                revision=revision,
                rendition="x/1",
                feed="f",
                outlet="o.example",
                outlet_name="The O",
                url=f"https://o.example/{id_}",
                title=f"Title of {id_}",
                body=body,
                byline=f"By {speaker}",
                language="en",
                seen_at=at,
                occurred_at=at,
                occurred_basis="claimed",
                claimed_at=at,
                page=b"<html>" + page + body.encode() + b"</html>",
            )
        )
        text = self.home.content.document(id_, revision).text
        self.read(found, *[self.mention(text, claim, speaker, stance) for claim in claims])
        return found

    def mention(self, text, claim, speaker, stance):
        quote = QUOTES[claim]
        start, where = text.index(quote), text.index(speaker)
        who = Attribution("named", Name("", None, Span(where, where + len(speaker))))
        return Mention(claim, start, start + len(quote), "", stance, "asserted", attribution=who)

    def read(self, source, *mentions, reader="r/1"):
        findings = Findings("read", mentions, (), b"\x01\x02" * 64, "en")
        message = Reading(source, reader, self.claims_at(), findings)
        self.home.bus.publish(READINGS, [Outgoing(source.article, encode_message(message))])

    def settle(self):
        while self.recorder.step(timeout=0):
            pass
        alerts = open_alerts(self.home)
        for _ in range(2):
            while alerts.step().anything:
                pass
            self.clock.advance(timedelta(hours=1))

    def mentions(self, article):
        with reading(self.home.engine) as connection:
            return self.home.timeline.mentions_of(connection, article)

    def mentions_anywhere(self, claim):
        with reading(self.home.engine) as connection:
            return self.home.timeline.evidence(connection, [claim])

    def status(self, claim):
        with reading(self.home.engine) as connection:
            return self.home.timeline.status_now(connection, [claim]).get(claim, "untested")

    def names(self):
        return [recorded.event.NAME for recorded in self.home.ledger.read()]


def put_rules_text(folder):
    """The first rules of a home, without waiting."""
    with Home(folder) as home:
        put_rules(home, None)
