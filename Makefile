# Two commands on a fresh machine: `make search` and `make test`. Both install first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS ?= all
# One more than CI has cores: many tests wait for processes of their own.
TEST_PROCESSES ?= 3

.PHONY: search test slow gate docs lint types layers unit install clean
.DELETE_ON_ERROR:

search: install
	$(BIN)/edgebench search --objective pareto

test: lint types layers unit

# What takes minutes: the documentation's searches and gates, as a reader would do them.
slow: install
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile -m slow

# The project's own gate: what is exported now against the committed files, and the search's own time against a commit.
gate: install
	$(BIN)/python tests/benchmarks/exports.py .edgebench/exports
	$(BIN)/edgebench compare tests/benchmarks/baseline .edgebench/exports
	$(BIN)/python tests/benchmarks/overhead.py

# The documentation as a site, in docs/_build/html; a warning is an error.
docs: install
	$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs docs/_build/html

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

unit: install
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

install: $(STAMP)

# uv installs the whole set in a fraction of pip's time; where it cannot be had, pip does the same work.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade uv || true
	if [ -x $(BIN)/uv ]; then \
	  $(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev; \
	else \
	  $(BIN)/python -m pip install --upgrade 'pip>=25.1' && \
	  $(BIN)/python -m pip install --constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev; \
	fi
	touch $(STAMP)

clean:
	rm -rf $(VENV) .edgebench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
