"""Small scikit-learn models, trained in seconds on seeded numbers, one for each rule of the export."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

FEATURES = [f"f{i}" for i in range(8)]
ROWS = 400
Made = Callable[[], BaseEstimator]


def rows(seed: int = 7) -> np.ndarray:
    """[400, 8] float64: columns of unlike sizes, some values repeated, as prices and counts are."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(ROWS, len(FEATURES))) * [1, 10, 0.01, 1000, 1, 1, 3, 1] + [0, 5, 0, -200, 1, 0, 0, 9]
    values[:, 4] = np.round(values[:, 4], 1)
    return values


def signal(x: np.ndarray) -> np.ndarray:
    """[rows] what the targets are made of."""
    noise = np.random.default_rng(len(x)).normal(size=len(x))
    return x[:, 0] + 0.1 * x[:, 1] * (x[:, 4] > 1) - 0.001 * np.nan_to_num(x[:, 3]) + 0.5 * noise


def three(x: np.ndarray) -> np.ndarray:
    return np.digitize(signal(x), np.quantile(signal(x), [0.35, 0.65])) - 1


def two(x: np.ndarray) -> np.ndarray:
    return (signal(x) > np.median(signal(x))).astype(int)


def counts(x: np.ndarray) -> np.ndarray:
    return np.exp(0.3 * np.clip(signal(x), -3, 3))


def fitted(model: BaseEstimator, target: Callable[[np.ndarray], np.ndarray], holes: bool = False) -> BaseEstimator:
    x = rows()
    y = target(x)
    if holes:
        x[np.random.default_rng(3).random(x.shape) < 0.1] = np.nan
    return model.fit(x, y)


HIST = {"max_iter": 12, "max_leaf_nodes": 12, "random_state": 1}
GRADIENT = {"n_estimators": 12, "max_depth": 3, "random_state": 1}
FOREST = {"n_estimators": 10, "max_depth": 6, "random_state": 1}
MLP = {"hidden_layer_sizes": (12, 6), "max_iter": 60, "random_state": 1, "tol": 1e-2}


def steep() -> LogisticRegression:
    return LogisticRegression(C=3.0)


#: name -> a trained model
MODELS: dict[str, Made] = {
    "forest-3": lambda: fitted(RandomForestClassifier(**FOREST), three),
    "forest-2-missing": lambda: fitted(RandomForestClassifier(**FOREST), two, holes=True),
    "forest-two-jobs": lambda: fitted(RandomForestClassifier(**FOREST, n_jobs=2), three),
    "forest-deep": lambda: fitted(RandomForestClassifier(n_estimators=6, random_state=2), three),
    "forest-regressor": lambda: fitted(RandomForestRegressor(**FOREST), signal),
    "extra-trees-3": lambda: fitted(ExtraTreesClassifier(**FOREST), three),
    "extra-trees-regressor": lambda: fitted(ExtraTreesRegressor(**FOREST), signal),
    "tree-best-first": lambda: fitted(DecisionTreeClassifier(max_leaf_nodes=12, random_state=1), three),
    "tree-regressor": lambda: fitted(DecisionTreeRegressor(max_depth=5, random_state=1), signal),
    "scaled-forest": lambda: fitted(make_pipeline(StandardScaler(), RandomForestClassifier(**FOREST)), three),
    "gradient-3": lambda: fitted(GradientBoostingClassifier(**GRADIENT), three),
    "gradient-2": lambda: fitted(GradientBoostingClassifier(**GRADIENT), two),
    "gradient-exponential": lambda: fitted(GradientBoostingClassifier(**GRADIENT, loss="exponential"), two),
    "gradient-from-zero": lambda: fitted(GradientBoostingClassifier(**GRADIENT, init="zero"), three),
    "gradient-regressor": lambda: fitted(GradientBoostingRegressor(**GRADIENT, loss="huber"), signal),
    "hist-3": lambda: fitted(HistGradientBoostingClassifier(**HIST), three),
    "hist-3-missing": lambda: fitted(HistGradientBoostingClassifier(**HIST), three, holes=True),
    "hist-2": lambda: fitted(HistGradientBoostingClassifier(**HIST), two),
    "hist-regressor": lambda: fitted(HistGradientBoostingRegressor(**HIST), signal, holes=True),
    "hist-poisson": lambda: fitted(HistGradientBoostingRegressor(**HIST, loss="poisson"), counts),
    "scaled-hist": lambda: fitted(make_pipeline(RobustScaler(), HistGradientBoostingClassifier(**HIST)), three),
    "logistic-3": lambda: fitted(make_pipeline(StandardScaler(), steep()), three),
    "logistic-2": lambda: fitted(make_pipeline(RobustScaler(), steep()), two),
    "logistic-imputed": lambda: fitted(make_pipeline(SimpleImputer(), MinMaxScaler(clip=True), steep()), three, holes=True),
    "logistic-pca": lambda: fitted(make_pipeline(StandardScaler(), PCA(4, whiten=True), steep()), three),
    "logistic-searched": lambda: fitted(GridSearchCV(make_pipeline(StandardScaler(), steep()), {}, cv=2), three),
    "linear": lambda: fitted(make_pipeline(MinMaxScaler(), LinearRegression()), signal),
    "ridge": lambda: fitted(make_pipeline(MaxAbsScaler(), "passthrough", Ridge()), signal),
    "ridge-two-targets": lambda: fitted(Ridge(), lambda x: np.stack([signal(x), -x[:, 1]], axis=1)),
    "poisson": lambda: fitted(make_pipeline(StandardScaler(), PoissonRegressor()), counts),
    "calibrated-sigmoid-3": lambda: fitted(CalibratedClassifierCV(RandomForestClassifier(**FOREST), cv=2), three),
    "calibrated-isotonic-3": lambda: fitted(
        CalibratedClassifierCV(make_pipeline(StandardScaler(), steep()), method="isotonic", cv=2), three
    ),
    "calibrated-isotonic-2": lambda: fitted(
        CalibratedClassifierCV(HistGradientBoostingClassifier(**HIST), method="isotonic", cv=2), two
    ),
    "calibrated-forest-2": lambda: fitted(CalibratedClassifierCV(RandomForestClassifier(**FOREST), cv=2), two),
    "calibrated-temperature-3": lambda: fitted(
        CalibratedClassifierCV(make_pipeline(StandardScaler(), steep()), method="temperature", cv=2), three
    ),
    "calibrated-temperature-forest": lambda: fitted(
        CalibratedClassifierCV(ExtraTreesClassifier(n_estimators=5, random_state=1), method="temperature", cv=2), two
    ),
    "calibrated-svm": lambda: fitted(make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(), cv=2)), three),
    "calibrated-ridge-2": lambda: fitted(CalibratedClassifierCV(RidgeClassifier(), cv=2), two),
    "calibrated-frozen": lambda: fitted(
        CalibratedClassifierCV(FrozenEstimator(fitted(make_pipeline(StandardScaler(), steep()), three))), three
    ),
    "mlp-3": lambda: fitted(make_pipeline(StandardScaler(), MLPClassifier(**MLP)), three),
    "mlp-2-tanh": lambda: fitted(make_pipeline(StandardScaler(), MLPClassifier(**MLP, activation="tanh")), two),
    "mlp-regressor": lambda: fitted(make_pipeline(StandardScaler(), MLPRegressor(**MLP, activation="logistic")), signal),
}

#: Models whose answers are equal to the last bit: sums of leaves, no exp.
EXACT = {name for name in MODELS if name.startswith(("forest", "extra-trees", "tree-", "scaled-forest"))} | {
    "gradient-regressor",
    "hist-regressor",
}
