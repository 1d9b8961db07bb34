# make demo   the main job end to end, on this machine; leaves nothing behind
# make test   the tests (make test-all: also the slow ones)
# make check  style, types, architecture
# make bench  the benchmarks, side by side with their limits

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# More workers than cores: the end-to-end tests wait for programs most of the time, and so they begin first.
WORKERS ?= 5

.PHONY: demo test test-all check bench format golden lock clean

demo: $(READY)
	@$(BIN)/wavetank demo $(DEMO_FLAGS)

test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(TEST_FLAGS)

test-all: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TEST_FLAGS)

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(READY)
	$(BIN)/python -m benchmarks

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

golden: $(READY)
	$(BIN)/python tests/golden.py

# The lock file names every package with its hashes and no index, so it installs from whichever index pip is set up with.
lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 \
		--all-extras --group dev pyproject.toml -o requirements.lock

# uv does it in seconds where it is installed; pip does the same.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "wavetank needs Python 3.11 or newer on PATH" >&2; exit 3; }
	@echo "Preparing $(VENV) from requirements.lock (once; a minute or two)..."
	@$(PYTHON) -m venv $(VENV)
	@{ command -v uv && uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; } >/dev/null 2>&1 || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $(READY)

clean:
	rm -rf $(VENV) .wavetank .demo build .pytest_cache .mypy_cache .ruff_cache
