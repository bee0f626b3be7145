"""Checkpoints: signed notes that others can check, keys that rotate and do not leak, a schedule, and copies elsewhere."""

import json
import logging
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import tiers
from hypothesis import given, settings
from hypothesis import strategies as st
from test_store_ledger import T0, deployed, open_ledger

from dateline.errors import UserError
from dateline.home import Home, create_home
from dateline.keys import KeyRing
from dateline.publishing import Checkpointer, target
from store import proofs
from store.audit import verify
from store.checkpoint import Checkpoint, due, latest, open_checkpoint, peek, sign
from store.clock import FixedClock
from store.database import reading
from store.events import CheckpointSigned
from store.notes import BadKey, BadNote, Signer, Verifier, open_note, split_note

SEED = bytes(range(32))
INTEROP = Path(__file__).parent / "interop"


@pytest.fixture
def signer():
    return Signer("dateline/test", SEED)


@pytest.fixture
def home(tmp_path):
    create_home(tmp_path / "h")
    (tmp_path / "h" / "settings.toml").write_text('[checkpoints]\nevents = 3\npublish = ["file:out/", "file:latest.txt"]\n')
    with Home(tmp_path / "h") as home:
        home.__dict__["clock"] = FixedClock(T0)
        yield home


def append(home, count):
    home.ledger.append([deployed(n) for n in range(count)], actor="test")


# --- notes -------------------------------------------------------------------------------------------


