"""The folds, asked of the read tables: stories, statuses, origins."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, event

from store.chronology import MOST_ROWS, Chronology, condense
from store.claim import Claim, ClaimSet
from store.evidence import Evidence
from store.lineage import Origin, Outlets, Parties, origins
from store.running import Running
from store.standing import Standing
from store.status import Conclusion, concluded, expires_at, rivals_of
from store.story import Edited, StoryTold, tell
from store.timeline.answers import Revision
from store.timeline.queries import Queries
from store.timeline.tables import Tables


class Memory:
    """What one process has folded so far, for `conclusions`; serves one thread.

    It forgets by itself when a transaction in which it was used is rolled back: what it saw there never was.
    """

    def __init__(self) -> None:
        self.running: dict[str, Running] = {}
        self.parties = Parties(ClaimSet(claims_at=-2))
        self.transaction: object = None

    def forget(self, _connection: Connection | None = None) -> None:
        self.running.clear()


class Telling(Queries):
    """Reads mentions, definitions and revisions as known at a position, and folds them as of an instant."""

    def __init__(self, tables: Tables, key: Callable[[str], str]) -> None:
        super().__init__(tables)
        self._key = key

    def outlets(self, connection: Connection, as_known: int | None = None) -> Outlets:
        """How the watched outlets meet the names in texts."""
        return Outlets(self.outlet_names(connection, as_known), self._key)

    def origins(self, connection: Connection, claim: str, as_known: int | None = None) -> dict[str, Origin]:
        """The origin of every mention of the claim, by mention id."""
        evidence = self.evidence(connection, [claim], as_known)
        return origins(evidence, self.claim_set(connection, as_known), self.outlets(connection, as_known))

    def conclusions(
        self, connection: Connection, claims: Iterable[str], now: datetime, memory: Memory | None = None
    ) -> dict[str, Conclusion]:
        """The status at `now` of these claims and of their rivals, which change with them. Retired claims are left out.

        With a `memory`, which the caller keeps from call to call, only what is new since the last call is folded.
        """
        memory = Memory() if memory is None else memory
        self._refresh(connection, memory)
        known = memory.parties.claims
        wanted = _with_rivals((known.by_id[id_] for id_ in claims if id_ in known.by_id), known)
        following = self.next_position(connection)
        standing = {
            claim.id: self._standing(connection, claim, now, following, memory)
            for claim in _with_rivals(wanted.values(), known).values()
        }
        return {
            claim.id: concluded(
                standing[claim.id], [standing[rival.id] for rival in rivals_of(claim, known)], expires_at(claim), now
            )
            for claim in wanted.values()
        }

    def _refresh(self, connection: Connection, memory: Memory) -> None:
        """Forgets what was folded under another watch list, and sees to it that an undone transaction is forgotten."""
        outlets = self.outlets(connection)
        if self.claims_at(connection) != memory.parties.claims.claims_at or outlets.printed != memory.parties.outlets.printed:
            memory.forget()
            memory.parties = Parties(self.claim_set(connection), outlets)
        if memory.transaction is not connection.get_transaction():
            memory.transaction = connection.get_transaction()
            event.listen(connection, "rollback", memory.forget)

    def _standing(self, connection: Connection, claim: Claim, now: datetime, following: int, memory: Memory) -> Standing:
        running = memory.running.get(claim.id)
        if running is not None:
            news = None if following <= running.seen else self.evidence_since(connection, claim.id, running.seen)
            if news is None or not running.learn(news, now):
                running = None
        if running is None:
            evidence = self.evidence(connection, [claim.id])
            running = memory.running[claim.id] = Running(claim, memory.parties, evidence, following - 1)
        running.seen = following - 1
        return running.advance(now)

    def told(
        self,
        connection: Connection,
        story: str | None,
        as_of: datetime,
        as_known: int | None = None,
        *,
        claims: Iterable[str] | None = None,
    ) -> StoryTold:
        """A story as it stood at `as_of`, by what had been recorded up to `as_known`. `story` None: all stories.

        With `claims`, only those of its claims. An unknown story has no claims.
        """
        known = self.claim_set(connection, as_known)
        only = None if claims is None else frozenset(claims)
        wanted = [c for c in known if story in {None, c.story} and (only is None or c.id in only)]
        evidence = self.evidence(connection, _with_rivals(wanted, known), as_known)
        articles = _articles(wanted, evidence)
        revisions = self.revisions_of(connection, articles, as_known)
        outlet_of = {item.mention.article: item.mention.outlet for item in evidence}
        return tell(
            wanted, evidence, known, as_of,
            edits=[edit for revision in revisions for edit in _edits(revision, outlet_of)],
            withdrawals=self.withdrawals(connection, articles, as_known), outlets=self.outlets(connection, as_known),
        )  # fmt: skip

    def story(self, connection: Connection, story: str | None, as_of: datetime, as_known: int | None = None) -> dict[str, Any]:
        """`told` as plain data for JSON, with the titles of the stories."""
        told = self.told(connection, story, as_of, as_known)
        shown = {claim.story for claim in told.claims} | ({story} if story else set())
        titles = self.stories(connection, as_known)
        stories = [{"id": id_, "title": titles.get(id_, id_)} for id_ in sorted(shown)]
        return {"stories": stories, **told.to_dict()}

    def chronology(
        self,
        connection: Connection,
        story: str | None,
        as_of: datetime,
        as_known: int | None = None,
        *,
        most: int = MOST_ROWS,
    ) -> Chronology:
        """The story as a table for people."""
        told = self.told(connection, story, as_of, as_known)
        return condense(told.timeline, self.claim_set(connection, as_known), most)


def _with_rivals(claims: Iterable[Claim], known: ClaimSet) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    for claim in claims:
        found |= {claim.id: claim} | {rival.id: rival for rival in rivals_of(claim, known)}
    return found


def _articles(wanted: Iterable[Claim], evidence: Iterable[Evidence]) -> list[str]:
    ids = {claim.id for claim in wanted}
    return sorted({item.mention.article for item in evidence if item.mention.claim in ids})


def _edits(revision: Revision, outlet_of: dict[str, str]) -> Iterable[Edited]:
    for number, (kind, claim) in enumerate(revision.edits):
        before, after = revision.passages[number] if number < len(revision.passages) else (None, None)
        yield Edited(
            revision.article, outlet_of[revision.article], claim, revision.occurred_at, kind, before, after, revision.url
        )
