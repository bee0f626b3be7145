"""What all tests share. Keep it small: a room's fixtures live with the room's tests."""

import hypothesis
import pytest
import tiers

# The same cases in every run, so that a failure tells of a change, and no limit on time, which a busy machine would miss.
# `--hypothesis-profile=search`, as `make chaos` has it, draws other cases each time.
UNTIMED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("repeatable", derandomize=True, **UNTIMED)
hypothesis.settings.register_profile("search", print_blob=True, **UNTIMED)
hypothesis.settings.load_profile("repeatable")
pytest.register_assert_rewrite("bus_contract", "chores_contract")


def pytest_terminal_summary(terminalreporter):
    for line in tiers.report():
        terminalreporter.write_line(line, yellow=True)
