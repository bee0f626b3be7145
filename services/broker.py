"""Kafka: one real broker in KRaft mode, its jars fetched by Maven."""

import base64
import subprocess
import uuid
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from services.process import ServiceFailed, await_ready, free_port, running, start, stop

NEEDS = {"java": "default-jre-headless", "mvn": "maven"}
"""Program → the Debian package that has it."""

HERE = Path(__file__).parent / "kafka"


def up(directory: Path) -> str:
    """Starts the broker unless it runs; returns its bootstrap address. Data and port survive a restart."""
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port(directory / "port")
    if running(directory, str(directory)) is None:
        _fetch(directory)
        settings = _settings(directory, port)
        _format(directory, settings)
        start(_java(directory, "-Xms128m", "-Xmx512m", "kafka.Kafka", str(settings)), directory)
    address = f"127.0.0.1:{port}"
    await_ready("kafka", lambda: _complaint(directory, address), directory, 60)
    return address


def down(directory: Path) -> None:
    stop("kafka", directory, str(directory))


def _fetch(directory: Path) -> None:
    pom, stamp = HERE / "pom.xml", directory / "fetched"
    if stamp.exists() and stamp.read_bytes() == pom.read_bytes():
        return
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={directory / 'libs'}")
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(pom), *goal], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServiceFailed(f"maven could not fetch the broker:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    stamp.write_bytes(pom.read_bytes())


def _settings(directory: Path, port: int) -> Path:
    text = (HERE / "server.properties").read_text()
    for name, value in (("port", port), ("controller", free_port(directory / "controller")), ("data", directory / "data")):
        text = text.replace("{" + name + "}", str(value))
    settings = directory / "server.properties"
    settings.write_text(text)
    return settings


def _format(directory: Path, settings: Path) -> None:
    if (directory / "data" / "meta.properties").exists():
        return
    # A leading "-" would be read as an option, hence the letter in front of the random bits.
    identity = "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
    done = subprocess.run(
        _java(directory, "kafka.tools.StorageTool", "format", "-t", identity, "-c", str(settings)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ServiceFailed(f"kafka could not format {directory / 'data'}:\n{done.stdout}{done.stderr}")


def _java(directory: Path, *rest: str) -> list[str]:
    return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{directory / 'libs'}/*", *rest]


def _complaint(directory: Path, address: str) -> str | None:
    if running(directory, str(directory)) is None:
        return "its process has ended"
    try:
        admin = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=2000)
    except KafkaError as error:
        return str(error)
    try:
        return None if admin.describe_cluster()["brokers"] else "no broker has registered"
    except KafkaError as error:
        return str(error)
    finally:
        admin.close()
