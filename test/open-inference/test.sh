#!/usr/bin/env bash
# Asks a running service with NVIDIA's own client, in its own environment: test.sh [pytest's arguments]. Needs a built
# service (npm run build) and a Python 3.11 or newer. VENVS: where the environment lies (default .venv beside this file).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${VENVS:-$here/.venv}/open-inference

wanted=$(sha256sum <"$here/requirements.txt")
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$venv"
  "${PYTHON:-python3.11}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  echo "$wanted" >"$venv/installed"
fi

export PYTHONDONTWRITEBYTECODE=1
cd "$here"
"$venv/bin/python" -m ruff check --quiet --no-cache --config ../../training/export/ruff.toml .
"$venv/bin/python" -m ruff format --quiet --check --no-cache --config ../../training/export/ruff.toml .
"$venv/bin/python" -m pytest -q -p no:cacheprovider --show-capture=no "$@"
