"""Migrations: upward from the first revision, on SQLite and PostgreSQL, with rows; refused, copied, or killed midway."""

import json
import multiprocessing
import sqlite3
from datetime import UTC, datetime

import databases
import golden_databases as golden
import pytest
import sqlalchemy as sa
from schema_portrait import portrait
from sqlalchemy import event
from test_dateline_demo import dateline

from alerts import tables as alerting
from dateline.migrating import models
from store.audit import verify
from store.clock import FixedClock
from store.content import Content
from store.database import open_engine, reading, writing
from store.events import ReaderDeployed
from store.keyed import Keyed
from store.ledger import Draft, Ledger
from store.migrations.lines import CONTENT, FRESH, LEDGER, NewerSchema, OlderSchema, revision_of
from store.migrations.opening import migrate, prepare
from store.migrations.run import differences, steps, upgrade
from store.timeline import Timeline

LINES = (LEDGER, CONTENT)
T0 = datetime(2030, 1, 1, tzinfo=UTC)
PATIENCE = 60
_spawn = multiprocessing.get_context("spawn")


@pytest.fixture(params=databases.KINDS)
def engine(request, tmp_path):
    """An empty database of each kind; what belongs into two files when embedded lies in one here."""
    with databases.fresh(request.param, tmp_path) as url:
        made = open_engine(url)
        yield made
        made.dispose()


@pytest.fixture
def server(tmp_path):
    with databases.fresh("postgresql", tmp_path) as url:
        made = open_engine(url)
        yield made
        made.dispose()


@pytest.fixture
def file(tmp_path):
    made = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield made
    made.dispose()


def open_ledger(engine):
    timeline = Timeline(key=Keyed(golden.SECRET).name)
    return Ledger(engine, secret=golden.SECRET, clock=FixedClock(T0), projectors=[timeline]), timeline


def revision(engine, line):
    with reading(engine) as connection:
        return revision_of(connection, line)


def portrayed(engine):
    with reading(engine) as connection:
        return portrait(connection)


def set_revision(engine, line, to):
    with writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE {line.version_table} SET version_num = '{to}'")


# --- a new database ----------------------------------------------------------------------------------


def test_a_new_database_is_made_at_this_releases_revision(engine):
    assert [revision(engine, line) for line in LINES] == [FRESH, FRESH]
    for line in LINES:
        prepare(engine, line)
        prepare(engine, line)
        assert revision(engine, line) == line.head
        assert steps(line, line.head) == []


def test_the_revisions_and_the_rooms_models_make_the_same_tables(engine, request, tmp_path):
    for line in LINES:
        prepare(engine, line)
    with reading(engine) as connection:
        assert differences(connection, models(LEDGER) + models(CONTENT)) == []
    kind = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
    (tmp_path / "models").mkdir()
    with databases.fresh(kind, tmp_path / "models") as url:
        declared = open_engine(url)
        with writing(declared) as connection:
            for metadata in models(LEDGER) + models(CONTENT):
                metadata.create_all(connection)
        assert portrayed(engine) == portrayed(declared)
        declared.dispose()


@pytest.mark.parametrize(
    "change",
    ["DROP INDEX alert_groups_due_at", "ALTER TABLE ticks ADD COLUMN more INTEGER", "ALTER TABLE head DROP COLUMN frontier"],
)
def test_a_table_that_somebody_changed_by_hand_is_named(engine, change):
    prepare(engine, LEDGER)
    with writing(engine) as connection:
        connection.exec_driver_sql(change)
    with reading(engine) as connection:
        (found,) = differences(connection, models(LEDGER))
    assert any(name in found for name in ("alert_groups_due_at", "more", "frontier"))


def test_the_tables_of_a_released_revision_never_change(tmp_path):
    """The rows of golden homes would not fit any more; and a home that is at that revision would never get the change."""
    for line in LINES:
        engine = open_engine(f"sqlite:///{tmp_path / line.name}.db")
        with writing(engine) as connection:
            upgrade(connection, line, "0001")
            kept = json.loads((golden.FOLDER / "0001" / f"{line.name}.tables.json").read_text(encoding="utf-8"))
            assert json.loads(json.dumps(portrait(connection))) == kept
        engine.dispose()


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_the_revision_that_this_release_needs_is_the_last_there_is(line):
    assert steps(line, FRESH)[-1].revision == line.head
    assert [step.revision for step in steps(line, FRESH)] == sorted({step.revision for step in steps(line, FRESH)})
    assert all(step.what.endswith(".") for step in steps(line, FRESH))


