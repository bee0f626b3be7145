"""One ledger, one secret: a process that would give other ids is stopped before it reads or writes."""

import json
import os

import databases
import pytest
from test_dateline_demo import dateline

from dateline.errors import UserError
from dateline.home import Home, create_home
from store.database import open_engine, reading, writing
from store.places import ticks
from store.same_secret import PREFIX


@pytest.fixture(params=databases.KINDS)
def machines(request, tmp_path, monkeypatch):
    """Two homes, each with a secret of its own, over one database."""
    with databases.fresh(request.param, tmp_path) as url:
        monkeypatch.setattr("dateline.settings.Settings.ledger_url", lambda _: url)
        for name in ("one", "two"):
            create_home(tmp_path / name)
        yield tmp_path / "one", tmp_path / "two", url


def test_a_home_with_another_secret_is_refused_until_it_has_the_right_one(machines):
    one, two, _ = machines
    with Home(one) as home:
        log = home.ledger.log
    with Home(two) as home, pytest.raises(UserError, match="written with another secret") as refused:
        _ = home.engine
    assert (refused.value.code, log in str(refused.value)) == (78, True)
    (two / "secret").write_bytes((one / "secret").read_bytes())
    with Home(two) as home:
        assert home.ledger.log == log


def test_a_ledger_of_an_earlier_release_learns_its_secret_once(machines):
    one, two, url = machines
    with Home(one) as home, writing(home.engine) as connection:
        connection.execute(ticks.delete())
    for _ in range(2):
        with Home(one) as home:
            assert home.ledger.size() == 0
    engine = open_engine(url)
    with reading(engine) as connection:
        names = [name for name in connection.scalars(ticks.select().with_only_columns(ticks.c.name)) if name.startswith(PREFIX)]
    engine.dispose()
    assert len(names) == 1
    assert (one / "secret").read_bytes().hex() not in names[0]
    with Home(two) as home, pytest.raises(UserError):
        _ = home.ledger


def test_doctor_says_so(tmp_path):
    assert dateline("init", tmp_path / "home").returncode == 0
    (tmp_path / "home" / "secret").write_bytes(os.urandom(32))
    done = dateline("doctor", "--home", tmp_path / "home", "--json")
    found = {check["name"]: check for check in json.loads(done.stdout)}
    assert (found["ledger"]["state"], "another secret" in found["ledger"]["finding"]) == ("bad", True)
    assert done.returncode == 1
