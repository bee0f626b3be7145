"""A small newsroom on a real ledger: what the alert tests make happen."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from alerts.channels import Delivered, Dispatch, Outcome
from alerts.deliver import Alerts
from alerts.rules import Rule, ruleset
from store import events as ev
from store.claim import Claim, Entity, Variants
from store.clock import FixedClock
from store.database import open_engine
from store.keyed import Keyed
from store.ledger import Draft, Ledger, Recorded
from store.timeline import Timeline

START = datetime(2023, 9, 4, 8, tzinfo=UTC)
SECRET = b"a secret of the tests"
VARIANTS = {"group": "venue", "slot": "venue", "values": ("vladivostok", "vostochny"), "exclusive": True}

VISIT = Claim("visit", "Kim goes to Russia.", "summit", "forecast", deadline=date(2023, 9, 30), principals=("Russia",))
EEF = Claim("eef", "They meet in Vladivostok.", "summit", variants=Variants(own="vladivostok", **VARIANTS))
COSMODROME = Claim("cosmo", "They meet at Vostochny.", "summit", variants=Variants(own="vostochny", **VARIANTS))
ARMS = Claim("arms", "Pyongyang sells shells.", "arms")
CLAIMS = (VISIT, EEF, COSMODROME, ARMS)
PESKOV = Entity("peskov", "Dmitry Peskov", speaks_for="russia")
ENTITIES = (Entity("russia", "Russia"), PESKOV, Entity("nyt", "New York Times"))

EVERYTHING = frozenset({"first_mention", "new_origin", "denial", "status_change", "variant_drift"})


class Recorder:
    """A channel for tests that need no wire: keeps what it was given and answers as told."""

    def __init__(self, *answers: Outcome | BaseException) -> None:
        self.sent: list[Dispatch] = []
        self._answers = list(answers)

    def __call__(self, dispatch: Dispatch) -> Outcome:
        self.sent.append(dispatch)
        answer = self._answers.pop(0) if self._answers else Delivered("ok")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def headlines(self) -> list[list[str]]:
        return [[line for item in one.notice.items for line in item.headlines] for one in self.sent]


def rule(id_: str = "desk", triggers: frozenset[str] = EVERYTHING, channels: tuple[str, ...] = ("desk",), **fields) -> Rule:
    fields.setdefault("wait_for_more", timedelta(0))
    fields.setdefault("at_most_every", timedelta(0))
    return Rule(id_, frozenset(triggers), channels, **fields)


class World:
    """A ledger with claims tracked and two feeds, and the alerts role on it."""

    def __init__(self, path: Path, *rules: Rule, url: str | None = None, claims: tuple[Claim, ...] = CLAIMS) -> None:
        self.clock = FixedClock(START)
        self.keyed = Keyed(SECRET)
        self.engine = open_engine(url or f"sqlite:///{path / 'ledger.db'}")
        self.ledger = Ledger(self.engine, secret=SECRET, clock=self.clock, projectors=(Timeline(),))
        self.rules = ruleset(rules or (rule(),))
        self.desk = Recorder()
        self._articles = 0
        drafts = [Draft(ev.EntityDefined(entity), f"entity/{entity.id}", START) for entity in ENTITIES]
        drafts += [Draft(ev.StoryOpened("summit", "The summit"), "story/summit", START)]
        drafts += [Draft(ev.ClaimTracked(claim), f"claim/{claim.id}", START) for claim in claims]
        for outlet in ("ledger", "meridian"):
            text = ev.FeedText(f"https://{outlet}.example/rss", f"{outlet} feed", f"The {outlet.title()}")
            drafts.append(Draft(ev.FeedAdded(f"f-{outlet}", f"o-{outlet}", 600, text), f"feed/f-{outlet}", START))
        self.append(*drafts)

    def alerts(self, owner: str | None = None, channels=None, **options) -> Alerts:
        channels = {"desk": self.desk} if channels is None else channels
        return Alerts(
            ledger=self.ledger, rules=self.rules, channels=channels, clock=self.clock, keyed=self.keyed, owner=owner, **options
        )  # fmt: skip

    def append(self, *drafts: Draft) -> list[Recorded]:
        return self.ledger.append(drafts, actor="recorder")

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def named(self, name: str) -> list[ev.Event]:
        return [recorded.event for recorded in self.ledger.read(names={name})]

    # --- what happens in the news -----------------------------------------------------------------

    def publish(self, *mentions: ev.MentionRecorded, age: timedelta = timedelta(0), feed: str = "f-ledger") -> str:
        """A new article with these mentions, recorded in one transaction. Returns its id."""
        self._articles += 1
        article = f"a{self._articles}"
        self.append(self.article(article, age=age, feed=feed), *self.mentions(article, mentions, age=age))
        return article

    def article(self, article: str, *, age: timedelta = timedelta(0), feed: str = "f-ledger") -> Draft:
        now = self.clock.now()
        outlet = feed.replace("f-", "o-")
        text = ev.ArticleText(f"https://news.example/{article}", "A title")
        event = ev.ArticlePublished(article, feed, outlet, now - age, now, "claimed", "en", "r1", None, "c", "read", text)
        return Draft(event, f"article/{article}", now - age, (article,))

    def mentions(self, article: str, mentions: tuple[ev.MentionRecorded, ...], **age: timedelta) -> list[Draft]:
        at = self.clock.now() - age.get("age", timedelta(0))
        return [
            Draft(filled(mention, article, number), f"article/{article}", at, (article,))
            for number, mention in enumerate(mentions)
        ]

    def revise(self, article: str, *edits: tuple[str, str | None], revision: int = 2, passages=(), more=()) -> None:
        now = self.clock.now()
        text = ev.RevisionText(f"https://news.example/{article}", "A title", passages=tuple(passages))
        found = tuple(ev.EditFound(kind, claim) for kind, claim in edits)
        event = ev.ArticleRevised(
            article, revision, "f-ledger", "o-ledger", now, now, "first_seen", "en", "r1", None, "c", "read", found, text
        )
        self.append(Draft(event, f"article/{article}", now, (article,)), *more)

    def withdraw(self, mention: str, article: str, claim: str, reason: str = "reread") -> Draft:
        event = ev.MentionWithdrawn(mention, article, claim, reason)
        return Draft(event, f"article/{article}", self.clock.now())

    def review(self, mention: str, article: str, claim: str, decision: str = "rejected", **fields) -> None:
        event = ev.MentionReviewed(mention, "anchor", article, claim, decision, **fields)
        self.append(Draft(event, f"article/{article}", self.clock.now()))

    def conclude(self, claim: str, before: str, after: str, cause: int | None, mentions: tuple[str, ...] = ()) -> None:
        event = ev.ClaimStatusChanged(claim, before, after, "v1", 1, mentions)
        self.append(Draft(event, f"claim/{claim}", self.clock.now(), cause=cause))


def mention(
    claim: str = "visit", stance: str = "affirms", quote: str = "Kim will go, officials said.", *,
    speaker: str | None = None, entity: str | None = None, echo: str | None = None, outlet: str = "o-ledger", **fields,
) -> ev.MentionRecorded:  # fmt: skip
    """A mention still without article and id; `filled` gives it both."""
    keyed = Keyed(SECRET)
    party = ev.Party(keyed.name(speaker), entity) if speaker else None
    echo_of = ev.Party(keyed.name(echo), None) if echo else None
    text = ev.MentionText(quote, "before ", " after", "https://news.example/x", "A title", "The Ledger", speaker, echo_of=echo)
    values = {
        "claims_at": 0, "start": 0, "end": len(quote), "hedging": "asserted", "outlet_stance": "neutral",
        "anonymity": "named" if speaker else "none", "organisation": None, "variant": None, "said_on": None,
        "said_on_precision": None, "happened_on": None, "score": 900, "signature": "", "revision": 1, "text": text,
        "mention": "",
    }  # fmt: skip
    return ev.MentionRecorded(
        article="", rendition="r1", outlet=outlet, claim=claim, reader="r", stance=stance, speaker=party,
        echo_of=echo_of, **(values | fields),
    )  # fmt: skip


def filled(mention: ev.MentionRecorded, article: str, number: int) -> ev.MentionRecorded:
    id_ = mention.mention or hashlib.sha256(f"{article}/{mention.revision}/{number}".encode()).hexdigest()[:24]
    return msgspec.structs.replace(mention, article=article, mention=id_)
