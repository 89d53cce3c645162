# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# Three rows of about the same length, run side by side; in the first the fastest first.
GATES := reuse changelog docs lint types coverage unit-pythons importer release-test install-test cores sanity -- molecule-modules -- molecule-role demo-test browser example

.PHONY: help venv quick format options assets unit scenario test test-all release $(filter-out --,$(GATES)) molecule demo demo-down bench bench-role torture mutation clean
# The gates share .build; tests/gates/all knows which may run at a time.
.NOTPARALLEL:

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.build/hypothesis
# Each case on each release and Python, instead of sharing the cases out.
export ALL
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build/collections

# Some tools write to the home directory, and ansible-lint prefers the collections that it finds there to the checkout.
PRIVATE := mkdir -p .build/home; HOME=$(CURDIR)/.build/home
RUN := .venv/.installed
DEV := .venv/.installed-dev
LINK := .build/collections/ansible_collections/mailops/postfix
IMPORTER := .build/importer/.installed
BROWSER := .build/browser/.installed
RUNNER := .build/runner/.installed
SITE := .build/site/.installed
RENDER := .build/render/.installed
RELEASE := .build/release/.installed
DEMO_REPORT := .build/demo-test/report.html
SITE_INDEX := build/docs/index.html

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' Makefile

venv: $(DEV) | $(LINK) ## The virtual environment for all that follows, in .venv

quick: $(DEV) | $(LINK) ## What to run before each commit: format, ruff, types, unit tests; under a minute
	ruff format --check --quiet
	ruff check --quiet
	$(MAKE) types unit

unit: $(DEV) | $(LINK) ## The unit tests; T=a file, or an expression of names as pytest -k takes it
	tests/gates/shells
	pytest -q $(if $(T),$(if $(wildcard $(firstword $(subst ::, ,$(T)))),$(T),-k "$(T)"),--numprocesses auto) </dev/null

coverage: $(DEV) | $(LINK) ## The unit tests, and how much of the plugins they run: branches included, at least 95 %
	tests/gates/shells
	pytest -q --numprocesses auto --cov --cov-report=term </dev/null

types: $(DEV) | $(LINK) ## mypy on the plugins, strictly, and on the unit tests
	mypy

format: $(DEV) ## Format the Python code
	ruff format --quiet
	ruff check --quiet --fix

options: $(DEV) ## The roles' options in their READMEs, from their argument specs
	python tests/documentation/role_options.py

assets: $(DEV) | $(LINK) ## The definitions of the role datadog_assets as files, and what the page shows of them
	PYTHONPATH=.build/collections python tests/documentation/asset_files.py

scenario: $(DEV) | $(LINK) ## One Molecule scenario on hosts of its own; S=name, KEEP=1 to keep the hosts, HOSTS="trixie testing"
	tests/gates/scenario $(S)

demo: $(RUN) | $(LINK) ## Containers with Postfix and full queues, with the module and the role run against them
	tests/demo

demo-down: ## Remove the demo's containers
	roles/test_hosts/files/hosts down demo

test: $(DEV) | $(LINK) ## All gates, until one fails
	tests/gates/all $(GATES)

test-all: ## All gates, with each case on each release and on each Python; what that adds is in CONTRIBUTING.md
	$(MAKE) test ALL=1

reuse: $(DEV) ## Every file states its licence
	$(PRIVATE) reuse lint --lines

changelog: $(DEV) ## The changelog and its fragments
	$(PRIVATE) antsibull-changelog lint

lint: $(DEV) | $(LINK) ## ruff, ansible-lint, and shellcheck on the scripts
	ruff check --quiet
	ruff format --check --quiet
	shellcheck $$(git grep --untracked --files-with-matches '^#!.*sh$$')
	$(PRIVATE) ansible-lint --offline --nocolor

importer: $(DEV) $(IMPORTER) ## What Galaxy says of the built collection
	tests/gates/importer

release-test: $(DEV) $(RELEASE) ## What make release refuses, builds and signs
	tests/gates/release-test

