"""Chores over Celery: who is to look at which row. The only file that imports celery.

A message carries the number of a row and nothing else; the row decides whether there is anything to do (`store.chores`). So
Redis may lose, repeat or forget messages as it likes. Which chores there are, and what they do, is handed in.
"""

import logging
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import redis
import structlog
from celery import Celery, bootsteps, signals
from celery.beat import Scheduler
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.chores_run import NotNow

LEAST_REDIS = (7, 0)
"""The oldest release that the tests have met."""
QUEUE = "dateline.chores"
ANSWERS = 10.0
"""Seconds that Redis may take over one command before the connection counts as dead."""

LOOKS = 2.0
"""Seconds between two looks at whether Redis has gone away."""

_log = structlog.get_logger("chores")


class Limits(NamedTuple):
    """`every`: seconds between two ticks. `longest`: seconds after which a worker process that does one chore is killed."""

    every: float = 1.0
    longest: float = 900.0


class Work(Protocol):
    """What a worker process does; made in the process itself, since no connection survives a fork."""

    def tick(self) -> list[int]:
        """Asks for what is due, sweeps, and returns the rows that somebody must be told of."""
        ...

    def not_sent(self, ids: list[int]) -> None: ...

    def do(self, id_: int) -> bool:
        """Does the chore of this row, unless it is done or in somebody's hands. Raises what it raises; NotNow, as the others
        may, if it needs a server that does not answer."""
        ...


OpenWork = Callable[[Callable[[], bool]], Work]
"""Makes the work of a process, given a function that says whether the worker is to stop."""


class BrokerAway(Exception):
    """Redis does not answer. Nothing is lost; try again later."""


class Broker(NamedTuple):
    """A Redis, and what stands before the names of this home's keys on it."""

    url: str
    prefix: str = ""

    def version(self) -> str:
        """The server's version. Raises BrokerAway."""
        try:
            with self._client() as client:
                return str(client.info("server")["redis_version"])
        except redis.RedisError as error:
            raise BrokerAway(f"Redis does not answer ({type(error).__name__})") from error

    def forget(self) -> int:
        """Removes everything of this home's. Its prefix must not be empty. Raises BrokerAway."""
        assert self.prefix
        try:
            with self._client() as client:
                keys = list(client.scan_iter(match=f"{self.prefix}*", count=1000))
                return int(client.delete(*keys)) if keys else 0
        except redis.RedisError as error:
            raise BrokerAway(f"Redis does not answer ({type(error).__name__})") from error

    def _client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url, socket_timeout=ANSWERS, socket_connect_timeout=ANSWERS)


def application(broker: Broker, limits: Limits, open_work: OpenWork, stopping: Callable[[], bool]) -> Celery:
    """The Celery application: two tasks, JSON, no results, one entry in the schedule.

    Messages are acknowledged late and handed out one at a time; what a killed process had in hand comes back, and finds
    its row taken until the lease ends. A lost message is sent again by a later tick.
    """
    app = Celery("dateline", broker=broker.url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=limits.longest,
        task_publish_retry=False,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=60.0,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "global_keyprefix": broker.prefix,
            "visibility_timeout": int(limits.longest) + 60,
            "socket_timeout": ANSWERS,
            "socket_connect_timeout": ANSWERS,
        },
        beat_schedule={
            # A tick that nobody had time for is worth nothing: the next one looks at the same rows.
            "tick": {"task": "dateline.tick", "schedule": limits.every, "options": {"expires": 5 * limits.every}}
        },
        timezone="UTC",
    )
    app.steps["consumer"].add(_Lifeline)
    _add_tasks(app, _Once(open_work, stopping))
    return app


