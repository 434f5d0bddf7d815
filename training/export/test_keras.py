"""TensorFlow/Keras: every architecture answers in ONNX as it does in TensorFlow, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
from keras import layers

import from_keras
import zoo_keras as zoo
from prove import prove
from refused import Refused

TOLERANCE = 1e-5

# Keras converts its variables in a way that numpy 2 advises against.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def converted(model: keras.Model, classes: list[str] | None = None):
    return from_keras.convert(model, zoo.FEATURES, classes, "none", TOLERANCE, [])


@pytest.mark.parametrize("name", zoo.MODELS)
def test_answers_as_tensorflow_at_every_batch_size(name: str) -> None:
    native = converted(zoo.made(name), None if name.endswith("regressor") else zoo.CLASSES)
    proof = prove(native, zoo.rows(native.sequence))
    assert set(proof.batches) == {1, 3, 257}
    assert max(proof.batches.values()) < 2e-6  # measured: 4.8e-7 at most; 1e-5 is promised
    assert proof.label_flips == 0
    assert proof.golden_outputs.std(axis=0).min() > 1e-3, "the rows must tell models apart"


@pytest.mark.parametrize(("name", "operator"), [("lstm", "LSTM"), ("gru", "GRU"), ("conv1d", "Conv")])
def test_layers_stay_whole(name: str, operator: str) -> None:
    operators = {node.op_type for node in converted(zoo.made(name)).graph.graph.node}
    assert operator in operators
    assert not operators & {"Loop", "Scan", "If"}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_reads_what_tensorflow_saved(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    zoo.made("lstm-both-ways").save(path)
    native = from_keras.read(path, zoo.FEATURES, zoo.CLASSES, "none", TOLERANCE)
    assert prove(native, zoo.rows(True)).label_flips == 0
    assert native.window == zoo.WINDOW


def test_a_lambda_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    zoo.stack(layers.Lambda(lambda x: x * 2), layers.Flatten()).save(path)
    with pytest.raises(Refused) as refusal:
        from_keras.load(path)
    assert refusal.value.code == "SOURCE_UNTRUSTED"


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.pb"])
def test_refuses_what_is_no_model(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(Refused) as refusal:
        from_keras.load(tmp_path / name)
    assert refusal.value.code == "SOURCE_INVALID"


def subclassed() -> keras.Model:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x: object) -> object:
            return self.dense(x)

    model = Own()
    model(zoo.rows(False))
    return model


def free_window() -> keras.Model:
    return keras.Sequential([layers.Input((None, 6)), layers.LSTM(4), layers.Dense(3)])


REFUSED = {
    "another number of features": ("FEATURES_MISMATCH", lambda: keras.Sequential([layers.Input((5,)), layers.Dense(3)])),
    "a free window": ("UNSUPPORTED", free_window),
    "a model with code of its own": ("UNSUPPORTED", subclassed),
    "a layer without a rule": ("UNSUPPORTED", lambda: zoo.stack(layers.UpSampling1D(2), layers.Flatten())),
    "an operation without a rule": ("UNSUPPORTED", lambda: indexed()),
    "a layer that keeps its state": (
        "UNSUPPORTED",
        lambda: keras.Sequential([layers.Input((16, 6), batch_size=2), layers.LSTM(4, stateful=True), layers.Dense(3)]),
    ),
    "a mask": ("UNSUPPORTED", lambda: zoo.stack(layers.Masking(), layers.LSTM(4))),
    "an answer for every step": ("UNSUPPORTED", lambda: zoo.stack(layers.LSTM(4, return_sequences=True))),
    "an activation of the user's": (
        "UNSUPPORTED",
        lambda: zoo.stack(layers.Flatten(), layers.Dense(3, activation=lambda x: x * x)),
    ),
}


def indexed() -> keras.Model:
    inputs = layers.Input((zoo.WINDOW, 6))
    return keras.Model(inputs, layers.Dense(3)(inputs[:, -1, :]))


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_it_cannot_carry(name: str) -> None:
    code, make = REFUSED[name]
    with pytest.raises(Refused) as refusal:
        converted(make())
    assert refusal.value.code == code


def test_refuses_logits_that_are_called_classes() -> None:
    native = converted(zoo.stack(layers.Flatten(), last=layers.Dense(3)), zoo.CLASSES)
    with pytest.raises(Refused) as refusal:
        prove(native, zoo.rows(True))
    assert refusal.value.code == "NOT_PROBABILITIES"
