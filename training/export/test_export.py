"""The command from file to folder, and what is checked of every graph whatever made it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import joblib
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

import export
import form
import zoo_sklearn as zoo
from head import Head, head_of
from native import Native, Tolerance
from prove import prove
from refused import Refused
from rows import read_features, read_rows, spread

CLASSES = ["short", "flat", "long"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with model.joblib, names.json and rows.csv, whose columns stand in another order beside one more."""
    joblib.dump(zoo.MODELS["hist-3-missing"](), tmp_path / "model.joblib")
    (tmp_path / "names.json").write_text(json.dumps(zoo.FEATURES))
    table = zoo.rows(seed=9)[:, ::-1]
    lines = [",".join(["time", *reversed(zoo.FEATURES)])]
    lines += [",".join([str(i), *(repr(float(value)) for value in row)]) for i, row in enumerate(table)]
    lines[5] = "3," + "," * (len(zoo.FEATURES) - 1)  # a row of missing values
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def run(files: Path, *more: str, features: str = "names.json") -> int:
    names = ["--features", str(files / features)] if features else []
    given = ["sklearn", str(files / "model.joblib"), "--rows", str(files / "rows.csv"), "--out", str(files / "out")]
    return export.main([*given, *names, *more])


def test_a_model_becomes_a_folder(files: Path) -> None:
    assert run(files, "--trust", "--classes", "short,flat,long") == 0
    description = json.loads((files / "out/export.json").read_text())
    golden = json.loads((files / "out/golden.json").read_text())
    model = (files / "out/model.onnx").read_bytes()

    assert sorted(path.name for path in (files / "out").iterdir()) == ["export.json", "golden.json", "model.onnx"]
    assert description["model"]["sha256"] == hashlib.sha256(model).hexdigest()
    assert description["source"][0]["sha256"] == hashlib.sha256((files / "model.joblib").read_bytes()).hexdigest()
    assert description["input"] == {"name": "features", "shape": [None, 8], "dtype": "float64"}
    assert description["output"] == {"name": "predictions", "shape": [None, 3], "dtype": "float64", "classes": CLASSES}
    assert description["features"] == zoo.FEATURES
    assert description["missing"]
    assert set(description["proof"]["worst_by_batch"]) == {"1", "3", "257"}

    assert golden["by"].startswith("scikit-learn ")
    assert 64 <= len(golden["inputs"]) == len(golden["outputs"])
    inputs = np.array([[float(value) for value in row] for row in golden["inputs"]])
    assert np.isnan(inputs).any(), "missing values are among the golden rows, as the text NaN"
    answers = ort.InferenceSession(model).run(["predictions"], {"features": inputs})[0]
    np.testing.assert_allclose(answers, golden["outputs"], rtol=1e-12, atol=1e-12)


def test_the_same_model_gives_the_same_bytes(files: Path) -> None:
    assert run(files, "--trust") == 0
    first = {path.name: path.read_bytes() for path in (files / "out").iterdir()}
    for path in (files / "out").iterdir():
        path.unlink()
    assert run(files, "--trust") == 0
    assert {path.name: path.read_bytes() for path in (files / "out").iterdir()} == first


