"""Keras layers as ONNX nodes. Tensors are [rows, channels] or [rows, steps, channels], float32, as in Keras."""

from __future__ import annotations

from functools import singledispatch

import numpy as np
from keras import layers

from graph import Graph
from keras_activations import activate
from refused import Refused


@singledispatch
def convert(layer: object, graph: Graph, *inputs: str) -> str:
    """@param inputs names of the layer's input tensors @returns the name of its output"""
    raise Refused("UNSUPPORTED", f"no rule converts the layer {type(layer).__name__} ({getattr(layer, 'name', '?')})")


def steps_and_channels(layer: layers.Layer) -> tuple[int, int]:
    _, steps, channels = layer.input.shape
    return int(steps), int(channels)


ONLY_IN_TRAINING = (
    layers.Dropout, layers.SpatialDropout1D, layers.GaussianDropout, layers.GaussianNoise, layers.AlphaDropout,
    layers.ActivityRegularization, layers.Identity,
)  # fmt: skip


def unchanged(layer: layers.Layer, graph: Graph, x: str) -> str:
    return x


for kind in ONLY_IN_TRAINING:
    convert.register(kind, unchanged)


@convert.register
def _(layer: layers.Dense, graph: Graph, x: str) -> str:
    z = graph.linear(x, np.asarray(layer.kernel), np.asarray(layer.bias) if layer.use_bias else None)
    return activate(graph, layer.activation, z)


@convert.register
def _(layer: layers.TimeDistributed, graph: Graph, x: str) -> str:
    """A Dense layer works on the last axis anyway."""
    if not isinstance(layer.layer, layers.Dense):
        raise Refused("UNSUPPORTED", f"TimeDistributed over {type(layer.layer).__name__}")
    return convert(layer.layer, graph, x)


@convert.register
def _(layer: layers.Activation, graph: Graph, x: str) -> str:
    return activate(graph, layer.activation, x)


@convert.register
def _(layer: layers.Softmax, graph: Graph, x: str) -> str:
    return graph.add("Softmax", x, axis=int(layer.axis))


@convert.register
def _(layer: layers.ReLU, graph: Graph, x: str) -> str:
    if layer.threshold or layer.max_value is not None:
        raise Refused("UNSUPPORTED", "ReLU with a threshold or a largest value")
    return graph.add("LeakyRelu", x, alpha=float(layer.negative_slope)) if layer.negative_slope else graph.add("Relu", x)


@convert.register
def _(layer: layers.LeakyReLU, graph: Graph, x: str) -> str:
    return graph.add("LeakyRelu", x, alpha=float(layer.negative_slope))


@convert.register
def _(layer: layers.ELU, graph: Graph, x: str) -> str:
    return graph.add("Elu", x, alpha=float(layer.alpha))


@convert.register
def _(layer: layers.PReLU, graph: Graph, x: str) -> str:
    return graph.add("PRelu", x, graph.constant(np.asarray(layer.alpha)))


def last_axis(layer: layers.Layer, axis: object) -> None:
    rank = len(layer.input.shape)
    if [int(a) % rank for a in np.atleast_1d(axis)] != [rank - 1]:
        raise Refused("UNSUPPORTED", f"{layer.name} along an axis that is not the last")


@convert.register
def _(layer: layers.BatchNormalization, graph: Graph, x: str) -> str:
    """With the moving mean and variance, folded into one factor and one term as Keras folds them."""
    last_axis(layer, layer.axis)
    factor = 1 / np.sqrt(np.asarray(layer.moving_variance) + np.float32(layer.epsilon))
    factor = factor * np.asarray(layer.gamma) if layer.scale else factor
    term = -np.asarray(layer.moving_mean) * factor
    return graph.plus(graph.mul(x, factor), term + np.asarray(layer.beta) if layer.center else term)


@convert.register
def _(layer: layers.LayerNormalization, graph: Graph, x: str) -> str:
    last_axis(layer, layer.axis)
    if getattr(layer, "rms_scaling", False):
        raise Refused("UNSUPPORTED", "LayerNormalization with rms_scaling")
    width = int(layer.input.shape[-1])
    gamma = np.asarray(layer.gamma) if layer.scale else np.ones(width)
    beta = np.asarray(layer.beta) if layer.center else np.zeros(width)
    return graph.add("LayerNormalization", x, graph.constant(gamma), graph.constant(beta), axis=-1, epsilon=float(layer.epsilon))


