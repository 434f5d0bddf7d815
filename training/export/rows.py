"""Feature names and the rows on which a model is compared."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from refused import Refused

MIN_ROWS = 64
MAX_ROWS = 2048


def read_features(path: Path) -> list[str]:
    """A JSON list of names in column order, or an object whose `features` is a list of names or of {name}."""
    try:
        raw = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refused("FEATURES_MISMATCH", f"{path.name} cannot be read: {error}") from error
    listed = raw.get("features") if isinstance(raw, dict) else raw
    names = [item.get("name") if isinstance(item, dict) else item for item in listed] if isinstance(listed, list) else []
    if not names or not all(isinstance(name, str) and name for name in names):
        raise Refused("FEATURES_MISMATCH", f"{path.name} is no list of feature names")
    if len(set(names)) != len(names):
        raise Refused("FEATURES_MISMATCH", f"{path.name} names a feature twice")
    return names


def read_rows(path: Path, features: list[str]) -> np.ndarray:
    """
    A CSV file with a header (columns are found by name, others ignored; an empty field is a missing value) or a .npy array.
    @returns [n, features], or [n, window, features] where the array has three axes; float64
    """
    if path.suffix == ".npy":
        try:
            array = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise Refused("ROWS_INVALID", f"{path.name} is no plain array: {error}") from error
        if array.dtype.kind != "f" or array.ndim not in (2, 3) or array.shape[-1] != len(features):
            raise Refused("ROWS_INVALID", f"{path.name} is {array.dtype} {array.shape}, not floats with {len(features)} features")
        return array.astype(np.float64)
    try:
        with path.open(newline="") as text:
            header, *lines = csv.reader(text)
    except (OSError, ValueError) as error:
        raise Refused("ROWS_INVALID", f"{path.name} cannot be read: {error}") from error
    absent = [name for name in features if name not in header]
    if absent:
        raise Refused("ROWS_INVALID", f"{path.name} has no column {', '.join(absent[:5])}")
    columns = [header.index(name) for name in features]
    try:
        table = [[float(line[i] or "nan") for i in columns] for line in lines]
    except (ValueError, IndexError) as error:
        raise Refused("ROWS_INVALID", f"{path.name} holds something that is no number: {error}") from error
    return np.array(table, dtype=np.float64).reshape(-1, len(columns))


def spread(rows: np.ndarray, window: int, sequence: bool) -> np.ndarray:
    """
    @param rows [n, features] taken as consecutive candles, oldest first; or [n, window, features]
    @returns at most MAX_ROWS rows of the model's shape, evenly spread
    """
    if sequence and rows.ndim == 2:
        if len(rows) >= window:
            rows = np.lib.stride_tricks.sliding_window_view(rows, window, axis=0).transpose(0, 2, 1)
        else:
            rows = np.empty((0, window, rows.shape[1]))
    if rows.ndim != 2 + int(sequence) or (sequence and rows.shape[1] != window):
        raise Refused("ROWS_INVALID", f"rows are {rows.shape}; the model's window is {window}")
    if len(rows) < MIN_ROWS:
        raise Refused("ROWS_INVALID", f"{len(rows)} rows of the model's shape; at least {MIN_ROWS} are needed for a comparison")
    if np.isinf(rows).any():
        raise Refused("ROWS_INVALID", "rows hold an infinite value")
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), MAX_ROWS)).astype(int)]
