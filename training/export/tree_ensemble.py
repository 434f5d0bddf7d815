"""Trees for ONNX's TreeEnsemble (ai.onnx.ml 5) in float64: exact splits, leaves and order of addition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import numpy_helper

from graph import Graph
from refused import Refused

LEQ, SUM = 0, 1


@dataclass(frozen=True)
class Tree:
    """Struct of arrays, one entry a node; node 0 is the root, children follow their parents, `left` is -1 in a leaf."""

    left: np.ndarray
    right: np.ndarray
    #: Column asked, and the float64 threshold of `x <= threshold`, which goes left.
    feature: np.ndarray
    threshold: np.ndarray
    #: Where a NaN goes left.
    missing_left: np.ndarray
    #: Of leaves: what a row that ends there adds.
    value: np.ndarray


class TreeEnsemble:
    """Adds each tree's leaf to one target, in the order of `add`, starting from 0."""

    def __init__(self, targets: int) -> None:
        self._targets = targets
        self._roots: list[int] = []
        self._nodes: list[tuple[int, float, int, int, int, int, int]] = []
        self._leaves: list[tuple[int, float]] = []

    def add_constant(self, value: float, target: int) -> None:
        """A tree of one leaf: ONNX writes it as a node both of whose children are that leaf."""
        self._roots.append(len(self._nodes))
        leaf = self._leaf(value, target)
        self._nodes.append((0, 0.0, leaf, 1, leaf, 1, 0))

    def add(self, tree: Tree, target: int) -> None:
        """A subtree whose leaves all add the same becomes one leaf: it cannot matter which of them a row reaches."""
        uniform = uniform_values(tree)
        if not np.isnan(uniform[0]):
            self.add_constant(uniform[0], target)
            return
        self._roots.append(len(self._nodes))
        waiting = [(0, -1, False)]
        while waiting:
            node, parent, is_left = waiting.pop()
            is_leaf = not np.isnan(uniform[node])
            at = self._leaf(uniform[node], target) if is_leaf else self._branch(tree, node)
            if parent >= 0:
                self._attach(parent, is_left, at, is_leaf)
            if not is_leaf:
                waiting += [(int(tree.right[node]), at, False), (int(tree.left[node]), at, True)]

    def write(self, graph: Graph, x: str) -> str:
        """[rows, features] float64 -> [rows, targets] float64"""
        feature, threshold, yes, yes_leaf, no, no_leaf, missing = zip(*self._nodes, strict=True)
        targets, weights = zip(*self._leaves, strict=True)
        return graph.add(
            "TreeEnsemble",
            x,
            domain="ai.onnx.ml",
            n_targets=self._targets,
            aggregate_function=SUM,
            post_transform=0,
            tree_roots=self._roots,
            nodes_featureids=feature,
            nodes_modes=numpy_helper.from_array(np.full(len(self._nodes), LEQ, np.uint8), "modes"),
            nodes_splits=numpy_helper.from_array(np.array(threshold, np.float64), "splits"),
            nodes_truenodeids=yes,
            nodes_trueleafs=yes_leaf,
            nodes_falsenodeids=no,
            nodes_falseleafs=no_leaf,
            nodes_missing_value_tracks_true=missing,
            leaf_targetids=targets,
            leaf_weights=numpy_helper.from_array(np.array(weights, np.float64), "weights"),
        )

    def _leaf(self, value: float, target: int) -> int:
        self._leaves.append((target, float(value)))
        return len(self._leaves) - 1

    def _branch(self, tree: Tree, node: int) -> int:
        self._nodes.append((int(tree.feature[node]), float(tree.threshold[node]), 0, 0, 0, 0, int(tree.missing_left[node])))
        return len(self._nodes) - 1

    def _attach(self, parent: int, is_left: bool, child: int, is_leaf: bool) -> None:
        feature, threshold, yes, yes_leaf, no, no_leaf, missing = self._nodes[parent]
        if is_left:
            yes, yes_leaf = child, int(is_leaf)
        else:
            no, no_leaf = child, int(is_leaf)
        self._nodes[parent] = (feature, threshold, yes, yes_leaf, no, no_leaf, missing)


def uniform_values(tree: Tree) -> np.ndarray:
    """[nodes] what every leaf below a node adds, NaN where they differ."""
    left, right = tree.left.astype(int), tree.right.astype(int)
    inner = np.flatnonzero(left >= 0)
    if (left[inner] <= inner).any() or (right[inner] <= inner).any():
        raise Refused("SOURCE_INVALID", "a tree's children do not follow their parents")
    result = np.where(left >= 0, np.nan, tree.value.astype(np.float64))
    for node in inner[::-1]:
        if result[left[node]] == result[right[node]]:
            result[node] = result[left[node]]
    return result
