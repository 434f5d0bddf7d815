"""
The old way, whole: at each candle close, for each symbol in turn, 64 indicator columns are computed anew in pandas over the last
100 candles (as the engine that this project replaces did with its 69), and the newest row is predicted.
"""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd

CANDLES = 100
COLUMNS = 64


def candles(symbols: int, seed: int) -> list[pd.DataFrame]:
    """@returns a random walk of each symbol: open, high, low, close, volume of the last CANDLES candles"""
    chance = np.random.default_rng(seed)
    frames = []
    for _ in range(symbols):
        close = 100 * np.exp(np.cumsum(0.001 * chance.standard_normal(CANDLES + 1)))
        spread = 0.0005 * close[1:] * (1 + chance.random(CANDLES))
        high = np.maximum(close[1:], close[:-1]) + spread
        low = np.minimum(close[1:], close[:-1]) - spread
        volume = 1000 * chance.lognormal(size=CANDLES)
        frames.append(pd.DataFrame({"open": close[:-1], "high": high, "low": low, "close": close[1:], "volume": volume}))
    return frames


def features(frame: pd.DataFrame) -> np.ndarray:
    """@returns [1, COLUMNS]: the newest row of rolling and exponential indicators, each computed over the whole frame"""
    close, high, low, volume = frame["close"], frame["high"], frame["low"], frame["volume"]
    change = close.diff()
    columns: dict[str, pd.Series] = {}
    for n in (5, 10, 14, 20, 50):
        mean, std = close.rolling(n).mean(), close.rolling(n).std()
        columns |= {f"sma_{n}": close / mean - 1, f"band_{n}": (close - mean) / std, f"std_{n}": std / close}
        columns |= {f"momentum_{n}": close.pct_change(n), f"volume_{n}": volume / volume.rolling(n).mean()}
        highest, lowest = high.rolling(n).max(), low.rolling(n).min()
        columns[f"stochastic_{n}"] = (close - lowest) / (highest - lowest)
    for n in (5, 9, 12, 14, 20, 21, 26, 50):
        columns[f"ema_{n}"] = close / close.ewm(span=n, adjust=False).mean() - 1
    reach = pd.concat([high - low, (high - close.shift()).abs(), (low - close.shift()).abs()], axis=1).max(axis=1)
    for n in (7, 14, 21):
        gain = change.clip(lower=0).ewm(alpha=1 / n, adjust=False).mean()
        loss = (-change.clip(upper=0)).ewm(alpha=1 / n, adjust=False).mean()
        columns |= {f"rsi_{n}": 100 - 100 / (1 + gain / loss), f"atr_{n}": reach.ewm(alpha=1 / n, adjust=False).mean() / close}
    macd = close.ewm(span=12, adjust=False).mean() - close.ewm(span=26, adjust=False).mean()
    signal = macd.ewm(span=9, adjust=False).mean()
    columns |= {"macd": macd / close, "macd_signal": signal / close, "macd_histogram": (macd - signal) / close}
    obv = (np.sign(change).fillna(0) * volume).cumsum()
    columns |= {"obv": obv / volume.rolling(20).sum(), "body": (close - frame["open"]) / (high - low)}
    for lag in range(1, 17):
        columns[f"return_{lag}"] = close.pct_change().shift(lag)
    newest = np.array([[series.iloc[-1] for series in columns.values()]])
    return newest[:, :COLUMNS]


class OldWay:
    def __init__(self, booster: lightgbm.Booster, symbols: int) -> None:
        self.booster = booster
        self.frames = candles(symbols, seed=2026)

    def close(self) -> list[np.ndarray]:
        return [self.booster.predict(features(frame)) for frame in self.frames]
