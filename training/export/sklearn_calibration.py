"""CalibratedClassifierCV: sigmoid, isotonic and temperature calibration over any classifier that converts itself."""

from __future__ import annotations

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression

from graph import Graph
from refused import Refused
from sklearn_steps import probabilities, scores, two_columns

SMALLEST = 1e-12  # what scikit-learn adds to a probability before its logarithm


@probabilities.register
def _(model: CalibratedClassifierCV, graph: Graph, x: str) -> str:
    """The mean over the folds' calibrated classifiers, added in their order."""
    folds = [calibrated(fold, graph, x) for fold in model.calibrated_classifiers_]
    total = folds[0]
    for fold in folds[1:]:
        total = graph.add("Add", total, fold)
    return graph.div(total, float(len(folds)))


def calibrated(fold: object, graph: Graph, x: str) -> str:
    """One fold (scikit-learn's _CalibratedClassifier): [rows, columns] -> [rows, classes]"""
    if not np.array_equal(fold.estimator.classes_, fold.classes):
        raise Refused("UNSUPPORTED", "CalibratedClassifierCV with a fold that has not seen every class")
    count = len(fold.classes)
    scored = hasattr(fold.estimator, "decision_function")
    z = scores(fold.estimator, graph, x) if scored else probabilities(fold.estimator, graph, x)
    if fold.method == "temperature":
        return softened(fold.calibrators[0], graph, z, scored, count)
    if count == 2:
        p = calibrate(fold.calibrators[0], graph, z if scored else column(graph, z, 1))
        return held(graph, two_columns(graph, p))
    columns = [calibrate(calibrator, graph, column(graph, z, i)) for i, calibrator in enumerate(fold.calibrators)]
    return held(graph, normalised(graph, graph.add("Concat", *columns, axis=1), count))


def column(graph: Graph, x: str, i: int) -> str:
    """[rows, columns] -> [rows, 1]"""
    return graph.add("Gather", x, graph.constant([i], "int64"), axis=1)


def softened(calibrator: object, graph: Graph, z: str, scored: bool, count: int) -> str:
    """softmax(beta x logits); the logits of probabilities are their logarithms, those of one score are -z and z."""
    if not scored:
        z = graph.add("Log", graph.plus(z, SMALLEST))
    elif count == 2:
        z = graph.add("Concat", graph.add("Neg", z), z, axis=1)
    return graph.add("Softmax", graph.mul(z, calibrator.beta_), axis=1)


def calibrate(calibrator: object, graph: Graph, z: str) -> str:
    """[rows, 1] -> [rows, 1]"""
    if isinstance(calibrator, IsotonicRegression):
        return interpolated(calibrator, graph, z)
    return graph.add("Sigmoid", graph.add("Neg", graph.plus(graph.mul(z, calibrator.a_), calibrator.b_)))


def interpolated(isotonic: IsotonicRegression, graph: Graph, z: str) -> str:
    """Straight lines between the thresholds, level outside them: y0 + slope x (z - x0) of the piece that z lies in."""
    x, y = (np.asarray(values, np.float64) for values in (isotonic.X_thresholds_, isotonic.y_thresholds_))
    if len(x) == 1:
        return graph.plus(graph.mul(z, 0.0), y[0])
    z = graph.clip(z, x[0], x[-1])
    beyond = graph.cast(graph.add("GreaterOrEqual", z, graph.constant(x[1:-1])), "float64") if len(x) > 2 else None
    if beyond is None:
        return graph.plus(graph.mul(graph.sub(z, x[0]), (y[1] - y[0]) / (x[1] - x[0])), y[0])
    piece = graph.add("Cast", graph.add("ReduceSum", beyond, graph.constant([1], "int64"), keepdims=1), to=7)
    x0, y0, slope = (
        graph.add("Gather", graph.constant(values), piece, axis=0) for values in (x[:-1], y[:-1], np.diff(y) / np.diff(x))
    )
    return graph.add("Add", graph.add("Mul", slope, graph.add("Sub", z, x0)), y0)


def normalised(graph: Graph, p: str, count: int) -> str:
    """Divided by its row's sum; where that is 0, 1 / count."""
    total = graph.add("ReduceSum", p, graph.constant([1], "int64"), keepdims=1)
    empty = graph.add("Equal", total, graph.constant(0.0))
    safe = graph.add("Where", empty, graph.constant(1.0), total)
    return graph.add("Where", empty, graph.constant(1 / count), graph.add("Div", p, safe))


def held(graph: Graph, p: str) -> str:
    """scikit-learn turns what is above 1 by rounding into 1."""
    return graph.add("Min", p, graph.constant(1.0))
