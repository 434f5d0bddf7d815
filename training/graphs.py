"""ONNX graphs, written node by node: what is in the file is what stands here (opset 17, ml 3, IR 8)."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
CLIP = 6.0  # standard deviations beyond which a standardised input is held


def floor32(values: np.ndarray) -> np.ndarray:
    """Largest float32 not above each float64: x <= t then holds for exactly the same float32 x."""
    nearest = values.astype(np.float32)
    return np.where(nearest.astype(np.float64) > values, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float32)


def model(nodes: list, initializers: dict[str, np.ndarray], shape: list, name: str) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 3])],
        [numpy_helper.from_array(np.array(value, order="C"), key) for key, value in initializers.items()],
    )
    proto = helper.make_model(graph, opset_imports=OPSETS, ir_version=8, producer_name="alphapulse-training")
    onnx.checker.check_model(proto, full_check=True)
    return proto


def trees(booster, features: int) -> onnx.ModelProto:
    """LightGBM multiclass -> TreeEnsembleRegressor (three targets, no post transform) + Softmax.

    Numeric splits without missing values only: anything else is refused, because a NaN never reaches a model.
    """
    attributes: dict[str, list] = {key: [] for key in (
        "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values", "nodes_truenodeids",
        "nodes_falsenodeids", "nodes_missing_value_tracks_true", "nodes_hitrates", "target_treeids", "target_nodeids",
        "target_ids", "target_weights")}
    for tree in booster.dump_model()["tree_info"]:
        add_tree(attributes, tree["tree_index"], tree["tree_index"] % 3, tree["tree_structure"])
    attributes["nodes_values"] = [float(v) for v in floor32(np.array(attributes["nodes_values"], dtype=np.float64))]
    nodes = [
        helper.make_node("TreeEnsembleRegressor", ["features"], ["margins"], domain="ai.onnx.ml", n_targets=3,
                         aggregate_function="SUM", post_transform="NONE", **attributes),
        helper.make_node("Softmax", ["margins"], ["probabilities"], axis=1),
    ]
    return model(nodes, {}, ["rows", features], "gradient-boosted-trees")


def add_tree(out: dict[str, list], tree: int, target: int, root: dict) -> None:
    """Numbers the nodes in depth-first order."""
    counter = 0

    def add(node: dict) -> int:
        nonlocal counter
        own, counter = counter, counter + 1
        at = len(out["nodes_nodeids"])
        out["nodes_treeids"].append(tree)
        out["nodes_nodeids"].append(own)
        out["nodes_hitrates"].append(1.0)
        out["nodes_missing_value_tracks_true"].append(0)
        for key in ("nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"):
            out[key].append(0)
        out["nodes_values"].append(0.0)
        if "leaf_value" in node:
            out["nodes_modes"].append("LEAF")
            out["target_treeids"].append(tree)
            out["target_nodeids"].append(own)
            out["target_ids"].append(target)
            out["target_weights"].append(float(np.float32(node["leaf_value"])))
            return own
        if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
            raise ValueError(f"cannot express a split of type {node['decision_type']}, missing {node['missing_type']}")
        out["nodes_modes"].append("BRANCH_LEQ")
        out["nodes_featureids"][at] = node["split_feature"]
        out["nodes_values"][at] = node["threshold"]
        out["nodes_truenodeids"][at] = add(node["left_child"])
        out["nodes_falsenodeids"][at] = add(node["right_child"])
        return own

    add(root)


def standardise(mean: np.ndarray, std: np.ndarray) -> tuple[list, dict[str, np.ndarray]]:
    """features -> scaled: (x - mean) / std, held within +-CLIP."""
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "std"], ["standardised"]),
        helper.make_node("Clip", ["standardised", "low", "high"], ["scaled"]),
    ]
    return nodes, {"mean": mean.astype(np.float32), "std": std.astype(np.float32), "low": np.float32(-CLIP), "high": np.float32(CLIP)}


def linear(mean: np.ndarray, std: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> onnx.ModelProto:
    nodes, initializers = standardise(mean, std)
    nodes += [
        helper.make_node("Gemm", ["scaled", "coef", "intercept"], ["margins"], transB=1),
        helper.make_node("Softmax", ["margins"], ["probabilities"], axis=1),
    ]
    initializers |= {"coef": coef.astype(np.float32), "intercept": intercept.astype(np.float32)}
    return model(nodes, initializers, ["rows", len(mean)], "logistic-regression")


def temporal(mean: np.ndarray, std: np.ndarray, window: int, layers: list[dict], head: dict) -> onnx.ModelProto:
    """Causal dilated convolutions over [rows, window, features]; the newest step and the window's mean -> three logits."""
    nodes, initializers = standardise(mean, std)
    nodes.append(helper.make_node("Transpose", ["scaled"], ["steps_0"], perm=[0, 2, 1]))
    for i, layer in enumerate(layers):
        initializers |= {f"conv_{i}_weight": layer["weight"], f"conv_{i}_bias": layer["bias"]}
        reach = (layer["weight"].shape[2] - 1) * layer["dilation"]
        nodes += [
            helper.make_node("Conv", [f"steps_{i}", f"conv_{i}_weight", f"conv_{i}_bias"], [f"conv_{i}"],
                             dilations=[layer["dilation"]], pads=[reach, 0], kernel_shape=[layer["weight"].shape[2]]),
            helper.make_node("Relu", [f"conv_{i}"], [f"relu_{i}"]),
        ]
        nodes.append(helper.make_node("Add", [f"relu_{i}", f"steps_{i}"], [f"steps_{i + 1}"]) if i > 0
                     else helper.make_node("Identity", [f"relu_{i}"], [f"steps_{i + 1}"]))
    last = f"steps_{len(layers)}"
    initializers |= {"newest": np.int64(window - 1), "head_weight": head["weight"], "head_bias": head["bias"]}
    nodes += [
        helper.make_node("Gather", [last, "newest"], ["newest_step"], axis=2),
        helper.make_node("ReduceMean", [last], ["mean_step"], axes=[2], keepdims=0),
        helper.make_node("Concat", ["newest_step", "mean_step"], ["summary"], axis=1),
        helper.make_node("Gemm", ["summary", "head_weight", "head_bias"], ["margins"], transB=1),
        helper.make_node("Softmax", ["margins"], ["probabilities"], axis=1),
    ]
    return model(nodes, initializers, ["rows", window, len(mean)], "temporal-convolution")
