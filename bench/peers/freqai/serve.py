"""
The side of FreqAI in `npm run bench -- freqai`: a bot for each count of pairs, and the forest that our own side serves. All on one
thread: OMP_NUM_THREADS is 1.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from freqtrade import __version__

from bot import Bot, frame_of
from forest import grow
from peer import answer

FIELDS = 5


class Bench:
    def open(self, pairs: list[str], counts: list[int], candles: str, training: str, opened: int, folder: str) -> dict:
        """
        @param candles a file of float64 [pairs, candles, FIELDS]
        @param training the same of one pair, of other candles
        @param opened when the first candle opened, UTC ms
        """
        histories = [frame_of(one, opened) for one in np.fromfile(candles).reshape(len(pairs), -1, FIELDS)]
        learned = frame_of(np.fromfile(training).reshape(-1, FIELDS), opened)
        self.bots = {count: Bot(pairs[:count], histories[:count], learned, Path(folder)) for count in counts}
        return {"freqtrade": __version__, "trees": self.bots[counts[0]].trees}

    def time(self, count: int, candles: str) -> dict:
        """@param candles a file of float64 [pairs, FIELDS], the next of each pair"""
        return {"ms": self.bots[count].close(np.fromfile(candles).reshape(-1, FIELDS)[:count])}

    def inference(self, count: int, closes: int) -> dict:
        """@returns the newest closes' inference times, all pairs of a close together, ms"""
        return {"ms": self.bots[count].inference_times()[:, -closes:].sum(axis=0).tolist()}


logging.disable(logging.WARNING)
bench = Bench()
answer({"grow": grow, "open": bench.open, "time": bench.time, "inference": bench.inference})
