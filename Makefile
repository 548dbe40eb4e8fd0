# Two commands matter: `make run` and `make test`. Both install whatever they need.
SHELL := /bin/bash
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help run install dev test check format lab bench clean
help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: install ## start Meridian on embedded defaults (SQLite, simulated PBX): http://127.0.0.1:8080
	$(BIN)/meridian demo

install: $(VENV)/.installed ## build .venv with .venv/bin/meridian from the lock file; no root needed

$(VENV)/bin/python:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Meridian needs Python 3.11 or newer; say PY=/path/to/python3.11"; exit 1; }
	@$(PY) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); tests/setup/python-venv "$(PY)" $(VENV); }

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	@touch $@

dev: $(VENV)/.dev ## what the tests need on top, from the lock file
$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

check: dev ## format, lint, strict types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: dev ## let ruff put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: check ## everything, the tests on real servers included
	tests/run

lab: dev ## a real Asterisk with SIPp phones and Meridian attached: mixed traffic, cards appearing
	tests/rig/lab

bench: dev ## the figures of the README
	bench/run

clean:
	rm -rf $(VENV) build *.egg-info var
