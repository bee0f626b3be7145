"""The demonstration: the shipped wire through the real roles gives the chronology that the wire's truth asks for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.wire_truth import counted, reached, read_truth, right_claims
from dateline.demo import read_wire
from dateline.errors import UserError
from dateline.home import Home
from store.database import reading
from store.lineage import origins
from store.status import Fold, rivals_of

ROOT = Path(__file__).parent.parent
WIRE = ROOT / "seeds" / "wire"


def dateline(*arguments, **environment):
    """Runs the command as a user would, in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    return subprocess.run(
        [sys.executable, "-m", "dateline", *map(str, arguments)], capture_output=True, text=True, env=clean | environment,
        timeout=400, cwd=ROOT, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def played(tmp_path_factory):
    """The shipped wire, played once and kept: (what `--json` printed, the home)."""
    home = tmp_path_factory.mktemp("demo") / "home"
    done = dateline("demo", "--json", "--keep", home)
    assert done.returncode == 0, done.stderr
    return done.stdout, home


@pytest.fixture(scope="session")
def answer(played):
    return json.loads(played[0])


def truth(kind):
    rows = [json.loads(line) for line in (WIRE / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["kind"] == kind]


def claim(answer, id_):
    return next(c for c in answer["claims"] if c["id"] == id_)


def days(answer, id_):
    """The day of each status, first occurrence."""
    found = {}
    for change in claim(answer, id_)["status_history"]:
        found.setdefault(change["status"], change["at"][:10])
    return found


def test_every_article_of_the_wire_was_recorded(answer):
    annotated = (WIRE / "annotated" / "docs.jsonl").read_text(encoding="utf-8").splitlines()
    assert answer["articles"] == len(annotated) == 92
    assert 0 < answer["readings"] <= answer["articles"] + 3, "three articles are edited, three are in no language we read"


def test_the_visit_went_from_rumour_to_confirmation(answer):
    found = days(answer, "kim-visits-russia")
    assert found["rumoured"] == "2023-09-04"
    assert found["reported"] == "2023-09-05"
    assert found["announced"] == "2023-09-11"
    assert found["confirmed"] in {"2023-09-12", "2023-09-13"}
    assert claim(answer, "kim-visits-russia")["status"] == "confirmed"


def test_the_forecast_of_the_place_was_denied_and_overtaken(answer):
    found = days(answer, "summit-venue-vladivostok-eef")
    assert found["rumoured"] == "2023-09-04"
    assert found["reported"] == "2023-09-07"
    assert found["denied"] == "2023-09-11"
    assert found["overtaken"] == "2023-09-13"
    assert claim(answer, "summit-venue-vladivostok-eef")["status"] == "overtaken"


def test_the_other_place_was_confirmed_and_arms_stay_contested(answer):
    assert claim(answer, "summit-venue-vostochny")["status"] == "confirmed"
    assert claim(answer, "dprk-arms-russia-already")["status"] == "contested"


def test_no_lookalike_and_nothing_off_topic_became_a_mention(answer):
    quiet = {row["url"] for row in truth("off_topic")} | {row["url"] for row in truth("lookalike")}
    assert quiet
    assert [row["url"] for row in answer["timeline"] if row["url"] in quiet] == []


def test_syndicated_copies_add_no_origin(played):
    """Without the whole copy and the trimmed one, every claim has the same status and as many origins at any time."""
    copies = {row["url"] for row in truth("copy")}
    met = 0
    with Home(played[1]) as home, reading(home.engine) as connection:
        claims, outlets = home.timeline.claim_set(connection), home.timeline.outlets(connection)
        for tracked in claims:
            group = [tracked.id, *(rival.id for rival in rivals_of(tracked, claims))]
            evidence = home.timeline.evidence(connection, group)
            others = [item for item in evidence if item.mention.text.url not in copies]
            moments = sorted({at for item in evidence for at in (item.occurred_at, item.ended_at) if at})
            whole, without = (standing(tracked, part, claims, outlets, moments) for part in (evidence, others))
            assert whole == without, tracked.id
            met += sum(item.mention.text.url in copies and item.stance == "affirms" for item in evidence)
    assert met


def standing(tracked, evidence, claims, outlets, moments):
    """(status, independent origins) at each of the moments."""
    fold = Fold(tracked, evidence, claims, origins(evidence, claims, outlets))
    found = []
    for at in moments:
        fold.advance(at)
        found.append((fold.status(at), fold.conclude(at).independent_origins))
    return found


def test_origins_and_statuses_are_those_of_the_wires_truth(played):
    asked = read_truth(WIRE / "truth.jsonl")
    with Home(played[1]) as home:
        counts, statuses = counted(home, asked), reached(home, asked)
    right, claims = right_claims(counts)
    assert right >= 0.95 * claims, [one for one in counts if one.wanted != one.found]
    assert sum(row.met for row in statuses) >= 0.95 * sum(len(row.wanted) for row in statuses), statuses


def test_the_table_of_the_design_has_its_rows_in_order_each_with_quote_and_article(answer):
    timeline = answer["timeline"]
    assert [row["date"] for row in timeline] == sorted(row["date"] for row in timeline)
    wanted = [row for row in truth("row") if row["act"] != "status"]
    missing = [row for row in wanted if not _has(timeline, row)]
    assert len(missing) <= len(wanted) * 0.15, missing
    for day in ("2023-09-04", "2023-09-05", "2023-09-06", "2023-09-07", "2023-09-11", "2023-09-12", "2023-09-13"):
        spoken = [row for row in timeline if row["known_on"] == day and row["act"] != "status"]
        assert any(row["quote"] and row["url"] for row in spoken), day


def _has(timeline, wanted):
    return any(row["claim"] == wanted["claim"] and row["act"] == wanted["act"] and row["url"] == wanted["url"]
               for row in timeline)  # fmt: skip


def test_edits_and_the_withdrawal_are_in_the_chronology(answer):
    acts = {row["act"] for row in answer["timeline"]}
    assert {"affirms", "denies", "no_comment", "status", "edited", "withdrawn"} <= acts


def test_alerts_would_have_gone_out(answer, played):
    lines = [json.loads(line) for line in (played[1] / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert answer["alerts"] > 0
    assert len({line["message"] for line in lines}) == len(lines)


def test_the_ledger_it_filled_can_be_audited_and_rebuilt(played):
    home = played[1]
    verified = dateline("audit", "verify", "--home", home, "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    rebuilt = dateline("replay", "--rebuild", "--home", home, "--json")
    assert json.loads(rebuilt.stdout)["equal"] is True


def test_read_again_it_would_have_found_and_told_the_same(played):
    done = dateline("replay", "--rematch", "--home", played[1], "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["mentions"], found["statuses"], found["alerts"]) == ([], [], [])
    assert (found["articles"], found["unread"]) == (92, 0)


def test_the_story_can_be_asked_by_both_clocks(played):
    home = played[1]
    early = dateline("story", "kim-russia-visit", "--home", home, "--as-of", "2023-09-09", "--json")
    then = json.loads(early.stdout)
    assert claim(then, "kim-visits-russia")["status"] == "reported"
    assert max(row["known_on"] for row in then["timeline"]) <= "2023-09-09"
    unknown = dateline("story", "kim-russia-visit", "--home", home, "--as-known", "2023-09-06", "--json")
    said = [row for row in json.loads(unknown.stdout)["timeline"] if row["act"] != "status"]  # deadlines pass unheard
    assert said
    assert all(row["known_on"] <= "2023-09-06" for row in said)


def test_a_second_run_gives_the_same_bytes(played):
    again = dateline("demo", "--json")
    assert again.returncode == 0, again.stderr
    assert again.stdout == played[0]


def test_a_folder_that_is_no_wire_is_refused(tmp_path):
    with pytest.raises(UserError, match="no wire"):
        read_wire(tmp_path)
    (tmp_path / "feeds.opml").write_text("<opml/>")
    (tmp_path / "manifest.jsonl").write_text('{"at": "yesterday"}\n')
    with pytest.raises(UserError, match="line 1"):
        read_wire(tmp_path)
