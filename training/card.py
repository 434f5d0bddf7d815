"""MODEL_CARD.md: what the model is, what it was trained on, and what it is worth out of sample, without gilding."""

from __future__ import annotations

import data

PARTS = {
    "test": "Later time, symbols seen in training",
    "test_held_out": "Later time, symbols never seen in training",
    "test_other_year": "Another year (and partly another market), nothing of it in training",
}


def table(head: list[str], rows: list[list]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in rows])


def figures_table(figures: dict) -> str:
    head = ["timeframe", "rows", "days", "log loss", "no skill", "gain %", "t by day", "direction gain %", "t by day",
            "accuracy", "no skill", "balanced", "AUC short", "AUC flat", "AUC long"]
    return table(head, [[t, f["rows"], f["days"], f"{f['log_loss']:.4f}", f"{f['baseline_log_loss']:.4f}", f"{f['gain_percent']:+.2f}",
                         f["gain_t_by_day"], f"{f['direction_gain_percent']:+.2f}", f["direction_t_by_day"], f"{f['accuracy']:.3f}",
                         f"{f['baseline_accuracy']:.3f}", f"{f['balanced_accuracy']:.3f}", f"{f['auc']['short']:.3f}",
                         f"{f['auc']['flat']:.3f}", f"{f['auc']['long']:.3f}"] for t, f in figures.items()])


def quantile_table(distribution: dict, what: str) -> str:
    quantiles = list(next(iter(distribution.values()))[what])
    return table(["timeframe", *quantiles], [[t, *(f"{d[what][q]:.3f}" for q in quantiles)] for t, d in distribution.items()])


def passing_table(passing: dict) -> str:
    head = ["timeframe", "signals", "% of rows", "% long", "% right", "% wrong"]
    return table(head, [[t, p["signals"], p["share_percent"], p["long_percent"], p["right_percent"], p["wrong_percent"]] for t, p in passing.items()])


def verdict(metrics: dict) -> str:
    """One plain sentence a timeframe. An edge is claimed only where every out-of-sample part shows it with t above 2."""
    lines = []
    for t in data.MINUTES:
        parts = [metrics[part][t] for part in PARTS if t in metrics[part]]
        text = ", ".join(f"{span([f[key] for f in parts])} % {what}" for key, what in (
            ("gain_percent", "over all three classes"), ("direction_gain_percent", "on the direction alone")))
        if all((f["direction_t_by_day"] or 0) > 2 for f in parts):
            lines.append(f"- **{t}: a small edge, in the direction too.** Gain over no skill: {text}.")
        elif all((f["gain_t_by_day"] or 0) > 2 for f in parts):
            lines.append(f"- **{t}: no edge in the direction.** It knows a little about *whether* a barrier will fall, not which one. Gain over no skill: {text}.")
        else:
            lines.append(f"- **{t}: no edge.** Nothing that can be told from chance in every out-of-sample part. Gain over no skill: {text}.")
    return "\n".join(lines)


def span(values: list[float]) -> str:
    return f"{min(values):+.2f} to {max(values):+.2f}"


