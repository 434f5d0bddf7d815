"""scikit-learn models from a joblib or pickle file. Loading one executes code in it: --trust says you know its origin."""

from __future__ import annotations

import warnings
from pathlib import Path

import joblib
import numpy as np
import sklearn
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

import sklearn_calibration  # noqa: F401  registers its rules
import sklearn_linear  # noqa: F401
import sklearn_trees  # noqa: F401
from form import settled
from graph import Graph
from head import head_of
from native import INPUT, Native, Tolerance
from refused import Refused
from sklearn_scalers import KINDS
from sklearn_steps import probabilities, values

#: Sums of matrix products come in another order than BLAS's; trees, measured, differ by nothing before the last exp.
TOLERANCE = Tolerance(absolute=1e-12, relative=1e-12)


def load(path: Path, trust: bool) -> BaseEstimator:
    if not trust:
        raise Refused(
            "SOURCE_UNTRUSTED",
            f"{path.name} is a pickle: loading it executes whatever code it carries. Add --trust if you know who made it",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            model = joblib.load(path)
    except InconsistentVersionWarning as warning:
        raise Refused("SOURCE_INVALID", f"{warning} Put that version into requirements-sklearn.txt, then export") from warning
    except Exception as error:  # a pickle may raise anything
        raise Refused("SOURCE_INVALID", f"{path.name} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(model, BaseEstimator):
        raise Refused("SOURCE_INVALID", f"{path.name} holds a {type(model).__name__}, no scikit-learn model")
    return model


def read(path: Path, features: list[str] | None, asked: list[str] | None, trust: bool) -> Native:
    """
    @param features names in column order; None: the model's own
    @param asked names of the output columns, in the order they are to have
    """
    model = load(path, trust)
    return convert(model, features, asked, [path])


def convert(model: BaseEstimator, features: list[str] | None, asked: list[str] | None, sources: list[Path]) -> Native:
    names = features_of(model, features)
    graph = Graph("float64", [len(names)])
    if is_classifier(model):
        result, own = probabilities(model, graph, INPUT), [str(label) for label in model.classes_]
        columns = len(own)
    elif is_regressor(model):
        result, own = values(model, graph, INPUT), None
        columns = native_answer(model, np.zeros((1, len(names)))).shape[1]
        if asked:
            raise Refused("UNSUPPORTED", "--classes names the columns of a classifier; this is a regressor")
    else:
        raise Refused("UNSUPPORTED", f"{type(model).__name__} is neither a classifier nor a regressor")
    head, classes = head_of(columns, own, asked, "none")
    return Native(
        framework="scikit-learn",
        version=sklearn.__version__,
        kind="+".join(type(step).__name__ for step in steps_of(model))[:60],
        classes=classes,
        features=names,
        window=1,
        sequence=False,
        dtype="float64",
        scaler=next((KINDS[type(step)] for step in steps_of(model) if type(step) in KINDS), "none"),
        tolerance=TOLERANCE,
        graph=settled(head.append(graph.model(result, columns))),
        predict=lambda rows: head.apply(native_answer(model, rows)),
        sources=sources,
        tools={"scikit-learn": sklearn.__version__, "joblib": joblib.__version__},
    )


def native_answer(model: BaseEstimator, rows: np.ndarray) -> np.ndarray:
    """[n, features] float64 -> [n, columns]"""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        answer = model.predict_proba(rows) if is_classifier(model) else model.predict(rows)
    return answer.reshape(len(rows), -1)


def features_of(model: BaseEstimator, asked: list[str] | None) -> list[str]:
    check_fitted(model)
    own = list(getattr(model, "feature_names_in_", []))
    names = asked or own
    if not names:
        raise Refused("FEATURES_MISMATCH", "the model does not know its features' names: give them with --features")
    if len(names) != model.n_features_in_:
        raise Refused("FEATURES_MISMATCH", f"{len(names)} features are named, the model takes {model.n_features_in_}")
    if own and own != names:
        first = next(i for i, pair in enumerate(zip(own, names, strict=True)) if pair[0] != pair[1])
        raise Refused("FEATURES_MISMATCH", f"feature {first} is {names[first]} in --features, {own[first]} in the model")
    return names


def check_fitted(model: BaseEstimator) -> None:
    try:
        check_is_fitted(model)
    except Exception as error:
        raise Refused("SOURCE_INVALID", f"the {type(model).__name__} is not fitted") from error


def steps_of(model: object) -> list[object]:
    """The steps in order, searches and frozen models opened."""
    if isinstance(model, Pipeline):
        return [inner for _, step in model.steps if step not in (None, "passthrough") for inner in steps_of(step)]
    if isinstance(model, FrozenEstimator):
        return steps_of(model.estimator)
    return steps_of(model.best_estimator_) if hasattr(model, "best_estimator_") else [model]
