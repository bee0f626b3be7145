"""How what a played wire's home answers is compared with the wire's truth."""

from datetime import UTC, datetime, timedelta

from bench.wire_truth import Counted, Reached, read_truth, right_claims

AT = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)


def test_a_claim_is_right_only_if_each_of_its_counts_is():
    counts = [Counted("a", AT, 1, 1), Counted("a", AT + timedelta(1), 2, 3), Counted("b", AT, 4, 4)]
    assert right_claims(counts) == (1, 2)
    assert right_claims([]) == (0, 0)


def test_a_change_of_status_is_met_to_the_minute_and_others_do_not_count_against_it():
    late = AT + timedelta(hours=3)
    found = (("rumoured", AT + timedelta(seconds=50)), ("reported", AT + timedelta(hours=1)), ("denied", late))
    wanted = (("rumoured", AT), ("reported", AT + timedelta(hours=2)), ("denied", late))
    assert Reached("a", wanted, found).met == 2
    assert Reached("a", wanted, ()).met == 0


def test_a_truth_is_read_line_by_line(tmp_path):
    file = tmp_path / "truth.jsonl"
    file.write_text('{"kind": "origins"}\n\n{"kind": "status"}\n')
    assert [row["kind"] for row in read_truth(file)] == ["origins", "status"]
