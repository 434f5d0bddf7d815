"""scikit-learn: every kind of model answers in ONNX as it does in scikit-learn, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import from_sklearn
import zoo_sklearn as zoo
from prove import prove
from refused import Refused

LOGISTIC = "logistic-3"


def converted(name: str, **options: object):
    return from_sklearn.convert(zoo.MODELS[name](), options.get("features", zoo.FEATURES), options.get("asked"), [])


@pytest.mark.parametrize("name", zoo.MODELS)
def test_answers_as_scikit_learn_at_every_batch_size(name: str) -> None:
    native = converted(name)
    proof = prove(native, zoo.rows(seed=8))
    assert set(proof.batches) == {1, 3, 257}
    assert max(proof.batches.values()) <= 1e-14 * max(1, np.abs(proof.golden_outputs).max())
    assert proof.label_flips == 0
    if name in zoo.EXACT:
        assert proof.equal_rows == proof.rows


@pytest.mark.parametrize("name", ["forest-2-missing", "forest-3", "extra-trees-3", "hist-3", "hist-regressor"])
def test_trees_that_take_missing_values_are_compared_with_some(name: str) -> None:
    assert prove(converted(name), zoo.rows()).missing


@pytest.mark.parametrize("name", ["gradient-3", LOGISTIC, "mlp-3"])
def test_models_that_take_none_say_so(name: str) -> None:
    assert not prove(converted(name), zoo.rows()).missing


def test_classes_are_reordered_by_name() -> None:
    labels = np.array(["short", "flat", "long"])
    fitted = zoo.fitted(make_pipeline(StandardScaler(), LogisticRegression()), lambda x: labels[zoo.three(x) + 1])
    model = from_sklearn.convert(fitted, zoo.FEATURES, list(labels), [])
    assert list(fitted.classes_) == ["flat", "long", "short"]
    assert model.classes == ["short", "flat", "long"]
    assert prove(model, zoo.rows()).label_flips == 0


def test_classes_are_renamed_in_place() -> None:
    assert converted(LOGISTIC).classes == ["-1", "0", "1"]
    assert converted(LOGISTIC, asked=["short", "flat", "long"]).classes == ["short", "flat", "long"]


def saved(folder: Path, model: object) -> Path:
    path = folder / "model.joblib"
    joblib.dump(model, path)
    return path


def test_a_pickle_is_not_loaded_without_trust(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "exploded",)

    path = saved(tmp_path, Bomb())
    with pytest.raises(Refused) as refusal:
        from_sklearn.read(path, zoo.FEATURES, None, trust=False)
    assert refusal.value.code == "SOURCE_UNTRUSTED"
    assert not (tmp_path / "exploded").exists()


def fit(model: object, **columns: object) -> object:
    return model.fit(zoo.rows(), zoo.three(zoo.rows()), **columns)


REFUSED = {
    "no pickle": ("SOURCE_INVALID", lambda: b"not a model"),
    "no model": ("SOURCE_INVALID", lambda: {"a": 1}),
    "not fitted": ("SOURCE_INVALID", lambda: LogisticRegression()),
    "only a scaler": ("UNSUPPORTED", lambda: fit(StandardScaler())),
    "no rule": ("UNSUPPORTED", lambda: fit(AdaBoostClassifier(n_estimators=2))),
    "no probabilities": ("UNSUPPORTED", lambda: fit(LinearSVC())),
    "a start of its own": (
        "UNSUPPORTED",
        lambda: fit(GradientBoostingClassifier(init=LogisticRegression(max_iter=2000), n_estimators=2)),
    ),
    "categories": (
        "UNSUPPORTED",
        lambda: HistGradientBoostingClassifier(max_iter=2, categorical_features=[5]).fit(
            np.abs(np.round(zoo.rows())), zoo.two(zoo.rows())
        ),
    ),
    "several targets": (
        "UNSUPPORTED",
        lambda: zoo.fitted(RandomForestClassifier(n_estimators=2), lambda x: np.stack([zoo.two(x), zoo.three(x)], axis=1)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_it_cannot_carry(name: str, tmp_path: Path) -> None:
    code, make = REFUSED[name]
    made = make()
    path = saved(tmp_path, made)
    if isinstance(made, bytes):
        path.write_bytes(made)
    with pytest.raises(Refused) as refusal:
        from_sklearn.read(path, zoo.FEATURES, None, trust=True)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("features", "message"),
    [(zoo.FEATURES[:-1], "7 features are named, the model takes 8"), (None, "does not know its features' names")],
)
def test_refuses_features_that_are_not_the_models(features: list[str] | None, message: str) -> None:
    with pytest.raises(Refused, match=message) as refusal:
        converted(LOGISTIC, features=features)
    assert refusal.value.code == "FEATURES_MISMATCH"


def test_refuses_rows_that_the_model_does_not_take() -> None:
    holed = zoo.rows()
    holed[3, 2] = np.nan
    with pytest.raises(Refused) as refusal:
        prove(converted(LOGISTIC), holed)
    assert refusal.value.code == "ROWS_INVALID"
