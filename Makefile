# Kaden's front door for people. `make` lists what there is.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
JOBS ?= $(shell nproc)
SEEDS ?= 1..20000

.PHONY: help demo test check deep lint night bench build release dev clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: ## install what is missing, build, and let a real alarm place a real call (KEEP=1 leaves it running)
	@tools/setup run
	@$(MAKE) --no-print-directory release
	@tools/demo $(if $(KEEP),--keep)

test: ## install what is missing, build, and pass every test
	@tools/setup test
	@tools/test all

check: ## the quick tier: unit tests, simulator seeds, lint of the map (under 3 minutes after the first build)
	@tools/test quick

lint: ## format, map, purity, words, links
	@tools/lint build/dev

deep: ## make test, then ThreadSanitizer, libFuzzer and clang-tidy
	@tools/setup test
	@tools/test deep

night: ## many seeds of the simulator (SEEDS=1..20000)
	@$(MAKE) --no-print-directory release
	@build/release/sim/kaden_sim --seeds $(SEEDS) --hours 24

bench: ## measure against named peers and limits, print ratios
	@tools/setup test
	@tools/bench

release:
	@cmake --preset release >build-release.log 2>&1 || { cat build-release.log; exit 1; }
	@rm -f build-release.log
	@NINJA_STATUS='  [%f/%t] ' ninja -C build/release -j $(JOBS) kaden kaden_sim

dev:
	@cmake --preset dev >build-dev.log 2>&1 || { cat build-dev.log; exit 1; }
	@rm -f build-dev.log
	@NINJA_STATUS='  [%f/%t] ' ninja -C build/dev -j $(JOBS)

clean: ## remove everything that was built
	@rm -rf build
