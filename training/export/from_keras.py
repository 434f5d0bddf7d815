"""
Keras 3 models on TensorFlow, from a .keras or .h5 file. Both are read in Keras's safe mode: a Lambda layer's code is refused.
Layers are converted one by one, because the exporters through tf2onnx break on Normalization and GELU and unroll GRU as a Loop.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import keras_recurrent  # noqa: F401  registers its rules
from form import settled
from graph import Graph
from head import Activation, head_of
from keras_layers import convert as convert_layer
from native import INPUT, Native, Tolerance
from refused import Refused

BATCH = 256


def load(path: Path) -> keras.Model:
    if path.suffix not in (".keras", ".h5"):
        raise Refused("SOURCE_INVALID", f"{path.name}: a .keras or .h5 file is read; model.save('model.keras') writes one")
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises what its readers raise
        code = "SOURCE_UNTRUSTED" if "unsafe" in str(error) or "safe_mode" in str(error) else "SOURCE_INVALID"
        raise Refused(code, f"{path.name} cannot be loaded: {str(error)[:600]}") from error


def read(path: Path, features: list[str], asked: list[str] | None, activation: Activation, tolerance: float) -> Native:
    return convert(load(path), features, asked, activation, tolerance, [path])


def convert(
    model: keras.Model,
    features: list[str],
    asked: list[str] | None,
    activation: Activation,
    tolerance: float,
    sources: list[Path],
) -> Native:
    shape = shape_of(model, len(features))
    graph = Graph("float32", shape)
    (result,) = layer_by_layer(model, graph, [INPUT])
    columns = model.output_shape[-1]
    if len(model.output_shape) != 2 or columns is None:
        raise Refused("UNSUPPORTED", f"the model answers {model.output_shape}, expected [rows, columns]")
    head, classes = head_of(columns, None, asked, activation)
    kinds = list(dict.fromkeys(type(layer).__name__ for layer in leaves(model) if layer.weights))
    return Native(
        framework="tensorflow",
        version=tf.__version__,
        kind="+".join(kinds)[:60] or model.name[:60],
        classes=classes,
        features=features,
        window=shape[0] if len(shape) == 2 else 1,
        sequence=len(shape) == 2,
        dtype="float32",
        scaler="normalization" if any(isinstance(layer, layers.Normalization) for layer in leaves(model)) else "none",
        tolerance=Tolerance(absolute=tolerance),
        graph=settled(head.append(graph.model(result, columns))),
        predict=lambda rows: head.apply(answers(model, rows)),
        sources=sources,
        tools={"tensorflow": tf.__version__, "keras": keras.__version__},
    )


def answers(model: keras.Model, rows: np.ndarray) -> np.ndarray:
    """[n, ...] float32 -> [n, columns] float32"""
    parts = [np.asarray(model(rows[i : i + BATCH], training=False)) for i in range(0, len(rows), BATCH)]
    return np.concatenate(parts)


def shape_of(model: keras.Model, features: int) -> list[int]:
    """@returns the shape of one row: [features] or [window, features]"""
    if not isinstance(model, (keras.Sequential, keras.Model)) or not model.built or not hasattr(model, "inputs"):
        raise Refused("UNSUPPORTED", "the model is neither Sequential nor functional: its layers cannot be listed")
    if not model.inputs or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise Refused("UNSUPPORTED", "a model with one input and one output is expected")
    _, *shape = model.inputs[0].shape
    if len(shape) not in (1, 2) or shape[-1] != features:
        raise Refused("FEATURES_MISMATCH", f"{features} features are named, the model takes rows of {shape}")
    if None in shape:
        raise Refused("UNSUPPORTED", "the window's length is free: give the Input a fixed one")
    if keras.backend.standardize_dtype(model.inputs[0].dtype) != "float32" or model.dtype_policy.name != "float32":
        raise Refused("UNSUPPORTED", "the model does not compute in float32")
    return [int(size) for size in shape]


def layer_by_layer(model: keras.Model, graph: Graph, inputs: list[str]) -> list[str]:
    """Walks a functional model in the order of its dependencies; models within it alike."""
    inner = model._functional if isinstance(model, keras.Sequential) else model
    names = {id(tensor): name for tensor, name in zip(inner.inputs, inputs, strict=True)}
    for depth in sorted(inner._nodes_by_depth, reverse=True):
        for node in inner._nodes_by_depth[depth]:
            if node.is_input:
                continue
            operation = node.operation
            taken = [names[id(tensor)] for tensor in node.input_tensors]
            check_arguments(node)
            inside = isinstance(operation, keras.Model)
            given = layer_by_layer(operation, graph, taken) if inside else [convert_layer(operation, graph, *taken)]
            names |= {id(tensor): name for tensor, name in zip(node.outputs, given, strict=True)}
    return [names[id(tensor)] for tensor in inner.outputs]


def check_arguments(node: object) -> None:
    """A mask would change what a layer does; no rule follows one."""
    if any(getattr(tensor, "_keras_mask", None) is not None for tensor in node.input_tensors):
        raise Refused("UNSUPPORTED", f"{node.operation.name} takes a mask")


def leaves(model: keras.Model) -> list[keras.Layer]:
    """Every layer, those of models within it too, in order."""
    return [leaf for layer in model.layers for leaf in (leaves(layer) if isinstance(layer, keras.Model) else [layer])]
