"""Checkpoints by mail: what arrives is the note, byte for byte; what is not taken goes out with a later tick."""

from email import message_from_bytes, policy

import pytest
from test_alerts_channels import inbox, server  # noqa: F401 - fixtures
from test_store_checkpoint import append
from test_store_ledger import T0

from dateline.errors import UserError
from dateline.home import Home, create_home
from dateline.keys import KeyRing
from dateline.publishing import Checkpointer, targets
from store.checkpoint import open_checkpoint
from store.clock import FixedClock

CHANNEL = """[channels.{name}]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "{name}@desk.example"
to = ["x@desk.example"]
"""


@pytest.fixture
def opened(tmp_path):
    """Makes a home with these channels and settings of checkpoints."""
    homes = []

    def make(checkpoints, port=1, channels=("desk",)):
        create_home(tmp_path / "h")
        words = "".join(CHANNEL.format(name=name, port=port) for name in channels)
        (tmp_path / "h" / "settings.toml").write_text(f"[checkpoints]\n{checkpoints}\n{words}")
        homes.append(Home(tmp_path / "h"))
        homes[-1].__dict__["clock"] = FixedClock(T0)
        return homes[-1]

    yield make
    for home in homes:
        home.close()


def test_a_checkpoint_arrives_as_a_file_that_can_be_verified(opened, inbox, server):  # noqa: F811
    home = opened('publish = ["mailto:auditor@example.org", "file:latest.txt"]', server())
    append(home, 3)
    checkpoints = Checkpointer(home)
    signed = checkpoints.sign()
    taken, failed = checkpoints.publish()
    assert ([str(to).partition(":")[0] for to in taken], failed) == (["mailto", "file"], [])
    ((sender, recipients, content),) = inbox.mails
    assert (sender, recipients) == ("desk@desk.example", ("auditor@example.org",))
    message = message_from_bytes(content, policy=policy.default)
    assert (message["To"], message["From"]) == ("auditor@example.org", "Dateline <desk@desk.example>")
    assert message["Subject"] == f"Checkpoint of {home.ledger.log}: 3 events"
    assert message["Message-ID"] == f"<checkpoint-{signed.checkpoint.root.hex()[:24]}-3@desk.example>"
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "checkpoint-000000000003.txt"
    assert attached.get_payload(decode=True) == signed.note.encode()
    keys = KeyRing(home.path, home.ledger.log).verifiers()
    assert open_checkpoint(attached.get_payload(decode=True).decode(), keys) == signed.checkpoint
    assert signed.checkpoint.root.hex() in message.get_body().get_content()
    assert checkpoints.publish() == ([], []), "once"


@pytest.mark.parametrize("code", [451, 550])
def test_a_mail_that_is_not_taken_is_tried_again_with_the_same_id(opened, inbox, server, code):  # noqa: F811
    home = opened('publish = ["mailto:auditor@example.org"]', server())
    append(home, 3)
    inbox.answers["auditor@example.org"] = [code]
    checkpoints = Checkpointer(home)
    checkpoints.sign()
    _, (failed,) = checkpoints.publish()
    assert (failed.why, inbox.mails) == (f"smtp_{code}", [])
    assert [len(part) for part in checkpoints.publish()] == [1, 0]
    assert len(inbox.mails) == 1


def test_a_server_that_does_not_answer_is_named(opened):
    home = opened('publish = ["mailto:auditor@example.org"]')
    append(home, 3)
    checkpoints = Checkpointer(home)
    checkpoints.sign()
    _, (failed,) = checkpoints.publish()
    assert str(failed) == "mailto:auditor@example.org: unreachable_ConnectionRefusedError"


def test_the_channel_is_the_one_that_is_named_or_the_only_one(opened, inbox, server):  # noqa: F811
    home = opened('publish = ["mailto:a@b.example"]\nmail_channel = "audit"', server(), ("desk", "audit"))
    append(home, 1)
    checkpoints = Checkpointer(home)
    checkpoints.sign()
    checkpoints.publish()
    assert inbox.mails[0][0] == "audit@desk.example"


@pytest.mark.parametrize(
    ("checkpoints", "channels", "said"),
    [
        ('publish = ["mailto:a@b.example"]', (), "there is none"),
        ('publish = ["mailto:a@b.example"]', ("one", "two"), r"there are 2 \(one, two\)"),
        ('publish = ["mailto:a@b.example"]\nmail_channel = "three"', ("one",), "no channel 'three'"),
        ('publish = ["mailto:"]', ("one",), "names no mailbox"),
        ('publish = ["mailto:a@b.example\\nBcc: x@y.example"]', ("one",), "names no mailbox"),
        ('publish = ["mailto:a b@c"]', ("one",), "names no mailbox"),
    ],
)
def test_what_cannot_be_mailed_is_said_at_the_start(opened, checkpoints, channels, said):
    with pytest.raises(UserError, match=said):
        targets(opened(checkpoints, 1, channels))
