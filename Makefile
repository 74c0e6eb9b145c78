# What this repository can be asked for. It needs Python 3.11 or newer with pip, and make.
# All goes into .venv: from requirements.lock, by hash; nothing is installed outside it.

PYTHON ?= python3
# A company's own certificates count too.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
BIN := .venv/bin
PIP := $(BIN)/python -m pip install
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock"
EXAMPLE := examples/packaging-line

# Beside what a site needs: the dependency groups that each target installs.
GROUPS_run :=
GROUPS_test := --group test
GROUPS_bench := --group bench
GROUPS_record := --group record
GROUPS_check := --group check --group test --group bench --group record

.NOTPARALLEL:
.PHONY: help run test check docs bench soak record lock clean

help: ## say what there is to ask for
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1~\2/p' Makefile | tr '~' '\t' | expand -t 16

run: .venv/.ready-run ## audit the example plant's firewalls, and find its incidents
	rm -rf $(EXAMPLE)/plant/var
	$(BIN)/checkvalve learn $(EXAMPLE)/plant --captures $(EXAMPLE)/captures/normal.pcap
	$(BIN)/checkvalve audit $(EXAMPLE)/plant --at 2026-03-14T00:00:00+01:00 --fail-on never
	$(BIN)/checkvalve watch $(EXAMPLE)/plant --captures $(EXAMPLE)/captures/incident.pcap

test: .venv/.ready-test ## run the tests; ARGS="-k modbus" runs some of them
	$(BIN)/python -c "from checkvalve.run.kernels import prepare; prepare()"
	$(BIN)/python -m pytest $(ARGS)

check: .venv/.ready-check ## style, types, and which room may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(wildcard src tests reference bench examples/recording)
	@for plant in $(wildcard examples/*/record); do \
		echo "$(BIN)/mypy $$plant"; $(BIN)/mypy $$plant || exit 1; done
	$(BIN)/lint-imports

docs: .venv/.ready-run ## make the reference pages in docs/ from what the code says
	$(BIN)/python -m reference

bench: .venv/.ready-bench .venv/scapy/.ready ## measure speed and memory, beside public tools
	$(BIN)/python -m bench $(ARGS)

soak: .venv/.ready-bench ## measure that memory stays flat over a long run
	$(BIN)/python -m bench.soak $(ARGS)

record: .venv/.ready-record ## record the examples' captures again, as root
	for plant in $(wildcard examples/*/record); do \
		PYTHONPATH=examples:$$(dirname $$plant) $(BIN)/python -m record || exit 1; done

lock: .venv/.ready-uv ## resolve the dependencies again; ARGS=--upgrade takes the newest
	$(COMPILE) $(ARGS) pyproject.toml --all-extras --group build $(GROUPS_check) \
		--output-file requirements.lock
	echo uv | $(COMPILE) $(ARGS) - --output-file requirements-uv.lock
	echo scapy | $(COMPILE) $(ARGS) - --output-file bench/scapy.lock

clean: ## remove .venv and all that was made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf dist build bench/out $(wildcard examples/*/plant/var)
	find $(wildcard src tests reference bench examples) -name __pycache__ -prune -exec rm -rf {} +

# uv installs in seconds what pip installs in a minute. Where uv can't be had, pip takes over,
# and then installs the whole lock.
.venv/.ready-uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "==> Making .venv"
	@$(PYTHON) -m venv .venv
	@$(PIP) --quiet --require-hashes --requirement requirements-uv.lock || \
		echo "uv can't be had here: pip does its work, more slowly"
	@touch $@

.venv/.ready-%: requirements.lock pyproject.toml .venv/.ready-uv
	@echo "==> Installing what 'make $*' needs"
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes \
		--constraint requirements.lock --requirement pyproject.toml \
		--extra site --group build $(GROUPS_$*) || \
		$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Scapy is under the GPL: it is measured from outside, in an environment of its own.
.venv/scapy/.ready: bench/scapy.lock
	@$(PYTHON) -m venv .venv/scapy
	@.venv/scapy/bin/python -m pip install --quiet --require-hashes --requirement bench/scapy.lock
	@touch $@
