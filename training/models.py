"""The three models: fit, native prediction, ONNX graph, importance. One core, fixed seeds: the same data, the same file."""

from __future__ import annotations

import numpy as np

import graphs
from data import Rows

SEED = 7
CHUNK = 20_000  # rows predicted at a time


class Gbt:
    name, kind, window, scaler = "gbt", "gradient-boosted-trees", 1, "none"

    def __init__(self, columns: np.ndarray, names: list[str]):
        self.columns, self.names = columns, names

    def framework(self) -> tuple[str, str]:
        import lightgbm
        return "lightgbm", lightgbm.__version__

    def fit(self, train: Rows, validation: Rows) -> None:
        import lightgbm as lgb
        parameters = {
            "objective": "multiclass", "num_class": 3, "learning_rate": 0.05, "num_leaves": 20, "min_data_in_leaf": 800,
            "feature_fraction": 0.6, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 20.0, "max_bin": 127,
            "use_missing": False, "num_threads": 1, "seed": SEED, "deterministic": True, "force_row_wise": True, "verbosity": -1,
        }
        data = lgb.Dataset(self.inputs(train), train.label, weight=train.weight, feature_name=self.names)
        check = lgb.Dataset(self.inputs(validation), validation.label, weight=validation.weight, reference=data)
        self.booster = lgb.train(parameters, data, 100, valid_sets=[check],
                                 callbacks=[lgb.early_stopping(20, verbose=False), lgb.log_evaluation(25)])
        # A copy read back from its own text: what was saved is what is measured and exported.
        self.booster = lgb.Booster(model_str=self.booster.model_to_string(num_iteration=self.booster.best_iteration))

    def inputs(self, rows: Rows) -> np.ndarray:
        return rows.flat(self.columns).astype(np.float64)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self.booster.predict(inputs.astype(np.float64), num_threads=1)

    def graph(self):
        return graphs.trees(self.booster, len(self.columns))

    def probes(self, rows: Rows, count: int) -> np.ndarray:
        """Rows with one value laid exactly on a split's threshold, or one float32 step above it."""
        random = np.random.default_rng(SEED)
        inputs = rows.flat(self.columns)[:count].copy()
        splits = []

        def collect(node: dict) -> None:
            if "split_feature" in node:
                splits.append((node["split_feature"], node["threshold"]))
                collect(node["left_child"])
                collect(node["right_child"])

        for tree in self.booster.dump_model()["tree_info"]:
            collect(tree["tree_structure"])
        for i in range(count):
            for pick in random.choice(len(splits), size=12, replace=False):
                feature, threshold = splits[pick]
                on = graphs.floor32(np.array([threshold]))[0]
                inputs[i, feature] = on if i % 2 == 0 else np.nextafter(on, np.float32(np.inf))
        return inputs

    def importance(self, _: Rows) -> np.ndarray:
        return share(self.booster.feature_importance("gain"))

    how_importance = "share of the total split gain"

    def describe(self) -> str:
        shape = self.booster.dump_model()["tree_info"]
        leaves = [tree["num_leaves"] for tree in shape]
        return (f"LightGBM, multiclass softmax, {len(shape) // 3} rounds of 3 trees ({len(shape)} trees, at most {max(leaves)} leaves), "
                "learning rate 0.05, at least 800 rows a leaf, rounds chosen by early stopping on the validation range. "
                "Exported as TreeEnsembleRegressor with thresholds floored to float32, so every float32 row takes native LightGBM's path.")


class LogReg:
    name, kind, window, scaler = "logreg", "logistic-regression", 1, "standard"

    def __init__(self, columns: np.ndarray, names: list[str]):
        self.columns, self.names = columns, names

    def framework(self) -> tuple[str, str]:
        import sklearn
        return "scikit-learn", sklearn.__version__

    def fit(self, train: Rows, validation: Rows) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler
        best = None
        inputs = self.inputs(train)
        for strength in (1e-4, 1e-3, 1e-2):
            pipeline = make_pipeline(
                StandardScaler(),
                FunctionTransformer(np.clip, kw_args={"a_min": -graphs.CLIP, "a_max": graphs.CLIP}),
                LogisticRegression(C=strength, max_iter=200, tol=1e-4),
            )
            pipeline.fit(inputs, train.label, logisticregression__sample_weight=train.weight)
            loss = log_loss(pipeline.predict_proba(self.inputs(validation)), validation.label, validation.weight)
            print(f"  logreg C={strength}: validation log loss {loss:.5f}", flush=True)
            if best is None or loss < best[0]:
                best = (loss, strength, pipeline)
        self.strength, self.pipeline = best[1], best[2]

    def inputs(self, rows: Rows) -> np.ndarray:
        return rows.flat(self.columns).astype(np.float64)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self.pipeline.predict_proba(inputs.astype(np.float64))

    def graph(self):
        scaler, regression = self.pipeline.named_steps["standardscaler"], self.pipeline.named_steps["logisticregression"]
        return graphs.linear(scaler.mean_, scaler.scale_, regression.coef_, regression.intercept_)

    def importance(self, _: Rows) -> np.ndarray:
        return share(np.abs(self.pipeline.named_steps["logisticregression"].coef_).sum(axis=0))

    how_importance = "share of the summed absolute coefficients (of standardised features, over the three classes)"

    def describe(self) -> str:
        return (f"scikit-learn: StandardScaler, values held within ±{graphs.CLIP:g} standard deviations, multinomial LogisticRegression "
                f"(L2, C={self.strength:g}, chosen on the validation range). Scaler and limits are inside the graph.")


