"""Sixty-four columns of one instrument by NautilusTrader's own compiled indicators, which it updates with each bar."""

from __future__ import annotations

from nautilus_trader.indicators import (
    AverageTrueRange,
    BollingerBands,
    CommodityChannelIndex,
    DirectionalMovement,
    DonchianChannel,
    EfficiencyRatio,
    ExponentialMovingAverage,
    Indicator,
    MovingAverageConvergenceDivergence,
    RateOfChange,
    RelativeStrengthIndex,
    SimpleMovingAverage,
    Stochastics,
)
from nautilus_trader.model.data import Bar

PERIODS = (5, 10, 14, 20, 30, 50)
COLUMNS = 64
MINUTE_NS = 60 * 1_000_000_000


class OfPeriod:
    """Nine columns."""

    def __init__(self, period: int) -> None:
        self.sma, self.ema = SimpleMovingAverage(period), ExponentialMovingAverage(period)
        self.rsi, self.roc = RelativeStrengthIndex(period), RateOfChange(period)
        self.atr = AverageTrueRange(period)
        self.bands, self.channel = BollingerBands(period, 2.2), DonchianChannel(period)

    def columns(self, close: float) -> tuple[float, ...]:
        bands, channel = self.bands, self.channel
        return (
            self.sma.value / close,
            self.ema.value / close,
            self.rsi.value,
            self.roc.value,
            self.atr.value / close,
            (bands.upper - bands.lower) / close,
            close / bands.lower,
            channel.upper / close,
            channel.lower / close,
        )


class Indicators:
    def __init__(self) -> None:
        self.periods = [OfPeriod(period) for period in PERIODS]
        self.macd = MovingAverageConvergenceDivergence(12, 26)
        self.stochastics, self.cci = Stochastics(14, 3), CommodityChannelIndex(14)
        self.efficiency, self.direction = EfficiencyRatio(10), DirectionalMovement(14)

    def all(self) -> list[Indicator]:
        """What the engine updates with each bar."""
        of_periods = [indicator for period in self.periods for indicator in vars(period).values()]
        return [*of_periods, self.macd, self.stochastics, self.cci, self.efficiency, self.direction]

    def columns(self, bar: Bar) -> list[float]:
        """@returns COLUMNS numbers, once the indicators have seen the bar"""
        close, high, low = float(bar.close), float(bar.high), float(bar.low)
        minutes = bar.ts_event // MINUTE_NS
        columns = [column for period in self.periods for column in period.columns(close)]
        columns += (self.macd.value / close, self.stochastics.value_k, self.stochastics.value_d, self.cci.value)
        columns += (self.efficiency.value, self.direction.pos, self.direction.neg)
        columns += ((close - float(bar.open)) / (high - low), minutes % 60 / 59, minutes // 60 % 24 / 23)
        return columns
