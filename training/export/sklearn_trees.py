"""
Forests and boosted trees. Forests and GradientBoosting round a row to float32 and compare it with float64 thresholds;
HistGradientBoosting compares in float64. Leaves are added in float64, in tree order.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from graph import Graph
from refused import Refused
from sklearn_steps import probabilities, scores, two_columns, values
from tree_ensemble import Tree, TreeEnsemble

Forest = RandomForestClassifier | ExtraTreesClassifier | RandomForestRegressor | ExtraTreesRegressor
DecisionTree = DecisionTreeClassifier | DecisionTreeRegressor
Boosted = GradientBoostingClassifier | GradientBoostingRegressor
HistBoosted = HistGradientBoostingClassifier | HistGradientBoostingRegressor


def rounded(graph: Graph, x: str) -> str:
    """To float32 and back: what scikit-learn's own trees compare."""
    return graph.cast(graph.cast(x, "float32"), "float64")


def classic(model: DecisionTree, column: int, scale: float = 1.0) -> Tree:
    """@param column of the leaves' values that is wanted @param scale that each is multiplied with"""
    tree = model.tree_
    if tree.n_outputs != 1:
        raise Refused("UNSUPPORTED", f"{type(model).__name__} with several targets")
    return Tree(
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left,
        value=scale * tree.value[:, 0, column],
    )


def summed(trees: list[DecisionTree], columns: int, graph: Graph, x: str) -> str:
    """Every column's leaves added up: [rows, columns]. A leaf of the operator adds to one column, so trees come once a column."""
    ensemble = TreeEnsemble(columns)
    for tree in trees:
        for column in range(columns):
            ensemble.add(classic(tree, column), column)
    return ensemble.write(graph, rounded(graph, x))


def forest_mean(forest: Forest, columns: int, graph: Graph, x: str) -> str:
    """Mean over trees. From here on the library adds in tree order too: with several jobs its own order is left to chance."""
    forest.n_jobs = 1
    return graph.div(summed(forest.estimators_, columns, graph, x), float(len(forest.estimators_)))


@probabilities.register(RandomForestClassifier)
@probabilities.register(ExtraTreesClassifier)
def _(forest: RandomForestClassifier | ExtraTreesClassifier, graph: Graph, x: str) -> str:
    if forest.n_outputs_ != 1:
        raise Refused("UNSUPPORTED", f"{type(forest).__name__} with several targets")
    return forest_mean(forest, int(forest.n_classes_), graph, x)


@values.register(RandomForestRegressor)
@values.register(ExtraTreesRegressor)
def _(forest: RandomForestRegressor | ExtraTreesRegressor, graph: Graph, x: str) -> str:
    return forest_mean(forest, 1, graph, x)


@probabilities.register
def _(tree: DecisionTreeClassifier, graph: Graph, x: str) -> str:
    if tree.n_outputs_ != 1:
        raise Refused("UNSUPPORTED", "DecisionTreeClassifier with several targets")
    return summed([tree], int(tree.n_classes_), graph, x)


@values.register
def _(tree: DecisionTreeRegressor, graph: Graph, x: str) -> str:
    return summed([tree], 1, graph, x)


def boosted_margins(model: Boosted, graph: Graph, x: str) -> str:
    """[rows, columns] -> [rows, classes], or [rows, 1]: the initial guess, then learning rate x leaf, stage by stage."""
    if model.init is not None and model.init != "zero":
        raise Refused("UNSUPPORTED", f"{type(model).__name__} that starts from a model of its own (init)")
    initial = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))[0]
    ensemble = TreeEnsemble(len(initial))
    for column, value in enumerate(initial):
        ensemble.add_constant(value, column)
    for stage in model.estimators_:
        for column, tree in enumerate(stage):
            ensemble.add(classic(tree, 0, model.learning_rate), column)
    return ensemble.write(graph, rounded(graph, x))


def hist_margins(model: HistBoosted, graph: Graph, x: str) -> str:
    """[rows, columns] -> [rows, classes], or [rows, 1]: the baseline, then one leaf a tree, iteration by iteration."""
    if model.is_categorical_ is not None and np.any(model.is_categorical_):
        raise Refused("UNSUPPORTED", f"{type(model).__name__} with categorical features")
    baseline = np.ravel(model._baseline_prediction)
    ensemble = TreeEnsemble(len(baseline))
    for column, value in enumerate(baseline):
        ensemble.add_constant(value, column)
    for iteration in model._predictors:
        for column, predictor in enumerate(iteration):
            ensemble.add(hist_tree(predictor.nodes), column)
    return ensemble.write(graph, x)


def hist_tree(nodes: np.ndarray) -> Tree:
    """@param nodes scikit-learn's records, one a node"""
    tree = Tree(
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"],
        value=nodes["value"],
    )
    return replace(tree, left=np.where(nodes["is_leaf"] == 1, -1, tree.left))


def linked(model: Boosted | HistBoosted, graph: Graph, margins: str) -> str:
    """The loss's link, undone: margins -> probabilities [rows, classes] or values [rows, 1]."""
    link = type(model._loss.link).__name__
    if link == "IdentityLink":
        return margins
    if link == "LogLink":
        return graph.add("Exp", margins)
    if link == "MultinomialLogit":
        return graph.add("Softmax", margins, axis=1)
    if link == "LogitLink":
        return two_columns(graph, graph.add("Sigmoid", margins))
    if link == "HalfLogitLink":
        return two_columns(graph, graph.add("Sigmoid", graph.mul(margins, 2.0)))
    raise Refused("UNSUPPORTED", f"{type(model).__name__} with a {link}")


for classifier, regressor, margins_of in (
    (GradientBoostingClassifier, GradientBoostingRegressor, boosted_margins),
    (HistGradientBoostingClassifier, HistGradientBoostingRegressor, hist_margins),
):
    scores.register(classifier, margins_of)

    @probabilities.register(classifier)
    @values.register(regressor)
    def _(model: Boosted | HistBoosted, graph: Graph, x: str, margins_of=margins_of) -> str:
        return linked(model, graph, margins_of(model, graph, x))
