"""Writes what `models import` reads: model.onnx, golden.json, export.json."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from native import INPUT, OUTPUT, Native
from prove import SEED, Proof
from refused import Refused


def check_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused("OUT_EXISTS", f"{folder} is there and not empty")


def write(folder: Path, native: Native, proof: Proof) -> dict:
    """@returns what stands in export.json"""
    check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = native.graph.SerializeToString(deterministic=True)
    golden = (json.dumps(golden_of(native, proof), separators=(",", ":"), allow_nan=False) + "\n").encode()
    description = describe(native, proof, model, golden)
    (folder / "model.onnx").write_bytes(model)
    (folder / "golden.json").write_bytes(golden)
    (folder / "export.json").write_text(json.dumps(description, indent=1, allow_nan=False) + "\n")
    return description


def describe(native: Native, proof: Proof, model: bytes, golden: bytes) -> dict:
    return {
        "schema": 1,
        "framework": {"name": native.framework, "version": native.version},
        "kind": native.kind,
        "task": "classifier" if native.classes else "regressor",
        "input": {"name": INPUT, "shape": [None, *native.shape], "dtype": native.dtype},
        "output": {"name": OUTPUT, "shape": [None, proof.columns], "dtype": native.dtype, "classes": native.classes},
        "features": native.features,
        "window": native.window,
        "scaler": {"kind": native.scaler, "inside": True},
        "missing": proof.missing,
        "opset": {opset.domain or "ai.onnx": opset.version for opset in native.graph.opset_import},
        "ir_version": native.graph.ir_version,
        "tolerance": {"absolute": native.tolerance.absolute, "relative": native.tolerance.relative},
        "proof": {
            "rows": proof.rows,
            "equal_rows": proof.equal_rows,
            "label_flips": proof.label_flips,
            "worst_by_batch": {str(batch): worst for batch, worst in proof.batches.items()},
            "seed": SEED,
        },
        "source": [facts(path.name, path.read_bytes()) for path in native.sources],
        "model": facts("model.onnx", model),
        "golden": facts("golden.json", golden),
        "tools": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            **native.tools,
        },
    }


def facts(file: str, content: bytes) -> dict:
    return {"file": file, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def golden_of(native: Native, proof: Proof) -> dict:
    """Inputs are flattened: window x features numbers a row. Outputs are the library's, not the graph's."""
    inputs = proof.golden_inputs.reshape(len(proof.golden_inputs), -1)
    return {
        "by": f"{native.framework} {native.version}",
        "tolerance": {"absolute": native.tolerance.absolute, "relative": native.tolerance.relative},
        "inputs": [[number(value, native.dtype) for value in row] for row in inputs],
        "outputs": [[number(value, native.dtype) for value in row] for row in proof.golden_outputs],
    }


def number(value: float, dtype: str) -> float | str:
    """The shortest decimals that read back as the same number of `dtype`; JSON has no word for what is not finite."""
    if math.isfinite(value):
        return float(str(np.float32(value))) if dtype == "float32" else float(value)
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
