"""Trains, exports and describes the three models. Run by train.sh, which exports the features first."""

from __future__ import annotations

import argparse
import json
import time
from itertools import product
from pathlib import Path

import numpy as np

import card
import data
import evaluate
import publish
from models import Gbt, LogReg, Tcn, log_loss, predict_rows

TCN_FEATURES = [
    "return_z_20", "ema_9_distance", "ema_50_distance", "macd_histogram", "rsi_14", "bollinger_position_20", "atr_ratio_50",
    "true_range_atr", "volatility_ratio_10_50", "volume_z_20", "body_atr", "close_location", "obv_slope_20", "range_position_100",
]
# Four months of training hold seventeen weeks: too few to learn a season from, enough to learn seventeen accidents.
LEFT_OUT = {"hour_sin", "hour_cos", "weekday_sin", "weekday_cos"}
MIN_WEIGHT = 0.1
# The service's defaults (src/platform/config/schema.ts), chosen by how many predictions pass, not by which of them win.
MIN_CONFIDENCE, MIN_EDGE = 0.48, 0.05


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", type=Path, required=True, help="folder that `features export` wrote")
    parser.add_argument("--root", type=Path, required=True, help="the project's root; models/ is written there")
    options = parser.parse_args()
    began = time.time()

    names = json.loads((options.features / "index.json").read_text())["names"]
    series = data.load(options.features, Tcn.window)
    split = data.boundaries(series)
    parts = {part: data.rows_of(series, part, split) for part in data.PARTS}
    for part, rows in parts.items():
        counts = {str(t): int(np.sum(rows.timeframe == t)) for t in np.unique(rows.timeframe)}
        print(f"{part}: {len(rows)} rows {counts}, classes {np.bincount(rows.label, minlength=3) / len(rows)}", flush=True)

    columns = lambda chosen: (np.array([names.index(name) for name in chosen]), chosen)
    most = [name for name in names if name not in LEFT_OUT]
    models = [LogReg(*columns(most)), Gbt(*columns(most)), Tcn(*columns(TCN_FEATURES))]
    answers: dict[str, dict[str, np.ndarray]] = {}
    for model in models:
        start = time.time()
        model.fit(parts["train"], parts["validation"])
        answers[model.name] = {part: predict_rows(model, parts[part]) for part in data.PARTS if part != "train"}
        print(f"{model.name}: {time.time() - start:.0f} s", flush=True)

    prior = evaluate.priors(parts["train"].real())
    weights = best_weights(answers, parts["validation"])
    ensemble = describe_ensemble(answers, weights, parts, prior)
    ensemble["barrier_percent"] = barrier_percent(parts["test"], names.index("atr_pct_14"))
    bounds = {t: (publish.iso(b.train_end), publish.iso(b.validation_end)) for t, b in split.items()}
    for model in models:
        metrics = {part: evaluate.figures(answers[model.name][part], parts[part], prior) for part in card.PARTS}
        metrics["distribution"] = evaluate.distribution(answers[model.name]["test"], parts["test"])
        facts = publish.write(options.root, model, parts["train"], parts["test"], parts["validation"], weights[model.name], metrics,
                              lambda m, manifest, facts, metrics=metrics: card.model_card(m, manifest, facts, metrics, ensemble, bounds))
        print(model.name, json.dumps({"facts": facts, "metrics": {p: metrics[p] for p in card.PARTS}}), flush=True)
    print("ensemble", json.dumps(ensemble, indent=1), flush=True)
    print(f"done in {time.time() - began:.0f} s", flush=True)


def barrier_percent(rows: data.Rows, atr_share: int) -> dict[str, float]:
    """{timeframe: median distance of a barrier from the entry, in percent of the price}."""
    distance = 100 * data.BARRIER_ATR * rows.flat(np.array([atr_share]))[:, 0]
    return {t: round(float(np.median(distance[rows.timeframe == t])), 3) for t in data.MINUTES}


def best_weights(answers: dict, validation: data.Rows) -> dict[str, float]:
    """The simplex in steps of 0.05, searched whole."""
    names = list(answers)
    best = None
    for first, second in product(range(2, 19), repeat=2):
        third = 20 - first - second
        if third < 20 * MIN_WEIGHT:
            continue
        weights = dict(zip(names, (first / 20, second / 20, third / 20)))
        loss = log_loss(mean(answers, weights, "validation"), validation.label, validation.weight)
        if best is None or loss < best[0]:
            best = (loss, weights)
    return best[1]


def mean(answers: dict, weights: dict[str, float], part: str) -> np.ndarray:
    return sum(weight * answers[name][part] for name, weight in weights.items()) / sum(weights.values())


def describe_ensemble(answers: dict, weights: dict[str, float], parts: dict, prior: dict) -> dict:
    """The weighted vote, and what the service's thresholds let through."""
    combined = {part: mean(answers, weights, part) for part in card.PARTS}
    grid = {f"{c:.2f}/{e:.2f}": {t: p["share_percent"] for t, p in evaluate.passing(combined["test"], parts["test"], c, e).items()}
            for c in (0.42, 0.45, 0.48, 0.5) for e in (0.04, 0.05, 0.06, 0.08, 0.1)}
    return {
        "weights": weights,
        "min_confidence": MIN_CONFIDENCE,
        "min_edge": MIN_EDGE,
        "passing": {part: evaluate.passing(combined[part], parts[part], MIN_CONFIDENCE, MIN_EDGE) for part in card.PARTS},
        "figures": {part: evaluate.figures(combined[part], parts[part], prior) for part in card.PARTS},
        "distribution": evaluate.distribution(combined["test"], parts["test"]),
        "grid": grid,
    }


if __name__ == "__main__":
    main()
