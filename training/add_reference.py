"""Writes the reference into the manifests of models that were trained before manifests had one. Nothing is trained.

    add_reference.py --features DIR --root . gbt@1.0.0 ...

The rows must be the very ones of the training: their number and every feature's mean are compared with the manifest's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import data
import publish
from reference import reference_of

WINDOW = 32  # of the longest-sighted model of a training: it decides which rows are whole
CHUNK = 20_000  # rows answered at a time


def answers(file: Path, rows: data.Rows, columns: np.ndarray, window: int) -> np.ndarray:
    """[n, columns] by ONNX Runtime: of the file that serves."""
    run, parts = publish.session(file), []
    for start in range(0, len(rows), CHUNK):
        part = rows.take(np.arange(start, min(start + CHUNK, len(rows))))
        inputs = part.flat(columns) if window == 1 else part.windows(columns, window)
        parts.append(run.run(None, {"features": inputs})[0])
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", type=Path, required=True, help="folder that `features export` wrote")
    parser.add_argument("--root", type=Path, required=True, help="the project's root")
    parser.add_argument("models", nargs="+", help="name@version")
    options = parser.parse_args()
    names = json.loads((options.features / "index.json").read_text())["names"]
    series = data.load(options.features, WINDOW)
    train = data.rows_of(series, "train", data.boundaries(series))
    for model in options.models:
        folder = options.root / "models" / Path(*model.split("@"))
        manifest = json.loads((folder / "manifest.json").read_text())
        columns = np.array([names.index(feature["name"]) for feature in manifest["features"]])
        flat = train.flat(columns)
        recorded = np.array([feature["mean"] for feature in manifest["features"]])
        assert len(train) == manifest["training"]["rows"], f"{model} was trained on {manifest['training']['rows']} rows, here are {len(train)}"
        assert np.allclose(flat.astype(np.float64).mean(axis=0), recorded, rtol=1e-6, atol=1e-9), f"{model} was trained on other features"
        outputs = answers(folder / "model.onnx", train, columns, manifest["window"])
        manifest["reference"] = reference_of(flat, outputs, train.timeframe, manifest["features"])
        (folder / "manifest.json").write_text(publish.text(manifest))
        print(f"{model}: {len(train)} rows, distance limit {manifest['reference']['distance']['limit']}", flush=True)


if __name__ == "__main__":
    main()
