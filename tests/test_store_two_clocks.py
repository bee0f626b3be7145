"""Two clocks: what was believed at one instant about another, against an oracle that filters and folds and nothing else."""

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import msgspec
import pytest
from story_builder import CLOSES, CRACKED, ENTITIES, OUTLETS, at, mention

from store import events as ev
from store.clock import FixedClock
from store.database import open_engine, reading
from store.ledger import Draft, Ledger
from store.timeline import Timeline

HISTORIES, QUESTIONS = 56, 90
"""Each question is asked about two claims: 10,080 answers."""
CLAIMS = (CLOSES, CRACKED)
PARTY = {"Ada Linden": "city", "Bo Stern": "city", "Ostwerk": "builder", "Cara Voss": "engineer", "Nobody": "nobody"}
"""Whom each speaker speaks for, by hand."""
PRINCIPAL = {"City of Varn": "city", "Ostwerk": "builder"}


class Told(NamedTuple):
    """One event as the oracle keeps it: when it was recorded, when it occurred, and what it is about."""

    recorded: datetime
    occurred: datetime
    kind: str
    what: object


# --- the oracle --------------------------------------------------------------------------------------


def oracle(log, claim, as_of, as_known):
    """The claim's status; None if it was not tracked then."""
    known = [one for one in log if one.recorded <= as_known]
    definitions = [
        one.what for one in known if one.kind in ("claim", "retired") and claim in (one.what, getattr(one.what, "id", 0))
    ]
    if not definitions or isinstance(definitions[-1], str):
        return None
    ends, decided = {}, {}
    for one in known:
        if one.kind == "end":
            ends.setdefault(one.what[0], None if one.what[1] == "reread" else one.occurred)
        if one.kind == "review":
            decided[one.what.mention] = one.what
    standing = [
        (one.occurred, one.what, decided.get(one.what.mention))
        for one in sorted((one for one in known if one.kind == "mention" and one.what.claim == claim), key=lambda o: o.occurred)
        if one.occurred <= as_of and (one.what.mention not in ends or (ends[one.what.mention] or one.occurred) > as_of)
    ]
    return policy(definitions[-1], standing, as_of)


def policy(claim, standing, as_of):
    principals = {PRINCIPAL[name] for name in claim.principals}
    latest, hinted = {}, False
    for occurred, what, review in standing:
        stance, hedging = (review and review.stance) or what.stance, (review and review.hedging) or what.hedging
        if (review and review.decision == "rejected") or stance not in ("affirms", "denies"):
            continue
        if hedging in ("asserted", "predicted"):
            own = PARTY[what.text.speaker]
            latest[own if own in principals else what.text.speaker] = (occurred, stance, hedging)
        elif stance == "affirms":
            hinted = True
    voices = {who: said for who, said in latest.items() if who in principals}
    denied = max((when for when, stance, _ in voices.values() if stance == "denies"), default=None)
    if any(s == "affirms" and h == "asserted" and (denied is None or when > denied) for when, s, h in voices.values()):
        return "confirmed"
    if claim.deadline and as_of >= datetime.combine(claim.deadline, time(22), UTC) + timedelta(days=2):  # summer in Berlin
        return "expired"
    sides = {stance for _, stance, _ in latest.values()}
    if sides == {"affirms", "denies"}:
        return "contested"
    if denied:
        return "denied"
    if voices:
        return "announced"
    return "reported" if "affirms" in sides else "rumoured" if hinted else "untested"


# --- random histories --------------------------------------------------------------------------------


def amended(rng, claim):
    if claim.deadline and rng.random() < 0.6:
        return msgspec.structs.replace(claim, deadline=date(2031, 5, rng.randint(5, 25)))
    principals = rng.choice([("City of Varn",), ("Ostwerk",), ("City of Varn", "Ostwerk"), ()])
    return msgspec.structs.replace(claim, principals=principals)


