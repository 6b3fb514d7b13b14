# KaskManager. `make help` lists the targets.
SWIFT ?= swift
CONFIGURATION ?= release
ARGS ?=
# For the scripts. A name that begins with KASKMAN_ would be taken for a setting of the server that `make run` starts.
export SWIFT

.DEFAULT_GOAL := help
.PHONY: help run test dev-setup dev-run dev-test build check bench chaos clean

help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install what is missing, build optimised, and run the platform on 127.0.0.1:8080 with its data under ./data.
	@scripts/install-packages run
	@scripts/build release kaskman-server
	@exec .build/release/kaskman-server $(ARGS)

test: dev-setup ## Install what tests need and run them all, integration and browser tests included.
	@scripts/test

dev-setup: ## Install what building and testing need, and nothing else.
	@scripts/install-packages run
	@scripts/install-packages test

dev-run: ## Build for debugging and run; ARGS="--log-level debug" passes flags.
	@scripts/build debug kaskman-server
	@exec .build/debug/kaskman-server $(ARGS)

dev-test: ## Run the unit tests alone; FILTER=PromQL chooses some.
	@KASKMAN_WARNINGS_AS_ERRORS=1 $(SWIFT) test $(if $(FILTER),--filter $(FILTER),--skip 'IntegrationTests|BrowserTests')

build: ## Build every product, optimised.
	@scripts/install-packages run
	@scripts/build release

check: ## Check format, lint, architecture and observability.
	@scripts/check
	@KASKMAN_WARNINGS_AS_ERRORS=1 $(SWIFT) test --filter '^ArchitectureTests\.|ObservabilityTests'

bench: ## Measure, beside the named peers, and print a row a measurement; ONLY=http chooses some.
	@scripts/install-packages run
	@scripts/install-packages bench
	@scripts/bench "$(ONLY)"

chaos: dev-setup ## Run all tests in their long form: ten times the seeds, rounds and faults, in about an hour.
	@KASKMAN_CHAOS=1 scripts/test

clean: ## Remove what was built; ./data stays.
	@rm -rf .build artifacts
