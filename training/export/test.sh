#!/usr/bin/env bash
# Proves the export in each framework's own environment: test.sh [sklearn] [torch] [keras]; all three where none is named.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ]; then set -- sklearn torch keras; fi

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
for framework in "$@"; do
  python=$("$here/export.sh" environment "$framework")
  "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements-test.txt"
  files=("$here/test_$framework.py")
  if [ "$framework" = sklearn ]; then
    files+=("$here/test_export.py")
    (cd "$here" && "$python" -m ruff check --quiet --no-cache . && "$python" -m ruff format --quiet --check --no-cache .)
  fi
  (cd "$here" && "$python" -m pytest -q -p no:cacheprovider --show-capture=no "${files[@]}")
done