class History:
    """A ledger and the oracle's log, filled with the same events."""

    def __init__(self, path, rng):
        self.rng, self.log, self.clock = rng, [], FixedClock(at(1, 0))
        self.timeline = Timeline(key=OUTLETS.key)
        self.ledger = Ledger(open_engine(f"sqlite:///{path}"), secret=b"s" * 32, clock=self.clock, projectors=[self.timeline])
        self.definitions = {claim.id: claim for claim in CLAIMS}
        self.drafts = [Draft(ev.EntityDefined(entity), f"entity/{entity.id}", at(1, 0)) for entity in ENTITIES]
        for claim in CLAIMS:
            self.put("claim", claim, ev.ClaimTracked(claim), f"claim/{claim.id}", at(1, 0))
        for number in range(rng.randint(8, 30)):
            self.clock.advance(timedelta(minutes=rng.randint(1, 36 * 60)))
            self.step(number)
        with self.ledger.writing("test") as write:
            for recorded, draft in self.pending:
                self.clock.set(recorded)
                write.append([draft])

    @property
    def pending(self):
        first = self.drafts[: len(ENTITIES)]
        return [(at(1, 0), draft) for draft in first] + [
            (one.recorded, draft) for one, draft in zip(self.log, self.drafts[len(ENTITIES) :], strict=True)
        ]

    def put(self, kind, what, event, stream, occurred):
        self.log.append(Told(self.clock.now(), occurred, kind, what))
        self.drafts.append(Draft(event, stream, occurred))

    def step(self, number):
        rng, known = self.rng, [one for one in self.log if one.kind == "mention"]
        kind = rng.choice(["mention"] * 6 + ["end", "end", "review", "review", "claim", "retire"])
        claim = self.definitions[rng.choice(CLAIMS).id]
        if kind == "mention" or not known:
            # back-dated by up to twelve days, on time, or (a feed's word) in the future; no two at one instant
            occurred = self.clock.now() + timedelta(hours=rng.randint(-12 * 24, 12), seconds=number)
            self.mention(number, claim, occurred)
        elif kind == "end":
            one = rng.choice(known)
            reason = rng.choice(["revised", "article_withdrawn", "reread"])
            event = ev.MentionWithdrawn(one.what.mention, one.what.article, one.what.claim, reason)
            occurred = one.occurred + timedelta(hours=rng.randint(0, 200))
            self.put("end", (one.what.mention, reason), event, f"article/{one.what.article}", occurred)
        elif kind == "review":
            self.review(rng.choice(known).what)
        elif kind == "claim":
            changed = self.definitions[claim.id] = amended(rng, claim)
            self.put("claim", changed, ev.ClaimAmended(changed, ("deadline",)), f"claim/{claim.id}", self.clock.now())
        elif rng.random() < 0.3:
            self.put("retired", claim.id, ev.ClaimRetired(claim.id), f"claim/{claim.id}", self.clock.now())

    def mention(self, number, claim, occurred):
        rng = self.rng
        event = mention(
            f"m{number}", claim, rng.choice(sorted(OUTLETS.printed)), occurred,
            rng.choice(["affirms", "affirms", "denies", "no_comment"]),
            hedging=rng.choice(["asserted", "asserted", "predicted", "speculated"]), named=rng.choice(sorted(PARTY)),
        ).mention  # fmt: skip
        self.put("mention", event, event, f"article/{event.article}", occurred)

    def review(self, what):
        decision = self.rng.choice(["rejected", "confirmed", "corrected"])
        fixed = decision == "corrected"
        event = ev.MentionReviewed(
            what.mention, f"anchor-{what.mention}", what.article, what.claim, decision,
            self.rng.choice(["affirms", "denies", "discusses"]) if fixed else None,
            self.rng.choice([None, "asserted", "speculated"]) if fixed else None,
        )  # fmt: skip
        self.put("review", event, event, f"article/{what.article}", self.clock.now())

    def answer(self, as_of, as_known):
        known = self.ledger.size_as_known(as_known) - 1
        with reading(self.ledger.engine) as connection:
            told = self.timeline.told(connection, "bridge", as_of, known)
        return {claim.id: claim.status for claim in told.claims}


def test_ten_thousand_answers_by_both_clocks_are_those_of_the_oracle(tmp_path):
    asked, seen, differs = 0, set(), 0
    for number in range(HISTORIES):
        rng = random.Random(number)
        history = History(tmp_path / f"{number}.db", rng)
        last = history.clock.now()
        for _ in range(QUESTIONS):
            as_of = at(1, 0) + (last + timedelta(days=20) - at(1, 0)) * rng.uniform(-0.4, 1)
            as_known = at(1, 0) + (last + timedelta(days=1) - at(1, 0)) * rng.uniform(-0.05, 1)
            answered = history.answer(as_of, as_known)
            for claim in CLAIMS:
                expected = oracle(history.log, claim.id, as_of, as_known)
                assert answered.get(claim.id) == expected, (number, claim.id, as_of, as_known)
                asked += 1
                seen.add(expected)
                differs += expected != oracle(history.log, claim.id, as_of, last)
        history.ledger.engine.dispose()
    assert asked >= 10_000
    assert seen == {None, "confirmed", "expired", "contested", "denied", "announced", "reported", "rumoured", "untested"}
    assert differs > asked / 20, "the second clock must matter"


@pytest.mark.parametrize("number", range(5))
def test_the_present_is_concluded_as_the_oracle_does(tmp_path, number):
    history = History(tmp_path / "l.db", random.Random(1_000 + number))
    with reading(history.ledger.engine) as connection:
        for days in range(40):
            now = at(1, 3) + timedelta(days=days)
            found = history.timeline.conclusions(connection, [claim.id for claim in CLAIMS], now)
            for claim in CLAIMS:
                expected = oracle(history.log, claim.id, now, history.clock.now())
                assert (found[claim.id].status if claim.id in found else None) == expected
