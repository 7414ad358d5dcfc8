# Every command a developer needs; `make` prints them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := python3.13 python3.12 python3.11 python3
WORKERS ?= 3
SERVICES := orchestrator persistence audit metrics agent_context dead_letters
PIP_INSTALL = $(PIP) install --quiet --disable-pip-version-check --no-input

# A virtual environment gets pip of its own where Python brings one, and else borrows the system's.
PIP = $$(if [ -x $(BIN)/pip ]; then echo $(BIN)/python -m pip; \
	else echo $$(cat $(VENV)/base-python) -m pip --python $(BIN)/python; fi)

##@ Run it

.PHONY: help
help: ## Print this help
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo

.PHONY: demo
demo: $(VENV)/.embedded ## Hold a conversation on real servers and check what each service made of it
	@$(BIN)/agent-runtime demo

.PHONY: up
up: $(VENV)/.embedded ## Start servers and services, print their addresses, stay until Ctrl-C
	@$(BIN)/agent-runtime up

##@ Run it in containers

.PHONY: env
env: $(VENV)/.created ## Write .env with a new secret for everything; keep what is there
	@$(BIN)/python -m deploy.compose.env_file .env

.PHONY: image
image: ## Build the image of the services
	@docker compose build migrations

.PHONY: compose-up
compose-up: compose-start ## Start everything with docker compose and wait until it is healthy
	@docker compose ps --format 'table {{.Name}}\t{{.Status}}'
	@printf '\n%s\n' \
		'services    http://127.0.0.1:8000/docs to 8005/docs' \
		'Jaeger      http://127.0.0.1:16686' \
		'Grafana     http://127.0.0.1:3000 (admin, GRAFANA_ADMIN_PASSWORD in .env)' \
		'Prometheus  http://127.0.0.1:9090/alerts' \
		'next        make compose-demo, or docker compose run --rm agentctl status'

.PHONY: compose-demo
compose-demo: compose-start ## Hold the demo's conversation there; show its trace, topics, dashboards
	@docker compose run --rm --no-deps demo

.PHONY: compose-start
compose-start:
	@docker compose up --build --detach --wait $(SERVICES) gateway grafana

.PHONY: compose-down
compose-down: ## Stop and remove the containers; what they keep stays in its volumes
	@docker compose --profile tools --profile demo down

##@ Develop

.PHONY: install
install: $(VENV)/.tests ## Set up .venv with everything that development needs

.PHONY: test
test: $(VENV)/.tests ## Run all tests, against real servers too
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: test-kafka
test-kafka: $(VENV)/.tests ## Run the tests that need a broker on Apache Kafka
	@$(BIN)/python -m tests.support.kafka -n $(WORKERS) --dist loadscope

CHAOS_OPTIONS = $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) \
	$(if $(KAFKA),--kafka) $(if $(OUTAGE),--outage $(OUTAGE))

.PHONY: chaos
chaos: $(VENV)/.tests ## Break the whole system by a plan (SEEDS=20, SEED=7, KAFKA=1, OUTAGE=600)
	@$(BIN)/python -m tests.support.chaos $(CHAOS_OPTIONS)

.PHONY: bench
bench: $(VENV)/.bench ## Measure it beside others that do the same work (ROWS="append state")
	@$(BIN)/python -m tests.performance $(ROWS)

.PHONY: kill-tests
kill-tests: $(VENV)/.tests ## Kill the orchestrator at every place inside its steps (SEEDS=200)
	@$(BIN)/python -m pytest -q -n $(WORKERS) tests/connected/orchestrator/test_kills.py \
		--kill-seeds $(or $(SEEDS),200)

.PHONY: load-test
load-test: $(VENV)/.tests ## Hold many conversations at once on two replicas (SESSIONS=500)
	@$(BIN)/python -m pytest -q tests/scenarios/test_many_sessions.py \
		--sessions $(or $(SESSIONS),500) --durations=3

.PHONY: coverage
coverage: $(VENV)/.tests ## Run all tests and report what they do not reach
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term

