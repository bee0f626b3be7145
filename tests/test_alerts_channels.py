"""Channels against real servers on this machine: what arrives, and what each answer makes of the next attempt."""

import hmac
import json
import logging
import os
import pickle
import socket
import ssl
import traceback
from base64 import b64decode
from datetime import timedelta
from email import message_from_bytes

import httpx
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from alerts_world import START
from werkzeug import Response

from alerts.channels import Delivered, Dispatch, Rejected, RetryLater, log, signature, webhook
from alerts.compose import Item, Notice
from alerts.mail import Letterhead
from alerts.secrets import Secret
from alerts.slack import bot, incoming_webhook
from alerts.smtp import MailServer, smtp

CANARY = "canary-S3cr3t-9f2"
LETTERHEAD = Letterhead("dateline@desk.example", ("one@desk.example", "two@desk.example"), "desk.example")


def dispatch(message="0123abcd", attempt=1, **fields):
    said = Item(
        "al", "denial", ("Denied by Dmitry Peskov: It.",), 7, "desk", "v1", quote="No <plans>.", url="https://n.example/a&b"
    )
    notice = Notice(message, "alerts", "desk", "v1", "The summit", (said,), START, "summit")
    return Dispatch(notice, attempt, START, START, **fields)


# --- mail ------------------------------------------------------------------------------------------


