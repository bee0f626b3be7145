"""Verifies an evidence bundle of Dateline, offline: python -I verify.py [FOLDER] [--key KEY] [--against CHECKPOINT-FILE].

Needs Python 3.9 or later and nothing else. It checks that every file is what the signed manifest says; that the checkpoint and
all earlier ones are signed, and each earlier state of the log is the beginning of the later one; that every event's facts
and text are those the log committed to, and stand in it; and that every page and text is the one that an event names.
What it cannot know is whose key it is: compare the key that it prints with the one that you have from elsewhere, or pass that
with --key. And run your own copy of this script: whoever falsifies a bundle can falsify the script inside.

Ed25519 is checked as RFC 8032 (section 5.1.7) says, the tree as RFC 9162 (section 2.1) says.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

FILES = ("checkpoint.txt", "contents.jsonl", "events.jsonl", "history.jsonl", "keys.txt", "report.html", "verify.py")


class Broken(Exception):
    """Something does not hold."""


def require(holds, what):
    if not holds:
        raise Broken(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- Ed25519 -----------------------------------------------------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    """The sum of two points of the curve in extended coordinates (X, Y, Z, T)."""
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, d - c, d + c, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(packed):
    """The point that 32 bytes stand for; None if they stand for none."""
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    """Whether the holder of the key has signed the message."""
    key, nonce = point_of(public), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or nonce is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    return same(times(s, BASE), add(nonce, times(h, key)))


# --- notes (C2SP signed-note) and checkpoints (C2SP tlog-checkpoint) ---------------------------------


def key_of(text):
    """(name, id, public key) of `name+hash+base64`."""
    name, _, rest = text.strip().partition("+")
    raw = base64.b64decode(rest.partition("+")[2])
    require(len(raw) == 33 and raw[:1] == b"\x01", "a key is not an Ed25519 key: " + text)
    id_ = sha256(name.encode(), b"\n", raw)[:4]
    require(rest.partition("+")[0] == id_.hex(), "a key does not bear its own hash: " + text)
    return name, id_, raw[1:]


def open_note(note, keys, what):
    """The text of a note that one of the keys has signed."""
    text, blank, tail = note.rpartition("\n\n")
    require(blank and tail.endswith("\n"), what + " is no signed note")
    good = 0
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        require(len(parts) == 3 and parts[0] == "\u2014", what + " has a malformed signature line")
        raw = base64.b64decode(parts[2], validate=True)
        require(base64.b64encode(raw).decode() == parts[2] and len(raw) == 68, what + " has a malformed signature")
        for name, id_, public in keys:
            if (name, id_) == (parts[1], raw[:4]):
                require(signed(public, text.encode() + b"\n", raw[4:]), what + ": the signature does not hold")
                good += 1
    require(good, what + " is signed by no key that is trusted here")
    return text + "\n"


def checkpoint_of(text):
    origin, size, root = text.split("\n")[:3]
    return origin, int(size), base64.b64decode(root, validate=True)


# --- the tree ----------------------------------------------------------------------------------------


def node(left, right):
    return sha256(b"\x01", left, right)


def included(leaf, index, size, proof, root):
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node(step, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node(result, step)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def consistent(old, new, proof, old_root, new_root):
    if not 0 < old <= new:
        return old == 0 and not proof
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(step, first), node(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def root_of(leaves):
    """The root of all leaves, for a bundle that holds the whole log."""
    stack = []
    for count, leaf in enumerate(leaves, 1):
        stack.append(leaf)
        while not count & 1:
            right, left = stack.pop(), stack.pop()
            stack.append(node(left, right))
            count >>= 1
    while len(stack) > 1:
        right, left = stack.pop(), stack.pop()
        stack.append(node(left, right))
    return stack[0] if stack else sha256()


# --- the bundle --------------------------------------------------------------------------------------


def lines_of(folder, name):
    with (folder / name).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def check_files(folder, keys):
    text = open_note((folder / "manifest.txt").read_bytes().decode(), keys, "manifest.txt")
    listed = dict(reversed(line.split("  ", 1)) for line in text.split("\n")[2:] if line)
    require(sorted(listed) == sorted(FILES), "manifest.txt does not list the files of a bundle")
    for name, wanted in sorted(listed.items()):
        require(sha256((folder / name).read_bytes()).hex() == wanted, name + " is not what the manifest says")
    return text.split("\n")[1]


def check_event(event, origin, size, root):
    """Checks one event; returns its leaf and its envelope."""
    envelope, where = json.loads(event["envelope"]), "event " + str(event["position"])
    require(envelope["position"] == event["position"] and envelope["log"] == origin, where + " is another event")
    facts = sha256(b"dateline/facts/v1\n", bytes.fromhex(event["salt"]), event["facts"].encode())
    require(facts.hex() == envelope["facts"], where + ": its facts are not those that were committed to")
    if event["text"] is not None:
        text = sha256(b"dateline/text/v1\n", bytes.fromhex(event["text_salt"]), event["text"].encode())
        require(text.hex() == envelope["text"], where + ": its text is not the one that was committed to")
    leaf = sha256(b"\x00", event["envelope"].encode())
    if event["proof"] is not None:
        proof = [bytes.fromhex(step) for step in event["proof"]]
        require(included(leaf, event["position"], size, proof, root), where + " is not in the log")
    return leaf, envelope


def check(folder, trusted, against):
    keys = [key_of(key) for key in (folder / "keys.txt").read_text(encoding="utf-8").splitlines()]
    if trusted:
        keys = [key_of(key) for key in trusted]
    scope = check_files(folder, keys)
    note = (folder / "checkpoint.txt").read_text(encoding="utf-8")
    origin, size, root = checkpoint_of(open_note(note, keys, "checkpoint.txt"))
    earlier = {size: root}
    for item in lines_of(folder, "history.jsonl"):
        name, old, old_root = checkpoint_of(open_note(item["note"], keys, "an earlier checkpoint"))
        require(name == origin, "an earlier checkpoint is of another log")
        proof = [bytes.fromhex(step) for step in item["proof"]]
        require(consistent(old, size, proof, old_root, root), "the log of size %d was changed since" % old)
        require(earlier.setdefault(old, old_root) == old_root, "two checkpoints of size %d differ" % old)
    for name in against:
        other, old, old_root = checkpoint_of(Path(name).read_text(encoding="utf-8"))
        require(other == origin and earlier.get(old) == old_root, name + " is no state of this log that the bundle proves")
    leaves, named, erased, last = [], {}, 0, -1
    for event in lines_of(folder, "events.jsonl"):
        leaf, envelope = check_event(event, origin, size, root)
        require(event["position"] > last, "events are not in order")
        last = event["position"]
        erased += envelope["text"] is not None and event["text"] is None
        if event["proof"] is None:
            leaves.append(leaf)
        if envelope["name"] in ("article.published", "article.revised"):
            facts = json.loads(event["facts"])
            number = facts.get("revision", 1)
            named[facts["article"], number, None] = facts["page"]
            named[facts["article"], number, facts["rendition"]] = facts["content"]
    if leaves:
        require(len(leaves) == size and root_of(leaves) == root, "the events are not all of the log")
    contents = 0
    for item in lines_of(folder, "contents.jsonl"):
        body = base64.b64decode(item["body"])
        what = "the content of article %s, revision %d" % (item["article"], item["revision"])
        found = sha256(b"dateline/content/v1\n", bytes.fromhex(item["salt"]), body).hex()
        require(found == item["commitment"], what + " is not what was committed to")
        require(named.get((item["article"], item["revision"], item["rendition"])) == found, what + " is named by no event here")
        contents += 1
    return scope, origin, size, root, len(earlier) - 1, last, contents, erased, keys


def main(arguments):
    trusted = [value for name, value in zip(arguments, arguments[1:]) if name == "--key"]
    against = [value for name, value in zip(arguments, arguments[1:]) if name == "--against"]
    plain = [word for before, word in zip(["", *arguments], arguments) if not {before, word} & {"--key", "--against"}]
    folder = Path(plain[0]) if plain else Path(__file__).parent
    try:
        scope, origin, size, root, earlier, _, contents, erased, keys = check(folder, trusted, against)
    except (Broken, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        sys.stdout.write("NOT GOOD: %s\n" % (error if isinstance(error, Broken) else "unreadable: %r" % error))
        return 1
    count = sum(1 for _ in lines_of(folder, "events.jsonl"))
    sys.stdout.write("good: %s of the log %s\n" % (scope, origin))
    sys.stdout.write("%d events and %d contents are in the log of %d events\n" % (count, contents, size))
    sys.stdout.write("root: %s\n" % root.hex())
    sys.stdout.write("%d earlier checkpoints agree; the texts of %d events were erased before\n" % (earlier, erased))
    for name, id_, public in keys:
        text = base64.b64encode(b"\x01" + public).decode()
        sys.stdout.write("%s key: %s+%s+%s\n" % ("your" if trusted else "compare the", name, id_.hex(), text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
