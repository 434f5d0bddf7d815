"""Linear models and the multilayer perceptron."""

from __future__ import annotations

import numpy as np
from sklearn import linear_model as lm
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import LinearSVC, LinearSVR

from graph import Graph
from refused import Refused
from sklearn_steps import probabilities, scores, two_columns, values

REGRESSORS = (
    lm.LinearRegression, lm.Ridge, lm.RidgeCV, lm.Lasso, lm.LassoCV, lm.ElasticNet, lm.ElasticNetCV, lm.BayesianRidge,
    lm.HuberRegressor, lm.SGDRegressor, LinearSVR,
)  # fmt: skip
LOG_LINKED = (lm.PoissonRegressor, lm.GammaRegressor)
SCORED = (lm.LogisticRegression, lm.RidgeClassifier, lm.RidgeClassifierCV, lm.SGDClassifier, lm.Perceptron, LinearSVC)
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}


def plane(model: object, graph: Graph, x: str) -> str:
    """x @ coef' + intercept: [rows, columns] -> [rows, targets]"""
    coef = np.atleast_2d(model.coef_)
    return graph.linear(x, coef.T, np.broadcast_to(np.asarray(model.intercept_, np.float64), (len(coef),)))


def linear_values(model: object, graph: Graph, x: str) -> str:
    return plane(model, graph, x)


def exponential_values(model: object, graph: Graph, x: str) -> str:
    return graph.add("Exp", plane(model, graph, x))


for kind in REGRESSORS:
    values.register(kind, linear_values)
for kind in LOG_LINKED:
    values.register(kind, exponential_values)
for kind in SCORED:
    scores.register(kind, plane)


@probabilities.register
def _(model: lm.LogisticRegression, graph: Graph, x: str) -> str:
    z = plane(model, graph, x)
    if len(model.classes_) == 2:
        return two_columns(graph, graph.add("Sigmoid", z))
    return graph.add("Softmax", z, axis=1)


def layers(model: MLPClassifier | MLPRegressor, graph: Graph, x: str) -> str:
    """[rows, columns] -> [rows, outputs], up to the output activation."""
    for i, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        x = graph.linear(x, weight, bias)
        if i + 1 < len(model.coefs_) and model.activation != "identity":
            x = graph.add(ACTIVATIONS[model.activation], x)
    return x


@probabilities.register
def _(model: MLPClassifier, graph: Graph, x: str) -> str:
    z = layers(model, graph, x)
    if model.out_activation_ == "softmax":
        return graph.add("Softmax", z, axis=1)
    if model.n_outputs_ != 1:
        raise Refused("UNSUPPORTED", "MLPClassifier with several labels a row has no single distribution")
    return two_columns(graph, graph.add("Sigmoid", z))


@values.register
def _(model: MLPRegressor, graph: Graph, x: str) -> str:
    z = layers(model, graph, x)
    return graph.add("Exp", z) if model.out_activation_ == "exp" else z
