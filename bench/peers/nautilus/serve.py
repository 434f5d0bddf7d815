"""
The side of NautilusTrader in `npm run bench -- nautilus`: a BacktestEngine, fed as the bars come, with one strategy that predicts each
instrument at each of its bars; and the forest that both sides serve. All on one thread: OMP_NUM_THREADS is 1.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import onnxruntime
from nautilus_trader import __version__
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, CurrencyType, OmsType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.risk.config import RiskEngineConfig
from nautilus_trader.trading.strategy import Strategy

from forest import CLASSES, grow
from indicators import COLUMNS, MINUTE_NS, Indicators
from peer import answer

FIELDS = 5
PRECISION = 8
VENUE = Venue("BENCH")
DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


class Model:
    """An ONNX file, one row a call, one thread."""

    def __init__(self, file: str, output: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        (self.input,) = self.session.get_inputs()
        self.outputs = [output]
        self.row = np.zeros((1, COLUMNS), DTYPES[self.input.type])
        self.feeds = {self.input.name: self.row}

    def run(self) -> np.ndarray:
        """Predicts `row`."""
        return self.session.run(self.outputs, self.feeds)[0][0]


class Predictor(Strategy):
    """At each bar: its instrument's columns from the indicators that the engine has just updated, then the model."""

    def __init__(self, bar_types: list[BarType], model: Model) -> None:
        super().__init__()
        self.model = model
        self.indicators_of = {bar_type: Indicators() for bar_type in bar_types}
        self.clear()

    def clear(self) -> None:
        self.predictions: dict[BarType, np.ndarray] = {}
        self.on_bar_s = self.session_s = 0.0

    def on_start(self) -> None:
        for bar_type, indicators in self.indicators_of.items():
            for indicator in indicators.all():
                self.register_indicator_for_bars(bar_type, indicator)
            self.subscribe_bars(bar_type)

    def on_bar(self, bar: Bar) -> None:
        began = perf_counter()
        self.model.row[0] = self.indicators_of[bar.bar_type].columns(bar)
        asked = perf_counter()
        self.predictions[bar.bar_type] = self.model.run()
        ended = perf_counter()
        self.session_s += ended - asked
        self.on_bar_s += ended - began


def instrument_of(symbol: str) -> CurrencyPair:
    tick, size = Price(10**-PRECISION, PRECISION), Quantity(10**-PRECISION, PRECISION)
    base = Currency(symbol.split("/")[0], PRECISION, 0, symbol, CurrencyType.CRYPTO)
    return CurrencyPair(
        InstrumentId(Symbol(symbol), VENUE), Symbol(symbol), base, USDT, PRECISION, PRECISION, tick, size, ts_event=0, ts_init=0
    )


class Bench:
    def open(self, symbols: list[str], model: str, output: str, candles: str, opened: int) -> dict:
        """
        @param candles a file of float64 [symbols, candles, FIELDS], enough for every indicator
        @param opened when the first candle opened, UTC ms
        """
        self.closed_ns = opened * 1_000_000
        silent = LoggingConfig(bypass_logging=True)
        self.engine = BacktestEngine(BacktestEngineConfig(logging=silent, risk_engine=RiskEngineConfig(bypass=True)))
        self.engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, [Money(1_000_000, USDT)], bar_execution=False)
        self.bar_types = []
        for instrument in map(instrument_of, symbols):
            self.engine.add_instrument(instrument)
            self.bar_types.append(BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL"))
        self.model = Model(model, output)
        self.strategy = Predictor(self.bar_types, self.model)
        self.engine.add_strategy(self.strategy)
        for closed in np.fromfile(candles).reshape(len(symbols), -1, FIELDS).swapaxes(0, 1):
            self._close(closed)
        return {"nautilus_trader": __version__, "onnxruntime": onnxruntime.__version__}

    def time(self, candles: str) -> dict:
        """
        @param candles a file of float64 [symbols, FIELDS], the next of each
        @returns ms: of the whole, in on_bar, and in session.run
        """
        self.strategy.clear()
        took = self._close(np.fromfile(candles).reshape(-1, FIELDS))
        predicted = np.array(list(self.strategy.predictions.values()))
        if predicted.shape != (len(self.bar_types), CLASSES) or not np.allclose(predicted.sum(axis=1), 1, atol=1e-5):
            raise ValueError(f"not every instrument was predicted: {predicted.shape}")
        return {"ms": took, "onBar": self.strategy.on_bar_s * 1000, "session": self.strategy.session_s * 1000}

    def answers(self, rows: str, file: str) -> dict:
        """Predicts rows of our own features, float64 [rows, COLUMNS], and writes float64 [rows, CLASSES]."""
        predicted = []
        for row in np.fromfile(rows).reshape(-1, COLUMNS):
            self.model.row[0] = row
            predicted.append(self.model.run())
        np.array(predicted, dtype=np.float64).tofile(file)
        return {}

    def _close(self, candles: np.ndarray) -> float:
        """Bars are made and given to the engine before the clock starts. @returns what the engine took, ms"""
        self.closed_ns += MINUTE_NS
        bars = [self._bar(bar_type, candle) for bar_type, candle in zip(self.bar_types, candles, strict=True)]
        self.engine.add_data(bars)
        began = perf_counter()
        self.engine.run(streaming=True)
        took = (perf_counter() - began) * 1000
        self.engine.clear_data()
        return took

    def _bar(self, bar_type: BarType, candle: np.ndarray) -> Bar:
        *prices, volume = candle.tolist()
        prices = [Price(price, PRECISION) for price in prices]
        return Bar(bar_type, *prices, Quantity(volume, PRECISION), self.closed_ns, self.closed_ns)


bench = Bench()
answer({"grow": grow, "open": bench.open, "time": bench.time, "answers": bench.answers})
