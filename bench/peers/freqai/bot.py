"""
FreqAI in a dry run without a network: freqtrade's own strategy, data provider, exchange and model classes. What an exchange would
have sent lies in the exchange's cache of candles, the model is trained once and serves all pairs, and nothing is trained again.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
from freqtrade.configuration import TimeRange
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange import Binance
from freqtrade.freqai.data_kitchen import FreqaiDataKitchen
from freqtrade.resolvers.freqaimodel_resolver import FreqaiModelResolver
from pandas import DataFrame, concat, date_range

from forest import REPEATABLE, SETTINGS
from indicators import COLUMNS, PERIODS, Indicators

TIMEFRAME = "1m"


def config_of(pairs: list[str], folder: Path) -> dict:
    settings = {**SETTINGS, **REPEATABLE}
    return {
        "runmode": RunMode.DRY_RUN,
        "dry_run": True,
        "timeframe": TIMEFRAME,
        "stake_currency": "USDT",
        "stake_amount": 100,
        "max_open_trades": len(pairs),
        "user_data_dir": folder,
        "datadir": folder,
        "dataformat_ohlcv": "feather",
        "trading_mode": "spot",
        "candle_type_def": CandleType.SPOT,
        "exchange": {"name": "binance", "pair_whitelist": pairs, "pair_blacklist": [], "enable_ws": False},
        "freqaimodel": "LightGBMClassifier",
        "freqai": {
            "enabled": True,
            "identifier": f"bench-{len(pairs)}",
            "write_metrics_to_disk": True,
            "activate_tensorboard": False,
            "data_kitchen_thread_count": 1,
            "train_period_days": 1,
            "live_retrain_hours": 24 * 365,
            "purge_old_models": 2,
            "save_backtest_models": False,
            "feature_parameters": {
                "include_timeframes": [TIMEFRAME],
                "include_corr_pairlist": [],
                "indicator_periods_candles": [],
                "include_shifted_candles": 0,
                "buffer_train_data_candles": 0,
                "shuffle_after_split": False,
                "label_period_candles": 5,
            },
            "data_split_parameters": {"test_size": 0, "shuffle": False},
            "model_training_parameters": settings,
        },
    }


def frame_of(candles: np.ndarray, opened: int) -> DataFrame:
    """@param candles [candles, 5] open, high, low, close, volume @param opened when the first opened, UTC ms"""
    frame = DataFrame(candles, columns=["open", "high", "low", "close", "volume"])
    frame.insert(0, "date", date_range(opened * 1_000_000, periods=len(frame), freq="1min", tz="UTC"))
    return frame


class Bot:
    def __init__(self, pairs: list[str], histories: list[DataFrame], training: DataFrame, folder: Path) -> None:
        (folder / "freqaimodels").mkdir(exist_ok=True)  # looked into for models of our own; there are none
        config = config_of(pairs, folder)
        self.pairs = pairs
        self.exchange = Binance(config, validate=False)
        self.strategy = Indicators(config)
        self.strategy.dp = DataProvider(config, self.exchange)
        self.strategy.freqai = self.freqai = FreqaiModelResolver.load_freqaimodel(config)
        self.strategy.freqai_info = config["freqai"]
        self.freqai.live = True
        self.freqai.scanning = True  # the thread that looks for models to train again is not started
        self.config = config
        for pair, history in zip(pairs, histories, strict=True):
            self.exchange._klines[self._key(pair)] = history
        self._train(training)
        self.freqai.dd.historic_data = {pair: {TIMEFRAME: history} for pair, history in zip(pairs, histories, strict=True)}
        self.strategy.analyze(pairs)  # the first time FreqAI predicts the whole history

    def close(self, candles: np.ndarray) -> float:
        """
        The next candle of each pair closes, and the strategy analyzes all pairs.
        @param candles [pairs, 5] @returns what the analysis took, ms
        """
        for pair, candle in zip(self.pairs, candles, strict=True):
            before = self.exchange._klines[self._key(pair)]
            next_one = before.iloc[-1:].assign(**dict(zip(before.columns[1:], candle, strict=True)))
            next_one["date"] += np.timedelta64(1, "m")
            self.exchange._klines[self._key(pair)] = concat([before.iloc[1:], next_one], ignore_index=True)
        began = time.perf_counter()
        self.strategy.analyze(self.pairs)
        took = (time.perf_counter() - began) * 1000
        self._check()
        return took

    def inference_times(self) -> np.ndarray:
        """@returns [pairs, closes] ms, as FreqAI wrote them to its metric_tracker.json"""
        drawer = self.freqai.dd
        drawer.save_metric_tracker_to_disk()
        metrics = json.loads(drawer.metric_tracker_path.read_text())
        return 1000 * np.array([metrics[pair]["inference_time"]["value"] for pair in self.pairs])

    def _train(self, candles: DataFrame) -> None:
        """Trained by FreqAI, on candles of a first pair; the others are given the same model."""
        freqai, first = self.freqai, self.pairs[0]
        for pair in self.pairs:
            freqai.dd.get_pair_dict_info(pair)
        freqai.dd.historic_data = {pair: {TIMEFRAME: candles} for pair in self.pairs}
        now = int(time.time())
        kitchen = FreqaiDataKitchen(self.config, True, first)
        kitchen.set_paths(first, now)
        whole = TimeRange("date", "date", 1, now)
        freqai.extract_data_and_train_model(whole, first, self.strategy, kitchen, whole)
        model = freqai.dd.model_dictionary[first]
        if (columns := len(kitchen.training_features_list)) != COLUMNS:
            raise ValueError(f"{columns} columns")
        self.trees = model.booster_.num_trees()
        for pair in self.pairs[1:]:
            freqai.dd.pair_dict[pair] = {**freqai.dd.pair_dict[first]}
            freqai.dd.model_dictionary[pair] = model
            freqai.dd.meta_data_dictionary[pair] = {**freqai.dd.meta_data_dictionary[first]}

    def _check(self) -> None:
        for pair in self.pairs:
            newest = self.strategy.dp.get_analyzed_dataframe(pair, TIMEFRAME)[0].iloc[-1]
            total = newest["short"] + newest["flat"] + newest["long"]
            if newest["do_predict"] != 1 or not abs(total - 1) < 1e-9:
                raise ValueError(f"{pair} was not predicted: {newest.to_dict()}")

    def _key(self, pair: str) -> tuple:
        return pair, TIMEFRAME, CandleType.SPOT
