# Everything runs in .venv, made here with pip and constraints.txt; nothing is done twice.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml constraints.txt hatch_build.py $(shell find web -path web/node_modules -prune -o -type f -print)

.PHONY: demo test test-slow check check-web setup setup-dev benchmark clean

demo: setup  ## Make the demo page
	$(BIN)/duemani demo -o demo.html

test: setup-dev  ## Run the default tests (under 10 minutes on 2 cores)
	$(BIN)/pytest -n auto -m "not slow"

test-slow: setup-dev  ## Run the tests that take minutes
	$(BIN)/pytest -m slow

check: check-web  ## What every commit must pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto -m "not slow"

check-web: setup-dev  ## Types, lint and unit tests of the pages (web/)
	$(BIN)/python tools/check_web.py

benchmark: setup-dev  ## Print the figures of docs/results.md (needs ../shared/data)
	$(BIN)/python -m benchmarks.perform

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