@convert.register
def _(layer: layers.Normalization, graph: Graph, x: str) -> str:
    if layer.invert:
        raise Refused("UNSUPPORTED", "Normalization that inverts")
    mean, variance = np.asarray(layer.mean), np.asarray(layer.variance)
    return graph.div(graph.sub(x, mean), np.maximum(np.sqrt(variance), np.float32(1e-7)))


@convert.register
def _(layer: layers.Rescaling, graph: Graph, x: str) -> str:
    return graph.plus(graph.mul(x, layer.scale), layer.offset)


@convert.register
def _(layer: layers.Flatten, graph: Graph, x: str) -> str:
    return graph.add("Flatten", x, axis=1)


@convert.register
def _(layer: layers.Reshape, graph: Graph, x: str) -> str:
    return graph.add("Reshape", x, graph.constant([-1, *layer.output.shape[1:]], "int64"))


@convert.register
def _(layer: layers.Permute, graph: Graph, x: str) -> str:
    return graph.add("Transpose", x, perm=[0, *layer.dims])


def padding(mode: str, steps: int, size: int, stride: int, dilation: int) -> list[int]:
    """@returns steps added before and after, as TensorFlow reckons them"""
    reach = (size - 1) * dilation
    if mode == "causal":
        return [reach, 0]
    missing = max(0, (-(-steps // stride) - 1) * stride + reach + 1 - steps) if mode == "same" else 0
    return [missing // 2, missing - missing // 2]


def along_channels(graph: Graph, x: str, op: str, *operands: str, **attributes: object) -> str:
    """Runs a node on [rows, channels, steps]."""
    y = graph.add(op, graph.add("Transpose", x, perm=[0, 2, 1]), *operands, **attributes)
    return graph.add("Transpose", y, perm=[0, 2, 1])


@convert.register
def _(layer: layers.Conv1D, graph: Graph, x: str) -> str:
    steps, _ = steps_and_channels(layer)
    (size,), (stride,), (dilation,) = layer.kernel_size, layer.strides, layer.dilation_rate
    operands = [graph.constant(np.asarray(layer.kernel).transpose(2, 1, 0))]
    if layer.use_bias:
        operands.append(graph.constant(np.asarray(layer.bias)))
    pads = padding(layer.padding, steps, size, stride, dilation)
    sizes = {"kernel_shape": [size], "strides": [stride], "dilations": [dilation], "pads": pads, "group": layer.groups}
    return activate(graph, layer.activation, along_channels(graph, x, "Conv", *operands, **sizes))


@convert.register(layers.MaxPooling1D)
@convert.register(layers.AveragePooling1D)
def _(layer: layers.MaxPooling1D | layers.AveragePooling1D, graph: Graph, x: str) -> str:
    steps, _ = steps_and_channels(layer)
    (size,), (stride,) = layer.pool_size, layer.strides
    op = "MaxPool" if isinstance(layer, layers.MaxPooling1D) else "AveragePool"
    pads = padding(layer.padding, steps, size, stride, 1)
    return along_channels(graph, x, op, kernel_shape=[size], strides=[stride], pads=pads)


@convert.register
def _(layer: layers.GlobalAveragePooling1D, graph: Graph, x: str) -> str:
    return graph.add("ReduceMean", x, axes=[1], keepdims=int(layer.keepdims))


@convert.register
def _(layer: layers.GlobalMaxPooling1D, graph: Graph, x: str) -> str:
    return graph.add("ReduceMax", x, axes=[1], keepdims=int(layer.keepdims))


@convert.register
def _(layer: layers.ZeroPadding1D, graph: Graph, x: str) -> str:
    before, after = layer.padding
    return graph.add("Pad", x, graph.constant([0, before, 0, 0, after, 0], "int64"))


@convert.register
def _(layer: layers.Cropping1D, graph: Graph, x: str) -> str:
    before, after = layer.cropping
    steps, _ = steps_and_channels(layer)
    return graph.add("Slice", x, *(graph.constant([value], "int64") for value in (before, steps - after, 1)))


MERGES = {layers.Add: "Add", layers.Subtract: "Sub", layers.Multiply: "Mul", layers.Maximum: "Max", layers.Minimum: "Min"}


def merge(layer: layers.Layer, graph: Graph, first: str, *others: str) -> str:
    for other in others:
        first = graph.add(MERGES[type(layer)], first, other)
    return first


for kind in MERGES:
    convert.register(kind, merge)


@convert.register
def _(layer: layers.Average, graph: Graph, *inputs: str) -> str:
    return graph.add("Mean", *inputs)


@convert.register
def _(layer: layers.Concatenate, graph: Graph, *inputs: str) -> str:
    return graph.add("Concat", *inputs, axis=int(layer.axis))