class Inbox:
    """Takes mail, answering as told: recipient → codes, one an attempt."""

    def __init__(self):
        self.mails, self.answers, self.peers = [], {}, []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd calls it so
        codes = self.answers.get(address)
        if codes:
            return f"{codes.pop(0)} not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd calls it so
        codes = self.answers.get("DATA")
        if codes:
            return f"{codes.pop(0)} not so"
        self.mails.append((envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content))
        self.peers.append((session.ssl is not None, session.authenticated))
        return "250 taken"


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox):
    running = []

    def start(**options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def contexts(authority, name="localhost"):
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return served, trusting


def plain_server(port, **fields):
    return MailServer("127.0.0.1", port, "none", timeout=5, **fields)


def test_mail_arrives_whole_at_exactly_the_recipients_that_are_set(inbox, server):
    send = smtp(plain_server(server()), LETTERHEAD)
    assert send(dispatch()) == Delivered("smtp_250")
    ((sender, recipients, content),) = inbox.mails
    assert (sender, recipients) == ("dateline@desk.example", LETTERHEAD.recipients)
    message = message_from_bytes(content)
    assert message["Message-ID"] == "<0123abcd@desk.example>"
    assert message["Subject"] == "Denied by Dmitry Peskov: It."


def test_addresses_may_carry_names(inbox, server):
    named = Letterhead("Night desk <night@desk.example>", ('"Eve, the editor" <eve@desk.example>',), "desk.example")
    assert smtp(plain_server(server()), named)(dispatch()) == Delivered("smtp_250")
    ((sender, recipients, content),) = inbox.mails
    assert (sender, recipients) == ("night@desk.example", ("eve@desk.example",))
    assert message_from_bytes(content)["From"] == "Night desk <night@desk.example>"


def test_starttls_and_login(inbox, server, authority):
    served, trusting = contexts(authority)
    seen = []

    def login(server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=data.password == CANARY.encode(), handled=False)

    port = server(tls_context=served, require_starttls=True, authenticator=login, auth_required=True)
    settings = MailServer("localhost", port, "starttls", "desk", Secret(CANARY), timeout=5)
    assert smtp(settings, LETTERHEAD, trusting)(dispatch()) == Delivered("smtp_250")
    assert seen == [(b"desk", CANARY.encode(), True)]
    assert inbox.peers == [(True, True)]
    wrong = MailServer("localhost", port, "starttls", "desk", Secret("no"), timeout=5)
    assert smtp(wrong, LETTERHEAD, trusting)(dispatch()) == Rejected("smtp_535")


def test_tls_from_the_start(inbox, server, authority):
    served, trusting = contexts(authority)
    port = server(ssl_context=served)
    settings = MailServer("localhost", port, "tls", timeout=5)
    assert smtp(settings, LETTERHEAD, trusting)(dispatch()) == Delivered("smtp_250")
    assert len(inbox.mails) == 1


def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(inbox, server, authority):
    served, _ = contexts(authority)
    port = server(tls_context=served)
    settings = MailServer("localhost", port, "starttls", "desk", Secret(CANARY), timeout=5)
    assert smtp(settings, LETTERHEAD)(dispatch()) == Rejected("tls_certificate")
    assert inbox.mails == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(inbox, server):
    settings = MailServer("localhost", server(), "starttls", "desk", Secret(CANARY), timeout=5)
    assert smtp(settings, LETTERHEAD)(dispatch()) == Rejected("smtp_not_supported")
    assert inbox.mails == []


def test_a_greylisted_mail_is_tried_again_with_the_same_id(inbox, server):
    send = smtp(plain_server(server()), LETTERHEAD)
    inbox.answers = {"one@desk.example": [451], "two@desk.example": [451]}
    assert send(dispatch()) == RetryLater("smtp_451")
    assert send(dispatch(attempt=2)) == Delivered("smtp_250")
    assert len(inbox.mails) == 1


def test_who_has_got_it_does_not_get_it_again(inbox, server):
    send = smtp(plain_server(server()), LETTERHEAD)
    inbox.answers = {"two@desk.example": [451]}
    first = send(dispatch())
    assert first == RetryLater("smtp_451", done=("one@desk.example",))
    assert send(dispatch(attempt=2, done=first.done)) == Delivered("smtp_250")
    assert [recipients for _, recipients, _ in inbox.mails] == [("one@desk.example",), ("two@desk.example",)]


def test_a_recipient_that_does_not_exist_is_reported_and_stops_nobody_else(inbox, server):
    send = smtp(plain_server(server()), LETTERHEAD)
    inbox.answers = {"one@desk.example": [550]}
    assert send(dispatch()) == Delivered("smtp_250", refused=("one@desk.example",))
    inbox.answers = {"one@desk.example": [550], "two@desk.example": [550]}
    assert send(dispatch()) == Rejected("smtp_550")


@pytest.mark.parametrize(("code", "outcome"), [(452, RetryLater("smtp_452")), (554, Rejected("smtp_554"))])
def test_an_answer_to_the_whole_mail_counts_for_all(inbox, server, code, outcome):
    send = smtp(plain_server(server()), LETTERHEAD)
    inbox.answers = {"DATA": [code]}
    assert send(dispatch()) == outcome


def test_a_server_that_is_away_is_tried_again():
    assert smtp(plain_server(1), LETTERHEAD)(dispatch()) == RetryLater("unreachable_ConnectionRefusedError")


# --- Slack -----------------------------------------------------------------------------------------


@pytest.fixture
def hook(httpserver):
    return incoming_webhook(Secret(httpserver.url_for(f"/services/{CANARY}")), timeout=5)


def test_an_incoming_webhook_gets_blocks_in_which_nothing_from_outside_is_markup(httpserver, hook):
    httpserver.expect_request(f"/services/{CANARY}", method="POST").respond_with_data("ok")
    assert hook(dispatch()) == Delivered("http_200")
    body = httpserver.log[0][0].get_json()
    assert body["blocks"][1]["text"] == {
        "type": "plain_text", "text": "Denied by Dmitry Peskov: It.\n“No &lt;plans&gt;.”", "emoji": False,
    }  # fmt: skip
    assert body["blocks"][2]["elements"][0]["text"] == "<https://n.example/a&amp;b|article>"
    assert (body["unfurl_links"], body["text"]) == (False, "Denied by Dmitry Peskov: It.")


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (429, {"Retry-After": "30"}, RetryLater("http_429", timedelta(seconds=30))),
        (500, {}, RetryLater("http_500")),
        (403, {}, Rejected("http_403")),
        (404, {}, Rejected("http_404")),
    ],
)
def test_what_an_incoming_webhooks_answer_means(httpserver, hook, status, headers, outcome):
    httpserver.expect_request(f"/services/{CANARY}").respond_with_data("no", status, headers)
    assert hook(dispatch()) == outcome


def test_an_unreachable_webhook_is_tried_again():
    assert incoming_webhook(Secret("http://127.0.0.1:1/x"), timeout=2)(dispatch()).reason.startswith("unreachable_")


CHANNEL = "C0123456789"


@pytest.fixture
def slack(httpserver):
    return bot(Secret(CANARY), CHANNEL, base_url=httpserver.url_for("/api/"), timeout=5)


