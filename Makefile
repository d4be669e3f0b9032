# What people and CI both call. `make` alone lists it.

PY := .venv/bin/python
BOOT := python3 -I tools/local/bootstrap.py
PYTEST := $(PY) -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile -q
# For the command line of the CDK: CDK_FLAGS="--require-approval never --progress events" asks nobody.
CDK_FLAGS ?=
# What is kept of a stack, and a confirmation given beforehand: without them nothing, and a question.
RETAIN ?=
CONFIRM ?=
CDK = STAGE=$(STAGE) PATH="$(CURDIR)/.venv/bin:$$PATH" node_modules/.bin/cdk

.DEFAULT_GOAL := help
.PHONY: help venv up run down reset status logs watch test soak faults defects check lint synth diff bootstrap deploy discard destroy cost bench demo contracts access lock build

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  CARTWRIGHT_PORT=4600 make up   a second checkout beside the first (default 4566)"

venv: ## Prepare the environment: Python packages, Node, the CDK command line
	@command -v python3 >/dev/null || { echo "error: python3 is not installed; 3.11 or newer is needed." >&2; exit 1; }
	@$(BOOT)

up: ## Start the platform on this machine, deploy it, seed it, and say what to try
run: ## Like up, then follow the logs until Ctrl-C
down: ## Stop the platform and keep its data
reset: ## Stop the platform and forget its data
status: ## Say what runs and whether it matches the sources
logs: ## Follow what the functions say
watch: ## Put every edit live within seconds

up run down reset status logs watch:
	@command -v python3 >/dev/null || { echo "error: python3 is not installed; 3.11 or newer is needed." >&2; exit 1; }
	@$(BOOT) $@

test: lint ## Everything: linters, types and every suite, the last against an emulator of its own
	@$(PYTEST) tests
	@$(PY) -m tests.faults changed

faults: venv ## Every journey under every single fault; the report is build/faults/report.json
	@$(PY) -m tests.faults

defects: venv ## Plant each defect of tests/defects: the tests that it names must go red
	@$(PY) -m tests.defects

soak: lint ## At length: races, models, fuzzing, pairs of faults (CARTWRIGHT_SEED=n for others)
	@$(PYTEST) --soak -m soak tests
	@$(PY) -m tests.faults pairs --count 20000 --seed $(or $(CARTWRIGHT_SEED),1)

check: lint ## The fast part, under a minute
	@$(PYTEST) -m "not slow" tests/unit tests/contract tests/test_architecture.py

lint: venv
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy --num-workers auto app.py functions layers/shop/python infra tools benchmarks tests

build: venv ## Build functions and layers for AWS
	@$(PY) -m tools.build --platform aws

synth: venv ## Build and synthesize the stacks of STAGE with all policy checks
	@$(CDK) synth --quiet --no-notices $(CDK_FLAGS)

diff: venv ## Compare the stacks of STAGE with what is deployed
	@$(CDK) diff --no-notices $(CDK_FLAGS)

bootstrap: venv ## Bind STAGE to ACCOUNT and prepare that account, once
	@$(PY) -m tools.deployment bootstrap --stage "$(STAGE)" --account "$(ACCOUNT)" -- $(CDK_FLAGS)

deploy: venv ## Build STAGE=dev|staging|prod, look at its account, deploy
	@$(PY) -m tools.deployment deploy --stage "$(STAGE)" -- $(CDK_FLAGS)

discard: venv ## Remove STACK of STAGE, whose creation or deletion failed; RETAIN=Id,Id stays
	@$(PY) -m tools.deployment discard --stage "$(STAGE)" --stack "$(STACK)" --retain "$(RETAIN)"

destroy: venv ## Delete STAGE=dev|staging with its data; asks, or CONFIRM=dev
	@$(PY) -m tools.deployment destroy --stage "$(STAGE)" --confirm "$(CONFIRM)"

cost: venv ## Count what routes and journeys use of AWS; write build/cost.json, budgets, docs/cost.md
	@$(PY) -m benchmarks.cost

bench: venv ## Measure the figures that the README states
	@$(PY) -m benchmarks

demo: venv ## Place and pay an order on the running platform, and show what happened
	@$(PY) -m tools.shopctl demo

contracts: venv ## Generate OpenAPI, event schemas and the route table from the code
	@$(PY) -m tools.contracts

access: venv ## Write down who may do what and which quotas that needs, from the templates
	@$(PY) -m tools.access --write
	@$(PY) -m tools.quotas --write

lock: venv ## Resolve pyproject.toml into the locked requirement files
	@$(PY) -m tools.lock
