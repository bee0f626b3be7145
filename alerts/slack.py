"""The Slack channels: incoming webhook, and bot token with one thread a story. The only file that imports slack_sdk."""

import logging
import re
from datetime import timedelta
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from alerts.blocks import payload
from alerts.channels import Channel, Delivered, Dispatch, Outcome, Rejected, RetryLater, of_status
from alerts.secrets import Secret

EVENT_TYPE = "dateline_alert"
PAGE, PAGES = 200, 10
"""How many messages since the first attempt are searched for one that may have arrived already."""

_RETRIED = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{5,}")


def _silent_logger() -> logging.Logger:
    """slack_sdk writes whole requests, webhook address included, to a logger at level DEBUG: it gets one that is off."""
    logger = logging.getLogger("alerts.slack.sdk")
    logger.setLevel(logging.CRITICAL)
    return logger


def incoming_webhook(url: Secret, *, timeout: int = 20) -> Channel:
    """Posts to an incoming webhook. It can neither thread nor say whether an earlier attempt arrived."""

    def send(dispatch: Dispatch) -> Outcome:
        client = WebhookClient(url.reveal(), timeout=timeout, logger=_silent_logger(), retry_handlers=[])
        try:
            answer = client.send_dict(payload(dispatch.notice))
        except (OSError, HTTPException, SlackClientError) as error:
            return RetryLater(f"unreachable_{type(error).__name__}")
        if answer.status_code == 200:
            return Delivered("http_200")
        return of_status(answer.status_code, _header(answer.headers, "retry-after"))

    return send


def _header(headers: Any, name: str) -> str | None:
    for key, value in dict(headers).items():
        if str(key).lower() == name:
            return str(value[0] if isinstance(value, list) else value)
    return None


def bot(token: Secret, channel: str, *, base_url: str = "https://slack.com/api/", timeout: int = 20) -> Channel:
    """Posts with a bot token (scope `chat:write`); a story keeps one thread.

    Every message carries its id as metadata. From the second attempt on, the channel's latest messages are looked through
    for it, which needs the scope `channels:history` (`groups:history` in a private channel); without it an attempt that was
    cut off may repeat.
    `channel` is the channel's id, such as C0123456789, since its history cannot be asked for by name. Raises ValueError.
    """
    if not _CHANNEL.fullmatch(channel):
        raise ValueError(f"{channel!r} is no Slack channel id; copy it from the channel's details (it starts with C)")
    client = WebClient(token.reveal(), base_url=base_url, timeout=timeout, logger=_silent_logger(), retry_handlers=[])

    def send(dispatch: Dispatch) -> Outcome:
        try:
            found = _find(client, channel, dispatch) if dispatch.attempt > 1 else None
            if found is not None:
                return Delivered(f"found_{found}", thread=dispatch.thread or found)
            answer = client.api_call("chat.postMessage", json=_body(channel, dispatch))
        except SlackApiError as error:
            return _of_error(error)
        except (OSError, HTTPException, SlackClientError) as error:
            return RetryLater(f"unreachable_{type(error).__name__}")
        posted = answer.get("ts")
        return Delivered(str(posted or "posted"), thread=dispatch.thread or posted)

    return send


def _body(channel: str, dispatch: Dispatch) -> dict[str, Any]:
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"message": dispatch.notice.message}}
    body = {**payload(dispatch.notice), "channel": channel, "metadata": metadata, "parse": "none", "link_names": False}
    return body | ({"thread_ts": dispatch.thread} if dispatch.thread else {})


def _find(client: WebClient, channel: str, dispatch: Dispatch) -> str | None:
    """The timestamp of the message if an earlier attempt of it did arrive."""
    oldest = (dispatch.first_attempted_at - timedelta(hours=1)).timestamp()
    params: dict[str, Any] = {
        "channel": channel, "include_all_metadata": "true", "limit": PAGE, "oldest": f"{max(oldest, 0):.6f}"
    }  # fmt: skip
    method = "conversations.history"
    if dispatch.thread is not None:
        method, params["ts"] = "conversations.replies", dispatch.thread
    for _ in range(PAGES):
        try:
            answer = client.api_call(method, http_verb="GET", params=params)
        except SlackApiError as error:
            if error.response.get("error") == "missing_scope":
                return None
            raise
        for message in answer.get("messages") or []:
            told = (message.get("metadata") or {}).get("event_payload") or {}
            if told.get("message") == dispatch.notice.message:
                return str(message["ts"])
        params["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
        if not params["cursor"]:
            break
    return None


def _of_error(error: SlackApiError) -> Outcome:
    response = error.response
    status, code = int(response.status_code), str(response.get("error") or "unknown")
    wait = _header(response.headers, "retry-after")
    if status != 200:
        return of_status(status, wait)
    if code in _RETRIED:
        return RetryLater(code, timedelta(seconds=int(wait) if wait and wait.isdecimal() else 0))
    return Rejected(re.sub(r"[^a-z_]", "", code)[:60] or "unknown")