def test_a_bot_opens_a_thread_for_a_story_and_keeps_it(httpserver, slack):
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "ts": "1.5", "channel": CHANNEL})
    assert slack(dispatch()) == Delivered("1.5", thread="1.5")
    assert slack(dispatch(thread="1.5")) == Delivered("1.5", thread="1.5")
    first, second = (request.get_json() for request, _ in httpserver.log)
    assert "thread_ts" not in first
    assert second["thread_ts"] == "1.5"
    assert first["metadata"] == {"event_type": "dateline_alert", "event_payload": {"message": "0123abcd"}}
    assert (first["channel"], first["parse"], first["link_names"], first["unfurl_links"]) == (CHANNEL, "none", False, False)
    assert httpserver.log[0][0].headers["Authorization"] == f"Bearer {CANARY}"


def told(message, ts):
    return {"ts": ts, "metadata": {"event_type": "dateline_alert", "event_payload": {"message": message}}}


@pytest.mark.parametrize("thread", [None, "1.5"])
def test_a_bot_that_may_have_posted_looks_before_it_posts_again(httpserver, slack, thread):
    method = "conversations.replies" if thread else "conversations.history"
    pages = [
        {"ok": True, "messages": [told("other", "1.6"), {"ts": "1.65"}], "response_metadata": {"next_cursor": "n"}},
        {"ok": True, "messages": [told("0123abcd", "1.7")]},
    ]
    for page in pages:
        httpserver.expect_ordered_request(f"/api/{method}").respond_with_json(page)
    assert slack(dispatch(attempt=2, thread=thread)) == Delivered("found_1.7", thread=thread or "1.7")
    assert [request.path for request, _ in httpserver.log] == [f"/api/{method}"] * 2
    assert httpserver.log[1][0].form["cursor"] == "n"
    assert httpserver.log[0][0].form["include_all_metadata"] == "true"


@pytest.mark.parametrize("looked", [{"ok": True, "messages": []}, {"ok": False, "error": "missing_scope"}])
def test_a_bot_that_finds_nothing_or_may_not_look_posts(httpserver, slack, looked):
    httpserver.expect_request("/api/conversations.history").respond_with_json(looked)
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "ts": "1.8"})
    assert slack(dispatch(attempt=2)) == Delivered("1.8", thread="1.8")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            Response('{"ok": false, "error": "ratelimited"}', 429, {"Retry-After": "7"}),
            RetryLater("http_429", timedelta(seconds=7)),
        ),
        (Response('{"ok": false, "error": "channel_not_found"}', 200), Rejected("channel_not_found")),
        (Response('{"ok": false, "error": "invalid_auth"}', 200), Rejected("invalid_auth")),
        (Response('{"ok": false, "error": "internal_error"}', 200), RetryLater("internal_error")),
        (Response("<html>down</html>", 503), RetryLater("http_503")),
    ],
)
def test_what_slacks_answer_to_a_bot_means(httpserver, slack, answer, outcome):
    httpserver.expect_request("/api/chat.postMessage").respond_with_response(answer)
    assert slack(dispatch()) == outcome


@pytest.mark.parametrize("name", ["#desk", "desk", "c0123456789", ""])
def test_a_bot_wants_the_channels_id(name):
    with pytest.raises(ValueError, match="no Slack channel id"):
        bot(Secret("t"), name)


# --- signed webhooks -------------------------------------------------------------------------------


def verified(request, secret):
    """What a receiver of Standard Webhooks does."""
    headers = request.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.data
    expected = hmac.digest(secret, signed, "sha256")
    given = [b64decode(part.removeprefix("v1,")) for part in headers["webhook-signature"].split()]
    return any(hmac.compare_digest(expected, one) for one in given)


