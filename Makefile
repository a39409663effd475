# Two commands do everything on a machine with Python 3.11 or newer: make demo, make test.
# VENV=DIR keeps the private environment elsewhere; PYTHON=python3.13 picks another interpreter.
PYTHON ?= python3
VENV ?= .venv
TESTS ?= tests
DEMO ?= demo
WORKERS ?= 2
MILLIONS ?= 20
PEERS ?= .venv-peers
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
# The stamp's name changes with the lock and the project file, so an environment is renewed when either does.
STAMP = $(VENV)/.ready-$(shell cat pyproject.toml $(LOCK) | cksum | cut -d ' ' -f 1)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench bench-engine bench-journey bench-web docs pictures lock changelog clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  found=$$($(PYTHON) --version 2> /dev/null) || found="missing"; \
	  echo "Leadline needs Python 3.11 or newer, and $(PYTHON) is $$found." >&2; \
	  echo "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "Could not make $(VENV): on Debian and Ubuntu, install python3-venv first." >&2; exit 1; }
	@echo "Setting up $(VENV) (once; a minute on a slow line)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@

setup: $(STAMP)

demo: $(STAMP) ## generate a simulated company, load its exports, print its scorecard, write its report
	@$(BIN)/leadline demo $(DEMO)

test: $(STAMP) ## run all tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(TESTS)

lint: $(STAMP) ## style, types, import floors, changelog fragments, generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/towncrier build --draft --version next > /dev/null
	@$(BIN)/python docs/generate.py --check

bench: $(STAMP) ## print what things cost, as ratios to hand-written SQL in the same run
	@$(BIN)/python bench/run.py

bench-engine: $(STAMP) ## print what the metric engine costs over hand-written SQL, and other metric layers beside it
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@$(BIN)/python bench/engine.py --peers $(PEERS)/bin/python

bench-journey: $(STAMP) ## print what sequence questions cost, against ClickHouse and a C pass (MILLIONS=20)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'chdb>=4,<5'
	@$(BIN)/python bench/journey.py --millions $(MILLIONS)

bench-web: $(STAMP) ## print how fast and how heavy the cockpit is, at 20 requests a second
	@$(BIN)/python bench/web.py

docs: $(STAMP) ## write the pages that are generated from code
	@$(BIN)/python docs/generate.py

pictures: $(STAMP) ## take the pictures of docs/pages.md anew (needs Chromium)
	@$(BIN)/python docs/pictures.py

lock: $(STAMP) ## renew the hash-pinned lock (needs uv)
	@command -v uv > /dev/null || $(BIN)/python -m pip install --quiet uv
	@PATH="$(BIN):$$PATH" uv pip compile pyproject.toml --group dev --group build --extra excel --extra sql --universal \
	  --python-version 3.11 --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --quiet --output-file $(LOCK)
	@echo 'duckdb<2' | PATH="$(BIN):$$PATH" uv pip compile - --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	  --output-file requirements/duckdb1.txt
	@for engine in postgres clickhouse spark; do \
	  groups=$$(test $$engine != postgres || echo '--group servers'); \
	  PATH="$(BIN):$$PATH" uv pip compile pyproject.toml --extra $$engine $$groups --constraint $(LOCK) --universal \
	  --python-version 3.11 --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --quiet --output-file requirements/$$engine.txt || exit 1; done
	@PATH="$(BIN):$$PATH" uv pip compile requirements/peers.in --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	  --output-file requirements/peers.txt

changelog: $(STAMP) ## gather changelog.d into CHANGELOG.md: make changelog VERSION=0.2.0
	@test -n "$(VERSION)" || { echo "Say which version: make changelog VERSION=0.2.0"; exit 2; }
	@$(BIN)/towncrier build --yes --version $(VERSION)

clean: ## remove the environment and everything generated
	rm -rf $(VENV) build dist $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
