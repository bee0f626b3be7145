"""Structured logs: one line an event, JSON or for the console; secrets never get in, control characters are escaped."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_FIELD = re.compile(r"password|secret|token|authorization|webhook|api_key|dsn", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)
_WEBHOOK = re.compile(r"https://hooks\.[^\s\"']+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]")

EventDict = MutableMapping[str, Any]


def set_up_logs(role: str, *, form: str, level: str) -> None:
    """Configures logging for this process; every line carries the role."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redacted,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # one write a line: children share the stream
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(role=role)


def redacted(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Takes out what must not be in a log: fields named like secrets, passwords in URLs, webhook addresses."""
    for key, value in event.items():
        if _SECRET_FIELD.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = clean(value)
    return event


def clean(text: str) -> str:
    text = _WEBHOOK.sub("https://hooks.***", _URL_PASSWORD.sub(r"\g<scheme>***@", text))
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
