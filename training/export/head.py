"""The last steps that the user asks for beyond the model's own: activation, the second column of two, the classes' order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from onnx import helper, numpy_helper

from native import OUTPUT
from refused import Refused

Activation = Literal["none", "softmax", "sigmoid"]


@dataclass(frozen=True)
class Head:
    """Turns [rows, columns] into the columns that are promised; in numpy for the library, in nodes for the graph."""

    activation: Activation
    #: One probability p becomes [1 - p, p].
    complement: bool
    #: Column of the model that comes out at each place.
    order: list[int]

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """[n, columns] -> [n, columns promised], in float64 from the activation on."""
        x = raw
        if self.activation == "softmax":
            shifted = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
            x = shifted / shifted.sum(axis=1, keepdims=True)
        elif self.activation == "sigmoid":
            x = 1 / (1 + np.exp(-x.astype(np.float64)))
        if self.complement:
            x = np.concatenate([1 - x, x], axis=1)
        return x[:, self.order]

    def append(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """@returns a copy whose output `predictions` is what `apply` promises"""
        result = onnx.ModelProto()
        result.CopyFrom(model)
        graph = result.graph
        element = graph.output[0].type.tensor_type.elem_type
        steps = self._steps()
        if not steps:
            return result
        for node in graph.node:
            for names in (node.input, node.output):
                names[:] = ["head_0" if name == OUTPUT else name for name in names]
        for i, (op, before, after, attributes) in enumerate(steps):
            last = OUTPUT if i + 1 == len(steps) else f"head_{i + 1}"
            operands = [f"head_{i}" if name == "x" else name for name in (*before, "x", *after)]
            graph.node.append(helper.make_node(op, operands, [last], name=f"head_{op.lower()}", **attributes))
        graph.initializer.append(numpy_helper.from_array(np.array(self.order, np.int64), "head_order"))
        graph.initializer.append(helper.make_tensor("head_signs", element, [2], [-1.0, 1.0]))
        graph.initializer.append(helper.make_tensor("head_ones", element, [2], [1.0, 0.0]))
        used = {name for node in graph.node for name in node.input}
        kept = [tensor for tensor in graph.initializer if tensor.name in used]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        graph.output[0].CopyFrom(helper.make_tensor_value_info(OUTPUT, element, ["rows", len(self.order)]))
        return result

    def _steps(self) -> list[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, object]]]:
        """Operator, operands before and after the running tensor, attributes."""
        steps: list[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, object]]] = []
        if self.activation == "softmax":
            steps.append(("Softmax", (), (), {"axis": 1}))
        elif self.activation == "sigmoid":
            steps.append(("Sigmoid", (), (), {}))
        if self.complement:  # [p] * [-1, 1] + [1, 0], both exact
            steps += [("Mul", (), ("head_signs",), {}), ("Add", (), ("head_ones",), {})]
        if self.order != sorted(self.order):
            steps.append(("Gather", (), ("head_order",), {"axis": 1}))
        return steps


def head_of(
    columns: int, own: list[str] | None, asked: list[str] | None, activation: Activation
) -> tuple[Head, list[str] | None]:
    """
    @param columns of the model's own output
    @param own the classes as the model names them, where it does; they are reordered where `asked` has the same names
    @param asked the names that the user gives the columns, in the order they are to have
    @returns the head and the classes of its columns
    """
    complement = columns == 1 and len(asked or []) == 2
    width = 2 if complement else columns
    if asked is not None and len(asked) != width:
        raise Refused("UNSUPPORTED", f"--classes names {len(asked)}, but the model answers {columns} column(s)")
    if asked is not None and len(set(asked)) != len(asked):
        raise Refused("UNSUPPORTED", "--classes names one twice")
    order = list(range(width))
    if own and asked and set(own) == set(asked):
        order = [own.index(name) for name in asked]
    return Head(activation, complement, order), asked or own
