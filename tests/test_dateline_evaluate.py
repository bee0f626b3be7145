"""`dateline evaluate`: a labelled folder is scored, and whatever is wrong with it is said."""

import json

import pytest
from test_dateline_demo import dateline
from typer.testing import CliRunner

from dateline.claimsfile import dump_claims
from dateline.cli import app
from dateline.errors import UserError
from dateline.evaluating import evaluated
from dateline.labelled import load
from tests.reader_world import ARTICLE, CLAIMS

DENIED = "The Ports Board denied on Tuesday that the bridge would be shut."
OFF = "Chess\n\nAda Lund won the chess final in Oslo."


def label(quote, **more):
    start = ARTICLE.index(quote)
    row = {"doc": "1", "claim": "harrow-bridge-closes", "start": start, "end": start + len(quote), "quote": quote}
    return {**row, "stance": "denies", "attribution": {"anonymity": "named", "organisation": "Ports Board"}, **more}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "1_bridge.txt").write_text(ARTICLE, encoding="utf-8")
    (tmp_path / "texts" / "2_chess.txt").write_text(OFF, encoding="utf-8")
    (tmp_path / "claims.yaml").write_text(dump_claims(CLAIMS), encoding="utf-8")
    put(tmp_path, "mentions.jsonl", label(DENIED))
    put(tmp_path, "docs.jsonl", {"doc": "1", "outlet": "The Echo", "published": "2031-05-14"})
    trap = label("The city also opened a new swimming pool.")
    put(tmp_path, "hard_negatives.jsonl", {k: v for k, v in trap.items() if k != "claim"} | {"looks_like": trap["claim"]})
    return tmp_path


def put(folder, name, *rows):
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_folder_is_scored(folder):
    told = evaluated(load(folder), None)
    assert (told["documents"], told["mentions"]["labelled"], told["mentions"]["hit"]) == (2, 1, 1)
    assert told["stance"]["confusion"]["denies"] == {"denies": 1, "(missed)": 0}
    assert told["traps"] == {"fallen_for": 0, "of": 1}
    assert told["details"]["organisation"] == {"count": 1, "of": 1, "rate": 1.0}
    assert told["mentions"]["wrong"] == told["mentions"]["found"] - 1 > 0
    recalls = [point["recall"] for point in told["curve"]]
    assert recalls == sorted(recalls, reverse=True)
    assert told["curve"][0]["articles_astray"] == {"count": 0, "of": 1, "rate": 0.0}


def test_the_score_does_not_hang_on_the_claims_own_thresholds_in_the_curve(folder):
    before = evaluated(load(folder), None)
    text = (folder / "claims.yaml").read_text(encoding="utf-8")
    (folder / "claims.yaml").write_text(text.replace("  story: bridge\n", "  story: bridge\n  threshold: 1000\n"), "utf-8")
    after = evaluated(load(folder), None)
    assert (after["mentions"]["found"], after["curve"]) == (0, before["curve"])


@pytest.mark.parametrize(
    ("name", "row", "fault"),
    [
        ("mentions.jsonl", label(DENIED, claim="harrow"), "line 1: 'harrow' is none of the claims in claims.yaml"),
        ("mentions.jsonl", label(DENIED, doc="9"), "line 1: there is no text '9'"),
        ("mentions.jsonl", label(DENIED, start=1), "line 1: the quote does not stand at 1: there is 'arrow"),
        ("mentions.jsonl", label(DENIED, end=10**6), "are no part of 1, which has"),
        ("mentions.jsonl", label(DENIED, stance="maybe"), "line 1: stance: Input should be 'affirms'"),
        ("mentions.jsonl", label(DENIED, attribution={"anonymity": "?"}), "line 1: attribution.anonymity: Input should be"),
        ("mentions_optional.jsonl", {"doc": "1"}, "mentions_optional.jsonl: line 1: start: Field required"),
        ("hard_negatives.jsonl", label(DENIED), "hard_negatives.jsonl: line 1: looks_like: Field required"),
        ("docs.jsonl", {"outlet": "x"}, "docs.jsonl: KeyError('doc')"),
        ("docs.jsonl", {"doc": "1", "published": "Tuesday"}, "docs.jsonl: ValueError"),
    ],
)
def test_each_fault_is_named_with_its_file_and_line(folder, name, row, fault):
    put(folder, name, row)
    with pytest.raises(UserError) as caught:
        load(folder)
    assert fault in str(caught.value)


def test_all_faults_are_named_at_once_and_twenty_at_most(folder):
    (folder / "mentions.jsonl").write_text("nonsense\n" * 30, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(folder)
    *lines, last = str(caught.value).splitlines()
    assert len(lines) == 20
    assert all("is not JSON" in line for line in lines)
    assert last == "… and 10 more faults."


@pytest.mark.parametrize(
    ("gone", "said"),
    [("claims.yaml", "claims export"), ("mentions.jsonl", "what is to be found"), ("texts/1_bridge.txt", "no text '1'")],
)
def test_what_is_missing_is_said_with_what_to_do(folder, gone, said):
    (folder / gone).unlink()
    with pytest.raises(UserError, match=said):
        load(folder)


def test_an_empty_folder_none_at_all_and_no_labels(folder, tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        load(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="holds no texts"):
        load(folder, tmp_path / "elsewhere")
    put(folder, "mentions.jsonl")
    with pytest.raises(UserError, match="labels no mention"):
        load(folder)
    put(folder, "mentions.jsonl", label(DENIED))
    (folder / "texts" / "1_again.txt").write_text(OFF, encoding="utf-8")
    with pytest.raises(UserError, match="a second text named '1'"):
        load(folder)


def test_the_command(folder):
    command = ["evaluate", str(folder), "--no-model"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    for words in ("2 documents, 1 labelled mentions", "0 of 1 traps", "passages", "(none there)", "no_comment", "threshold"):
        assert words in done.stdout
    assert json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)["mentions"]["hit"] == 1


def test_a_fault_is_one_line_and_an_exit_code(folder):
    (folder / "claims.yaml").unlink()
    failed = dateline("evaluate", folder)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "claims.yaml: is missing" in failed.stderr
