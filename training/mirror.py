"""Writes each training series upside down: price' = first open squared / price, high and low exchanged.

Four months of a market have a drift. Shown its mirror image too, a model cannot learn which way those months went, only what
rising and falling have in common. The mirrored candles go through the project's own feature code like any others; they are
used for training alone, never for a figure.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np

from data import HELD_OUT, MIRRORED, SOURCE, TRAIN_SHARE

PRICE = "%.12g"


def mirror(candles: np.ndarray) -> np.ndarray:
    """[n, 6] open time, open, high, low, close, volume; the same columns back."""
    time, opened, high, low, close, volume = candles.T
    square = opened[0] ** 2
    return np.stack([time, square / opened, square / low, square / high, square / close, volume], axis=1)


def main(output: Path, files: list[Path]) -> None:
    for file in files:
        symbol, timeframe = file.name.removesuffix(".csv.gz").split("-")
        if SOURCE[timeframe] != file.parent.name or symbol in HELD_OUT:
            continue
        with gzip.open(file, "rt") as text:
            header = text.readline().strip()
            candles = np.loadtxt(text, delimiter=",", ndmin=2)
        folder = output / (file.parent.name + MIRRORED)
        folder.mkdir(parents=True, exist_ok=True)
        with gzip.open(folder / file.name, "wt", compresslevel=1) as text:
            kept = mirror(candles[: int(len(candles) * (TRAIN_SHARE + 0.02))])
            np.savetxt(text, kept, delimiter=",", fmt=["%d"] + [PRICE] * 5, header=header, comments="")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
