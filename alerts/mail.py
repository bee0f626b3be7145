"""A notice as a mail message: bytes that no title or name from outside can bend.

RFC 5322 headers, RFC 3834 `Auto-Submitted`, RFC 2919 `List-Id`. The Message-ID follows from the message's id, so a
mail sent twice is one mail to every program that looks at ids.
"""

from collections.abc import Sequence
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

import msgspec

from alerts.compose import Item, Notice, plain, said_by
from alerts.outside import words

HEADERS = frozenset(
    {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
        "X-Dateline-Rule", "X-Dateline-Events", "MIME-Version", "Content-Type",
    }
)  # fmt: skip
"""All headers that a message may have; anything else was smuggled in."""


class HeaderSmuggled(Exception):
    """A message came out with a header that nobody wrote. It is not sent; the text that did it is a finding."""

    def __init__(self, message: str, header: str) -> None:
        super().__init__(f"message {message} would carry the unwanted header {header!r}; report this, it is a defect")
        self.message, self.header = message, header


class Letterhead(msgspec.Struct, frozen=True):
    """Who writes to whom. `domain` ends message ids; it should be the sender's own.

    Addresses may carry a name (`Dateline desk <desk@example.org>`); `name` is for a sender without one.
    """

    sender: str
    recipients: tuple[str, ...]
    domain: str
    name: str = "Dateline"

    @property
    def return_path(self) -> str:
        """The sender's bare address, for the envelope."""
        return parseaddr(self.sender)[1]


def mail(notice: Notice, letterhead: Letterhead) -> bytes:
    """The whole message, CRLF line ends, ready for SMTP. The same notice gives the same bytes.

    Raises HeaderSmuggled when the headers are not exactly those written here.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letterhead.sender, letterhead.name)
    message["To"] = tuple(_address(recipient, "") for recipient in letterhead.recipients)
    message["Subject"] = words(notice.subject, 150)
    message["Date"] = format_datetime(notice.formed_at.astimezone(UTC))
    message["Message-ID"] = f"<{notice.message}@{letterhead.domain}>"
    if notice.story is not None:
        # The story's thread has no first message: a made-up root lets every client group what belongs together.
        root = f"<story.{_atom(notice.story)}@{letterhead.domain}>"
        message["In-Reply-To"] = root
        message["References"] = root
    message["List-Id"] = f"<{_atom(notice.rule)}.alerts.{letterhead.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Dateline-Rule"] = f"{_atom(notice.rule)} {_atom(notice.rule_version)}"
    message["X-Dateline-Events"] = " ".join(str(item.position) for item in notice.items)
    message.set_content(plain(notice), cte="quoted-printable")
    message.add_alternative(html(notice), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=-{notice.message}")
    return _sealed(message, notice.message)


def _address(text: str, unnamed: str) -> Address:
    name, address = parseaddr(text)
    return Address(words(name, 80) or unnamed, addr_spec=address)


def _atom(text: str) -> str:
    """An id as it may stand in a header: anything but letters, digits, dots and dashes becomes a dash."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in text)[:100] or "-"


def _sealed(message: EmailMessage, message_id: str) -> bytes:
    """The bytes, once it is certain that their header block holds only the headers we wrote, each once."""
    content = message.as_bytes()
    head, _, _ = content.partition(b"\r\n\r\n")
    names = [line.split(b":")[0].decode("latin-1") for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    for name in names:
        if name not in HEADERS or names.count(name) > 1:
            raise HeaderSmuggled(message_id, name)
    return content


def html(notice: Notice) -> str:
    """A page with no script, no picture and no style sheet; every word from outside is escaped."""
    parts = [f"<h2>{escape(notice.title)}</h2>", *(_item(item) for item in notice.items)]
    if notice.omitted:
        parts.append(f"<p>… and {notice.omitted} more.</p>")
    parts.append(f'<hr><p style="color:#666">{escape(notice.footer)}</p>')
    return "<!DOCTYPE html>\n<html><body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _item(item: Item) -> str:
    lines = [f"<p><b>{'<br>'.join(escape(headline) for headline in item.headlines)}</b></p>"]
    if item.quote:
        lines.append(f"<blockquote>“{escape(item.quote)}”</blockquote>")
    where = escape(said_by(item))
    if item.url:
        where += f' <a href="{escape(item.url)}" rel="noopener noreferrer">article</a>'
    lines.append(f"<p>{where} <small>event {item.position}</small></p>")
    return "\n".join(lines)


def recipients_of(letterhead: Letterhead, done: Sequence[str]) -> tuple[str, ...]:
    """The bare addresses that have not got the message yet."""
    addresses = (parseaddr(recipient)[1] for recipient in letterhead.recipients)
    return tuple(address for address in addresses if address not in done)
