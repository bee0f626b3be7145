# Every target works on a fresh clone: `.venv` is made when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train install demo run test soak chaos lint bench lock services services-stop

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

# The kill matrix with as many seeds as wanted (`make chaos SEEDS=20`), and more crashes; needs `make services`. Then property
# tests with other cases than `make test` has.
chaos: install
	DATELINE_CHAOS_SEEDS=$(or $(SEEDS),2) $(BIN)/python -m pytest -m chaos
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=search

# Figures beside their peers, some ten minutes; Kafka's too where `make services` has started it.
bench: install
	$(BIN)/python -m bench $(BENCH)

# Makes the weights in workers/model again from labelled pairs; DATA's files are named in train/README.md.
# In an environment of its own: training needs some gigabytes that running does not.
train: .venv-train/.installed
	@test -n "$(DATA)" || { echo "usage: make train DATA=DIR (see train/README.md)"; exit 2; }
	.venv-train/bin/python -m train.encoder "$(DATA)"
	.venv-train/bin/python -m train.stance "$(DATA)"
	.venv-train/bin/python -m train.rank "$(DATA)"

.venv-train/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/pip install --quiet --disable-pip-version-check -e ".[train]"
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: install
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --generate-hashes --no-header -o requirements.lock
