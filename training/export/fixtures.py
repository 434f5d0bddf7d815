"""
Writes the committed fixtures of one framework: fixtures.py sklearn|torch|keras DIR makes DIR/<kind>/ anew, each from a source
file through the command that users run. Rows are rounded so that the files stay small.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

import export

CLASSES = "short,flat,long"
SKLEARN = {
    "sklearn-forest": "forest-3",
    "sklearn-gradient-boosting": "gradient-3",
    "sklearn-hist-gradient-boosting": "hist-3-missing",
    "sklearn-logistic-scaled": "logistic-3",
    "sklearn-calibrated": "calibrated-isotonic-3",
    "sklearn-regressor": "ridge",
}
TORCH = ["mlp", "lstm", "gru", "tcn", "transformer"]
KERAS = ["dense", "lstm", "conv1d"]
ROWS = 64


def sklearn_files(work: Path) -> dict[str, list[str]]:
    """@returns by kind, the command's arguments but --out"""
    import joblib

    import zoo_sklearn as zoo

    common = inputs(work, zoo.FEATURES, np.round(zoo.rows(seed=8)[:ROWS], 4))
    result = {}
    for kind, name in SKLEARN.items():
        joblib.dump(zoo.MODELS[name](), work / f"{kind}.joblib")
        classes = [] if kind.endswith("regressor") else ["--classes", CLASSES]
        result[kind] = ["sklearn", str(work / f"{kind}.joblib"), "--trust", *classes, *common]
    return result


def torch_files(work: Path) -> dict[str, list[str]]:
    import torch

    import zoo_torch as zoo

    result = {}
    for name in TORCH:
        kind = zoo.MODELS[name]
        source = work / f"torch_{name}.py"
        source.write_text(f'from zoo_torch import MODELS\n\n\ndef build():\n    return MODELS["{name}"].build()\n')
        torch.save(zoo.made(name).state_dict(), work / f"{name}.pt")
        common = inputs(work / name, zoo.FEATURES, np.round(zoo.rows(kind.window, count=ROWS), 2))
        net = ["--weights", str(work / f"{name}.pt"), "--window", str(kind.window), "--activation", kind.activation]
        result[f"torch-{name}"] = ["torch", f"{source}:build", "--classes", CLASSES, *net, *common]
    return result


def keras_files(work: Path) -> dict[str, list[str]]:
    import zoo_keras as zoo

    result = {}
    for name in KERAS:
        path = work / f"{name}.keras"
        zoo.made(name).save(path)
        common = inputs(work / name, zoo.FEATURES, np.round(zoo.rows(name != "dense", count=ROWS).astype(float), 2))
        result[f"keras-{name}"] = ["keras", str(path), "--classes", CLASSES, *common]
    return result


def inputs(work: Path, features: list[str], rows: np.ndarray) -> list[str]:
    """Writes names and rows. @returns the arguments that name them"""
    work.mkdir(exist_ok=True)
    (work / "names.json").write_text(json.dumps(features))
    np.save(work / "rows.npy", rows)
    return ["--features", str(work / "names.json"), "--rows", str(work / "rows.npy")]


def main(framework: str, target: Path) -> int:
    make = {"sklearn": sklearn_files, "torch": torch_files, "keras": keras_files}[framework]
    with tempfile.TemporaryDirectory() as work:
        for kind, arguments in make(Path(work)).items():
            shutil.rmtree(target / kind, ignore_errors=True)
            if export.main([*arguments, "--out", str(target / kind)]) != 0:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
