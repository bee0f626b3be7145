"""A replay opens no socket but the ledger's own and starts no process but its own pool: the real commands, watched.

Every Python process that they start reports, through an audit hook, each connection and each process that it begins. What
lies below Python, the database's client library, is watched by strace where there is one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import tiers
from audit_world import World
from test_dateline_demo import ROOT

from dateline.settings import Settings
from store.database import create_schema, drop_schema, writing

WATCH = """
import os, sys
_trail = os.open(os.environ["TRAIL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_events = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "subprocess.Popen",
           "os.posix_spawn", "os.fork", "os.forkpty", "os.exec", "os.spawn", "os.system", "pty.spawn"}


def _say(event, what):
    os.write(_trail, f"{os.getpid()} {event} {what!r}\\n".encode())


sys.addaudithook(lambda event, arguments: _say(event, arguments) if event in _events else None)
import _posixsubprocess  # what multiprocessing starts its processes with, past every audit event
_fork_exec = _posixsubprocess.fork_exec


def _watched(arguments, *more):
    _say("fork_exec", [os.fsdecode(one) for one in arguments])
    return _fork_exec(arguments, *more)


_posixsubprocess.fork_exec = _watched
_say("started", sys.argv)
"""


class Watched:
    """Runs commands over one home, and tells what their processes did."""

    def __init__(self, home, folder):
        self.home, self.folder = home, folder
        (folder / "sitecustomize.py").write_text(WATCH)

    def __call__(self, *arguments, code=0, traced=False):
        """The command's answer as JSON, what its processes reported, and the addresses that system calls named."""
        trail, calls = self.folder / "trail", self.folder / "calls"
        trail.write_text("")
        calls.write_text("")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
        python = [sys.executable, "-m", "dateline", *arguments, "--json", "--home", str(self.home)]
        watched = ["strace", "-f", "-qq", "-e", "trace=connect", "-e", "signal=none", "-o", str(calls)] if traced else []
        done = subprocess.run(
            [*watched, *python], cwd=ROOT, env=clean | {"PYTHONPATH": str(self.folder), "TRAIL": str(trail)},
            capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout), trail.read_text().splitlines(), calls.read_text()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def watched(request, tmp_path):
    """A home with a few articles, whose read tables somebody has spoilt."""
    home, name = tmp_path / "home", f"test_{os.getpid()}_{request.param}"
    home.mkdir()
    server = None
    if request.param == "postgresql":
        address = tiers.requires_tier("postgresql")
        server = Settings(home=home, database_url=address).server_url()
        create_schema(server, name)
        (home / "settings.toml").write_text(f'database_url = "{address}"\ndatabase_schema = "{name}"\n')
    try:
        world = World(home)
        for number in range(3):
            world.article(f"a{number}")
        world.settle()
        with writing(world.home.engine) as connection:
            connection.execute(sa.delete(world.home.timeline.tables.reviews))
            connection.execute(sa.update(world.home.timeline.tables.mentions).values(score=1))
        world.home.close()
        yield Watched(home, tmp_path)
    finally:
        if server is not None:
            drop_schema(server, name)


def reached(trail):
    """What the processes did besides starting up, and how many there were."""
    lines = [line.split(" ", 2) for line in trail]
    return [(event, what) for _, event, what in lines if event != "started"], len({pid for pid, _, _ in lines})


def addresses(calls):
    """Network addresses that were connected to; sockets of this machine's own name service are no network."""
    return set(re.findall(r"sin6?_port=htons\((\d+)\), (?:sin_addr=inet_addr|inet_pton\(AF_INET6,) ?\(?\"([^\"]+)", calls))


def test_replays_reach_nothing_but_their_database_and_start_nothing_but_their_pool(watched):
    traced = shutil.which("strace") is not None
    rebuilt, trail, calls = watched("replay", "--rebuild", code=3, traced=traced)
    own = _own_addresses(watched.home) if traced else set()
    assert reached(trail) == ([], 1)
    assert addresses(calls) == own
    assert (rebuilt["equal"], rebuilt["kept"]) == (False, True)
    back, trail, _ = watched("replay", "--rollback")
    assert reached(trail) == ([], 1)
    assert back["digest"] != rebuilt["digest"]
    assert watched("state", "digest")[0] == {"events": back["events"], "digest": back["digest"]}
    done, trail, calls = watched("replay", "--rematch", "--processes", "2", traced=traced)
    assert done["articles"] == 3
    started, processes = reached(trail)
    assert processes >= 3
    assert addresses(calls) == own
    for event, what in started:
        assert event == "fork_exec", (event, what)
        assert "multiprocessing.spawn import spawn_main" in what or "multiprocessing.resource_tracker import main" in what


def _own_addresses(home):
    settings = Settings.model_validate({"home": home} | _toml(home))
    if settings.database_url is None:
        return set()
    address = urlsplit(settings.database_url.get_secret_value())
    return {(str(address.port), address.hostname)}


def _toml(home):
    return tomllib.loads((home / "settings.toml").read_text())


def test_the_watch_sees_what_it_is_to_see(tmp_path):
    """Else the test above could not fail."""
    watch = Watched(tmp_path, tmp_path)
    trail = tmp_path / "trail"
    code = (
        "import socket, subprocess, sys\n"
        "try: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: pass\n"
        "subprocess.run([sys.executable, '-c', 'pass'])\n"
    )
    environment = os.environ | {"PYTHONPATH": str(watch.folder), "TRAIL": str(trail)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    found, processes = reached(trail.read_text().splitlines())
    assert {event for event, _ in found} >= {"socket.connect", "subprocess.Popen", "fork_exec"}
    assert processes == 2
    call = '12 connect(3, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}, 16) = 0'
    six = '12 connect(3, {sa_family=AF_INET6, sin6_port=htons(53), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0'
    assert addresses(f"{call}\n{six}") == {("5432", "127.0.0.1"), ("53", "::1")}
