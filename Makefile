# Every target is one npm script: nothing is hidden here. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
RUN := npm run --silent
LOCK := node_modules/.installed-lock.json

.PHONY: help install check test test-matrix e2e e2e-kind test-java sim sim-mutants chaos chaos-long soak fuzz bench sbom samples demo dev build image deploy format clean

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## What the lock file names, if it changed since
	@cmp -s package-lock.json $(LOCK) || { echo 'Installing the packages of package-lock.json (under a minute) …'; npm ci --no-audit --no-fund && cp package-lock.json $(LOCK); }

check: install ## Format, lint, types, house rules, unit tests: under a minute, no cluster
	@$(RUN) check

test: install ## Everything; ends with a line `N passed, N failed`
	@$(RUN) test

test-matrix: install ## The journeys on every Kubernetes version that we promise
	@$(RUN) test:matrix

e2e: install ## The journeys alone, on a control plane of their own
	@$(RUN) test:e2e

e2e-kind: install ## The journeys on a kind cluster (needs Docker, kind, kubectl)
	@$(RUN) test:kind

test-java: install ## Contract, journeys and faults on real bases (JDK 17 and Maven; ten minutes)
	@$(RUN) test:java

sim: install ## Simulate: SEED=n tells one run line by line, SEEDS=n FROM=m plays many, LEAN=fault,fault with no other faults, PLAN='{...}' a shrunk one, REPLICAS=n several operators
	@$(if $(REPLICAS),$(RUN) sim:replicas -- --replicas $(REPLICAS) $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),100) --from $(or $(FROM),1)),$(RUN) sim -- $(if $(PLAN),--plan '$(PLAN)',$(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),100) --from $(or $(FROM),1) --shrink) $(if $(LEAN),--lean $(LEAN))))

sim-mutants: install ## Plant each known fault in turn and look for a seed that sees it (half an hour)
	@$(RUN) sim:mutants

fuzz: install ## Knock at a door with hostile input: DOOR=mqtt, objects, pods, configuration, http, else each; MINUTES=n, SEED=n
	@$(RUN) fuzz -- $(if $(DOOR),--door $(DOOR)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

chaos: install ## Everything breaks while users work, on real parts: SEED=n MINUTES=m OPERATORS=k (needs Mosquitto)
	@$(RUN) chaos -- --minutes $(or $(MINUTES),5) --operators $(or $(OPERATORS),1) $(if $(SEED),--seed $(SEED))

chaos-long: install ## Broker, API server, operator away for minutes; 1,000 bases back at once (45 minutes; ONLY=broker, api, operator, stampede)
	@$(RUN) chaos:long -- $(if $(ONLY),--only $(ONLY))

soak: install ## Memory, handles and event-loop delay under constant churn: MINUTES=m (10)
	@$(RUN) soak -- --minutes $(or $(MINUTES),10)

bench: install ## Measure speed and cost
	@$(RUN) bench

sbom: install ## What it is built from: docs/third-party.md, and dist/sbom.cdx.json (CycloneDX)
	@$(RUN) sbom

samples: install ## The Java base and modules of samples/ (needs a JDK and Maven)
	@$(RUN) samples

demo: install ## Watch a module go through its whole life; leaves nothing behind
	@$(RUN) demo

dev: install ## Control plane, operator and bases to play with, until you quit
	@$(RUN) dev

build: install ## dist/operator.mjs
	@$(RUN) build

image: ## The container image (needs Docker)
	@$(RUN) image

deploy: ## Into the cluster of your kubeconfig; OVERLAY=dev, kind or production
	@$(RUN) deploy

format: install ## Format, and fix what can be fixed
	@$(RUN) format

clean: ## Remove what was installed and built (not the cached control plane)
	@rm -rf dist node_modules
