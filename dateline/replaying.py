"""One replay at a time over a home: two would build in the same tables and keep their readings in the same file."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dateline.errors import CONFIG, TEMPORARY, UserError

LOCK = ".replay.lock"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Raises UserError while another process replays. The lock ends with the process, however that ends; the file stays."""
    try:
        file = (home / LOCK).open("w")
    except OSError as error:
        raise UserError(f"{home / LOCK}: {error.strerror}. A replay needs a home that it can write to.", CONFIG) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"another replay is at work over {home}: wait for it to end.", TEMPORARY) from error
        yield
