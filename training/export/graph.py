"""Writes ONNX graphs node by node (opset 17, ml 5, IR 10)."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from native import INPUT, OUTPUT, Dtype

IR_VERSION = 10
PRODUCER = "alphapulse-export"
ELEMENT = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


class Graph:
    """Grows from the input `features`; every method takes and returns names of tensors."""

    def __init__(self, dtype: Dtype, shape: list[int]) -> None:
        """@param shape of one row: [features] or [window, features]"""
        self.dtype: Dtype = dtype
        self._shape = shape
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._domains = {"": 17}

    def add(self, op: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: object) -> str:
        """@returns the first output's name; a second one is called the same with `_1` behind it"""
        name = f"{op.lower()}_{len(self._nodes)}"
        names = [name, *(f"{name}_{i}" for i in range(1, outputs))]
        self._nodes.append(helper.make_node(op, list(inputs), names, name=name, domain=domain, **attributes))
        if domain:
            self._domains[domain] = 5
        return name

    def constant(self, values: object, dtype: str | None = None) -> str:
        """@param values numbers, cast to the graph's own type unless another is named"""
        name = f"constant_{len(self._initializers)}"
        array = np.array(values, dtype=dtype or self.dtype, order="C")
        self._initializers.append(numpy_helper.from_array(array, name))
        return name

    def cast(self, x: str, dtype: Dtype) -> str:
        return self.add("Cast", x, to=ELEMENT[dtype])

    def sub(self, x: str, values: object) -> str:
        return self.add("Sub", x, self.constant(values))

    def plus(self, x: str, values: object) -> str:
        return self.add("Add", x, self.constant(values))

    def div(self, x: str, values: object) -> str:
        return self.add("Div", x, self.constant(values))

    def mul(self, x: str, values: object) -> str:
        return self.add("Mul", x, self.constant(values))

    def clip(self, x: str, low: float, high: float) -> str:
        return self.add("Clip", x, self.constant(low), self.constant(high))

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None) -> str:
        """x @ weight + bias. @param weight [inputs, outputs] @param bias [outputs]"""
        product = self.add("MatMul", x, self.constant(weight))
        return product if bias is None else self.plus(product, bias)

    def model(self, output: str, columns: int) -> onnx.ModelProto:
        """@param output the tensor [rows, columns] that is to be called `predictions`"""
        self._nodes.append(helper.make_node("Identity", [output], [OUTPUT], name=OUTPUT))
        element = ELEMENT[self.dtype]
        graph = helper.make_graph(
            self._nodes,
            "model",
            [helper.make_tensor_value_info(INPUT, element, ["rows", *self._shape])],
            [helper.make_tensor_value_info(OUTPUT, element, ["rows", columns])],
            self._initializers,
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in self._domains.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name=PRODUCER)
