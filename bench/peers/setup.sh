#!/usr/bin/env bash
# Makes a Python environment of libraries that we are measured against, and prints its Python: that of the folder given, for
# those that do not go together with others, or of this one. Installs only where its requirements.txt has changed.
# BENCH_PYTHON: a Python 3.11 or newer (default python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/${1:-.}"
python=${BENCH_PYTHON:-python3}

if ! cmp -s requirements.txt .venv/installed; then
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "This benchmark measures against Python libraries: it needs Python 3.11 or newer, and \"$python\" is none. Set BENCH_PYTHON." >&2
    exit 1
  fi
  echo "Installing the Python libraries that we are measured against into bench/peers/${1:+$1/}.venv (about 1 GB, once) ..." >&2
  rm -rf .venv
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt >&2
  cp requirements.txt .venv/installed
fi
echo "$PWD/.venv/bin/python"
