# Every target is one npm script: nothing is hidden here. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

.PHONY: help install check test test-matrix e2e e2e-kind bench demo dev build image deploy format clean

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: node_modules/.package-lock.json ## Install what the lock file names, if it changed

check: install ## Format, lint, types, house rules, unit tests: under a minute, no cluster
	npm run --silent check

test: install ## Everything; ends with a line `N passed, N failed`
	npm run --silent test

test-matrix: install ## The journeys on every Kubernetes version that we promise
	npm run --silent test:matrix

e2e: install ## The journeys only, on a control plane of their own
	npm run --silent test:e2e

e2e-kind: install ## The journeys on a kind cluster (needs Docker and kind)
	npm run --silent test:kind

bench: install ## Measure speed and cost; numbers go to docs/performance.md by hand
	npm run --silent bench

demo: install ## Watch a module go through its whole life; leaves nothing behind
	npm run --silent demo

dev: install ## Control plane, operator and bases to play with, until you quit
	npm run --silent dev

build: install ## dist/operator.mjs
	npm run --silent build

image: ## The container image (needs Docker)
	docker build --tag koupleless/module-controller:$$(node -p "require('./package.json').version") .

deploy: ## Into the cluster of your kubeconfig: OVERLAY=production
	kubectl apply --kustomize deploy/overlays/$(or $(OVERLAY),production)

format: install ## Format and fix what can be fixed
	npm run --silent format

clean: ## Remove what was built (not the cache of the control plane)
	rm -rf dist node_modules
