"""Out-of-sample figures, each against the no-skill baseline: the class shares of the timeframe's real training rows."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from data import FLAT, LONG, SHORT, Rows

DAY = 86_400_000


def priors(train: Rows) -> dict[str, np.ndarray]:
    return {t: np.bincount(train.label[train.timeframe == t], minlength=3) / np.sum(train.timeframe == t)
            for t in np.unique(train.timeframe)}


def figures(probabilities: np.ndarray, rows: Rows, prior: dict[str, np.ndarray]) -> dict[str, dict]:
    """{timeframe: figures}, for the timeframes that have rows."""
    return {str(t): one(probabilities[rows.timeframe == t], rows.label[rows.timeframe == t], rows.time[rows.timeframe == t], prior[t])
            for t in ("1m", "5m", "15m", "1h") if np.any(rows.timeframe == t)}


def one(p: np.ndarray, label: np.ndarray, time: np.ndarray, prior: np.ndarray) -> dict:
    at = np.arange(len(label))
    loss, base_loss = -np.log(p[at, label]), -np.log(prior[label])
    moved = label != FLAT
    towards = p[at, label][moved] / (p[moved, SHORT] + p[moved, LONG])
    base_towards = prior[label][moved] / (prior[SHORT] + prior[LONG])
    direction, base_direction = -np.log(towards), -np.log(base_towards)
    return {
        "rows": int(len(label)),
        "days": int(len(np.unique(time // DAY))),
        "log_loss": round(float(loss.mean()), 5),
        "baseline_log_loss": round(float(base_loss.mean()), 5),
        "gain_percent": round(100 * float(1 - loss.mean() / base_loss.mean()), 3),
        "gain_t_by_day": t_by_day(base_loss - loss, time),
        "direction_gain_percent": round(100 * float(1 - direction.mean() / base_direction.mean()), 3),
        "direction_t_by_day": t_by_day(base_direction - direction, time[moved]),
        "accuracy": round(float(np.mean(p.argmax(1) == label)), 4),
        "baseline_accuracy": round(float(np.mean(prior.argmax() == label)), 4),
        "balanced_accuracy": round(float(balanced_accuracy_score(label, p.argmax(1))), 4),
        "auc": {name: round(float(roc_auc_score(label == k, p[:, k])), 4) if np.any(label == k) else None
                for k, name in ((SHORT, "short"), (FLAT, "flat"), (LONG, "long"))},
    }


def t_by_day(gain: np.ndarray, time: np.ndarray) -> float | None:
    """Mean of the daily means over its standard error."""
    day = time // DAY
    daily = np.array([gain[day == d].mean() for d in np.unique(day)])
    return round(float(daily.mean() / (daily.std(ddof=1) / np.sqrt(len(daily)))), 2) if len(daily) > 2 else None


QUANTILES = (0.5, 0.9, 0.95, 0.98, 0.99, 0.999)


def distribution(p: np.ndarray, rows: Rows) -> dict[str, dict]:
    """Quantiles of the stronger direction's probability and of its distance to the opposite one."""
    result = {}
    for t in ("1m", "5m", "15m", "1h"):
        mask = rows.timeframe == t
        if not np.any(mask):
            continue
        confidence = np.maximum(p[mask, SHORT], p[mask, LONG])
        edge = np.abs(p[mask, LONG] - p[mask, SHORT])
        result[t] = {
            "confidence": {str(q): round(float(np.quantile(confidence, q)), 4) for q in QUANTILES},
            "edge": {str(q): round(float(np.quantile(edge, q)), 4) for q in QUANTILES},
        }
    return result


def passing(p: np.ndarray, rows: Rows, min_confidence: float, min_edge: float) -> dict[str, dict]:
    """What a threshold lets through: the share of rows, and how often the direction was right, wrong or flat."""
    long = p[:, LONG] >= p[:, SHORT]
    confidence = np.maximum(p[:, LONG], p[:, SHORT])
    passed = (confidence >= min_confidence) & (np.abs(p[:, LONG] - p[:, SHORT]) >= min_edge)
    result = {}
    for t in ("1m", "5m", "15m", "1h"):
        mask = rows.timeframe == t
        chosen = mask & passed
        if not np.any(mask):
            continue
        n = int(chosen.sum())
        right = np.where(long[chosen], rows.label[chosen] == LONG, rows.label[chosen] == SHORT)
        wrong = np.where(long[chosen], rows.label[chosen] == SHORT, rows.label[chosen] == LONG)
        result[t] = {
            "share_percent": round(100 * n / int(mask.sum()), 2),
            "signals": n,
            "long_percent": round(100 * float(long[chosen].mean()), 1) if n else None,
            "right_percent": round(100 * float(right.mean()), 1) if n else None,
            "wrong_percent": round(100 * float(wrong.mean()), 1) if n else None,
        }
    return result
