"""Small PyTorch networks with seeded weights, one for each architecture that is promised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

FEATURES = [f"f{i}" for i in range(6)]
WINDOW = 16


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(6, 24), nn.BatchNorm1d(24), nn.GELU(), nn.Dropout(0.3), nn.Linear(24, 12), nn.ReLU(), nn.Linear(12, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Recurrent(nn.Module):
    """LSTM or GRU over the window; the last step -> three classes."""

    def __init__(self, cell: type[nn.LSTM] | type[nn.GRU], **options: object) -> None:
        super().__init__()
        self.cell = cell(6, 16, batch_first=True, **options)
        self.head = nn.Linear(32 if options.get("bidirectional") else 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        steps, _ = self.cell(x)
        return torch.softmax(self.head(steps[:, -1]), dim=-1)


class StatedLstm(nn.Module):
    """Makes its own first state from the number of rows, as many tutorials do."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTM(6, 8, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(1, x.size(0), 8)
        steps, _ = self.cell(x, (state, state))
        return self.head(steps[:, -1]).squeeze(-1)


class Tcn(nn.Module):
    """Causal dilated convolutions with residuals."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(6, 12, 1)
        self.layers = nn.ModuleList(nn.utils.parametrizations.weight_norm(nn.Conv1d(12, 12, 3, dilation=2**i)) for i in range(3))
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        steps = self.first(x.transpose(1, 2))
        for i, layer in enumerate(self.layers):
            steps = steps + torch.relu(layer(nn.functional.pad(steps, (2 * 2**i, 0))))
        return torch.softmax(self.head(steps[:, :, -1]), dim=-1)


class Transformer(nn.Module):
    def __init__(self, norm_first: bool = True, causal: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.place = nn.Parameter(torch.randn(1, WINDOW, 16) * 0.1)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, activation="gelu", norm_first=norm_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(WINDOW) if causal else None)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        steps = self.encoder(self.embed(x) + self.place, mask=self.mask, is_causal=self.mask is not None)
        return torch.softmax(self.head(steps.mean(dim=1)), dim=-1)


@dataclass(frozen=True)
class Kind:
    build: Callable[[], nn.Module]
    window: int = WINDOW
    classes: tuple[str, ...] | None = ("short", "flat", "long")
    activation: str = "none"


MODELS: dict[str, Kind] = {
    "mlp": Kind(Mlp, window=1, activation="softmax"),
    "lstm": Kind(lambda: Recurrent(nn.LSTM)),
    "lstm-two-layers-both-ways": Kind(lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True, dropout=0.2)),
    "lstm-stated": Kind(StatedLstm, classes=None),
    "gru": Kind(lambda: Recurrent(nn.GRU)),
    "gru-two-layers": Kind(lambda: Recurrent(nn.GRU, num_layers=2)),
    "tcn": Kind(Tcn),
    "transformer": Kind(Transformer),
    "transformer-causal": Kind(lambda: Transformer(norm_first=False, causal=True)),
    "binary": Kind(StatedLstm, classes=("down", "up"), activation="sigmoid"),
}


def made(name: str) -> nn.Module:
    """The network with its weights: larger than at birth, so that answers differ from row to row."""
    torch.manual_seed(11)
    module = MODELS[name].build().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.5)
        for buffer_name, buffer in module.named_buffers():
            if buffer_name.endswith("running_var"):
                buffer.uniform_(0.5, 2)
    return module


def rows(window: int, seed: int = 5, count: int = 300) -> np.ndarray:
    shape = (count, len(FEATURES)) if window == 1 else (count, window, len(FEATURES))
    return np.random.default_rng(seed).normal(size=shape)
