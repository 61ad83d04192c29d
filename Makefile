# make run     set up, import the sample seeds, serve the site        HOST=127.0.0.1 PORT=8000
# make test    set up, run all tests                                  ARGS="-k words", ARGS="-n auto": several at once
# make stop    stop the embedded PostgreSQL
# make check   what must hold before a commit: form, imports, migrations, languages, production settings
# make bench   run the benchmarks, some on a library of 100,000 articles that is kept under var/library
# make messages  collect new messages into the Chinese catalogue and compile it (needs GNU gettext)

# Only relative names here: the repository's own path may hold spaces.
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
# The first Python that is new enough; only looked for when .venv must be made.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
HOST ?= 127.0.0.1
PORT ?= 8000
BIND = $(if $(findstring :,$(HOST)),[$(HOST)],$(HOST)):$(PORT)
# Not the one another project left in this shell.
export DJANGO_SETTINGS_MODULE := newsroom.settings
export HOST PORT

# Made of nothing but this line: no account, no key and no database in it is real.
PRODUCTION_SETTINGS = PRODUCTION=1 ALLOWED_HOSTS=newsroom.invalid DATABASE_URL=postgresql://newsroom.invalid/newsroom \
	SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')"

# The interpreter of .venv may be gone (upgraded, or the folder was copied from elsewhere): then all is made anew.
# This runs while make reads the file, before it looks at the stamps.
ifeq ($(wildcard $(VENV)/made),$(VENV)/made)
$(shell $(PY) -c '' 2>/dev/null || rm -f $(VENV)/made $(VENV)/run $(VENV)/test)
endif

.PHONY: run test stop check bench messages
.DELETE_ON_ERROR:

run: $(VENV)/run
	@$(PY) manage.py prepare
	@exec $(PY) -m newsroom.serve '$(BIND)'

test: $(VENV)/test
	$(PY) -m pytest $(ARGS)

stop:
	@if test -x $(PY); then $(PY) -m newsroom.embedded stop; fi

check: $(VENV)/test
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m pytest tests/test_language.py
	@echo 'manage.py check --deploy, with production settings'
	@$(PRODUCTION_SETTINGS) $(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/test
	for name in parse_speed import_speed pages mixed_traffic; do $(PY) -m benchmarks.$$name || exit; done
	@export NEWSROOM_VAR="$$PWD/var/library"; trap '$(PY) -m newsroom.embedded stop' EXIT; \
	test -e "$$NEWSROOM_VAR/search/current" || \
		{ $(PY) -m benchmarks.library 100000 && $(PY) manage.py rebuild_search; } || exit; \
	for name in search facets page_rate growth desk; do echo "benchmarks.$$name"; $(PY) -m benchmarks.$$name || exit; done

messages: $(VENV)/run
	$(PY) manage.py makemessages --locale zh_Hans --no-location --no-obsolete --ignore .venv --ignore var --ignore seeds --ignore tests
	$(PY) manage.py compilemessages --locale zh_Hans --ignore .venv

# The stamps: a step that was interrupted leaves none and is done again.
$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: $(PYTHON) is too old, or missing."; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install $$("$(PYTHON)" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; exit 1; }
	@echo "Setting up $(VENV) …"
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/run: requirements.txt $(VENV)/made
	@echo "Installing what the site needs (PostgreSQL too) …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/test: requirements-dev.txt $(VENV)/run
	@echo "Installing what the tests need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@
