"""A PostgreSQL cluster of a test's own: for what would disturb others on the server that they share, or looks at its files."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
import tiers

from services import postgresql
from services.process import ServiceFailed

PLACE = Path(__file__).parent.parent / ".services"
"""Not a temporary folder: the server may run as another user, who must be able to enter."""


@contextmanager
def own_cluster(name):
    """Yields (URL, folder of its data); ended and removed afterwards. Skipped where there is no PostgreSQL to be had."""
    tiers.requires_tier("postgresql")
    if postgresql.program("initdb") is None:
        tiers.not_met("postgresql", "initdb is not installed here")
    directory = PLACE / f"test-{name}"
    try:
        yield postgresql.up(directory), directory / "data"
    except ServiceFailed as error:
        pytest.fail(str(error))
    finally:
        postgresql.down(directory)
        shutil.rmtree(directory)
