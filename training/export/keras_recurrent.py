"""Keras's LSTM and GRU as ONNX's own operators, so that a runtime's fast kernels apply."""

from __future__ import annotations

import numpy as np
from keras import layers

from graph import Graph
from keras_activations import RECURRENT, name_of
from keras_layers import convert
from refused import Refused

Cell = layers.LSTM | layers.GRU


@convert.register(layers.LSTM)
@convert.register(layers.GRU)
def _(layer: Cell, graph: Graph, x: str) -> str:
    """[rows, steps, channels] -> [rows, units], or [rows, steps, units] where the layer returns its sequence"""
    check(layer)
    return shaped(graph, run(graph, x, layer, "reverse" if layer.go_backwards else "forward"), layer, layer.go_backwards)


@convert.register
def _(layer: layers.Bidirectional, graph: Graph, x: str) -> str:
    """Both directions; the backward one's sequence comes out in the order of time."""
    first, second = layer.forward_layer, layer.backward_layer
    if type(first) is not type(second) or not isinstance(first, (layers.LSTM, layers.GRU)) or first.units != second.units:
        raise Refused("UNSUPPORTED", "Bidirectional over anything but two alike LSTM or GRU")
    if first.go_backwards or not second.go_backwards or first.return_sequences != second.return_sequences:
        raise Refused("UNSUPPORTED", "Bidirectional with directions of its own")
    for one in (first, second):
        check(one)
    one, other = (
        shaped(graph, run(graph, x, cell, direction), cell, False)
        for cell, direction in ((first, "forward"), (second, "reverse"))
    )
    if layer.merge_mode == "concat":
        return graph.add("Concat", one, other, axis=-1)
    merge = {"sum": "Add", "mul": "Mul", "ave": "Add"}.get(layer.merge_mode)
    if merge is None:
        raise Refused("UNSUPPORTED", f"Bidirectional that merges by {layer.merge_mode}")
    merged = graph.add(merge, one, other)
    return graph.div(merged, 2.0) if layer.merge_mode == "ave" else merged


def check(layer: Cell) -> None:
    if layer.stateful or layer.return_state:
        raise Refused("UNSUPPORTED", f"{layer.name} keeps or returns its state: a row's answer must depend on its window alone")
    for function in (layer.activation, layer.recurrent_activation):
        if name_of(function) not in RECURRENT:
            raise Refused("UNSUPPORTED", f"{layer.name} has the activation {name_of(function)}")


def run(graph: Graph, x: str, cell: Cell, direction: str) -> str:
    """@returns the name of Y, [steps, 1, rows, units]; behind it, `_1`, lies the last state, [1, rows, units]"""
    kernel, recurrent, bias = weights_of(cell)
    functions = [RECURRENT[name_of(f)] for f in (cell.recurrent_activation, cell.activation)]
    if isinstance(cell, layers.LSTM):
        functions.append(functions[1])
    reset_after = {"linear_before_reset": int(cell.reset_after)} if isinstance(cell, layers.GRU) else {}
    named, alphas, betas = zip(*functions, strict=True)
    slopes = {} if not any(alphas) else {"activation_alpha": alphas, "activation_beta": betas}
    return graph.add(
        type(cell).__name__,
        graph.add("Transpose", x, perm=[1, 0, 2]),
        graph.constant(kernel),
        graph.constant(recurrent),
        graph.constant(bias),
        outputs=2,
        hidden_size=cell.units,
        direction=direction,
        activations=named,
        **slopes,
        **reset_after,
    )


def weights_of(cell: Cell) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Keras's [channels, gates x units] as ONNX's [1, gates x units, channels]; gates i f c o become i o f c, z r h stay.
    @returns kernel, recurrent kernel, bias [1, 2 x gates x units]: of the input, then of the state
    """
    order = [0, 3, 1, 2] if isinstance(cell, layers.LSTM) else [0, 1, 2]
    inner = cell.cell
    size = len(order) * cell.units
    bias = np.zeros((2, size), np.float32)
    if cell.use_bias:
        own = np.asarray(inner.bias)
        bias[: own.size // size] = own.reshape(-1, size)

    def gates(values: np.ndarray) -> np.ndarray:
        """[..., gates x units] with its gates in ONNX's order"""
        split = values.reshape(*values.shape[:-1], len(order), cell.units)
        return split[..., order, :].reshape(values.shape)

    kernel, recurrent = (gates(np.asarray(values)).T[None] for values in (inner.kernel, inner.recurrent_kernel))
    return kernel, recurrent, gates(bias).reshape(1, -1)


def shaped(graph: Graph, y: str, layer: Cell, reversed_steps: bool) -> str:
    """@param reversed_steps a backward layer by itself returns its sequence last step first"""
    if not layer.return_sequences:
        return graph.add("Squeeze", f"{y}_1", graph.constant([0], "int64"))
    steps = graph.add("Transpose", graph.add("Squeeze", y, graph.constant([1], "int64")), perm=[1, 0, 2])
    if not reversed_steps:
        return steps
    ends = [graph.constant([value], "int64") for value in (-1, np.iinfo(np.int64).min, 1, -1)]
    return graph.add("Slice", steps, *ends)
