"""Golden files of the LightGBM importer: models that LightGBM trains, rows that probe them, and what LightGBM answers.

    python3.11 -m venv golden-env && golden-env/bin/pip install lightgbm==4.7.0 numpy==2.4.6 pandas==3.1.1
    golden-env/bin/python training/golden/lightgbm.py test/golden/lightgbm

Writes <name>.json.gz a model: {"made", "model", "rows", "raw", "predictions"}. Numbers are shortest round-trip
decimals; what JSON cannot say is "NaN", "Infinity", "-Infinity". The answers are those of the file, loaded again:
`sigmoid` is saved with six digits. Seeds are fixed and one thread is used.
"""

import gzip
import json
import math
import pathlib
import sys

sys.path.pop(0)  # this folder holds a lightgbm.py of its own

import lightgbm as lgb
import numpy as np
import pandas as pd

SEED = 20260
ROWS, COLUMNS = 400, 5
TINY = float(np.float32(1e-35))
QUIET = dict(verbose=-1, num_threads=1, deterministic=True, seed=SEED)
SMALL = dict(num_leaves=7, min_data_in_leaf=5, learning_rate=0.2)
NUMBERS = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324]
NUMBERS += [s * x for s in (1, -1) for x in (TINY, np.nextafter(TINY, 1), np.nextafter(TINY, 0), 1e-35, 1e-30)]
CATEGORIES = [-1.0, -0.5, -0.999, -1.5, -7.0, 0.0, -0.0, 0.4, 0.999, 1.0, 1.5, 2.99]
CATEGORIES += [31.0, 32.0, 33.0, 63.5, 64.0, 95.0, 96.0, 500.0, 1e9]
CATEGORIES += [2.0**31 - 1, 2.0**31 - 0.5, 2.0**31, 2.0**32, 2.0**32 + 3, 2.0**53, 1e300, -1e300]
CATEGORIES += [math.nan, math.inf, -math.inf, TINY, -TINY]


def table(rng, missing=0.0, zeros=0.0):
    """Few digits, so that the files stay small."""
    x = rng.normal(size=(ROWS, COLUMNS)).round(3)
    x[rng.random(x.shape) < zeros] = 0.0
    x[rng.random(x.shape) < missing] = np.nan
    return x


def target(x, rng):
    clean = np.nan_to_num(x, nan=0.7)
    smooth = clean[:, 0] + np.sin(2 * clean[:, 1]) * clean[:, 2]
    return smooth + (np.isnan(x[:, 0]) + (x[:, 1] == 0)) * 1.3 + rng.normal(size=len(x)) / 4


def fit(params, x, y, rounds=6, **data):
    return lgb.train({**QUIET, **SMALL, **params}, lgb.Dataset(x, y, free_raw_data=False, **data), rounds)


