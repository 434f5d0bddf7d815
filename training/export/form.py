"""What a model file must look like to be served: one input, one output, free rows, standard operators, all in one file."""

from __future__ import annotations

import onnx
from onnx import inliner

from native import INPUT, OUTPUT
from refused import Refused

DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
MAX_IR = 10
MAX_OPSET = {"": 18, "ai.onnx.ml": 5}


def settled(model: onnx.ModelProto) -> onnx.ModelProto:
    """@returns a copy with functions inlined and without what only an exporter wants to remember (paths, stack traces)"""
    plain = inliner.inline_local_functions(model) if model.functions else model
    result = onnx.ModelProto()
    result.CopyFrom(plain)
    graph = result.graph
    for holder in (result, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        holder.ClearField("metadata_props")
        holder.ClearField("doc_string")
    del graph.value_info[:]
    used = {node.domain for node in graph.node}
    kept = [opset for opset in result.opset_import if opset.domain in used or opset.domain == ""]
    del result.opset_import[:]
    result.opset_import.extend(kept)
    result.ir_version = min(result.ir_version, MAX_IR)
    return result


def check(model: onnx.ModelProto, shape: list[int], dtype: str) -> int:
    """
    @param shape of one row
    @returns the number of output columns
    @raises Refused BATCH_FROZEN, FORM_INVALID
    """
    graph = model.graph
    if [value.name for value in graph.input] != [INPUT] or [value.name for value in graph.output] != [OUTPUT]:
        raise Refused("FORM_INVALID", f"the graph must have one input `{INPUT}` and one output `{OUTPUT}`")
    if model.functions:
        raise Refused("FORM_INVALID", "functions are left in the graph")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        raise Refused("FORM_INVALID", "weights lie outside the file")
    foreign = sorted({node.domain for node in graph.node} - DOMAINS)
    if foreign:
        raise Refused("FORM_INVALID", f"operators of {', '.join(foreign)} are not standard ONNX")
    for opset in model.opset_import:
        if opset.version > MAX_OPSET[opset.domain]:
            raise Refused("FORM_INVALID", f"opset {opset.version} of `{opset.domain or 'ai.onnx'}` is too new")
    check_value("input", graph.input[0], shape, dtype)
    columns = check_value("output", graph.output[0], None, dtype)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise Refused("FORM_INVALID", f"the graph is not valid ONNX: {error}") from error
    return columns


def check_value(what: str, value: onnx.ValueInfoProto, shape: list[int] | None, dtype: str) -> int:
    """@param shape expected after the rows; None: any one number of columns @returns the last dimension"""
    tensor = value.type.tensor_type
    element = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.DOUBLE: "float64"}.get(tensor.elem_type)
    if element != dtype:
        raise Refused("FORM_INVALID", f"the {what} is {element or tensor.elem_type}, expected {dtype}")
    rows, *rest = tensor.shape.dim or [onnx.TensorShapeProto.Dimension(dim_value=1)]
    if rows.HasField("dim_value"):
        raise Refused("BATCH_FROZEN", f"the {what} is fixed at {rows.dim_value} rows: the exporter froze the batch axis")
    found = [dim.dim_value for dim in rest]
    if not found or 0 in found or (shape is None and len(found) != 1) or (shape is not None and found != shape):
        expected = f"[rows, {', '.join(map(str, shape))}]" if shape else "[rows, columns]"
        raise Refused("FORM_INVALID", f"the {what} is [rows, {', '.join(str(n or '?') for n in found)}], expected {expected}")
    return found[-1]
