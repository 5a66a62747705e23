# What can be done with the project, in an environment of its own (.venv) that
# is made on first use. `make help` lists the targets.

# pip, git and stestr look for a home; without one they get a place in here.
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/.cache/home
endif
# What pip and others keep for the next time stays in here as well.
export XDG_CACHE_HOME := $(CURDIR)/.cache
# The linters are installed here too, so that they do not hang on a home.
export PRE_COMMIT_HOME ?= $(CURDIR)/.cache/pre-commit

VENV := .venv
BIN := $(VENV)/bin

# Each of these files stands for a finished step of tools/venv.sh.
FOR_TESTS := $(VENV)/.for-tests
FOR_DOCS := $(VENV)/.for-docs
FOR_BENCH := $(VENV)/.for-bench
FOR_LINT := $(VENV)/.for-lint
FOR_MUTANTS := $(VENV)/.for-mutants
FOR_CLOUD := .cloud/venv/.for-cloud
FOR_TEMPEST := .cloud/tempest/.for-tempest
FOR_WATCHER := .cloud/watcher/.for-watcher
CLOUD_PYTHON := .cloud/venv/bin/python

.PHONY: help
help:
	@echo 'make test        unit, DevStack and Watcher tests and most functional ones, these with'
	@echo '                 native threads and, where threads matter, with eventlet'
	@echo 'make unit        unit tests; TESTS=REGEX chooses among them, here and in functional'
	@echo 'make functional  functional tests on a Nova in process, all with native threads'
	@echo '                 and all with eventlet'
	@echo 'make test-e2e    from packets on an emulated network to servers on Nova; as root'
	@echo 'make watcher-test  tests of the strategy in a Watcher in process'
	@echo 'make devstack-test  tests of the DevStack plug-in, without DevStack'
	@echo 'make cloud       a real OpenStack on this machine, in .cloud: two cells,'
	@echo '                 24 hosts; its ports are EDGE_SCHED_CLOUD_PORT and the next'
	@echo 'make cloud-test  tests on that cloud, with Tempest and Watcher'
	@echo 'make cloud-down  stops it; it keeps its data'
	@echo 'make lint        linters and type check'
	@echo 'make mutants     changes of the code that no test notices; hours.'
	@echo '                 MODULES=FILES chooses among those that it is for'
	@echo 'make demo        servers placed near their clients on a real Nova, in process;'
	@echo '                 DATASET=FILE takes the round-trip times of a matrix'
	@echo 'make bench       what the plug-in costs and how well it chooses, by size; hours.'
	@echo '                 BENCHES=NAME takes one; EDGE_SCHED_DATASETS=FOLDER has matrices'
	@echo 'make bench-page  the same, and its part of the documentation anew'
	@echo 'make bench-short  the ratios and the memory that every change is held to'
	@echo 'make docs        documentation and release notes, as HTML'
	@echo 'make picture     the picture of a report in the documentation anew'
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

$(FOR_BENCH): $(FOR_TESTS) bench/requirements.txt
	tools/venv.sh bench
	@touch $@

$(FOR_LINT): $(FOR_TESTS)
	tools/venv.sh lint
	@touch $@

$(FOR_MUTANTS): $(FOR_TESTS)
	tools/venv.sh mutants
	@touch $@

$(FOR_CLOUD): tools/venv.sh tests/cloud/requirements.txt constraints.txt
	tools/venv.sh cloud
	@touch $@

$(FOR_TEMPEST): tools/venv.sh constraints.txt
	tools/venv.sh tempest
	@touch $@

$(FOR_WATCHER): tools/venv.sh constraints.txt
	tools/venv.sh watcher
	@touch $@

.PHONY: test unit functional api-long watcher-test devstack-test
test: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py unit,devstack,watcher,most-threading,threads-eventlet $(TESTS)

unit: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py unit $(TESTS)

functional: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py functional-threading,functional-eventlet $(TESTS)

# A thousand questions held against creates, ten thousand of strangers.
api-long: $(FOR_TESTS)
	OS_TEST_TIMEOUT=7200 EDGE_SCHED_ASKS=500 EDGE_SCHED_HOSTILE_REQUESTS=5000 \
	$(BIN)/python tools/run_tests.py functional-threading 'test_api_(agrees|hostile)'

watcher-test: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py watcher $(TESTS)

devstack-test: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py devstack $(TESTS)

.PHONY: test-e2e
test-e2e: $(FOR_TESTS)
	$(BIN)/python tools/run_tests.py e2e $(TESTS)

.PHONY: cloud cloud-test cloud-down cloud-packages cloud-venv cloud-watcher
cloud-packages:
	tools/packages.sh cloud

cloud-venv: $(FOR_CLOUD) $(FOR_TEMPEST)

cloud: cloud-packages cloud-venv
	$(CLOUD_PYTHON) -m tests.cloud up

# For its tests alone, which start it beside the cloud.
cloud-watcher: $(FOR_WATCHER)

# They are among all tests, or are named.
cloud-test: cloud $(if $(TESTS),$(and $(findstring watcher,$(TESTS)),cloud-watcher),cloud-watcher)
	$(CLOUD_PYTHON) tools/run_tests.py cloud $(TESTS)

# Where there is no environment there is no cloud.
cloud-down:
	if [ -e $(CLOUD_PYTHON) ]; then $(CLOUD_PYTHON) -m tests.cloud down; fi

.PHONY: lint
lint: $(FOR_LINT)
	$(BIN)/python -m pre_commit run --all-files --show-diff-on-failure

.PHONY: mutants
mutants: $(FOR_MUTANTS)
	$(BIN)/python -m tests.mutants $(MODULES)

.PHONY: demo
demo: $(FOR_TESTS)
	$(BIN)/python -m demo $(if $(DATASET),--dataset '$(DATASET)')

# Data sets are read from the folder EDGE_SCHED_DATASETS, if there is one.
.PHONY: bench bench-short bench-page
bench: $(FOR_TESTS)
	$(BIN)/python -m bench $(BENCHES)

bench-short: $(FOR_TESTS)
	$(BIN)/python -m bench --short $(BENCHES)

bench-page: $(FOR_BENCH)
	$(BIN)/python -m bench --page doc/source/contributor/benchmarks $(BENCHES)

.PHONY: docs
docs: $(FOR_DOCS)
	$(BIN)/python -m sphinx -W --keep-going -q -b html doc/source doc/build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html releasenotes/source releasenotes/build/html

.PHONY: picture
picture: $(FOR_TESTS)
	$(BIN)/python -m tools.report_picture

.PHONY: clean
clean: cloud-down
	rm -rf $(VENV) .cloud .cache .stestr .hypothesis .mypy_cache .ruff_cache
	rm -rf build dist doc/build releasenotes/build *.egg-info AUTHORS ChangeLog
	rm -f doc/source/_static/*.sample
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
