# SPDX-License-Identifier: BSD-2-Clause
# make quickstart [HOST=root@host]   a play that provisions three jails: on a stand-in, or on a real FreeBSD host
# make test                          everything: lint, unit, conformance, integration
# make lint | unit | conformance [HOST=root@host] | integration [HOST=root@host]
# make molecule [HOST=root@host]     Molecule's scenarios, which integration has as targets too
# make sanity                        ansible-test's sanity tests by each supported ansible-core
# make clean                         the virtual environment and all else that make made

.DELETE_ON_ERROR:
.PHONY: quickstart quickstart-remove test lint unit conformance integration molecule sanity packages lock clean

PYTHON ?= python3
HOST ?=
# How many stand-ins the integration tests use at a time.
JOBS ?= 3

VENV := .venv
BIN := $(VENV)/bin
COLLECTION := $(VENV)/ansible_collections/bsd/jail
READY := $(VENV)/ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

quickstart: $(READY) packages
	@$(BIN)/python -m tests.quickstart $(if $(HOST),--host $(HOST))

quickstart-remove: $(READY)
	@$(BIN)/python -m tests.quickstart $(if $(HOST),--host $(HOST)) --remove

test: lint unit conformance integration

# What ansible-lint forbids to playbooks and tests do: look at the host by other means than Ansible's modules.
TESTS_MAY := command-instead-of-module,command-instead-of-shell,no-tabs,risky-shell-pipe

lint: $(READY)
	ruff check .
	ruff format --check .
	yamllint --strict .
	shellcheck --shell=sh .ci/run tests/galaxy tests/packages tests/sanity tests/types $$(git ls-files '*.sh')
	reuse lint --lines
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs .
	tests/types
	ansible-lint --offline --strict -q extensions galaxy.yml meta/runtime.yml playbooks plugins roles
	ansible-lint --offline --strict -q --skip-list $(TESTS_MAY) tests/integration
	tests/galaxy
	tests/sanity 2.19 2.21

# By each ansible-core that is supported: lint leaves out what is between the oldest and the newest.
sanity: $(READY)
	tests/sanity

unit: $(READY)
	$(BIN)/pytest -q -n 2 tests/unit

conformance: $(READY) packages
	tests/conformance/run $(if $(HOST),--host $(HOST))

integration: $(READY) packages
	$(BIN)/pytest -q -n $(if $(HOST),0,$(JOBS) --dist worksteal) tests/integration $(if $(HOST),--host $(HOST))

# Without what an earlier run has left that was killed.
molecule: export MOLECULE_EPHEMERAL_DIRECTORY := $(CURDIR)/.cache/molecule
molecule: export BSD_JAIL_HOST := $(HOST)
molecule: $(READY) packages
	rm -rf $(MOLECULE_EPHEMERAL_DIRECTORY)
	molecule test --all

# The virtual environment, and the checkout as ansible_collections.bsd.jail: a link, so that what is edited is what runs.
$(READY): requirements-dev.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	mkdir -p $(dir $(COLLECTION))
	ln -sfn ../../.. $(COLLECTION)
	touch $@

# A stand-in needs these; a real host doesn't.
packages:
	$(if $(HOST),,@tests/packages)

lock:
	$(PYTHON) -m venv --clear .cache/lock
	.cache/lock/bin/pip install --quiet --disable-pip-version-check --requirement requirements-dev.in
	{ head -n 2 requirements-dev.txt; .cache/lock/bin/pip freeze; } >.cache/lock.txt
	mv .cache/lock.txt requirements-dev.txt

clean:
	@for name in $$(tests/standin/standin list); do case $$name in quickstart | integration-*) tests/standin/standin down $$name;; esac; done
	rm -rf $(VENV) .cache .ansible .mypy_cache .pytest_cache .ruff_cache tests/output tests/standin/build bsd-jail-*.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
