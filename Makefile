# make run    set up and open Patina on http://127.0.0.1:8501
# make test   set up, then ruff, mypy and the quick tests (under 20 minutes on 2 cores)
# make test-all   also the slow ones;  make bench   the benchmarks, as JSON lines

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501

.PHONY: run test test-all bench lint setup setup-test browser clean

run: setup
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: setup-test lint
	$(BIN)/python -m pytest -m "not slow"

test-all: setup-test lint
	$(BIN)/python -m pytest

bench: setup-test
	@for name in live crack corrosion rail rail_page gallery widths judge server; do \
		echo "# python -m tests.bench.$$name" >&2; $(BIN)/python -m tests.bench.$$name || exit 1; \
	done

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: .venv/ready
setup-test: .venv/ready-for-tests browser

.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Patina needs Python 3.11 or newer; {sys.executable} is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv .venv

.venv/ready: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/ready-for-tests: requirements-dev.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/ready

# The browser tests drive Debian's Chromium. As root on Debian it is installed; elsewhere they skip and say so.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }; } \
	|| echo "no Chromium: the browser tests will be skipped (apt-get install chromium)"

clean:
	rm -rf .venv .ruff_cache .mypy_cache .pytest_cache
