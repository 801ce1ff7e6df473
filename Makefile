# Needs only make and Python 3.11 or newer: `make run` and `make test` prepare everything else in .venv.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
CHINESE := circle/translations/zh_Hans_CN/LC_MESSAGES/messages.po
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM
export DATABASE_URL
# Python 3.11 reads source anew for the marks in tracebacks, and two threads doing so at once can end the test run
export PYTHONNODEBUGRANGES := 1

.DEFAULT_GOAL := help
.PHONY: help run install test quick check bench bench-live bench-checkins bench-growth bench-ledger lock translations openapi browser-deps clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-13s %s\n", $$1, $$2 }'

# ---- environment -----------------------------------------------------------------------------------------------

install: $(VENV)/.installed ## prepare the environment with everything for development

# What the lock file says, nothing else. uv is quick; where it cannot reach the packages, pip installs the same lock.
define install_lock
	@echo "Installing $< …"
	@rm -f $(VENV)/.runtime $(VENV)/.installed
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes $< || \
	  { echo "uv could not; trying pip …"; $(BIN)/python -m pip install --quiet --require-hashes -r $<; }
	@touch $@
endef

$(VENV)/.installed: requirements-dev.lock | $(UV)
	$(install_lock)

$(VENV)/.runtime: requirements.lock | $(UV)
	$(install_lock)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "circle needs Python 3.11 or newer. If you have one: make PYTHON=/path/to/python3.12 …"; exit 1; }
	@echo "Making $(VENV) …"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'

# A development environment can run the site too, so the smaller one is only made where there is none yet.
RUNTIME := $(if $(wildcard $(VENV)/.installed),$(VENV)/.installed,$(VENV)/.runtime)

# ---- every day -------------------------------------------------------------------------------------------------

run: $(RUNTIME) ## start the site with its demo at http://127.0.0.1:8000 (PORT=8001 for another port)
	@exec $(BIN)/flask --app wsgi serve $(if $(filter command,$(origin PORT)),--port $(PORT))

# A run that hangs fails and shows where, instead of taking all the time that CI has. MINUTES=0.5 to try it.
MINUTES ?= 45
BOUNDED = $(BIN)/python tools/bounded.py $(MINUTES)

# PostgreSQL and Valkey come from wheels, so they are required; Chromium comes from the system.
test: $(VENV)/.installed ## run every test, on SQLite and PostgreSQL (some minutes)
	@if [ -n "$(CHROMIUM)" ] || [ -n "$(CIRCLE_REQUIRE_SERVICES)" ]; then \
	  CIRCLE_REQUIRE_SERVICES=1 $(BOUNDED) $(BIN)/python -m pytest -n $(JOBS) $(ARGS); \
	else \
	  echo "Chromium is not here: tests in the browser are left out (make browser-deps, or CHROMIUM=/path)."; \
	  CIRCLE_REQUIRE_SERVICES=1 $(BOUNDED) $(BIN)/python -m pytest -n $(JOBS) -m 'not browser' $(ARGS); \
	fi

quick: $(VENV)/.installed ## run the tests without the slow ones and the browser
	@$(BIN)/python -m pytest -n $(JOBS) -m 'not slow and not browser' $(ARGS)

check: $(VENV)/.installed ## style, types, architecture, migrations, contract, translations, pinned files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/check_vendor.py
	$(BIN)/python tools/check_locks.py
	CIRCLE_REQUIRE_SERVICES=1 $(BOUNDED) $(BIN)/python -m pytest -q \
	  tests/test_architecture.py tests/test_migrations.py tests/test_openapi.py tests/test_translations.py

# ---- speed -----------------------------------------------------------------------------------------------------

bench: $(VENV)/.installed ## how fast the pages and the API are (DATABASE_URL=postgresql://… for another database; ARGS=--servers)
	@$(BIN)/python -m bench $(ARGS)

bench-live: $(VENV)/.installed ## how quick the site stays while 300 pages are open, and how soon it stops
	@$(BIN)/python -m bench.live $(ARGS)

bench-checkins: $(VENV)/.installed ## how many people can check in at once (a part of make bench)
	@$(BIN)/python -m bench checkins $(ARGS)

bench-growth: $(VENV)/.installed ## how much slower reading gets from 10,000 to 1,000,000 posts
	@$(BIN)/python -m bench growth $(ARGS)

bench-ledger: $(VENV)/.installed ## how fast points are posted, and what they cost a post (a part of make bench)
	@$(BIN)/python -m bench ledger $(ARGS)

# ---- generated files -------------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
  --custom-compile-command "make lock" --extra postgres --extra redis --extra s3 $(if $(UPGRADE),--upgrade)

lock: | $(UV) ## resolve pyproject.toml into the lock files (UPGRADE=1 for newer versions)
	$(COMPILE) pyproject.toml --output-file requirements.lock
	$(COMPILE) --group dev pyproject.toml --output-file requirements-dev.lock

translations: $(VENV)/.installed ## collect what is to be translated into the Chinese catalogue
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --keywords _ --keywords lazy --keywords ngettext:1,2 \
	  --ignore-dirs ".git .venv" --sort-output --add-location file \
	  --output-file $(VENV)/messages.pot circle templates
	@$(BIN)/pybabel --quiet update --input-file $(VENV)/messages.pot --output-file $(CHINESE) --locale zh_Hans_CN \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap

openapi: $(VENV)/.installed ## write docs/openapi.json from the code
	@$(BIN)/python tools/openapi.py

# ---- machine ---------------------------------------------------------------------------------------------------

browser-deps: ## install Chromium and a Chinese font for the browser tests (Debian, as root)
	@if [ -n "$(CHROMIUM)" ]; then echo "Chromium: $(CHROMIUM)"; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-noto-cjk </dev/null; \
	else echo "Please install Chromium and a font with Chinese characters, or say CHROMIUM=/path/to/chromium."; exit 1; fi

clean: ## remove the environment and caches; the data in var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
	find circle tests migrations tools -name __pycache__ -type d -prune -exec rm -rf {} +
