#!/usr/bin/env bash
# A trained scikit-learn, PyTorch or Keras model -> a folder with model.onnx, golden.json and export.json for `models import`.
#   export.sh sklearn model.joblib --trust --rows rows.csv --out DIR [--features names.json] [--classes short,flat,long]
#   export.sh torch module.py:build --weights weights.pt --window 32 --features names.json --rows rows.csv --out DIR
#   export.sh keras model.keras --features names.json --rows rows.csv --out DIR
#   export.sh environment sklearn|torch|keras     makes the framework's environment and prints its Python
# VENVS: where the environments lie (default .venv beside this file); PYTHON: a Python 3.11 (default python3.11).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venvs=${VENVS:-$here/.venv}

usage() { sed -n '2,7s/^# \{0,1\}//p' "$here/export.sh"; }

# Prints the Python of a framework's own environment; installs only where the pinned requirements have changed.
environment() {
  local requirements=$here/requirements-$1.txt venv=$venvs/$1
  local wanted
  wanted=$(cat "$requirements" "$here/requirements-common.txt" | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$venv"
    "${PYTHON:-python3.11}" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    echo "$wanted" >"$venv/installed"
  fi
  echo "$venv/bin/python"
}

name_of() {
  case "$1" in
    sklearn | torch) echo "$1" ;;
    keras | tensorflow) echo tensorflow ;;
    *) usage >&2; exit 64 ;;
  esac
}

case "${1:-}" in
  '' | -h | --help) usage ;;
  environment)
    framework=$(name_of "${2:-}")
    environment "$framework"
    ;;
  *)
    framework=$(name_of "$1")
    python=$(environment "$framework")
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
    exec "$python" "$here/export.py" "$@"
    ;;
esac
