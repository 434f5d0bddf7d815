"""
The side of LightGBM, XGBoost and scikit-learn in `npm run bench -- python`: each trains a classifier of three classes with 167
rounds, which is 501 trees, and predicts rows that are ready in memory. All on one thread: OMP_NUM_THREADS is 1.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import pandas as pd
import sklearn
import xgboost
from sklearn.ensemble import HistGradientBoostingClassifier

from forest import CLASSES, ROUNDS, SEED, forest, labels_of
from old_way import OldWay
from peer import answer, timed

Ways = dict[str, Callable[[], object]]


class Rows:
    """The same rows in the forms that the libraries take."""

    def __init__(self, file: str, names: list[str]) -> None:
        self.all = np.fromfile(file, dtype=np.float64).reshape(-1, len(names))
        self.one_by_one = [self.all[i : i + 1] for i in range(len(self.all))]
        self.frame = pd.DataFrame(self.all, columns=names)
        self.frames = [self.frame.iloc[[i]] for i in range(len(self.all))]


class LightGBM:
    version = lightgbm.__version__

    def __init__(self, rows: Rows, labels: np.ndarray, folder: Path) -> None:
        self.wrapper = forest(rows.frame, labels)
        self.booster = self.wrapper.booster_
        self.file = folder / "lightgbm.txt"
        self.booster.save_model(self.file)
        self.trees = self.booster.num_trees()

    def ways(self, rows: Rows) -> Ways:
        return {
            "row": lambda: [self.booster.predict(row) for row in rows.one_by_one],
            "frame": lambda: [self.wrapper.predict_proba(frame) for frame in rows.frames],
            "batch": lambda: self.booster.predict(rows.all, num_threads=1),
            "close": OldWay(self.booster, len(rows.all)).close,
        }

    def answers(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        return self.booster.predict(rows.all, raw_score=True), self.booster.predict(rows.all)


class XGBoost:
    version = xgboost.__version__

    def __init__(self, rows: Rows, labels: np.ndarray, folder: Path) -> None:
        settings = {"objective": "multi:softprob", "num_class": CLASSES, "max_depth": 6, "eta": 0.05, "seed": SEED, "nthread": 1}
        data = xgboost.DMatrix(rows.all, labels, feature_names=list(rows.frame.columns))
        self.booster = xgboost.train(settings, data, ROUNDS)
        self.file = folder / "xgboost.ubj"
        self.booster.save_model(self.file)
        self.trees = len(self.booster.get_dump())

    def ways(self, rows: Rows) -> Ways:
        predict = self.predict
        return {"row": lambda: [predict(row) for row in rows.one_by_one], "batch": lambda: predict(rows.all)}

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """In place: without the matrix that `predict` asks for, and faster than it."""
        return self.booster.inplace_predict(rows, validate_features=False)

    def answers(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        data = xgboost.DMatrix(rows.all, feature_names=list(rows.frame.columns))
        return self.booster.predict(data, output_margin=True), self.booster.predict(data)


class ScikitLearn:
    version = sklearn.__version__

    def __init__(self, rows: Rows, labels: np.ndarray, folder: Path) -> None:
        settings = {"max_iter": ROUNDS, "max_leaf_nodes": 31, "learning_rate": 0.05, "random_state": SEED}
        self.model = HistGradientBoostingClassifier(**settings, early_stopping=False).fit(rows.all, labels)
        self.file = folder / "sklearn.joblib"
        joblib.dump(self.model, self.file)
        np.save(folder / "sklearn-rows.npy", rows.all[:512])
        (folder / "sklearn-names.json").write_text(json.dumps(list(rows.frame.columns)))
        self.trees = self.model.n_iter_ * CLASSES

    def ways(self, rows: Rows) -> Ways:
        predict = self.model.predict_proba
        return {"row": lambda: [predict(row) for row in rows.one_by_one], "batch": lambda: predict(rows.all)}

    def answers(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        return self.model.decision_function(rows.all), self.model.predict_proba(rows.all)


class Bench:
    def train(self, rows: str, names: list[str], folder: str) -> dict:
        """@returns of each library its model's file, number of trees, and version"""
        self.names = names
        ready = Rows(rows, names)
        labels = labels_of(ready.all)
        kinds = {"lightgbm": LightGBM, "xgboost": XGBoost, "scikit-learn": ScikitLearn}
        self.libraries = {name: kind(ready, labels, Path(folder)) for name, kind in kinds.items()}
        return {
            name: {"file": str(library.file), "trees": library.trees, "version": library.version}
            for name, library in self.libraries.items()
        }

    def look(self, rows: str) -> dict:
        """The rows to predict from now on."""
        self.rows = Rows(rows, self.names)
        return {}

    def time(self, library: str, way: str) -> dict:
        return timed(self.libraries[library].ways(self.rows)[way])

    def answers(self, library: str, file: str) -> dict:
        """Writes margins, then predictions, as float64 [rows, 3] each."""
        both = self.libraries[library].answers(self.rows)
        np.concatenate([np.asarray(one, dtype=np.float64).ravel() for one in both]).tofile(file)
        return {}


warnings.filterwarnings("ignore", message="X does not have valid feature names")
bench = Bench()
answer({"train": bench.train, "look": bench.look, "time": bench.time, "answers": bench.answers})
