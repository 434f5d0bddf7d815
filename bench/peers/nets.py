"""The side of onnxruntime for Python in `npm run bench -- nets`: one session a file, one thread, everything else as it comes."""

from __future__ import annotations

from math import prod

import numpy as np
import onnxruntime

from peer import answer, timed


class Bench:
    def load(self, file: str, input: str, rows: str, shape: list[int]) -> dict:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.feeds = {input: np.fromfile(rows, dtype=np.float32, count=prod(shape)).reshape(shape)}
        return {"version": onnxruntime.__version__}

    def time(self) -> dict:
        return timed(lambda: self.session.run(None, self.feeds))

    def answers(self, file: str) -> dict:
        self.session.run(None, self.feeds)[0].tofile(file)
        return {}


bench = Bench()
answer({"load": bench.load, "time": bench.time, "answers": bench.answers})
