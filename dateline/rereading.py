"""Texts read again, here or by several processes, in the order in which they were handed in.

The processes of the pool open no connection and start nothing: an audit hook in each refuses it. They hear no Ctrl-C, which
is the parent's business, and end with their parent, however that ends. At any time only a few texts are in memory.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec
import structlog

from dateline.errors import CONFIG, UserError
from store.claim import ClaimSet
from store.reading import Document, Findings

if TYPE_CHECKING:
    from workers.read import Reader

AHEAD = 3
"""Batches that wait for each process, so that none is idle."""

_log = structlog.get_logger("rematch")


class Asked(NamedTuple):
    """What a reader is made of: the watch list, the home's secret, and `auto` or `none` for the sentence model."""

    claims: ClaimSet
    secret: bytes
    model: str


class Text(NamedTuple):
    """A revision's text, and that of the revision before it if there is one."""

    now: Document
    before: Document | None


class ReaderLost(Exception):
    """A process of the pool was killed, most often for want of memory. What it had in hand is not read."""


class Readers:
    """Reads with `processes` processes; with one, in this process. Use as a context manager."""

    def __init__(self, asked: Asked, processes: int) -> None:
        self._asked, self._processes = asked, processes
        self._others = set(multiprocessing.active_children())
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._processes == 1:
            _prepare(self._asked)
        else:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, context, _prepare_sealed, (self._asked,))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            _forget()
            return
        if kind is not None:  # nobody waits for what is in hand
            for child in set(multiprocessing.active_children()) - self._others:
                child.terminate()
        self._pool.shutdown(cancel_futures=True)

    def version(self) -> str:
        """That of the reader."""
        return _version() if self._pool is None else str(self._result(self._submit(_version)))

    def read(self, batches: Iterable[Sequence[Text]]) -> Iterator[list[bytes]]:
        """Each batch's findings as JSON, without words, in order. Raises ReaderLost, and what opening a reader raises."""
        if self._pool is None:
            yield from map(_read, batches)
            return
        waiting: deque[Future[list[bytes]]] = deque()
        for batch in batches:
            waiting.append(self._submit(_read, batch))
            if len(waiting) >= AHEAD * self._processes:
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def _submit(self, function: Any, *arguments: object) -> Future[Any]:
        """Processes are started here, on demand; they inherit that SIGINT is held back."""
        assert self._pool is not None
        with _uninterrupted():
            try:
                return self._pool.submit(function, *arguments)
            except BrokenProcessPool as error:
                raise ReaderLost from error

    def _result(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise ReaderLost from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in the process that reads -----------------------------------------------------------------------

_asked: Asked | None = None
_reader: "Reader | None" = None
_REFUSED = frozenset(
    {
        "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "subprocess.Popen", "os.exec", "os.fork",
        "os.forkpty", "os.posix_spawn", "os.spawn", "os.system",
    }
)  # fmt: skip


def _prepare(asked: Asked) -> None:
    global _asked, _reader
    _asked, _reader = asked, None


def _forget() -> None:
    global _asked, _reader  # noqa: PLW0603 - as above
    _asked = _reader = None


def _prepare_sealed(asked: Asked) -> None:
    sys.addaudithook(_refuse)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _prepare(asked)


def _refuse(event: str, _arguments: object) -> None:
    if event in _REFUSED:
        raise PermissionError(f"a replay opens no connection and starts no process ({event})")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _open() -> "Reader":
    """This process's reader, made when it is first asked for: what goes wrong then reaches the caller as it is."""
    global _reader  # noqa: PLW0603 - as above
    if _reader is None:
        from workers.read import Reader
        from workers.vectors import ModelDamaged, load_vectors

        assert _asked is not None
        try:
            vectors = load_vectors() if _asked.model == "auto" else None
        except ModelDamaged as error:
            raise UserError(str(error), CONFIG) from error  # unlike the other, it survives the way out of a process
        _reader = Reader(_asked.claims, vectors, _asked.secret)
    return _reader


def _version() -> str:
    return _open().version


def _read(batch: Sequence[Text]) -> list[bytes]:
    return [msgspec.json.encode(_findings(text)) for text in batch]


def _findings(text: Text) -> Findings:
    """As the role `match` finds it, which reads on where a text brings the reader to fall."""
    from workers.consume import stripped

    reader = _open()
    try:
        return stripped(reader.read(text.now, text.before))
    except Exception as error:  # noqa: BLE001 - one text must not end the reading of all others
        _log.error("reading_failed", article=text.now.article, revision=text.now.revision, error=repr(error))
        return Findings("failed", detail=type(error).__name__)
