# `make` alone lists the commands. All but `setup` run in the environments that `setup` makes.

PYTHON ?= $(or $(firstword $(foreach name,python3.11 python3.12,$(shell command -v $(name)))),python3)
BIN := .venv/bin
# packages that `make lock` lets move on, for example UPGRADE="--upgrade-package aiohttp"
UPGRADE ?=
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help setup demo test serve serve-s3 bench chaos golden check lock

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make, renew or mend the two environments; does nothing when they are good
	@$(PYTHON) scripts/setup.py

demo: setup ## make one picture through the public API, verify it, show where it is
	@$(BIN)/python scripts/demo.py

serve: setup ## start the service and stay in the foreground
	@$(BIN)/imgen serve

serve-s3: setup ## start it with its pictures in an S3 server on this machine
	@$(BIN)/python scripts/serve_s3.py

test: setup ## run every test that this machine can run; ARGS="-k name" picks some
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: setup ## lint, formatting, types, import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: setup ## rewrite the rendered graphs that the tests compare with
	$(BIN)/imgen templates golden

bench: setup ## measure the finishing chain, signing and the whole way of a picture
	$(BIN)/python scripts/bench.py

chaos: setup ## kill processes while jobs run: nothing may be lost (half an hour); ARGS="points" picks
	@$(BIN)/python -m tests.chaos $(ARGS)

lock: setup ## resolve pyproject.toml and comfyui/requirements.in into the lock files
	$(LOCK) --group dev --output-file requirements.lock pyproject.toml
	$(LOCK) --config-file comfyui/uv.toml --no-emit-package torch \
		--output-file comfyui/requirements.lock comfyui/requirements.in
