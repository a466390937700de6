.PHONY: help setup report test nightly bench lint catalogue clean
.DEFAULT_GOAL := help

STUDY ?= data/rotterdam/study.toml
BIN := .venv/bin
PYTEST_FLAGS ?= -n auto --dist loadfile

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

setup: ## install what is missing (REFERENCE=full: also what the wider checks need; SYSTEM=skip: Python packages only)
	@REFERENCE="$(REFERENCE)" SYSTEM="$(SYSTEM)" .ci/setup.sh

report: setup ## the verified report of STUDY (default: the Rotterdam cohort) into out/<id>/
	@id=$$($(BIN)/python -c 'import sys, tomllib; print(tomllib.load(open(sys.argv[1], "rb"))["study"]["id"])' "$(STUDY)" 2>/dev/null) || id=study; \
	$(BIN)/reporter run "$(STUDY)" --out "out/$$id" --overwrite

test: setup ## the tests
	@$(BIN)/python -m pytest $(PYTEST_FLAGS)

nightly: setup ## the long checks: 1,000 random cohorts an analysis against live R (SEED=1234: those of that seed)
	@seed="$(SEED)"; seed="$${seed:-$$(date +%s)}"; echo "seed $$seed"; \
	$(BIN)/python -m pytest $(PYTEST_FLAGS) --hypothesis-profile=nightly --hypothesis-seed="$$seed" tests/analysis/test_hypothesis_parity.py tests/analysis/test_hypothesis_parity_models.py tests/analysis/test_hypothesis_parity_late.py tests/analysis/test_separation.py

bench: setup ## time the estimates beside R and Python's libraries into out/bench/ (SIZES=1000,10000: quicker)
	@$(BIN)/python -m tests.bench $(if $(SIZES),--sizes $(SIZES))

lint: setup ## style, formatting, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

catalogue: setup ## bring the Chinese catalogue up to the words of the code; new ones are left to translate
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F .ci/babel.cfg --no-location --no-wrap -o build/reporter.pot reporter
	@$(BIN)/pybabel -q update -i build/reporter.pot -d templates/locale -D reporter -l zh --no-wrap --no-fuzzy-matching --ignore-obsolete

clean: ## remove reports and caches; .venv stays
	@rm -rf out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
