"""The mail channel: SMTP with STARTTLS or TLS from the start, an answer for every recipient."""

import smtplib
import ssl
from typing import Literal

import msgspec

from alerts.channels import Channel, Delivered, Dispatch, Outcome, Rejected, RetryLater
from alerts.mail import Letterhead, mail, recipients_of
from alerts.secrets import Secret

Security = Literal["starttls", "tls", "none"]


class MailServer(msgspec.Struct, frozen=True):
    """Where mail is handed in. With `security` `none` a password is never sent. `timeout` in seconds, for each step."""

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str | None = None
    password: Secret | None = None
    timeout: float = 20.0


def smtp(server: MailServer, letterhead: Letterhead, tls: ssl.SSLContext | None = None) -> Channel:
    """Sends the notice to every recipient of the letterhead that has not got it yet.

    SMTP cannot tell whether a message that was cut off after its last line was taken: a repeat is possible then, with
    the same Message-ID. 4xx answers and lost connections are tried again, 5xx answers are final, for each recipient.
    `tls` is the context to verify the server with; None: the system's authorities.
    """

    def send(dispatch: Dispatch) -> Outcome:
        left = recipients_of(letterhead, dispatch.done)
        content = mail(dispatch.notice, letterhead)
        return post(server, letterhead.return_path, left, content, tls, done=dispatch.done)

    return send


def post(
    server: MailServer,
    sender: str,
    recipients: tuple[str, ...],
    content: bytes,
    tls: ssl.SSLContext | None = None,
    *,
    done: tuple[str, ...] = (),
) -> Outcome:
    """Hands in a finished message for these bare addresses, once; `done` have it already. Raises nothing that a server does."""
    try:
        with _connect(server, tls or ssl.create_default_context()) as connection:
            refused = _hand_in(connection, sender, recipients, content)
    except smtplib.SMTPResponseException as error:
        return _of_code(error.smtp_code, done)
    except smtplib.SMTPNotSupportedError:
        return Rejected("smtp_not_supported")
    except ssl.SSLCertVerificationError:
        return Rejected("tls_certificate")
    except (smtplib.SMTPException, OSError) as error:
        return RetryLater(f"unreachable_{type(error).__name__}", done=done)
    return _outcome(recipients, refused, done)


def _connect(server: MailServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.user is not None and server.password is not None and server.security != "none":
            connection.login(server.user, server.password.reveal())
    except BaseException:
        connection.close()
        raise
    return connection


def _hand_in(connection: smtplib.SMTP, sender: str, recipients: tuple[str, ...], content: bytes) -> dict[str, int]:
    """Recipient → answer code, for those that were refused; all of them if none was taken."""
    try:
        answers = connection.sendmail(sender, recipients, content)
    except smtplib.SMTPRecipientsRefused as error:
        answers = error.recipients
    return {recipient: code for recipient, (code, _) in answers.items()}


def _outcome(left: tuple[str, ...], refused: dict[str, int], before: tuple[str, ...]) -> Outcome:
    done = (*before, *(recipient for recipient in left if recipient not in refused))
    later = [code for code in refused.values() if code < 500]
    if later:
        return RetryLater(f"smtp_{later[0]}", done=done)
    if not done:
        return Rejected(f"smtp_{next(iter(refused.values()))}")
    return Delivered("smtp_250", refused=tuple(refused))


def _of_code(code: int, done: tuple[str, ...]) -> Outcome:
    return Rejected(f"smtp_{code}") if code >= 500 else RetryLater(f"smtp_{code}", done=done)
