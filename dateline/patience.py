"""What to do about a server that went away: wait for it. Which errors say so, and what is told about them in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dateline.errors import TEMPORARY, UserError
from store.bus import BusUnavailable
from store.chores_run import NotNow


def may_pass() -> tuple[type[Exception], ...]:
    """Kinds of errors among which `away` can tell those that pass. A function, so that psycopg is loaded by need alone."""
    import psycopg

    return (BusUnavailable, SQLAlchemyError, psycopg.Error, UserError)


def away(error: BaseException) -> str | None:
    """One line about the server that does not answer, or cannot serve just now; None for every other error.

    A fault of a SQLite file is none of these: nobody would come to mend it meanwhile.
    """
    import psycopg

    match error:
        case BusUnavailable():
            return _line("the bus does not answer", error)
        case UserError(code=code) if code == TEMPORARY:
            return str(error)
        case DBAPIError(orig=psycopg.OperationalError() as cause):
            return _line("the database does not answer", cause)
        case DBAPIError(connection_invalidated=True, orig=psycopg.Error() as cause):
            return _line("the database does not answer", cause)
        case psycopg.OperationalError():
            return _line("the database does not answer", error)
    return None


def _line(what: str, cause: BaseException) -> str:
    """Drivers explain themselves in several lines, of which the first says what happened."""
    said = str(cause).strip().partition("\n")[0]
    return f"{what}: {said}" if said else f"{what} ({type(cause).__name__})"


@contextmanager
def patient() -> Iterator[None]:
    """Turns what `away` knows into NotNow, for chores that Celery does."""
    try:
        yield
    except may_pass() as error:
        said = away(error)
        if said is None:
            raise
        raise NotNow(said) from None