# --- upward with rows --------------------------------------------------------------------------------


def test_what_the_first_release_recorded_is_the_same_after_migration(engine):
    for line in LINES:
        golden.fill(engine, line)
        migrate(engine, line)
    ledger, timeline = open_ledger(engine)
    content = Content(engine)
    verdict = verify(ledger, timeline, content=content)
    assert (verdict.size, verdict.root.hex(), verdict.faults) == (golden.EXPECTED["events"], golden.EXPECTED["root"], ())
    with reading(engine) as connection:
        assert timeline.digest(connection) == golden.EXPECTED["digest"]
        assert alerting.place(connection) > 0
    assert {sealed.article for sealed in content.sealed() if sealed.body} != set()
    assert list(content.verify()) == []
    ledger.append([Draft(ReaderDeployed("a reader", {}), "log", T0)], actor="test")
    assert ledger.size() == golden.EXPECTED["events"] + 1
    assert verify(ledger, timeline).faults == ()


def test_a_database_from_before_revisions_were_counted_is_taken_over(engine):
    golden.fill(engine, LEDGER)
    golden.uncount(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP TABLE alert_threads")  # it was only made when alerts first ran
    assert revision(engine, LEDGER) == ""
    migrate(engine, LEDGER)
    assert revision(engine, LEDGER) == LEDGER.head
    with reading(engine) as connection:
        assert differences(connection, models(LEDGER)) == []
    assert open_ledger(engine)[0].size() == golden.EXPECTED["events"]


# --- who migrates, and when ----------------------------------------------------------------------------


def test_a_file_is_migrated_by_whoever_opens_it_and_a_copy_is_kept(file, tmp_path):
    golden.fill(file, LEDGER)
    ledger, _ = open_ledger(file)
    assert revision(file, LEDGER) == LEDGER.head
    (copy,) = tmp_path.glob("*.before-*")
    assert copy.name == f"ledger.db.before-{LEDGER.head}"
    kept = sqlite3.connect(copy)
    assert kept.execute("SELECT version_num FROM ledger_revision").fetchall() == [("0001",)]
    assert kept.execute("SELECT count(*) FROM events").fetchone() == (ledger.size(),)
    assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept.close()


def test_a_new_file_and_one_that_needs_nothing_leave_no_copy(file, tmp_path):
    open_ledger(file)
    open_ledger(file)
    assert [path.name for path in tmp_path.iterdir() if "before" in path.name] == []


def test_a_servers_database_is_refused_until_somebody_migrates_it(server):
    for line, opened in ((LEDGER, open_ledger), (CONTENT, Content)):
        golden.fill(server, line)
        before = portrayed(server)
        with pytest.raises(OlderSchema, match="dateline migrate"):
            opened(server)
        assert portrayed(server) == before
        assert revision(server, line) == "0001"
        assert migrate(server, line) is None
        opened(server)


def test_a_database_of_a_newer_release_is_refused_and_left_alone(engine):
    for line, opened in ((LEDGER, open_ledger), (CONTENT, Content)):
        opened(engine)
        set_revision(engine, line, "9000")
        for trying in (opened, lambda made, line=line: migrate(made, line)):
            with pytest.raises(NewerSchema, match="newer Dateline"):
                trying(engine)
        assert revision(engine, line) == "9000"


class Killed(BaseException):
    pass


def test_a_migration_that_is_killed_has_not_happened_and_is_done_the_next_time(engine):
    golden.fill(engine, LEDGER)
    before = portrayed(engine)

    def kill(_connection, _cursor, statement, *_):
        if "CREATE TABLE chores" in statement:
            raise Killed

    event.listen(engine, "before_cursor_execute", kill)
    with pytest.raises(Killed):
        migrate(engine, LEDGER)
    event.remove(engine, "before_cursor_execute", kill)
    assert revision(engine, LEDGER) == "0001"
    assert portrayed(engine) == before
    migrate(engine, LEDGER)
    assert open_ledger(engine)[0].size() == golden.EXPECTED["events"]


def _migrate(url, barrier):
    engine = open_engine(url)
    barrier.wait(PATIENCE)
    migrate(engine, LEDGER)
    migrate(engine, CONTENT)
    Ledger(engine, secret=golden.SECRET, clock=FixedClock(T0))


def test_any_number_of_processes_may_migrate_at_once(engine):
    for line in LINES:
        golden.fill(engine, line)
    barrier = _spawn.Barrier(2)
    url = engine.url.render_as_string(hide_password=False)
    at_work = [_spawn.Process(target=_migrate, args=(url, barrier)) for _ in range(2)]
    for process in at_work:
        process.start()
    for process in at_work:
        process.join(PATIENCE)
    assert [process.exitcode for process in at_work] == [0, 0]
    assert open_ledger(engine)[0].size() == golden.EXPECTED["events"]


# --- what the second revision is for -------------------------------------------------------------------


def _plan(connection, query):
    text = str(query.compile(connection.engine, compile_kwargs={"literal_binds": True}))
    if connection.dialect.name == "sqlite":
        return "; ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of few rows PostgreSQL reads all
    return "; ".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {text}"))


def test_due_alerts_and_alerts_by_state_are_found_by_an_index_from_the_second_revision_on(engine):
    golden.fill(engine, LEDGER)
    alerts, groups = Timeline().tables.alerts.c, alerting.groups.c
    asked = {
        "alert_groups_due_at": sa.select(groups.grp).where(groups.due_at <= 5),
        "read_alerts_state_position": sa.select(sa.func.count()).where(alerts.state == "raised"),
    }
    for expected in (set(), set(asked)):
        with reading(engine) as connection:
            assert {name for name, query in asked.items() if name in _plan(connection, query)} == expected
        migrate(engine, LEDGER)


# --- at the door -----------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    """An embedded home as the first release left it."""
    path = tmp_path / "home"
    path.mkdir()
    (path / "secret").write_bytes(golden.SECRET)
    for line in LINES:
        engine = open_engine(f"sqlite:///{path / line.name}.db")
        golden.fill(engine, line)
        engine.dispose()
    return path


def test_an_older_home_answers_at_once_and_says_on_stderr_what_became_of_it(home):
    done = dateline("claims", "list", "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    assert {claim["id"] for claim in json.loads(done.stdout)} == set(golden.EXPECTED["statuses"])
    assert "migrated" in done.stderr
    assert f"ledger.db.before-{LEDGER.head}" in done.stderr


def test_migrate_tells_its_plan_does_it_and_has_nothing_to_do_then(home):
    looked = dateline("migrate", "--check", "--home", home, "--json")
    plan = {one["database"]: one for one in json.loads(looked.stdout)["databases"]}
    assert (looked.returncode, plan["ledger"]["found"], plan["ledger"]["needed"]) == (3, "0001", LEDGER.head)
    assert [step["revision"] for step in plan["ledger"]["steps"]] == [step.revision for step in steps(LEDGER, "0001")]
    done = dateline("migrate", "--home", home)
    assert done.returncode == 0, done.stderr
    assert "Two indexes" in done.stdout
    again = dateline("migrate", "--check", "--home", home)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True)


def test_a_role_refuses_an_older_server_and_runs_after_migrate(home, tmp_path, server):
    for line in LINES:
        golden.fill(server, line)
    with reading(server) as connection:
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    address = server.url.set(drivername="postgresql").difference_update_query(["options"]).render_as_string(False)
    given = {"DATELINE_DATABASE_URL": address, "DATELINE_DATABASE_SCHEMA": schema}
    refused = dateline("run", "--role", "record", "--home", home, **given)
    assert (refused.returncode, "dateline migrate" in refused.stderr) == (78, True), refused.stderr
    assert dateline("migrate", "--home", home, **given).returncode == 0
    with writing(server) as connection:
        connection.exec_driver_sql("DROP INDEX alert_groups_due_at")
    odd = dateline("migrate", "--check", "--home", home, **given)
    assert (odd.returncode, "alert_groups_due_at" in odd.stdout) == (3, True), odd.stdout
