"""A mail with one file, for what is no alert: a checkpoint that goes to an auditor. It holds no word from outside.

The file travels as base64, so its bytes arrive as they are; a repeat has the same Message-ID.
"""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import msgspec

from alerts.mail import Letterhead


class Letter(msgspec.Struct, frozen=True):
    """`id` names the message for ever; `file` is attached under `name`, as text in UTF-8."""

    id: str
    subject: str
    text: str
    name: str
    file: bytes
    at: datetime


def written(letter: Letter, letterhead: Letterhead) -> bytes:
    """The whole message, ready for SMTP. The same letter gives the same bytes.

    Raises ValueError for an address that is none, and for a header with a line break in it.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letterhead.sender, letterhead.name)
    message["To"] = tuple(_address(recipient, "") for recipient in letterhead.recipients)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at.astimezone(UTC))
    message["Message-ID"] = f"<{letter.id}@{letterhead.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_attachment(
        letter.file, maintype="text", subtype="plain", cte="base64", filename=letter.name, params={"charset": "utf-8"}
    )
    message.set_boundary(f"=-{letter.id}")
    return message.as_bytes()


def _address(text: str, unnamed: str) -> Address:
    name, address = parseaddr(text)
    return Address(name or unnamed, addr_spec=address)
