# The verbs of the project; `make` alone prints them.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python
READY = $(VENV)/.installed
# torch computes no faster with more threads on small shapes, and forked children want a single-threaded parent.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
JOBS ?= 2

.DEFAULT_GOAL = help
.PHONY: help grade test quick check build doctor soak adequacy bench clean

help: ## prints this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

grade: $(READY) ## builds the assignments, makes a demo class, grades it through nbgrader
	$(RUN) -m autograder build
	$(RUN) -m autograder demo --jobs $(JOBS)

test: $(READY) check ## runs every check and every test
	$(RUN) -m pytest -n $(JOBS) --dist loadgroup -q

quick: $(READY) check ## runs the fast part of the tests
	$(RUN) -m pytest -n $(JOBS) --dist loadgroup -q -m "not slow"

check: $(READY) ## lint, types, layers
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check autograder tests nbgrader_config.py
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-logo

build: $(READY) ## source/ → assignments/ and solutions/
	$(RUN) -m autograder build

doctor: $(READY) ## says which isolation layers work here
	$(RUN) -m autograder doctor

SEEDS ?= 1000
soak: $(READY) ## long trials: many secrets, tolerances, mutants, noise on the wire (hours; make soak SEEDS=20)
	$(RUN) -m tests.soak.seeds --seeds $(SEEDS) --jobs $(JOBS)
	$(RUN) -m tests.soak.margins --jobs $(JOBS)
	$(RUN) -m tests.soak.mutants --jobs $(JOBS)
	$(RUN) -m tests.attacks.fuzz

adequacy: $(READY) ## makes autograder/suites/ADEQUACY.md anew: what the hidden suites catch
	$(RUN) -m tests.soak.adequacy --jobs $(JOBS)

bench: $(READY) ## times grading beside vanilla nbgrader and the bare minimum
	$(RUN) -m tests.soak.bench

clean: ## removes what was made here, but no grades
	rm -rf $(VENV) demo build *.egg-info

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@
