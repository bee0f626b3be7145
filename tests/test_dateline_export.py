"""Evidence bundles: checked offline by the script inside, with nothing but Python; no byte can change unseen."""

import importlib.util
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from audit_world import World
from hypothesis import given
from hypothesis import strategies as st
from test_dateline_demo import dateline

import store.bundle
from dateline import erasing
from dateline.errors import UserError
from dateline.exporting import export
from dateline.keys import KeyRing
from dateline.publishing import Checkpointer
from store.bundle import Scope
from store.notes import Signer

HOSTILE = "<script>alert(1)</script><img src=x onerror=y>\u202e"


def load(path):
    spec = importlib.util.spec_from_file_location("bundle_verify", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = load(store.bundle.__path__[0] + "/verify.py")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world") / "home")
    world.article("a1", speaker="Ada Brook", more=HOSTILE, claims=("mill-closes", "mill-sold"))
    world.article("a2", speaker="Bo <b>Stern</b>", claims=("weir-leaks",))
    world.settle()
    world.earlier = Checkpointer(world.home).sign()
    world.article("a3", speaker="Owners")
    world.article("a4", speaker="Cara Voss", claims=())
    world.settle()
    yield world
    world.home.close()


@pytest.fixture(scope="module")
def bundle(world, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "mill"
    return export(world.home, Scope(story="mill"), path), path


def run(path, *arguments):
    """As an auditor would: no environment, no site packages, no network needed."""
    command = [sys.executable, "-I", "-S", "verify.py", *map(str, arguments)]
    return subprocess.run(command, cwd=path, env={}, capture_output=True, text=True, timeout=60, check=False)


def lines(path, name):
    return [json.loads(line) for line in (path / name).read_text().splitlines()]


def test_a_bundle_of_a_story_is_good_and_holds_what_belongs_to_it(world, bundle):
    made, path = bundle
    done = run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("good: story mill of the log dateline/")
    assert "1 earlier checkpoints agree" in done.stdout
    names = [json.loads(event["envelope"])["name"] for event in lines(path, "events.jsonl")]
    assert names.count("article.published") == 2
    assert {"claim.tracked", "story.opened", "entity.defined", "mention.recorded", "claim.status_changed"} <= set(names)
    assert {item["article"] for item in lines(path, "contents.jsonl")} == {"a1", "a3"}
    assert made.events == len(names) < world.home.ledger.size()


def test_the_script_is_short_and_needs_the_standard_library_alone(bundle):
    text = (bundle[1] / "verify.py").read_text()
    assert len(text.splitlines()) < 300
    imported = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
    assert set(imported) <= sys.stdlib_module_names


def test_a_claim_and_everything_can_be_exported_too(world, tmp_path):
    one = export(world.home, Scope(claim="weir-leaks"), tmp_path / "claim")
    assert run(tmp_path / "claim").returncode == 0
    everything = export(world.home, Scope(), tmp_path / "all")
    assert run(tmp_path / "all").returncode == 0
    assert one.events < everything.events == everything.size
    with pytest.raises(UserError, match="no story nonsense"):
        export(world.home, Scope(story="nonsense"), tmp_path / "x")
    with pytest.raises(UserError, match="there already"):
        export(world.home, Scope(), tmp_path / "all")


def test_no_byte_of_a_bundle_can_change_unseen(bundle, tmp_path):
    """Every byte of the manifest, the keys and the checkpoint, and a thousand of the other files."""
    rng, cases = random.Random(4), []
    copy = tmp_path / "copy"
    shutil.copytree(bundle[1], copy)
    for file in sorted(copy.iterdir()):
        size = file.stat().st_size
        small = file.name in ("manifest.txt", "keys.txt", "checkpoint.txt")
        cases += [(file, at) for at in (range(size) if small else rng.sample(range(size), 250))]
    assert len(cases) > 2_000
    assert SCRIPT.main([str(copy)]) == 0
    for file, at in cases:
        original = file.read_bytes()
        changed = bytearray(original)
        changed[at] ^= 1 << rng.randrange(8)
        file.write_bytes(bytes(changed))
        assert SCRIPT.main([str(copy)]) == 1, (file.name, at)
        file.write_bytes(original)


def resigned(world, path, change):
    """Falsifies a file and signs the manifest again, as the operator, who has the key, could."""
    change(path)
    signer = KeyRing(world.home.path, world.home.ledger.log).signer()
    scope = (path / "manifest.txt").read_text().split("\n")[1]
    (path / "manifest.txt").unlink()
    from store.bundle.write import _manifest

    (path / "manifest.txt").write_text(signer.sign(_manifest(path, scope)))


def edit(name, line, **fields):
    def change(path):
        items = lines(path, name)
        items[line] |= {key: value(items[line][key]) for key, value in fields.items()}
        (path / name).write_text("".join(json.dumps(item) + "\n" for item in items))

    return change


def change_text(path):
    number = next(n for n, item in enumerate(lines(path, "events.jsonl")) if item["text"])
    edit("events.jsonl", number, text=lambda text: text + " ")(path)


def drop_proofs(path):
    items = [item | {"proof": None} for item in lines(path, "events.jsonl")]
    (path / "events.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))


FALSIFICATIONS = {
    "a fact": (edit("events.jsonl", 0, facts=lambda f: f.replace("owners", "others")), "its facts"),
    "a text": (change_text, "its text"),
    "an envelope": (edit("events.jsonl", 3, envelope=lambda e: e.replace('"actor":"', '"actor":"x')), "is not in the log"),
    "a position": (edit("events.jsonl", 3, position=lambda p: p + 1), "is another event"),
    "a proof": (edit("events.jsonl", 3, proof=lambda p: p[1:]), "is not in the log"),
    "no proofs": (drop_proofs, "not all of the log"),
    "a page": (edit("contents.jsonl", 0, body=lambda _: "AAAA"), "not what was committed"),
    "another article's page": (edit("contents.jsonl", 0, article=lambda _: "a9"), "named by no event"),
    "an earlier state": (edit("history.jsonl", 0, proof=lambda p: p[1:]), "was changed since"),
}


@pytest.mark.parametrize("what", FALSIFICATIONS)
def test_not_even_the_holder_of_the_key_can_make_a_bundle_say_something_else(world, bundle, tmp_path, capsys, what):
    change, said = FALSIFICATIONS[what]
    shutil.copytree(bundle[1], tmp_path / "copy")
    resigned(world, tmp_path / "copy", change)
    assert SCRIPT.main([str(tmp_path / "copy")]) == 1
    assert said in capsys.readouterr().out


def test_a_key_and_a_checkpoint_from_elsewhere_are_held_against_it(world, bundle, tmp_path):
    path = bundle[1]
    key = str(KeyRing(world.home.path, world.home.ledger.log).verifiers()[0])
    (tmp_path / "earlier.txt").write_text(world.earlier.note)
    assert run(path, "--key", key, "--against", tmp_path / "earlier.txt").returncode == 0
    stranger = Signer(world.home.ledger.log, bytes(32))
    assert "no key that is trusted" in run(path, "--key", stranger.verifier).stdout
    forged = stranger.sign(world.earlier.checkpoint._replace(root=bytes(32)).body())
    (tmp_path / "forged.txt").write_text(forged)
    assert "no state of this log" in run(path, "--against", tmp_path / "forged.txt").stdout


def test_the_secret_key_is_in_no_bundle(world, bundle):
    secret = KeyRing(world.home.path, world.home.ledger.log).signer().secret().split("+", 4)[4]
    for file in bundle[1].iterdir():
        assert secret.encode() not in file.read_bytes()
        assert b"PRIVATE" not in file.read_bytes()


def test_the_report_escapes_what_it_shows_and_loads_nothing(bundle):
    page = (bundle[1] / "report.html").read_text()
    assert "The mill will close in June" in page
    assert "&lt;mill&gt;" not in page or "<mill>" not in page
    assert not re.search(r"<(script|img|link|iframe|object|a)\b", page)
    assert not re.search(r"\b(src|href|onerror)\s*=", page.replace("&", ""))
    assert "default-src 'none'" in page
    assert "\u202e" not in page


def test_hostile_words_are_text_in_the_report(world, tmp_path):
    export(world.home, Scope(claim="weir-leaks"), tmp_path / "b")
    page = (tmp_path / "b" / "report.html").read_text()
    assert "<b>Stern" not in page
    assert "&lt;b&gt;Stern" in page


def test_a_zip_holds_the_same_and_the_command_makes_it(world, tmp_path):
    done = dateline("audit", "export", "--story", "mill", tmp_path / "m.zip", "--home", world.home.path, "--json")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        archive.extractall(tmp_path)
    assert run(tmp_path / "m").returncode == 0
    assert dateline("audit", "export", tmp_path / "n", "--home", world.home.path).returncode == 2


def test_a_bundle_from_before_an_erasure_still_verifies_and_a_new_one_says_what_is_gone(tmp_path):
    world = World(tmp_path / "home")
    world.article("a1", speaker="Quillon Zaphryx")
    world.settle()
    export(world.home, Scope(story="mill"), tmp_path / "before")
    erasing.erase_articles(world.home, ["a1"], "asked for")
    export(world.home, Scope(story="mill"), tmp_path / "after")
    assert run(tmp_path / "before").returncode == 0
    after = run(tmp_path / "after")
    assert after.returncode == 0, after.stdout
    assert not re.search("the texts of 0 events", after.stdout)
    assert not any(b"Zaphryx" in file.read_bytes() for file in (tmp_path / "after").iterdir())
    world.home.close()


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=60), bit=st.integers(0, 511))
def test_the_scripts_ed25519_agrees_with_the_library(seed, message, bit):
    signer = Signer("x", seed)
    signature = signer._key.sign(message)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert SCRIPT.signed(signer.verifier.public, message, signature)
    assert not SCRIPT.signed(signer.verifier.public, message, bytes(changed))


def test_the_scripts_ed25519_refuses_a_signature_that_was_stretched():
    """RFC 8032, section 5.1.7: S must be smaller than the group order, or one signature could be written twice."""
    signer = Signer("x", bytes(32))
    signature = signer._key.sign(b"m")
    stretched = signature[:32] + (int.from_bytes(signature[32:], "little") + SCRIPT.Q).to_bytes(32, "little")
    assert not SCRIPT.signed(signer.verifier.public, b"m", stretched)
