# Everything one does here, each one command; they need nothing but Python 3.11 or newer and make.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := run
.PHONY: run demo bench bench-notify bench-sla test screenshots translations lint format types rabbitmq chromium lock clean

run: $(VENV)/.runtime
	@$(BIN)/doorstep run

demo: $(VENV)/.runtime
	@$(BIN)/doorstep demo
	@rm -rf var/demo
	@$(BIN)/doorstep month var/demo

bench: $(VENV)/.runtime
	@$(BIN)/doorstep bench

bench-notify: $(VENV)/.runtime
	@$(BIN)/doorstep bench-notify

bench-sla: $(VENV)/.runtime
	@$(BIN)/doorstep bench-sla

test: lint types rabbitmq chromium
	@$(BIN)/pytest -n 2 --dist loadgroup

lint: $(VENV)/.dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports

# Of the desk at DOORSTEP_URL, else of the one that `make demo` left, else of a fresh one.
screenshots: $(VENV)/.dev chromium rabbitmq
	@$(BIN)/python -m tests.e2e.screenshots

# After a sentence of the pages was written or taken away.
translations: $(VENV)/.dev
	@$(BIN)/python -m gateway.web.translate

types: $(VENV)/.dev
	@$(BIN)/mypy

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

rabbitmq:
	@.ci/install-rabbitmq

chromium:
	@.ci/install-chromium

# The lock is installed when it changed, never because somebody ran a command again.
$(VENV)/.made:
	@echo "Making the virtual environment in $(VENV)"
	@.ci/make-venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing what requirements.lock pins"
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what requirements-dev.lock pins"
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

lock: $(VENV)/.made
	@$(PIP) install pip-tools
	@$(COMPILE) --output-file requirements.lock requirements.in
	@$(COMPILE) --output-file requirements-dev.lock requirements-dev.in

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
