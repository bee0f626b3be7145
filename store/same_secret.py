"""Whether the secret in hand is the one that this ledger's ids were made with.

Ids of articles, alerts and names are keyed hashes under the home's secret. A process with another secret would take every
article for a new one. So a keyed hash of the log's name lies in the ledger's database; it reveals nothing of the secret.
"""

from sqlalchemy import Connection, Engine, select

from store.clock import Clock, to_micros
from store.database import lock_tables, reading, writing
from store.keyed import Keyed
from store.places import keep_tick, ticks

PREFIX = "secret:"


class OtherSecret(Exception):
    """Nothing was read or written with it."""

    def __init__(self, log: str) -> None:
        super().__init__(
            f"the ledger {log} was written with another secret than this home's: articles, alerts and names would get other "
            "ids. Copy the file `secret` from a home that this ledger knows (mode 0600), or point database_url elsewhere."
        )
        self.log = log


def assure_same_secret(engine: Engine, log: str, keyed: Keyed, clock: Clock) -> None:
    """Raises OtherSecret. A ledger that does not know its secret yet (new, or of an earlier release) learns it here, once."""
    mine = PREFIX + keyed.digest("secret", (log,))
    with reading(engine) as connection:
        known = _known(connection)
    if known is None:
        with writing(engine) as connection:
            lock_tables(connection)  # of two that open a new ledger at once, the second sees what the first wrote
            known = _known(connection)
            if known is None:
                keep_tick(connection, mine, to_micros(clock.now()))
                return
    if known != mine:
        raise OtherSecret(log)


def _known(connection: Connection) -> str | None:
    return connection.scalar(select(ticks.c.name).where(ticks.c.name.startswith(PREFIX)).limit(1))
