"""One trained model as its own library knows it, and the graph that is to answer like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import onnx

INPUT, OUTPUT = "features", "predictions"
Dtype = Literal["float32", "float64"]


@dataclass(frozen=True)
class Tolerance:
    """An answer may differ by absolute + relative x |expected|."""

    absolute: float
    relative: float = 0.0


@dataclass(frozen=True)
class Native:
    """What a framework's reader hands on to the proof."""

    framework: str
    version: str
    #: What is in it, for people: `StandardScaler+LogisticRegression`.
    kind: str
    #: Of each output column; None: the columns are values, not probabilities.
    classes: list[str] | None
    features: list[str]
    #: 1: rows are [rows, features]; more, or `sequence`: [rows, window, features], oldest step first.
    window: int
    sequence: bool
    #: Of input and output alike: what the library computes in.
    dtype: Dtype
    #: The scaler inside the graph: standard, min-max, robust, max-abs, normalization, none.
    scaler: str
    tolerance: Tolerance
    graph: onnx.ModelProto
    #: [n, ...] of `dtype` -> [n, columns]; raises ValueError for rows the library does not take.
    predict: Callable[[np.ndarray], np.ndarray]
    #: Files that it was read from, the model first.
    sources: list[Path]
    tools: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> list[int]:
        """Of one row: [features] or [window, features]."""
        return [self.window, len(self.features)] if self.sequence else [len(self.features)]
