# What a developer types; `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
JOBS ?= 2

# The development environment is made anew for another lock or another Python, and kept otherwise.
VENV := .venv-dev
BIN := $(VENV)/bin
KEY := $(shell $(PYTHON) -c 'import hashlib, sys; print(hashlib.sha256(open("requirements-dev.lock", "rb").read() + sys.version.encode()).hexdigest()[:16])')
READY := $(VENV)/.ready-$(KEY)

# What the tests run against: real registries, other tools' layouts, foreign CPUs, containers, Debian's smallest system.
# Names of Debian and Ubuntu.
PACKAGES := git rsync skopeo umoci docker-registry apache2-utils qemu-user-static crun runc buildah uidmap \
  debootstrap debian-archive-keyring busybox-static
PROGRAMS := git rsync skopeo umoci docker-registry htpasswd qemu-aarch64-static crun runc buildah newuidmap debootstrap \
  busybox

# In CI a test that does not run is a failure.
STRICT := $(if $(CI),-p plugins.no_skips)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: lint unit ## set up all that is needed, then lint and run every test

# A Python for another processor, which proves that layers have the same bytes there.
AARCH64 := $${XDG_CACHE_HOME:-$$HOME/.cache}/tagboat-tests/aarch64

# What runs GitLab's pipelines on this machine.
GITLAB := $${XDG_CACHE_HOME:-$$HOME/.cache}/tagboat-tests/gitlab

# Other people's clients and their registry, which judge what we push and write what we read.
JUDGES := $${XDG_CACHE_HOME:-$$HOME/.cache}/tagboat-tests/judges

.PHONY: unit
unit: system aarch64 gitlab judges $(READY) ## run the tests alone; ARGS="-k name" chooses some
	PYTHONPATH=tests $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(STRICT) $(ARGS)

.PHONY: lint
lint: $(READY) ## check style, types, imports and workflows
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(if $(wildcard action.yml),$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml)
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci .gitlab-ci.yml examples/gitlab-ci.yml
	$(BIN)/zizmor --offline --quiet .github $(wildcard action.yml)

.PHONY: format
format: $(READY) ## rewrite the code in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: lock
lock: $(READY) ## pin the newest allowed versions, with hashes, for every Python and platform
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --only-binary :all: --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --only-binary :all: --custom-compile-command "make lock" pyproject.toml --group dev \
	  --constraint requirements.lock --output-file requirements-dev.lock

.PHONY: dev
dev: $(READY) ## make the development environment alone

.PHONY: system
system: ## install the programs that tests run against (Debian, Ubuntu), or name those that lack
	@missing=""; for program in $(PROGRAMS); do \
	  PATH="$$PATH:/usr/sbin" command -v "$$program" >/dev/null || missing="$$missing $$program"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	$(call as_root,$(PACKAGES)) || { \
	  echo "these programs are missing:$$missing (Debian, Ubuntu: apt-get install $(PACKAGES))" >&2; exit 1; }

.PHONY: aarch64
aarch64: $(READY) ## make the aarch64 Python that some tests run under qemu; without it they are skipped
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/e2e/setup_aarch64.sh "$(AARCH64)" || \
	  echo "there is no aarch64 Python: the tests that need it are skipped" >&2

# The peers of the bench, and what its corpora are made with.
BENCH_PACKAGES := git npm debootstrap buildah umoci skopeo docker-registry
BENCH_PROGRAMS := git npm debootstrap buildah umoci skopeo docker-registry

.PHONY: bench
bench: bench-corpora ## measure against peers into bench/results; ARGS="--quick --only push" prints those instead
	$(BIN)/python -m bench $(if $(ARGS),$(ARGS),--output bench/results/latest.md)

.PHONY: bench-corpora
bench-corpora: $(READY) ## make the folders that the bench copies, in the user's cache
	@$(MAKE) --no-print-directory system PROGRAMS="$(BENCH_PROGRAMS)" PACKAGES="$(BENCH_PACKAGES)"
	$(BIN)/python -m bench.corpora

.PHONY: bench-buildkit
bench-buildkit: $(READY) ## compile BuildKit and unpack Debian's Docker engine for the bench, in the user's cache
	$(BIN)/python -m bench.peers

.PHONY: gitlab
gitlab: $(READY) ## install gitlab-ci-local, which some tests run; without it they are skipped
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/e2e/setup_gitlab.sh "$(GITLAB)" || \
	  echo "there is no gitlab-ci-local: the tests that need it are skipped" >&2

.PHONY: judges
judges: ## build crane, regctl, oras, cosign and distribution, which some tests run; minutes, once, with Go
	@tests/e2e/setup_judges.sh "$(JUDGES)" || \
	  echo "there are not all judges: the tests that need them are skipped" >&2

.PHONY: clean
clean: ## remove what was made
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY):
	rm -rf $(VENV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call as_root,python3-venv)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
	  --require-hashes --only-binary :all: --requirement requirements-dev.lock
	touch $(READY)

# Install packages as root, or through a sudo that asks nothing; fail where neither is possible.
define as_root
{ command -v apt-get >/dev/null && { \
	root=""; if [ "$$(id -u)" != 0 ]; then root="sudo -n"; fi; \
	$$root apt-get update -qq && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(1) >/dev/null; }; }
endef