@pytest.mark.parametrize(
    ("more", "change", "code"),
    [
        ([], {}, "SOURCE_UNTRUSTED"),
        (["--trust", "--classes", "a,b"], {}, "UNSUPPORTED"),
        (["--trust", "--classes", "a,b,a"], {}, "UNSUPPORTED"),
        (["--trust"], {"names.json": '["f0", "f1"]'}, "FEATURES_MISMATCH"),
        (["--trust"], {"names.json": '["f0", "f0"]'}, "FEATURES_MISMATCH"),
        (["--trust"], {"names.json": "{"}, "FEATURES_MISMATCH"),
        (["--trust"], {"rows.csv": "f0,f1\n1,2\n"}, "ROWS_INVALID"),
        (["--trust"], {"rows.csv": ",".join(zoo.FEATURES) + "\n" + "0,0,0,0,0,0,0,0\n" * 63}, "ROWS_INVALID"),
        (["--trust"], {"rows.csv": ",".join(zoo.FEATURES) + "\n" + "0,0,0,zero,0,0,0,0\n" * 64}, "ROWS_INVALID"),
        (["--trust"], {"rows.csv": ",".join(zoo.FEATURES) + "\n" + "0,0,0,inf,0,0,0,0\n" * 64}, "ROWS_INVALID"),
        (["--trust"], {"rows.csv": ""}, "ROWS_INVALID"),
        (["--trust"], {"out/kept": ""}, "OUT_EXISTS"),
    ],
)
def test_a_refusal_names_its_code_and_writes_nothing(
    more: list[str], change: dict[str, str], code: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in change.items():
        (files / name).parent.mkdir(exist_ok=True)
        (files / name).write_text(text)
    assert run(files, *more) == 1
    assert capsys.readouterr().err.startswith(f"{code}: ")
    assert not (files / "out/model.onnx").exists()


def test_help_says_that_loading_executes_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        export.main(["sklearn", "--help"])
    assert "Loading a model can execute code" in capsys.readouterr().out


def test_feature_names_come_from_a_list_or_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text('{"features": [{"name": "a", "mean": 0}, {"name": "b"}]}')
    assert read_features(path) == ["a", "b"]


def test_consecutive_rows_become_windows(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("b,a\n" + "".join(f"{i},{10 * i}\n" for i in range(70)))
    windows = spread(read_rows(path, ["a", "b"]), 3, True)
    assert windows.shape == (68, 3, 2)
    np.testing.assert_array_equal(windows[1], [[10, 1], [20, 2], [30, 3]])


def linear(*steps: onnx.NodeProto, rows: object = "rows", opset: int = 17, constants: tuple = ()) -> onnx.ModelProto:
    """features [rows, 2] -> predictions [rows, 2] through the given nodes."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, 2]) for name in ("features", "predictions")]
    graph = helper.make_graph(list(steps), "linear", values[:1], values[1:], list(constants))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in {s.domain for s in steps} if d)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def node(op: str, *operands: str, domain: str = "", **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op, ["features", *operands], ["predictions"], domain=domain, **attributes)


def shape_constant(*sizes: int) -> onnx.TensorProto:
    return helper.make_tensor("shape", TensorProto.INT64, [len(sizes)], sizes)


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (linear(node("Relu"), rows=2), "BATCH_FROZEN"),
        (linear(node("Relu"), opset=22), "FORM_INVALID"),
        (linear(node("Own", domain="com.example")), "FORM_INVALID"),
        (linear(helper.make_node("Relu", ["features"], ["other"])), "FORM_INVALID"),
    ],
)
def test_the_form_is_refused(model: onnx.ModelProto, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        form.check(model, [2], "float32")
    assert refusal.value.code == code


def test_weights_outside_the_file_are_refused() -> None:
    weights = helper.make_tensor("shape", TensorProto.FLOAT, [2], [1, 2])
    weights.data_location = TensorProto.EXTERNAL
    with pytest.raises(Refused, match="outside the file"):
        form.check(linear(node("Add", "shape"), constants=(weights,)), [2], "float32")


def native(model: onnx.ModelProto) -> Native:
    return Native(
        "test", "1", "test", None, ["a", "b"], 1, False, "float32", "none", Tolerance(1e-6), model, lambda rows: rows * 1.0, []
    )


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (linear(node("Reshape", "shape"), constants=(shape_constant(64, 2),)), "BATCH_FROZEN"),
        (linear(node("LeakyRelu", alpha=0.99)), "ANSWERS_DIFFER"),
    ],
)
def test_a_graph_that_answers_otherwise_is_refused(model: onnx.ModelProto, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        prove(native(model), np.random.default_rng(1).normal(size=(64, 2)))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("columns", "own", "asked", "activation", "expected", "classes"),
    [
        (2, None, None, "none", [[-1, 3]], None),
        (2, ["b", "a"], ["a", "b"], "none", [[3, -1]], ["a", "b"]),
        (2, ["0", "1"], ["a", "b"], "none", [[-1, 3]], ["a", "b"]),
        (2, None, ["a", "b"], "softmax", [[1 / (1 + np.exp(4)), 1 / (1 + np.exp(-4))]], ["a", "b"]),
        (1, None, ["a", "b"], "sigmoid", [[1 - 1 / (1 + np.e), 1 / (1 + np.e)]], ["a", "b"]),
        (1, None, None, "none", [[-1]], None),
    ],
)
def test_the_head_does_in_numpy_what_it_does_in_onnx(
    columns: int, own: list[str] | None, asked: list[str] | None, activation: str, expected: list, classes: list[str] | None
) -> None:
    head, named = head_of(columns, own, asked, activation)
    assert named == classes
    raw = np.array([[-1, 3]], np.float32)[:, :columns]
    np.testing.assert_allclose(head.apply(raw), expected, rtol=1e-6)
    graph = linear(node("Identity"))
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[1].dim_value = columns
    model = head.append(graph)
    assert form.check(model, [columns], "float32") == len(expected[0])
    answers = ort.InferenceSession(model.SerializeToString()).run(None, {"features": raw})[0]
    np.testing.assert_allclose(answers, expected, rtol=1e-6)


def test_a_head_that_adds_nothing_adds_no_node() -> None:
    model = linear(node("Relu"))
    assert Head("none", False, [0, 1]).append(model) == model
