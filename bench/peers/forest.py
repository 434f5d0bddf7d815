"""
The forest of the tree benchmarks: LightGBM, a classifier of three classes with 167 rounds, which is 501 trees of 31 leaves; and
what it learns.
"""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd

CLASSES = 3
ROUNDS = 167
SEED = 2026

SETTINGS = {"n_estimators": ROUNDS, "num_leaves": 31, "learning_rate": 0.05, "n_jobs": 1, "verbose": -1}
REPEATABLE = {"random_state": SEED, "deterministic": True, "force_row_wise": True}


def forest(rows: pd.DataFrame, labels: np.ndarray) -> lightgbm.LGBMClassifier:
    return lightgbm.LGBMClassifier(**SETTINGS, **REPEATABLE).fit(rows, labels)


def labels_of(rows: np.ndarray) -> np.ndarray:
    """Three classes of equal size, of a sum of some columns, a product and noise: something to learn, and never all of it."""
    chance = np.random.default_rng(SEED)
    scaled = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-12)
    signal = scaled[:, ::8].sum(axis=1) + scaled[:, 3] * scaled[:, 29] + 2 * chance.standard_normal(len(rows))
    return np.digitize(signal, np.quantile(signal, [1 / 3, 2 / 3]))


def grow(rows: str, names: list[str], file: str) -> dict:
    """
    Trains our own side's forest and writes it as LightGBM does.
    @param rows a file of float64 [rows, names]
    """
    table = np.fromfile(rows, dtype=np.float64).reshape(-1, len(names))
    trained = forest(pd.DataFrame(table, columns=names), labels_of(table))
    trained.booster_.save_model(file)
    return {"trees": trained.booster_.num_trees(), "lightgbm": lightgbm.__version__}
