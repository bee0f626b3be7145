"""Checkpoints by mail: through the server and in the name of a channel that sends alerts, to an auditor's address."""

from collections.abc import Callable
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import TYPE_CHECKING

import msgspec

from dateline.errors import CONFIG, UserError
from dateline.home import Home
from dateline.parts import mail_server
from dateline.settings import SmtpChannel
from store.checkpoint import Signed

if TYPE_CHECKING:
    from alerts.letter import Letter

Post = Callable[[Signed], str | None]
"""Sends a checkpoint; None if it was taken, else why not, in a word."""


def open_post(home: Home, target: str) -> Post:
    """For `mailto:ADDRESS`. Raises UserError for what is no address, or if no channel can send mail."""
    from alerts.channels import Delivered
    from alerts.letter import written
    from alerts.smtp import post

    address = _address(target)
    server, letterhead = mail_server(_channel(home))
    to_auditor = msgspec.structs.replace(letterhead, recipients=(address,))

    def send(signed: Signed) -> str | None:
        outcome = post(server, to_auditor.return_path, (address,), written(_letter(signed), to_auditor))
        return None if isinstance(outcome, Delivered) else outcome.reason

    return send


def _address(target: str) -> str:
    text = target.removeprefix("mailto:")
    try:
        if Address(addr_spec=text).domain:
            return text
    except (HeaderParseError, ValueError, IndexError):
        pass
    raise UserError(f"checkpoints.publish: {target!r} names no mailbox; write mailto:auditor@example.org.", CONFIG)


def _channel(home: Home) -> SmtpChannel:
    named, channels = home.settings.checkpoints.mail_channel, home.settings.channels
    found = {name: channel for name, channel in channels.items() if isinstance(channel, SmtpChannel)}
    if named is not None:
        if named not in found:
            raise UserError(f"checkpoints.mail_channel: there is no channel {named!r} of kind smtp.", CONFIG)
        return found[named]
    if len(found) != 1:
        have = f"there are {len(found)} ({', '.join(found)})" if found else "there is none"
        raise UserError(
            f"checkpoints.publish: mail needs a channel of kind smtp, and {have}: name one in checkpoints.mail_channel.", CONFIG
        )  # fmt: skip
    return next(iter(found.values()))


def _letter(signed: Signed) -> "Letter":
    from alerts.letter import Letter

    log, size = signed.checkpoint.origin, signed.checkpoint.size
    root = signed.checkpoint.root.hex()
    text = (
        f"The ledger {log} had {size} events, and this root:\n\n{root}\n\n"
        "The attached file is signed. Keep it where nobody who runs the ledger can change it.\n"
        "It shows later whether the ledger still begins with what it was then:\n\n"
        f"    dateline audit verify --against {_name(size)} --key PUBLIC-KEY\n"
    )
    id_ = f"checkpoint-{root[:24]}-{size}"
    return Letter(id_, f"Checkpoint of {log}: {size} events", text, _name(size), signed.note.encode(), signed.recorded_at)


def _name(size: int) -> str:
    return f"checkpoint-{size:012}.txt"
