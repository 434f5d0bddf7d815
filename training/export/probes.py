"""Rows where a wrong conversion shows: on the thresholds of trees, one step beside them, and with values missing."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from native import INPUT

PROBES = 512
HOLED = 64
HOLES = 0.1


def threshold_rows(model: onnx.ModelProto, rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """
    @param rows [n, features]
    @returns up to PROBES rows; in each, one feature that a tree asks stands at a threshold or one step of float64 or float32
    beside it. None for graphs whose trees do not ask the input's own columns
    """
    asked = thresholds(model)
    if len(asked) == 0:
        return rows[:0]
    result = rows[random.integers(0, len(rows), PROBES)].copy()
    for row in result:
        feature, threshold = asked[random.integers(len(asked))]
        row[int(feature)] = near(threshold, int(random.integers(6)))
    return result


def near(threshold: float, which: int) -> float:
    """The threshold itself, its neighbours in float64, its neighbours in float32, its nearest float32."""
    single = np.float32(threshold)
    return float(
        [
            threshold,
            np.nextafter(threshold, -np.inf),
            np.nextafter(threshold, np.inf),
            single,
            np.nextafter(single, np.float32(-np.inf)),
            np.nextafter(single, np.float32(np.inf)),
        ][which]
    )


def thresholds(model: onnx.ModelProto) -> np.ndarray:
    """[splits, 2] feature and finite threshold of every TreeEnsemble that reads the input, straight or through casts."""
    sources = {INPUT}
    found = [np.empty((0, 2))]
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in sources:
            sources.add(node.output[0])
        if node.op_type == "TreeEnsemble" and node.input[0] in sources:
            attributes = {attribute.name: attribute for attribute in node.attribute}
            features = np.array(attributes["nodes_featureids"].ints)
            found.append(np.stack([features, numpy_helper.to_array(attributes["nodes_splits"].t)], axis=1))
    asked = np.unique(np.concatenate(found), axis=0)
    return asked[np.isfinite(asked[:, 1])]


def missing_rows(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """HOLED rows with a tenth of their values missing, at least one a row."""
    result = rows[random.integers(0, len(rows), HOLED)].copy()
    holes = random.random(result.shape) < HOLES
    holes.reshape(len(result), -1)[np.arange(HOLED), random.integers(0, result[0].size, HOLED)] = True
    result[holes] = np.nan
    return result