class _Lifeline(bootsteps.StartStopStep):  # type: ignore[misc]  # the library is untyped
    """Notices that Redis went away while every process had a chore in hand.

    The worker asks for no message then, so it misses the end of its connection. The acknowledgements fail, and their messages
    count as in hand for ever: it would never ask again (kombu 5.7). What this raises makes it connect anew.
    """

    requires = ("celery.worker.consumer.connection:Connection",)

    def __init__(self, consumer: Any, **_: Any) -> None:
        self._url: str = consumer.app.conf.broker_url
        self._timer: Any = None
        self._held: redis.Redis | None = None

    def start(self, consumer: Any) -> None:
        self._held = redis.Redis.from_url(
            self._url, single_connection_client=True, retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWERS, socket_connect_timeout=ANSWERS,
        )  # fmt: skip
        self._timer = consumer.timer.call_repeatedly(LOOKS, self._held.ping)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - celery calls it so
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held is not None:
            self._held.close()
            self._held = None


class _Once:
    """Opens the work at the first task of each process."""

    def __init__(self, open_work: OpenWork, stopping: Callable[[], bool]) -> None:
        self._open, self._stopping = open_work, stopping

    @cached_property
    def work(self) -> Work:
        return self._open(self._stopping)


def _add_tasks(app: Celery, once: _Once) -> None:
    @app.task(name="dateline.chore")  # type: ignore[untyped-decorator]
    def chore(id_: int) -> None:
        with _telling():
            once.work.do(id_)

    @app.task(name="dateline.tick")  # type: ignore[untyped-decorator]
    def tick() -> None:
        with _telling():
            send(once.work.tick())

    def send(ids: list[int]) -> None:
        for place, id_ in enumerate(ids):
            try:
                chore.delay(id_)
            except OperationalError as error:
                _log.warning("broker_unavailable", error=type(error).__name__, unsent=len(ids) - place)
                once.work.not_sent(ids[place:])
                return


@contextmanager
def _telling() -> Iterator[None]:
    """A server that is away is one line in the log: a later tick looks at the same rows."""
    try:
        yield
    except NotNow as error:
        _log.warning("not_now", error=str(error))


class Beat:
    """Sends the ticks. Any number may run: a tick too many looks and finds nothing to do."""

    def __init__(self, app: Celery) -> None:
        self._app, self._scheduler = app, Scheduler(app)

    def step(self) -> int:
        """Sends what is due. A Redis that does not answer costs that tick, and is told in the log."""
        return int(self._scheduler.tick() <= 0)

    def close(self) -> None:
        self._app.close()


def _standard_output_aside() -> None:
    """Celery tells people there that it ends, whoever reads it: it goes where the log goes."""
    os.dup2(2, 1)


def work(app: Callable[[Callable[[], bool]], Celery], name: str, processes: int, beat: Path | None) -> None:
    """Runs a worker in this process, with so many processes of its own, until SIGTERM or SIGINT; then drains it.

    `app` makes the application, given a function that tells all of them whether to stop. `beat` is touched while the worker
    is well. Prefork, since only a process of its own can be killed when a chore runs for too long.
    """
    _standard_output_aside()
    flag = mmap.mmap(-1, 1)  # shared with the processes that are forked from here

    def draining(**_: Any) -> None:
        flag[0] = 1

    def well(**_: Any) -> None:
        if beat is not None:
            beat.touch()

    def ready(**_: Any) -> None:
        well()
        _log.info("started", member=name)

    signals.worker_shutting_down.connect(draining, weak=False)
    signals.heartbeat_sent.connect(well, weak=False)
    signals.setup_logging.connect(_log_as_we_do, weak=False)
    signals.worker_ready.connect(ready, weak=False)
    worker = app(lambda: flag[0] == 1).Worker(
        hostname=f"{name}@{os.uname().nodename}", pool="prefork", concurrency=processes, loglevel="WARNING", quiet=True,
        without_gossip=True, without_mingle=True,
    )  # fmt: skip
    worker.start()
    _log.info("stopped", member=name)


class _ToStructlog(logging.Handler):
    """Celery's own log lines as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        trace = record.exc_info if record.exc_info and record.exc_info[0] else None
        _log.log(record.levelno, "celery", said=record.getMessage().partition("\n")[0], source=record.name, exc_info=trace)


def _log_as_we_do(**_: Any) -> None:
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)
