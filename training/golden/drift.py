"""Golden file of the drift measures: PSI by NumPy, Kolmogorov-Smirnov by SciPy.

    python3.11 -m venv golden-env && golden-env/bin/pip install numpy==2.4.6 scipy==1.17.1
    golden-env/bin/python training/golden/drift.py test/golden/drift/drift.json

A case: the spread of the training rows (as training/reference.py writes it), live numbers as float32, and what the two libraries
say of them. SciPy gets every number replaced by its bin: over the bins its statistic is ours.
"""

import json
import pathlib
import sys

import numpy as np
import scipy
from scipy.stats import ks_2samp

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from reference import spread

FLOOR = 1e-4
SEED = 20261
ROWS, TRAINED = 300, 5_000


def case(name, trained, live):
    live = live.astype(np.float32)
    made = spread(trained)
    edges = np.array(made["edges"])
    bins = len(made["shares"])
    binned = np.digitize(live.astype(np.float64), edges, right=True)
    actual = np.bincount(binned, minlength=bins) / len(live)
    shares = np.array(made["shares"])
    a, e = np.clip(actual, FLOOR, None), np.clip(shares, FLOOR, None)
    expected = np.repeat(np.arange(bins), np.round(shares * 1e5).astype(int))
    return {"name": name, **made, "live": [float(str(x)) for x in live], "counts": np.bincount(binned, minlength=bins).tolist(),
            "psi": float(np.sum((a - e) * np.log(a / e))), "ks": float(ks_2samp(expected, binned, method="asymp").statistic)}


def main(path):
    rng = np.random.default_rng(SEED)
    normal = lambda n, mean=0.0, std=1.0: rng.normal(mean, std, n).round(3)
    cases = [
        case("the same market", normal(TRAINED), normal(ROWS)),
        case("one that moved", normal(TRAINED), normal(ROWS, mean=0.5)),
        case("one that calmed down", normal(TRAINED), normal(ROWS, std=0.3)),
        case("one that training never saw", normal(TRAINED), normal(ROWS, mean=9)),
        case("numbers on the edges", rng.integers(0, 12, TRAINED).astype(float), rng.integers(0, 12, ROWS).astype(float)),
        case("mostly one number", np.where(rng.random(TRAINED) < 0.85, 0.0, normal(TRAINED)), np.where(rng.random(ROWS) < 0.6, 0.0, normal(ROWS))),
        case("always one number", np.full(TRAINED, 2.5), np.full(ROWS, 2.5)),
    ]
    versions = {"numpy": np.__version__, "scipy": scipy.__version__}
    pathlib.Path(path).write_text(json.dumps({"made": versions, "cases": cases}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
