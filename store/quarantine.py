"""Messages that cannot be processed: how one is set aside on the bus, and how that is recorded.

Whoever meets such a message publishes it to the quarantine topic, with headers that say where it was and why it is there,
before it moves on; the recorder records what arrives there. Set aside twice, by a process killed in between, it is
recorded once.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from store.bus import Incoming, Outgoing
from store.database import reading
from store.events import MessageDropped, MessageQuarantined, MessageRetried, QuarantineText
from store.ledger import Draft, Ledger, Recorded
from store.tables import events

STREAM = "log"
_TOPIC, _PARTITION, _OFFSET, _REASON = "dateline_topic", "dateline_partition", "dateline_offset", "dateline_reason"
_NAMES = (MessageQuarantined.NAME, MessageRetried.NAME, MessageDropped.NAME)


def set_aside(incoming: Incoming, reason: str) -> Outgoing:
    """The message for the quarantine topic: same key, same bytes. `reason` is a stable word."""
    headers = (
        (_TOPIC, incoming.topic),
        (_PARTITION, str(incoming.partition)),
        (_OFFSET, str(incoming.offset)),
        (_REASON, reason),
    )
    return Outgoing(incoming.key, incoming.value, headers)


def quarantined(incoming: Incoming, bus: str, now: datetime) -> Draft:
    """The event of a message that arrived on the quarantine topic. One that says not where it was counts as from there."""
    headers = dict(incoming.headers)
    topic, reason = headers.get(_TOPIC, incoming.topic), headers.get(_REASON, "unaddressed")
    partition, offset = _number(headers.get(_PARTITION), incoming.partition), _number(headers.get(_OFFSET), incoming.offset)
    text = QuarantineText(b64encode(incoming.value).decode())
    # Messages are keyed by article: whatever such a one holds goes when its article is erased.
    about = (incoming.key,) if incoming.key and not any(c.isspace() for c in incoming.key) else ()
    key = f"quarantine:{bus}:{topic}:{partition}:{offset}"
    return Draft(MessageQuarantined(topic, partition, offset, reason, text), STREAM, now, about, key=key)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else otherwise


def trail(ledger: Ledger) -> Sequence[Recorded]:
    """Everything recorded about messages in quarantine, in order."""
    # Of the stream, since that has an index; names have none.
    query = select(events.c.position).where(events.c.stream == STREAM, events.c.name.in_(_NAMES))
    with reading(ledger.engine) as connection:
        positions = connection.scalars(query.order_by(events.c.position)).all()
    return [recorded for position in positions for recorded in ledger.read(position, stop=position + 1)]
