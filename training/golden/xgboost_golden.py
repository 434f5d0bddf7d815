"""Golden files of native XGBoost: small models, rows that probe every split, and what the library answers.

    python training/golden/xgboost_golden.py test/golden/xgboost

Under XGBoost 3.2.0 it writes every case. Under an older release (1.0 and later) it writes only the `layout` cases, named with
the release, for the file layouts differ, and leaves them without answers; 3.2.0, run last, answers those too: it is the
reference for all files, but for vector leaves of older releases, which crash it; those releases answer for themselves. A case is `<name>.json.gz` and, where the release knows it, `<name>.ubj.gz`: the model;
`<name>.rows.json.gz`: the rows and the answers, arrays of little-endian float32 in base64. Each release is installed into an
environment of its own: `pip install xgboost==3.2.0 pandas`.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import xgboost as xgb

getcontext().prec = 400
RELEASE = xgb.__version__
CURRENT = RELEASE == "3.2.0"
TRAINING_ROWS = 400
PROBED_SPLITS = 50
RANDOM_ROWS = 80
CATEGORIES = 12
LARGEST = np.float32(3.4028235e38)


@dataclass
class Case:
    name: str
    params: dict
    rounds: int = 8
    labels: str = "real"
    columns: int = 6
    categorical: tuple[int, ...] = ()
    stop_early: bool = False
    named: bool = False
    layout: bool = False
    bounds: bool = False
    groups: bool = False


def cases() -> list[Case]:
    grown = {"max_depth": 4, "eta": 0.3}
    dart = {"booster": "dart", "rate_drop": 0.4, "one_drop": 1}
    forest = {"num_parallel_tree": 4, "subsample": 0.6, "colsample_bynode": 0.6}
    vector = {"multi_strategy": "multi_output_tree", "tree_method": "hist"}
    softprob = {"objective": "multi:softprob", "num_class": 3}
    splits = {"tree_method": "hist"}
    all_cases = [
        Case("squarederror", {"objective": "reg:squarederror", **grown, "max_depth": 6}, rounds=12),
        Case("squaredlogerror", {"objective": "reg:squaredlogerror", **grown}, labels="positive"),
        Case("reg-logistic", {"objective": "reg:logistic", **grown, "base_score": 0.3137}, labels="share"),
        Case("pseudohubererror", {"objective": "reg:pseudohubererror", **grown}),
        Case("absoluteerror", {"objective": "reg:absoluteerror", **grown}),
        Case("gamma", {"objective": "reg:gamma", **grown}, labels="positive"),
        Case("tweedie", {"objective": "reg:tweedie", "tweedie_variance_power": 1.3, **grown}, labels="count"),
        Case("quantileerror", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9], "eta": 0.9}, rounds=6),
        Case("poisson", {"objective": "count:poisson", **grown}, labels="count"),
        # A minimum gain prunes what the exact method has grown: the file keeps the nodes that were cut off.
        Case(
            "binary-logistic",
            {"objective": "binary:logistic", "tree_method": "exact", "gamma": 2.0, "max_depth": 6},
            rounds=12,
            labels="binary",
            layout="1.1" < RELEASE < "2",  # 1.0 cannot load a pruned tree that it wrote
        ),
        Case("logitraw", {"objective": "binary:logitraw", **grown}, labels="binary"),
        Case("hinge", {"objective": "binary:hinge", **grown}, labels="binary"),
        Case("softmax", {"objective": "multi:softmax", "num_class": 4, **grown}, labels="class4"),
        Case("softprob-forest", {**softprob, **grown, **forest, "eta": 1}, rounds=3, labels="class3", layout=True),
        Case("aft", {"objective": "survival:aft", "aft_loss_distribution": "logistic", **grown}, bounds=True),
        Case("cox", {"objective": "survival:cox", **grown}, labels="survival"),
        Case("rank-ndcg", {"objective": "rank:ndcg", **grown}, labels="class4", groups=True),
        Case("rank-pairwise", {"objective": "rank:pairwise", **grown}, labels="class4", groups=True),
        Case("rank-map", {"objective": "rank:map", **grown}, labels="binary", groups=True),
        Case("dart", {"objective": "reg:squarederror", **grown, **dart}, rounds=14, layout=True),
        Case("dart-softprob", {**softprob, **grown, **dart}, labels="class3"),
        Case("random-forest", {"objective": "binary:logistic", **forest, "eta": 1, "num_parallel_tree": 12}, 1, "binary"),
        Case("vector-leaves", {**grown, **vector}, labels="three", layout=RELEASE >= "2.0"),
        Case("vector-softprob", {**softprob, **grown, **vector}, labels="class3"),
        Case("multi-label", {"objective": "binary:logistic", **grown}, labels="three-binary"),
        Case("categories", {**grown, **splits, "max_cat_to_onehot": 4}, 12, categorical=(1, 4), named=True),
        Case("categories-onehot", {**softprob, **grown, **splits, "max_cat_to_onehot": 64}, 6, "class3", categorical=(0, 5)),
        Case("categories-dart", {**grown, **dart, **splits}, 8, categorical=(2,), layout=RELEASE >= "1.7"),
        Case("best-iteration", {**softprob, "eta": 0.9, "max_depth": 5}, 60, "class3", stop_early=True, layout=True),
    ]
    return [case for case in all_cases if CURRENT or case.layout]


def made_rows(case: Case, rng: np.random.Generator, rows: int) -> np.ndarray:
    """[rows, columns] float32, a tenth missing; category columns hold numbers 0 to CATEGORIES − 1."""
    made = rng.normal(size=(rows, case.columns)).astype(np.float32)
    made[:, 3] = np.round(made[:, 3] * 2)  # ties, and zeros
    for column in case.categorical:
        made[:, column] = rng.integers(0, CATEGORIES, rows)
    made[rng.random(made.shape) < 0.1] = np.nan
    return made


def made_labels(case: Case, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
    filled = np.nan_to_num(rows, nan=0.5)
    score = filled[:, 0] + filled[:, 1] * filled[:, 2] + np.sin(filled[:, 3]) - 0.5 * filled[:, 5]
    for column in case.categorical:
        score = score + 1.5 * (filled[:, column] * 7 % 5 > 2)
    score = score + 0.3 * rng.normal(size=len(rows))
    ranks = np.argsort(np.argsort(score)) / len(score)
    match case.labels:
        case "real":
            return score
        case "positive":
            return np.exp(score / 2)
        case "share":
            return 1 / (1 + np.exp(-score))
        case "count":
            return rng.poisson(np.exp(score / 3))
        case "binary":
            return (score > 0).astype(int)
        case "class3" | "class4":
            return np.floor(ranks * int(case.labels[-1]))
        case "survival":
            return np.where(rng.random(len(score)) < 0.8, 1, -1) * np.exp(score / 2)
        case "three":
            return np.stack([score, -2 * score + filled[:, 4], filled[:, 5] * filled[:, 0]], axis=1)
        case "three-binary":
            return np.stack([score > 0, filled[:, 4] > score, filled[:, 5] * filled[:, 0] > 0], axis=1).astype(int)
    raise ValueError(case.labels)


def matrix(case: Case, rows: np.ndarray, labels: np.ndarray | None = None) -> xgb.DMatrix:
    if not case.categorical:
        return xgb.DMatrix(rows, labels)
    if case.named:
        import pandas

        frame = pandas.DataFrame(rows, columns=[f"column {i}" for i in range(case.columns)])
        texts = [f"kind-é-{i}" for i in range(CATEGORIES)]
        for column, names in zip(case.categorical, [texts, list(range(-3, -3 + 5 * CATEGORIES, 5))]):
            codes = np.where(np.isnan(rows[:, column]), -1, rows[:, column]).astype(int)
            frame[f"column {column}"] = pandas.Categorical.from_codes(codes, categories=names)
        return xgb.DMatrix(frame, labels, enable_categorical=True)
    types = ["c" if i in case.categorical else "float" for i in range(case.columns)]
    return xgb.DMatrix(rows, labels, feature_types=types, enable_categorical=True)


def train(case: Case, rng: np.random.Generator) -> xgb.Booster:
    rows = made_rows(case, rng, TRAINING_ROWS)
    labels = made_labels(case, rng, rows)
    data = matrix(case, rows, None if case.bounds else labels)
    if case.bounds:
        lower = np.exp(labels / 2)
        data.set_float_info("label_lower_bound", lower)
        data.set_float_info("label_upper_bound", np.where(rng.random(len(lower)) < 0.2, np.inf, lower * 1.1))
    if case.groups:
        data.set_group([20] * (TRAINING_ROWS // 20))
    params = {"seed": 7, "nthread": 1, **case.params}
    if not case.stop_early:
        return xgb.train(params, data, case.rounds)
    held = made_rows(case, rng, TRAINING_ROWS)
    watched = [(matrix(case, held, made_labels(case, rng, held)), "held")]
    return xgb.train(params, data, case.rounds, evals=watched, early_stopping_rounds=6, verbose_eval=False)


@dataclass
class Split:
    """A split, and for each column what a row must hold to reach it."""

    column: int
    threshold: np.float32
    members: list[int] | None
    between: dict[int, tuple[np.float32, np.float32]]
    among: dict[int, set[int]] = field(default_factory=dict)


def splits_of(tree: dict) -> list[Split]:
    """Every split that a row can reach from node 0."""
    left, right = tree["left_children"], tree["right_children"]
    sets = {
        node: tree["categories"][begin : begin + size]
        for node, begin, size in zip(
            tree.get("categories_nodes", []), tree.get("categories_segments", []), tree.get("categories_sizes", [])
        )
    }
    found, waiting = [], [(0, {}, {})]
    while waiting:
        node, between, among = waiting.pop()
        if left[node] == -1:
            continue
        column, threshold = tree["split_indices"][node], np.float32(tree["split_conditions"][node])
        found.append(Split(column, threshold, sets.get(node), between, among))
        if node in sets:
            allowed = among.get(column, set(range(CATEGORIES)))
            waiting.append((left[node], between, {**among, column: allowed - set(sets[node])}))
            waiting.append((right[node], between, {**among, column: allowed & set(sets[node])}))
        else:
            low, high = between.get(column, (-LARGEST, LARGEST))
            waiting.append((left[node], {**between, column: (low, min(high, threshold))}, among))
            waiting.append((right[node], {**between, column: (max(low, threshold), high)}, among))
    return found


def reaching(split: Split, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    reached = row.copy()
    for column, (low, high) in split.between.items():
        if not low <= reached[column] < high:
            reached[column] = low if low > -LARGEST else np.nextafter(high, -LARGEST)
    for column, allowed in split.among.items():
        if allowed:
            reached[column] = rng.choice(sorted(allowed))
    return reached


def probes(case: Case, trees: list[dict], rng: np.random.Generator) -> np.ndarray:
    """Random rows, and rows that reach a split and stand at it, one ulp below and above, and missing."""
    rows = list(made_rows(case, rng, RANDOM_ROWS))
    splits = [split for tree in trees for split in splits_of(tree)]
    for at in rng.permutation(len(splits))[:PROBED_SPLITS]:
        split = splits[at]
        reached = reaching(split, made_rows(case, rng, 1)[0], rng)
        if split.members is None:
            t = split.threshold
            values = [t, np.nextafter(t, -LARGEST), np.nextafter(t, LARGEST), np.nan]
        else:
            values = [rng.choice(split.members), np.nan, -0.5, CATEGORIES + 1, rng.choice(split.members) + 0.75]
        for value in values:
            rows.append(reached.copy())
            rows[-1][split.column] = value
    specials = [0.0, -0.0, 1e-45, -1e-45, LARGEST, -LARGEST, np.inf, -np.inf, np.nan]
    specials += [-1, -0.25, 31, 32, 63.5, 64, 1000, 2**24 - 1, 2**24, 2**24 + 2, 2.0**31, 2.0**40]
    for value in specials:
        base = made_rows(case, rng, 1)[0]
        rows.append(np.full(case.columns, value, np.float32))
        for column in {0, *case.categorical}:
            rows.append(base.copy())
            rows[-1][column] = value
    return np.array(rows, np.float32)


def answers(booster: xgb.Booster, case: Case, rows: np.ndarray, margin: bool, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """
    What `Booster.predict` says of rows as they are, and which rows it was asked. A DMatrix refuses infinity: those rows go
    in-place, where both ways agree to the bit; for dart they do not (in-place, each of its trees is added to the base score,
    which is then subtracted again), and such rows are left out.
    """
    plain = Case(case.name, case.params, columns=case.columns, categorical=case.categorical)
    finite = ~np.isinf(rows).any(axis=1)
    data = matrix(plain, np.where(finite[:, None], rows, np.float32(0)))
    data.feature_names = booster.feature_names
    limit = {"iteration_range": (0, rounds), "validate_features": False}
    answer = booster.predict(data, output_margin=margin, **limit)
    if "booster" in case.params:
        return answer[finite], finite
    in_place = booster.inplace_predict(rows, predict_type="margin" if margin else "value", **limit).reshape(answer.shape)
    assert np.array_equal(answer[finite].view(np.uint32), in_place[finite].view(np.uint32)), case.name
    return in_place, np.ones(len(rows), bool)


def packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, 9, mtime=0))


def answered(booster: xgb.Booster, case: Case, rows: np.ndarray, rounds: int) -> tuple[dict, np.ndarray]:
    margins, kept = answers(booster, case, rows, True, rounds)
    predictions, _ = answers(booster, case, rows, False, rounds)
    count = int(kept.sum())
    fields = {
        "targets": margins.size // count,
        "outputs": predictions.size // count,
        "margins": packed(margins),
        "predictions": packed(predictions),
    }
    return fields, kept


def make(case: Case, output: Path) -> None:
    """Writes the model and the rows, without answers."""
    rng = np.random.default_rng(sum(case.name.encode()))
    booster = train(case, rng)
    name = case.name if CURRENT else f"layout-{RELEASE}-{case.name}"
    with tempfile.TemporaryDirectory() as scratch:
        for kind in ["json", "ubj"] if RELEASE >= "1.6" else ["json"]:
            booster.save_model(f"{scratch}/model.{kind}")
            write(output / f"{name}.{kind}.gz", Path(f"{scratch}/model.{kind}").read_bytes())
        model = json.loads(Path(f"{scratch}/model.json").read_text())
    ensemble = model["learner"]["gradient_booster"]
    rows = probes(case, ensemble.get("gbtree", ensemble)["model"]["trees"], rng)
    asked = {"release": RELEASE, "objective": case.params.get("objective", "reg:squarederror"), "columns": case.columns}
    write(output / f"{name}.rows.json.gz", json.dumps(asked | {"rows": packed(rows)}).encode())


def answer_all(case: Case, name: str, output: Path) -> None:
    path = output / f"{name}.rows.json.gz"
    asked = json.loads(gzip.decompress(path.read_bytes()))
    rows = np.frombuffer(base64.b64decode(asked["rows"]), "<f4").reshape(-1, case.columns)
    # What is loaded is what is asked: a booster just trained may still hold more than its file.
    booster = xgb.Booster({"nthread": 1}, model_file=bytearray(gzip.decompress((output / f"{name}.json.gz").read_bytes())))
    fields, kept = answered(booster, case, rows, 0)
    answer = {**asked, "rows": packed(rows[kept]), "all": fields}
    if case.stop_early:
        rounds = int(booster.attr("best_iteration")) + 1
        answer["best"] = {"rounds": rounds, **answered(booster, case, rows, rounds)[0]}
    write(path, json.dumps(answer).encode())
    print(f"{name}: {booster.num_boosted_rounds()} rounds, {int(kept.sum())} rows")


def decimals(output: Path) -> None:
    """Texts of numbers, and the float32 that XGBoost's JSON reader makes of each: what it reads, it writes back exactly."""
    rng = np.random.default_rng(11)
    model = json.loads(gzip.decompress((output / "squarederror.json.gz").read_bytes()))
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    texts = []
    for _ in range(60):
        near = np.float32(rng.normal() * 10.0 ** rng.integers(-44, 38))
        above = np.nextafter(near, np.float32(np.inf))
        halfway = Decimal(float(near)) + (Decimal(float(above)) - Decimal(float(near))) / 2
        step = Decimal(10) ** (halfway.adjusted() - 30)
        texts += [f"{near:.8E}", repr(float(near)), f"{halfway:E}", f"{halfway + step:E}", f"{halfway - step:E}"]
    texts += [f"{rng.integers(1, 10**9)}E{rng.integers(-54, 30)}" for _ in range(120)]
    texts += ["0.0", "-0.0", "0E0", "1E-45", "7E-46", "8E-46", "1.17549435E-38", "1.17549428E-38", "3.4028235E38", "1E-400"]
    texts += ["5.000000e-01", "9.82550501823425293e-01", "16777217.0", "33554435E0", "1.5e0", "0.1", "0.30000001192092896"]
    places = [(tree, node) for tree in trees for node in range(len(tree["sum_hessian"]))]
    assert len(places) >= len(texts)
    for (tree, node), text in zip(places, texts):
        tree["sum_hessian"][node] = f"<{text}>"
    document = json.dumps(model).replace('"<', "").replace('>"', "")
    booster = xgb.Booster(model_file=bytearray(document.encode()))
    read = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    values = np.array([read[tree["id"]]["sum_hessian"][node] for tree, node in places[: len(texts)]], np.float32)
    write(output / "decimals.json.gz", json.dumps({"texts": texts, "values": packed(values)}).encode())


