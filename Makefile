# Two commands do everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM ?= /usr/bin/chromium

.PHONY: run test test-full lint format bench audit clean browser

run: $(VENV)/run.stamp
	$(BIN)/python -m playground app \
		$(if $(PORT),--server.port $(PORT)) $(if $(ADDRESS),--server.address $(ADDRESS))

# Two cores: one drives the browser, the other meanwhile runs the tests that need none and then those pages that
# are left to it, so that both end at about the same time; it tells at the end.
UNITS := .pytest_cache/units.txt
LEFT := .pytest_cache/left.txt
PAGES_LEFT := tests/browser/test_multi_stage_lab.py tests/browser/test_lookahead_lab.py

test: $(VENV)/dev.stamp browser lint
	$(call together,)

# Every combination, and every slow test that has a like one, where `make test` takes a cover of them.
test-full: $(VENV)/dev.stamp browser lint
	$(call together,-m "full or not full")

define together
@mkdir -p $(dir $(UNITS)); \
( $(BIN)/python -m pytest --ignore=tests/browser $(1) >$(UNITS) 2>&1; units=$$?; \
  $(BIN)/python -m pytest $(PAGES_LEFT) $(1) >$(LEFT) 2>&1; exit $$((units + $$?)) ) & others=$$!; \
$(BIN)/python -m pytest tests/browser $(addprefix --ignore=,$(PAGES_LEFT)) $(1); browser=$$?; \
wait $$others; status=$$?; \
echo "Tests in the browser ended with $$browser, the others with $$status (0 is passed):"; \
cat $(LEFT) $(UNITS); exit $$((browser + status))
endef

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/run.stamp
	$(BIN)/python -m benchmarks

# Known holes in what is installed, from the public list: by hand, since it needs a network. The tool lives in
# a folder of its own for the moment, so that what it needs is never mixed with what the program needs.
audit: $(VENV)/run.stamp
	$(BIN)/python -m pip check
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
		$(PYTHON) -m venv "$$tools" && \
		"$$tools/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit==2.9.0 && \
		$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' >"$$tools/installed.txt" && \
		"$$tools/bin/pip-audit" --no-deps --disable-pip -r "$$tools/installed.txt"

# The browser tests drive a Chromium that the system's package manager keeps up to date.
browser:
	@test -x $(CHROMIUM) || { \
		echo "installing chromium for the browser tests"; \
		SUDO=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$SUDO apt-get update -qq && \
		$$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core; }

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@echo "compiling the kernels (once, about a minute)"
	$(BIN)/python -m playground.fused
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