def test_a_webhook_is_signed_over_id_time_and_body(httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data("", 204)
    with httpx.Client() as client:
        send = webhook(client, Secret(httpserver.url_for("/hook")), Secret("whsec_c2VjcmV0"))
        assert send(dispatch()) == Delivered("http_204")
    request = httpserver.log[0][0]
    assert verified(request, b"secret")
    assert not verified(request, b"other")
    assert request.headers["webhook-id"] == "0123abcd"
    assert request.headers["webhook-timestamp"] == str(int(START.timestamp()))
    body = json.loads(request.data)
    assert (body["message"], body["items"][0]["quote"], body["rule_version"]) == ("0123abcd", "No <plans>.", "v1")


def test_the_signature_follows_the_published_scheme():
    """The example of the Standard Webhooks specification's reference implementations."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (302, {"Location": "/elsewhere"}, Rejected("http_302")),
        (410, {}, Rejected("http_410")),
        (429, {"Retry-After": "9"}, RetryLater("http_429", timedelta(seconds=9))),
        (429, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, RetryLater("http_429")),
        (502, {}, RetryLater("http_502")),
    ],
)
def test_what_a_webhooks_answer_means(httpserver, status, headers, outcome):
    httpserver.expect_request("/hook").respond_with_data("", status, headers)
    with httpx.Client() as client:
        assert webhook(client, Secret(httpserver.url_for("/hook")), Secret("s"))(dispatch()) == outcome
    assert len(httpserver.log) == 1


def test_an_unreachable_receiver_is_tried_again():
    with httpx.Client() as client:
        assert webhook(client, Secret("http://127.0.0.1:1/"), Secret("s"))(dispatch()) == RetryLater("unreachable_ConnectError")


# --- the log ---------------------------------------------------------------------------------------


def test_the_log_has_one_line_a_message_and_none_twice(tmp_path):
    send = log(tmp_path / "alerts.jsonl")
    assert send(dispatch("m1")) == Delivered("written")
    assert send(dispatch("m1", attempt=2)) == Delivered("found")
    assert send(dispatch("m2", attempt=2)) == Delivered("written")
    lines = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert [line["message"] for line in lines] == ["m1", "m2"]
    assert lines[0]["subject"] == "Denied by Dmitry Peskov: It."


@pytest.mark.parametrize("kept", range(0, 400, 37))
def test_a_line_that_a_crash_tore_is_ended_and_written_again(tmp_path, kept):
    path = tmp_path / "alerts.jsonl"
    send = log(path)
    send(dispatch("m1"))
    os.truncate(path, kept)
    assert send(dispatch("m1", attempt=2)) == Delivered("written")
    assert json.loads(path.read_text().splitlines()[-1])["message"] == "m1"


# --- secrets ---------------------------------------------------------------------------------------


def test_a_secret_shows_itself_to_nobody_who_does_not_ask():
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {secret:>20} {[secret]} {MailServer('h', password=secret)}"
    assert secret.reveal() == CANARY
    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_no_log_and_no_answer_holds_a_secret_even_at_level_debug(caplog, httpserver, hook, slack, server, authority):
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": False, "error": "invalid_auth"})
    served, trusting = contexts(authority)
    refusing = lambda *_: AuthResult(success=False, handled=False)  # noqa: E731
    port = server(tls_context=served, require_starttls=True, authenticator=refusing, auth_required=True)
    settings = MailServer("localhost", port, "starttls", "desk", Secret(CANARY), timeout=5)
    outcomes = [hook(dispatch()), slack(dispatch()), smtp(settings, LETTERHEAD, trusting)(dispatch())]
    outcomes.append(incoming_webhook(Secret(f"http://127.0.0.1:1/{CANARY}"), timeout=2)(dispatch()))
    with httpx.Client() as client:
        outcomes.append(webhook(client, Secret(f"http://127.0.0.1:1/{CANARY}"), Secret(CANARY))(dispatch()))
    assert [type(outcome) for outcome in outcomes] == [RetryLater, Rejected, Rejected, RetryLater, RetryLater]
    servers = ("werkzeug", "mail.log", "asyncio")
    told = [record.getMessage() for record in caplog.records if not record.name.startswith(servers)]
    assert not [line for line in told if CANARY in line]
    assert CANARY not in repr(outcomes)


def test_a_traceback_with_all_local_variables_holds_no_secret(httpserver, hook, slack):
    mailing = smtp(MailServer("localhost", 1, "tls", "desk", Secret(CANARY)), LETTERHEAD)
    with httpx.Client() as client:
        channels = [hook, slack, mailing, webhook(client, Secret(CANARY), Secret(CANARY))]
        for send in channels:
            with pytest.raises((AttributeError, TypeError)) as raised:
                send(Dispatch(None, 1, START, START))
            told = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
            assert CANARY not in "".join(told.format())