def model_card(model, manifest: dict, facts: dict, metrics: dict, ensemble: dict, split: dict) -> str:
    top = sorted(manifest["features"], key=lambda f: -f["importance"])[:12]
    training, labels = manifest["training"], manifest["labels"]
    strides = ", ".join(f"{t} one in {n}" for t, n in data.STRIDE.items())
    parts = "\n\n".join(f"**{PARTS[part]}**\n\n{figures_table(metrics[part])}" for part in PARTS)
    barriers = ", ".join(f"{percent:g} % ({t})" for t, percent in ensemble["barrier_percent"].items())
    bounds = table(["timeframe", "source", "training ends", "validation ends, test begins", "other year"],
                   [[t, data.SOURCE[t], b[0], b[1], data.OTHER_YEAR[t]] for t, b in split.items()])
    return f"""# {model.name} {manifest['version']}

{model.describe()}

Answers, for one closed candle of one symbol, the probabilities of *short*, *flat* and *long*: which of the barriers
{labels['take_profit_atr']:g} × ATR(14) above and {labels['stop_loss_atr']:g} × ATR(14) below the next open is reached first within {labels['horizon_candles']} candles; *flat* if
neither, or both within one candle. Trained for {', '.join(manifest['timeframes'])}. Input: {len(manifest['features'])} features{f" over {manifest['window']} candles" if manifest['window'] > 1 else ''}, float32; they are
computed by this project's own feature code, for training as for service. A NaN or infinite input has no defined answer: the
service abstains before it reaches the model (`WARMING_UP`, `NOT_FINITE`).

## What to expect of it
{verdict(metrics)}

Fees are not in these figures. The median distance to a barrier is {barriers} of the price, before a round trip of 2 × 0.1 % and slippage
is paid: **these models are working parts of a pipeline, not a reason to trade money.** The default run trades on paper, on a
simulated market that none of them was trained on.

## Training
{training['rows']} rows, {training['mirrored_rows']} of them upside down (price turned into 1 / price before the features are computed: a model
that sees every move both ways cannot learn which way these months drifted); {training['from']} to {training['to']}, symbols: {', '.join(training['symbols'])}.
Held out entirely: {', '.join(training['held_out_symbols'])}. Data: {training['data']}
(sources and licences: `ohlcv/SOURCES.md` beside the data). Rows taken: {strides}. Every timeframe weighs the same.
Split by time, {data.TRAIN_SHARE:.0%} training, {data.VALIDATION_SHARE:.0%} validation, the rest test; a label must end before its part does (purge: {data.HORIZON + 1} candles) and each
later part starts {data.EMBARGO} candles after the boundary (embargo). Validation chose rounds, epoch and strength; the test parts chose nothing.

{bounds}

## Out of sample
Real candles only, none of them mirrored. *No skill* is the class shares of the timeframe's real training rows, quoted for every row. *Gain* is how much smaller the log loss
is. *t by day* is the mean over days of the log-likelihood gain divided by its standard error over days: neighbouring rows share
their outcome, and all symbols share their day, so rows are not independent; below 2 it is not told from chance. *Direction gain* is
the same for long against short alone, over the rows where a barrier fell. *Balanced* is balanced accuracy (no skill: 0.333). AUC is one class against the rest (no skill: 0.5). All from the native library's answers.

{parts}

**Quantiles of max(p long, p short)**, later time, seen symbols

{quantile_table(metrics['distribution'], 'confidence')}

**Quantiles of |p long − p short|**, same rows

{quantile_table(metrics['distribution'], 'edge')}

## In the ensemble
Vote weight {manifest['weight']:g}; weights ({', '.join(f'{k} {v:g}' for k, v in ensemble['weights'].items())}) minimise the validation log loss of the weighted mean, in steps of 0.05, none below 0.1.
The ensemble's signals at MIN_CONFIDENCE {ensemble['min_confidence']:g} and MIN_EDGE {ensemble['min_edge']:g}, later time, seen symbols (*right*: the barrier in
the signal's direction came first; *wrong*: the other one; the rest was flat; before fees):

{passing_table(ensemble['passing']['test'])}

## Features
Importance is the {model.how_importance}.

{table(['feature', 'importance'], [[f['name'], f"{f['importance']:.3f}"] for f in top])}

## The file
{facts['size']} bytes, sha256 `{manifest['sha256'][:16]}…`. `golden.json` holds {facts['golden']} rows answered by {manifest['framework']['name']} {manifest['framework']['version']}; ONNX Runtime differs from
them by at most {facts['worst']:.1e}, over {facts['rows_many']} test rows by at most {facts['worst_many']:.1e}. One thread, one call: {facts['speed']['1']} ms for 1 row, {facts['speed']['64']} ms for 64,
{facts['speed']['2000']} ms for 2,000 (indicative; measured when it was exported, on a shared two-core machine).

Made by `training/train.sh`.
"""
