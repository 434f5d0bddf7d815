"""Compares the graph with the library at several batch sizes. No file is written for a model that fails here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort

import form
from native import INPUT, OUTPUT, Native
from probes import missing_rows, threshold_rows
from refused import Refused

BATCHES = (1, 3, 257)
GOLDEN_ROWS = 64
GOLDEN_PROBES = 32
ALONE = 320  # rows that are also asked one by one
SEED = 20240607


@dataclass(frozen=True)
class Proof:
    """What was tried and how far the answers lay apart."""

    columns: int
    rows: int
    #: The library takes missing values, and rows with them were compared too.
    missing: bool
    #: Largest difference from the library, by batch size.
    batches: dict[int, float]
    #: Rows whose answers equal the library's to the last bit of `dtype`.
    equal_rows: int
    #: Rows whose largest probability stands in another column (ties within the tolerance aside).
    label_flips: int
    #: [n, ...] and [n, columns] for golden.json
    golden_inputs: np.ndarray
    golden_outputs: np.ndarray


def prove(native: Native, rows: np.ndarray) -> Proof:
    """
    @param rows [n, ...] of the model's shape, at least 64
    @raises Refused BATCH_FROZEN, ANSWERS_DIFFER, NOT_PROBABILITIES, ROWS_INVALID, FORM_INVALID
    """
    columns = form.check(native.graph, native.shape, native.dtype)
    rows = rows.astype(native.dtype)
    expected = answers_of(native, rows)
    if native.classes:
        check_probabilities(expected, native.classes)
    probes, missing = probes_for(native, rows)
    tried = np.concatenate([rows, probes])
    expected = np.concatenate([expected, answers_of(native, probes)]) if len(probes) else expected
    picks = spread(len(rows), GOLDEN_ROWS) + [len(rows) + i for i in spread(len(probes), GOLDEN_PROBES)]

    session = session_of(native.graph)
    actual = run(session, tried, len(tried))
    compare(native, tried, expected, actual, "all rows at once")
    few = picks[:ALONE]
    batches = {}
    for batch in BATCHES:
        chosen = few if batch < 257 else list(np.resize(np.arange(len(tried)), max(len(tried), batch)))
        found = run(session, tried[chosen], batch)
        batches[batch] = compare(native, tried[chosen], expected[chosen], found, f"batch {batch}")
    exact = expected.astype(native.dtype) == actual
    return Proof(
        columns=columns,
        rows=len(tried),
        missing=missing,
        batches=batches,
        equal_rows=int(exact.all(axis=1).sum()),
        label_flips=flips(native, expected, actual),
        golden_inputs=tried[picks],
        golden_outputs=expected[picks],
    )


def answers_of(native: Native, rows: np.ndarray) -> np.ndarray:
    """The library's answers, float64 [n, columns]."""
    try:
        answers = np.asarray(native.predict(rows), dtype=np.float64)
    except ValueError as error:
        raise Refused("ROWS_INVALID", f"{native.framework} does not take the rows: {error}") from error
    if answers.ndim != 2 or len(answers) != len(rows):
        raise Refused("UNSUPPORTED", f"{native.framework} answers {answers.shape} for {len(rows)} rows, expected one line a row")
    if not np.isfinite(answers).all():
        raise Refused("ROWS_INVALID", f"{native.framework} answers NaN or infinity for some rows")
    return answers


def probes_for(native: Native, rows: np.ndarray) -> tuple[np.ndarray, bool]:
    """Rows on and beside the thresholds of trees, and rows with missing values where the library takes them."""
    random = np.random.default_rng(SEED)
    found = [threshold_rows(native.graph, rows, random)]
    holed = missing_rows(rows, random)
    try:
        missing = bool(np.isfinite(native.predict(holed)).all())
    except ValueError:
        missing = False
    if missing:
        found.append(holed)
    return np.concatenate(found), missing


def check_probabilities(answers: np.ndarray, classes: list[str]) -> None:
    if (answers < 0).any() or np.abs(answers.sum(axis=1) - 1).max() > 1e-4:
        raise Refused(
            "NOT_PROBABILITIES",
            f"the {len(classes)} columns do not add up to 1 in every row; if the model ends in logits, add --activation softmax",
        )


def session_of(model: onnx.ModelProto) -> ort.InferenceSession:
    """One thread: sums are then added in a fixed order."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has no common ancestor for its errors
        raise Refused("FORM_INVALID", f"ONNX Runtime does not load the graph: {error}") from error


def run(session: ort.InferenceSession, rows: np.ndarray, batch: int) -> np.ndarray:
    """Asks `batch` rows at a time, the last ones filled up from the beginning. @returns [len(rows), columns]"""
    padded = np.resize(rows, (-(-len(rows) // batch) * batch, *rows.shape[1:]))
    try:
        parts = [session.run([OUTPUT], {INPUT: padded[i : i + batch]})[0] for i in range(0, len(padded), batch)]
    except Exception as error:
        raise Refused("BATCH_FROZEN", f"the graph fails with {batch} rows: the exporter froze an axis ({error})") from error
    if any(len(part) != batch for part in parts):
        raise Refused("BATCH_FROZEN", f"{len(parts[0])} answers to {batch} rows: the exporter froze an axis")
    return np.concatenate(parts)[: len(rows)]


def compare(native: Native, rows: np.ndarray, expected: np.ndarray, actual: np.ndarray, where: str) -> float:
    """@returns the largest difference @raises Refused ANSWERS_DIFFER"""
    if actual.shape != expected.shape:
        raise Refused("ANSWERS_DIFFER", f"the graph answers {actual.shape}, {native.framework} {expected.shape}")
    difference = np.abs(actual.astype(np.float64) - expected)
    excess = np.nan_to_num(difference, nan=np.inf) - native.tolerance.relative * np.abs(expected)
    worst = np.unravel_index(excess.argmax(), excess.shape)
    if excess[worst] > native.tolerance.absolute:
        raise Refused(
            "ANSWERS_DIFFER",
            f"{where}: row {worst[0]} column {worst[1]} is {actual[worst]!r} in ONNX, {expected[worst]!r} in {native.framework}; "
            f"allowed are {native.tolerance.absolute} + {native.tolerance.relative} x |expected|. "
            "A row's answer must not depend on the rows beside it",
        )
    return float(difference.max())


def flips(native: Native, expected: np.ndarray, actual: np.ndarray) -> int:
    if not native.classes or expected.shape[1] < 2:
        return 0
    ordered = np.sort(expected, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 2 * (native.tolerance.absolute + native.tolerance.relative)
    return int((clear & (expected.argmax(axis=1) != actual.argmax(axis=1))).sum())


def spread(total: int, wanted: int) -> list[int]:
    return [int(i) for i in np.linspace(0, total - 1, min(total, wanted))]