.PHONY: format
format: $(VENV)/.tests ## Format the code and mend what can be mended by itself
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: check
check: format-check lint spelling types imports dependencies docs-check ## Run every check that runs no test

.PHONY: format-check
format-check: $(VENV)/.tests
	@echo "ruff format" && $(BIN)/ruff format --check --quiet

.PHONY: lint
lint: $(VENV)/.tests
	@echo "ruff check" && $(BIN)/ruff check --quiet

.PHONY: spelling
spelling: $(VENV)/.tests
	@echo "codespell" && $(BIN)/codespell

.PHONY: types
types: mypy pyright ## Check the types with mypy and pyright, both strict

.PHONY: mypy
mypy: $(VENV)/.tests
	@echo "mypy" && $(BIN)/mypy --no-error-summary

.PHONY: pyright
pyright: $(VENV)/.tests
	@echo "pyright" && $(BIN)/basedpyright --pythonpath $(BIN)/python --level error

.PHONY: imports
imports: $(VENV)/.tests ## Check who may import whom
	@echo "import-linter" && $(BIN)/lint-imports --no-logo

.PHONY: dependencies
dependencies: $(VENV)/.tests
	@echo "deptry" && $(BIN)/deptry . 2>&1

##@ Generated files

.PHONY: docs
docs: $(VENV)/.tests ## Write docs/events.md, configuration.md, asyncapi.json, schemas/ and .env.example
	@$(BIN)/python -m deploy.docs

.PHONY: docs-check
docs-check: $(VENV)/.tests
	@echo "generated documents" && $(BIN)/python -m deploy.docs --check

LOCKS := tests/requirements.lock deploy/embedded/requirements.lock requirements.lock
COMPILE_WITH = $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock"
COMPILE = $(COMPILE_WITH) pyproject.toml

.PHONY: lock
lock: $(VENV)/.tests ## Lock the newest allowed versions of all dependencies
	@$(COMPILE) --upgrade --extra embedded --group build --group test --group lint \
		--output-file tests/requirements.lock
	@$(COMPILE) --extra embedded --group build --constraint tests/requirements.lock \
		--output-file deploy/embedded/requirements.lock
	@$(COMPILE) --constraint tests/requirements.lock --output-file requirements.lock
	@$(COMPILE_WITH) --group build --constraint tests/requirements.lock \
		--output-file deploy/requirements-build.lock
	@$(COMPILE_WITH) tests/performance/requirements.in \
		--constraint tests/requirements.lock --output-file tests/performance/requirements.lock

##@ Clean up

.PHONY: clean
clean: ## Remove .venv and what the tools left behind
	@rm -rf $(VENV) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache *.egg-info

# The second run costs nothing: each stamp is newer than all it was made from.

$(VENV)/.created:
	@for python in $(PYTHONS); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "setting up $(VENV) with $$($$python --version)"; \
		if $$python -c 'import ensurepip' 2>/dev/null; \
			then $$python -m venv --clear $(VENV); \
			else $$python -m venv --clear --without-pip $(VENV); fi; \
		$$python -c 'import sys; print(sys.executable)' > $(VENV)/base-python; \
		touch $@; exit 0; \
	done; \
	echo "no Python 3.11 or newer found (looked for: $(PYTHONS)); install one and try again" >&2; \
	exit 1

$(VENV)/.embedded: $(VENV)/.created deploy/embedded/requirements.lock pyproject.toml
	@echo "installing what running needs"
	@$(PIP_INSTALL) --require-hashes --no-deps -r deploy/embedded/requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: $(VENV)/.created $(LOCKS) pyproject.toml
	@echo "installing what developing needs"
	@$(PIP_INSTALL) --require-hashes --no-deps -r tests/requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $(VENV)/.embedded $@

$(VENV)/.bench: $(VENV)/.tests tests/performance/requirements.lock
	@echo "installing what is measured beside it"
	@$(PIP_INSTALL) --require-hashes --no-deps -r tests/performance/requirements.lock
	@touch $@
