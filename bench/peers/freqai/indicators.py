"""
Sixty-four feature columns in the hooks that FreqAI has for them, written in the fastest of the ways: TA-Lib on arrays instead of
frames, and all in `feature_engineering_standard`, the one hook whose columns FreqAI does not merge back by date. The documented
way, a hook called once a period, takes about twice as long.
"""

from __future__ import annotations

import numpy as np
import talib
from freqtrade.strategy import IStrategy
from pandas import DataFrame, concat

PERIODS = (5, 10, 14, 20, 30, 50)
COLUMNS = 64
CLASSES = ["short", "flat", "long"]
"""Candles ahead that the target looks, and the change between its classes: a third of a random walk's lies in each."""
AHEAD, CHANGE = 5, 0.0011


Columns = dict[str, np.ndarray]


def of_period(candles: DataFrame, period: int) -> Columns:
    """Nine columns, the indicators of FreqAI's example strategy."""
    high, low, close, volume = (candles[name].to_numpy() for name in ("high", "low", "close", "volume"))
    upper, middle, lower = talib.BBANDS(close, period, 2.2, 2.2)
    return {
        f"%-rsi-{period}": talib.RSI(close, period),
        f"%-mfi-{period}": talib.MFI(high, low, close, volume, period),
        f"%-adx-{period}": talib.ADX(high, low, close, period),
        f"%-sma-{period}": talib.SMA(close, period) / close,
        f"%-ema-{period}": talib.EMA(close, period) / close,
        f"%-bb_width-{period}": (upper - lower) / middle,
        f"%-bb_lower-{period}": close / lower,
        f"%-roc-{period}": talib.ROC(close, period),
        f"%-relative_volume-{period}": volume / talib.SMA(volume, period),
    }


def of_candles(candles: DataFrame) -> Columns:
    """Ten columns."""
    opened, high, low, close = (candles[name].to_numpy() for name in ("open", "high", "low", "close"))
    macd, signal, histogram = talib.MACD(close)
    return {
        "%-macd": macd / close,
        "%-macd_signal": signal / close,
        "%-macd_histogram": histogram / close,
        "%-atr": talib.ATR(high, low, close, 14) / close,
        "%-body": (close - opened) / (high - low),
        "%-change": talib.ROCP(close, 1),
        "%-cci": talib.CCI(high, low, close, 14),
        "%-willr": talib.WILLR(high, low, close, 14),
        "%-minute": candles["date"].dt.minute.to_numpy() / 59,
        "%-hour": candles["date"].dt.hour.to_numpy() / 23,
    }


class Indicators(IStrategy):
    timeframe = "1m"
    process_only_new_candles = True
    stoploss = -0.05
    minimal_roi = {"0": 0.1}
    startup_candle_count = 150

    def feature_engineering_expand_all(self, dataframe: DataFrame, period: int, metadata: dict, **kwargs) -> DataFrame:
        return dataframe

    def feature_engineering_expand_basic(self, dataframe: DataFrame, metadata: dict, **kwargs) -> DataFrame:
        return dataframe

    def feature_engineering_standard(self, dataframe: DataFrame, metadata: dict, **kwargs) -> DataFrame:
        columns = of_candles(dataframe)
        for period in PERIODS:
            columns |= of_period(dataframe, period)
        return concat([dataframe, DataFrame(columns)], axis=1)

    def set_freqai_targets(self, dataframe: DataFrame, metadata: dict, **kwargs) -> DataFrame:
        self.freqai.class_names = CLASSES
        change = dataframe["close"].shift(-AHEAD) / dataframe["close"] - 1
        dataframe["&-direction"] = np.select([change < -CHANGE, change > CHANGE], ["short", "long"], "flat")
        return dataframe

    def populate_indicators(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        return self.freqai.start(dataframe, metadata, self)

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        dataframe.loc[(dataframe["do_predict"] == 1) & (dataframe["long"] > 0.6), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        dataframe.loc[(dataframe["do_predict"] == 1) & (dataframe["short"] > 0.6), "exit_long"] = 1
        return dataframe