def test_a_note_has_the_bytes_that_c2sp_asks_for():
    """Key and signature of RFC 8032, test 1 (section 7.1), under a name of our own."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signer = Signer("example.org/log", seed)
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert signer.verifier.public.hex() == public
    note = signer.sign("example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    text, blank, line, end = note.rsplit("\n", 3)
    assert (blank, end) == ("", "")
    assert line.startswith("— example.org/log ")
    assert open_note(note, [signer.verifier])[0] == text + "\n"


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"), max_size=80))
def test_any_text_is_signed_and_opened_again(text):
    signer = Signer("dateline/test", SEED)
    assert open_note(signer.sign(text + "\n"), [signer.verifier]) == (text + "\n", (signer.verifier,))


@settings(max_examples=300)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_checkpoint_can_change(at, bit):
    signer = Signer("dateline/test", SEED)
    note = signer.sign(Checkpoint("dateline/test", 7, bytes(32)).body()).encode()
    changed = bytearray(note)
    changed[at % len(note)] ^= 1 << bit
    with pytest.raises((BadNote, UnicodeDecodeError)):
        open_checkpoint(bytes(changed).decode(), [signer.verifier])


def test_a_note_of_an_unknown_key_says_whose_it_is(signer):
    with pytest.raises(BadNote, match=r"no known key.*dateline/test\+"):
        open_note(signer.sign("x\n"), [Verifier("dateline/other", signer.verifier.public)])


def test_keys_are_read_back_and_damaged_ones_refused_without_being_repeated(signer):
    assert Verifier.parse(str(signer.verifier)) == signer.verifier
    assert Signer.parse(signer.secret()).verifier == signer.verifier
    with pytest.raises(BadKey):
        Verifier.parse(str(signer.verifier).replace("test", "tset"))
    with pytest.raises(BadKey) as error:
        Signer.parse(signer.secret().replace("test", "tset"))
    assert signer.secret()[-20:] not in str(error.value)
    for name in ("", "a b", "a+b"):
        with pytest.raises(BadKey):
            Signer(name, SEED)


@pytest.mark.parametrize(
    "body", ["", "x\n", "x\n1\n", "x\n01\n" + "A" * 43 + "=\n", "x\n-1\n" + "A" * 43 + "=\n", "x\n1\nAA==\n"]
)
def test_what_is_no_checkpoint_is_refused(body):
    with pytest.raises(BadNote):
        Checkpoint.parse(body)


# --- in the ledger -----------------------------------------------------------------------------------


def test_a_checkpoint_is_recorded_with_the_root_it_signs_and_audited(tmp_path, signer):
    ledger, timeline = open_ledger(tmp_path / "l.db")
    ledger.append([deployed(n) for n in range(5)], actor="test")
    size, root = proofs.root(ledger.engine)
    signed = sign(ledger, signer, T0)
    assert signed.checkpoint == Checkpoint(ledger.log, size, root)
    assert signed.position == size
    event = next(ledger.read(5)).event
    assert isinstance(event, CheckpointSigned)
    assert open_checkpoint(event.note, [Verifier.parse(event.key)]) == signed.checkpoint
    verdict = verify(ledger, timeline, keys=[signer.verifier])
    assert (verdict.faults, verdict.checkpoints) == ((), 1)
    other = Signer("dateline/test", bytes(32)).verifier
    assert verify(ledger, timeline, keys=[other]).first_bad_position == 5


def test_the_schedule_asks_only_when_something_is_new():
    day = timedelta(days=1)
    assert not due(None, 0, T0, every=day, events=1)
    assert due(None, 1, T0, every=day, events=None)
    last = sign_of(size=4, position=4, at=T0)
    assert not due(last, 5, T0 + 9 * day, every=day, events=1)
    assert due(last, 6, T0 + day, every=day, events=None)
    assert not due(last, 6, T0 + day / 2, every=day, events=2)
    assert due(last, 7, T0, every=None, events=2)


def sign_of(size, position, at):
    from store.checkpoint import Signed

    return Signed(Checkpoint("x", size, bytes(32)), "", position, at)


def test_the_home_signs_by_schedule_and_publishes_to_every_place(home):
    checkpoints = Checkpointer(home)
    append(home, 2)
    home.clock.advance(timedelta(minutes=2))
    assert checkpoints.tick() == 3  # the first one is due at once: signed, and put in two places
    append(home, 2)
    home.clock.advance(timedelta(minutes=2))
    assert checkpoints.tick() == 0
    append(home, 1)
    assert checkpoints.tick() == 0  # it looks once a minute
    home.clock.advance(timedelta(minutes=2))
    assert checkpoints.tick() == 3
    assert [path.name for path in sorted((home.path / "out").iterdir())] == [
        "checkpoint-000000000002.txt", "checkpoint-000000000006.txt",
    ]  # fmt: skip
    note = (home.path / "latest.txt").read_text()
    keys = KeyRing(home.path, home.ledger.log)
    assert open_checkpoint(note, keys.verifiers()).size == 6
    home.clock.advance(timedelta(days=30))
    assert checkpoints.tick() == 0


def test_a_place_that_fails_gets_the_newest_checkpoint_later(home):
    append(home, 3)
    (home.path / "out").write_text("in the way of a folder")
    checkpoints = Checkpointer(home)
    signed = checkpoints.sign()
    taken, failed = checkpoints.publish()
    assert ([to.where.rpartition("/")[2] for to in taken], len(failed)) == (["latest.txt"], 1)
    (home.path / "out").unlink()
    assert [len(part) for part in checkpoints.publish()] == [1, 0]
    assert (home.path / "out" / f"checkpoint-{signed.checkpoint.size:012}.txt").read_text() == signed.note


def test_a_checkpoint_is_posted(home, httpserver):
    httpserver.expect_oneshot_request("/log", method="POST").respond_with_data("ok")
    append(home, 3)
    checkpoints = Checkpointer(home)
    checkpoints._targets = [target(home, httpserver.url_for("/log"))]
    signed = checkpoints.sign()
    assert [len(part) for part in checkpoints.publish()] == [1, 0]
    request, _ = httpserver.log[0]
    assert request.get_data().decode() == signed.note
    httpserver.expect_oneshot_request("/log", method="POST").respond_with_data("no", status=503)
    checkpoints.sign()
    assert [len(part) for part in checkpoints.publish()] == [0, 1]


def test_a_place_that_is_none_is_named(home):
    with pytest.raises(UserError, match="ftp://x"):
        target(home, "ftp://x")


# --- keys --------------------------------------------------------------------------------------------


def test_the_secret_key_is_its_owners_alone_and_old_keys_still_verify(home, caplog, capfd):
    append(home, 3)
    keys = KeyRing(home.path, home.ledger.log)
    with caplog.at_level(logging.DEBUG):
        first = keys.signer()
        sign(home.ledger, first, T0)
        second = keys.rotate()
        sign(home.ledger, second, T0)
    assert first.verifier != second.verifier
    assert keys.verifiers() == [first.verifier, second.verifier]
    assert keys.signer().verifier == second.verifier
    verdict = verify(home.ledger, home.timeline, keys=keys.verifiers())
    assert (verdict.faults, verdict.checkpoints) == ((), 2)
    assert verify(home.ledger, home.timeline, keys=[second.verifier]).first_bad_position == 3
    path = home.path / "keys" / "signing.key"
    assert path.stat().st_mode & 0o777 == 0o600
    secrets = [signer.secret().split("+", 4)[4] for signer in (first, second)]
    said = caplog.text + "".join(capfd.readouterr())
    for secret in secrets:
        assert secret not in said
        for file in home.path.rglob("*"):
            if file.is_file() and file != path:
                assert secret.encode() not in file.read_bytes(), file
    assert secrets[0] not in path.read_text()


def test_a_damaged_key_stops_no_role(home):
    checkpoints = Checkpointer(home)
    append(home, 3)
    (home.path / "keys").mkdir()
    (home.path / "keys" / "signing.key").write_text("nonsense")
    assert checkpoints.tick() == 0
    (home.path / "keys" / "signing.key").unlink()
    home.clock.advance(timedelta(minutes=2))
    assert checkpoints.tick() == 3


def test_a_damaged_key_file_is_named_and_not_replaced(home):
    keys = KeyRing(home.path, home.ledger.log)
    keys.signer()
    (home.path / "keys" / "signing.key").write_text("nonsense")
    with pytest.raises(UserError, match=r"signing\.key"):
        keys.signer()


# --- somebody else's implementation ------------------------------------------------------------------


@pytest.fixture(scope="module")
def go_check(tmp_path_factory):
    program = tiers.requires_tier("go")
    built = tmp_path_factory.mktemp("interop") / "check"
    done = subprocess.run(
        [program, "build", "-mod=mod", "-o", built, "."], cwd=INTEROP, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        tiers.not_met("go", f"the checking program cannot be built: {done.stderr.strip().splitlines()[-1][:120]}")
    return built


def test_go_verifies_a_checkpoint_an_inclusion_and_a_consistency_proof(tmp_path, signer, go_check):
    ledger, _ = open_ledger(tmp_path / "l.db")
    ledger.append([deployed(n) for n in range(300)], actor="test")
    old_size, old_root = proofs.root(ledger.engine)
    ledger.append([deployed(n) for n in range(411)], actor="test")
    signed = sign(ledger, signer, T0)
    row = next(ledger.stored(500, stop=501))
    size = signed.checkpoint.size
    case = {
        "Note": signed.note,
        "Keys": [str(signer.verifier)],
        "Index": 500,
        "Leaf": row.leaf.hex(),
        "Inclusion": [h.hex() for h in proofs.prove_inclusion(ledger.engine, 500, size)],
        "OldSize": old_size,
        "OldRoot": old_root.hex(),
        "Consistency": [h.hex() for h in proofs.prove_consistency(ledger.engine, old_size, size)],
    }

    def check(changes):
        given = json.dumps(case | changes)
        return subprocess.run([go_check], input=given, capture_output=True, text=True, timeout=60, check=False)

    assert check({}).stdout == f"checked {ledger.log} 711\n"
    wrong = [
        {"Index": 499},
        {"OldSize": 299},
        {"OldRoot": "00" * 32},
        {"Leaf": "00" * 32},
        {"Note": signed.note.replace("711", "712")},
        {"Inclusion": case["Inclusion"][1:]},
    ]
    for changes in wrong:
        assert check(changes).returncode == 1, changes


def test_peek_and_split_read_without_keys(signer):
    note = signer.sign(Checkpoint("o", 3, bytes(32)).body())
    assert peek(note) == Checkpoint("o", 3, bytes(32))
    assert split_note(note)[1][0][0] == "dateline/test"


def test_the_latest_checkpoint_is_found_by_its_stream(tmp_path, signer):
    ledger, _ = open_ledger(tmp_path / "l.db")
    with reading(ledger.engine) as connection:
        assert latest(connection) is None
    ledger.append([deployed(1)], actor="test")
    sign(ledger, signer, T0)
    second = sign(ledger, signer, T0)
    assert sign(ledger, signer, T0, least=1) is None
    with reading(ledger.engine) as connection:
        assert latest(connection) == second
