"""docker-compose.yml and the Dockerfile: sound by the specification and by our own rules, and what they run does run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import tiers
import yaml
from compose_spec import PyCompose

from dateline.parts import open_broker
from dateline.roles import roles_of
from dateline.settings import load_settings
from store.bus.open import open_bus
from store.database import create_schema, drop_schema
from store.messages import ARTICLES, QUARANTINE, READINGS

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("dateline:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PATIENCE = 60


# --- the file ----------------------------------------------------------------------------------------


def test_it_is_a_compose_file_by_the_specification():
    parsed = PyCompose.from_yaml(yaml.safe_dump(COMPOSE))
    parsed.validate()
    assert set(parsed.service_names()) == set(SERVICES)


@pytest.mark.parametrize("fault", [{"restrat": "no"}, {"depends_on": {"kafka": {"condition": "up"}}}, {"read_only": "si"}])
def test_the_check_by_the_specification_can_fail(fault):
    broken = {"services": {**SERVICES, "web": {**SERVICES["web"], **fault}}}
    with pytest.raises(ValueError, match="services"):
        PyCompose.from_yaml(yaml.safe_dump(broken))


def test_every_role_of_such_a_home_has_a_service_and_nothing_else_is_ours(tmp_path):
    settings = load_settings(tmp_path, {"DATELINE_CELERY_URL": OURS["chores"]["environment"]["DATELINE_CELERY_URL"]})
    assert set(OURS) == {*roles_of(settings), "init"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_shut_in(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert not service.get("privileged")
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_images_have_a_version(name):
    tag = SERVICES[name]["image"].partition(":")[2]
    assert re.match(r"v?\d+\.\d+|\d+-", tag), "neither `latest` nor nothing"


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_says_whether_it_is_well(name):
    """By its own check, or (our roles) by that of the image."""
    if name == "init":
        assert SERVICES[name]["healthcheck"] == {"disable": True}
    elif "healthcheck" in SERVICES[name]:
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    else:
        assert name in OURS
        assert "HEALTHCHECK" in DOCKERFILE


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_waited_for_can_come(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert "profiles" not in SERVICES[other], "a service of a profile may not be there"
        if how["condition"] == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


def test_volumes_secrets_and_networks_are_declared_and_used():
    used = {"volumes": set(), "secrets": set(), "networks": set()}
    for service in SERVICES.values():
        used["volumes"] |= {volume.partition(":")[0] for volume in service.get("volumes", [])}
        used["secrets"] |= set(service.get("secrets", []))
        used["networks"] |= set(service["networks"])
    for kind, names in used.items():
        assert names == set(COMPOSE[kind]), kind


def test_the_servers_cannot_be_reached_from_outside():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("kafka", "postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_no_secret_is_an_environment_value():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|DATABASE_URL", name):
                assert name.endswith("_FILE")
                assert str(value).removeprefix("/run/secrets/") in service["secrets"]
            assert not re.search(r"://[^/\s]*:[^/\s]*@", str(value))


def test_our_environment_is_what_settings_know(tmp_path):
    (tmp_path / "database_url").write_text("postgresql://dateline:x@postgres:5432/dateline\n")
    for name in OURS:
        given = {k: str(v).replace("/run/secrets", str(tmp_path)) for k, v in OURS[name]["environment"].items()}
        settings = load_settings(tmp_path, given)
        assert settings.ledger_url().startswith("postgresql+psycopg://dateline:x@postgres")
        assert settings.bus_address() == "kafka://kafka:9092"
        assert open_broker(settings).url == "redis://redis:6379/0"


def test_the_secrets_script_draws_one_password_and_keeps_it(tmp_path):
    for _ in range(2):
        subprocess.run(["sh", ROOT / "deploy" / "make-secrets.sh", tmp_path / "secrets"], check=True, capture_output=True)
    password = (tmp_path / "secrets" / "postgres_password").read_text()
    assert re.fullmatch(r"[A-Za-z0-9]{40}", password)
    assert (tmp_path / "secrets" / "database_url").read_text() == f"postgresql://dateline:{password}@postgres:5432/dateline\n"
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    declared = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert declared == {path.name for path in (tmp_path / "secrets").iterdir()}


def test_secrets_are_not_committed():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/secrets/" in ignored


# --- the image ---------------------------------------------------------------------------------------


def test_the_image_holds_all_packages_and_the_context_lets_them_through():
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "services", "tests", "train"}
    assert copied == packages
    admitted = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert admitted == {*packages, "requirements.lock", "pyproject.toml", "README.md"}


def test_the_image_is_pinned_hash_checked_and_not_root():
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.13-slim-bookworm"}
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.index("\nUSER dateline") < DOCKERFILE.index("\nENTRYPOINT")
    uid = re.search(r"--uid (\d+)", DOCKERFILE)[1]
    assert all(service["user"].split(":")[0] == uid for service in OURS.values())


def test_the_images_health_check_tells_a_role_that_steps_from_one_that_does_not(tmp_path):
    command = re.search(r'HEALTHCHECK .*\\\n  CMD \["sh", "-c", "(.*)"\]', DOCKERFILE)[1].replace('\\"', '"')
    check = ["sh", "-c", command.replace("/tmp", str(tmp_path))]
    assert subprocess.run(check, check=False).returncode == 1
    beat = tmp_path / "match-3f2a"
    beat.touch()
    assert subprocess.run(check, check=False).returncode == 0
    an_hour_ago = time.time() - 3600
    os.utime(beat, (an_hour_ago, an_hour_ago))
    assert subprocess.run(check, check=False).returncode == 1


# --- the commands ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A home as compose gives it to the containers: database and bus on real servers, secrets in files."""
    folder = tmp_path_factory.mktemp("composed")
    database, kafka, redis = map(tiers.requires_tier, ("postgresql", "kafka", "redis"))
    name = f"composed_{uuid.uuid4().hex[:8]}"
    (folder / "database_url").write_text(database)
    given = {
        "DATELINE_HOME": str(folder / "home"), "DATELINE_BEAT_DIR": str(folder),
        "DATELINE_DATABASE_URL_FILE": str(folder / "database_url"), "DATELINE_DATABASE_SCHEMA": name,
        "DATELINE_BUS_URL": f"kafka://{kafka}", "DATELINE_TOPIC_PREFIX": f"{name}.", "DATELINE_PARTITIONS": "2",
        "DATELINE_CELERY_URL": redis,
    }  # fmt: skip
    settings = load_settings(folder, given)
    create_schema(settings.server_url(), name)
    yield folder, given
    drop_schema(settings.server_url(), name)
    bus = open_bus(settings.bus_address())
    bus.drop((ARTICLES, READINGS, QUARANTINE))
    bus.close()
    open_broker(settings).forget()


