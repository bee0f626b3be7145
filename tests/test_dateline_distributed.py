"""The same program on Kafka and PostgreSQL: the same answers, byte for byte, and nothing left behind on the servers."""

import json
import shutil

import pytest
import sqlalchemy as sa
from kafka.admin import KafkaAdminClient
from redis import Redis
from test_dateline_demo import ROOT, WIRE, dateline
from tiers import requires_tier

from dateline.demo import clean_up
from dateline.home import create_home

CLAIMS = ROOT / "seeds" / "claims.yaml"
UNTIL = "2023-09-05T06"
"""The recorded weeks are cut here: the forecast, its first denials, echoes, and an edit are before."""


@pytest.fixture(scope="module")
def servers():
    return {
        "DATELINE_DATABASE_URL": requires_tier("postgresql"), "DATELINE_BUS_URL": f"kafka://{requires_tier('kafka')}"
    }  # fmt: skip


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wire")
    lines = (WIRE / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.strip() and json.loads(line)["at"] < UNTIL]
    assert 20 < len(kept) < len(lines)
    (folder / "manifest.jsonl").write_text("\n".join(kept), encoding="utf-8")
    shutil.copy(WIRE / "feeds.opml", folder)
    (folder / "bodies").symlink_to(WIRE / "bodies")
    return folder


@pytest.fixture(scope="module")
def embedded(wire):
    done = dateline("demo", "--wire", wire, "--claims", CLAIMS, "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def left_behind(servers):
    """Schemas, topics and groups of demonstrations."""
    engine = sa.create_engine(servers["DATELINE_DATABASE_URL"])
    with engine.connect() as connection:
        schemas = set(sa.inspect(connection).get_schema_names())
    engine.dispose()
    admin = KafkaAdminClient(bootstrap_servers=servers["DATELINE_BUS_URL"].removeprefix("kafka://"))
    names = schemas | set(admin.list_topics()) | {str(group) for group in admin.list_groups()}
    admin.close()
    return {name for name in names if "demo_" in name}


def test_the_demonstration_gives_the_same_bytes_on_servers_can_be_asked_and_audited_and_leaves_nothing(
    wire, embedded, servers, tmp_path
):
    before, home = left_behind(servers), tmp_path / "home"
    done = dateline("demo", "--wire", wire, "--claims", CLAIMS, "--json", "--keep", home, **servers)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["mentions"] > 10
    assert done.stdout == embedded
    assert not (home / "ledger.db").exists()
    verified = dateline("audit", "verify", "--home", home, "--json", **servers)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    rebuilt = dateline("replay", "--rebuild", "--home", home, "--json", **servers)
    assert json.loads(rebuilt.stdout)["equal"] is True
    checked = {row["name"]: row["state"] for row in json.loads(dateline("doctor", "--home", home, "--json", **servers).stdout)}
    assert (checked["ledger"], checked["bus"]) == ("good", "good")
    assert left_behind(servers) - before
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.items():
            patch.setenv(name, value)
        clean_up(home)
    assert not home.exists()
    assert left_behind(servers) <= before


@pytest.mark.soak
def test_the_same_bytes_also_where_celery_does_the_chores(wire, embedded, servers):
    redis = requires_tier("redis")
    done = dateline("demo", "--wire", wire, "--claims", CLAIMS, "--json", **servers, DATELINE_CELERY_URL=redis)
    assert done.returncode == 0, done.stderr
    assert done.stdout == embedded
    with Redis.from_url(redis) as client:
        assert client.keys("demo_*") == []


@pytest.mark.parametrize(
    ("variable", "address", "code", "said"),
    [
        ("DATELINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing", 75, "database does not answer"),
        ("DATELINE_DATABASE_URL", "not a url", 78, "database_url"),
        ("DATELINE_BUS_URL", "kafka://127.0.0.1:1?timeout=1", 75, "bus does not answer"),
        ("DATELINE_BUS_URL", "kafka://nowhere", 78, "bus_url"),
    ],
)
def test_a_server_that_is_not_there_is_one_clear_line(tmp_path, variable, address, code, said):
    create_home(tmp_path / "home")
    done = dateline("run", "--role", "record", "--home", tmp_path / "home", **{variable: address})
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.chaos
def test_kills_change_nothing_on_servers(wire, embedded, servers):
    done = dateline("demo", "--wire", wire, "--claims", CLAIMS, "--json", "--kills", 8, "--seed", 3, **servers)
    assert done.returncode == 0, done.stderr
    assert "8 kills survived" in done.stderr
    answer, undisturbed = json.loads(done.stdout), json.loads(embedded)
    assert answer["claims"] == undisturbed["claims"]
    assert answer["timeline"] == undisturbed["timeline"]
