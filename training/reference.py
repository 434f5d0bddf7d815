"""What a model's training rows looked like: the `reference` of its manifest, which live rows are compared with.

Spreads are taken over the whole and over each timeframe: a minute's returns lie in one bin of an hour's, so that live rows of
one timeframe would differ from all of training for ever. Mirrored rows count: the model has seen them.
"""

from __future__ import annotations

import numpy as np

import data

BINS = 10
DIGITS = 5  # of an edge
SHARE_DIGITS = 5  # after the point
UNLIKE_ANY = 1e-4  # share of the training rows above distance.limit


def spread(values: np.ndarray) -> dict:
    """Deciles; fewer where one number is common. Shares are counted after the edges are rounded."""
    values = np.sort(values.astype(np.float64))
    edges = np.unique([float(f"{edge:.{DIGITS}g}") for edge in np.quantile(values, np.arange(1, BINS) / BINS)])
    until = np.concatenate([[0], np.searchsorted(values, edges, side="right"), [len(values)]])
    shares = np.round(np.diff(until) / len(values), SHARE_DIGITS)
    shares[np.argmax(shares)] += 1 - shares.sum()
    return {"edges": [float(edge) for edge in edges], "shares": [round(float(share), SHARE_DIGITS) for share in shares]}


def distance(flat: np.ndarray, features: list[dict]) -> np.ndarray:
    """[n] mean of ((x - mean) / std)^2 over the features that vary."""
    mean, std = (np.array([feature[key] for feature in features]) for key in ("mean", "std"))
    vary = std > 0
    return np.mean(((flat[:, vary] - mean[vary]) / std[vary]) ** 2, axis=1)


def reference_of(flat: np.ndarray, outputs: np.ndarray, timeframe: np.ndarray, features: list[dict]) -> dict:
    """
    @param flat [n, features] the newest row of each, as the model reads it
    @param outputs [n, columns] its answers
    @param timeframe [n]
    @param features of the manifest, with mean and std
    """
    def spreads(mask: np.ndarray) -> dict:
        return {"features": [spread(column) for column in flat[mask].T], "outputs": [spread(column) for column in outputs[mask].T]}

    limit = float(np.quantile(distance(flat.astype(np.float64), features), 1 - UNLIKE_ANY))
    return {
        "rows": len(flat),
        **spreads(np.ones(len(flat), dtype=bool)),
        "timeframes": {t: spreads(timeframe == t) for t in data.MINUTES if np.any(timeframe == t)},
        "distance": {"limit": float(f"{limit:.4g}")},
    }