unit-pythons: $(DEV) | $(LINK) ## The unit tests of module_utils on the oldest and the newest Python of this machine that hosts may have
	tests/gates/unit-pythons

docs: $(DEV) $(SITE) | $(LINK) ## The plugins' documentation, and the site in build/docs
	$(PRIVATE) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all --skip-rstcheck .
	tests/gates/site

install-test: $(DEV) $(RUNNER) ## The built collection, installed and run
	tests/gates/install-test

cores: $(DEV) $(RUNNER) | $(LINK) ## The built collection with the oldest ansible-core; ALL=1 for all tests with all supported ones
	tests/gates/cores

sanity: $(DEV) ## ansible-test sanity
	tests/gates/sanity

demo-test: $(DEV) $(RUNNER) | $(LINK) ## The demo shows the truth, by the module's full and short name and by the Agent's check
	tests/gates/demo-test

browser: $(BROWSER) $(DEMO_REPORT) $(SITE_INDEX) | $(LINK) ## The report in a browser: look, use, accessibility, print, hostile texts; the site at two widths
	tests/gates/browser $(DEMO_REPORT)

example: $(DEV) | $(LINK) ## The example of a Molecule project, as a user of the artefact runs it
	tests/gates/example

molecule: molecule-modules molecule-role ## The scenarios, against containers with Postfix

molecule-modules molecule-role: molecule-%: $(DEV) | $(LINK)
	tests/gates/molecule $*

bench: $(RUN) $(RENDER) | $(LINK) ## Measures beside other ways, and writes docs/benchmarks.md: two and a half hours; B=fleet, counting, listing or controller
	tests/bench/run $(B)

bench-role: $(RUN) | $(LINK) ## What a run of the role costs, against a plain playbook; BENCH_ROLE_RUNS=3
	tests/bench/role

torture: $(RUN) | $(LINK) ## Kills the role at random moments, and sees that the next run heals; TORTURE_KILLS=40 TORTURE_SEED=random
	tests/torture/run

release: $(DEV) $(RELEASE) ## Build and sign the version in galaxy.yml, with its checksums and bill of materials; KEY=who signs, for gpg
	tests/release/run

mutation: $(DEV) ## Changes the parsers, the classification and the verdict, and sees that a test notices; M='*_queue.listings*'
	tests/mutation/run $(if $(M),'$(M)')

clean: ## Remove the containers, .build and .venv
	for fleet in demo molecule modules role cores bench-a bench-b bench-host bench-role torture scenario; do roles/test_hosts/files/hosts down $$fleet; done
	rm -rf .build .venv build

$(RUN): requirements.txt
	tests/gates/venv .venv requirements.txt
	touch $@

$(DEV): requirements-dev.txt tests/gates/requirements-unit.txt tests/gates/requirements-targets.txt $(RUN)
	tests/gates/venv .venv requirements-dev.txt 3.12
	touch $(RUN) $@

$(IMPORTER): tests/gates/requirements-importer.txt
	tests/gates/venv .build/importer/venv $< 3.12
	touch $@

$(BROWSER): tests/browser/requirements.txt requirements.txt
	tests/gates/venv .build/browser/venv $< 3.12
	touch $@

$(RUNNER): tests/gates/requirements-runner.txt
	tests/gates/venv .build/runner/venv $<
	touch $@

$(SITE): tests/gates/requirements-site.txt
	tests/gates/venv .build/site/venv $< 3.12
	touch $@

$(RENDER): tests/bench/requirements.txt
	tests/gates/venv .build/render/venv $< 3.12
	touch $@

$(RELEASE): tests/release/requirements.txt
	tests/gates/venv .build/release/venv $< 3.12
	touch $@

# demo-test leaves it, and has just run where all gates do.
$(DEMO_REPORT): $(shell git ls-files playbooks plugins tests/demo)
	$(MAKE) demo-test

# docs leaves it, and has just run where all gates do.
$(SITE_INDEX): $(shell git ls-files docs plugins roles galaxy.yml)
	$(MAKE) docs

$(LINK):
	mkdir -p $(@D)
	ln -sfn $(CURDIR) $@
