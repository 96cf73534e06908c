# Everything runs in .venv, made here with pip and constraints.txt; nothing is done twice.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml constraints.txt hatch_build.py $(shell find web -path web/node_modules -prune -o -type f -print)

.PHONY: demo test test-slow check setup setup-dev benchmark mutants clean

demo: setup  ## Make the demo page
	$(BIN)/duemani demo -o demo.html

test: setup-dev  ## Run the default tests (under 10 minutes on 2 cores)
	$(BIN)/pytest -n auto -m "not slow"

test-slow: setup-dev  ## Run the tests that take minutes
	$(BIN)/pytest -m slow

check: setup-dev  ## What every commit must pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto -m "not slow"

benchmark: setup-dev  ## Print the figures of docs/results.md (needs ../shared/data)
	$(BIN)/python -m benchmarks.perform

mutants: setup-dev  ## Which wrong lines the tests notice: a seeded sample (under an hour on one core)
	$(BIN)/python tools/mutants.py

setup: .venv/installed
setup-dev: .venv/installed-dev

.venv/installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv web/node_modules src/duemani/assets demo.html
