"""Small Keras models with seeded weights, one for each architecture that is promised and for each family of layers."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable

import keras
import numpy as np
from keras import Sequential, layers

FEATURES = [f"f{i}" for i in range(6)]
WINDOW = 16
CLASSES = ["short", "flat", "long"]


def rows(sequence: bool, seed: int = 5, count: int = 300) -> np.ndarray:
    shape = (count, WINDOW, len(FEATURES)) if sequence else (count, len(FEATURES))
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def normalization() -> layers.Normalization:
    layer = layers.Normalization()
    layer.adapt(rows(True) * 3 + 1)
    return layer


def stack(*inner: layers.Layer, sequence: bool = True, last: layers.Layer | None = None) -> Sequential:
    shape = (WINDOW, len(FEATURES)) if sequence else (len(FEATURES),)
    return Sequential([layers.Input(shape), *inner, last or layers.Dense(3, activation="softmax")])


def tcn() -> keras.Model:
    """Functional: causal convolutions with residuals and two ways of pooling."""
    inputs = layers.Input((WINDOW, len(FEATURES)))
    steps = layers.Dense(12)(inputs)
    for dilation in (1, 2, 4):
        layer = layers.Conv1D(12, 3, padding="causal", dilation_rate=dilation, activation="relu")
        steps = layers.Add()([steps, layer(steps)])
    steps = layers.LayerNormalization()(steps)
    pooled = layers.Concatenate()([layers.GlobalAveragePooling1D()(steps), layers.GlobalMaxPooling1D()(steps)])
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(pooled))


def nested() -> keras.Model:
    inputs = layers.Input((WINDOW, len(FEATURES)))
    encoder = Sequential([layers.Input((WINDOW, len(FEATURES))), layers.GRU(8, return_sequences=True), layers.GRU(6)])
    encoded = encoder(inputs)
    gated = layers.Multiply()([encoded, layers.Dense(6, activation="sigmoid")(encoded)])
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Average()([gated, encoded])))


MODELS: dict[str, Callable[[], keras.Model]] = {
    "dense": lambda: stack(
        layers.Dense(24), layers.BatchNormalization(), layers.LeakyReLU(), layers.Dropout(0.3),
        layers.Dense(12, activation="gelu"), sequence=False,
    ),
    "dense-regressor": lambda: stack(
        layers.Rescaling(0.5, 1.0), layers.Dense(12, activation="silu"), layers.PReLU(), layers.Dense(8, activation="elu"),
        sequence=False, last=layers.Dense(1),
    ),
    "lstm": lambda: stack(normalization(), layers.LSTM(16)),
    "lstm-stacked": lambda: stack(layers.LSTM(12, return_sequences=True, dropout=0.2), layers.Dropout(0.2), layers.LSTM(8)),
    "lstm-both-ways": lambda: stack(
        layers.Bidirectional(layers.LSTM(8, return_sequences=True)), layers.Bidirectional(layers.LSTM(5)),
    ),
    "lstm-hard": lambda: stack(layers.LSTM(8, recurrent_activation="hard_sigmoid", activation="softsign")),
    "lstm-backwards": lambda: stack(layers.LSTM(8, go_backwards=True, return_sequences=True), layers.Flatten()),
    "gru": lambda: stack(layers.GRU(16)),
    "gru-reset-before": lambda: stack(layers.GRU(8, reset_after=False, return_sequences=True), layers.GRU(8, use_bias=False)),
    "gru-both-ways-averaged": lambda: stack(layers.Bidirectional(layers.GRU(8), merge_mode="ave")),
    "conv1d": lambda: stack(
        layers.Conv1D(16, 3, padding="same", activation="relu"), layers.BatchNormalization(), layers.MaxPooling1D(2),
        layers.Conv1D(12, 3, activation="relu"), layers.GlobalAveragePooling1D(),
    ),
    "conv1d-strided": lambda: stack(
        layers.ZeroPadding1D((1, 2)), layers.Conv1D(12, 4, strides=2, padding="same", groups=2, use_bias=False),
        layers.Activation("tanh"), layers.AveragePooling1D(2, padding="same"), layers.Cropping1D((1, 0)), layers.Permute((2, 1)),
        layers.TimeDistributed(layers.Dense(3)), layers.Reshape((36,)),
    ),
    "tcn": tcn,
    "nested": nested,
}  # fmt: skip


def made(name: str) -> keras.Model:
    """The model with its weights: every one drawn anew, so that no bias is zero and answers differ from row to row."""
    keras.utils.set_random_seed(11)
    model = MODELS[name]()
    random = np.random.default_rng(4)
    for variable in model.trainable_variables:
        value = np.asarray(variable)
        variable.assign(value * 1.5 + random.normal(size=value.shape) * 0.1)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_mean.assign(random.normal(size=layer.moving_mean.shape))
            layer.moving_variance.assign(random.uniform(0.5, 2, size=layer.moving_variance.shape))
    return model
