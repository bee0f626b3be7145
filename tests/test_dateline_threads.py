"""Each process computes in one thread: numpy is told so before it is loaded."""

import os
import subprocess
import sys

import pytest

_ASK = "import dateline, os, sys; print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"


@pytest.mark.parametrize(("given", "expected"), [({}, "1 False"), ({"OPENBLAS_NUM_THREADS": "3"}, "3 False")])
def test_numpy_gets_one_thread_unless_the_operator_says_otherwise(given, expected):
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    asked = subprocess.run([sys.executable, "-c", _ASK], env=environment | given, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == expected
