"""The tables that stand beside the events, checked against what the events amount to."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from store.audit_rows import Fault
from store.content import Content
from store.database import reading
from store.events import ArticlePublished, ArticleRevised
from store.ledger import Recorded
from store.merkle import Frontier
from store.tables import FORMAT, KEPT_LEVEL, Stored, events, head, texts, tree
from store.timeline import Timeline

BATCH = 1_000


def head_faults(connection: Connection, log: str, frontier: Frontier, last: Stored | None) -> Iterator[Fault]:
    """The one row that appending starts from."""
    rows = connection.execute(select(head)).all()
    if len(rows) != 1 or rows[0].one != 1:
        yield Fault(None, f"the ledger has {len(rows)} heads that could be its own; it must have one")
        return
    state = rows[0]
    if state.format != FORMAT:
        yield Fault(None, f"the head gives the format {state.format!r}, this ledger has {FORMAT}")
    if state.log != log:
        yield Fault(None, f"the head names another log than it did when the ledger was opened ({log})")
    if state.size != frontier.size:
        where = min(state.size, frontier.size) if isinstance(state.size, int) else 0
        yield Fault(where, f"the head speaks of {state.size} events, there are {frontier.size}")
    if state.frontier != frontier.to_bytes():
        yield Fault(None, "the head's root is not the root of the events")
    if state.recorded_at != (last.recorded_at if last else 0):
        yield Fault(None, "the head gives another time of recording than the last event")


def tree_faults(connection: Connection) -> Iterator[Fault]:
    """The kept subtrees."""
    wanted = _subtrees(connection)
    for level, index, hashed in connection.execute(select(tree).order_by(tree.c.level, tree.c.index)):
        if wanted.pop((level, index), None) != hashed:
            where = index << level if isinstance(index, int) and isinstance(level, int) and 0 <= level < 64 else None
            yield Fault(where, f"the kept subtree of level {level}, index {index} is not that of its events")
    for level, index in wanted:
        yield Fault(index << level, f"the subtree of level {level}, index {index} is missing")


def _subtrees(connection: Connection) -> dict[tuple[int, int], bytes]:
    """The subtrees that are to be kept: one in 256 leaves, so a million events need some four thousand."""
    frontier, found = Frontier(), {}
    query = select(events.c.leaf).order_by(events.c.position)
    for (hashed,) in connection.execute(query, execution_options={"yield_per": BATCH}):
        for level, index, node in frontier.append(bytes(hashed)):
            if level >= KEPT_LEVEL:
                found[level, index] = node
    return found


def stream_faults(connection: Connection) -> Iterator[Fault]:
    """Versions of each stream run 0, 1, 2, … in order of position."""
    last_stream, last_version, last_position = None, -1, -1
    query = select(events.c.stream, events.c.stream_version, events.c.position).order_by(
        events.c.stream, events.c.stream_version
    )
    for stream, version, position in connection.execute(query, execution_options={"yield_per": BATCH}):
        if stream != last_stream:
            last_version, last_position = -1, -1
        if version != last_version + 1:
            yield Fault(position, f"version {last_version + 1} of stream {stream} is missing")
        if position < last_position:
            yield Fault(position, f"version {version} of stream {stream} stands before version {last_version}")
        last_stream, last_version, last_position = stream, version, position


def text_faults(connection: Connection, erased: Iterable[int]) -> Iterator[Fault]:
    """Texts that belong to no event, and texts that were erased and are there again."""
    astray = select(texts.c.position).where(texts.c.position.not_in(select(events.c.position))).order_by(texts.c.position)
    for position in connection.scalars(astray):
        yield Fault(position, "a text lies here that belongs to no event")
    gone = sorted(erased)
    for start in range(0, len(gone), BATCH):
        back = select(texts.c.position).where(texts.c.position.in_(gone[start : start + BATCH]))
        for position in connection.scalars(back):
            yield Fault(position, "its text was erased, and is there again")


def content_faults(content: Content, recorded: Recorded, emptied: dict[str, int]) -> Iterator[Fault]:
    """The page and the texts of one revision against the commitments in its event.

    Notes in `emptied` (article → position) where the bytes are gone: whether that was an erasure is for the caller to say.
    """
    event, where = recorded.event, recorded.position
    if not isinstance(event, ArticlePublished | ArticleRevised):
        return
    revision = event.revision if isinstance(event, ArticleRevised) else 1
    try:
        found = {sealed.rendition: sealed for sealed in content.sealed(event.article, revision)}
    except DBAPIError as error:
        yield Fault(where, f"the content of article {event.article}, revision {revision} cannot be read: {error.orig}")
        return
    for name, wanted in ((None, event.page), (event.rendition, event.content)):
        kind = "page" if name is None else "text"
        if wanted is None:
            continue
        if name not in found:
            yield Fault(where, f"the {kind} of article {event.article}, revision {revision} is missing from the content table")
        elif found[name].commitment != wanted:
            yield Fault(where, f"the {kind} of article {event.article}, revision {revision} is not the one that was recorded")
    for name, sealed in found.items():
        if not sealed.holds:
            kind = "page" if name is None else f"text ({name})"
            yield Fault(where, f"the {kind} of article {event.article}, revision {revision} does not match its commitment")
        elif sealed.body is None:
            emptied.setdefault(event.article, where)


def read_table_faults(connection: Connection, timeline: Timeline, beside: Engine, rebuilt: Timeline) -> Iterator[Fault]:
    """The live read tables against those built from the events alone."""
    try:
        live = timeline.digest(connection)
    except UnicodeEncodeError:
        live = "unreadable"
    with reading(beside) as other:
        again = rebuilt.digest(other)
    if live != again:
        yield Fault(None, "the read tables do not follow from the events; run `dateline replay --rebuild`")