def objectives(rng):
    x = table(rng, missing=0.05)
    y = target(x, rng)
    positive = np.exp(y / 2)
    share = 1 / (1 + np.exp(-y))
    classes = np.digitize(y, np.quantile(y, [0.3, 0.7]))
    grades = dict(group=[20] * (ROWS // 20))
    yield "regression", fit(dict(objective="regression"), x, y), x
    yield "regression-l1", fit(dict(objective="regression_l1"), x, y), x
    yield "huber", fit(dict(objective="huber", alpha=0.7), x, y), x
    yield "fair", fit(dict(objective="fair", fair_c=1.5), x, y), x
    yield "poisson", fit(dict(objective="poisson"), x, positive), x
    yield "quantile", fit(dict(objective="quantile", alpha=0.8), x, y), x
    yield "mape", fit(dict(objective="mape"), x, positive), x
    yield "gamma", fit(dict(objective="gamma"), x, positive), x
    yield "tweedie", fit(dict(objective="tweedie", tweedie_variance_power=1.3), x, positive), x
    yield "regression-sqrt", fit(dict(objective="regression", reg_sqrt=True), x, y), x
    yield "quantile-sqrt", fit(dict(objective="quantile", alpha=0.3, reg_sqrt=True), x, y), x
    yield "binary", fit(dict(objective="binary", is_unbalance=True), x, y > 0), x
    yield "binary-sigmoid", fit(dict(objective="binary", sigmoid=1.7), x, y > 0), x
    yield "multiclass", fit(dict(objective="multiclass", num_class=3), x, classes, 4), x
    yield "multiclassova", fit(dict(objective="multiclassova", num_class=3, sigmoid=0.3123456789), x, classes, 4), x
    yield "cross-entropy", fit(dict(objective="cross_entropy"), x, share), x
    yield "cross-entropy-lambda", fit(dict(objective="cross_entropy_lambda"), x, share), x
    yield "lambdarank", fit(dict(objective="lambdarank"), x, classes, **grades), x
    yield "rank-xendcg", fit(dict(objective="rank_xendcg"), x, classes, **grades), x
    yield "custom", fit(dict(objective=lambda p, d: (p - d.get_label(), np.ones_like(p))), x, y), x
    steps = lambda p, d: (p - np.eye(3)[classes], np.ones_like(p))
    yield "custom-multiclass", fit(dict(objective=steps, num_class=3), x, classes, 3), x


def boosters(rng):
    x = table(rng, missing=0.05)
    y = target(x, rng)
    classes = np.digitize(y, np.quantile(y, [0.3, 0.7]))
    bagged = dict(boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    yield "dart", fit(dict(objective="regression", boosting="dart", drop_rate=0.5), x, y, 12), x
    yield "goss", fit(dict(objective="regression", data_sample_strategy="goss"), x, y), x
    yield "forest", fit(dict(objective="regression", **bagged), x, y, 7), x
    yield "forest-binary", fit(dict(objective="binary", **bagged), x, y > 0, 7), x
    yield "forest-multiclass", fit(dict(objective="multiclass", num_class=3, **bagged), x, classes, 5), x
    monotone = dict(extra_trees=True, monotone_constraints=[1, 0, 0, 0, -1])
    yield "extra-monotone", fit(dict(objective="regression", **monotone), x, y), x
    held_out = lgb.Dataset(x[300:], y[300:])
    stopped = lgb.train(
        {**QUIET, **SMALL, "objective": "regression", "learning_rate": 0.5, "num_leaves": 15},
        lgb.Dataset(x[:300], y[:300]),
        200,
        valid_sets=[held_out],
        callbacks=[lgb.early_stopping(3, verbose=False)],
        keep_training_booster=True,
    )
    assert 0 < stopped.best_iteration < stopped.current_iteration()
    yield "early-stopping", stopped, x
    deep = dict(objective="regression", num_leaves=120, max_depth=-1, max_bin=1000)
    deep.update(min_data_in_leaf=1, min_sum_hessian_in_leaf=0)
    yield "deep", fit(deep, x, y, 2), x
    ladder = np.arange(ROWS, dtype=float)[:, None]
    yield "ladder", fit({**deep, "learning_rate": 1.0}, ladder, 1.1 ** np.arange(ROWS), 1), ladder
    yield "one-leaf", fit(dict(objective="regression"), np.zeros((ROWS, 2)), y), np.zeros((ROWS, 2))
    # Where one class still splits, the tree of another that does not has a single leaf.
    yield "one-leaf-among-trees", fit(dict(objective="multiclass", num_class=3, min_gain_to_split=12), x, classes, 4), x


def missing_types(rng):
    full, holes, sparse = table(rng), table(rng, missing=0.15), table(rng, missing=0.1, zeros=0.2)
    regression = dict(objective="regression")
    yield "missing-none", fit(regression, full, target(full, rng)), full
    yield "missing-unused", fit({**regression, "use_missing": False}, holes, target(holes, rng)), holes
    yield "missing-nan", fit({**regression, "num_leaves": 15}, sparse, target(sparse, rng)), sparse
    zero = {**regression, "zero_as_missing": True, "num_leaves": 15}
    yield "missing-zero", fit(zero, sparse, target(sparse, rng)), sparse
    yield "missing-none-then-nan", continued(regression, full, regression, holes, rng), holes
    yield "missing-none-then-zero", continued({**regression, "use_missing": False}, sparse, zero, sparse, rng), sparse
    yield "missing-zero-then-nan", continued(zero, sparse, regression, sparse, rng), sparse
    tiny = full * 1e-35
    tiny[::3] = full[::3]
    tiny[1::7] = rng.choice([TINY, -TINY, 3e-35, -3e-35, 0.0], size=tiny[1::7].shape)
    y = tiny[:, 0] * 1e35 * (np.abs(tiny[:, 0]) < 1e-30) + np.sign(tiny[:, 1]) + tiny[:, 2]
    tight = {**regression, "min_data_in_bin": 1, "num_leaves": 20, "min_data_in_leaf": 1}
    yield "tiny-thresholds", fit(tight, tiny, y), tiny
    yield "tiny-thresholds-zero-missing", fit({**tight, "zero_as_missing": True}, tiny, y), tiny
    wide = full * 10.0 ** rng.integers(-300, 300, size=full.shape)
    wide[5, 0], wide[6, 0] = np.inf, -np.inf
    y = np.sign(full[:, 0]) * np.log(np.abs(wide[:, 1]) + 1e-300)
    yield "wide-thresholds", fit({**tight, "max_bin": 500}, wide, y), wide


def continued(first, x1, then, x2, rng):
    start = fit(first, x1, target(x1, rng), 4)
    return lgb.train({**QUIET, **SMALL, **then}, lgb.Dataset(x2, target(x2, rng)), 4, init_model=start)


def categories(rng):
    x = table(rng, missing=0.05)
    x[:, 1] = rng.integers(0, 5, size=ROWS)
    x[:, 2] = rng.integers(0, 120, size=ROWS)
    x[rng.random(ROWS) < 0.1, 2] = np.nan
    y = x[:, 0].round(1) + (x[:, 1] % 2) + np.sin(x[:, 2]) * 2
    y[np.isnan(y)] = 3.0
    params = dict(objective="regression", cat_smooth=1, min_data_per_group=2, cat_l2=1, max_cat_to_onehot=4)
    yield "categorical", fit(params, x, y, 8, categorical_feature=[1, 2]), x
    yield "categorical-zero-missing", fit({**params, "zero_as_missing": True}, x, y, categorical_feature=[1, 2]), x
    yield "categorical-onehot", fit({**params, "max_cat_to_onehot": 200}, x, y, categorical_feature=[1, 2]), x
    frame = pd.DataFrame(x[:, [0, 3]], columns=["momentum", "rsi"])
    frame["venue"] = pd.Categorical(rng.choice(["binance", "kraken", "bybit"], size=ROWS))
    frame["hour"] = pd.Categorical(rng.integers(0, 24, size=ROWS), categories=range(24))
    y = frame["momentum"].fillna(2) + frame["venue"].cat.codes + frame["hour"].cat.codes / 8
    coded = frame.assign(venue=frame["venue"].cat.codes, hour=frame["hour"].cat.codes).to_numpy(dtype=float)
    yield "pandas-categories", fit(params, frame, y), coded
    names = dict(feature_name=["a=1", "b==", "=c", "d=e=f", "größe"])
    yield "names-with-equals", fit(dict(objective="regression"), x, np.nan_to_num(x[:, 3]), **names), x


def trees_of(text):
    """Each tree's fields as lists of strings."""
    for block in text.split("\nTree=")[1:]:
        lines = block.split("\n\n")[0].split("\n")[1:]
        yield {field: values.split() for field, values in (line.split("=", 1) for line in lines)}


def reaching(tree, node, x, rng):
    """A row of x that comes by a node, by the rule for numbers alone; any row where none does."""
    parents = {int(c): (i, side) for side in ("left_child", "right_child") for i, c in enumerate(tree[side])}
    path = np.ones(len(x), dtype=bool)
    while node in parents:
        node, side = parents[node]
        if int(tree["decision_type"][node]) & 1 == 0:
            path &= (x[:, int(tree["split_feature"][node])] <= float(tree["threshold"][node])) == (side == "left_child")
    rows = x[path] if path.any() else x
    return rows[rng.integers(len(rows))].copy()


def probes(text, x, rng):
    """Rows of the data, holes in them, each split at its threshold and one ulp beside, awkward values in each column."""
    rows = list(x[rng.integers(len(x), size=30)])
    for row in x[rng.integers(len(x), size=15)]:
        rows.append(np.where(rng.random(len(row)) < 0.4, np.nan, row))
    trees = [tree for tree in trees_of(text) if tree["num_leaves"] != ["1"]]
    splits = [(tree, node) for tree in trees for node in range(len(tree["threshold"]))]
    for i in rng.permutation(len(splits))[:45]:
        tree, node = splits[i]
        column = int(tree["split_feature"][node])
        if int(tree["decision_type"][node]) & 1:
            values = rng.choice(CATEGORIES, size=4)
        else:
            threshold = float(tree["threshold"][node])
            values = [threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf), rng.choice(NUMBERS)]
        for value in values:
            row = reaching(tree, node, x, rng)
            row[column] = value
            rows.append(row)
    for column in range(x.shape[1]):
        for value in NUMBERS + (CATEGORIES if "cat_boundaries" in text else []):
            row = x[rng.integers(len(x))].copy()
            row[column] = value
            rows.append(row)
    return np.array(rows)


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value]
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def write(folder, name, booster, x):
    text = booster.model_to_string()
    if booster.pandas_categorical is not None:
        saved = folder / f"{name}.txt"
        booster.save_model(saved)
        text = saved.read_text(encoding="utf-8")
        saved.unlink()
    loaded = lgb.Booster(model_str=text)
    rows = probes(text, x, np.random.default_rng(SEED))
    raw = loaded.predict(rows, raw_score=True, num_threads=1).reshape(len(rows), -1)
    predictions = loaded.predict(rows, num_threads=1).reshape(len(rows), -1)
    made = dict(lightgbm=lgb.__version__, numpy=np.__version__, pandas=pd.__version__)
    golden = dict(made=made, model=text, rows=plain(rows), raw=plain(raw), predictions=plain(predictions))
    packed = gzip.compress(json.dumps(golden, ensure_ascii=False).encode(), compresslevel=9, mtime=0)
    (folder / f"{name}.json.gz").write_bytes(packed)
    print(f"{name:30} {len(rows):5} rows {len(packed):7} bytes")
    return len(packed)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for family in (objectives, boosters, missing_types, categories):
        for name, booster, x in family(np.random.default_rng(SEED)):
            total += write(folder, name, booster, x)
    print(total, "bytes")


main()
