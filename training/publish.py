"""Writes models/<name>/<version>/: model.onnx, golden.json, manifest.json, MODEL_CARD.md."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import onnxruntime

import data
from data import HELD_OUT, Rows
from models import predict_rows
from reference import reference_of

VERSION = "1.0.0"
GOLDEN_ROWS = 64
PROBE_ROWS = 32
TOLERANCE = 1e-5
LIMIT_BYTES = 5_000_000


def feature_hash(root: Path, names: list[str]) -> str:
    """The project's own hash over its own definitions: Python does not know them."""
    script = ("import('./dist/src/batch-inference/features/feature-table.js')"
              ".then((table) => process.stdout.write(table.featureHashOf(JSON.parse(process.argv[1]))))")
    return subprocess.run(["node", "-e", script, json.dumps(names)], cwd=root, check=True, capture_output=True, text=True).stdout


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def milliseconds(run: onnxruntime.InferenceSession, inputs: np.ndarray, rows: int) -> float:
    """Median of 30 runs of `rows` rows on one thread."""
    batch = np.resize(inputs, (rows, *inputs.shape[1:])).astype(np.float32)
    times = []
    for _ in range(35):
        began = time.perf_counter()
        run.run(None, {"features": batch})
        times.append(1000 * (time.perf_counter() - began))
    return float(np.median(times[5:]))


def golden_rows(model, test: Rows) -> np.ndarray:
    """Test rows spread over every timeframe; for trees also rows that lie on the splits' thresholds."""
    picks = [np.flatnonzero(test.timeframe == t) for t in data.MINUTES]
    chosen = np.concatenate([p[np.linspace(0, len(p) - 1, GOLDEN_ROWS // 4).astype(int)] for p in picks if len(p)])
    rows = test.take(chosen)
    inputs = model.inputs(rows).astype(np.float32)
    return np.concatenate([inputs, model.probes(rows, PROBE_ROWS)]) if hasattr(model, "probes") else inputs


def shortest(values: np.ndarray) -> list[float]:
    """The shortest decimals that read back as the same float32."""
    return [float(str(value)) for value in values.astype(np.float32).ravel()]


def iso(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(manifest: dict) -> str:
    """JSON, a spread of the reference on a line."""
    return re.sub(r'\{\s+"edges"[^}]+\}', lambda found: " ".join(found[0].split()), json.dumps(manifest, indent=1)) + "\n"


def write(root: Path, model, train: Rows, test: Rows, validation: Rows, weight: float, metrics: dict, card) -> dict:
    folder = root / "models" / model.name / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    proto = model.graph()
    file.write_bytes(proto.SerializeToString(deterministic=True))
    size = file.stat().st_size
    assert size < LIMIT_BYTES, f"{file} has {size} bytes"

    inputs = golden_rows(model, test)
    outputs = model.predict(inputs)
    run = session(file)
    worst = float(np.abs(run.run(None, {"features": inputs})[0] - outputs).max())
    many = model.inputs(test.take(np.linspace(0, len(test) - 1, min(len(test), 20_000)).astype(int))).astype(np.float32)
    worst_many = float(np.abs(run.run(None, {"features": many})[0] - model.predict(many)).max())
    assert max(worst, worst_many) < TOLERANCE, f"{model.name}: ONNX differs from native by {worst}, {worst_many}"
    golden = {"tolerance": {"absolute": TOLERANCE}, "inputs": [shortest(row) for row in inputs],
              "outputs": [[float(p) for p in row] for row in outputs]}
    (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")

    flat = train.flat(model.columns).astype(np.float64)
    importance = model.importance(validation)
    framework, framework_version = model.framework()
    speed = {str(n): round(milliseconds(run, many, n), 3) for n in (1, 64, 2000)}
    shape = [None, len(model.columns)] if model.window == 1 else [None, model.window, len(model.columns)]
    used = sorted({train.series[i].symbol for i in np.unique(train.which)})
    present = {s.symbol for s in train.series}
    manifest = {
        "schema": 1, "name": model.name, "version": VERSION, "kind": model.kind,
        "framework": {"name": framework, "version": framework_version},
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "input": {"name": "features", "shape": shape, "dtype": "float32"},
        "output": {"name": "probabilities", "shape": [None, 3], "dtype": "float32", "classes": ["short", "flat", "long"]},
        "features": [{"name": name, "mean": float(f"{m:.9g}"), "std": float(f"{s:.9g}"), "importance": round(float(i), 6)}
                     for name, m, s, i in zip(model.names, flat.mean(axis=0), flat.std(axis=0), importance)],
        "feature_hash": feature_hash(root, model.names),
        "window": model.window,
        "scaler": {"kind": model.scaler, "inside": True},
        "labels": {"method": "triple-barrier", "take_profit_atr": data.BARRIER_ATR, "stop_loss_atr": data.BARRIER_ATR,
                   "horizon_candles": data.HORIZON, "atr": "ATR(14)", "entry": "next open"},
        "timeframes": list(data.MINUTES),
        "weight": weight,
        "training": {"from": iso(train.time.min()), "to": iso(train.time.max()), "symbols": used, "rows": len(train),
                     "mirrored_rows": len(train) - len(train.real()),
                     "held_out_symbols": sorted(HELD_OUT & present),
                     "data": "shared/data/ohlcv: " + ", ".join(f"{source} ({t})" for t, source in data.SOURCE.items())},
        "metrics": metrics,
        "created_at": iso(1000 * int(time.time())),
    }
    manifest["reference"] = reference_of(flat, predict_rows(model, train), train.timeframe, manifest["features"])
    (folder / "manifest.json").write_text(text(manifest))
    facts = {"size": size, "worst": worst, "worst_many": worst_many, "rows_many": len(many), "speed": speed, "golden": len(inputs)}
    (folder / "MODEL_CARD.md").write_text(card(model, manifest, facts))
    return facts
