# Every target works on a fresh clone: `.venv` is made when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo run test soak lint bench lock services services-stop

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/dateline demo

run: install
	$(BIN)/dateline run

test: install
	$(BIN)/python -m pytest

# Real Kafka, PostgreSQL and Redis under .services/, which `make test` then uses as well.
# `make services INSTALL=1`, as root, also installs the Debian packages that are missing.
services: install
	$(BIN)/python -m services up $(if $(INSTALL),--install)

services-stop: install
	$(BIN)/python -m services down

soak: install
	$(BIN)/python -m pytest -m soak

# Figures beside their peers, about five minutes; Kafka's too where `make services` has started it.
bench: install
	$(BIN)/python -m bench $(BENCH)

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: install
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --generate-hashes --no-header -o requirements.lock
