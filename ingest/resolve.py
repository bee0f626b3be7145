"""Which article a feed item speaks of, by the keys that are bound so far."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from ingest import state
from ingest.identity import AliasKey
from ingest.item import Item
from ingest.state import Known

_ADDRESS = ("canonical", "url")


class Resolved(NamedTuple):
    """`known` is the article found, None for none. `unbound` are the item's keys that no article has.

    `rival` is another article to which the item's guid belongs. `doubtful`: found by the guid alone, while the address is
    new; the article has moved, or the publisher uses the guid again for another one. Only the text can tell.
    """

    known: Known | None
    unbound: tuple[AliasKey, ...]
    rival: Known | None = None
    doubtful: bool = False


def resolve(connection: Connection, keys: Sequence[AliasKey], secret: bytes) -> Resolved:
    """An address outranks a guid: addresses are rarely used again for another article, guids are."""
    hidden = {key.hidden(secret): key for key in keys}
    bound = state.find(connection, list(hidden))
    unbound = tuple(key for name, key in hidden.items() if name not in bound)
    by_url = _first(connection, [bound[name] for name, key in hidden.items() if name in bound and key.kind in _ADDRESS])
    by_guid = _first(connection, [bound[name] for name, key in hidden.items() if name in bound and key.kind not in _ADDRESS])
    if by_url is None:
        addresses = any(key.kind == "url" for key in keys)
        return Resolved(by_guid, unbound, doubtful=by_guid is not None and addresses)
    rival = by_guid if by_guid is not None and by_guid.article != by_url.article else None
    return Resolved(by_url, unbound, rival)


def item_hash(item: Item) -> str:
    """Changes when anything that the feed says of the article changes."""
    return sha256(msgspec.json.encode(item, order="sorted")).hexdigest()[:32]


def _first(connection: Connection, articles: Sequence[str]) -> Known | None:
    return state.article(connection, articles[0]) if articles else None
