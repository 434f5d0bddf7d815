"""
PyTorch modules: `module.py:build` makes the network, a weights file fills it. module.py is your own code and is executed; the
weights are read with weights_only=True, which executes nothing.
"""

from __future__ import annotations

import importlib.util
import logging
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch

from form import settled
from head import Activation, head_of
from native import INPUT, OUTPUT, Native, Tolerance
from refused import Refused

OPSET = 18  # the exporter's own; its way back to 17 fails for Pad and ReduceMean
MAX_ROWS = 1 << 20


def load(source: str, weights: Path) -> tuple[torch.nn.Module, Path]:
    """@param source `path/to/module.py:function`, a function of no arguments @returns the filled module, in evaluation mode"""
    name, separator, function = source.rpartition(":")
    path = Path(name)
    if not separator or not path.is_file():
        raise Refused("SOURCE_INVALID", f"{source} is not FILE.py:FUNCTION of a file that exists")
    module = built(path, function)
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        module.load_state_dict(state, strict=True)
    except pickle.UnpicklingError as error:
        message = f"{weights.name} holds more than weights, and would execute code: save module.state_dict() instead"
        raise Refused("SOURCE_UNTRUSTED", message) from error
    except (OSError, RuntimeError, TypeError, AttributeError, EOFError) as error:
        raise Refused("SOURCE_INVALID", f"{weights.name} does not fill what {function} builds: {error}") from error
    return module.float().eval(), path


def built(path: Path, function: str) -> torch.nn.Module:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    code = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(code)
        module = getattr(code, function)()
    except Exception as error:  # the user's own code may raise anything
        raise Refused("SOURCE_INVALID", f"{path.name}:{function} fails: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    if not isinstance(module, torch.nn.Module):
        raise Refused("SOURCE_INVALID", f"{path.name}:{function} gives a {type(module).__name__}, no torch.nn.Module")
    return module


def read(
    source: str,
    weights: Path,
    window: int,
    features: list[str],
    asked: list[str] | None,
    activation: Activation,
    tolerance: float,
) -> Native:
    """@param window 1: the module takes [rows, features]; more: [rows, window, features]"""
    module, path = load(source, weights)
    return convert(module, window, features, asked, activation, tolerance, [path, weights])


def convert(
    module: torch.nn.Module,
    window: int,
    features: list[str],
    asked: list[str] | None,
    activation: Activation,
    tolerance: float,
    sources: list[Path],
) -> Native:
    torch.set_num_threads(1)
    module.eval()
    shape = [window, len(features)] if window > 1 else [len(features)]
    predict = answering(module)
    columns = columns_of(predict, shape)
    head, classes = head_of(columns, None, asked, activation)
    return Native(
        framework="pytorch",
        version=torch.__version__.partition("+")[0],
        kind=type(module).__name__[:60],
        classes=classes,
        features=features,
        window=window,
        sequence=window > 1,
        dtype="float32",
        scaler="none",
        tolerance=Tolerance(absolute=tolerance),
        graph=head.append(settled(exported(module, shape))),
        predict=lambda rows: head.apply(predict(rows)),
        sources=sources,
        tools={"torch": torch.__version__},
    )


def answering(module: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """[n, ...] float32 -> [n, columns] float32"""

    def predict(rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            answer = module(torch.from_numpy(np.ascontiguousarray(rows)))
        if not isinstance(answer, torch.Tensor):
            raise Refused("UNSUPPORTED", f"the module answers a {type(answer).__name__}, not one tensor")
        return answer.numpy().reshape(len(rows), -1) if answer.ndim == 1 else answer.numpy()

    return predict


def columns_of(predict: Callable[[np.ndarray], np.ndarray], shape: list[int]) -> int:
    try:
        answer = predict(np.zeros((2, *shape), np.float32))
    except (RuntimeError, IndexError, ValueError) as error:
        raise Refused("FEATURES_MISMATCH", f"the module does not take rows of {shape}: {error}") from error
    if answer.ndim != 2 or len(answer) != 2:
        raise Refused("UNSUPPORTED", f"the module answers {answer.shape} for 2 rows, expected [2, columns]")
    return answer.shape[1]


def exported(module: torch.nn.Module, shape: list[int]) -> onnx.ModelProto:
    """torch.export with a free number of rows. Where the module fixes it all the same, the form's check finds that."""
    flat = Flat(module)
    rows = torch.export.Dim("rows", min=1, max=MAX_ROWS)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                flat,
                (torch.zeros(2, *shape),),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: rows},),
                verbose=False,
            )
    except Exception as error:
        message = f"torch.onnx.export refuses it: {str(innermost(error))[:600]}"
        raise Refused("UNSUPPORTED", message) from error
    return program.model_proto


class Flat(torch.nn.Module):
    """[rows] answers become [rows, 1]."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        answer = self.module(features)
        return answer.unsqueeze(1) if answer.ndim == 1 else answer


def innermost(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
