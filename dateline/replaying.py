"""One replay at a time over a home or a database: two would build in the same tables, or keep readings in the same file."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dateline.errors import CONFIG, TEMPORARY, UserError
from store.exclusion import Lost, Taken

LOCK = ".replay.lock"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Raises UserError while another process replays. The lock ends with the process, however that ends; the file stays.

    What runs within may find that a home on another machine replays over the same database; that is told alike.
    """
    try:
        file = (home / LOCK).open("w")
    except OSError as error:
        raise UserError(f"{home / LOCK}: {error.strerror}. A replay needs a home that it can write to.", CONFIG) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"another replay is at work over {home}: wait for it to end.", TEMPORARY) from error
        try:
            yield
        except Taken as error:
            raise UserError(
                "another replay is at work over this database, from another home: wait for it to end. If its machine is "
                "gone, PostgreSQL lets go of it a minute later.", TEMPORARY,
            ) from error  # fmt: skip
        except Lost as error:
            why = "PostgreSQL ended the replay's session; the read tables are as they were. Try again."
            raise UserError(why, TEMPORARY) from error
