"""Reads what `npm run cli -- features` exported, labels it, splits it.

A series is one (source, symbol, timeframe). Its features are the project's own, computed in TypeScript; its candles are the
very ones that they were computed from. Nothing here computes a feature or an ATR: both come from the export.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SHORT, FLAT, LONG = 0, 1, 2
BARRIER_ATR = 1.5
HORIZON = 12  # candles
EMBARGO = 24  # candles left out after a boundary, beside the purge of HORIZON before it

MINUTES = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}
STRIDE = {"1m": 6, "5m": 9, "15m": 3, "1h": 2}  # every n-th candle is a training row: neighbours share their label
HELD_OUT = {"LINKUSDT", "TRXUSDT", "INJUSDT", "CTXCUSDT", "BLURUSDT", "BCHUSDT", "MKRUSDT", "RLCUSDT"}
TRAIN_SHARE, VALIDATION_SHARE = 0.65, 0.10  # of the time range; the rest is the test

# training source of each timeframe, and another year that no training row comes from
SOURCE = {"1m": "binance-usdm-2025", "5m": "binance-spot-2024", "15m": "binance-spot-2024", "1h": "binance-spot-2024"}
OTHER_YEAR = {"1m": "binance-spot-2026", "5m": "binance-usdm-2025", "15m": "binance-usdm-2025", "1h": "binance-usdm-2025"}

MIRRORED = "-mirrored"  # a source's candles upside down (mirror.py): for training alone


@dataclass
class Series:
    source: str
    symbol: str
    timeframe: str
    open_time: np.ndarray  # [n] UTC ms
    features: np.ndarray  # [n, all features] float32, warm rows only
    label: np.ndarray  # [n] 0 short, 1 flat, 2 long, -1 not known
    usable: np.ndarray  # [n] bool: labelled, finite, and so is its whole window


def load(folder: Path, window: int) -> list[Series]:
    """Every exported series that serves training or testing here.

    @param folder what `features export` wrote: index.json, float32 rows, float64 columns
    @param window candles that the longest-sighted model needs
    """
    index = json.loads((folder / "index.json").read_text())
    result = []
    for entry in index["series"]:
        source, rows = Path(entry["source"]).parent.name, entry["rows"]
        wanted = (SOURCE.get(entry["timeframe"]), OTHER_YEAR.get(entry["timeframe"]))
        if source.removesuffix(MIRRORED) not in wanted or rows <= window + HORIZON:
            continue
        features = np.memmap(folder / entry["rows_file"], dtype="<f4", mode="r", shape=(rows, len(index["names"])))
        columns = np.fromfile(folder / entry["columns_file"], dtype="<f8").reshape(len(index["columns"]), rows)
        result.append(build(source, entry["symbol"].replace("/", ""), entry["timeframe"], features,
                            dict(zip(index["columns"], columns)), window))
    return result


def triple_barrier(candles: dict[str, np.ndarray], step_ms: int) -> np.ndarray:
    """Which barrier falls first: entry at the next open, +-BARRIER_ATR x ATR(14) of the deciding candle, HORIZON candles.

    Neither: flat. Both within one candle: their order cannot be known from candles, flat. A gap or the end of the series
    within HORIZON: not known (-1), and so the row is left out.
    """
    opens, highs, lows, times, atr = (candles[key] for key in ("open", "high", "low", "open_time", "atr"))
    label = np.full(len(times), -1, dtype=np.int8)
    last = len(times) - HORIZON
    if last <= 0:
        return label
    entry = opens[1 : last + 1]
    up, down = entry + BARRIER_ATR * atr[:last], entry - BARRIER_ATR * atr[:last]
    decided = np.zeros(last, dtype=bool)
    outcome = np.full(last, FLAT, dtype=np.int8)
    for ahead in range(1, HORIZON + 1):
        high, low = highs[ahead : last + ahead], lows[ahead : last + ahead]
        above, below = (high >= up) & ~decided, (low <= down) & ~decided
        outcome[above & ~below] = LONG
        outcome[below & ~above] = SHORT
        decided |= above | below
    whole = times[HORIZON : last + HORIZON] - times[:last] == HORIZON * step_ms
    known = whole & (atr[:last] > 0)
    label[:last][known] = outcome[known]
    return label


def contiguous_count(open_time: np.ndarray, step_ms: int) -> np.ndarray:
    """[n] candles since the last gap, this one included."""
    index = np.arange(len(open_time))
    starts = np.concatenate([[True], np.diff(open_time) != step_ms])
    return index - np.maximum.accumulate(np.where(starts, index, 0)) + 1


def build(source: str, symbol: str, timeframe: str, features: np.ndarray, candles: dict[str, np.ndarray], window: int) -> Series:
    step = MINUTES[timeframe] * 60_000
    times = candles["open_time"].astype(np.int64)
    label = triple_barrier(candles, step)
    finite = np.isfinite(np.asarray(features)).all(axis=1)
    whole = contiguous_count(np.where(finite, times, -1), step) >= window
    return Series(source, symbol, timeframe, times, features, label, finite & whole & (label >= 0))


@dataclass
class Boundaries:
    """Times (UTC ms) that split one timeframe; a row belongs to a part if its whole label does."""

    train_end: int
    validation_end: int


def boundaries(series: list[Series]) -> dict[str, Boundaries]:
    result = {}
    for timeframe, source in SOURCE.items():
        own = [s for s in series if s.timeframe == timeframe and s.source == source]
        start, end = min(s.open_time[0] for s in own), max(s.open_time[-1] for s in own)
        result[timeframe] = Boundaries(int(start + TRAIN_SHARE * (end - start)),
                                       int(start + (TRAIN_SHARE + VALIDATION_SHARE) * (end - start)))
    return result


PARTS = ("train", "validation", "test", "test_held_out", "test_other_year")


def part_mask(series: Series, part: str, split: dict[str, Boundaries]) -> np.ndarray:
    """Rows of one part. Purge: a label must end before the boundary. Embargo: the part after it starts EMBARGO later."""
    step = MINUTES[series.timeframe] * 60_000
    time, bounds = series.open_time, split[series.timeframe]
    label_end = time + (HORIZON + 1) * step
    mirrored = series.source.endswith(MIRRORED)
    own = series.source.removesuffix(MIRRORED) == SOURCE[series.timeframe]
    held_out = series.symbol in HELD_OUT
    nothing = np.zeros(len(time), dtype=bool)
    tested = time >= bounds.validation_end + EMBARGO * step
    if mirrored and part != "train":
        return nothing
    if part == "test_other_year":
        return series.usable if not own else nothing
    if not own or held_out != (part == "test_held_out"):
        return nothing
    if part == "train":
        return series.usable & (label_end <= bounds.train_end)
    if part == "validation":
        return series.usable & (time >= bounds.train_end + EMBARGO * step) & (label_end <= bounds.validation_end)
    return series.usable & tested


@dataclass
class Rows:
    """Chosen rows of many series: an index, so that windows need no copy until they are used."""

    series: list[Series]
    which: np.ndarray  # [n] index into series
    at: np.ndarray  # [n] row within it
    label: np.ndarray  # [n]
    timeframe: np.ndarray  # [n] text
    time: np.ndarray  # [n] UTC ms
    weight: np.ndarray  # [n] every timeframe weighs the same in total

    def __len__(self) -> int:
        return len(self.at)

    def take(self, index: np.ndarray) -> "Rows":
        return Rows(self.series, self.which[index], self.at[index], self.label[index], self.timeframe[index],
                    self.time[index], self.weight[index])

    def real(self) -> "Rows":
        """Without the mirrored ones."""
        mirrored = np.array([one.source.endswith(MIRRORED) for one in self.series])
        return self.take(np.flatnonzero(~mirrored[self.which]))

    def flat(self, columns: np.ndarray) -> np.ndarray:
        """[n, columns] float32: the newest row of each."""
        out = np.empty((len(self), len(columns)), dtype=np.float32)
        for i in np.unique(self.which):
            mask = self.which == i
            out[mask] = self.series[i].features[self.at[mask]][:, columns]
        return out

    def windows(self, columns: np.ndarray, length: int) -> np.ndarray:
        """[n, length, columns] float32, oldest first."""
        out = np.empty((len(self), length, len(columns)), dtype=np.float32)
        steps = np.arange(-length + 1, 1)
        for i in np.unique(self.which):
            mask = self.which == i
            out[mask] = self.series[i].features[:, columns][self.at[mask][:, None] + steps]
        return out


def rows_of(series: list[Series], part: str, split: dict[str, Boundaries], stride: bool = True) -> Rows:
    which, at = [], []
    for i, one in enumerate(series):
        index = np.flatnonzero(part_mask(one, part, split))
        if stride:
            step = STRIDE[one.timeframe]
            index = index[step // 2 if one.source.endswith(MIRRORED) else 0 :: step]
        which.append(np.full(len(index), i, dtype=np.int32))
        at.append(index)
    which, at = np.concatenate(which), np.concatenate(at)
    label = np.concatenate([s.label[at[which == i]] for i, s in enumerate(series)]).astype(np.int64)
    timeframe = np.array([s.timeframe for s in series])[which]
    time = np.concatenate([s.open_time[at[which == i]] for i, s in enumerate(series)])
    weight = np.ones(len(at))
    for name in np.unique(timeframe):
        weight[timeframe == name] = len(at) / (len(np.unique(timeframe)) * np.sum(timeframe == name))
    return Rows(series, which, at, label, timeframe, time, weight)
