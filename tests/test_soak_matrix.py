"""The kill matrix: whatever is killed, crashed, paused or doubled, and whenever, it changes nothing that anybody sees.

`DATELINE_CHAOS_KILLS` says how many blows fall, `DATELINE_SOAK_SEED` which and where. With `DATELINE_CHAOS_REDIS` set, chores
go through Celery, and Redis is killed and emptied too.
"""

import json
import os
import sys
from collections import Counter

import msgspec
import pytest
from kill_matrix import CHORES, ROLES, SESSION, Receivers, Striker, delivered, plan, raised, rules_for
from soak_servers import Broker, Database, Redis
from test_dateline_demo import ROOT
from test_dateline_distributed import CLAIMS, wire  # noqa: F401 - a fixture

from dateline import answers
from dateline.demo import play, read_wire
from dateline.home import Home
from services.process import ServiceFailed
from store.audit import verify

SEED = int(os.environ.get("DATELINE_SOAK_SEED", "1"))
BLOWS = int(os.environ.get("DATELINE_CHAOS_KILLS", "14"))
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
def servers(monkeypatch):
    """Servers of this test's own, and their addresses in the environment."""
    with_redis = bool(os.environ.get("DATELINE_CHAOS_REDIS"))
    forget_settings(monkeypatch)
    made = {}
    try:
        made["postgresql"] = Database("matrix-postgresql")
        made["kafka"] = Broker("matrix-kafka", SESSION)
        if with_redis:
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


def survive(blows, seed, *, wire, rules, undisturbed, servers, home, capsys):  # noqa: F811
    """Plays the wire under the blows, and asserts that nobody can tell."""
    played = read_wire(wire)
    roles = ROLES if "redis" not in servers else (*CHORES, "match", "record")
    blows = plan(seed, blows, len(played.instants), roles, tuple(servers))
    with Receivers() as receivers, Striker(home, blows, servers) as striker:
        done = play(played, CLAIMS, rules, home, progress=striker.progress, more_settings=receivers.settings())
    fell = ", ".join(f"{count} {what}" for what, count in sorted(striker.dealt.items()))
    with capsys.disabled():
        sys.stdout.write(f"\nkill matrix: seed {seed}: {striker.dealt.total()} survived in {done.seconds:.0f} s: {fell}\n")
    assert striker.failed == []
    assert striker.dealt.total() > 0
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


@pytest.mark.chaos
def test_whatever_falls_nobody_can_tell(wire, rules, undisturbed, servers, tmp_path, capsys):  # noqa: F811
    home = tmp_path / "home"
    survive(BLOWS, SEED, wire=wire, rules=rules, undisturbed=undisturbed, servers=servers, home=home, capsys=capsys)
