# Needs python3 (3.11 or later), make and a C compiler; everything else goes into .venv, at the versions that
# requirements/*.txt pin. A stamp in .venv records each set-up: it is repeated only when the lock or this file changes.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
PYTEST_ARGS ?=

# The lock: what goes into .venv, one file for each set of extras. `make lock` writes it for Python 3.11 and later.
# HEAVY are the extras with a file of their own, so that the others stay small; each has a stamp of its name.
LOCK := requirements
HEAVY := bench
INSTALL = $(BIN)/python -m pip install -qq --no-build-isolation
UV = $(BIN)/uv pip compile --quiet --upgrade --no-python-downloads --no-annotate --custom-compile-command 'make lock'
UNIVERSAL = $(UV) --universal --python-version 3.11

# The virtual environment is ours alone: settings meant for another one do not reach it. Where packages come from
# (index, certificate, proxy) stays as the machine has it. `-qq` keeps pip's errors and drops its asides.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_DRY_RUN PIP_QUIET PIP_VERBOSE
export PIP_USER := 0
export PIP_REQUIRE_VIRTUALENV := 0
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-latest test-lowest test-plain test-sdist soak soak-attack bench lint format lock image-smoke wheel-smoke clean
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

# Other seeds each time would find more; a fixed one can be run again.
soak-attack: $(VENV)/stamp-dev  ## random books judged by an evaluator of their own: SEED=0 SECONDS=600
	$(BIN)/python -m tests.attack --seed $(or $(SEED),0) --seconds $(or $(SECONDS),600)

bench: $(VENV)/stamp-bench  ## decisions per second beside durable-rules and zen-engine, and start-up time
	$(BIN)/python benchmarks/run.py

lint: $(VENV)/stamp-dev  ## ruff (rules and layout) and mypy, both strict; the workflow against its schema
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: $(VENV)/stamp-dev  ## let ruff put right what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Every file has the versions of dev.txt, so that they can stand in one environment.
lock: $(BIN)/uv  ## renew requirements/*.txt within the ranges of pyproject.toml
	$(UNIVERSAL) --extra dev pyproject.toml --output-file $(LOCK)/dev.txt
	$(UNIVERSAL) --constraint $(LOCK)/dev.txt $(LOCK)/build.in --output-file $(LOCK)/build.txt
	$(UNIVERSAL) --constraint $(LOCK)/dev.txt --extra calendars pyproject.toml --output-file $(LOCK)/demo.txt
	set -e; for extra in $(HEAVY); do \
		$(UNIVERSAL) --constraint $(LOCK)/dev.txt --extra $$extra pyproject.toml --output-file $(LOCK)/$$extra.txt; \
	done

test-latest:  ## the tests with the newest versions that pyproject.toml admits
test-lowest:  ## the tests with the lowest versions that pyproject.toml admits
test-latest: RESOLUTION := highest
test-lowest: RESOLUTION := lowest-direct
# Only wheels: a floor that has none for this Python is too low. durable_rules has no wheels.
test-latest test-lowest: test-%: $(VENV)/stamp-dev
	@mkdir -p build/$*
	$(UV) --resolution $(RESOLUTION) --python $(BIN)/python --only-binary :all: --no-binary durable-rules \
		--extra dev pyproject.toml --output-file build/$*/dev.txt
	$(UV) --resolution $(RESOLUTION) --python $(BIN)/python --only-binary :all: \
		--constraint build/$*/dev.txt $(LOCK)/build.in --output-file build/$*/build.txt
	$(MAKE) test VENV=$(VENV)-$* LOCK=build/$*

test-plain:  ## the limits of durable_rules with the extension as pip builds it, which does not optimise
	$(MAKE) test VENV=$(VENV)-plain EXTENSION_FLAGS= PYTEST_ARGS="tests/limits $(PYTEST_ARGS)"

wheel-smoke: $(VENV)/stamp-dev  ## build sdist and wheel twice, install the wheel in an empty environment, use it
	$(BIN)/python scripts/smoke_wheel.py

image-smoke:  ## the steps of the Dockerfile, in a folder
	bash scripts/smoke_image.sh "$(PYTHON)"

test-sdist: $(VENV)/stamp-dev  ## the tests, from an unpacked sdist that sets itself up
	rm -rf build/sdist
	$(BIN)/python -m build --no-isolation --sdist --outdir build/sdist
	tar -xzf build/sdist/*.tar.gz -C build/sdist --strip-components 1
	$(MAKE) -C build/sdist test

clean:  ## remove .venv, builds and caches
	rm -rf $(VENV) $(VENV)-latest $(VENV)-lowest $(VENV)-plain
	rm -rf __pycache__ build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks
	find engine scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/stamp-demo: pyproject.toml $(LOCK)/demo.txt $(VENV)/stamp-venv
	$(INSTALL) -r $(LOCK)/demo.txt
	$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/stamp-dev: pyproject.toml $(LOCK)/dev.txt $(VENV)/stamp-venv
	$(INSTALL) -r $(LOCK)/dev.txt
	$(INSTALL) --no-deps -e .
	@found=$$($(BIN)/python -m pip check) || { printf '%s\n' "$$found" "the lock does not fit pyproject.toml: make lock" >&2; exit 1; }
	@touch $@

$(HEAVY:%=$(VENV)/stamp-%): $(VENV)/stamp-%: $(LOCK)/%.txt $(VENV)/stamp-dev
	$(INSTALL) -r $<
	@touch $@

# Of the lock itself, so that a lock that does not install can be renewed.
$(BIN)/uv: $(VENV)/stamp-venv
	$(INSTALL) --constraint requirements/dev.txt uv
	@touch $@

# durable_rules is built once, as a wheel: what tests the wheel of rescind installs the same one.
$(VENV)/stamp-venv: Makefile scripts/build_extension.sh $(LOCK)/build.txt $(LOCK)/dev.txt
	@test -n "$(PYTHON)" || { echo "python 3.11 or later was not found; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@command -v cc >/dev/null || command -v gcc >/dev/null || { echo "a C compiler was not found (Debian: apt-get install gcc python3-dev); durable_rules is compiled" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	$(INSTALL) -r $(LOCK)/build.txt
	bash scripts/build_extension.sh $(BIN)/python $(LOCK)/dev.txt $(VENV)/wheels
	$(INSTALL) --no-deps $(VENV)/wheels/durable_rules-*.whl
	@touch $@
