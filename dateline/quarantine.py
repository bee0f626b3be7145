"""Messages in quarantine: which there are, putting one back on its topic, and deciding that one is not wanted."""

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import UNSET

from dateline.errors import UserError
from dateline.home import Home
from store.bus import Outgoing
from store.events import MessageDropped, MessageQuarantined, MessageRetried
from store.ledger import Draft, Recorded
from store.quarantine import STREAM, trail

State = Literal["waiting", "retried", "dropped"]


class Decision(NamedTuple):
    """`id` is the position of the event that records it."""

    id: int
    state: State
    at: datetime


class Held(NamedTuple):
    """A message in quarantine. `id` is the position of the event that records it.

    `key` is the id of the article that it is about, if it says so; `message` is None once that was erased.
    """

    id: int
    state: State
    topic: str
    partition: int
    offset: int
    reason: str
    since: datetime
    key: str
    message: bytes | None
    decisions: tuple[Decision, ...]


def held(home: Home) -> list[Held]:
    """All messages that ever were in quarantine, oldest first."""
    return gathered(trail(home.ledger))


def gathered(events: Sequence[Recorded]) -> list[Held]:
    """What the trail amounts to. Pure."""
    found: dict[int, Held] = {}
    for recorded in events:
        match recorded.event:
            case MessageQuarantined():
                found[recorded.position] = _held(recorded, recorded.event)
            case MessageRetried(quarantined=position):
                found[position] = _decided(found[position], recorded, "retried")
            case MessageDropped(quarantined=position):
                found[position] = _decided(found[position], recorded, "dropped")
    return list(found.values())


def _held(recorded: Recorded, event: MessageQuarantined) -> Held:
    message = None if event.text is UNSET else b64decode(event.text.message)
    key = recorded.articles[0] if recorded.articles else ""
    return Held(
        recorded.position, "waiting", event.topic, event.partition, event.offset, event.reason, recorded.recorded_at,
        key, message, (),
    )  # fmt: skip


def _decided(one: Held, recorded: Recorded, state: State) -> Held:
    decision = Decision(recorded.position, state, recorded.recorded_at)
    return one._replace(state=state, decisions=(*one.decisions, decision))


def one_of(home: Home, id_: int) -> Held:
    """Raises UserError when there is none."""
    return _chosen(home, [id_])[0]


def retry(home: Home, ids: Sequence[int]) -> list[Held]:
    """Puts the messages back on their topics, in the order given, and records it. Raises UserError, and then does nothing.

    Killed in between it may be on its topic without a record of it: trying it again is safe, since every message has its
    effect once. One that still cannot be processed comes back, with an id of its own.
    """
    chosen = _chosen(home, ids)
    for one in chosen:
        if one.message is None:
            raise UserError(f"message {one.id} was erased with its article; it can only be dropped.")
    for one in chosen:
        assert one.message is not None
        home.bus.publish(one.topic, [Outgoing(one.key, one.message)])
        _record(home, MessageRetried(one.id))
    return _chosen(home, ids)


def drop(home: Home, ids: Sequence[int]) -> list[Held]:
    """Records that the messages are not wanted. Raises UserError, and then does nothing."""
    for one in _chosen(home, ids):
        _record(home, MessageDropped(one.id))
    return _chosen(home, ids)


def _record(home: Home, event: MessageRetried | MessageDropped) -> None:
    home.ledger.append([Draft(event, STREAM, home.clock.now(), cause=event.quarantined)], actor="operator")


def _chosen(home: Home, ids: Sequence[int]) -> list[Held]:
    known = {one.id: one for one in held(home)}
    for id_ in ids:
        if id_ not in known:
            raise UserError(f"no message {id_} is in quarantine. `dateline quarantine list --all` shows those that are.")
    return [known[id_] for id_ in ids]
