# `make demo` and `make test` need nothing but Python >= 3.11 and make: both set up .venv first.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin

.PHONY: setup demo test slow lint types docs accuracy untuned bench race build clean
.DEFAULT_GOAL := setup

setup: $(VENV)/.kinn-setup

$(VENV)/.kinn-setup: pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "KINN needs Python >= 3.11: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	$(BIN)/kinn --version
	@touch $@

demo: setup
	$(BIN)/kinn compare crack --network kan --network mlp --seeds 1 --budget 60

test: setup
	$(BIN)/python -m pytest -n $(JOBS) -m 'not slow'

slow: setup
	$(BIN)/python -m pytest -n $(JOBS) -m slow

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	.ci/types $(VENV)

# Warnings are errors. The examples run while the pages are built; unchanged ones are not run again.
docs: $(VENV)/.kinn-docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

$(VENV)/.kinn-docs: $(VENV)/.kinn-setup
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	@touch $@

accuracy: setup
	$(BIN)/python benchmarks/accuracy.py

untuned: setup
	$(BIN)/python benchmarks/untuned.py --jobs $(JOBS)
	$(BIN)/python benchmarks/untuned.py --jobs $(JOBS) --scales
	$(BIN)/python benchmarks/untuned.py --jobs $(JOBS) --tolerance 1e-3 --tolerance 1e-5

bench: setup
	$(BIN)/python benchmarks/step.py

race: setup
	$(BIN)/python benchmarks/time_to_accuracy.py

build: setup
	$(BIN)/python -m build

clean:
	rm -rf build dist docs/_build docs/api docs/examples *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
