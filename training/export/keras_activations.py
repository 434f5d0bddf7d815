"""Keras's activation functions as ONNX nodes, float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keras import activations

from graph import Graph
from refused import Refused

Emit = Callable[[Graph, str], str]


def gelu(graph: Graph, x: str) -> str:
    """x / 2 x (1 + erf(x / sqrt 2))"""
    erf = graph.add("Erf", graph.mul(x, 1 / np.sqrt(2)))
    return graph.add("Mul", graph.mul(x, 0.5), graph.plus(erf, 1.0))


def silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def relu6(graph: Graph, x: str) -> str:
    return graph.clip(x, 0.0, 6.0)


def plain(op: str, **attributes: object) -> Emit:
    return lambda graph, x: graph.add(op, x, **attributes)


EMIT: dict[str, Emit] = {
    "linear": lambda graph, x: x,
    "relu": plain("Relu"),
    "relu6": relu6,
    "leaky_relu": plain("LeakyRelu", alpha=0.2),
    "tanh": plain("Tanh"),
    "sigmoid": plain("Sigmoid"),
    "hard_sigmoid": plain("HardSigmoid", alpha=1 / 6, beta=0.5),
    "softmax": plain("Softmax", axis=-1),
    "elu": plain("Elu", alpha=1.0),
    "selu": plain("Selu"),
    "softplus": plain("Softplus"),
    "softsign": plain("Softsign"),
    "exponential": plain("Exp"),
    "silu": silu,
    "gelu": gelu,
}

#: Of ONNX's recurrent operators: name, alpha, beta.
RECURRENT: dict[str, tuple[str, float, float]] = {
    "tanh": ("Tanh", 0.0, 0.0),
    "sigmoid": ("Sigmoid", 0.0, 0.0),
    "relu": ("Relu", 0.0, 0.0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "softsign": ("Softsign", 0.0, 0.0),
    "linear": ("Affine", 1.0, 0.0),
}


def name_of(function: object) -> str:
    """@raises Refused for a function that is not Keras's own"""
    name = getattr(function, "__name__", type(function).__name__)
    if name not in EMIT or activations.get(name) is not function:
        raise Refused("UNSUPPORTED", f"no rule converts the activation {name}")
    return name


def activate(graph: Graph, function: object, x: str) -> str:
    return EMIT[name_of(function)](graph, x)
