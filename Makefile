# Needs python3 (3.11 or later), make and a C compiler; everything else goes into .venv.
# A stamp in .venv records each set-up: it is repeated only when pyproject.toml changes.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
PYTEST_ARGS ?=

# The virtual environment is ours alone: settings meant for another one do not reach it. Where packages come from
# (index, certificate, proxy) stays as the machine has it. `-qq` keeps pip's errors and drops its asides.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_DRY_RUN PIP_QUIET PIP_VERBOSE
export PIP_USER := 0
export PIP_REQUIRE_VIRTUALENV := 0
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak bench lint format wheel-smoke clean
.NOTPARALLEL:

help:  ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/stamp-dev  ## .venv with everything for working on rescind

demo: $(VENV)/stamp-demo  ## decide the examples: allowed, review, blocked, not applicable, bad input
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo.sh

test: $(VENV)/stamp-dev  ## the tests: parallel, in random order, warnings are errors
	$(BIN)/python -m pytest -n 2 --durations=10 $(PYTEST_ARGS)

soak: $(VENV)/stamp-dev  ## the long tests: memory, threads, many random rulesets
	RESCIND_TEST_PROFILE=long $(BIN)/python -m pytest -m soak -n 0 --durations=10 $(PYTEST_ARGS)

bench: $(VENV)/stamp-bench  ## decisions per second beside durable-rules and zen-engine, and start-up time
	$(BIN)/python benchmarks/run.py

lint: $(VENV)/stamp-dev  ## ruff (rules and layout) and mypy, both strict
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/stamp-dev  ## let ruff put right what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

wheel-smoke: $(VENV)/stamp-dev  ## build the wheel, install it in an empty environment, use it
	$(BIN)/python scripts/smoke_wheel.py

clean:  ## remove .venv, builds and caches
	rm -rf $(VENV) __pycache__ build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks
	find engine scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/stamp-demo: pyproject.toml $(VENV)/stamp-venv
	$(BIN)/python -m pip install -qq -e '.[calendars,authors]'
	@touch $@

$(VENV)/stamp-dev: pyproject.toml $(VENV)/stamp-venv
	$(BIN)/python -m pip install -qq -e '.[dev]'
	@touch $@

$(VENV)/stamp-bench: $(VENV)/stamp-dev
	$(BIN)/python -m pip install -qq -e '.[dev,bench]'
	@touch $@

# durable_rules calls a C function that Python 3.13 dropped; its successor takes the same arguments.
# A wheel that pip cached without this would be broken, hence no cache.
$(VENV)/stamp-venv:
	@test -n "$(PYTHON)" || { echo "python 3.11 or later was not found; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@command -v cc >/dev/null || command -v gcc >/dev/null || { echo "a C compiler was not found (Debian: apt-get install gcc python3-dev); durable_rules is compiled" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	@if "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then \
		requirement=$$(grep -o 'durable_rules==[0-9.]*' pyproject.toml | head -n 1); \
		CPPFLAGS="$$CPPFLAGS -DPyEval_CallObject=PyObject_CallObject" \
			$(BIN)/python -m pip install -qq --no-cache-dir --no-binary durable_rules "$$requirement"; \
	fi
	@touch $@
