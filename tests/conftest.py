"""What all tests share. Keep it small: a room's fixtures live with the room's tests."""

import pytest
import tiers

pytest.register_assert_rewrite("bus_contract", "chores_contract")


def pytest_terminal_summary(terminalreporter):
    for line in tiers.report():
        terminalreporter.write_line(line, yellow=True)