def launch(place, name, **more):
    """Starts a service's command as its container would, with paths and addresses of this machine."""
    folder, given = place
    service = OURS[name]
    entrypoint = service.get("entrypoint", ["dateline"])
    command = [
        part.replace("$$", "$").replace("/var/lib/dateline", str(folder / "home")) for part in entrypoint + service["command"]
    ]
    if not (dateline := shutil.which("dateline", path=str(Path(sys.executable).parent))):
        pytest.fail("the command `dateline` is not installed beside the interpreter")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("DATELINE_")}
    environment = {**clean, **given, "PATH": f"{Path(dateline).parent}:{clean['PATH']}", "HOSTNAME": "c0ffee", **more}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_the_commands_run_as_written(place):
    """init ends well; each role starts, steps, and ends on SIGTERM within the time that compose gives it. The health check of
    web tells an answer from none."""
    made = launch(place, "init")
    assert made.wait(PATIENCE) == 0, made.stderr.read()
    roles = [name for name in OURS if name != "init"]
    running = {name: launch(place, name, DATELINE_WEB_PORT="0", DATELINE_WEB_HOST="127.0.0.1") for name in roles}
    try:
        line, log = _until(running["web"], '"listening"')
        assert line, log
        answers = web_answers(line)
        for name, process in running.items():
            line, log = _until(process, '"started"')
            assert line, f"{name} ended:\n{log}"
        assert answers()
        beats = {path.name for path in place[0].glob("*-*")}
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        ended = {name: process.wait(PATIENCE) for name, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.communicate()
    assert ended == dict.fromkeys(running, 0)
    assert not answers()
    assert beats == {"beat-0", "chores-0", "match-c0ffee", "record-0", "web-0"}


def web_answers(line):
    """What compose asks web's container, as a command that asks the process that logged this line."""
    program = OURS["web"]["healthcheck"]["test"]
    assert program[:3] == ["CMD", "python", "-c"]
    address = re.search(r"http://[\d.:]+", line)[0]
    check = [sys.executable, "-c", program[3].replace("http://127.0.0.1:8321", address)]
    return lambda: subprocess.run(check, check=False, capture_output=True).returncode == 0


def _until(process, mark):
    """The first line of its log that has the mark, and the lines before; an empty line if it ends without."""
    before = []
    for line in process.stderr:
        if mark in line:
            return line, "".join(before)
        before.append(line)
    return "", "".join(before)
