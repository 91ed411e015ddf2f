# `make help` lists what there is. Everything goes into .venv; nothing outside the tree but
# the built test tools, which are kept in ~/.cache/capirepo-tools (or $CAPIREPO_TOOLS).
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
DEVELOPED := $(VENV)/developed

.DEFAULT_GOAL := help
.PHONY: help install serve test test-clients check format docs bench tools clean

help: ## List the targets.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(DEVELOPED) ## Make .venv and install capirepo with its development tools.

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "capirepo needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(DEVELOPED): $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

serve: $(INSTALLED) ## Serve sample-repo on loopback (8080, TLS 8443) and say what to type next.
	@$(BIN)/capirepo serve sample-repo

test: $(DEVELOPED) ## Run the test suite; builds clusterctl and kustomize once, if there is Go.
	$(BIN)/pytest -m 'not clients' $(ARGS)

test-clients: $(DEVELOPED) ## Run the tests with older clusterctls and a real API server.
	$(BIN)/pytest -m clients $(ARGS)

check: $(DEVELOPED) ## Formatter, linter, strict types, import map, documentation drift.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/pytest -q tests/docs

format: $(DEVELOPED) ## Format the code, and fix what can be fixed.
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

docs: $(DEVELOPED) ## Write anew what docs/ has from the commands and the rules.
	$(BIN)/python -m tests.docs.cli_page
	$(BIN)/python -m tests.docs.rule_table

bench: $(DEVELOPED) ## Measure against nginx and file://, and print a table of ratios.
	$(BIN)/python -m bench $(ARGS)

tools: $(DEVELOPED) ## Build every external test tool now (several clusterctls, kustomize, kube-apiserver).
	$(BIN)/python -m tests.clients.tools all

clean: ## Remove .venv and what tests leave behind; built tools stay.
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
