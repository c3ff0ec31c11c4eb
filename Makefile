# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# A thin face over the real commands; `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv up proof kills rehearse status shell down engine-up engine-down engine-status \
        readmes docs lint unit page-test sanity ee-test engine-test integration \
        bench bench-ipvs bench-topology bench-faults bench-web bench-php \
        molecule molecule-all again test newcomer release clean-cache
LAB := PYTHONPATH=tests .venv/bin/python -m lab
# Those tests also look at pages in a browser.
molecule molecule-all again page-test test: export HA_WEB_TESTS := 1
# A scenario, and at the very end what failed in it.
FAILED := build/failed-tests.$(or $(HA_WEB_LAB),ha-web-lab)
# Pure as well, but in a browser, or in promtool.
PAGE_TESTS := tests/unit/monitor_page tests/unit/prometheus
# What makes the documentation; ansible-core is that of .venv.
DOCS := build/venv-docs
NODE ?= lvs1
SCENARIO ?= default
RUNS ?= 5
KILL ?= keepalived

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

venv:
	@tests/lab/bootstrap

up: ## a real cluster on this machine, deployed by playbooks/site.yml, with proof of failover
	@tests/lab/bootstrap "[1/6] packages   "
	@$(LAB) up

proof: venv ## the proof again, on the running cluster
	@$(LAB) proof

kills: venv ## the master director killed and restored five times; all outages
	@$(LAB) kills

rehearse: venv ## a failover rehearsed, with a report in build/rehearsals: make rehearse KILL=keepalived|interface|host
	@$(LAB) run .venv/bin/ansible-playbook -i inventories/lab playbooks/rehearse_failover.yml \
	  -e rehearse_confirm=true -e rehearse_out=build/rehearsals -e rehearse_kill=$(KILL)

status: venv ## the cluster at a glance
	@$(LAB) status

shell: venv ## a shell in a node: make shell NODE=lvs1
	@$(LAB) shell $(NODE)

down: venv ## remove the cluster and stop the embedded engine
	@$(LAB) down

engine-up: venv ## start the engine (idempotent)
	@$(LAB) engine-up

engine-down: venv ## stop the embedded engine and leave nothing behind
	@$(LAB) engine-down

engine-status: venv ## which engine, and how to reach it
	@$(LAB) engine-status

readmes: venv ## the tables of variables in the roles' READMEs, from their argument_specs
	@.venv/bin/python tests/readmes.py

docs: $(DOCS)/complete ## the documentation as a site in build/docs/html; links that lead nowhere fail
	@PATH=$(CURDIR)/$(DOCS)/bin:$(CURDIR)/.venv/bin:$$PATH PYTHONPATH=tests $(DOCS)/bin/python -m docsite.build

$(DOCS)/complete: tests/docsite/requirements.txt | venv
	@.venv/bin/python -m venv --clear $(DOCS)
	@$(DOCS)/bin/pip install --disable-pip-version-check -r $< >$(DOCS)/pip.log 2>&1 || \
	  { tail -n 15 $(DOCS)/pip.log; exit 1; }
	@touch $@

lint: venv ## ansible-lint, yamllint, ruff, mypy, spelling, licences, changelog, specs = defaults, READMEs
	@.venv/bin/python tests/lint.py

unit: venv ## the pure parts (a minute or two)
	@.venv/bin/python -m pytest --numprocesses=auto tests/unit $(addprefix --ignore=,$(PAGE_TESTS))

page-test: venv ## the monitor's page in a browser, its alerts in promtool (a minute)
	@.venv/bin/python -m pytest $(PAGE_TESTS)

sanity: venv ## ansible-test's checks that need nothing but Python
	@PYTHONPATH=tests .venv/bin/python tests/sanity.py

ee-test: venv ## the execution environment without its image: its context, its packages, and the collection in them (a minute)
	@.venv/bin/python -m pytest tests/execution_environment.py

engine-test: venv ## the life of the embedded engine, beside one that may be running
	@$(LAB) build
	@PYTHONPATH=tests .venv/bin/python -m pytest tests/engine.py

integration: venv ## the modules on the real kernel, keepalived.conf in keepalived: make integration ARGS="-k scheduler"
	@$(LAB) integration $(ARGS)

bench: venv ## the whole cluster deployed and run again, beside a floor, a peer and keepalived's own times, as ratios
	@$(LAB) run .venv/bin/python -m lab.bench_site --inventory molecule/default/inventory --out build/bench-site

bench-ipvs: venv ## large IPVS tables beside ipvsadm and pyroute2: times, memory, messages (7 minutes)
	@$(LAB) bench-ipvs

bench-topology: venv ## 3,000 real servers from the inventory to keepalived's table: times, memory, growth
	@$(LAB) bench-topology

bench-faults: venv ## every fault RUNS times: median and worst outage beside the bound (an hour)
	@$(LAB) run molecule converge -s faults
	@$(LAB) run .venv/bin/python -m lab.faults --inventory molecule/faults/inventory --out build/faults --runs $(RUNS)

bench-web: venv ## what LVS, nginx, apache, PHP and TLS cost a request, as ratios; a run without changes by role (8 minutes)
	@$(LAB) run molecule converge -s web -- --extra-vars '{"ha_web_firewall": false}'
	@PYTHONPATH=tests .venv/bin/python -m lab.bench_web --inventory molecule/web/inventory --out build/bench-web

bench-php: venv ## what the opcode cache gains and costs, as ratios (6 minutes)
	@$(LAB) run molecule converge -s web
	@PYTHONPATH=tests .venv/bin/python -m lab.bench_php --inventory molecule/web/inventory --out build/bench-php

molecule: venv ## one scenario: make molecule SCENARIO=default
	@rm -f $(FAILED); $(LAB) run molecule test -s $(SCENARIO) || { cat $(FAILED) 2>/dev/null; exit 1; }

molecule-all: venv ## all scenarios: those that take no times beside the others, where there is room
	@$(LAB) lanes

again: venv ## one test that has failed, its cluster deployed first where it is not up, and left up: make again TEST=...
	@$(LAB) again "$$TEST" $$SCENARIO

test: venv ## everything
	@echo "linters, unit tests and the engine's life, beside each other; each is shown when it has ended"
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target lint unit engine-test
	@$(LAB) lanes sanity page-test ee-test integration

newcomer: ## the README's commands in a fresh clone with empty caches, timed (15 minutes)
	@python3 tests/newcomer.py

release: venv ## the version of galaxy.yml: changelog, tag, archive: make release NEXT=1.2.0
	@tests/release $(NEXT)

clean-cache: ## remove what was built and cached (kernel, images, packages, Python)
	rm -rf "$${HA_WEB_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/ha-web-lab}" .venv