class Tcn:
    name, kind, window, scaler = "tcn", "temporal-convolution", 32, "standard"
    CHANNELS, KERNEL, DILATIONS = 16, 3, (1, 3, 9)
    EPOCHS, BATCH = 6, 1024

    def __init__(self, columns: np.ndarray, names: list[str]):
        self.columns, self.names = columns, names

    def framework(self) -> tuple[str, str]:
        import torch
        return "pytorch", torch.__version__.split("+")[0]

    def network(self):
        import torch
        from torch import nn

        class Network(nn.Module):
            def __init__(self, features: int, channels: int, kernel: int, dilations: tuple, clip: float):
                super().__init__()
                self.register_buffer("mean", torch.zeros(features))
                self.register_buffer("std", torch.ones(features))
                self.clip, self.kernel, self.dilations = clip, kernel, dilations
                self.convolutions = nn.ModuleList(
                    nn.Conv1d(features if i == 0 else channels, channels, kernel, dilation=d) for i, d in enumerate(dilations))
                self.drop = nn.Dropout(0.1)
                self.head = nn.Linear(2 * channels, 3)

            def forward(self, x):  # [rows, window, features]
                x = ((x - self.mean) / self.std).clamp(-self.clip, self.clip).transpose(1, 2)
                for i, (convolution, dilation) in enumerate(zip(self.convolutions, self.dilations)):
                    y = torch.relu(convolution(nn.functional.pad(x, ((self.kernel - 1) * dilation, 0))))
                    x = y if i == 0 else x + y
                return self.head(self.drop(torch.cat([x[:, :, -1], x.mean(dim=2)], dim=1)))

        torch.manual_seed(SEED)
        return Network(len(self.columns), self.CHANNELS, self.KERNEL, self.DILATIONS, graphs.CLIP)

    def fit(self, train: Rows, validation: Rows) -> None:
        import torch
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        net = self.network()
        flat = train.flat(self.columns).astype(np.float64)
        net.mean.copy_(torch.tensor(flat.mean(axis=0), dtype=torch.float32))
        net.std.copy_(torch.tensor(flat.std(axis=0), dtype=torch.float32))
        optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
        steps = self.EPOCHS * (len(train) // self.BATCH + 1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
        random, best = np.random.default_rng(SEED), None
        self.net = net
        for epoch in range(self.EPOCHS):
            net.train()
            order = random.permutation(len(train))
            for start in range(0, len(order), 64 * self.BATCH):
                block = train.take(order[start : start + 64 * self.BATCH])
                inputs, label = torch.from_numpy(self.inputs(block)), torch.from_numpy(block.label)
                weight = torch.from_numpy(block.weight.astype(np.float32))
                for at in range(0, len(block), self.BATCH):
                    cut = slice(at, at + self.BATCH)
                    optimiser.zero_grad()
                    loss = torch.nn.functional.cross_entropy(net(inputs[cut]), label[cut], reduction="none")
                    (loss * weight[cut]).mean().backward()
                    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                    optimiser.step()
                    schedule.step()
            loss = log_loss(predict_rows(self, validation), validation.label, validation.weight)
            print(f"  tcn epoch {epoch + 1}: validation log loss {loss:.5f}", flush=True)
            if best is None or loss < best[0]:
                best = (loss, {key: value.clone() for key, value in net.state_dict().items()}, epoch + 1)
        net.load_state_dict(best[1])
        self.epoch = best[2]
        net.eval()

    def inputs(self, rows: Rows) -> np.ndarray:
        return rows.windows(self.columns, self.window)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        import torch
        self.net.eval()
        with torch.no_grad():
            return torch.softmax(self.net(torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32))), dim=1).double().numpy()

    def graph(self):
        layers = [{"weight": c.weight.detach().numpy(), "bias": c.bias.detach().numpy(), "dilation": d}
                  for c, d in zip(self.net.convolutions, self.DILATIONS)]
        head = {"weight": self.net.head.weight.detach().numpy(), "bias": self.net.head.bias.detach().numpy()}
        return graphs.temporal(self.net.mean.numpy(), self.net.std.numpy(), self.window, layers, head)

    def importance(self, rows: Rows) -> np.ndarray:
        """Rise of the log loss when one feature's whole window is taken from another row."""
        random = np.random.default_rng(SEED)
        sample = rows.take(np.sort(random.choice(len(rows), size=min(8000, len(rows)), replace=False)))
        inputs = self.inputs(sample)
        before = log_loss(self.predict(inputs), sample.label)
        rises = []
        for feature in range(inputs.shape[2]):
            mixed = inputs.copy()
            mixed[:, :, feature] = inputs[random.permutation(len(inputs)), :, feature]
            rises.append(max(0.0, log_loss(self.predict(mixed), sample.label) - before))
        return share(np.array(rises))

    how_importance = "share of the rises in validation log loss when one feature's window is permuted between rows"

    def describe(self) -> str:
        return (f"PyTorch: causal convolutions over {self.window} candles of {len(self.columns)} features, {self.CHANNELS} channels, kernel "
                f"{self.KERNEL}, dilations {', '.join(map(str, self.DILATIONS))}, residual; the newest step and the window's mean feed a linear "
                f"head. Epoch {self.epoch} of {self.EPOCHS}, chosen on the validation range. Scaler and limits (±{graphs.CLIP:g} standard "
                "deviations) are inside the graph; the graph is written from the weights, node by node.")


def share(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return values / values.sum() if values.sum() > 0 else np.full(len(values), 1 / len(values))


def predict_rows(model, rows: Rows) -> np.ndarray:
    """[n, 3] by the native library."""
    parts = [rows.take(np.arange(start, min(start + CHUNK, len(rows)))) for start in range(0, len(rows), CHUNK)]
    return np.concatenate([model.predict(model.inputs(part)) for part in parts])


def log_loss(probabilities: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> float:
    return float(np.average(-np.log(np.clip(probabilities[np.arange(len(label)), label], 1e-12, 1)), weights=weight))