def base_scores(output: Path) -> None:
    """Base scores, and the margins that objectives with a transform begin with."""
    rng = np.random.default_rng(12)
    model = json.loads(gzip.decompress((output / "poisson.json.gz").read_bytes()))
    learner = model["learner"]
    forest = learner["gradient_booster"]["model"]
    # One tree of zeros: without any tree XGBoost takes the base score for a margin already.
    forest |= {"trees": forest["trees"][:1], "tree_info": [0], "iteration_indptr": [0, 1]}
    forest["gbtree_model_param"]["num_trees"] = "1"
    forest["trees"][0]["split_conditions"] = [0.0] * len(forest["trees"][0]["split_conditions"])
    scores = ["0E0", "1E0", "1E-7", "1E-6", "9.99999E-1", "9.999999E-1", "5E-1", "5.00000E-01"]
    scores += [f"{value:.8E}" for value in rng.random(240)] + [f"{1 + value:.8E}" for value in rng.normal(0, 1e-3, 80)]
    scores += [f"{10.0 ** value:.8E}" for value in rng.uniform(-44, 38, 80)]
    row = xgb.DMatrix(np.zeros((1, int(learner["learner_model_param"]["num_feature"])), np.float32))
    answer: dict = {"scores": scores}
    for objective in ["count:poisson", "binary:logistic"]:
        learner["objective"]["name"] = objective
        learner["objective"]["reg_loss_param"] = {"scale_pos_weight": "1"}
        margins = []
        for score in scores:
            learner["learner_model_param"]["base_score"] = f"[{score}]"
            try:
                booster = xgb.Booster(model_file=bytearray(json.dumps(model).encode()))
                margins.append(booster.predict(row, output_margin=True)[0])
            except xgb.core.XGBoostError:
                margins.append(np.nan)
        answer[objective] = packed(np.array(margins, np.float32))
    write(output / "base-scores.json.gz", json.dumps(answer).encode())


def main(output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for case in cases():
        make(case, output)
        for file in sorted(output.glob(f"*{case.name}.rows.json.gz")):
            name = file.name.removesuffix(".rows.json.gz")
            _, release, *rest = name.split("-", 2) if name.startswith("layout-") else ("", "3.2.0", name)
            answering = release if case.name == "vector-leaves" else "3.2.0"
            if rest == [case.name] and answering == RELEASE:
                answer_all(case, name, output)
    if CURRENT:
        decimals(output)
        base_scores(output)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
