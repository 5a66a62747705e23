# What can be done with the project, in an environment of its own (.venv) that
# is made on first use. `make help` lists the targets.

# pip, git and stestr look for a home; without one they get a place in here.
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/.cache/home
endif
# The linters are installed here too, so that they do not hang on a home.
export PRE_COMMIT_HOME ?= $(CURDIR)/.cache/pre-commit

VENV := .venv
BIN := $(VENV)/bin

# Each of these files stands for a finished step of tools/venv.sh.
FOR_TESTS := $(VENV)/.for-tests
FOR_DOCS := $(VENV)/.for-docs
FOR_LINT := $(VENV)/.for-lint

.PHONY: help
help:
	@echo 'make test        unit and functional tests, the latter in both concurrency modes'
	@echo 'make unit        unit tests; TESTS=REGEX chooses among them, here and in functional'
	@echo 'make functional  functional tests on a Nova in process'
	@echo 'make test-e2e    from packets on an emulated network to servers on Nova; as root'
	@echo 'make lint        linters and type check'
	@echo 'make demo        servers placed near their clients on a real Nova, in process;'
	@echo '                 DATASET=FILE takes the round-trip times of a matrix'
	@echo 'make bench       cost of a scheduling pass'
	@echo 'make bench-measuring  cost of a prober and of a collector'
	@echo 'make docs        documentation and release notes, as HTML'
	@echo 'make venv        only the environment'
	@echo 'make clean       removes all of it'

.PHONY: venv
venv: $(FOR_TESTS)

$(FOR_TESTS): tools/venv.sh pyproject.toml setup.cfg setup.py \
		requirements.txt test-requirements.txt constraints.txt
	tools/venv.sh test
	@touch $@

$(FOR_DOCS): $(FOR_TESTS) doc/requirements.txt
	tools/venv.sh docs
	@touch $@

$(FOR_LINT): $(FOR_TESTS)
	tools/venv.sh lint
	@touch $@

.PHONY: test unit functional
test: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py unit,functional-threading,functional-eventlet $(TESTS)

unit: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py unit $(TESTS)

functional: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py functional-threading,functional-eventlet $(TESTS)

.PHONY: test-e2e
test-e2e: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py e2e $(TESTS)

.PHONY: lint
lint: $(FOR_LINT)
	$(BIN)/python -m pre_commit run --all-files --show-diff-on-failure

.PHONY: demo
demo: $(FOR_TESTS)
	$(BIN)/python -m demo $(if $(DATASET),--dataset '$(DATASET)')

.PHONY: bench
bench: $(FOR_TESTS)
	$(BIN)/python -m bench.scheduler_pass

.PHONY: bench-measuring
bench-measuring: $(FOR_TESTS)
	$(BIN)/python -m bench.prober
	$(BIN)/python -m bench.collector_scrape
	$(BIN)/python -m bench.collector_prometheus

.PHONY: docs
docs: $(FOR_DOCS)
	$(BIN)/python -m sphinx -W --keep-going -q -b html doc/source doc/build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html releasenotes/source releasenotes/build/html

.PHONY: clean
clean:
	rm -rf $(VENV) .cache .stestr .hypothesis .mypy_cache .ruff_cache
	rm -rf build dist doc/build releasenotes/build *.egg-info AUTHORS ChangeLog
	rm -f doc/source/_static/*.sample
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
