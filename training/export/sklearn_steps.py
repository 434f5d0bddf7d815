"""
The four questions asked of a scikit-learn step. Each rule adds nodes to a graph and returns the name of their result; rules are
registered by class in the sklearn_*.py files. Arithmetic is float64, in scikit-learn's own order of operations.
"""

from __future__ import annotations

from functools import singledispatch

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline

from graph import Graph
from refused import Refused


@singledispatch
def transform(step: object, graph: Graph, x: str) -> str:
    """`transform`: [rows, columns] -> [rows, columns']"""
    raise unsupported(step, "as a step before the model")


@singledispatch
def probabilities(model: object, graph: Graph, x: str) -> str:
    """`predict_proba`: [rows, columns] -> [rows, classes]"""
    raise unsupported(model, "as a classifier (one without predict_proba goes inside CalibratedClassifierCV)")


@singledispatch
def scores(model: object, graph: Graph, x: str) -> str:
    """`decision_function`: [rows, columns] -> [rows, classes], or [rows, 1] for two classes"""
    raise unsupported(model, "under CalibratedClassifierCV")


@singledispatch
def values(model: object, graph: Graph, x: str) -> str:
    """`predict` of a regressor: [rows, columns] -> [rows, targets]"""
    raise unsupported(model, "as a regressor")


def unsupported(step: object, role: str) -> Refused:
    return Refused("UNSUPPORTED", f"no rule converts {type(step).__name__} {role}")


def two_columns(graph: Graph, p: str) -> str:
    """[rows, 1] probability of the second class -> [rows, 2]: 1 - p and p."""
    return graph.add("Concat", graph.add("Sub", graph.constant(1.0), p), p, axis=1)


def before_last(pipeline: Pipeline, graph: Graph, x: str) -> str:
    for _, step in pipeline.steps[:-1]:
        if step is not None and step != "passthrough":
            x = transform(step, graph, x)
    return x


@transform.register
def _(pipeline: Pipeline, graph: Graph, x: str) -> str:
    x = before_last(pipeline, graph, x)
    last = pipeline.steps[-1][1]
    return x if last is None or last == "passthrough" else transform(last, graph, x)


for ask in (probabilities, scores, values):

    @ask.register(Pipeline)
    def _(pipeline: Pipeline, graph: Graph, x: str, ask=ask) -> str:
        return ask(pipeline.steps[-1][1], graph, before_last(pipeline, graph, x))

    @ask.register(GridSearchCV)
    @ask.register(RandomizedSearchCV)
    def _(search: GridSearchCV | RandomizedSearchCV, graph: Graph, x: str, ask=ask) -> str:
        return ask(search.best_estimator_, graph, x)

    @ask.register(FrozenEstimator)
    def _(frozen: FrozenEstimator, graph: Graph, x: str, ask=ask) -> str:
        return ask(frozen.estimator, graph, x)
