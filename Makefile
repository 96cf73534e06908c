# Everything runs in .venv, made here with pip and constraints.txt; nothing is done twice.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml constraints.txt hatch_build.py $(shell find web -path web/node_modules -prune -o -type f -print)

.PHONY: demo test test-slow test-promises test-training check check-web setup setup-dev setup-train benchmark docs package mutants fuzz foreign clean

demo: setup  ## Make the demo page
	$(BIN)/duemani demo -o demo.html

test: setup-dev  ## Run the default tests (under 10 minutes on 2 cores)
	$(BIN)/pytest -n auto -m "not slow"

test-slow: setup-dev  ## Run the tests that take minutes, the tutorials' commands among them
	$(BIN)/pytest -n auto -m slow

test-promises: setup-dev  ## Slow tests of what is promised: nothing leaves, nothing breaks
	$(BIN)/pytest -n auto -m slow --deselect tests/test_tutorials.py

check: check-web  ## What every commit must pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

# The tests that need PyTorch: all of training, and those that hold the shipped models to it.
TORCH_TESTS = $(shell grep -rlE '"torch"' tests --include='test_*.py')
test-training: setup-train  ## Run the tests that need the train extra (PyTorch)
	$(BIN)/pytest -n auto -m "not slow" $(TORCH_TESTS)

check-web: setup-dev  ## Types, lint and unit tests of the pages (web/)
	$(BIN)/python tools/check_web.py

benchmark: setup-dev  ## Print the figures of docs/results.md (needs ../shared/data)
	$(BIN)/python -m benchmarks.perform

docs: setup  ## Build the documentation site into site/; a warning fails it
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=src $(BIN)/mkdocs build --strict

package: setup  ## Build wheel and source distribution into dist/ and try them where nothing else is
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[release]"
	$(BIN)/python tools/check_package.py dist

mutants: setup-dev  ## Which wrong lines the tests notice: a seeded sample, 30 a room (under an hour on one core)
	$(BIN)/python tools/mutants.py

fuzz: setup-dev  ## 10,000 seeded inputs through the command line, under limits of time and memory
	PYTHONPATH=src $(BIN)/python -m tests.fuzz

foreign: setup-dev  ## Other people's scores and MIDI files (FOLDER=...) against an independent reader
	PYTHONPATH=src $(BIN)/python -m tests.foreign $(FOLDER)

setup: .venv/installed
setup-dev: .venv/installed-dev
setup-train: .venv/installed-train

.venv/installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

.venv/installed-train: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,train]"
	touch $@

clean:
	rm -rf .venv web/node_modules src/duemani/assets site dist demo.html
