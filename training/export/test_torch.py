"""PyTorch: every architecture answers in ONNX as it does in PyTorch, whatever the batch; what froze or differs is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import from_torch
import zoo_torch as zoo
from prove import prove
from refused import Refused

TOLERANCE = 1e-5


def converted(name: str):
    kind = zoo.MODELS[name]
    classes = list(kind.classes) if kind.classes else None
    return from_torch.convert(zoo.made(name), kind.window, zoo.FEATURES, classes, kind.activation, TOLERANCE, [])


@pytest.mark.parametrize("name", zoo.MODELS)
def test_answers_as_pytorch_at_every_batch_size(name: str) -> None:
    native = converted(name)
    proof = prove(native, zoo.rows(zoo.MODELS[name].window))
    assert set(proof.batches) == {1, 3, 257}
    assert max(proof.batches.values()) < 1e-6  # measured: 2.4e-7 at most; 1e-5 is promised
    assert proof.label_flips == 0
    assert proof.golden_outputs.std(axis=0).min() > 1e-3, "the rows must tell models apart"


@pytest.mark.parametrize(("name", "operator"), [("lstm", "LSTM"), ("gru", "GRU"), ("tcn", "Conv"), ("mlp", "Gemm")])
def test_layers_stay_whole(name: str, operator: str) -> None:
    assert operator in {node.op_type for node in converted(name).graph.graph.node}


def test_the_graph_remembers_no_path_of_this_machine() -> None:
    assert str(Path(__file__).parent).encode() not in converted("lstm").graph.SerializeToString()


class Frozen(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(2, -1)[:, :3]


class FrozenState(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, :3] + torch.zeros(2, 3)


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, :3] * x.size(0) if x.size(0) < 3 else x[:, :3]


class Mixing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(x[:, :3], dim=0)


class Logits(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, :3]


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


@pytest.mark.parametrize(
    ("module", "code"),
    [
        (Pair(), "UNSUPPORTED"),
        (nn.Linear(5, 3), "FEATURES_MISMATCH"),
        (nn.LSTM(6, 3, batch_first=True), "UNSUPPORTED"),
    ],
)
def test_refuses_to_export(module: nn.Module, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        from_torch.convert(module, 1, zoo.FEATURES, None, "none", TOLERANCE, [])
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("module", "classes", "code"),
    [
        (Frozen(), None, "BATCH_FROZEN"),
        (FrozenState(), None, "BATCH_FROZEN"),
        (Branching(), None, "ANSWERS_DIFFER"),
        (Mixing(), None, "ANSWERS_DIFFER"),
        (Logits(), ["short", "flat", "long"], "NOT_PROBABILITIES"),
    ],
)
def test_refuses_what_the_proof_finds(module: nn.Module, classes: list[str] | None, code: str) -> None:
    native = from_torch.convert(module, 1, zoo.FEATURES, classes, "none", TOLERANCE, [])
    with pytest.raises(Refused) as refusal:
        prove(native, zoo.rows(1))
    assert refusal.value.code == code


def test_reads_a_module_and_its_weights(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("from torch import nn\n\ndef build():\n    return nn.Linear(6, 2)\n")
    torch.save(nn.Linear(6, 2).state_dict(), tmp_path / "weights.pt")
    native = from_torch.read(f"{tmp_path}/net.py:build", tmp_path / "weights.pt", 1, zoo.FEATURES, None, "none", TOLERANCE)
    assert [path.name for path in native.sources] == ["net.py", "weights.pt"]
    assert prove(native, zoo.rows(1)).columns == 2


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        (nn.Linear(6, 2), "SOURCE_UNTRUSTED"),
        (nn.Linear(6, 4).state_dict(), "SOURCE_INVALID"),
        ([1, 2], "SOURCE_INVALID"),
    ],
)
def test_refuses_weights_that_are_none(weights: object, code: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("from torch import nn\n\ndef build():\n    return nn.Linear(6, 2)\n")
    torch.save(weights, tmp_path / "weights.pt")
    with pytest.raises(Refused) as refusal:
        from_torch.load(f"{tmp_path}/net.py:build", tmp_path / "weights.pt")
    assert refusal.value.code == code


@pytest.mark.parametrize("source", ["nowhere.py:build", "net.py", "net.py:absent", "net.py:number"])
def test_refuses_a_source_that_builds_nothing(source: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def number():\n    return 7\n")
    torch.save({}, tmp_path / "weights.pt")
    with pytest.raises(Refused) as refusal:
        from_torch.load(f"{tmp_path}/{source}", tmp_path / "weights.pt")
    assert refusal.value.code == "SOURCE_INVALID"
