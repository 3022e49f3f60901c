SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# A stamp carries the hash of what was installed, so a second start installs nothing and a changed lock is never missed.
RUNTIME := $(VENV)/.runtime-$(shell cat pyproject.toml requirements.lock | sha256sum | cut -c 1-16)
DEVELOPMENT := $(VENV)/.development-$(shell cat pyproject.toml requirements-dev.lock | sha256sum | cut -c 1-16)

# Modules that fill or walk a whole consortium, try many inputs or wait: left to make test. Every package keeps others for
# the quick run.
WHOLE := \
	admin_ui/test_catalogue_lists.py admin_ui/test_catalogue_pages.py admin_ui/test_protected.py admin_ui/test_seen.py \
	admin_ui/test_walker.py admin_ui/test_walls.py admin_ui/applications/test_application_client.py \
	admin_ui/person/test_person.py admin_ui/person/test_person_help.py admin_ui/person/test_person_rights_file.py \
	admin_ui/person/test_usernames.py admin_ui/rules/test_rule_proposal.py admin_ui/rules/test_rules.py \
	apply/test_guarded.py demo/test_content.py plans/test_effects.py \
	access/rules/test_compile_sql.py apply/test_problems.py connectors/ldap/test_ldap_hostile.py \
	database/test_migrations.py delivery/test_egress.py plans/test_rule_proposals.py \
	signin/passwords/test_network.py web/test_errors.py apply/test_run.py connectors/ldap/test_ldap_names.py

# Two runs of the tests or the benchmarks on one machine would disturb each other's figures and ports: the second one waits.
LOCK := /tmp/avain.lock
ALONE := $(if $(shell command -v flock),flock --close $(LOCK))

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --extra build

##@ Try it

.PHONY: run
run: $(RUNTIME) ## Run the demonstration: Avain on http://localhost:8080, Wilma on :8081 (PORT=9080 moves both, FRESH=1 starts over)
	@exec $(BIN)/iam demo run --port $(or $(PORT),8080) $(if $(filter 1,$(FRESH)),--fresh)

##@ Develop

.PHONY: test
test: services $(DEVELOPMENT) ## Run every test, with real servers and a browser (as root, installs what is missing)
	@$(ALONE) $(BIN)/pytest -n 2 tests

.PHONY: coverage
coverage: services $(DEVELOPMENT) ## Run every test and print how many lines and branches of the program they reach (TESTS=tests/unit: fewer)
	@$(ALONE) $(BIN)/pytest -n 2 --cov --cov-report=term:skip-covered $(or $(TESTS),tests)

.PHONY: test-quick
test-quick: $(DEVELOPMENT) ## Run the tests that need no server, no browser and no whole consortium (a good minute)
	@$(ALONE) $(BIN)/pytest -n 2 -m "not services" tests/unit tests/contract tests/architecture $(addprefix --ignore=tests/unit/,$(WHOLE))

.PHONY: lint
lint: $(DEVELOPMENT) ## Check style, types, import contracts and spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy iam connectors admin_ui
	@$(BIN)/lint-imports
	@$(BIN)/codespell

.PHONY: bench
bench: $(DEVELOPMENT) ## Measure the speeds that the design names
	@$(ALONE) $(BIN)/python -m benchmarks

.PHONY: bench-country
bench-country: $(DEVELOPMENT) ## Measure what must not grow with the directory (N=100000 persons, KEEP=folder, CASE="changed night")
	@$(ALONE) env KEEP=$(KEEP) $(BIN)/python -m benchmarks.country $(or $(N),100000) $(CASE)

##@ Keep up

.PHONY: lock
lock: $(DEVELOPMENT) ## Resolve the dependencies anew and write both lock files, with hashes
	@$(COMPILE) --upgrade --output-file requirements.lock
	@$(COMPILE) --upgrade --extra dev --output-file requirements-dev.lock

.PHONY: services
services: ## Look for the servers, browser and npm packages that the tests need; install them when root
	@deploy/dev/services.sh

.PHONY: clean
clean: ## Remove the virtual environment and caches (var/, the demonstration's state, stays)
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

$(BIN)/python:
	@for python in /usr/bin/python3 python3; do \
		if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec $$python -m venv $(VENV); \
		fi; \
	done; \
	echo "Python 3.11 or newer with its venv module is needed (Debian: apt-get install python3-venv)." >&2; exit 1

$(RUNTIME): | $(BIN)/python
	@echo "Installing what the service needs into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.runtime-*
	@touch $@

$(DEVELOPMENT): | $(BIN)/python
	@echo "Installing what the service and its tests need into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.runtime-* $(VENV)/.development-*
	@touch $@ $(RUNTIME)
