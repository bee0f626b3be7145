"""The kill matrix: whatever is killed, crashed, paused or doubled, and whenever, it changes nothing that anybody sees.

Twice: chores done by the roles' own loops, and by Celery over a Redis that crashes and forgets. `make soak` deals every blow
once, `make chaos` does so with other seeds. `DATELINE_SOAK_SEED` says which and where, `DATELINE_CHAOS_SEEDS` how many seeds,
and `DATELINE_CHAOS_KILLS` how many blows each.
"""

import json
import os
import sys
from collections import Counter

import msgspec
import pytest
from kill_matrix import CELERY, LOOPS, SESSION, Receivers, Striker, delivered, kinds_of, plan, raised, rules_for
from soak_servers import Broker, Database, Redis
from test_dateline_demo import ROOT
from test_dateline_distributed import CLAIMS, wire  # noqa: F401 - a fixture

from dateline import answers
from dateline.demo import play, read_wire
from dateline.home import Home
from services.process import ServiceFailed
from store.audit import verify

SEED = int(os.environ.get("DATELINE_SOAK_SEED", "1"))
PATIENCE = 240
"""Seconds that one instant may take: several blows may fall in it, and the machine may be busy."""
SEEDS = int(os.environ.get("DATELINE_CHAOS_SEEDS", "2"))
BLOWS = int(os.environ.get("DATELINE_CHAOS_KILLS", "0"))
"""0: as many as there are kinds."""
HASTE = {"DATELINE_CHORES_LEASE": "2.5", "DATELINE_CHORES_RESEND": "2", "DATELINE_CHORES_PROCESSES": "2"}
"""A chore that is in nobody's hands, or of which no message is on its way, is soon found, and two may be in hand at once."""
RULES = ROOT / "seeds" / "rules.yaml"


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(rules_for(RULES.read_text(encoding="utf-8"), ("log", "mail", "hook")), encoding="utf-8")
    return path


class Seen:
    """What a home says once its play is over."""

    def __init__(self, path):
        with Home(path) as home:
            self.answer = json.loads(msgspec.json.encode(answers.demo_answer(home)))
            self.faults = verify(home.ledger, home.timeline).faults
            self.messages = delivered(home.ledger)
            self.raised = raised(home.ledger)
            self.told = Counter(alert for message in self.messages.values() for alert in message.alerts)
            self.articles = Counter(r.event.article for r in home.ledger.read(names=("article.published",)))


@pytest.fixture(scope="module")
def undisturbed(wire, rules, tmp_path_factory):  # noqa: F811
    """The same play with nothing killed, on files."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    with Receivers() as receivers, pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        play(read_wire(wire), CLAIMS, rules, home, more_settings=receivers.settings())
        return Seen(home)


def forget_settings(patch):
    for name in [name for name in os.environ if name.startswith("DATELINE_") and not name.startswith("DATELINE_TEST_")]:
        patch.delenv(name)


@pytest.fixture
def servers(request, monkeypatch):
    """Servers of this test's own, and their addresses in the environment."""
    forget_settings(monkeypatch)
    for name, value in HASTE.items():
        monkeypatch.setenv(name, value)
    made = {}
    try:
        made["postgresql"] = Database("matrix-postgresql")
        made["kafka"] = Broker("matrix-kafka", SESSION)
        if request.param == "celery":
            made["redis"] = Redis("matrix-redis")
        for server in made.values():
            for name, value in server.settings.items():
                monkeypatch.setenv(name, value)
        yield made
    except ServiceFailed as error:
        pytest.fail(str(error))
    finally:
        for server in made.values():
            server.end()


def survive(seed, *, wire, rules, undisturbed, servers, home, capsys):  # noqa: F811
    """Plays the wire under the blows, and asserts that nobody can tell."""
    played = read_wire(wire)
    kinds = kinds_of(CELERY if "redis" in servers else LOOPS, tuple(servers))
    blows = plan(seed, BLOWS or len(kinds), len(played.instants), kinds)
    with Receivers() as receivers, Striker(home, blows, servers) as striker:
        done = play(
            played, CLAIMS, rules, home, progress=striker.progress, more_settings=receivers.settings(), patience=PATIENCE
        )
    fell = ", ".join(f"{count} {kind} {target}" for (kind, target), count in sorted(striker.dealt.items()))
    told = f"seed {seed}: {striker.dealt.total()} blows survived in {done.seconds:.0f} s, {done.restarts} restarts: {fell}"
    with capsys.disabled():
        sys.stdout.write(f"\nkill matrix: {told}\n")
    assert striker.failed == []
    assert striker.dealt == Counter((blow.kind, blow.target) for each in blows.values() for blow in each)
    seen = Seen(home)
    assert seen.faults == ()
    assert seen.articles == undisturbed.articles
    assert set(seen.articles.values()) == {1}
    assert seen.answer["claims"] == undisturbed.answer["claims"]
    assert seen.answer["timeline"] == undisturbed.answer["timeline"]
    assert_each_alert_came_once(seen, undisturbed, receivers)


def assert_each_alert_came_once(seen, undisturbed, receivers):
    """Every alert in one message, the same alerts as undisturbed; and every message came, once: twice only where the ledger
    tells of a second attempt, since mail and webhooks cannot say that the first arrived."""
    assert set(seen.told.values()) == {1}
    assert Counter(seen.raised.values()) == Counter(undisturbed.raised.values())
    assert Counter(map(seen.raised.get, seen.told)) == Counter(map(undisturbed.raised.get, undisturbed.told))
    mailed = {f"<{id_}@desk.example>": sent.attempts for id_, sent in seen.messages.items() if sent.channel == "mail"}
    assert set(receivers.mails) == set(mailed)
    assert [id_ for id_, came in receivers.mails.items() if came > min(2, mailed[id_])] == []
    hooked = [sent.attempts for sent in seen.messages.values() if sent.channel == "hook"]
    assert len(receivers.hooks) == len(hooked)
    assert max(receivers.hooks.values()) <= 2
    assert receivers.hooks.total() <= sum(hooked)


@pytest.mark.soak
@pytest.mark.parametrize("servers", ["loops", "celery"], indirect=True)
def test_whatever_falls_nobody_can_tell(wire, rules, undisturbed, servers, tmp_path, capsys):  # noqa: F811
    survive(SEED, wire=wire, rules=rules, undisturbed=undisturbed, servers=servers, home=tmp_path / "home", capsys=capsys)


@pytest.mark.chaos
@pytest.mark.parametrize("servers", ["loops", "celery"], indirect=True)
@pytest.mark.parametrize("seed", range(SEED + 1, SEED + 1 + SEEDS))
def test_nor_with_any_other_seed(seed, wire, rules, undisturbed, servers, tmp_path, capsys):  # noqa: F811
    survive(seed, wire=wire, rules=rules, undisturbed=undisturbed, servers=servers, home=tmp_path / "home", capsys=capsys)
